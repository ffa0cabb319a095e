//! `svala case …`

use std::process::ExitCode;

use app::command::HandedOver;
use app::query::{CaseDetail, CaseItem};
use domain::case::Decision;
use rulebook::{Authority, ReturnMode};

use super::{claim, grant, report};
use crate::args::{CaseCommand, Format, OnDay, PlannedAmount};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, counted, heading, listing, object, say, table};

const COLUMNS: &[&str] = &[
    "external_ref",
    "case",
    "stage",
    "destination",
    "return_mode",
    "applied_on",
    "decided_on",
    "departed_on",
    "arrived_on",
    "partner",
    "reasons",
];

pub async fn run(place: &Place, format: Format, command: CaseCommand) -> Result<ExitCode, Failure> {
    match command {
        CaseCommand::List => {
            let cases = place.open().await?.cases().await?;
            listing(format, COLUMNS, &cases, row)?;
        }
        CaseCommand::Show { case } => {
            let ledger = place.open().await?;
            let detail = ledger.case_detail(ledger.find_case(&case).await?).await?;
            match format {
                Format::Table => say(in_words(&detail))?,
                Format::Json => object(&detail)?,
                Format::Csv => listing(format, COLUMNS, std::slice::from_ref(&detail.item), row)?,
            }
        }
        CaseCommand::Approve(OnDay { case, on }) => {
            let ledger = place.open_to_write().await?;
            let id = ledger.find_case(&case).await?;
            ledger.decide(id, Decision::Approve, on).await?;
            return report::balance_of(&ledger, format, id).await;
        }
        CaseCommand::Reject(OnDay { case, on }) => {
            let ledger = place.open_to_write().await?;
            ledger.decide(ledger.find_case(&case).await?, Decision::Reject, on).await?;
            say(format!("rejected on {on}"))?;
        }
        CaseCommand::Withdraw(OnDay { case, on }) => {
            let ledger = place.open_to_write().await?;
            ledger.withdraw(ledger.find_case(&case).await?, on).await?;
            say(format!("withdrawn on {on}"))?;
        }
        CaseCommand::ChangeMode { case, mode, handled_by, on } => {
            let ledger = place.open_to_write().await?;
            let id = ledger.find_case(&case).await?;
            let usual = match mode {
                ReturnMode::Voluntary => Authority::MigrationAgency,
                ReturnMode::Forced => Authority::Police,
            };
            ledger.change_return_mode(id, mode, handled_by.unwrap_or(usual), on).await?;
            return report::balance_of(&ledger, format, id).await;
        }
        CaseCommand::Assign { case, partner, on } => {
            let ledger = place.open_to_write().await?;
            ledger.assign(ledger.find_case(&case).await?, partner.clone(), on).await?;
            let from = on.map(|day| format!(" from {day} on")).unwrap_or_default();
            say(format!("{partner} has the case{from}"))?;
        }
        CaseCommand::Transfer { to, cases, on, file, from, all: _, dry_run } => {
            let ledger = if dry_run { place.open_to_try().await? } else { place.open_to_write().await? };
            let cases = match (file, from) {
                (Some(file), _) => ledger.cases_listed(&file).await?,
                (None, Some(from)) => ledger.open_cases_of(&from, on).await?,
                (None, None) => {
                    let mut named = Vec::with_capacity(cases.len());
                    for case in cases {
                        let id = ledger.find_case(&case).await?;
                        named.push((case, id));
                    }
                    named
                }
            };
            return transfer(format, &ledger.hand_over(&cases, &to, on, dry_run).await?, dry_run);
        }
        CaseCommand::Plan { case, partner, line, on } => {
            let ledger = place.open_to_write().await?;
            let id = ledger.find_case(&case).await?;
            let lines =
                line.into_iter().map(|PlannedAmount { category, amount }| (category, amount)).collect();
            ledger.agree_plan(id, partner, on, lines).await?;
            return report::balance_of(&ledger, format, id).await;
        }
        CaseCommand::Depart(OnDay { case, on }) => {
            let ledger = place.open_to_write().await?;
            ledger.depart(ledger.find_case(&case).await?, on).await?;
            say(format!("left Sweden on {on}"))?;
        }
        CaseCommand::Arrive(OnDay { case, on }) => {
            let ledger = place.open_to_write().await?;
            ledger.arrive(ledger.find_case(&case).await?, on).await?;
            say(format!("came home on {on}"))?;
        }
        CaseCommand::Close(OnDay { case, on }) => {
            let ledger = place.open_to_write().await?;
            ledger.close(ledger.find_case(&case).await?, on).await?;
            say(format!("closed on {on}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists what became of cases that were to be handed over.
fn transfer(format: Format, cases: &[HandedOver], dry_run: bool) -> Result<ExitCode, Failure> {
    listing(format, &["case", "from", "to", "on", "refused"], cases, |c| {
        cells![&c.case, &c.from, &c.to, c.on, &c.refused]
    })?;
    let refused = cases.iter().filter(|case| !case.refused.is_empty()).count();
    if format == Format::Table {
        let handed_over = counted((cases.len() - refused) as u64, "case");
        let done =
            if dry_run { "would be handed over (dry run, nothing was written)" } else { "handed over" };
        let stay = if refused == 0 { String::new() } else { format!("; {refused} refused") };
        say(format!("{handed_over} {done}{stay}"))?;
    }
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn row(case: &CaseItem) -> Vec<Cell> {
    cells![
        &case.external_ref,
        &case.case,
        &case.stage,
        &case.destination,
        &case.return_mode,
        case.applied_on,
        case.decided_on,
        case.departed_on,
        case.arrived_on,
        &case.partner,
        &case.reasons
    ]
}

fn in_words(detail: &CaseDetail) -> String {
    let CaseItem { external_ref, case, .. } = &detail.item;
    let mut parts = vec![format!(
        "{} {external_ref}  payment reference {}",
        heading(&format!("case {case}")),
        detail.payment_reference
    )];
    parts.push(table(&COLUMNS[2..], [row(&detail.item).into_iter().skip(2).collect()]));
    let mut section = |title: &str, columns: &[&str], rows: Vec<Vec<Cell>>| {
        if !rows.is_empty() {
            parts.push(format!("{}\n{}", heading(title), table(columns, rows)));
        }
    };
    let without_case = |cells: Vec<Cell>, skip: usize| cells.into_iter().skip(skip).collect::<Vec<_>>();
    section(
        "balances",
        &report::BALANCE_COLUMNS[2..],
        detail.balances.iter().map(|b| without_case(report::balance_row(b), 2)).collect(),
    );
    section(
        "planned and not spent",
        &["partner", "category", "budget_line", "left"],
        detail.plan.iter().map(|p| cells![&p.partner, &p.category, &p.budget_line, p.left]).collect(),
    );
    section("arrival grants", grant::COLUMNS, detail.grants.iter().map(grant::row).collect());
    section("claims", claim::SHOWN, detail.claims.iter().map(claim::shown).collect());
    parts.join("\n\n")
}
