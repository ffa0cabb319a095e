//! Random commands over several people, through files and by hand.

use std::path::Path;

use app::command::{Proposals, Saying};
use app::import::RatesRequest;
use app::query::{ClaimFilter, FeeFilter};
use app::{AppError, Ledger};
use domain::case::Decision;
use domain::hold::Scope;
use money::Eur;
use proptest::prelude::*;
use proptest::sample::select;
use rulebook::{Authority, ReturnMode};

use crate::support::*;

pub const PEOPLE: &[&str] = &["MV-1", "MV-2", "MV-3", "MV-4"];
pub const DAYS: &[&str] =
    &["2024-02-01", "2024-03-10", "2024-03-11", "2024-03-14", "2024-03-15", "2025-03-11", "2025-03-12"];
pub const AMOUNTS: &[&str] =
    &["0.01", "100.00", "614.99", "615.00", "615.01", "999.99", "1500.00", "3000.00", "3000.01"];

#[derive(Debug, Clone)]
pub enum Step {
    File(Kind, Vec<String>),
    AcceptingFile(Vec<String>),
    /// Rates of one month.
    Rates(&'static str, Vec<(&'static str, u32)>),
    ConvertWaiting,
    AcceptAll,
    Accept(usize),
    Refuse(usize),
    Query(usize),
    Answer(usize),
    Reopen(usize),
    /// The reversal of a claim was a mistake.
    Undo(usize),
    Plan(&'static str, &'static str, Vec<(&'static str, &'static str)>),
    AcceptFee(usize),
    RefuseFee(usize),
    QueryFee(usize),
    ReopenFee(usize),
    Hold(Scope, &'static str),
    Release(u64, &'static str),
    Allow(usize),
    Return(usize, &'static str, &'static str),
    Mode(&'static str, ReturnMode, &'static str),
    Decide(&'static str, Decision, &'static str),
    Assign(&'static str, &'static str, Option<&'static str>),
    Arrive(&'static str),
    Withdraw(&'static str),
    Close(&'static str),
    CatchUp,
}

impl Step {
    /// Whether it is about partners and their payments, and so nothing that a person may spend.
    pub fn is_of_partners(&self) -> bool {
        matches!(
            self,
            Self::AcceptFee(_)
                | Self::RefuseFee(_)
                | Self::QueryFee(_)
                | Self::ReopenFee(_)
                | Self::Hold(..)
                | Self::Release(..)
        )
    }
}

/// Rows of the register: decided or not yet, at home or not yet, so that a newer file fills in an older one.
fn case_rows() -> impl Strategy<Value = Vec<String>> {
    let row = (select(PEOPLE), select(&["GM", "IQ", "AM"][..]), 0_u8..4).prop_map(|(name, _, known)| {
        // Each person goes to one country, or the register would contradict itself.
        let country = ["GM", "IQ", "AM", "PS"][PEOPLE.iter().position(|p| *p == name).unwrap()];
        let filed =
            format!("{name},2024-02-01,{country},voluntary,migration-agency,refused,yes,yes,yes,no,no");
        let rest = [
            "2024-02-20,approve,2024-03-10,2024-03-11,caritas",
            "2024-02-20,approve,,,caritas",
            ",,,,",
            ",,2024-03-10,,",
        ];
        format!("{filed},{}", rest[usize::from(known)])
    });
    prop::collection::vec(row, 1..5)
}

fn spend_rows() -> impl Strategy<Value = Vec<String>> {
    let codes = select(&["caritas", "caritas", "irara"][..]);
    let currency = || select(&["EUR", "EUR", "EUR", "USD", "EGP"][..]);
    // Some are of a family.
    let people =
        select(&["MV-1", "MV-1", "MV-2", "MV-2", "MV-3", "MV-4", "MV-1 + MV-2", "MV-2 + MV-3 + MV-4"][..]);
    let spent = (codes.clone(), people, 0_u32..25, select(DAYS), select(AMOUNTS), currency());
    let spent = spent.prop_map(|(code, name, number, on, amount, currency)| {
        in_currency(receipt(code, name, number, on, amount), currency)
    });
    let charged = (codes, 0_u32..6, select(DAYS), select(AMOUNTS), currency());
    let charged = charged.prop_map(|(code, number, on, amount, currency)| {
        format!("{code},,partner-fee,{on},{amount},{currency},{code},F-{number},,")
    });
    prop::collection::vec(prop_oneof![8 => spent, 1 => charged], 1..12)
}

fn plan() -> impl Strategy<Value = Step> {
    let line = (select(&["temporary-housing", "education"][..]), select(AMOUNTS));
    let codes = select(&["caritas", "irara"][..]);
    (select(PEOPLE), codes, prop::collection::vec(line, 0..3))
        .prop_map(|(name, code, lines)| Step::Plan(name, code, lines))
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        select(&["caritas", "irara"][..]).prop_map(|code| Scope::Partner(code.parse().unwrap())),
        Just(Scope::Country("GM".parse().unwrap())),
        Just(Scope::Programme("jrs".into())),
    ]
}

pub fn step() -> impl Strategy<Value = Step> {
    let grants = prop::collection::vec(
        (select(PEOPLE), 0_u32..12, select(DAYS), select(AMOUNTS))
            .prop_map(|(name, n, on, sum)| payment(name, n, on, sum)),
        1..4,
    );
    let reversals = prop::collection::vec(
        (select(&["caritas", "irara"][..]), 0_u32..25, select(DAYS), select(AMOUNTS))
            .prop_map(|(code, n, on, sum)| reversal(code, n, on, sum))
            .prop_flat_map(|row| {
                select(&["EUR", "EUR", "USD"][..]).prop_map(move |c| in_currency(row.clone(), c))
            }),
        1..4,
    );
    let months = select(&["2024-02", "2024-03", "2025-03"][..]);
    let rates = prop::collection::vec((select(&["USD", "EGP"][..]), select(&[3_u32, 4, 5, 90][..])), 1..3);
    prop_oneof![
        3 => (months, rates).prop_map(|(month, rates)| Step::Rates(month, rates)),
        1 => Just(Step::ConvertWaiting),
        2 => case_rows().prop_map(|rows| Step::File(Kind::Cases, rows)),
        3 => spend_rows().prop_map(|rows| Step::File(Kind::Spend, rows)),
        4 => spend_rows().prop_map(Step::AcceptingFile),
        3 => grants.prop_map(|rows| Step::File(Kind::Grants, rows)),
        2 => reversals.prop_map(|rows| Step::File(Kind::Reversals, rows)),
        2 => Just(Step::AcceptAll),
        2 => any::<usize>().prop_map(Step::Accept),
        1 => any::<usize>().prop_map(Step::Refuse),
        1 => any::<usize>().prop_map(Step::Query),
        1 => any::<usize>().prop_map(Step::Answer),
        1 => any::<usize>().prop_map(Step::Reopen),
        2 => any::<usize>().prop_map(Step::Undo),
        3 => plan(),
        2 => any::<usize>().prop_map(Step::AcceptFee),
        1 => any::<usize>().prop_map(Step::RefuseFee),
        1 => any::<usize>().prop_map(Step::QueryFee),
        1 => any::<usize>().prop_map(Step::ReopenFee),
        1 => (scope(), select(DAYS)).prop_map(|(scope, from)| Step::Hold(scope, from)),
        1 => (1_u64..3, select(DAYS)).prop_map(|(hold, on)| Step::Release(hold, on)),
        2 => any::<usize>().prop_map(Step::Allow),
        2 => (any::<usize>(), select(AMOUNTS), select(DAYS)).prop_map(|(n, sum, on)| Step::Return(n, sum, on)),
        3 => (select(PEOPLE), select(ReturnMode::ALL), select(DAYS)).prop_map(|(p, mode, on)| Step::Mode(p, mode, on)),
        1 => (select(PEOPLE), select(Decision::ALL), select(DAYS)).prop_map(|(p, d, on)| Step::Decide(p, d, on)),
        2 => (select(PEOPLE), select(&["caritas", "irara"][..]), prop::option::of(select(DAYS)))
            .prop_map(|(p, code, on)| Step::Assign(p, code, on)),
        1 => select(PEOPLE).prop_map(Step::Arrive),
        1 => select(PEOPLE).prop_map(Step::Withdraw),
        1 => select(PEOPLE).prop_map(Step::Close),
        2 => Just(Step::CatchUp),
    ]
}

/// Starts with everybody filed, most of them at home.
pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    (case_rows(), prop::collection::vec(step(), 25..45)).prop_map(|(mut rows, mut steps)| {
        rows.extend(
            PEOPLE.iter().zip(["GM", "IQ", "AM", "PS"]).map(|(name, to)| person_to(name, to, "caritas")),
        );
        rows.reverse();
        steps.insert(0, Step::File(Kind::Cases, rows));
        steps
    })
}

/// A rule may refuse it, or there may be nothing to do it to; anything else is a fault.
fn business<T>(result: Result<T, AppError>) -> Result<(), AppError> {
    match result {
        Ok(_) | Err(AppError::Refused(_) | AppError::Usage(_)) => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// What was looked for, if it is there. Where it is not, that is an answer and not a fault.
fn found<T>(result: Result<T, AppError>) -> Result<Option<T>, AppError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(AppError::Usage(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// A file of rates, in a folder of its own, because its name says the month. A jump is refused.
fn rates_of(folder: &Path, index: usize, month: &str, rates: &[(&str, u32)]) -> RatesRequest {
    let folder = folder.join(index.to_string());
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("inforeuro-{month}.json"));
    let entries: Vec<String> =
        rates.iter().map(|(code, rate)| format!("{{\"isoA3Code\":\"{code}\",\"value\":{rate}}}")).collect();
    std::fs::write(&path, format!("[{}]", entries.join(","))).unwrap();
    RatesRequest { paths: vec![path], month: None, allow_jumps: Default::default(), dry_run: false }
}

/// Takes a step. An error is a fault, never a refusal.
pub async fn take(ledger: &Ledger, folder: &Path, index: usize, step: &Step) -> Result<(), AppError> {
    let day = |text: &str| text.parse().unwrap();
    let case_of = async |name: &str| found(ledger.find_case(name).await);
    let claims = || async { ledger.claims(&ClaimFilter::default()).await };
    match step {
        Step::File(kind, rows) => {
            let path = write(folder, *kind, &format!("{index}.csv"), rows);
            business(import(ledger, *kind, path, How::Partial).await)
        }
        Step::AcceptingFile(rows) => {
            let path = write(folder, Kind::Spend, &format!("{index}.csv"), rows);
            business(import(ledger, Kind::Spend, path, How::Accepting).await)
        }
        Step::Rates(month, rates) => {
            business(ledger.import_rates(&rates_of(folder, index, month, rates)).await)
        }
        Step::ConvertWaiting => business(ledger.convert_waiting().await),
        Step::AcceptAll => {
            let open: Vec<_> = claims().await?.iter().map(|c| (c.claim, c.case_id, c.id)).collect();
            business(ledger.accept_claims(&open, Proposals::Agree, false).await)
        }
        Step::Accept(n)
        | Step::Refuse(n)
        | Step::Query(n)
        | Step::Answer(n)
        | Step::Reopen(n)
        | Step::Undo(n) => {
            let claims = claims().await?;
            let Some(claim) = claims.get(n.checked_rem(claims.len()).unwrap_or(0)) else { return Ok(()) };
            let (case, claim) = (claim.case_id, claim.id);
            let done = match step {
                Step::Accept(_) => ledger.accept_claim(case, claim).await,
                Step::Query(_) => ledger.say_of_claim(Saying::Query, case, claim, "for whom?").await,
                Step::Answer(_) => ledger.answer_query(case, claim, "for both").await,
                Step::Reopen(_) => ledger.say_of_claim(Saying::Reopen, case, claim, "it was told late").await,
                Step::Undo(_) => ledger.undo_reversal(case, claim, None, "a mistake").await.map(drop),
                _ => ledger.say_of_claim(Saying::Refuse, case, claim, "no receipt").await,
            };
            business(done)
        }
        Step::Plan(name, code, lines) => {
            let Some(case) = case_of(name).await? else { return Ok(()) };
            let lines = lines.iter().map(|(category, sum)| ((*category).to_owned(), sum.parse().unwrap()));
            business(ledger.agree_plan(case, code.parse().unwrap(), day("2024-03-15"), lines.collect()).await)
        }
        Step::AcceptFee(n) | Step::RefuseFee(n) | Step::QueryFee(n) | Step::ReopenFee(n) => {
            let fees = ledger.fees(&FeeFilter::default()).await?;
            let Some(fee) = fees.get(n.checked_rem(fees.len()).unwrap_or(0)) else { return Ok(()) };
            let Some((partner, fee)) = found(ledger.find_fee(fee.fee).await)? else { return Ok(()) };
            business(match step {
                Step::AcceptFee(_) => ledger.accept_fee(partner, fee).await,
                Step::QueryFee(_) => ledger.query_fee(partner, fee, "for whom?").await,
                Step::ReopenFee(_) => ledger.reopen_fee(partner, fee, "it was agreed").await,
                _ => ledger.refuse_fee(partner, fee, "not agreed").await,
            })
        }
        Step::Hold(scope, from) => {
            business(ledger.place_hold(scope.clone(), day(from), "an audit").await.map(drop))
        }
        Step::Release(hold, on) => business(ledger.release_hold(*hold, day(on), "it is over").await),
        Step::Allow(n) | Step::Return(n, ..) => {
            let grants = ledger.grants(None).await?;
            let Some(item) = grants.get(n.checked_rem(grants.len()).unwrap_or(0)) else { return Ok(()) };
            let Some((case, grant)) = found(ledger.find_grant(item.grant).await)? else { return Ok(()) };
            let done = match step {
                Step::Return(_, sum, on) => {
                    let sum = sum.parse::<Eur>().unwrap();
                    ledger.return_grant(case, grant, sum, day(on), "came back").await.map(|_| ())
                }
                _ => ledger.allow_grant(case, grant, "the bank was closed").await,
            };
            business(done)
        }
        Step::Mode(name, mode, on) => {
            let Some(case) = case_of(name).await? else { return Ok(()) };
            let authority =
                if *mode == ReturnMode::Forced { Authority::Police } else { Authority::MigrationAgency };
            business(ledger.change_return_mode(case, *mode, authority, day(on)).await)
        }
        Step::Decide(name, decision, on) => {
            let Some(case) = case_of(name).await? else { return Ok(()) };
            business(ledger.decide(case, *decision, day(on)).await)
        }
        Step::Assign(name, code, on) => {
            let Some(case) = case_of(name).await? else { return Ok(()) };
            business(ledger.assign(case, code.parse().unwrap(), on.map(day)).await)
        }
        Step::Arrive(name) | Step::Withdraw(name) | Step::Close(name) => {
            let Some(case) = case_of(name).await? else { return Ok(()) };
            let done = match step {
                Step::Arrive(_) => ledger.arrive(case, day("2024-03-11")).await,
                Step::Withdraw(_) => ledger.withdraw(case, day("2024-04-01")).await,
                _ => ledger.close(case, day("2026-01-31")).await,
            };
            business(done)
        }
        Step::CatchUp => {
            ledger.catch_up(&|_, _| {}).await?;
            Ok(())
        }
    }
}
