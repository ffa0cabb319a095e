//! `svala period …`

use std::path::Path;
use std::process::ExitCode;

use app::query::{ClosedPeriodItem, ExceptionItem, Matter, PeriodCheck, PeriodPack, WaitingItem};
use app::{AppError, Ledger};
use domain::closing::{Check, Finding, OPEN_MATTERS};
use domain::{Period, Refusal};
use interchange::books::{BooksDocument, PackDocument, month_pack};

use super::books::{chart_of, company_of};
use super::report;
use crate::args::{CheckHow, Format, PeriodCommand};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, NewFile, Readers, counted, listing, object, remark, say};
use crate::progress::LogBar;

const MATTER_COLUMNS: &[&str] = &["check", "stops", "number", "of", "day", "eur", "what", "next_step"];
/// Of an exception in the pack: notes and reasons stay in the ledger.
const EXCEPTION_COLUMNS: &[&str] = &[
    "exception",
    "kind",
    "about",
    "amount",
    "currency",
    "since",
    "age",
    "owner",
    "note",
    "state",
    "resolved_by",
    "next_step",
];

const WAITING_COLUMNS: &[&str] = &["what", "about", "of", "amount", "proposed", "next_step"];

const CLOSED_COLUMNS: &[&str] = &[
    "period",
    "closed_at",
    "closed_by",
    "position",
    "vouchers",
    "unchanged",
    "chart",
    "same_entries",
    "accepted",
    "reason",
    "digest",
];

