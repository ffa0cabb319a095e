//! The general ledger, folded from the log up to a position.

use domain::books::{Chart, Journal, TrialBalance, Voucher};
use domain::{FoldError, Period, Recorded};
use projection_runner::Progress;

use crate::error::AppError;
use crate::ledger::Ledger;

/// The books of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    /// The vouchers of the period, in the order of the log.
    pub vouchers: Vec<Voucher>,
    /// What the accounts come to.
    pub trial: TrialBalance,
    /// The position of the log up to which it was booked.
    pub position: u64,
    /// The period asked for, or from the first to the last day on which anything was booked.
    pub period: Period,
    /// The day on which this was done.
    pub made_on: jiff::civil::Date,
}

impl Ledger {
    /// Books every event of the log, or of the log up to a position, under a chart of accounts.
    ///
    /// [`AppError::Usage`] if the log does not reach so far.
    pub async fn books(
        &self,
        chart: &Chart,
        period: Option<Period>,
        at: Option<u64>,
        progress: Progress<'_>,
    ) -> Result<Books, AppError> {
        let (mut vouchers, position) = self.vouchers(chart, at, progress).await?;
        let trial = TrialBalance::of(chart, &vouchers, period).map_err(FoldError::from)?;
        let days = || vouchers.iter().map(|voucher| voucher.day);
        let all = match (days().min(), days().max()) {
            (Some(first), Some(last)) => Period::new(first, last).ok(),
            _ => None,
        };
        let today = self.today();
        let period = period.or(all).or(Period::new(today, today).ok());
        let period = period.ok_or_else(|| AppError::Usage("there is no such period".into()))?;
        vouchers.retain(|voucher| period.contains(voucher.day));
        Ok(Books { vouchers, trial, position, period, made_on: today })
    }

    /// All vouchers up to a position, which is given back.
    pub(super) async fn vouchers(
        &self,
        chart: &Chart,
        at: Option<u64>,
        progress: Progress<'_>,
    ) -> Result<(Vec<Voucher>, u64), AppError> {
        let position = self.log_end(at).await?;
        // Read after the end of the log, so that no closing is missed of which an event before it should know.
        let (closings, _) = self.closings_and_events().await?;
        let mut journal = Journal::under(chart, &closings);
        let mut vouchers = Vec::new();
        self.read_log_to(position, progress, |recorded| {
            vouchers.extend(journal.book(&Recorded::decode_checked(recorded)?)?);
            Ok(())
        })
        .await?;
        Ok((vouchers, position))
    }
}
