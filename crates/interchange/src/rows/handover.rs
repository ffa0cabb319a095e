//! `handover.csv`: cases that another partner takes over.

use crate::{Fields, Row};

/// One case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverRow {
    /// The authority's key for the case, or its own reference.
    pub case_ref: String,
}

impl Row for HandoverRow {
    const KIND: &'static str = "handover";
    const COLUMNS: &'static [&'static str] = &["case_ref"];

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { case_ref: fields.reference("case_ref")? })
    }
}
