//! What is looked at before a period is closed: each matter with what to do about it.

use ::claims::ClaimsProjection;
use domain::books::{Chart, Voucher};
use domain::claim::ClaimState;
use domain::closing::{Check, Finding};
use domain::partner::FeeState;
use domain::{FoldError, Period};
use jiff::ToSpan;
use jiff::civil::Date;
use money::Eur;
use serde::Serialize;

use super::{ExceptionFilter, FeeFilter};
use crate::error::AppError;
use crate::ledger::Ledger;

/// One matter that is looked at before a period is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matter {
    /// Which check found it.
    pub check: Check,
    /// Whether it stops the closing unless somebody accepts it.
    pub stops: bool,
    /// The number of the claim, fee or hold.
    pub number: Option<u64>,
    /// The partner, account or scope it is about.
    pub of: String,
    /// The day it is about.
    pub day: Option<Date>,
    /// In euro, as far as that is known.
    pub eur: Option<Eur>,
    /// What it is.
    pub what: String,
    /// What to do about it; empty where it is only to be known.
    pub next_step: String,
}

impl Ledger {
    /// Everything that is looked at. `near` is how many days before and after the end of the period are looked at for what
    /// stands on the other side of it.
    pub(super) async fn matters(
        &self,
        chart: &Chart,
        vouchers: &[Voucher],
        period: Period,
        near: u16,
    ) -> Result<Vec<Matter>, AppError> {
        let mut matters = self.statements_in(chart, vouchers, period).await?;
        matters.extend(self.undecided(period).await?);
        matters.extend(self.unanswered(period).await?);
        matters.extend(self.in_force_on(period.last()).await?);
        matters.extend(cut_off(vouchers, period, near));
        matters.extend(self.under_way(period, near).await?);
        Ok(matters)
    }

    /// Claims and fees of the period, or from before it, that nobody has decided or that wait for a rate.
    async fn undecided(&self, period: Period) -> Result<Vec<Matter>, AppError> {
        self.current().await?;
        let mut matters = Vec::new();
        for (_, row) in self.runner.all_rows::<ClaimsProjection>().await? {
            if row.delivered_on > period.last() || !row.state.is_open() {
                continue;
            }
            let waits = row.state == ClaimState::WaitingForRate;
            let what = format!("claim {}: {} {}", row.state, row.amount, row.amount.currency().code());
            let of = row.partner.to_string();
            let decide = format!("svala claim accept {0}, or svala claim refuse {0}", row.position);
            matters.push(open_matter(waits, row.position, of, row.delivered_on, row.eur, what, decide));
        }
        for fee in self.fees_without_flags(&FeeFilter::default()).await? {
            let open = fee.state.parse::<FeeState>().ok().filter(|state| state.is_open());
            let Some(state) = open.filter(|_| fee.charged_on <= period.last()) else { continue };
            let waits = state == FeeState::WaitingForRate;
            let what = format!("fee {state}: {} {}", fee.amount, fee.currency);
            let decide = format!("svala partner fee accept {0}, or svala partner fee refuse {0}", fee.fee);
            matters.push(open_matter(waits, fee.fee, fee.partner, fee.charged_on, fee.eur, what, decide));
        }
        matters.sort_by_key(|matter| (matter.check, matter.number));
        Ok(matters)
    }

    /// Exceptions of the period, or from before it: those for which nobody answers by name stop it, those that somebody has
    /// accepted are listed, and what the rules are certain of is to be matched.
    async fn unanswered(&self, period: Period) -> Result<Vec<Matter>, AppError> {
        let filter = ExceptionFilter { all: true, ..ExceptionFilter::default() };
        let (found, certain) = self.exceptions_and_certain(&filter).await?;
        let matter = |of: String, what: String, next_step: &str| Matter {
            check: Check::Exceptions,
            stops: Check::Exceptions.stops(),
            number: None,
            of,
            day: None,
            eur: None,
            what,
            next_step: next_step.to_owned(),
        };
        let certain: Vec<Matter> = match certain.iter().filter(|day| **day <= period.last()).count() {
            0 => Vec::new(),
            lines => {
                let what = "the rules are certain what these lines settle".to_owned();
                let of = format!("{lines} open {}", if lines == 1 { "line" } else { "lines" });
                vec![matter(of, what, "svala bank match")]
            }
        };
        let found = found.into_iter().filter(|item| item.since <= period.last() && !item.is_written_off());
        let found = found.map(|item| {
            let (day, eur) = (Some(item.since), item.eur());
            let what = format!("{}: {}", item.exception, item.why);
            match item.resolved_by.as_str() {
                "" => Matter { day, eur, ..matter(item.about, what, item.next_step) },
                by => {
                    let what = format!("accepted by {by}: {what}");
                    Matter { day, eur, stops: false, ..matter(item.about, what, "") }
                }
            }
        });
        Ok(certain.into_iter().chain(found).collect())
    }

    /// Holds that stop payments on a day.
    async fn in_force_on(&self, day: Date) -> Result<Vec<Matter>, AppError> {
        let holds = self.holds(true).await?.into_iter();
        let holds =
            holds.filter(|hold| hold.from <= day && hold.released_on.is_none_or(|released| day < released));
        Ok(holds
            .map(|hold| Matter {
                check: Check::Holds,
                stops: Check::Holds.stops(),
                number: Some(hold.hold),
                of: format!("{} {}", hold.scope, hold.value),
                day: Some(hold.from),
                eur: Some(hold.eur),
                what: format!("hold: {} accepted claims are not paid", hold.claims),
                next_step: String::new(),
            })
            .collect())
    }
}

fn open_matter(
    waits: bool,
    number: u64,
    of: String,
    day: Date,
    eur: Option<Eur>,
    what: String,
    decide: String,
) -> Matter {
    let (check, next_step) = match waits {
        true => (Check::WaitingForRate, "svala import rates FILE, and decide it then".to_owned()),
        false => (Check::Undecided, decide),
    };
    Matter { check, stops: check.stops(), number: Some(number), of, day: Some(day), eur, what, next_step }
}

/// Vouchers that are about a day near the end of the period, and are booked on the other side of it.
fn cut_off(vouchers: &[Voucher], period: Period, near: u16) -> Vec<Matter> {
    let last = period.last();
    let (from, to) =
        (last.saturating_sub(i64::from(near).days()), last.saturating_add(i64::from(near).days()));
    let crosses = |voucher: &&Voucher| {
        (voucher.about_day <= last) != (voucher.day <= last) && (from..=to).contains(&voucher.about_day)
    };
    let matter = |voucher: &Voucher| Matter {
        check: Check::CutOff,
        stops: Check::CutOff.stops(),
        number: Some(voucher.about),
        of: voucher.kind.to_string(),
        day: Some(voucher.about_day),
        eur: Some(voucher.moved),
        what: format!("booked on {}", voucher.day),
        next_step: String::new(),
    };
    vouchers.iter().filter(crosses).map(matter).collect()
}

/// Every check with what it came to; of what would stop a closing, what does.
pub(super) fn findings(matters: &[Matter]) -> Result<Vec<Finding>, AppError> {
    let finding = |check: &Check| {
        let counts = |matter: &&Matter| matter.check == *check && matter.stops == check.stops();
        let of_check = || matters.iter().filter(counts);
        let amount = Eur::sum(of_check().filter_map(|matter| matter.eur)).map_err(FoldError::from)?;
        Ok(Finding { check: *check, found: of_check().count() as u64, amount })
    };
    Check::ALL.iter().map(finding).collect()
}
