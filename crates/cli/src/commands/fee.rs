//! `svala partner fee …`

use std::process::ExitCode;

use app::Ledger;
use app::partner::FeeTakenBack;
use app::query::{FeeFilter, FeeItem};
use domain::partner::FeeState;
use domain::{FeeId, PartnerCode};
use jiff::civil::Date;
use money::Eur;

use super::receipt;
use crate::args::{FeeCommand, Format};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, listing, remark, say};

const COLUMNS: &[&str] = &[
    "fee",
    "partner",
    "agreement",
    "terms",
    "charged_on",
    "receipt_no",
    "supplier",
    "amount",
    "currency",
    "rate",
    "eur",
    "reversed",
    "to_reverse",
    "state",
    "decided_by",
    "words",
    "answer",
    "flags",
    "report",
];

/// One flag of one fee.
#[derive(Debug, serde::Serialize)]
struct Odd {
    fee: u64,
    partner: String,
    receipt_no: String,
    charged_on: Date,
    eur: Option<Eur>,
    state: String,
    flag: &'static str,
    detail: String,
}

pub async fn run(place: &Place, format: Format, command: FeeCommand) -> Result<ExitCode, Failure> {
    let mut refused = ExitCode::SUCCESS;
    match command {
        FeeCommand::List { partner, state, report } => {
            let ledger = place.open().await?;
            let file = super::claim::file_of(&ledger, report).await?;
            let fees = ledger.fees(&FeeFilter { partner, state, file }).await?;
            listing(format, COLUMNS, &fees, row)?;
        }
        FeeCommand::Flags { partner, decided } => {
            flags(&place.open().await?, format, partner, decided).await?;
        }
        FeeCommand::Accept { fees } => {
            let ledger = place.open_to_write().await?;
            for (number, partner, fee) in named(&ledger, &fees).await? {
                // It may wait for a rate that is published by now: an import of rates may have been cut short.
                if ledger.convert_fees(&[(partner.clone(), fee)]).await? > 0 {
                    remark(format!("fee {number}, which waited for its exchange rate, is converted"));
                }
                match ledger.accept_fee(partner.clone(), fee).await {
                    Ok(()) => {
                        let state = ledger.fee_state(&partner, fee).await?;
                        say(match state == Some(FeeState::Proposed) {
                            true => format!(
                                "fee {number} proposed: another person must agree, by `svala partner fee accept {number}` of their own"
                            ),
                            false => format!("fee {number} accepted"),
                        })?;
                    }
                    // The others are still to be decided.
                    Err(error @ app::AppError::Refused(_)) => {
                        remark(format!("fee {number}: {error}"));
                        refused = ExitCode::from(1);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        FeeCommand::Attach { fee, file } => receipt::attach_to_fee(place, fee, &file).await?,
        FeeCommand::Receipt { fee, out } => receipt::save_of_fee(place, fee, &out).await?,
        FeeCommand::Reverse { fee: number, amount, reason } => {
            let ledger = place.open_to_write().await?;
            let (partner, fee) = ledger.find_fee(number).await?;
            say(match ledger.reverse_fee(partner, fee, amount, &reason).await? {
                FeeTakenBack::Now(eur) => format!("{eur} EUR of fee {number} taken back"),
                FeeTakenBack::Before => format!(
                    "this part of fee {number} was taken back before, for the same reason; another part of the same amount has another reason"
                ),
                FeeTakenBack::Proposed => format!(
                    "taking back fee {number} is proposed: another person must agree, by the same `svala partner fee reverse {number}` of their own; `svala partner fee drop-reversal {number}` ends it"
                ),
            })?;
        }
        FeeCommand::DropReversal { fee: number, reason } => {
            let ledger = place.open_to_write().await?;
            let (partner, fee) = ledger.find_fee(number).await?;
            ledger.drop_fee_reversal(partner, fee, &reason).await?;
            say(format!("nothing of fee {number} is taken back: the proposal has ended"))?;
        }
        FeeCommand::Query { fees, reason } => {
            let query = async |ledger: &Ledger, code, fee| ledger.query_fee(code, fee, &reason).await;
            return each(place, &fees, "queried; the answer: `svala partner fee answer`", query).await;
        }
        FeeCommand::Answer { fee: number, text } => {
            let answer = async |ledger: &Ledger, code, fee| ledger.answer_fee(code, fee, &text).await;
            let done = "answered: accept it with `svala partner fee accept`, or refuse it";
            return each(place, &[number], done, answer).await;
        }
        FeeCommand::Refuse { fees, reason } => {
            let refuse = async |ledger: &Ledger, code, fee| ledger.refuse_fee(code, fee, &reason).await;
            return each(place, &fees, "refused", refuse).await;
        }
        FeeCommand::Reopen { fees, reason } => {
            let reopen = async |ledger: &Ledger, code, fee| ledger.reopen_fee(code, fee, &reason).await;
            let done = "is taken up again: two people accept it with `svala partner fee accept`";
            return each(place, &fees, done, reopen).await;
        }
    }
    Ok(refused)
}

/// Does something about each fee, one after the other: one that is refused stops none of the others.
async fn each(
    place: &Place,
    fees: &[u64],
    done: &str,
    about: impl AsyncFn(&Ledger, PartnerCode, FeeId) -> Result<(), app::AppError>,
) -> Result<ExitCode, Failure> {
    let mut refused = ExitCode::SUCCESS;
    let ledger = place.open_to_write().await?;
    for (number, partner, fee) in named(&ledger, fees).await? {
        match about(&ledger, partner, fee).await {
            Ok(()) => say(format!("fee {number} {done}"))?,
            Err(error @ app::AppError::Refused(_)) => {
                remark(format!("fee {number}: {error}"));
                refused = ExitCode::from(1);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(refused)
}

/// The fees with these numbers, all of which are there before anything is done about one.
async fn named(ledger: &Ledger, numbers: &[u64]) -> Result<Vec<(u64, PartnerCode, FeeId)>, Failure> {
    let mut named = Vec::with_capacity(numbers.len());
    for &number in numbers {
        let (partner, fee) = ledger.find_fee(number).await?;
        named.push((number, partner, fee));
    }
    Ok(named)
}

/// Lists the flags of the fees asked for, in the order they were reported.
async fn flags(
    ledger: &Ledger,
    format: Format,
    partner: Option<PartnerCode>,
    decided: bool,
) -> Result<(), Failure> {
    let flags = ledger.fee_flags().await?;
    let open = |fee: &FeeItem| fee.state.parse::<FeeState>().is_ok_and(FeeState::is_open);
    let mut odd = Vec::new();
    for fee in ledger.fees(&FeeFilter { partner, ..FeeFilter::default() }).await? {
        if !decided && !open(&fee) {
            continue;
        }
        for flag in flags.get(&fee.fee).into_iter().flatten() {
            odd.push(Odd {
                fee: fee.fee,
                partner: fee.partner.clone(),
                receipt_no: fee.receipt_no.clone(),
                charged_on: fee.charged_on,
                eur: fee.eur,
                state: fee.state.clone(),
                flag: flag.kind.code(),
                detail: flag.detail.clone(),
            });
        }
    }
    let columns = &["fee", "partner", "receipt_no", "charged_on", "eur", "state", "flag", "detail"];
    listing(format, columns, &odd, |row| {
        cells![
            row.fee,
            &row.partner,
            &row.receipt_no,
            row.charged_on,
            row.eur,
            &row.state,
            row.flag,
            &row.detail
        ]
    })
}

fn row(f: &FeeItem) -> Vec<Cell> {
    cells![
        f.fee,
        &f.partner,
        &f.agreement,
        &f.terms,
        f.charged_on,
        &f.receipt_no,
        &f.supplier,
        Cell::Figure(f.amount.clone()),
        f.currency,
        &f.rate,
        f.eur,
        f.reversed,
        &f.to_reverse,
        &f.state,
        &f.decided_by,
        &f.words,
        &f.answer,
        &f.flags,
        f.report
    ]
}
