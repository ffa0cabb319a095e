//! `svala import …`

mod rows;

use std::process::ExitCode;

use app::Ledger;
use app::import::{
    Cases, CsvStatement, Grants, ImportReport, ImportRequest, Importer, Only, RatesRequest, ReceiptFolder,
    Reversals, Spend, StatementsRequest, TRIED_MAX,
};
use domain::ledger::ImportCounts;
use interchange::{Row, SpendRow};
use serde_json::json;

use crate::args::{Format, ImportCommand, ImportFile};
use crate::cells;
use crate::connect::Place;
use crate::output::{Failure, counted, listing, object, remark, say, table};
use crate::progress::{ImportBar, LogBar};

pub async fn run(place: &Place, format: Format, command: ImportCommand) -> Result<ExitCode, Failure> {
    let mut folder = None;
    let (file, accept) = match &command {
        ImportCommand::List => return list(place, format).await,
        ImportCommand::Rates { files, month, allow_jump, dry_run } => {
            let allow_jumps = allow_jump.iter().copied().collect();
            let request =
                RatesRequest { paths: files.clone(), month: *month, allow_jumps, dry_run: *dry_run };
            return super::rate::import(place, format, &request).await;
        }
        ImportCommand::Statement {
            file,
            mapping,
            opening,
            closing,
            accept_gap,
            only_known,
            account,
            dry_run,
        } => {
            let csv = mapping.as_ref().map(|mapping| CsvStatement {
                mapping: mapping.clone(),
                opening: opening.clone(),
                closing: closing.clone(),
            });
            let request = StatementsRequest {
                path: file.clone(),
                csv,
                accept_gap: accept_gap.clone(),
                only: match account {
                    Some(number) => Only::Number(number.clone()),
                    None if *only_known => Only::Known,
                    None => Only::All,
                },
                dry_run: *dry_run,
            };
            return super::bank::import(place, format, &request).await;
        }
        ImportCommand::Spend { file, accept, receipts } => {
            folder = receipts.as_deref().map(ReceiptFolder::open).transpose()?;
            (file, *accept)
        }
        ImportCommand::Cases(file) | ImportCommand::Grants(file) | ImportCommand::Reversals(file) => {
            (file, false)
        }
    };
    // A dry run writes nothing, not even the rulebook it was given.
    let ledger = if file.dry_run { place.open_to_try().await? } else { place.open_to_write().await? };
    let before = ledger.store().head().await.map_err(app::AppError::from)?.position;
    let report = match &command {
        ImportCommand::Cases(_) => import(&ledger, &Cases, file, false).await?,
        ImportCommand::Grants(_) => import(&ledger, &Grants, file, false).await?,
        ImportCommand::Spend { .. } => import(&ledger, &Spend::new(accept, folder), file, true).await?,
        ImportCommand::Reversals(_)
        | ImportCommand::Rates { .. }
        | ImportCommand::Statement { .. }
        | ImportCommand::List => import(&ledger, &Reversals, file, false).await?,
    };
    if accept && report.written {
        tell_flags(&ledger, before).await?;
    }
    show(format, file, accept, &report)
}

/// Says which claims that were reported after a position, and decided, look like another one, or are oddly large: of these
/// an import that accepts holds none back.
async fn tell_flags(ledger: &Ledger, after: u64) -> Result<(), Failure> {
    let flags = ledger.flags_after(after, |state| !state.is_open()).await?;
    let odd = flags.iter().filter(|(_, flags)| flags.iter().any(|flag| flag.kind.holds_back()));
    let odd: Vec<String> = odd.map(|(number, _)| number.to_string()).collect();
    if !odd.is_empty() {
        let shown = odd.iter().take(ROWS_LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if odd.len() > ROWS_LISTED { ", …" } else { "" };
        let (look, are) = if odd.len() == 1 { ("looks", "is") } else { ("look", "are") };
        remark(format!(
            "{} decided with this import {look} like another claim or {are} oddly large: {shown}{more}; see `svala claim flags --decided`",
            counted(odd.len(), "claim")
        ));
    }
    Ok(())
}

/// Imports one file and brings the read models up to date.
pub async fn import<I: Importer>(
    ledger: &Ledger,
    importer: &I,
    file: &ImportFile,
    tell_rows: bool,
) -> Result<ImportReport, Failure> {
    let request = ImportRequest {
        path: file.file.clone(),
        locale: file.locale,
        dry_run: file.dry_run,
        partial: file.partial,
        rejects: file.rejects.clone(),
        tell_rows,
    };
    let report = ledger.import(importer, &request, &ImportBar::new()).await?;
    if report.written {
        let bar = LogBar::new();
        ledger.catch_up(&|position, last| bar.at(position, last)).await?;
    }
    Ok(report)
}

fn show(format: Format, file: &ImportFile, accept: bool, report: &ImportReport) -> Result<ExitCode, Failure> {
    for error in &report.errors {
        remark(error.in_file(&report.file).to_string());
    }
    let unlisted = report.errors_total.saturating_sub(report.errors.len() as u64);
    if unlisted > 0 {
        remark(format!("… and {unlisted} more errors"));
    }
    match format {
        Format::Table => {
            say(in_words(file, accept, report))?;
            if file.dry_run || report.written {
                rows::in_words(report, file.dry_run && !accept).map_or(Ok(()), say)?;
            }
        }
        Format::Json => object(&as_json(report, file.dry_run && !accept))?,
        Format::Csv if report.kind == SpendRow::KIND => rows::list(report)?,
        Format::Csv => {
            let c = &report.counts;
            let mut rows = vec![
                ("rows", c.rows),
                ("applied", c.applied),
                ("cut", c.cut),
                ("refused", c.refused),
                ("proposed", c.proposed),
                ("recognised", c.recognised),
                ("rejected", c.rejected),
            ];
            rows.extend((report.only_checked > 0).then_some(("checked", report.only_checked)));
            listing(format, &["outcome", "rows"], &rows, |(outcome, rows)| cells![*outcome, *rows])?;
        }
    }
    Ok(ExitCode::from(match Ending::of(file, report) {
        Ending::Good => 0,
        Ending::Overtaken => 1,
        Ending::Stopped => 2,
    }))
}

/// Rows without a receipt, or outside of the period, that are listed; the others are counted.
const ROWS_LISTED: usize = 20;

/// How an import ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// As asked.
    Good,
    /// Errors: nothing was applied. With `--partial` where no row is usable.
    Stopped,
    /// The file was good when it was checked; while it was written somebody else recorded facts that some of its
    /// rows contradict.
    Overtaken,
}

