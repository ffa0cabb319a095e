//! `svala balance`, `history`, `explain`, `summary`

use std::process::ExitCode;

use app::Ledger;
use app::query::{BalanceItem, Explanation, HistoryItem, Summary};
use domain::CaseId;

use crate::args::Format;
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, heading, listing, object, say, table};

/// The columns of a list of balances.
pub const BALANCE_COLUMNS: &[&str] = &[
    "external_ref",
    "case",
    "budget_line",
    "rule_id",
    "currency",
    "cap",
    "committed",
    "pending",
    "estimated",
    "disbursed",
    "disallowed",
    "remaining",
    "available",
    "waiting",
    "waiting_amounts",
];

pub async fn balance(place: &Place, format: Format, case: Option<String>) -> Result<ExitCode, Failure> {
    let ledger = place.open().await?;
    let case = match case {
        Some(case) => Some(ledger.find_case(&case).await?),
        None => None,
    };
    listing(format, BALANCE_COLUMNS, &ledger.balances(case).await?, balance_row)?;
    Ok(ExitCode::SUCCESS)
}

/// Shows the balances of one case after a command changed them.
pub async fn balance_of(ledger: &Ledger, format: Format, case: CaseId) -> Result<ExitCode, Failure> {
    let balances = ledger.balances(Some(case)).await?;
    if balances.is_empty() && format == Format::Table {
        say("recorded; nothing is granted on this case")?;
    } else {
        listing(format, BALANCE_COLUMNS, &balances, balance_row)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One balance as a row.
pub fn balance_row(b: &BalanceItem) -> Vec<Cell> {
    cells![
        &b.external_ref,
        &b.case,
        &b.budget_line,
        &b.rule_id,
        b.currency,
        b.cap,
        b.committed,
        b.pending,
        b.estimated,
        b.disbursed,
        b.disallowed,
        b.remaining,
        b.available,
        b.waiting,
        &b.waiting_amounts
    ]
}

pub async fn history(place: &Place, format: Format, case: &str) -> Result<ExitCode, Failure> {
    let ledger = place.open().await?;
    let items = ledger.history(ledger.find_case(case).await?).await?;
    history_items(format, &items)?;
    Ok(ExitCode::SUCCESS)
}

/// Events in words; as data with their types.
pub fn history_items(format: Format, items: &[HistoryItem]) -> Result<(), Failure> {
    match format {
        Format::Table => listing(format, &["position", "recorded_at", "actor", "what"], items, |i| {
            cells![i.position, &i.recorded_at, &i.actor, &i.what]
        }),
        Format::Json | Format::Csv => {
            listing(format, &["position", "recorded_at", "actor", "event", "what"], items, |i| {
                cells![i.position, &i.recorded_at, &i.actor, i.event, &i.what]
            })
        }
    }
}

pub async fn explain(place: &Place, format: Format, case: &str) -> Result<ExitCode, Failure> {
    let ledger = place.open().await?;
    let explanation = ledger.explain(ledger.find_case(case).await?).await?;
    match format {
        Format::Table => say(explained(&explanation))?,
        Format::Json => object(&explanation)?,
        Format::Csv => listing(
            format,
            &["about", "number", "eligible", "disallowed", "reason", "because"],
            &flat(&explanation),
            |row| {
                let (about, number, eligible, disallowed, reason, because) = row;
                cells![*about, *number, *eligible, *disallowed, reason, because]
            },
        )?,
    }
    Ok(ExitCode::SUCCESS)
}

type FlatRow = (&'static str, u64, Option<money::Eur>, Option<money::Eur>, String, String);

/// The explanation as one row per rule, payment and decision.
fn flat(explanation: &Explanation) -> Vec<FlatRow> {
    let mut rows: Vec<FlatRow> = Vec::new();
    for judgement in &explanation.judgements {
        for rule in &judgement.rules {
            rows.push(("rule", judgement.position, rule.cap, None, rule.id.clone(), rule.because.clone()));
        }
    }
    rows.extend(
        explanation.grants.iter().map(|g| ("grant", g.grant, None, None, String::new(), g.because.clone())),
    );
    rows.extend(explanation.claims.iter().map(|c| {
        ("claim", c.claim, Some(c.eligible), Some(c.disallowed), c.reason.clone(), c.because.clone())
    }));
    rows
}

fn explained(explanation: &Explanation) -> String {
    let mut out = vec![heading(&format!("case {} ({})", explanation.case, explanation.external_ref))];
    if explanation.judgements.is_empty() {
        out.push("not decided yet: nothing is granted".into());
    }
    for judgement in &explanation.judgements {
        out.push(format!(
            "\n{} (position {}, rulebook {})",
            heading(&judgement.outcome),
            judgement.position,
            judgement.rulebook
        ));
        let facts: Vec<String> =
            judgement.facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
        out.push(format!("  facts: {}", facts.join(", ")));
        for rule in &judgement.rules {
            let cap = rule.cap.map(|cap| format!(": {cap} EUR")).unwrap_or_default();
            out.push(format!("  {}{cap}", rule.id));
            out.push(format!("    because  {}", rule.because));
            if !rule.sentence.is_empty() {
                out.push(format!("    source   \u{201d}{}\u{201d}", rule.sentence));
                out.push(format!("             {}", rule.source));
            }
        }
    }
    if !explanation.grants.is_empty() {
        out.push(format!("\n{}", heading("arrival grants")));
        out.extend(explanation.grants.iter().map(|grant| format!("  {:>6}  {}", grant.grant, grant.because)));
    }
    if !explanation.claims.is_empty() {
        out.push(format!("\n{}", heading("claims")));
        let rows = explanation
            .claims
            .iter()
            .map(|c| cells![c.claim, c.eur, c.eligible, c.disallowed, &c.reason, &c.because]);
        out.push(table(&["claim", "eur", "eligible", "disallowed", "reason", "because"], rows));
    }
    out.join("\n")
}

pub async fn summary(place: &Place, format: Format) -> Result<ExitCode, Failure> {
    let summary = place.open().await?.summary().await?;
    match format {
        Format::Table => say(summed_up(&summary))?,
        Format::Json => object(&summary)?,
        Format::Csv => listing(format, SUMMARY_COLUMNS, &summary.lines, summary_row)?,
    }
    Ok(ExitCode::SUCCESS)
}

const SUMMARY_COLUMNS: &[&str] =
    &["programme", "country", "people", "entitled", "disbursed", "pending", "remaining", "disallowed"];

fn summary_row(line: &app::query::SummaryLine) -> Vec<Cell> {
    cells![
        &line.programme,
        &line.country,
        line.people,
        line.entitled,
        line.disbursed,
        line.pending,
        line.remaining,
        line.disallowed
    ]
}

/// The summary for people.
pub fn summed_up(summary: &Summary) -> String {
    let stages: Vec<String> =
        summary.stages.iter().map(|(stage, count)| format!("{count} {stage}")).collect();
    let mut out = vec![format!("{}: {}", heading("cases"), stages.join(", "))];
    if summary.open_claims.0 > 0 {
        let (count, eur) = summary.open_claims;
        out.push(format!(
            "{}: {} over {eur} EUR waiting for a decision",
            heading("to do"),
            crate::output::counted(count, "claim")
        ));
    }
    if summary.waiting_for_rate > 0 {
        let claims = crate::output::counted(summary.waiting_for_rate, "claim");
        out.push(format!("{}: {claims} until a rate is imported", heading("waiting for an exchange rate")));
    }
    out.push(format!("\n{}", heading("entitled, disbursed and remaining (EUR)")));
    out.push(table(SUMMARY_COLUMNS, summary.lines.iter().chain([&summary.total]).map(summary_row)));
    out.push(format!("\n{}", heading("people near, at or over their cap")));
    let columns = ["external_ref", "case", "rule_id", "cap", "disbursed", "disallowed", "remaining"];
    let rows = summary
        .tight
        .iter()
        .map(|b| cells![&b.external_ref, &b.case, &b.rule_id, b.cap, b.disbursed, b.disallowed, b.remaining]);
    out.push(table(&columns, rows));
    if summary.tight_total > summary.tight.len() as u64 {
        out.push(format!("… {} people in all; `svala balance` shows everyone", summary.tight_total));
    }
    out.push(format!("\n{}", heading("refused, and why")));
    let rows = summary.refused.iter().map(|r| cells![&r.what, &r.reason, r.count, r.disallowed]);
    out.push(table(&["what", "reason", "count", "disallowed"], rows));
    out.push(format!("\nlog position {}, root {}", summary.position, summary.root));
    out.join("\n")
}
