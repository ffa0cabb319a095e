//! `svala claim …`

mod bulk;
mod detail;
mod odd;

use std::process::ExitCode;

use app::command::{Proposals, Saying};
use app::query::{ClaimFilter, ClaimItem, QueryItem};
use domain::claim::ClaimState;
use domain::ids::FileDigest;
use domain::{CaseId, ClaimId};
use money::{Amount, Eur, Locale};

use super::report;
use crate::args::{About, ClaimCommand, Format};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, listing, say};

/// The columns of a list of claims; the table for people has no room for the words.
const COLUMNS: &[&str] = &[
    "claim",
    "external_ref",
    "case",
    "partner",
    "receipt_no",
    "supplier",
    "category",
    "delivered_on",
    "amount",
    "currency",
    "rate",
    "rate_date",
    "rate_source",
    "eur",
    "at_most",
    "eligible",
    "disallowed",
    "reversed",
    "to_reverse",
    "reason",
    "state",
    "proposed_by",
    "report",
    "reported_on",
    "receipt",
    "words",
    "answer",
    "description",
];
/// The columns of the table for people.
pub const SHOWN: &[&str] = COLUMNS.split_at(COLUMNS.len() - 5).0;

const QUERY_COLUMNS: &[&str] = &[
    "claim",
    "fee",
    "partner",
    "external_ref",
    "case",
    "receipt_no",
    "eur",
    "reason",
    "asked_on",
    "age_days",
    "age",
    "question",
    "answered_on",
    "answer",
];

