//! Which payments the open lines of the bank settle, by the rules of matching.

use domain::matching::{Match, Rules};
use serde::Serialize;

use crate::error::AppError;
use crate::ledger::Ledger;
use crate::reconciliation::{Finding, Looked};

/// What somebody would match, while another person has yet to agree.
pub(crate) const PROPOSED: &str = "proposed";

/// What the rules say of some lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProposalItem {
    /// How sure that is: match, tie or suggestion; or what somebody proposed, and another person must agree to.
    pub certainty: &'static str,
    /// The rule that says so.
    pub rule: String,
    /// The numbers of the lines.
    pub lines: String,
    /// What the lines settle; of a tie what they might.
    pub items: String,
    /// What the lines come to.
    pub amount: String,
    /// In which currency.
    pub currency: String,
    /// What the lines are off.
    pub residual: Option<String>,
    /// Where that is booked.
    pub residual_account: String,
    /// In words.
    pub why: String,
}

impl Ledger {
    /// What the rules say of all open lines and of all payments that no line has settled: to partners, and of arrival
    /// grants by bank. Nothing is recorded.
    pub async fn bank_proposals(&self, rules: &Rules) -> Result<Vec<ProposalItem>, AppError> {
        let looked = self.look_at_bank().await?;
        let said = looked.said(&rules.under(&self.rulebook));
        let (reconciliation, _) = self.reconciliation_and_events().await?;
        let proposed = reconciliation.proposed().iter().map(Finding::proposed).collect();
        let groups = [
            ("match", said.matches),
            ("tie", said.ties),
            ("suggestion", said.suggestions),
            (PROPOSED, proposed),
        ];
        Ok(groups.iter().flat_map(|(certainty, found)| looked.told(certainty, found)).collect())
    }
}

impl Looked {
    /// Findings as people read them, in the order of the lines' numbers: ids say nothing to people.
    pub(crate) fn told(&self, certainty: &'static str, findings: &[Finding]) -> Vec<ProposalItem> {
        let mut told: Vec<_> = findings.iter().map(|finding| self.proposal(certainty, finding)).collect();
        told.sort_by(|(a, _), (b, _)| a.cmp(b));
        told.into_iter().map(|(_, item)| item).collect()
    }

    /// With the numbers of the lines.
    fn proposal(&self, certainty: &'static str, finding: &Finding) -> (Vec<u64>, ProposalItem) {
        let Match { rule, residual, why, .. } = &finding.found;
        let rows: Vec<_> = finding.found.lines.iter().filter_map(|line| self.lines.get(line)).collect();
        let mut amounts = rows.iter().map(|row| row.amount);
        let first = amounts.next();
        let sum = first.and_then(|first| amounts.try_fold(first, |sum, amount| sum.checked_add(amount).ok()));
        let mut numbers: Vec<u64> = rows.iter().map(|row| row.position).collect();
        numbers.sort_unstable();
        let item = ProposalItem {
            certainty,
            rule: rule.clone(),
            lines: self.numbers(finding.found.lines.iter().copied()),
            items: self.settled(finding.items.iter()),
            amount: sum.map_or_else(String::new, |sum| sum.to_string()),
            currency: first.map_or_else(String::new, |first| first.currency().to_string()),
            residual: residual.as_ref().map(|residual| residual.amount.to_string()),
            residual_account: residual
                .as_ref()
                .map_or_else(String::new, |residual| residual.account.to_string()),
            why: why.clone(),
        };
        (numbers, item)
    }
}
