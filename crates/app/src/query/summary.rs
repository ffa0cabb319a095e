//! What a finance officer wants to know first.

use std::collections::BTreeMap;

use ::cases::CasesProjection;
use ::claims::ClaimsProjection;
use ::grants::GrantsProjection;
use balances::BalancesProjection;
use domain::FoldError;
use domain::case::Stage;
use domain::claim::ClaimState;
use domain::grant::GrantState;
use money::Eur;
use serde::Serialize;

use super::BalanceItem;
use crate::error::AppError;
use crate::ledger::Ledger;

/// The ledger in one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Position of the last event.
    pub position: u64,
    /// Root over all events, hexadecimal.
    pub root: String,
    /// Number of cases in each stage.
    pub stages: Vec<(String, u64)>,
    /// Per programme and country.
    pub lines: Vec<SummaryLine>,
    /// All of them together.
    pub total: SummaryLine,
    /// People near their cap, at it, or over it; those with the least left first.
    pub tight: Vec<BalanceItem>,
    /// How many those are, shown or not.
    pub tight_total: u64,
    /// What was refused, and why, by reason.
    pub refused: Vec<ReasonTotal>,
    /// Claims that wait for a decision, and their sum.
    pub open_claims: (u64, Eur),
    /// Claims that wait for an exchange rate, and so have no sum yet.
    pub waiting_for_rate: u64,
}

/// Entitled, disbursed and remaining of one programme in one country.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SummaryLine {
    /// Programme.
    pub programme: String,
    /// Country.
    pub country: String,
    /// People with an entitlement.
    pub people: u64,
    /// Sum of caps.
    pub entitled: Eur,
    /// Sum disbursed.
    pub disbursed: Eur,
    /// Sum claimed, not decided.
    pub pending: Eur,
    /// Sum left.
    pub remaining: Eur,
    /// Sum refused at the decision.
    pub disallowed: Eur,
}

/// Refusals for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonTotal {
    /// What was refused: approval, claim, arrival grant, other command.
    pub what: String,
    /// Reason code.
    pub reason: String,
    /// How often.
    pub count: u64,
    /// Euro disallowed, where there is an amount.
    pub disallowed: Option<Eur>,
}

/// People listed as near their cap.
const TIGHT_SHOWN: usize = 10;

impl SummaryLine {
    fn add(&mut self, line: &domain::Line) -> Result<(), AppError> {
        let sum = |a: Eur, b: Eur| a.checked_add(b).map_err(FoldError::from);
        self.entitled = sum(self.entitled, line.cap)?;
        self.disbursed = sum(self.disbursed, line.disbursed)?;
        self.pending = sum(self.pending, line.pending)?;
        self.remaining = sum(self.remaining, line.remaining().map_err(FoldError::from)?)?;
        self.disallowed = sum(self.disallowed, line.disallowed)?;
        Ok(())
    }
}

impl Ledger {
    /// The summary.
    pub async fn summary(&self) -> Result<Summary, AppError> {
        let balances = self.balances(None).await?;
        let head = self.store.head().await?;
        let cases: BTreeMap<_, _> = self.runner.all_rows::<CasesProjection>().await?.into_iter().collect();
        let mut stages: BTreeMap<Stage, u64> = BTreeMap::new();
        for case in cases.values() {
            *stages.entry(case.stage).or_default() += 1;
        }
        let programme_of: BTreeMap<&str, &str> = self
            .rulebook
            .budget_lines()
            .iter()
            .map(|line| (line.id.as_str(), line.programme.as_str()))
            .collect();
        let mut lines: BTreeMap<(String, String), SummaryLine> = BTreeMap::new();
        let mut total = SummaryLine { programme: "all".into(), ..SummaryLine::default() };
        for (key, row) in self.runner.all_rows::<BalancesProjection>().await? {
            let Some(case) = cases.get(&key) else { continue };
            let mut counted: Vec<&str> = Vec::new();
            for (budget_line, line) in row.lines.iter().filter(|(_, line)| !line.is_empty()) {
                let programme = programme_of.get(budget_line).copied().unwrap_or("other");
                let country = self
                    .rulebook
                    .destination(case.destination)
                    .map_or_else(|| case.destination.to_string(), |destination| destination.name_en.clone());
                let sums = lines.entry((programme.to_owned(), country.clone())).or_insert_with(|| {
                    SummaryLine { programme: programme.to_owned(), country, ..SummaryLine::default() }
                });
                if line.rule_id.is_some() && !counted.contains(&programme) {
                    sums.people += 1;
                    total.people += u64::from(counted.is_empty());
                    counted.push(programme);
                }
                sums.add(line)?;
                total.add(line)?;
            }
        }
        let mut refused: BTreeMap<(&str, String), (u64, Option<Eur>)> = BTreeMap::new();
        let mut refuse = |what, reason: String, amount: Option<Eur>| -> Result<(), AppError> {
            let (count, sum) = refused.entry((what, reason)).or_default();
            *count += 1;
            if let Some(amount) = amount {
                *sum = Some(sum.unwrap_or(Eur::ZERO).checked_add(amount).map_err(FoldError::from)?);
            }
            Ok(())
        };
        for case in cases.values() {
            for command in &case.refused {
                let what = if command.command == "approve" { "approval" } else { "command" };
                command.reasons.iter().try_for_each(|reason| refuse(what, reason.clone(), None))?;
            }
        }
        let mut open_claims = (0, Eur::ZERO);
        let mut waiting_for_rate = 0;
        for (_, claim) in self.runner.all_rows::<ClaimsProjection>().await? {
            if let Some(reason) = claim.reason {
                refuse("claim", reason.to_string(), Some(claim.disallowed))?;
            }
            waiting_for_rate += u64::from(claim.state == ClaimState::WaitingForRate);
            if let (true, Some(eur)) = (claim.state.is_open(), claim.eur) {
                open_claims = (open_claims.0 + 1, open_claims.1.checked_add(eur).map_err(FoldError::from)?);
            }
        }
        for (_, grant) in self.runner.all_rows::<GrantsProjection>().await? {
            if let (Some(reason), GrantState::Refused) = (grant.reason, grant.state) {
                let out = grant.amount.checked_sub(grant.returned).map_err(FoldError::from)?;
                refuse("arrival grant", reason.to_string(), Some(out))?;
            }
        }
        let mut tight: Vec<BalanceItem> = balances
            .into_iter()
            .filter(|b| b.budget_line != domain::grant::BUDGET_LINE || b.remaining.is_negative())
            .filter(is_tight)
            .collect();
        tight.sort_by(|a, b| (a.remaining, &a.external_ref).cmp(&(b.remaining, &b.external_ref)));
        let tight_total = tight.len() as u64;
        tight.truncate(TIGHT_SHOWN);
        Ok(Summary {
            position: head.position,
            root: event_log::hex::encode(&head.root),
            stages: stages.into_iter().map(|(stage, count)| (stage.to_string(), count)).collect(),
            lines: lines.into_values().collect(),
            total,
            tight,
            tight_total,
            refused: refused
                .into_iter()
                .map(|((what, reason), (count, disallowed))| ReasonTotal {
                    what: what.to_owned(),
                    reason,
                    count,
                    disallowed,
                })
                .collect(),
            open_claims,
            waiting_for_rate,
        })
    }
}

/// At least nine tenths of the cap are gone, or it is passed.
fn is_tight(balance: &BalanceItem) -> bool {
    let (cap, disbursed) = (i128::from(balance.cap.cents()), i128::from(balance.disbursed.cents()));
    disbursed > 0 && disbursed * 10 >= cap * 9
}
