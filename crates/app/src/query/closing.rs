//! Closed periods, and what stands in the way of closing the next.

use domain::books::{Chart, TrialBalance, Voucher, digest, digest_of_entries};
use domain::closing::{Check, ClosePeriod, ClosingEvent, Finding, PeriodClosed};
use domain::ids::FileDigest;
use domain::{Event, FoldError, Period, Recorded, TextId};
use interchange::statement::StatementDocument;
use jiff::civil::Date;
use money::Eur;
use projection_runner::Progress;
use serde::Serialize;

use super::matters::{Matter, findings};
use super::{ExceptionFilter, ExceptionItem, WaitingItem};
use crate::command::reason_text;
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::About;

/// What a period looks like before it is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeriodCheck {
    /// Which.
    pub period: Period,
    /// The position of the log up to which it was booked.
    pub position: u64,
    /// Its vouchers.
    #[serde(skip)]
    pub vouchers: Vec<Voucher>,
    /// What the accounts come to on its last day.
    #[serde(skip)]
    pub trial: TrialBalance,
    /// What its vouchers say.
    pub digest: FileDigest,
    /// The version of the chart under which they are booked.
    pub chart: String,
    /// What their entries say under it.
    pub entries: FileDigest,
    /// What all accounts come to: nothing, if the books are sound.
    pub difference: Eur,
    /// The first day on which anything is booked.
    pub first_booked: Option<Date>,
    /// Every check, with what it came to.
    pub findings: Vec<Finding>,
    /// What the checks found.
    pub matters: Vec<Matter>,
    /// What came in of the exceptions for which nobody answers.
    pub exceptions_in: Eur,
    /// What went out of them, below zero.
    pub exceptions_out: Eur,
}

/// A closed period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClosedPeriodItem {
    /// Which.
    pub period: Period,
    /// When it was closed (UTC).
    pub closed_at: String,
    /// By whom.
    pub closed_by: String,
    /// The position of the log up to which it was booked.
    pub position: u64,
    /// How many vouchers it had.
    pub vouchers: u64,
    /// What they said.
    pub digest: FileDigest,
    /// Whether the vouchers that the log gives now are the same.
    pub unchanged: bool,
    /// The version of the chart under which it was booked.
    pub chart: String,
    /// Whether the chart that is asked about gives the entries it was closed with.
    pub same_entries: bool,
    /// Findings that were accepted.
    pub accepted: String,
    /// Why.
    pub reason: String,
    /// What the checks came to.
    #[serde(skip)]
    pub findings: Vec<Finding>,
}

/// All that belongs to a period, as it stood when it was closed, or stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodPack {
    /// What is booked and what is open.
    pub checked: PeriodCheck,
    /// How it was closed, if it was.
    pub closed: Option<ClosedPeriodItem>,
    /// What did not fit then and was of the period or from before it, also what somebody answers for.
    pub exceptions: Vec<ExceptionItem>,
    /// What was proposed by one person then, and waited for another one.
    pub waiting: Vec<WaitingItem>,
    /// The statements of the partners that moved anything in it, or are owed anything at its end.
    pub statements: Vec<StatementDocument>,
    /// The day on which this was put together.
    pub made_on: Date,
}

impl Ledger {
    /// Books the period and looks at everything that is looked at before it is closed. `near` is how many days before and
    /// after its end are looked at for what stands on the other side.
    pub async fn check_period(
        &self,
        chart: &Chart,
        period: Period,
        near: u16,
        progress: Progress<'_>,
    ) -> Result<PeriodCheck, AppError> {
        self.check_period_under(self, chart, period, near, progress).await
    }

    /// The same where those periods are closed that are closed in `now`, the ledger of which this one may be the past.
    async fn check_period_under(
        &self,
        now: &Self,
        chart: &Chart,
        period: Period,
        near: u16,
        progress: Progress<'_>,
    ) -> Result<PeriodCheck, AppError> {
        let position = self.log_end(None).await?;
        let (closings, _) = now.closings_and_events().await?;
        let vouchers = self.vouchers_under(chart, &closings, position, progress).await?;
        let trial = TrialBalance::of(chart, &vouchers, Some(period)).map_err(FoldError::from)?;
        let matters = self.matters(chart, &vouchers, period, near).await?;
        let first_booked = vouchers.iter().map(|voucher| voucher.day).min();
        let of_period: Vec<Voucher> =
            vouchers.into_iter().filter(|voucher| period.contains(voucher.day)).collect();
        Ok(PeriodCheck {
            period,
            position,
            digest: digest(&of_period),
            chart: chart.version().to_owned(),
            entries: digest_of_entries(&of_period),
            difference: trial.difference().map_err(FoldError::from)?,
            vouchers: of_period,
            trial,
            first_booked,
            findings: findings(&matters)?,
            exceptions_in: exceptions(&matters, |eur| !eur.is_negative())?,
            exceptions_out: exceptions(&matters, Eur::is_negative)?,
            matters,
        })
    }

    /// The same of a ledger that goes on, as it stands at one moment: whatever others write meanwhile comes after the
    /// position of the check, and so belongs to the open period.
    pub async fn check_period_now(
        &self,
        chart: &Chart,
        period: Period,
        near: u16,
        progress: Progress<'_>,
    ) -> Result<PeriodCheck, AppError> {
        let moment = self.at_this_moment().await?;
        let checked = moment.check_period(chart, period, near, progress).await;
        moment.store().close().await?;
        checked
    }

