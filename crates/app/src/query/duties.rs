//! Separation of duties over the whole log.

use std::collections::BTreeMap;

use domain::duties::{Duties, Violation};
use projection_runner::Progress;

use crate::error::AppError;
use crate::ledger::Ledger;

impl Ledger {
    /// Every place in the log where somebody decided what they reported, or agreed to what they proposed; and how many
    /// events were looked at. Rests on who gave the commands, not on what the events say of it.
    pub async fn duties(&self, progress: Progress<'_>) -> Result<(u64, Vec<Violation>), AppError> {
        let books = self.rulebooks().await?;
        let limits: BTreeMap<_, _> = books
            .into_iter()
            .map(|(version, book)| (version, book.parameters().second_approval_from))
            .collect();
        let mut duties = Duties::under(limits);
        let (last, mut violations) = (self.store.head().await?.position, Vec::new());
        self.read_log_to(last, progress, |recorded| {
            violations.extend(duties.observe(&recorded));
            Ok(())
        })
        .await?;
        Ok((last, violations))
    }
}
