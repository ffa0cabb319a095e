//! `svala exception …`.

use std::process::ExitCode;

use app::query::{ExceptionFilter, ExceptionItem};
use app::reconciliation::{ResolveAsked, Resolved};

use super::bank::rules_of;
use super::books::chart_of;
use crate::args::{ExceptionCommand, Format};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, listing, say};

const COLUMNS: &[&str] = &[
    "exception",
    "kind",
    "about",
    "amount",
    "currency",
    "since",
    "age",
    "owner",
    "state",
    "why",
    "next_step",
    "note",
    "resolved_by",
    "resolved_at",
    "reason",
];

pub async fn run(place: &Place, format: Format, command: ExceptionCommand) -> Result<ExitCode, Failure> {
    match command {
        ExceptionCommand::List { kind, age, owner, all } => {
            let filter = ExceptionFilter { kind, age, owner, all };
            listing(format, COLUMNS, &place.open().await?.exceptions(&filter).await?, row)?;
        }
        ExceptionCommand::Show { exception } => {
            let item = place.open().await?.exception(&exception).await?;
            match format {
                Format::Table => say(in_words(&item))?,
                Format::Json | Format::Csv => listing(format, COLUMNS, &[item], row)?,
            }
        }
        ExceptionCommand::Assign { exception, owner, note } => {
            let ledger = place.open_to_write().await?;
            ledger.assign_exception(&exception, &owner, note.as_deref()).await?;
            say(format!("{owner} looks after {exception}"))?;
        }
        ExceptionCommand::Resolve { exception, write_off, rules, chart, reason, .. } => {
            let asked = match write_off {
                Some(account) => {
                    let chart = chart_of(chart.as_deref())?;
                    chart.difference(&account).map_err(|error| Failure::usage(error.to_string()))?;
                    ResolveAsked::WriteOff(account, rules_of(rules.as_deref(), &chart)?)
                }
                None => ResolveAsked::Accept,
            };
            let ledger = place.open_to_write().await?;
            match ledger.resolve_exception(&exception, &asked, &reason).await? {
                Resolved::Done => say(format!("{exception} is resolved"))?,
                Resolved::Proposed => say(format!(
                    "{exception} is above the limit for one person: another one gives the same command"
                ))?,
            }
        }
        ExceptionCommand::Decline { exception, reason } => {
            place.open_to_write().await?.decline_write_off(&exception, &reason).await?;
            say(format!("{exception} is not written off, and open as before"))?;
        }
        ExceptionCommand::Reopen { exception, reason } => {
            place.open_to_write().await?.reopen_exception(&exception, &reason).await?;
            say(format!("{exception} is open again"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn row(item: &ExceptionItem) -> Vec<Cell> {
    cells![
        &item.exception,
        item.kind.code(),
        &item.about,
        Cell::Figure(item.amount.clone()),
        &item.currency,
        item.since,
        item.age.code(),
        &item.owner,
        &item.state,
        &item.why,
        item.next_step,
        &item.note,
        &item.resolved_by,
        &item.resolved_at,
        &item.reason
    ]
}

fn in_words(item: &ExceptionItem) -> String {
    let mut lines = vec![
        format!("{}: {}", item.exception, item.about),
        format!("  {} {}, since {} ({} days)", item.amount, item.currency, item.since, item.age),
        format!("  {}", item.why),
        format!("  next: {}", item.next_step),
        format!("  state: {}", item.state),
    ];
    let mut add = |what: &str, text: &str| {
        if !text.is_empty() {
            lines.push(format!("  {what}: {text}"));
        }
    };
    add("owner", &item.owner);
    add("note", &item.note);
    add("resolved by", &item.resolved_by);
    add("at", &item.resolved_at);
    add("reason", &item.reason);
    lines.join("\n")
}