    /// Closes a period as it was checked, once and for all. Findings that would stop it can be accepted, with a reason.
    pub async fn close_period(
        &self,
        checked: &PeriodCheck,
        accepted: &[Check],
        reason: Option<&str>,
    ) -> Result<(), AppError> {
        let text = reason.map(reason_text).transpose()?;
        let (period, digest, codes) =
            (checked.period.to_string(), checked.digest.to_string(), codes(accepted));
        let request = ["close-period", &period, &digest, &codes, reason.unwrap_or_default()];
        self.execute_about(About::Periods, &request, |session, draft| {
            let reason = text.as_ref().map(|text| session.seal_own(draft, text)).transpose()?;
            session.close_period(draft, &self.closing(checked, accepted, reason))
        })
        .await
    }

    /// What it cannot be closed for yet, whatever is open in it: it is not over, or not the next one.
    pub async fn is_next_to_close(&self, checked: &PeriodCheck) -> Result<(), AppError> {
        let (closings, _) = self.closings_and_events().await?;
        Ok(domain::closing::is_next(&closings, &self.closing(checked, &[], None))?)
    }

    /// What closing it would be refused for, if anything; nothing is written.
    pub async fn would_close(
        &self,
        checked: &PeriodCheck,
        accepted: &[Check],
        reason: Option<&str>,
    ) -> Result<(), AppError> {
        let (closings, _) = self.closings_and_events().await?;
        let reason = reason.map(|_| TextId([0; 32]));
        let by = self.by().await?;
        domain::closing::decide(&closings, &self.closing(checked, accepted, reason), &by)?;
        Ok(())
    }

    fn closing(&self, checked: &PeriodCheck, accepted: &[Check], reason: Option<TextId>) -> ClosePeriod {
        ClosePeriod {
            period: checked.period,
            on: self.today(),
            position: checked.position,
            first_booked: checked.first_booked,
            vouchers: checked.vouchers.len() as u64,
            digest: checked.digest,
            chart: checked.chart.clone(),
            entries: checked.entries,
            difference: checked.difference,
            findings: checked.findings.clone(),
            accepted: accepted.to_vec(),
            reason,
        }
    }

    /// All closed periods. Each is booked again from the log and held to what was said of it.
    pub async fn closed_periods(
        &self,
        chart: &Chart,
        progress: Progress<'_>,
    ) -> Result<Vec<ClosedPeriodItem>, AppError> {
        let (vouchers, _) = self.vouchers(chart, None, progress).await?;
        let (_, events) = self.closings_and_events().await?;
        let reasons = self.own_texts(&events).await?;
        let mut items = Vec::new();
        for recorded in &events {
            let Event::Closing(ClosingEvent::PeriodClosed(e)) = &recorded.event else { continue };
            let of_period = || vouchers.iter().filter(|voucher| e.period.contains(voucher.day));
            let (unchanged, same_entries) =
                (digest(of_period()) == e.digest, digest_of_entries(of_period()) == e.entries);
            let reason = e.reason.and_then(|text| reasons.get(&text).cloned()).unwrap_or_default();
            items.push(ClosedPeriodItem { unchanged, same_entries, reason, ..closed(recorded, e) });
        }
        Ok(items)
    }

    /// All that belongs to a period: of a closed one as the ledger stood when it was closed.
    pub async fn period_pack(
        &self,
        chart: &Chart,
        period: Period,
        near: u16,
        progress: Progress<'_>,
    ) -> Result<PeriodPack, AppError> {
        let closed =
            self.closed_periods(chart, progress).await?.into_iter().find(|item| item.period == period);
        let then = match &closed {
            Some(closed) => Some(self.as_of(closed.position).await?),
            None => None,
        };
        let then = then.as_ref().unwrap_or(self);
        // The closing of the period itself says where in it stands what came late.
        let mut checked = then.check_period_under(self, chart, period, near, progress).await?;
        if let Some(closed) = &closed {
            checked.findings.clone_from(&closed.findings);
        }
        let mut exceptions =
            then.exceptions(&ExceptionFilter { all: true, ..ExceptionFilter::default() }).await?;
        exceptions.retain(|item| item.since <= period.last());
        let mut statements = Vec::new();
        for code in then.partner_codes().await? {
            let made = match then.statement(&code, period, Some(checked.position), progress).await {
                Ok(made) => made,
                // Nobody knew the partner then.
                Err(AppError::Usage(_)) => continue,
                Err(other) => return Err(other),
            };
            if !made.lines.is_empty() || !made.totals.owed.is_zero() {
                statements.push(made);
            }
        }
        let waiting = then.waiting().await?;
        Ok(PeriodPack { checked, closed, exceptions, waiting, statements, made_on: self.today() })
    }
}

/// What exceptions come to that stop a closing, of those that went one way.
fn exceptions(matters: &[Matter], way: impl Fn(Eur) -> bool) -> Result<Eur, AppError> {
    let open = matters.iter().filter(|matter| matter.check == Check::Exceptions && matter.stops);
    Ok(Eur::sum(open.filter_map(|matter| matter.eur).filter(|eur| way(*eur))).map_err(FoldError::from)?)
}

fn closed(recorded: &Recorded, event: &PeriodClosed) -> ClosedPeriodItem {
    ClosedPeriodItem {
        period: event.period,
        closed_at: super::utc(recorded.recorded_at),
        closed_by: recorded.actor.clone(),
        position: event.position,
        vouchers: event.vouchers,
        digest: event.digest,
        unchanged: false,
        chart: event.chart.clone(),
        same_entries: false,
        accepted: codes(&event.accepted),
        reason: String::new(),
        findings: event.findings.clone(),
    }
}

pub(super) fn codes(checks: &[Check]) -> String {
    checks.iter().map(|check| check.code()).collect::<Vec<_>>().join(" ")
}
