//! What the bank should show: payments to partners, arrival grants by bank, and what came back of either.

use std::collections::{HashMap, HashSet};

use ::grants::GrantsProjection;
use domain::bank::plain_reference;
use domain::creditor::CreditorReference;
use domain::grant::PaymentMethod;
use domain::matching::OpenItem;
use domain::partner::{PartnerEvent, PaymentDetails};
use domain::payment::{OutsideState, PaymentState};
use domain::reconciliation::Settled;
use domain::{Event, KeyDigest, Partner, PartnerCode, PaymentId, Recorded, SubjectId, TextId};
use interchange::pain::instruction_ids;
use jiff::civil::Date;
use money::Amount;
use uuid::Uuid;

use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::PaymentText;

/// Something that lines of the bank settle, or have settled.
#[derive(Debug, Clone)]
pub(crate) struct BankItem {
    /// What it is.
    pub of: Settled,
    /// Its number: the position of the event that tells of it.
    pub number: u64,
    /// The number of the payment or grant: the position of its first event.
    pub about: u64,
    /// What people call it.
    pub name: String,
    /// As it stands on the account: below zero for money that goes out.
    pub amount: Amount,
    /// What stands on it at the bank, in plain form; none once the text was erased.
    pub reference: Option<String>,
    /// Two people agreed to it: a payment of the ledger; or what was recorded as made of one that they took back.
    pub by_two: bool,
    /// As it is matched.
    pub open: OpenItem,
}

/// A payment or grant, before its texts are opened.
struct Told {
    of: Settled,
    number: u64,
    about: u64,
    name: String,
    amount: Amount,
    day: Date,
    reference: Reference,
    /// Where it went, in the vault, if that is known.
    account: Option<TextId>,
    /// Two people recorded it.
    by_two: bool,
}

/// A payment that was taken back from its file: to whom, its reference in plain form, and what would have gone out.
type TakenBack = (PartnerCode, String, Amount);

/// What stands on a payment at the bank.
#[derive(Clone)]
enum Reference {
    /// Given by the ledger.
    Ours(CreditorReference),
    /// Given by whoever recorded it, in the vault.
    Recorded(SubjectId, TextId),
}

/// Scope of the keyed digest of an account on the other side.
const COUNTERPART: &str = "bank-counterpart";

impl Ledger {
    /// All that the bank should show, whether a line has settled it or not.
    pub(crate) async fn bank_items(&self) -> Result<Vec<BankItem>, AppError> {
        let (mut told, taken_back) = self.paid_to_partners().await?;
        told.extend(self.grants_by_bank().await?);
        let recorded = told.iter().filter_map(|told| match &told.reference {
            Reference::Recorded(subject, text) => Some((*subject, *text)),
            Reference::Ours(_) => None,
        });
        let recorded: Vec<_> = recorded.collect();
        let mut recorded = self.reveal::<PaymentText>(&recorded).await?.into_iter();
        let accounts: Vec<_> = told.iter().filter_map(|told| Some((LEDGER_SUBJECT, told.account?))).collect();
        let mut accounts = self.reveal::<PaymentDetails>(&accounts).await?.into_iter();
        let mut items = Vec::with_capacity(told.len());
        let mut accounts_of: HashMap<Uuid, PaymentDetails> = HashMap::new();
        for Told { of, number, about, name, amount, day, reference, account, by_two } in told {
            let reference = match reference {
                Reference::Ours(reference) => Some(reference.to_string()),
                Reference::Recorded(..) => recorded.next().flatten().map(|text| text.payment_ref),
            };
            let reference = reference.map(|reference| plain_reference(&reference));
            let account = account.and_then(|_| accounts.next().flatten());
            let by_two = by_two
                || matches!((&of, &reference), (Settled::PaidOutside { partner, .. }, Some(reference))
                    if taken_back.contains(&(partner.clone(), reference.clone(), amount)));
            let open = OpenItem {
                item: of.key(),
                amount,
                day,
                references: reference.iter().map(|reference| self.reference_key(reference)).collect(),
                counterpart: account.as_ref().map(|details| self.counterpart(details.account.number())),
            };
            accounts_of.extend(account.map(|details| (of.id(), details)));
            items.push(BankItem { of, number, about, name, amount, reference, by_two, open });
        }
        let instructions = self.instructions(&accounts_of).await?;
        for item in &mut items {
            let instruction = instructions.get(&PaymentId(item.of.id()));
            item.open.references.extend(instruction.map(|id| self.reference_key(&plain_reference(id))));
        }
        Ok(items)
    }

    /// The keyed digest of an account on the other side.
    pub(crate) fn counterpart(&self, number: &str) -> KeyDigest {
        self.key_digest(COUNTERPART, &[&plain_reference(number)])
    }

    /// What the bank calls the batch in which a payment was given to it.
    async fn instructions(
        &self,
        accounts: &HashMap<Uuid, PaymentDetails>,
    ) -> Result<HashMap<PaymentId, String>, AppError> {
        let mut instructions = HashMap::new();
        for file in self.payment_files_and_events().await?.0.iter() {
            let known = |payment: &PaymentId| accounts.get(&payment.0).map(|details| &details.account);
            let payments: Vec<PaymentId> = file.payments.iter().map(|filed| filed.payment).collect();
            // Without one of its accounts a file's batches cannot be told apart any more.
            if payments.iter().all(|payment| known(payment).is_some()) {
                let ids = instruction_ids(file.message, payments.iter().filter_map(known));
                instructions.extend(payments.into_iter().zip(ids));
            }
        }
        Ok(instructions)
    }

