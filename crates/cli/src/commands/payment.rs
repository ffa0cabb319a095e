//! `svala payment …`

use std::path::Path;
use std::process::ExitCode;

use app::Ledger;
use app::payment::{Debtor, FileAsked, NotStopped, PaymentFileMade, StatusItem};
use app::query::{
    DueItem, PaymentDetail, PaymentFileItem, PaymentFilter, PaymentItem, PaymentLine, RecallItem,
};
use domain::payment::{PaymentState, settled_instead_on};

use super::report;
use crate::args::{Format, PaymentCommand, RecallCommand};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, NewFile, Readers, counted, heading, listing, object, remark, say, table};

const DUE_COLUMNS: &[&str] = &[
    "partner",
    "due",
    "held",
    "came_back",
    "paid_outside",
    "open_advance",
    "to_pay",
    "proposed",
    "approved",
];

const COLUMNS: &[&str] = &[
    "payment",
    "partner",
    "reference",
    "state",
    "period",
    "items",
    "gross",
    "paid_before",
    "advance_settled",
    "total",
    "proposed_by",
    "approved_by",
    "file",
    "execute_on",
];

const LINE_COLUMNS: &[&str] =
    &["kind", "number", "external_ref", "case", "category", "on", "receipt_no", "supplier", "eur"];

const FILE_COLUMNS: &[&str] =
    &["file", "version", "message", "created_at", "execute_on", "payments", "total", "sha256", "by"];

const STATUS_COLUMNS: &[&str] =
    &["payment", "partner", "reference", "total", "status", "meaning", "reasons", "why", "state"];

const RECALL_COLUMNS: &[&str] =
    &["payment", "partner", "reference", "total", "file", "execute_on", "by", "since", "reason"];

