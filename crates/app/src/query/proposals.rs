//! Which payments the lines of the bank settle, by the rules of matching.

use std::collections::HashMap;

use ::bank::{LineRow, LinesProjection};
use ::grants::GrantsProjection;
use domain::bank::plain_reference;
use domain::creditor::CreditorReference;
use domain::grant::PaymentMethod;
use domain::matching::{Match, OpenItem, OpenLine, Rules, run};
use domain::partner::{PartnerEvent, PaymentDetails};
use domain::{Event, KeyDigest, Recorded, SubjectId, TextId};
use jiff::civil::Date;
use money::{Amount, Eur};
use serde::Serialize;
use uuid::Uuid;

use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::{LineText, PaymentText};

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

/// A payment that the bank should have made.
struct Paid {
    id: Uuid,
    name: String,
    amount: Eur,
    day: Date,
    reference: Reference,
    /// Where it went, in the vault, if that is known.
    account: Option<TextId>,
}

/// What stands on a payment at the bank.
enum Reference {
    /// Given by the ledger.
    Ours(CreditorReference),
    /// Given by whoever recorded it, in the vault.
    Recorded(SubjectId, TextId),
}

/// Scope of the keyed digest of an account on the other side.
const COUNTERPART: &str = "bank-counterpart";

impl Ledger {
    /// What the rules say of all lines and of all payments that the bank should have made: to partners, and of arrival
    /// grants by bank. Nothing is recorded.
    pub async fn bank_proposals(&self, rules: &Rules) -> Result<Vec<ProposalItem>, AppError> {
        self.current().await?;
        let rows: Vec<LineRow> =
            self.runner.all_rows::<LinesProjection>().await?.into_iter().map(|(_, row)| row).collect();
        let wanted: Vec<_> = rows.iter().map(|row| (LEDGER_SUBJECT, row.details)).collect();
        let texts = self.reveal::<LineText>(&wanted).await?;
        let lines: Vec<OpenLine> = rows
            .iter()
            .zip(texts)
            .map(|(row, text)| OpenLine {
                line: row.line,
                amount: row.amount,
                booked_on: row.booked_on,
                references: row.references.clone(),
                counterpart: text.and_then(|text| text.account).map(|number| self.counterpart(&number)),
            })
            .collect();
        let mut paid = self.paid_to_partners().await?;
        paid.extend(self.grants_by_bank().await?);
        let items = self.open_items(&paid).await?;
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

    /// Payments as they are matched.
    async fn open_items(&self, paid: &[Paid]) -> Result<Vec<OpenItem>, AppError> {
        let recorded = paid.iter().filter_map(|paid| match &paid.reference {
            Reference::Recorded(subject, text) => Some((*subject, *text)),
            Reference::Ours(_) => None,
        });
        let recorded: Vec<_> = recorded.collect();
        let mut recorded = self.reveal::<PaymentText>(&recorded).await?.into_iter();
        let accounts: Vec<_> = paid.iter().filter_map(|paid| Some((LEDGER_SUBJECT, paid.account?))).collect();
        let mut accounts = self.reveal::<PaymentDetails>(&accounts).await?.into_iter();
        let mut items = Vec::with_capacity(paid.len());
        for paid in paid {
            let reference = match &paid.reference {
                Reference::Ours(reference) => Some(reference.to_string()),
                Reference::Recorded(..) => recorded.next().flatten().map(|text| text.payment_ref),
            };
            let account = paid.account.and_then(|_| accounts.next().flatten());
            let digest = |reference: String| self.reference_key(&plain_reference(&reference));
            items.push(OpenItem {
                item: paid.id,
                amount: Amount::from(paid.amount).negated(),
                day: paid.day,
                references: reference.map(digest).into_iter().collect(),
                counterpart: account.map(|details| self.counterpart(details.account.number())),
            });
        }
        Ok(items)
    }

    fn counterpart(&self, number: &str) -> KeyDigest {
        self.key_digest(COUNTERPART, &[&plain_reference(number)])
    }

    /// Payments in files for the bank, and those that were made outside of the ledger.
    async fn paid_to_partners(&self) -> Result<Vec<Paid>, AppError> {
        let mut paid = Vec::new();
        for (partner, events) in self.partners_and_events(&self.partner_codes().await?).await? {
            for Recorded { position, event, .. } in events {
                let name = format!("payment {position} to {}", partner.code);
                let taken_back = |id| partner.payments.outside(id).is_some_and(|paid| paid.reversed);
                match event {
                    Event::Partner(PartnerEvent::PartnerPaid(e)) if taken_back(e.payment) => {}
                    Event::Partner(PartnerEvent::PartnerPaid(e)) => paid.push(Paid {
                        id: e.payment.0,
                        name,
                        amount: e.amount,
                        day: e.paid_on,
                        reference: Reference::Recorded(LEDGER_SUBJECT, e.details),
                        account: None,
                    }),
                    Event::Partner(PartnerEvent::PaymentProposed(e)) => {
                        let file = partner.payments.get(e.payment).and_then(|payment| payment.file);
                        paid.extend(file.map(|(_, execute_on)| Paid {
                            id: e.payment.0,
                            name,
                            amount: e.total,
                            day: execute_on,
                            reference: Reference::Ours(e.reference),
                            account: Some(e.account),
                        }));
                    }
                    _ => {}
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
                reference: Reference::Recorded(subject, row.details),
                account: None,
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
