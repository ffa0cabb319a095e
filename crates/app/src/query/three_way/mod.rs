//! The three-way view: what a person may receive, what was claimed of it with which receipt, and what the bank shows.
//!
//! Everything is a row of its own day, and every figure the sum of rows: an entitlement, a claim, a grant, a fee, what was
//! paid in advance or outside of the ledger, a line of the bank. What was paid is found from the payments that have something
//! of a row, what the bank shows from the matches of these. Answered from the read models and the streams of partners; of
//! one case without looking at the others' claims.

mod gather;
mod matched;
mod row;
mod thing;

use std::collections::BTreeMap;

use domain::{CaseId, FoldError, PartnerCode, Period};
use money::Overflow;
use serde::Serialize;

pub use row::{Figure, RowKind, ThreeWayRow};

use self::matched::is_until;
use self::thing::Thing;
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::{AnyText, ERASED, LineText};

/// Whose money is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThreeWayOf {
    /// One case.
    Case(CaseId),
    /// What one partner reported, charged and was paid.
    Partner(PartnerCode),
    /// Everything, the lines of the bank too.
    All,
    /// What a line of the bank settles, by its number.
    Line(u64),
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct ThreeWayAsked {
    /// Whose money.
    pub of: ThreeWayOf,
    /// Of which days: of delivery, charge, payment and booking. Entitlements are those decided until the last of them.
    pub period: Option<Period>,
    /// Only the rows into which a figure opens.
    pub open: Option<Figure>,
    /// Whether rows are wanted; figures and groups are always told.
    pub rows: bool,
}

/// What a figure comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureSum {
    /// Which.
    pub figure: Figure,
    /// In euro.
    pub eur: money::Eur,
    /// Into how many rows it opens.
    pub rows: u64,
}

/// A partner, or a budget line of a case, with its figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreeWayGroup {
    /// The partner; empty for what the authority paid itself.
    pub partner: String,
    /// The authority's key for the case.
    pub external_ref: String,
    /// The case's own reference.
    pub case: String,
    /// The budget line; of what is for no case what it is.
    pub of: String,
    /// The rule that sets the cap.
    pub rule_id: String,
    /// Every figure that is told, in the same order.
    pub figures: Vec<FigureSum>,
}

/// The view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreeWay {
    /// The days it is about.
    pub period: Option<Period>,
    /// The last position of the log.
    pub position: u64,
    /// Every figure that is told.
    pub figures: Vec<FigureSum>,
    /// The same by partner, or by budget line of a case.
    pub groups: Vec<ThreeWayGroup>,
    /// The rows, by their day.
    pub rows: Vec<ThreeWayRow>,
}

impl Ledger {
    /// What was granted, claimed, paid and seen at the bank.
    pub async fn three_way(&self, asked: &ThreeWayAsked) -> Result<ThreeWay, AppError> {
        self.current().await?;
        let position = self.log_end(None).await?;
        let mut things = self.things(&asked.of).await?;
        if let Some(period) = asked.period {
            things.retain(|thing| match thing.row.kind {
                RowKind::Entitlement => is_until(thing.row.on, period.last()),
                _ => thing.row.on.is_some_and(|day| period.contains(day)),
            });
        }
        things.sort_by_key(|thing| (thing.row.on, thing.row.kind, thing.row.number));
        let told = asked.of.figures();
        let all: Vec<&ThreeWayRow> = things.iter().map(|thing| &thing.row).collect();
        let figures = sums(told, &all).map_err(FoldError::from)?;
        let mut groups = self.groups(&asked.of, &things).await?;
        groups.retain(|group| group.figures.iter().any(|sum| sum.rows > 0));
        if let Some(open) = asked.open {
            let mut opened = Vec::new();
            for thing in things {
                if open.opens_into(&thing.row).map_err(FoldError::from)? {
                    opened.push(thing);
                }
            }
            things = opened;
        }
        let rows = if asked.rows { self.told_rows(things).await? } else { Vec::new() };
        Ok(ThreeWay { period: asked.period, position, figures, groups, rows })
    }