    /// Payments in files for the bank, as they go out and as they may come back, and those that were made outside of the
    /// ledger; and the references and amounts of those that were taken back from their files.
    async fn paid_to_partners(&self) -> Result<(Vec<Told>, HashSet<TakenBack>), AppError> {
        let (mut told, mut taken_back) = (Vec::new(), HashSet::new());
        for (partner, events) in self.partners_and_events(&self.partner_codes().await?).await? {
            let mut in_force = None;
            let recalled = events
                .iter()
                .filter(|of| matches!(of.event, Event::Partner(PartnerEvent::PaymentRecalled(_))));
            let recalled: HashSet<Uuid> = recalled.map(|of| of.command_id).collect();
            for Recorded { position, command_id, event, .. } in events {
                let name = format!("payment {position} to {}", partner.code);
                let partner_code = partner.code.clone();
                match event {
                    Event::Partner(PartnerEvent::PaymentDetailsApproved(e)) => in_force = Some(e.details),
                    // Of what was recorded and taken back the bank shows nothing.
                    Event::Partner(PartnerEvent::PartnerPaid(e))
                        if outside_state(&partner, e.payment) == Some(OutsideState::TakenBack) => {}
                    Event::Partner(PartnerEvent::PartnerPaid(e)) => {
                        let amount = Amount::from(e.amount).negated();
                        let of = Settled::PaidOutside { partner: partner_code.clone(), payment: e.payment };
                        let back = Settled::PaidOutsideBack { partner: partner_code, payment: e.payment };
                        let (day, reference) = (e.paid_on, Reference::Recorded(LEDGER_SUBJECT, e.details));
                        // It went where the partner is paid, as far as anybody knows.
                        let (number, about, account) = (position, position, in_force);
                        let by_two = recalled.contains(&command_id);
                        let out = Told { of, number, about, name, amount, day, reference, account, by_two };
                        match e.amount.is_negative() {
                            // What the partner paid back came in.
                            true => told.push(out),
                            false => told.extend(there_and_back(out, back)),
                        }
                    }
                    Event::Partner(PartnerEvent::PaymentProposed(e)) => {
                        let Some(payment) = partner.payments.get(e.payment) else { continue };
                        let amount = Amount::from(e.total).negated();
                        if payment.state == PaymentState::Recalled {
                            taken_back.insert((
                                partner_code,
                                plain_reference(&e.reference.to_string()),
                                amount,
                            ));
                            continue;
                        }
                        let made = matches!(payment.state, PaymentState::Instructed | PaymentState::Returned);
                        let Some((_, day)) = payment.file.filter(|_| made) else { continue };
                        let of = Settled::Payment { partner: partner_code.clone(), payment: e.payment };
                        let back = Settled::PaymentBack { partner: partner_code, payment: e.payment };
                        let (reference, account) = (Reference::Ours(e.reference.clone()), Some(e.account));
                        let (number, about) = (position, position);
                        told.extend(there_and_back(
                            Told { of, number, about, name, amount, day, reference, account, by_two: true },
                            back,
                        ));
                    }
                    _ => {}
                }
            }
        }
        Ok((told, taken_back))
    }

    async fn grants_by_bank(&self) -> Result<Vec<Told>, AppError> {
        let rows = self.runner.all_rows::<GrantsProjection>().await?;
        let rows: Vec<_> = rows
            .into_iter()
            .filter(|(_, row)| row.method == PaymentMethod::Bank)
            .filter_map(|(id, row)| Some((id.parse().ok()?, row)))
            .collect();
        let names = self.case_names(rows.iter().map(|(_, row)| row.case)).await?;
        let mut told = Vec::with_capacity(rows.len());
        for (grant, row) in rows {
            let Some(subject) = names.get(&row.case).map(|name| name.row.subject) else { continue };
            let (case, about) = (row.case, row.position);
            let reference = Reference::Recorded(subject, row.details);
            told.push(Told {
                of: Settled::Grant { case, grant },
                number: about,
                about,
                name: format!("grant {about}"),
                amount: Amount::from(row.amount).negated(),
                day: row.paid_on,
                reference: reference.clone(),
                account: None,
                by_two: false,
            });
            // What came back at different times came with different lines.
            told.extend((1..).zip(row.returns).map(|(nth, back)| Told {
                of: Settled::GrantBack { case, grant, nth },
                number: back.position,
                about,
                name: format!("grant {about}, back on {}", back.returned_on),
                amount: Amount::from(back.amount),
                day: row.paid_on,
                reference: reference.clone(),
                account: None,
                by_two: false,
            }));
        }
        Ok(told)
    }
}

/// A payment as it goes out, and as it may come back.
fn there_and_back(out: Told, back: Settled) -> [Told; 2] {
    let name = format!("{}, back", out.name);
    let amount = out.amount.negated();
    let back = Told { of: back, name, amount, reference: out.reference.clone(), ..out };
    [out, back]
}

/// What is known of a payment that was made outside of the ledger.
pub(super) fn outside_state(partner: &Partner, payment: PaymentId) -> Option<OutsideState> {
    partner.payments.outside(payment).map(|outside| outside.state)
}