impl Ending {
    fn of(file: &ImportFile, report: &ImportReport) -> Self {
        let ImportCounts { applied, cut, recognised, proposed, refused, rejected, .. } = report.counts;
        let usable = applied + cut + recognised + proposed + refused + report.only_checked;
        if file.partial && usable == 0 && rejected > 0 {
            return Self::Stopped;
        }
        match (report.errors_total > 0 && !file.partial, report.written) {
            (false, _) => Self::Good,
            (true, false) => Self::Stopped,
            (true, true) => Self::Overtaken,
        }
    }
}

fn in_words(file: &ImportFile, accept: bool, report: &ImportReport) -> String {
    let name = &report.file;
    if let Some(earlier) = &report.imported_before {
        let hint = if accept { "; claims that are not decided yet: `svala claim accept --all`" } else { "" };
        return format!(
            "{name}: this very file was imported before, at position {} by {}: nothing to do{hint}",
            earlier.position, earlier.actor
        );
    }
    let c = &report.counts;
    let mut lines = Vec::new();
    let ending = Ending::of(file, report);
    let headline = match (ending, file.dry_run) {
        (Ending::Stopped, true) => {
            format!("{name}: nothing would be applied, {} of {} rows have errors", c.rejected, c.rows)
        }
        (Ending::Overtaken, _) => format!(
            "{name}: {} of {} rows do not fit what somebody else recorded while this file was imported; the others are applied",
            c.rejected, c.rows
        ),
        (Ending::Stopped, false) if file.partial => {
            format!("{name}: nothing was applied, {} of {} rows have errors", c.rejected, c.rows)
        }
        (Ending::Stopped, false) => format!(
            "{name}: nothing was applied, {} of {} rows have errors: correct them, or apply the others with --partial",
            c.rejected, c.rows
        ),
        (Ending::Good, true) => {
            format!(
                "{name}: dry run, nothing was written; {} of {} would become",
                counted(c.rows, "row"),
                report.kind
            )
        }
        (Ending::Good, false) if !report.written && c.rejected > 0 => format!(
            "{name}: nothing new was applied, {} of {} rows have errors, the others are known already",
            c.rejected, c.rows
        ),
        (Ending::Good, false) if !report.written => {
            format!("{name}: nothing new, every row is known already; nothing was written")
        }
        (Ending::Good, false) => format!("{name}: {} of {}", counted(c.rows, "row"), report.kind),
    };
    lines.push(headline);
    if let Some(dialect) = report.dialect.filter(|d| d.delimiter != b',') {
        lines.push(format!("  delimiter   {}", char::from(dialect.delimiter)));
    }
    if ending != Ending::Stopped {
        let rows = [
            ("applied", c.applied, ""),
            ("cut", c.cut, "accepted in part"),
            ("refused", c.refused, "kept, with the reason"),
            ("proposed", c.proposed, "done once another person imports the same file"),
            ("recognised", c.recognised, "known already"),
            ("rejected", c.rejected, "left out"),
        ];
        for (outcome, count, note) in
            rows.into_iter().filter(|(outcome, count, _)| *count > 0 || *outcome == "applied")
        {
            let note = if note.is_empty() { String::new() } else { format!("  ({note})") };
            lines.push(format!("  {outcome:<11} {count:>6}{note}"));
        }
    }
    if report.only_checked > 0 && ending != Ending::Stopped {
        lines.push(format!(
            "  checked     {:>6}  (without errors, and not decided: a dry run decides the first {} rows, and fewer where families share them; all that is said here of what would be refused or left is of those)",
            report.only_checked, TRIED_MAX
        ));
    }
    for (count, list) in [
        (report.waiting_for_rate - report.waiting_fees, "claim list"),
        (report.waiting_fees, "partner fee list"),
    ] {
        if count > 0 && ending != Ending::Stopped {
            lines.push(format!(
                "  waiting     {count:>6}  (for an exchange rate: `svala {list} --state waiting-for-rate`)"
            ));
        }
    }
    if report.receipts.attached > 0 && ending != Ending::Stopped {
        let kept = if file.dry_run { "would be kept" } else { "kept" };
        lines.push(format!("  receipts    {:>6}  ({kept}, encrypted)", report.receipts.attached));
    }
    if !report.receipts.missing.is_empty() {
        let rows = report.receipts.missing.iter().take(ROWS_LISTED).map(ToString::to_string);
        let more = if report.receipts.missing.len() > ROWS_LISTED { ", …" } else { "" };
        lines.push(format!(
            "  warning     {:>6}  (no file of the receipt in the folder: rows {}{more})",
            report.receipts.missing.len(),
            rows.collect::<Vec<_>>().join(", ")
        ));
    }
    if report.outside_period > 0 && ending != Ending::Stopped {
        let rows = report.rows_outside.iter().take(ROWS_LISTED).map(ToString::to_string);
        let more = if report.outside_period > ROWS_LISTED as u64 { ", …" } else { "" };
        lines.push(format!(
            "  warning     {:>6}  (delivered outside of the template's period; kept: rows {}{more})",
            report.outside_period,
            rows.collect::<Vec<_>>().join(", ")
        ));
    }
    if !report.partners.is_empty() && ending != Ending::Stopped {
        let codes = report.partners.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        lines.push(format!("  partners    {:>6}  (met for the first time: {codes})", report.partners.len()));
    }
    if !report.refused.is_empty() {
        let rows = report.refused.iter().map(|(reason, (rows, eur))| {
            let eur = if eur.is_zero() { String::new() } else { format!("{eur} EUR") };
            cells![format!("    {reason}"), *rows, eur]
        });
        lines.push(table(&["  not accepted, because", "rows", "for"], rows));
    }
    if let Some(path) = &report.reject_file {
        lines.push(format!(
            "  the rows left out are in {}, with the reason: correct and import that file",
            path.display()
        ));
    }
    lines.join("\n")
}