pub async fn run(place: &Place, format: Format, command: PeriodCommand) -> Result<ExitCode, Failure> {
    match command {
        PeriodCommand::Check { period, how } => {
            let ledger = place.open().await?;
            let checked = check(&ledger, period, &how).await?;
            shown(format, &checked)?;
            let open = checked.matters.iter().filter(|matter| matter.stops).count();
            if open > 0 {
                let matters = counted(open as u64, "open matter");
                return Err(Failure::check(format!("{matters} in {period}")));
            }
            ledger.is_next_to_close(&checked).await?;
        }
        PeriodCommand::Close { period, accept, reason, dry_run, how } => {
            if dry_run {
                let ledger = place.open().await?;
                let checked = check(&ledger, period, &how).await?;
                shown(format, &checked)?;
                let would = ledger.would_close(&checked, &accept, reason.as_deref()).await;
                would.map_err(|error| refused(error, &checked, &accept))?;
                remark(format!("dry run: {period} could be closed; nothing was"));
                return Ok(ExitCode::SUCCESS);
            }
            let ledger = place.open_to_write().await?;
            let checked = {
                let chart = chart_of(how.chart.as_deref())?;
                let bar = LogBar::new();
                let progress = |position, last| bar.at(position, last);
                ledger.check_period_now(&chart, period, how.near, &progress).await?
            };
            let closed = ledger.close_period(&checked, &accept, reason.as_deref()).await;
            closed.map_err(|error| refused(error, &checked, &accept))?;
            say(format!(
                "{period} is closed: {}, booked up to position {}, digest {}",
                counted(checked.vouchers.len() as u64, "voucher"),
                checked.position,
                checked.digest
            ))?;
        }
        PeriodCommand::Pack { period, out, company, how } => {
            pack(place, period, &out, company.as_deref(), &how).await?
        }
        PeriodCommand::List { chart } => {
            let chart = chart_of(chart.as_deref())?;
            let ledger = place.open().await?;
            let bar = LogBar::new();
            let closed = ledger.closed_periods(&chart, &|position, last| bar.at(position, last)).await?;
            drop(bar);
            listing(format, CLOSED_COLUMNS, &closed, row)?;
            let changed: Vec<String> =
                closed.iter().filter(|item| !item.unchanged).map(|item| item.period.to_string()).collect();
            if !changed.is_empty() {
                return Err(Failure::check(format!(
                    "the log does not give the vouchers with which {} was closed: run `svala verify`",
                    changed.join(", ")
                )));
            }
        }
        PeriodCommand::History => {
            report::history_items(format, &place.open().await?.period_history().await?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn check(ledger: &Ledger, period: Period, how: &CheckHow) -> Result<PeriodCheck, Failure> {
    let chart = chart_of(how.chart.as_deref())?;
    let bar = LogBar::new();
    Ok(ledger.check_period(&chart, period, how.near, &|position, last| bar.at(position, last)).await?)
}

async fn pack(
    place: &Place,
    period: Period,
    out: &Path,
    company: Option<&str>,
    how: &CheckHow,
) -> Result<(), Failure> {
    let file = NewFile::at(out, Readers::Usual)?;
    let chart = chart_of(how.chart.as_deref())?;
    let company = company_of(company, &chart);
    let ledger = place.open().await?;
    let bar = LogBar::new();
    let pack = ledger.period_pack(&chart, period, how.near, &|position, last| bar.at(position, last)).await?;
    drop(bar);
    let PeriodPack { checked, closed, exceptions, waiting, statements, made_on } = &pack;
    let books = BooksDocument {
        chart: &chart,
        vouchers: &checked.vouchers,
        openings: &[],
        trial: &checked.trial,
        period,
        position: checked.position,
        company,
        organisation_number: None,
        made_on: *made_on,
    };
    let stops = |finding: &Finding| finding.check.stops() && finding.found > 0;
    let findings: Vec<_> = checked
        .findings
        .iter()
        .map(|finding| (finding.check.to_string(), finding.found, finding.amount, stops(finding)))
        .collect();
    let matters: Vec<Vec<String>> = checked
        .matters
        .iter()
        .map(|found| matter(found).into_iter().map(Cell::into_text).collect())
        .collect();
    let exceptions: Vec<Vec<String>> =
        exceptions.iter().map(|item| exception(item).into_iter().map(Cell::into_text).collect()).collect();
    let waiting: Vec<Vec<String>> =
        waiting.iter().map(|item| under_way(item).into_iter().map(Cell::into_text).collect()).collect();
    let document = PackDocument {
        books: &books,
        head: &head(&pack, company, period),
        findings: &findings,
        matter_columns: MATTER_COLUMNS,
        matters: &matters,
        exception_columns: EXCEPTION_COLUMNS,
        exceptions: &exceptions,
        waiting_columns: WAITING_COLUMNS,
        waiting: &waiting,
        statements,
    };
    file.write(&month_pack(&document).map_err(|error| Failure::usage(error.to_string()))?)?;
    let state = if closed.is_some() { "closed" } else { "open" };
    say(format!("{}: {period}, which is {state}, log position {}", out.display(), checked.position))
}

/// Why a period is not closed: of open matters each on a line of its own, with what to do about it.
fn refused(error: AppError, checked: &PeriodCheck, accepted: &[Check]) -> Failure {
    let open_matters = |refusal: &Refusal| refusal.codes() == OPEN_MATTERS;
    if !matches!(&error, AppError::Refused(refusal) if open_matters(refusal)) {
        return error.into();
    }
    let mut failure = Failure::from(error);
    let open = checked
        .matters
        .iter()
        .filter(|matter| matter.stops && !(matter.check.is_acceptable() && accepted.contains(&matter.check)));
    for Matter { check, of, day, eur, what, next_step, .. } in open {
        // What a line is called says when it was booked.
        let day = day.map(|day| day.to_string()).filter(|day| !of.ends_with(day));
        let day = day.map_or_else(String::new, |day| format!(", {day}"));
        let eur = eur.map_or_else(String::new, |eur| format!(", {eur} EUR"));
        failure = failure.line(&format!("  {check}: {of}{day}{eur}: {what}\n    {next_step}"));
    }
    failure
        .line(
            "What may stay open: --accept CHECK, with a --reason; for an exception somebody answers by name:",
        )
        .line("svala exception resolve NAME --accept --reason WHY (what is large by two people)")
}

/// What stands above everything else.
fn head(pack: &PeriodPack, company: &str, period: Period) -> Vec<(&'static str, String)> {
    let PeriodPack { checked, closed, made_on, .. } = pack;
    let mut head = vec![
        ("books of", company.to_owned()),
        ("period", period.to_string()),
        ("made on", made_on.to_string()),
        ("log position", checked.position.to_string()),
        ("vouchers", checked.vouchers.len().to_string()),
        ("digest", checked.digest.to_string()),
    ];
    match closed {
        None => head.push(("closed", "no".to_owned())),
        Some(item) => head.extend([
            ("closed", format!("{} by {}", item.closed_at, item.closed_by)),
            ("unchanged since", yes(item.unchanged).to_owned()),
            ("closed under chart", item.chart.clone()),
            ("same entries", yes(item.same_entries).to_owned()),
            ("accepted", item.accepted.clone()),
            ("reason", item.reason.clone()),
        ]),
    }
    head
}

fn shown(format: Format, checked: &PeriodCheck) -> Result<(), Failure> {
    match format {
        Format::Json => object(checked),
        Format::Csv => listing(format, MATTER_COLUMNS, &checked.matters, matter),
        Format::Table => {
            listing(format, &["check", "found", "eur", "stops", "of_that"], &checked.findings, |finding| {
                let stops = finding.check.stops() && finding.found > 0;
                cells![
                    finding.check.code(),
                    finding.found,
                    finding.amount,
                    yes(stops),
                    of_that(finding, checked)
                ]
            })?;
            if !checked.matters.is_empty() {
                say("")?;
                listing(format, MATTER_COLUMNS, &checked.matters, matter)?;
            }
            remark(format!(
                "{}: {}, accounts {} EUR off, booked up to position {}, digest {}",
                checked.period,
                counted(checked.vouchers.len() as u64, "voucher"),
                checked.difference,
                checked.position,
                checked.digest
            ));
            Ok(())
        }
    }
}

/// What came in and what went out: one does not make up for the other.
fn of_that(finding: &Finding, checked: &PeriodCheck) -> String {
    match finding.check == Check::Exceptions && finding.found > 0 {
        true => format!("{} in, {} out", checked.exceptions_in, checked.exceptions_out),
        false => String::new(),
    }
}

fn matter(matter: &Matter) -> Vec<Cell> {
    let number = Cell::Figure(matter.number.map(|number| number.to_string()).unwrap_or_default());
    cells![
        matter.check.code(),
        yes(matter.stops),
        number,
        &matter.of,
        matter.day,
        matter.eur,
        &matter.what,
        &matter.next_step
    ]
}

fn exception(item: &ExceptionItem) -> Vec<Cell> {
    cells![
        &item.exception,
        item.kind.code(),
        &item.about,
        Cell::Figure(item.amount.clone()),
        &item.currency,
        item.since,
        item.age.code(),
        &item.owner,
        yes(!item.note.is_empty()),
        &item.state,
        &item.resolved_by,
        item.next_step
    ]
}

fn under_way(item: &WaitingItem) -> Vec<Cell> {
    cells![
        item.what,
        &item.about,
        &item.of,
        Cell::Figure(item.amount.clone()),
        &item.proposed,
        item.next_step
    ]
}

fn row(item: &ClosedPeriodItem) -> Vec<Cell> {
    cells![
        item.period.to_string(),
        &item.closed_at,
        &item.closed_by,
        item.position,
        item.vouchers,
        yes(item.unchanged),
        &item.chart,
        yes(item.same_entries),
        &item.accepted,
        &item.reason,
        item.digest.to_string()
    ]
}

fn yes(so: bool) -> &'static str {
    if so { "yes" } else { "no" }
}