pub async fn run(place: &Place, format: Format, command: ClaimCommand) -> Result<ExitCode, Failure> {
    match command {
        ClaimCommand::List { case, partner, period, state, report } => {
            let ledger = place.open().await?;
            let (case, file) = (find(&ledger, case).await?, file_of(&ledger, report).await?);
            let claims = ledger.claims(&ClaimFilter { case, partner, period, state, file }).await?;
            match format {
                Format::Table => listing(format, SHOWN, &claims, shown)?,
                Format::Json | Format::Csv => listing(format, COLUMNS, &claims, row)?,
            }
        }
        ClaimCommand::Show { claim } => {
            let ledger = place.open().await?;
            let (case, id) = ledger.find_claim(claim).await?;
            detail::show(format, &ledger.claim_detail(case, id).await?)?;
        }
        ClaimCommand::Flags { partner, period, report, decided } => {
            let ledger = place.open().await?;
            let file = file_of(&ledger, report).await?;
            let filter = ClaimFilter { partner, period, file, ..ClaimFilter::default() };
            odd::list(&ledger, format, &filter, decided).await?;
        }
        ClaimCommand::Queries { partner } => {
            let queries = place.open().await?.queries(partner.as_ref()).await?;
            listing(format, QUERY_COLUMNS, &queries, query_row)?;
        }
        ClaimCommand::Accept {
            claims,
            all: _,
            partner,
            case,
            period,
            report,
            flagged_too,
            agree,
            up_to,
            dry_run,
            at_most: _,
            reason: _,
        } if claims.is_empty() => {
            let ledger = if dry_run { place.open_to_try().await? } else { place.open_to_write().await? };
            let (case, file) = (find(&ledger, case).await?, file_of(&ledger, report).await?);
            let filter = ClaimFilter { case, partner, period, state: None, file };
            let proposals = if agree { Proposals::Agree } else { Proposals::Leave };
            let bulk = bulk::Bulk { filter, flagged_too, up_to, proposals };
            bulk::accept(&ledger, format, bulk, dry_run).await?;
        }
        ClaimCommand::Accept { claims, dry_run, at_most, reason, .. } => {
            if at_most.is_some() && claims.len() > 1 {
                return Err(Failure::usage("--at-most is for one claim: name one, with the reason for it"));
            }
            let ledger = if dry_run { place.open_to_try().await? } else { place.open_to_write().await? };
            let in_part = at_most.map(|at_most| (at_most, reason.as_deref()));
            return accept_by_number(&ledger, &claims, in_part, dry_run).await;
        }
        ClaimCommand::Query { about } => {
            let done = ("queried", "; the answer: `svala claim answer`");
            return say_of_each(place, &about, Saying::Query, done).await;
        }
        ClaimCommand::Answer { claim: number, text } => {
            let ledger = place.open_to_write().await?;
            let (case, claim) = ledger.find_claim(number).await?;
            ledger.answer_query(case, claim, &text).await?;
            say(format!(
                "claim {number} answered: decide it with `svala claim accept {number}` or refuse it"
            ))?;
        }
        ClaimCommand::Reopen { about } => {
            let done = ("taken up again", ": decide it with `svala claim accept`");
            return say_of_each(place, &about, Saying::Reopen, done).await;
        }
        ClaimCommand::Attach { claim, file } => super::receipt::attach(place, claim, &file).await?,
        ClaimCommand::Receipt { claim, out } => super::receipt::save(place, claim, &out).await?,
        ClaimCommand::Reverse { claim: number, amount, currency, on, reason } => {
            let amount = Amount::parse(&amount, currency, Locale::Strict)
                .map_err(|error| Failure::usage(format!("--amount {amount}: {error}")))?;
            let ledger = place.open_to_write().await?;
            let (case, claim) = ledger.find_claim(number).await?;
            if !ledger.reverse_claim(case, claim, amount, on, &reason).await? {
                crate::output::remark(format!(
                    "taking back {amount} {currency} of claim {number} is proposed: another person must agree, by the same `svala claim reverse {number}` of their own; `svala claim drop-reversal {number}` ends it"
                ));
            }
            return report::balance_of(&ledger, format, case).await;
        }
        ClaimCommand::UndoReversal { claim: number, reversal, reason } => {
            let ledger = place.open_to_write().await?;
            let (case, claim) = ledger.find_claim(number).await?;
            if !ledger.undo_reversal(case, claim, reversal, &reason).await? {
                crate::output::remark(format!(
                    "undoing a reversal of claim {number} is proposed: another person must agree, by the same `svala claim undo-reversal {number}` of their own; `svala claim drop-reversal {number}` ends it"
                ));
            }
            return report::balance_of(&ledger, format, case).await;
        }
        ClaimCommand::DropReversal { claim: number, reason } => {
            let ledger = place.open_to_write().await?;
            let (case, claim) = ledger.find_claim(number).await?;
            ledger.drop_reversal(case, claim, &reason).await?;
            say(format!("claim {number} stays as it is: the proposal has ended"))?;
        }
        ClaimCommand::Refuse { about } => {
            return say_of_each(place, &about, Saying::Refuse, ("refused", "")).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn find(ledger: &app::Ledger, case: Option<String>) -> Result<Option<CaseId>, Failure> {
    match case {
        Some(case) => Ok(Some(ledger.find_case(&case).await?)),
        None => Ok(None),
    }
}

/// The file of a report that was asked for.
pub async fn file_of(ledger: &app::Ledger, report: Option<u64>) -> Result<Option<FileDigest>, Failure> {
    match report {
        Some(report) => Ok(Some(ledger.file_of_report(report).await?)),
        None => Ok(None),
    }
}

/// Says something of each claim, one after the other, or shows what that would come to; `done` is what has become of one,
/// and what to do next.
async fn say_of_each(
    place: &Place,
    About { claims, reason, dry_run }: &About,
    saying: Saying,
    (done, next): (&str, &str),
) -> Result<ExitCode, Failure> {
    let ledger = if *dry_run { place.open_to_try().await? } else { place.open_to_write().await? };
    let claims = named(&ledger, claims).await?;
    let mut refused = ExitCode::SUCCESS;
    if *dry_run {
        for c in ledger.preview_saying(&claims, saying, reason).await? {
            if c.refused {
                crate::output::remark(format!("claim {} would stay {}: {}", c.number, c.state, c.reason));
                refused = ExitCode::from(1);
            } else {
                say(format!("claim {} would be {done}", c.number))?;
            }
        }
        return Ok(refused);
    }
    for (number, case, claim) in claims {
        match ledger.say_of_claim(saying, case, claim, reason).await {
            Ok(()) => say(format!("claim {number} {done}{next}"))?,
            // The others are still to be decided.
            Err(error @ app::AppError::Refused(_)) => {
                crate::output::remark(format!("claim {number}: {error}"));
                refused = ExitCode::from(1);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(refused)
}

/// The claims with these numbers, all of which are there before anything is done about one.
async fn named(ledger: &app::Ledger, numbers: &[u64]) -> Result<Vec<(u64, CaseId, ClaimId)>, Failure> {
    let mut named = Vec::with_capacity(numbers.len());
    for &number in numbers {
        let (case, claim) = ledger.find_claim(number).await?;
        named.push((number, case, claim));
    }
    Ok(named)
}

/// Accepts claims one after the other; or one in part, for no more than an amount, with a reason.
async fn accept_by_number(
    ledger: &app::Ledger,
    claims: &[u64],
    in_part: Option<(Eur, Option<&str>)>,
    dry_run: bool,
) -> Result<ExitCode, Failure> {
    let mut refused = ExitCode::SUCCESS;
    let claims = named(ledger, claims).await?;
    if dry_run {
        for c in ledger.preview_claims(&claims, in_part).await? {
            match c.refused {
                true => {
                    crate::output::remark(format!("claim {} would stay {}: {}", c.number, c.state, c.reason));
                    refused = ExitCode::from(1);
                }
                false => {
                    let outcome = outcome(c.state, c.eligible, c.disallowed, &c.reason);
                    say(format!("claim {} would be {outcome}", c.number))?;
                }
            }
        }
        return Ok(refused);
    }
    for (number, case, claim) in claims {
        convert(ledger, &[(number, case, claim)]).await?;
        let accepted = match in_part {
            Some((at_most, reason)) => ledger.accept_claim_in_part(case, claim, at_most, reason).await,
            None => ledger.accept_claim(case, claim).await,
        };
        match accepted {
            Ok(()) => {
                let filter = ClaimFilter { case: Some(case), ..ClaimFilter::default() };
                let item = ledger.claims(&filter).await?.into_iter().find(|c| c.claim == number);
                if let Some(c) = item {
                    say(format!("claim {number} {}", outcome(c.state, c.eligible, c.disallowed, &c.reason)))?;
                }
            }
            // The others are still to be decided.
            Err(error @ app::AppError::Refused(_)) => {
                crate::output::remark(format!("claim {number}: {error}"));
                refused = ExitCode::from(1);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(refused)
}

/// Converts those that wait for a rate that is published by now: an import of rates may have been cut short.
async fn convert(ledger: &app::Ledger, claims: &[(u64, CaseId, ClaimId)]) -> Result<(), Failure> {
    let converted = ledger.convert_claims(claims).await?;
    if converted > 0 {
        let count = crate::output::counted(converted, "claim");
        crate::output::remark(format!("{count} that waited for an exchange rate converted"));
    }
    Ok(())
}

/// What a decision came to.
fn outcome(state: ClaimState, eligible: Eur, disallowed: Eur, reason: &str) -> String {
    match state {
        ClaimState::Proposed => {
            "proposed: another person must agree, by `svala claim accept` of their own".into()
        }
        _ if reason.is_empty() => format!("{state}: {eligible} EUR eligible, {disallowed} EUR disallowed"),
        _ => format!("{state}: {eligible} EUR eligible, {disallowed} EUR disallowed ({reason})"),
    }
}

/// One claim as a row of the table for people.
pub fn shown(c: &ClaimItem) -> Vec<Cell> {
    row(c).into_iter().take(SHOWN.len()).collect()
}

/// One claim as a row.
fn row(c: &ClaimItem) -> Vec<Cell> {
    cells![
        c.claim,
        &c.external_ref,
        &c.case,
        &c.partner,
        &c.receipt_no,
        &c.supplier,
        &c.category,
        c.delivered_on,
        Cell::Figure(c.amount.clone()),
        c.currency,
        Cell::Figure(c.rate.clone()),
        c.rate_date,
        c.rate_source,
        c.eur,
        c.at_most,
        c.eligible,
        c.disallowed,
        c.reversed,
        &c.to_reverse,
        &c.reason,
        c.state.code(),
        &c.proposed_by,
        c.report,
        c.reported_on,
        c.receipt,
        &c.words,
        &c.answer,
        &c.description
    ]
}

fn query_row(q: &QueryItem) -> Vec<Cell> {
    cells![
        q.claim,
        q.fee,
        &q.partner,
        &q.external_ref,
        &q.case,
        &q.receipt_no,
        q.eur,
        &q.reason,
        q.asked_on,
        u64::try_from(q.age_days).unwrap_or_default(),
        q.age,
        &q.question,
        q.answered_on,
        &q.answer
    ]
}