fn as_json(report: &ImportReport, supposed: bool) -> serde_json::Value {
    let ImportCounts { rows, applied, cut, recognised, proposed, refused, rejected } = report.counts;
    json!({
        "kind": report.kind,
        "file": report.file,
        "sha256": report.sha256,
        "delimiter": report.dialect.map(|d| char::from(d.delimiter).to_string()),
        "counts": json!({"rows": rows, "applied": applied, "cut": cut, "refused": refused, "proposed": proposed, "recognised": recognised, "rejected": rejected}),
        "waiting_for_rate": report.waiting_for_rate,
        "only_checked": report.only_checked,
        "outside_period": report.outside_period,
        "rows_outside": report.rows_outside,
        "partners": report.partners.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "receipts": json!({"attached": report.receipts.attached, "missing": report.receipts.missing}),
        "refused": report.refused.iter().map(|(reason, (rows, eur))| json!({"reason": reason, "rows": rows, "disallowed": eur})).collect::<Vec<_>>(),
        "errors": report.errors.iter().map(|e| json!({"row": e.row, "column": e.column, "value": e.value, "rule": e.rule, "detail": e.message})).collect::<Vec<_>>(),
        "errors_total": report.errors_total,
        "imported_before": report.imported_before.as_ref().map(|e| json!({"position": e.position, "actor": e.actor})),
        "reject_file": report.reject_file,
        "written": report.written,
        "supposed": supposed,
        "rows": report.rows,
        "rows_untold": report.rows_untold,
        "people": report.people,
    })
}

async fn list(place: &Place, format: Format) -> Result<ExitCode, Failure> {
    let files = place.open().await?.imports().await?;
    listing(
        format,
        &[
            "position",
            "recorded_at",
            "actor",
            "kind",
            "file",
            "rows",
            "applied",
            "cut",
            "proposed",
            "refused",
            "recognised",
            "rejected",
            "sha256",
        ],
        &files,
        |f| {
            cells![
                f.position,
                &f.recorded_at,
                &f.actor,
                &f.kind,
                &f.file,
                f.rows,
                f.applied,
                f.cut,
                f.proposed,
                f.refused,
                f.recognised,
                f.rejected,
                &f.sha256
            ]
        },
    )?;
    Ok(ExitCode::SUCCESS)
}
