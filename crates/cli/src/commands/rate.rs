//! `svala import rates …`, `svala rate …`

use std::process::ExitCode;

use app::import::{MonthFrom, RatesFileReport, RatesReport, RatesRequest};
use app::query::{RateFilter, RateItem};
use domain::rates::{RateSource, source};
use serde_json::json;

use crate::args::{Format, RateCommand, RatePolicy};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, counted, listing, object, remark, say};
use crate::progress::LogBar;

const COLUMNS: &[&str] =
    &["source", "currency", "rate_date", "rate", "version", "published_at", "published_by", "position"];

pub async fn run(place: &Place, format: Format, command: RateCommand) -> Result<ExitCode, Failure> {
    let ledger = place.open().await?;
    match command {
        RateCommand::List { source, currency, from, to, all_versions } => {
            let filter = RateFilter { source, currency, from, to, all_versions };
            let rates = ledger.rates(&filter).await?;
            listing(format, COLUMNS, &rates, row)?;
        }
        RateCommand::Show { currency, date, policy } => {
            if currency == money::Currency::EUR {
                return Err(Failure::usage("euros have no exchange rate: an amount in EUR counts as it is"));
            }
            let source = match policy {
                Some(RatePolicy::Month) => RateSource::InforEuro,
                Some(RatePolicy::Day) => RateSource::Ecb,
                None => source(ledger.rulebook().parameters().spend_rate),
            };
            let Some(rate) = ledger.rate_on(source, currency, date).await? else {
                let message = format!(
                    "{source} has published no rate of {currency} that applies on {date}, as far as was imported: spend waits for it; `svala import rates FILE` brings it"
                );
                return Err(Failure::check(message));
            };
            match format {
                Format::Json => object(&rate)?,
                Format::Csv => listing(format, COLUMNS, &[rate], row)?,
                Format::Table => {
                    let dated = match source {
                        RateSource::InforEuro => {
                            format!("for the month of {}", domain::rates::Month::of(date))
                        }
                        RateSource::Ecb if rate.rate_date != date => format!(
                            "of {}, the last day before {date} on which rates were published",
                            rate.rate_date
                        ),
                        RateSource::Ecb => format!("of {date}"),
                    };
                    say(format!(
                        "1 EUR = {} {currency}, {source} {dated}\nversion {}, published here on {} by {} (position {})",
                        rate.rate, rate.version, rate.published_at, rate.published_by, rate.position
                    ))?;
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row(rate: &RateItem) -> Vec<Cell> {
    cells![
        rate.source.code(),
        rate.currency.code(),
        rate.rate_date,
        Cell::Figure(rate.rate.to_string()),
        rate.version,
        &rate.published_at,
        &rate.published_by,
        rate.position
    ]
}

/// Publishes files of rates.
pub async fn import(place: &Place, format: Format, request: &RatesRequest) -> Result<ExitCode, Failure> {
    let ledger = if request.dry_run { place.open_to_try().await? } else { place.open_to_write().await? };
    let report = ledger.import_rates(request).await?;
    if report.written {
        let bar = LogBar::new();
        ledger.catch_up(&|position, last| bar.at(position, last)).await?;
    }
    for file in &report.files {
        for error in &file.errors {
            remark(error.in_file(&file.file).to_string());
        }
        let unlisted = file.errors_total.saturating_sub(file.errors.len() as u64);
        if unlisted > 0 {
            remark(format!("… and {unlisted} more errors in {}", file.file));
        }
    }
    let stopped = report.errors_total() > 0;
    match format {
        Format::Table => say(in_words(request.dry_run, &report))?,
        Format::Json => object(&as_json(&report))?,
        Format::Csv => {
            let rows: Vec<_> = report
                .files
                .iter()
                .map(|f| {
                    let month = f.month.map(|(month, _)| month.to_string()).unwrap_or_default();
                    let (from, to) = (f.days.map(|(from, _)| from), f.days.map(|(_, to)| to));
                    (&f.file, f.source, month, from, to, [f.new, f.changed, f.known, f.errors_total])
                })
                .collect();
            listing(
                format,
                &["file", "source", "month", "from", "to", "new", "changed", "known", "errors"],
                &rows,
                |(file, source, month, from, to, [new, changed, known, errors])| {
                    cells![*file, source.code(), month, *from, *to, *new, *changed, *known, *errors]
                },
            )?;
        }
    }
    Ok(ExitCode::from(if stopped { 2 } else { 0 }))
}

fn in_words(dry_run: bool, report: &RatesReport) -> String {
    let stopped = report.errors_total() > 0;
    let mut lines: Vec<String> = report.files.iter().map(|file| file_in_words(file, stopped)).collect();
    if stopped {
        lines.push(format!("nothing was published: {} to correct", counted(report.errors_total(), "error")));
        return lines.join("\n");
    }
    if dry_run {
        lines.push("dry run, nothing was written".into());
    }
    let would = if dry_run { "would be " } else { "" };
    for (count, thing) in [(report.converted, "claim"), (report.fees_converted, "fee")] {
        if count > 0 {
            lines.push(format!("{} that waited for these rates {would}converted", counted(count, thing)));
        }
    }
    for (count, thing, list) in
        [(report.waiting, "claim", "claim list"), (report.fees_waiting, "fee", "partner fee list")]
    {
        if count > 0 {
            let wait = if count == 1 { "waits" } else { "wait" };
            let list = format!("`svala {list} --state waiting-for-rate`");
            lines.push(format!("{} still {wait}: {list}", counted(count, thing)));
        }
    }
    lines.join("\n")
}

fn file_in_words(file: &RatesFileReport, stopped: bool) -> String {
    let name = &file.file;
    let mut lines = Vec::new();
    let what = match (file.month, file.days) {
        (Some((month, MonthFrom::FileName)), _) => {
            format!("{} {month} (by the name of the file)", file.source)
        }
        (Some((month, MonthFrom::Option)), _) => format!("{} {month} (by --month)", file.source),
        (None, Some((from, to))) => format!("{} {from} to {to}", file.source),
        (None, None) => file.source.to_string(),
    };
    lines.push(match &file.imported_before {
        Some(earlier) if file.new + file.changed == 0 => format!(
            "{name}: {what}: this very file was imported before, at position {} by {}: nothing to publish",
            earlier.position, earlier.actor
        ),
        _ if stopped => {
            format!("{name}: {what}: {}", counted(file.errors_total, "error"))
        }
        _ if file.new + file.changed == 0 => {
            format!("{name}: {what}: nothing new, all {} rates are known", file.known)
        }
        _ => {
            let mut parts = Vec::new();
            if file.new > 0 {
                parts.push(format!("{} new", counted(file.new, "rate")));
            }
            if file.changed > 0 {
                parts.push(format!("{} changed, for conversions from now on", counted(file.changed, "rate")));
            }
            if file.known > 0 {
                parts.push(format!("{} known", file.known));
            }
            format!("{name}: {what}: {}", parts.join(", "))
        }
    });
    if !file.passed_over.is_empty() {
        let codes: Vec<&str> = file.passed_over.keys().map(String::as_str).collect();
        lines.push(format!("  passed over, because no receipt can be in them: {}", codes.join(", ")));
    }
    if !file.jumps_allowed.is_empty() {
        let codes: Vec<&str> = file.jumps_allowed.iter().map(|currency| currency.code()).collect();
        lines.push(format!("  allowed to jump: {}", codes.join(", ")));
    }
    lines.join("\n")
}

fn file_json(file: &RatesFileReport) -> serde_json::Value {
    json!({
        "file": file.file,
        "sha256": file.sha256,
        "source": file.source,
        "month": file.month.map(|(month, _)| month.to_string()),
        "month_from": file.month.map(|(_, from)| from),
        "from": file.days.map(|(from, _)| from),
        "to": file.days.map(|(_, to)| to),
        "new": file.new,
        "changed": file.changed,
        "known": file.known,
        "passed_over": file.passed_over,
        "jumps_allowed": file.jumps_allowed,
        "errors": file.errors.iter().map(|e| json!({"row": e.row, "column": e.column, "value": e.value, "rule": e.rule, "detail": e.message})).collect::<Vec<_>>(),
        "errors_total": file.errors_total,
        "imported_before": file.imported_before.as_ref().map(|e| json!({"position": e.position, "actor": e.actor})),
    })
}

fn as_json(report: &RatesReport) -> serde_json::Value {
    json!({
        "files": report.files.iter().map(file_json).collect::<Vec<_>>(),
        "converted": report.converted,
        "waiting_for_rate": report.waiting,
        "fees_converted": report.fees_converted,
        "fees_waiting_for_rate": report.fees_waiting,
        "written": report.written,
    })
}
