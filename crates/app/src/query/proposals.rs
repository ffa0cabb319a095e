//! Which payments the lines of the bank settle, by the rules of matching.

use std::collections::HashMap;

use ::bank::{LineRow, LinesProjection};
use ::grants::GrantsProjection;
use domain::bank::plain_reference;
use domain::grant::PaymentMethod;
use domain::matching::{Match, OpenItem, OpenLine, Rules, run};
use domain::partner::PartnerEvent;
use domain::{Event, SubjectId, TextId};
use jiff::civil::Date;
use money::{Amount, Eur};
use serde::Serialize;
use uuid::Uuid;

use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::PaymentText;

/// What the rules say of some lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProposalItem {
    /// How sure that is: match, tie or suggestion.
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
    /// Where that would be booked.
    pub residual_account: String,
    /// In words.
    pub why: String,
}

/// A payment that was recorded.
struct Paid {
    id: Uuid,
    name: String,
    amount: Eur,
    day: Date,
    text: (SubjectId, TextId),
}

impl Ledger {
    /// What the rules say of all lines and of all payments that were recorded: to partners, and of arrival grants by
    /// bank. Nothing is recorded.
    pub async fn bank_proposals(&self, rules: &Rules) -> Result<Vec<ProposalItem>, AppError> {
        self.current().await?;
        let rows: Vec<LineRow> =
            self.runner.all_rows::<LinesProjection>().await?.into_iter().map(|(_, row)| row).collect();
        let lines: Vec<OpenLine> = rows
            .iter()
            .map(|row| OpenLine {
                line: row.line,
                amount: row.amount,
                booked_on: row.booked_on,
                references: row.references.clone(),
                counterpart: None,
            })
            .collect();
        let mut paid = self.paid_to_partners().await?;
        paid.extend(self.grants_by_bank().await?);
        let wanted: Vec<_> = paid.iter().map(|paid| paid.text).collect();
        let texts = self.reveal::<PaymentText>(&wanted).await?;
        let items: Vec<OpenItem> = paid
            .iter()
            .zip(texts)
            .map(|(paid, text)| OpenItem {
                item: paid.id,
                amount: Amount::from(paid.amount).negated(),
                day: paid.day,
                references: text
                    .map(|text| self.reference_key(&plain_reference(&text.payment_ref)))
                    .into_iter()
                    .collect(),
                counterpart: None,
            })
            .collect();
        let outcome = run(rules, &lines, &items);
        let told = Names {
            lines: rows.iter().map(|row| (row.line.0, row)).collect(),
            items: paid.iter().map(|paid| (paid.id, paid.name.as_str())).collect(),
        };
        let matches = outcome.matches.iter().map(|found| told.item("match", found));
        let ties = outcome.ties.iter().map(|tie| {
            let found = Match {
                rule: tie.rule.clone(),
                lines: vec![tie.line],
                items: tie.items.clone(),
                residual: None,
                why: "more than one would fit: somebody decides".to_owned(),
            };
            told.item("tie", &found)
        });
        let suggestions = outcome.suggestions.iter().map(|found| told.item("suggestion", found));
        // Ids say nothing to people: in the order of the lines' numbers.
        let by_number = |mut items: Vec<(Vec<u64>, ProposalItem)>| {
            items.sort_by(|(a, _), (b, _)| a.cmp(b));
            items.into_iter().map(|(_, item)| item)
        };
        let groups = [matches.collect(), ties.collect(), suggestions.collect()];
        Ok(groups.into_iter().flat_map(by_number).collect())
    }

    async fn paid_to_partners(&self) -> Result<Vec<Paid>, AppError> {
        let mut paid = Vec::new();
        for (partner, events) in self.partners_and_events(&self.partner_codes().await?).await? {
            for recorded in events {
                if let Event::Partner(PartnerEvent::PartnerPaid(e)) = recorded.event {
                    paid.push(Paid {
                        id: e.payment.0,
                        name: format!("payment {} to {}", recorded.position, partner.code),
                        amount: e.amount,
                        day: e.paid_on,
                        text: (LEDGER_SUBJECT, e.details),
                    });
                }
            }
        }
        Ok(paid)
    }

    async fn grants_by_bank(&self) -> Result<Vec<Paid>, AppError> {
        let rows = self.runner.all_rows::<GrantsProjection>().await?;
        let rows: Vec<_> = rows
            .into_iter()
            .filter(|(_, row)| row.method == PaymentMethod::Bank)
            .filter_map(|(id, row)| Some((id.parse::<Uuid>().ok()?, row)))
            .collect();
        let names = self.case_names(rows.iter().map(|(_, row)| row.case)).await?;
        let paid = rows.into_iter().filter_map(|(id, row)| {
            let subject = names.get(&row.case)?.row.subject;
            Some(Paid {
                id,
                name: format!("grant {}", row.position),
                amount: row.amount,
                day: row.paid_on,
                text: (subject, row.details),
            })
        });
        Ok(paid.collect())
    }
}

/// What people call lines and items.
struct Names<'n> {
    lines: HashMap<Uuid, &'n LineRow>,
    items: HashMap<Uuid, &'n str>,
}

impl Names<'_> {
    /// With the numbers of the lines.
    fn item(&self, certainty: &'static str, found: &Match) -> (Vec<u64>, ProposalItem) {
        let rows: Vec<&&LineRow> = found.lines.iter().filter_map(|line| self.lines.get(&line.0)).collect();
        let first = rows.first().map(|row| row.amount);
        let rest = || rows.iter().skip(1).map(|row| row.amount);
        let sum = first.and_then(|first| rest().try_fold(first, |sum, amount| sum.checked_add(amount).ok()));
        let mut numbers: Vec<u64> = rows.iter().map(|row| row.position).collect();
        numbers.sort_unstable();
        let items = found.items.iter().filter_map(|item| self.items.get(item).copied());
        let item = ProposalItem {
            certainty,
            rule: found.rule.clone(),
            lines: numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            items: items.collect::<Vec<_>>().join(", "),
            amount: sum.map_or_else(String::new, |sum| sum.to_string()),
            currency: first.map_or_else(String::new, |first| first.currency().to_string()),
            residual: found.residual.as_ref().map(|residual| residual.amount.to_string()),
            residual_account: found
                .residual
                .as_ref()
                .map_or_else(String::new, |residual| residual.account.clone()),
            why: found.why.clone(),
        };
        (numbers, item)
    }
}
