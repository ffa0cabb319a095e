//! The general ledger, folded from the log up to a position.

use domain::books::{
    AccountAsked, AccountError, AccountLedger, Chart, DimensionOf, Entry, Journal, TrialBalance, Voucher,
    openings,
};
use domain::{Closings, FoldError, PartnerCode, Period, of_rulebook};
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
    /// What stood on them when the period began, by what it is about.
    pub openings: Vec<Entry>,
    /// The position of the log up to which it was booked.
    pub position: u64,
    /// The period asked for, or from the first to the last day on which anything was booked.
    pub period: Period,
    /// Whether the whole period is closed, so that nothing is booked in it any more.
    pub is_closed: bool,
    /// The day on which this was done.
    pub made_on: jiff::civil::Date,
}

/// Which rows of an account are asked for; everything not given is not asked about.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter {
    /// The account's number.
    pub account: String,
    /// Only of this case, by its reference or the authority's.
    pub case: Option<String>,
    /// Only of this partner.
    pub partner: Option<PartnerCode>,
    /// Only under this programme.
    pub programme: Option<String>,
    /// Only of this period.
    pub period: Option<Period>,
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
        let openings = openings(chart, &vouchers, period).map_err(FoldError::from)?;
        vouchers.retain(|voucher| period.contains(voucher.day));
        let (closings, _) = self.closings_and_events().await?;
        let is_closed = closings.next_day().is_some_and(|next| period.last() < next);
        Ok(Books { vouchers, trial, openings, position, period, is_closed, made_on: today })
    }

    /// One account with every row on it, up to a position of the log, which is given back.
    ///
    /// [`AppError::Usage`] if there is no such account, case, partner or programme, or the log does not reach so far.
    pub async fn account_ledger(
        &self,
        chart: &Chart,
        filter: &AccountFilter,
        at: Option<u64>,
        progress: Progress<'_>,
    ) -> Result<(AccountLedger, u64), AppError> {
        let mut of = Vec::new();
        if let Some(case) = &filter.case {
            let id = self.find_case(case).await?;
            self.current().await?;
            let names = self.case_names(std::iter::once(id)).await?;
            let reference = names.get(&id).map(|name| name.row.reference.to_string());
            of.push((DimensionOf::Case, reference.unwrap_or_default()));
        }
        self.known_partner(filter.partner.as_ref()).await?;
        if let Some(partner) = &filter.partner {
            of.push((DimensionOf::Partner, partner.to_string()));
        }
        if let Some(programme) = &filter.programme {
            of_rulebook::programme(programme, &self.rulebook).map_err(AppError::not_there)?;
            of.push((DimensionOf::Programme, programme.clone()));
        }
        let (vouchers, position) = self.vouchers(chart, at, progress).await?;
        let asked = AccountAsked { account: filter.account.clone(), of, period: filter.period };
        let ledger = AccountLedger::of(chart, &vouchers, &asked).map_err(|error| match error {
            AccountError::Overflow(overflow) => FoldError::from(overflow).into(),
            AccountError::Unknown(_) | AccountError::NoDimension(_) => AppError::Usage(error.to_string()),
        })?;
        Ok((ledger, position))
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
        Ok((self.vouchers_under(chart, &closings, position, progress).await?, position))
    }

    /// All vouchers up to a position, where these periods are closed, also those that were closed after it.
    pub(super) async fn vouchers_under(
        &self,
        chart: &Chart,
        closings: &Closings,
        position: u64,
        progress: Progress<'_>,
    ) -> Result<Vec<Voucher>, AppError> {
        let mut journal = Journal::under(chart, closings);
        let mut vouchers = Vec::new();
        self.read_log_to(position, progress, |recorded| {
            vouchers.extend(journal.book(&recorded)?);
            Ok(())
        })
        .await?;
        Ok(vouchers)
    }
}