pub async fn run(place: &Place, format: Format, command: PaymentCommand) -> Result<ExitCode, Failure> {
    match command {
        PaymentCommand::Due { partner } => {
            let due = place.open().await?.payments_due(partner.as_ref()).await?;
            listing(format, DUE_COLUMNS, &due, due_row)?;
        }
        PaymentCommand::Propose { partner: None, period, keep_advance, dry_run, .. } => {
            return propose_all(place, format, period, keep_advance, dry_run).await;
        }
        PaymentCommand::Propose { partner: Some(partner), period, keep_advance, dry_run, .. } => {
            let ledger = if dry_run { place.open().await? } else { place.open_to_write().await? };
            let proposed = ledger.propose_payment(&partner, period, keep_advance, dry_run).await?;
            show(format, &proposed)?;
            if format == Format::Csv && !proposed.held.is_empty() {
                let held = counted(proposed.held.len(), "item");
                remark(format!("{held} held and left out: --format json has them"));
            }
            next(&proposed.item);
        }
        PaymentCommand::Advance { partner, amount, reason } => {
            let ledger = place.open_to_write().await?;
            let (advance, before) = ledger.propose_advance(&partner, amount, &reason).await?;
            show(format, &advance)?;
            match advance.item.payment {
                Some(number) if before => remark(format!(
                    "payment {number} was proposed before, in the same words; another advance of {amount} has another reason"
                )),
                _ => next(&advance.item),
            }
        }
        PaymentCommand::List { partner, state, file } => {
            let filter = PaymentFilter { partner, state, file };
            listing(format, COLUMNS, &place.open().await?.payments(&filter).await?, row)?;
        }
        PaymentCommand::Show { payment } => {
            let ledger = place.open().await?;
            let (partner, id) = ledger.find_payment(&payment).await?;
            show(format, &ledger.payment_detail(&partner, id).await?)?;
        }
        PaymentCommand::Approve { payments } => return approve(place, &payments).await,
        PaymentCommand::Cancel { payment, reason } => {
            let ledger = place.open_to_write().await?;
            let (partner, id) = ledger.find_payment(&payment).await?;
            ledger.cancel_payment(&partner, id, &reason).await?;
            say(format!("payment {payment} is cancelled; what it was to pay is due again"))?;
        }
        PaymentCommand::Status { file, dry_run } => {
            let ledger = if dry_run { place.open_to_try().await? } else { place.open_to_write().await? };
            let taken = ledger.take_payment_status(&file, dry_run).await?;
            listing(format, STATUS_COLUMNS, &taken.payments, status_row)?;
            remark(match (taken.taken_before, dry_run) {
                (true, _) => {
                    format!("file {}: this report was taken in before; nothing was done", taken.file)
                }
                (false, true) => format!("file {}: nothing was written", taken.file),
                (false, false) => {
                    let back = counted(taken.taken_back, "payment");
                    format!(
                        "file {}: what the bank says is noted; {back} taken back and due again",
                        taken.file
                    )
                }
            });
            taken.not_stopped.iter().for_each(not_stopped);
            if !taken.not_stopped.is_empty() {
                return Ok(ExitCode::from(1));
            }
        }
        PaymentCommand::Recall { command: Some(RecallCommand::List), .. } => {
            listing(format, RECALL_COLUMNS, &place.open().await?.recalls().await?, recall_row)?;
        }
        PaymentCommand::Recall { command: Some(RecallCommand::Withdraw { payments, reason }), .. } => {
            let ledger = place.open_to_write().await?;
            for (name, (partner, id)) in payments.iter().zip(find(&ledger, &payments).await?) {
                ledger.withdraw_recall(&partner, id, &reason).await?;
                say(format!("payment {name} to {partner} is not taken back: it stands in its file"))?;
            }
        }
        PaymentCommand::Recall { command: None, payments, file, reason } => {
            let reason = reason.ok_or_else(|| Failure::usage("give --reason"))?;
            return recall(place, &payments, file, &reason).await;
        }
        PaymentCommand::File { out: Some(out), again: Some(number), .. } => {
            let file = NewFile::at(&out, Readers::Owner)?;
            let made = place.open().await?.remake_payment_file(number).await?;
            write(file, &made)?;
            told(&out, &made)?;
        }
        PaymentCommand::File {
            payments,
            out,
            debtor_iban: Some(iban),
            debtor_bic: bic,
            debtor_id: sender,
            debtor_name: Some(name),
            execute_on: Some(execute_on),
            far_ahead,
            dry_run,
            pain,
            ..
        } => {
            let debtor = Debtor { name, iban, bic, sender };
            let mut asked = FileAsked {
                version: pain.into(),
                debtor,
                execute_on,
                far_ahead,
                dry_run,
                payments: Vec::new(),
            };
            if dry_run {
                let ledger = place.open().await?;
                asked.payments = find(&ledger, &payments).await?;
                return preview(format, &ledger, ledger.make_payment_file(asked).await?).await;
            }
            let out = out.ok_or_else(|| Failure::usage("give --out, the file that is to be written"))?;
            let file = NewFile::at(&out, Readers::Owner)?;
            let ledger = place.open_to_write().await?;
            asked.payments = find(&ledger, &payments).await?;
            let made = ledger.make_payment_file(asked).await?;
            write(file, &made)?;
            told(&out, &made)?;
        }
        PaymentCommand::File { .. } => {
            return Err(Failure::usage("give --debtor-iban, --debtor-name and --execute-on, or --again"));
        }
        PaymentCommand::Files => {
            listing(format, FILE_COLUMNS, &place.open().await?.payment_files().await?, file_row)?;
        }
        PaymentCommand::History => {
            report::history_items(format, &place.open().await?.payment_file_history().await?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The bank goes on with a payment that is due again: it would be paid twice.
fn not_stopped(NotStopped { said, paid_by }: &NotStopped) {
    let StatusItem { payment, partner, reference, total, status, meaning, .. } = said;
    let number = payment.unwrap_or_default();
    let again = paid_by.as_ref().map_or_else(String::new, |again| {
        format!(", and payment {again} pays the same: cancel or recall that one if the bank does not stop")
    });
    remark(format!(
        "warning: payment {number} ({reference}) of {total} EUR to {partner} was taken back, and the bank says {status} ({meaning}): have the bank stop it, and pay nothing in its place until a statement shows what it did{again}"
    ));
}

/// One payment for each partner to which something is due; whoever cannot be paid is told, and keeps nobody else waiting.
async fn propose_all(
    place: &Place,
    format: Format,
    period: Option<domain::Period>,
    keep_advance: bool,
    dry_run: bool,
) -> Result<ExitCode, Failure> {
    let ledger = if dry_run { place.open().await? } else { place.open_to_write().await? };
    let (mut proposed, mut code) = (Vec::new(), ExitCode::SUCCESS);
    for partner in ledger.partners_due().await? {
        match ledger.propose_payment(&partner, period, keep_advance, dry_run).await {
            Ok(detail) => proposed.push(detail.item),
            Err(app::AppError::Refused(refusal)) if refusal.codes() == "nothing-due" => {}
            Err(error @ app::AppError::Refused(_)) => {
                remark(format!("{partner}: {error}"));
                code = ExitCode::from(1);
            }
            Err(error) => return Err(error.into()),
        }
    }
    listing(format, COLUMNS, &proposed, row)?;
    let count = counted(proposed.len(), "payment");
    match dry_run {
        true => remark(format!("{count}; dry run: nothing was written")),
        false => {
            remark(format!("{count} proposed: another person approves with `svala payment approve NUMBER …`"))
        }
    }
    Ok(code)
}

async fn approve(place: &Place, payments: &[String]) -> Result<ExitCode, Failure> {
    let ledger = place.open_to_write().await?;
    let mut code = ExitCode::SUCCESS;
    for (name, (partner, id)) in payments.iter().zip(find(&ledger, payments).await?) {
        match ledger.approve_payment(&partner, id).await {
            Ok(()) => {
                let PaymentItem { total, .. } = ledger.payment_detail(&partner, id).await?.item;
                say(match total.is_zero() {
                    true => format!("payment {name} to {partner} is settled: all was paid before"),
                    false => format!("payment {name} approved: {total} EUR to {partner}"),
                })?;
            }
            // The others are still to be decided.
            Err(error @ app::AppError::Refused(_)) => {
                remark(format!("payment {name}: {error}"));
                code = ExitCode::from(1);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(code)
}

async fn recall(
    place: &Place,
    payments: &[String],
    file: Option<u64>,
    reason: &str,
) -> Result<ExitCode, Failure> {
    let ledger = place.open_to_write().await?;
    let payments = match file {
        Some(number) => ledger.payments_in_file(number).await?,
        None => find(&ledger, payments).await?,
    };
    if payments.is_empty() {
        return Err(Failure::usage("no payment of the file is left that could be taken back"));
    }
    let mut code = ExitCode::SUCCESS;
    for (partner, id) in payments {
        let PaymentItem { payment, total, .. } = ledger.payment_detail(&partner, id).await?.item;
        let name = format!("payment {} of {total} EUR to {partner}", payment.unwrap_or_default());
        match ledger.recall_payment(&partner, id, reason).await {
            Ok((PaymentState::Recalled, made)) if !made.is_zero() => {
                say(format!(
                    "{name} is taken back; {made} EUR that the bank made of it are recorded as paid, and the rest is due again"
                ))?;
                remark(
                    "`svala bank match` settles what the bank made; `svala payment propose` pays the rest",
                );
            }
            Ok((PaymentState::Recalled, _)) => {
                say(format!("{name} is taken back; what it was to pay is due again"))?;
            }
            Ok(_) => say(format!("{name} is to be taken back: another person agrees with the same command"))?,
            // The others are still to be taken back.
            Err(error @ app::AppError::Refused(_)) => {
                remark(format!("{name}: {error}"));
                code = ExitCode::from(1);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(code)
}

async fn find(
    ledger: &Ledger,
    names: &[String],
) -> Result<Vec<(domain::PartnerCode, domain::PaymentId)>, Failure> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        found.push(ledger.find_payment(name).await?);
    }
    Ok(found)
}

/// Writes the file. It is recorded before, so that no file is there that nobody knows of.
fn write(file: NewFile<'_>, made: &PaymentFileMade) -> Result<(), Failure> {
    let number = made.number;
    file.write(&made.bytes).map_err(|failure| {
        failure.and(&format!(
            "file {number} is recorded: write it with `svala payment file --again {number} --out FILE`"
        ))
    })
}

/// What would stand in a file that is not written.
async fn preview(format: Format, ledger: &Ledger, made: PaymentFileMade) -> Result<ExitCode, Failure> {
    let mut items = Vec::with_capacity(made.payments.len());
    for (partner, id) in &made.payments {
        items.push(ledger.payment_detail(partner, *id).await?.item);
    }
    listing(format, COLUMNS, &items, row)?;
    warned(&made);
    remark(format!(
        "{}: NbOfTxs {}, CtrlSum {}, to be executed on {}; dry run: nothing was written",
        made.version,
        made.payments.len(),
        made.total,
        made.execute_on
    ));
    Ok(ExitCode::SUCCESS)
}

fn told(out: &Path, made: &PaymentFileMade) -> Result<(), Failure> {
    warned(made);
    say(format!(
        "{}: file {}, {} over {} EUR, to be executed on {}\nSHA-256 {}",
        out.display(),
        made.number,
        counted(made.payments.len(), "payment"),
        made.total,
        made.execute_on,
        made.sha256
    ))
}

/// What whoever gives the file to the bank should know.
fn warned(made: &PaymentFileMade) {
    for rewritten in &made.rewritten {
        remark(format!("\"{}\" is written {} in the file", rewritten.name, rewritten.written));
    }
    for reference in &made.taken_back {
        remark(format!(
            "payment {reference} in it was taken back since, or came back: do not give this file to the bank"
        ));
    }
    for reason in &made.left_out {
        remark(format!("left out: {reason}"));
    }
    if let Some(day) = settled_instead_on(made.execute_on) {
        remark(format!(
            "{} is a weekend or a holiday of the euro area (TARGET): the bank settles it on {day}",
            made.execute_on
        ));
    }
}

/// Who does what next.
fn next(item: &PaymentItem) {
    match item.payment {
        Some(number) => remark(format!(
            "payment {number} is proposed: another person approves it with `svala payment approve {number}`"
        )),
        None => remark("dry run: nothing was written"),
    }
}

fn show(format: Format, detail: &PaymentDetail) -> Result<(), Failure> {
    match format {
        Format::Table => say(in_words(detail)),
        Format::Json => object(detail),
        Format::Csv => listing(format, LINE_COLUMNS, &detail.lines, line_row),
    }
}

fn in_words(detail: &PaymentDetail) -> String {
    let PaymentItem { payment, partner, .. } = &detail.item;
    let number = payment.map(|number| format!(" {number}")).unwrap_or_default();
    let mut parts = vec![format!(
        "{}, {} of {}",
        heading(&format!("payment{number} to {partner}")),
        detail.account,
        detail.holder
    )];
    parts.push(table(&COLUMNS[2..], [row(&detail.item).into_iter().skip(2).collect()]));
    if !detail.reason.is_empty() {
        parts.push(format!("reason: {}", detail.reason));
    }
    if !detail.bank_status.is_empty() {
        parts.push(format!("the bank says: {}", detail.bank_status));
    }
    parts.push(table(LINE_COLUMNS, detail.lines.iter().map(line_row)));
    if !detail.held.is_empty() {
        let columns: Vec<&str> = LINE_COLUMNS.iter().copied().chain(["hold"]).collect();
        let rows = detail.held.iter().map(|held| {
            let mut row = line_row(&held.line);
            row.push(Cell::from(held.hold));
            row
        });
        parts.push(format!("{}\n{}", heading("held, and left out"), table(&columns, rows)));
    }
    parts.join("\n\n")
}

fn status_row(of: &StatusItem) -> Vec<Cell> {
    cells![
        of.payment,
        &of.partner,
        &of.reference,
        of.total,
        &of.status,
        of.meaning,
        &of.reasons,
        &of.why,
        of.state.code()
    ]
}

fn due_row(d: &DueItem) -> Vec<Cell> {
    cells![
        &d.partner,
        d.due,
        d.held,
        d.came_back,
        d.paid_outside,
        d.open_advance,
        d.to_pay,
        d.proposed,
        d.approved
    ]
}

fn row(p: &PaymentItem) -> Vec<Cell> {
    cells![
        number(p.payment),
        &p.partner,
        &p.reference,
        p.state.code(),
        &p.period,
        p.items,
        p.gross,
        p.paid_before,
        p.advance_settled,
        p.total,
        &p.proposed_by,
        &p.approved_by,
        number(p.file),
        p.execute_on
    ]
}

fn line_row(l: &PaymentLine) -> Vec<Cell> {
    cells![
        l.kind,
        number(l.number),
        &l.external_ref,
        &l.case,
        &l.category,
        l.on,
        &l.receipt_no,
        &l.supplier,
        l.eur
    ]
}

fn recall_row(r: &RecallItem) -> Vec<Cell> {
    cells![
        r.payment,
        &r.partner,
        &r.reference,
        r.total,
        number(r.file),
        r.execute_on,
        &r.by,
        &r.since,
        &r.reason
    ]
}

fn file_row(f: &PaymentFileItem) -> Vec<Cell> {
    cells![f.file, &f.version, &f.message, &f.created_at, f.execute_on, f.payments, f.total, &f.sha256, &f.by]
}

fn number(number: Option<u64>) -> Cell {
    Cell::Figure(number.map(|number| number.to_string()).unwrap_or_default())
}
