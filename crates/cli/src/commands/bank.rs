//! `svala bank …` and `svala import statement`.

use std::path::Path;
use std::process::ExitCode;

use app::import::{StatementOutcome, StatementsReport, StatementsRequest};
use app::query::{BankAccountItem, BankLineFilter, BankLineItem, BankStatementItem, MatchItem, ProposalItem};
use app::reconciliation::{HandMatch, MatchAsked, Resolved};
use domain::books::Chart;
use domain::matching::Rules;
use serde_json::json;

use super::books::chart_of;
use super::report;
use crate::args::{BankAccountCommand, BankCommand, Format, LineNumbers, MatchCommand};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, counted, listing, object, remark, say};
use crate::progress::LogBar;

const ACCOUNTS: &[&str] = &[
    "account",
    "currency",
    "number",
    "statements",
    "sequence",
    "closing",
    "closed_on",
    "closed_by",
    "opened_at",
    "opened_by",
];

const STATEMENTS: &[&str] = &[
    "position",
    "account",
    "kind",
    "statement",
    "sequence",
    "from",
    "to",
    "opening",
    "closing",
    "currency",
    "lines",
    "gap_accepted",
    "imported_at",
    "imported_by",
];

const LINES: &[&str] = &[
    "line",
    "account",
    "booked_on",
    "value_on",
    "amount",
    "currency",
    "ordered",
    "ordered_currency",
    "rate",
    "in_eur",
    "code",
    "reversal",
    "returned",
    "source",
    "name",
    "counterpart",
    "references",
    "remittance",
    "match",
];

const MATCHES: &[&str] = &[
    "match",
    "recorded_at",
    "by",
    "rule",
    "lines",
    "items",
    "amount",
    "currency",
    "residual",
    "residual_account",
    "why",
    "undone_at",
    "undone_by",
    "reason",
];

const PROPOSALS: &[&str] =
    &["certainty", "rule", "lines", "items", "amount", "currency", "residual", "residual_account", "why"];

