//! `svala exception …`.

use std::process::ExitCode;

use app::query::{ExceptionFilter, ExceptionItem};
use app::reconciliation::{ResolveAsked, Resolved};
use domain::exception::Direction;
use money::Eur;

use super::bank::rules_of;
use super::books::chart_of;
use crate::args::{ExceptionCommand, Format};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, counted, listing, overflow, remark, say};

const COLUMNS: &[&str] = &[
    "exception",
    "kind",
    "about",
    "amount",
    "currency",
    "direction",
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
            let (found, certain) = place.open().await?.exceptions_and_certain(&filter).await?;
            listing(format, COLUMNS, &found, row)?;
            if format == Format::Table && !found.is_empty() {
                remark(summed_up(&found)?);
            }
            if !certain.is_empty() {
                let lines = counted(certain.len() as u64, "open line");
                remark(format!(
                    "{lines} not listed: the rules are certain what is settled (svala bank match)"
                ));
            }
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
            let chart = chart_of(chart.as_deref())?;
            if let Some(account) = &write_off {
                chart.difference(account).map_err(|error| Failure::usage(error.to_string()))?;
            }
            let asked = ResolveAsked { write_off, rules: rules_of(rules.as_deref(), &chart)? };
            let ledger = place.open_to_write().await?;
            match ledger.resolve_exception(&exception, &asked, &reason).await? {
                Resolved::Done => say(format!("{exception} is resolved"))?,
                Resolved::Proposed => say(format!(
                    "{exception} is above the limit for one person: another one gives the same command"
                ))?,
            }
        }
        ExceptionCommand::Decline { exception, reason } => {
            place.open_to_write().await?.decline_resolution(&exception, &reason).await?;
            say(format!("what was proposed is not done: {exception} is open as before"))?;
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
        item.direction.code(),
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

/// How many went out and came in, and how many euros that is; one does not make up for the other.
fn summed_up(found: &[ExceptionItem]) -> Result<String, Failure> {
    let mut parts = Vec::new();
    for direction in Direction::ALL {
        let of: Vec<&ExceptionItem> = found.iter().filter(|item| item.direction == *direction).collect();
        let sum = Eur::sum(of.iter().filter_map(|item| item.eur())).map_err(overflow)?;
        parts.push(format!("{} {direction}, {sum} EUR", of.len()));
    }
    let foreign = found.iter().filter(|item| item.eur().is_none()).count();
    if foreign > 0 {
        parts.push(format!("{foreign} in other currencies"));
    }
    Ok(format!("{}: {}", counted(found.len() as u64, "exception"), parts.join("; ")))
}

fn in_words(item: &ExceptionItem) -> String {
    let mut lines = vec![
        format!("{}: {}", item.exception, item.about),
        format!(
            "  {} {} ({}), since {} ({} days)",
            item.amount, item.currency, item.direction, item.since, item.age
        ),
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