    /// The rows by partner, or by case and budget line.
    async fn groups(&self, of: &ThreeWayOf, things: &[Thing]) -> Result<Vec<ThreeWayGroup>, AppError> {
        let by_partner = *of == ThreeWayOf::All;
        let mut by_key: BTreeMap<(Option<CaseId>, String), Vec<&ThreeWayRow>> = BTreeMap::new();
        for Thing { row, case, .. } in things {
            let key = match row.kind {
                RowKind::Line | RowKind::Difference => continue,
                _ if by_partner => (None, row.partner.clone()),
                _ if case.is_some() => (*case, row.budget_line.clone()),
                kind => (None, kind.to_string()),
            };
            by_key.entry(key).or_default().push(row);
        }
        let names = self.case_names(by_key.keys().filter_map(|(case, _)| *case)).await?;
        let mut groups = Vec::with_capacity(by_key.len());
        for ((case, of), rows) in by_key {
            let name = case.and_then(|case| names.get(&case));
            let rule = rows.iter().find(|row| row.kind == RowKind::Entitlement);
            groups.push(ThreeWayGroup {
                partner: if by_partner { of.clone() } else { String::new() },
                external_ref: name.map(|name| name.external_ref.clone()).unwrap_or_default(),
                case: name.map(|name| name.case.clone()).unwrap_or_default(),
                of: if by_partner { String::new() } else { of },
                rule_id: rule.map(|row| row.rule_id.clone()).filter(|_| !by_partner).unwrap_or_default(),
                figures: sums(ThreeWayOf::FIGURES, &rows).map_err(FoldError::from)?,
            });
        }
        groups
            .sort_by(|a, b| (&a.external_ref, &a.of, &a.partner).cmp(&(&b.external_ref, &b.of, &b.partner)));
        Ok(groups)
    }

    /// Rows with the words that belong to them.
    async fn told_rows(&self, things: Vec<Thing>) -> Result<Vec<ThreeWayRow>, AppError> {
        let names = self.case_names(things.iter().filter_map(|thing| thing.case)).await?;
        let subject = |thing: &Thing| {
            thing.case.and_then(|case| names.get(&case)).map_or(LEDGER_SUBJECT, |name| name.row.subject)
        };
        let is_line = |thing: &&Thing| thing.row.kind == RowKind::Line;
        let wanted = |lines: bool| -> Vec<_> {
            let of_kind = things.iter().filter(|thing| is_line(thing) == lines);
            of_kind.filter_map(|thing| Some((subject(thing), thing.text?))).collect()
        };
        let mut texts = self.reveal::<AnyText>(&wanted(false)).await?.into_iter();
        let mut lines = self.reveal::<LineText>(&wanted(true)).await?.into_iter();
        let mut rows = Vec::with_capacity(things.len());
        for thing in things {
            let Thing { mut row, case, text, .. } = thing;
            if let Some(name) = case.and_then(|case| names.get(&case)) {
                (row.external_ref, row.case) = (name.external_ref.clone(), name.case.clone());
            }
            match (row.kind, text) {
                (RowKind::Line, Some(_)) => {
                    let references = lines.next().flatten().map(|text| {
                        text.references.into_iter().map(|(_, plain)| plain).collect::<Vec<_>>().join(" ")
                    });
                    row.references = references.unwrap_or_else(|| ERASED.to_owned());
                }
                (_, Some(_)) => {
                    (row.receipt_no, row.supplier) = AnyText::words(texts.next().flatten().as_ref());
                }
                (_, None) => {}
            }
            rows.push(row);
        }
        Ok(rows)
    }
}

impl ThreeWayOf {
    /// What is told of cases and partners.
    pub const FIGURES: &[Figure] = &[
        Figure::Entitled,
        Figure::NotClaimed,
        Figure::Reported,
        Figure::NoReceipt,
        Figure::Accepted,
        Figure::NotPaid,
        Figure::NotAccepted,
        Figure::Unsettled,
        Figure::Paid,
        Figure::NotSeen,
        Figure::ByCard,
        Figure::Seen,
    ];

    /// The figures that are told. Of one line what it paid for: what is left to be paid of that is no matter of the line.
    pub fn figures(&self) -> &'static [Figure] {
        match self {
            Self::Case(_) | Self::Partner(_) => Self::FIGURES,
            Self::All => Figure::ALL,
            Self::Line(_) => &[
                Figure::Bank,
                Figure::Difference,
                Figure::WrittenOff,
                Figure::Unexplained,
                Figure::Explained,
                Figure::Seen,
                Figure::Accepted,
                Figure::Reported,
                Figure::NoReceipt,
                Figure::Entitled,
            ],
        }
    }
}

fn sums(figures: &[Figure], rows: &[&ThreeWayRow]) -> Result<Vec<FigureSum>, Overflow> {
    let sum = |figure: &Figure| {
        let mut opened = 0;
        for row in rows {
            opened += u64::from(figure.opens_into(row)?);
        }
        Ok(FigureSum { figure: *figure, eur: row::sum(*figure, rows.iter().copied())?, rows: opened })
    };
    figures.iter().map(sum).collect()
}