pub async fn run(place: &Place, format: Format, command: BankCommand) -> Result<ExitCode, Failure> {
    match command {
        BankCommand::Account(BankAccountCommand::Add { account, iban, number, currency }) => {
            let number = iban.map(|iban| iban.to_string()).or(number.map(|number| number.to_string()));
            let number = number.ok_or_else(|| Failure::usage("give one of --iban and --number"))?;
            let ledger = place.open_to_write().await?;
            ledger.open_bank_account(account.clone(), &number, currency).await?;
            say(format!(
                "the account {account} in {currency} is registered: its statements can be imported"
            ))?;
        }
        BankCommand::Account(BankAccountCommand::Close { account, on, reason }) => {
            place.open_to_write().await?.close_bank_account(&account, on, &reason).await?;
            say(format!("the account {account} is closed on {on}: statements of later days are refused"))?;
        }
        BankCommand::Account(BankAccountCommand::List) => {
            listing(format, ACCOUNTS, &place.open().await?.bank_accounts().await?, account_row)?;
        }
        BankCommand::Statements { account } => {
            let items = place.open().await?.bank_statements(account.as_ref()).await?;
            listing(format, STATEMENTS, &items, statement_row)?;
        }
        BankCommand::Lines { account, from, to, open } => {
            let filter = BankLineFilter { account, from, to, open };
            let items = place.open().await?.bank_lines(&filter).await?;
            listing(format, LINES, &items, line_row)?;
        }
        BankCommand::Proposals { show_rules: true, .. } => say(Rules::document().trim_end())?,
        BankCommand::Proposals { rules, chart, .. } => {
            let rules = rules_of(rules.as_deref(), &chart_of(chart.as_deref())?)?;
            listing(format, PROPOSALS, &place.open().await?.bank_proposals(&rules).await?, proposal_row)?;
        }
        BankCommand::Match { command: Some(MatchCommand::List { undone }), .. } => {
            listing(format, MATCHES, &place.open().await?.matches(undone).await?, match_row)?;
        }
        BankCommand::Match { command: Some(MatchCommand::Decline { lines, reason }), .. } => {
            let LineNumbers(lines) = lines;
            place.open_to_write().await?.decline_match(&lines, &reason).await?;
            say("what was proposed is not matched, and open as before")?;
        }
        BankCommand::Match { command: Some(MatchCommand::History), .. } => {
            report::history_items(format, &place.open().await?.match_history().await?)?;
        }
        BankCommand::Match { command: None, lines, items, statement, rules, chart, dry_run } => {
            let rules = rules_of(rules.as_deref(), &chart_of(chart.as_deref())?)?;
            let ledger = if dry_run { place.open_to_try().await? } else { place.open_to_write().await? };
            let Some(LineNumbers(lines)) = lines else {
                let now = ledger.match_by_rules(&MatchAsked { rules, statement, dry_run }).await?;
                listing(format, PROPOSALS, &now.matched, proposal_row)?;
                let nothing = if dry_run { "; nothing was written" } else { "" };
                let (matched, open) = (counted(now.lines, "line"), counted(now.open, "open line"));
                remark(format!("{matched} matched; {open} left, {} in doubt{nothing}", now.ties));
                return Ok(ExitCode::SUCCESS);
            };
            if lines.len() == 1 && items.is_empty() {
                let said = "name what the line settles (a payment or grant, by number or reference), or with a comma the line that takes it back";
                return Err(Failure::usage(said));
            }
            let asked = HandMatch { rules, lines, items, dry_run };
            let (matched, resolved) = ledger.match_by_hand(&asked).await?;
            listing(format, PROPOSALS, &[matched], proposal_row)?;
            if resolved == Resolved::Proposed {
                remark(
                    "they have nothing in common, or only what was recorded after the line had come, and it is more than one person may match alone: another one gives the same command",
                );
            }
            if dry_run {
                remark("nothing was written");
            }
        }
        BankCommand::Unmatch { matching, reason } => {
            place.open_to_write().await?.undo_match(matching, &reason).await?;
            say(format!("match {matching} is taken back: its lines and what they settled are open again"))?;
        }
        BankCommand::History { account } => {
            report::history_items(format, &place.open().await?.bank_history(&account).await?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The rules in a file, or those in this program; what a match may be off is booked where the chart says.
pub fn rules_of(file: Option<&Path>, chart: &Chart) -> Result<Rules, Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
    let rules = match file {
        Some(path) => {
            let document = std::fs::read_to_string(path)
                .map_err(|why| Failure::usage(format!("{} cannot be read: {why}", path.display())))?;
            Rules::given(&document)
        }
        None => Rules::embedded(),
    };
    let rules = rules.map_err(|error| usage(&error))?;
    for account in rules.rules.iter().filter_map(|rule| rule.residual_account.as_ref()) {
        chart.difference(account).map_err(|error| usage(&error))?;
    }
    Ok(rules)
}

/// A number that may be missing.
fn figure(number: Option<impl ToString>) -> Cell {
    Cell::Figure(number.map(|number| number.to_string()).unwrap_or_default())
}

fn account_row(account: &BankAccountItem) -> Vec<Cell> {
    cells![
        &account.account,
        account.currency.code(),
        &account.number,
        account.statements,
        figure(account.sequence),
        figure(account.closing.as_ref()),
        account.closed_on,
        &account.closed_by,
        &account.opened_at,
        &account.opened_by
    ]
}

fn statement_row(statement: &BankStatementItem) -> Vec<Cell> {
    cells![
        statement.position,
        &statement.account,
        statement.kind.code(),
        &statement.statement,
        figure(statement.sequence),
        statement.from,
        statement.to,
        figure(statement.opening.as_ref()),
        figure(statement.closing.as_ref()),
        statement.currency.code(),
        statement.lines,
        &statement.gap_accepted,
        &statement.imported_at,
        &statement.imported_by
    ]
}

fn line_row(line: &BankLineItem) -> Vec<Cell> {
    cells![
        line.line,
        &line.account,
        line.booked_on,
        line.value_on,
        Cell::Figure(line.amount.clone()),
        line.currency.code(),
        figure(line.ordered.as_ref()),
        &line.ordered_currency,
        &line.rate,
        figure(line.in_eur.as_ref()),
        &line.code,
        if line.reversal { "yes" } else { "no" },
        &line.returned,
        line.source.code(),
        &line.name,
        &line.counterpart,
        &line.references,
        &line.remittance,
        figure(line.matching)
    ]
}

fn proposal_row(proposal: &ProposalItem) -> Vec<Cell> {
    cells![
        proposal.certainty,
        &proposal.rule,
        &proposal.lines,
        &proposal.items,
        figure(Some(&proposal.amount)),
        &proposal.currency,
        figure(proposal.residual.as_ref()),
        &proposal.residual_account,
        &proposal.why
    ]
}

fn match_row(found: &MatchItem) -> Vec<Cell> {
    cells![
        found.number,
        &found.recorded_at,
        &found.by,
        &found.rule,
        &found.lines,
        &found.items,
        figure(Some(&found.amount)),
        &found.currency,
        figure(found.residual.as_ref()),
        &found.residual_account,
        &found.why,
        &found.undone_at,
        &found.undone_by,
        &found.reason
    ]
}

/// Imports a file of statements.
pub async fn import(place: &Place, format: Format, request: &StatementsRequest) -> Result<ExitCode, Failure> {
    let ledger = if request.dry_run { place.open_to_try().await? } else { place.open_to_write().await? };
    let report = ledger.import_statements(request).await?;
    if report.written {
        let bar = LogBar::new();
        ledger.catch_up(&|position, last| bar.at(position, last)).await?;
    }
    match format {
        Format::Table => say(in_words(request.dry_run, &report))?,
        Format::Json => object(&json!({
            "file": report.file,
            "sha256": report.sha256,
            "statements": report.statements,
            "imported_before": report.imported_before.as_ref().map(|e| json!({"position": e.position, "actor": e.actor})),
            "left_out": report.left_out,
            "written": report.written,
        }))?,
        Format::Csv => {
            let columns =
                ["account", "kind", "sequence", "to", "opening", "closing", "lines", "new", "known"];
            listing(format, &columns, &report.statements, |s| {
                cells![
                    s.account.as_str(),
                    s.kind.code(),
                    figure(s.sequence),
                    s.to,
                    figure(s.opening.as_ref()),
                    figure(s.closing.as_ref()),
                    s.lines,
                    s.new,
                    s.known
                ]
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(dry_run: bool, report: &StatementsReport) -> String {
    let name = &report.file;
    if let Some(earlier) = &report.imported_before {
        return format!(
            "{name}: this very file was imported before, at position {} by {}: nothing to do",
            earlier.position, earlier.actor
        );
    }
    let count = counted(report.statements.len() as u64, "statement");
    let head = if dry_run {
        format!("{name}: dry run, nothing was written; {count}")
    } else {
        format!("{name}: {count}")
    };
    let statements = report.statements.iter().map(statement_in_words);
    let left_out = report.left_out.iter().map(|account| format!("  left out: the account {account}"));
    std::iter::once(head).chain(statements).chain(left_out).collect::<Vec<_>>().join("\n")
}

fn statement_in_words(statement: &StatementOutcome) -> String {
    let number = statement.sequence.map_or_else(String::new, |number| format!(" {number}"));
    let to = statement.to.map_or_else(String::new, |to| format!(" until {to}"));
    let mut line = format!("  {}{number} of {}{to}: ", statement.kind, statement.account);
    if statement.imported_before {
        line.push_str("known already");
        return line;
    }
    if let (Some(opening), Some(closing)) = (&statement.opening, &statement.closing) {
        line.push_str(&format!("{opening} to {closing}, "));
    }
    line.push_str(&counted(statement.lines, "line"));
    line.push_str(&format!(", {} new", statement.new));
    if statement.known > 0 {
        line.push_str(&format!(", {} known", statement.known));
    }
    if statement.not_booked > 0 {
        line.push_str(&format!("; not booked yet and left out: {}", statement.not_booked));
    }
    for unbroken in &statement.unbroken {
        line.push_str(&format!("\n    kept as one line: {unbroken}"));
    }
    line
}
