//! Commands on partners that a person gives one at a time. Each is refused, and the refusal kept, where a rule forbids it.

use domain::ids::PaymentId;
use domain::partner::{Account, Agreement, Name, PAYMENT, PaidFor, PartnerEvent, PaymentDetails};
use domain::payment::PaymentState;
use domain::reconciliation::Settled;
use domain::{
    AgreementCode, CreditorReference, Event, FeeId, KeyDigest, PartnerCode, PartnerCommand, Refusal, TextId,
    of_rulebook,
};
use jiff::civil::Date;
use money::Eur;

use crate::command::reason_text;
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::query::DetailsItem;
use crate::session::{About, Draft, Repeated, Session};
use crate::texts::PaymentText;

/// Scope of the keyed digest of payment details.
const PAYMENT_DETAILS: &str = "payment-details";
/// Longest payment reference, in bytes: what fits the remittance of a credit transfer.
const REFERENCE_BYTES_MAX: usize = 140;

/// What became of taking back a fee, or a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeeTakenBack {
    /// So much is taken back now.
    Now(Eur),
    /// Another person must agree.
    Proposed,
    /// It was taken back before, for the same reason.
    Before,
}

impl Ledger {
    /// Registers a partner under its full name, or names one that an import met first.
    pub async fn register_partner(&self, code: PartnerCode, name: Name) -> Result<(), AppError> {
        let (about, words) = (About::Partner(code.clone()), name.to_string());
        self.execute_about(about, &["register-partner", &words], |session, draft| {
            let command = PartnerCommand::Register { partner: code.clone(), name: name.clone() };
            session.on_partner(draft, &code, &command)
        })
        .await
    }

    /// Gives a partner another full name.
    pub async fn rename_partner(&self, code: PartnerCode, name: Name) -> Result<(), AppError> {
        let words = name.to_string();
        self.partner_command(code, &["rename-partner", &words], |_, _| {
            Ok(PartnerCommand::Rename { name: name.clone() })
        })
        .await
    }

    /// Records an agreement that was signed.
    pub async fn sign_agreement(
        &self,
        code: PartnerCode,
        agreement: AgreementCode,
        terms: Agreement,
    ) -> Result<(), AppError> {
        of_rulebook::programme(&terms.programme, &self.rulebook).map_err(AppError::not_there)?;
        for country in &terms.countries {
            of_rulebook::country(*country, &self.rulebook).map_err(AppError::not_there)?;
        }
        let words = format!("{agreement} {terms:?}");
        self.partner_command(code, &["sign-agreement", &words], |_, _| {
            Ok(PartnerCommand::Sign { agreement: agreement.clone(), terms: terms.clone() })
        })
        .await
    }

    /// Ends an agreement on a day, its last in force.
    pub async fn end_agreement(
        &self,
        code: PartnerCode,
        agreement: AgreementCode,
        ended_on: Date,
    ) -> Result<(), AppError> {
        let words = format!("{agreement} {ended_on}");
        self.partner_command(code, &["end-agreement", &words], |_, _| {
            Ok(PartnerCommand::End { agreement: agreement.clone(), ended_on })
        })
        .await
    }

    /// Proposes where a partner is to be paid. What is in force stays so until another person approves.
    pub async fn propose_payment_details(
        &self,
        code: PartnerCode,
        details: PaymentDetails,
    ) -> Result<(), AppError> {
        let (number, bank) = (details.account.number(), details.account.bank());
        let mut parts = vec![code.as_str(), number, bank, details.holder.as_str()];
        let seat = match &details.account {
            Account::Local { bic, seat, .. } => {
                let bic = bic.as_ref().map(ToString::to_string);
                bic.into_iter()
                    .chain(seat.iter().map(|seat| format!("{}, {}", seat.town, seat.country)))
                    .collect()
            }
            Account::Iban { .. } => Vec::new(),
        };
        parts.extend(seat.iter().map(String::as_str));
        parts.extend(details.latin_name.as_ref().map(Name::as_str));
        let digest = self.key_digest(PAYMENT_DETAILS, &parts);
        let words = digest.to_string();
        self.partner_command(code, &["propose-payment-details", &words], |session, draft| {
            let sealed = session.seal_own(draft, &details)?;
            let proposed_by = self.actor.clone();
            Ok(PartnerCommand::ProposeDetails { details: sealed, digest, proposed_by })
        })
        .await
    }

    /// Brings payment details that another person proposed into force: those of the proposal with this number (the
    /// position of its record), and no others that were proposed since.
    pub async fn approve_payment_details(&self, code: PartnerCode, number: u64) -> Result<(), AppError> {
        let details = self.find_proposed_details(&code, number).await?;
        let about = number.to_string();
        let approved = self
            .partner_command(code.clone(), &["approve-payment-details", &about], |_, _| {
                Ok(PartnerCommand::ApproveDetails { details, approved_by: self.actor.clone() })
            })
            .await;
        match approved {
            Err(AppError::Refused(mut refusal)) if refusal.codes() == "another-proposal" => {
                let standing = self.partner_detail(&code, false).await?;
                let standing = standing.details.into_iter().find(|details| details.state == "proposed");
                if let (Some(other), Some(reason)) = (standing, refusal.reasons.first_mut()) {
                    let DetailsItem { number, account, at, .. } = other;
                    reason.detail += &format!(" (number {number}, account {account}, proposed at {at})");
                }
                Err(AppError::Refused(refusal))
            }
            approved => approved,
        }
    }

    /// The payment details of a partner that were proposed under this number.
    async fn find_proposed_details(&self, code: &PartnerCode, number: u64) -> Result<TextId, AppError> {
        if let Some(before) = number.checked_sub(1)
            && let Some(recorded) = self.store.read_log(before, 1).await?.pop()
            && recorded.stream_id == code.stream()
            && let Event::Partner(PartnerEvent::PaymentDetailsProposed(event)) =
                Event::decode_checked(&recorded)?
        {
            return Ok(event.details);
        }
        Err(AppError::Usage(format!(
            "no payment details of {code} were proposed under {number}; `svala partner show {code}` shows what is proposed with its number"
        )))
    }

    /// Drops the payment details that were proposed, with a reason: those with the number that somebody looked at, if they
    /// name it, and no others that were proposed since.
    pub async fn reject_payment_details(
        &self,
        code: PartnerCode,
        number: Option<u64>,
        reason: &str,
    ) -> Result<(), AppError> {
        let text = reason_text(reason)?;
        let seen = match number {
            Some(number) => Some(self.find_proposed_details(&code, number).await?),
            None => None,
        };
        self.partner_command(code.clone(), &["reject-payment-details", reason], |session, draft| {
            let proposal = session.partner(&code).and_then(|partner| partner.proposal.as_ref());
            if let (Some(seen), Some(proposal)) = (seen, proposal)
                && seen != proposal.details
            {
                let detail = format!(
                    "{} proposed other payment details since: look at them with `svala partner show {code}`",
                    proposal.proposed_by
                );
                return Err(AppError::Refused(Refusal::new("another-proposal", detail)));
            }
            Ok(PartnerCommand::RejectDetails { reason: session.seal_own(draft, &text)? })
        })
        .await
    }

    /// Accepts a fee.
    pub async fn accept_fee(&self, code: PartnerCode, fee: FeeId) -> Result<(), AppError> {
        let about = fee.to_string();
        self.partner_command(code, &["accept-fee", &about], |_, _| Ok(PartnerCommand::AcceptFee { fee }))
            .await
    }

    /// Records that a partner was paid; below zero, that it paid back. A payment reference of a partner is recorded once. One on a day on which a hold
    /// stops all payments of the partner is refused, unless it happened `despite_hold`.
    pub async fn record_payment(
        &self,
        code: PartnerCode,
        paid_for: PaidFor,
        amount: Eur,
        paid_on: Date,
        reference: &str,
        despite_hold: bool,
    ) -> Result<(), AppError> {
        let (holds, _) = self.holds_and_events().await?;
        let stopping =
            holds.stopping_all_of(&code, paid_on).filter(|_| !despite_hold && !amount.is_negative());
        if let Some((number, hold)) = stopping {
            let detail = format!(
                "hold {number} stops payments of {code} since {}: release it, or give --despite-hold if it was paid all the same",
                hold.from
            );
            return Err(AppError::Refused(Refusal::new("paid-while-held", detail)));
        }
        // One of this ledger's own is the same however it is spelled.
        let own = reference.parse::<CreditorReference>().ok();
        let spelled = own.as_ref().map(ToString::to_string);
        let reference = spelled.as_deref().unwrap_or(reference.trim());
        if reference.is_empty() || reference.len() > REFERENCE_BYTES_MAX {
            return Err(AppError::Usage("give the payment's reference, at most 140 characters".into()));
        }
        let (back, day) = (amount.is_negative(), paid_on.to_string());
        let euros = amount.to_string();
        // A reference is free again once the payment that had it was taken back.
        let key = |of_reference: &[&str], earlier: u64| {
            let (earlier, mut parts) = (earlier.to_string(), vec![code.as_str(), reference]);
            parts.extend(of_reference);
            parts.extend(Some(earlier.as_str()).filter(|earlier| *earlier != "0"));
            self.key_digest(PAYMENT, &parts)
        };
        // What a partner pays back may carry the reference of what it was paid, or the same one each time.
        let of_reference = if back { vec!["back", day.as_str(), euros.as_str()] } else { Vec::new() };
        let payment = PaymentId(self.environment.new_id()?);
        let text = PaymentText { payment_ref: reference.to_owned() };
        let words = format!("{paid_for} {amount} {paid_on}");
        self.partner_command(code.clone(), &["record-payment", reference, &words], |session, draft| {
            // What this ledger gave to the bank counts as paid already, unless it was taken back and the bank made it
            // nevertheless.
            let payments = session.partner(&code).into_iter().flat_map(|partner| partner.payments.iter());
            let payments = payments.filter(|(_, payment)| payment.state != PaymentState::Recalled);
            if own.is_some()
                && !back
                && payments.map(|(_, payment)| &payment.reference).any(|known| Some(known) == own.as_ref())
            {
                let detail =
                    format!("{reference} is a payment of this ledger: `svala payment show {reference}`");
                return Err(AppError::Refused(Refusal::new("already-recorded", detail)));
            }
            let of_partner = session.partner(&code).map(|partner| &partner.payments);
            let taken_back = |key: &KeyDigest| of_partner.is_some_and(|of| of.was_taken_back(*key));
            // So it was known before its day and amount belonged to its name.
            if back && of_partner.is_some_and(|of| of.is_recorded(key(&[], 0), amount)) {
                let detail = format!("{reference} was recorded before, over {amount} EUR");
                return Err(AppError::Refused(Refusal::new("already-recorded", detail)));
            }
            let free = (0..).map(|earlier| key(&of_reference, earlier)).find(|key| !taken_back(key));
            let payment_key = free.unwrap_or_else(|| key(&of_reference, 0));
            let details = session.seal_own(draft, &text)?;
            Ok(PartnerCommand::Pay { payment, paid_for, amount, paid_on, payment_key, details })
        })
        .await
    }

    /// Takes back an accepted fee, or a part of it, with finance's reason: of a large one, another person must agree. A part
    /// of the same amount for the same reason is the one that was taken back before; another one has another reason.
    pub async fn reverse_fee(
        &self,
        code: PartnerCode,
        fee: FeeId,
        amount: Option<Eur>,
        reason: &str,
    ) -> Result<FeeTakenBack, AppError> {
        let (about, text) = (fee.to_string(), reason_text(reason)?);
        let sum = amount.map(|amount| amount.to_string()).unwrap_or_default();
        let request = ["reverse-fee", &about, &sum, reason];
        let alike = |session: &Session<'_>| {
            let known = session.partner(&code).and_then(|partner| partner.fees.get(&fee));
            // Whoever agrees to a proposal may do so in any words.
            let known = known.filter(|fee| fee.reversal.is_none());
            let parts = known.map_or(&[][..], |fee| &fee.reversals);
            let alike = parts.iter().filter(|(eur, _)| Some(*eur) == amount);
            alike.map(|(_, reason)| ((), (LEDGER_SUBJECT, *reason))).collect()
        };
        let (about, said) = (About::Partner(code.clone()), Some((&text, &alike as _)));
        let found = self.execute_unless_said(about, &request, said, |session, draft| {
            if session.partner(&code).is_none() {
                return Err(session.unknown_partner(&code));
            }
            let reason = session.seal_own(draft, &text)?;
            session.on_partner(draft, &code, &PartnerCommand::ReverseFee { fee, amount, reason })
        });
        if let Repeated::Words(()) = found.await? {
            return Ok(FeeTakenBack::Before);
        }
        let known = self.partners_and_events(&[code]).await?;
        let known = known.iter().find_map(|(partner, _)| partner.fees.get(&fee));
        Ok(match known {
            Some(fee) if fee.reversal.is_some() => FeeTakenBack::Proposed,
            known => {
                FeeTakenBack::Now(known.and_then(|fee| fee.reversals.last()).map_or(Eur::ZERO, |part| part.0))
            }
        })
    }

    /// Ends what somebody proposed to take back of a fee, with a reason: whoever proposed it withdraws it, anybody else
    /// refuses it.
    pub async fn drop_fee_reversal(
        &self,
        code: PartnerCode,
        fee: FeeId,
        reason: &str,
    ) -> Result<(), AppError> {
        let drop = |reason| PartnerCommand::DropFeeReversal { fee, reason };
        self.with_words_on_fee(code, fee, "drop-fee-reversal", reason, drop).await
    }

    /// Takes back a payment that was recorded as made outside of the ledger, with a reason. Its reference is free again.
    pub async fn reverse_payment(
        &self,
        code: PartnerCode,
        payment: PaymentId,
        reason: &str,
    ) -> Result<(), AppError> {
        let (about, text) = (payment.to_string(), reason_text(reason)?);
        let settled = Settled::PaidOutside { partner: code.clone(), payment };
        let request = ["reverse-payment", &about, reason];
        self.execute_unless_made(&code, &settled, &request, |session, draft, matched, shown| {
            let reason = session.seal_own(draft, &text)?;
            // Also a line that shows only a part of it says that it was made.
            let shown = shown.line.or(shown.in_part.first().map(|(number, ..)| *number));
            session.on_partner(draft, &code, &PartnerCommand::ReversePaid { payment, matched, shown, reason })
        })
        .await
    }

    /// The payment outside of the ledger with this number (the position of its record), and whose it is.
    pub async fn find_outside_payment(&self, number: u64) -> Result<(PartnerCode, PaymentId), AppError> {
        if let Some(before) = number.checked_sub(1)
            && let Some(recorded) = self.store.read_log(before, 1).await?.pop()
            && let Event::Partner(PartnerEvent::PartnerPaid(event)) = Event::decode_checked(&recorded)?
            && let Ok(code) = recorded.stream_id.id().parse()
        {
            return Ok((code, event.payment));
        }
        Err(AppError::Usage(format!(
            "no payment outside of the ledger was recorded under {number}; `svala partner statement` and `svala partner history` show them with their numbers"
        )))
    }

    /// Refuses a fee, with finance's reason.
    pub async fn refuse_fee(&self, code: PartnerCode, fee: FeeId, reason: &str) -> Result<(), AppError> {
        let refuse = |reason| PartnerCommand::RefuseFee { fee, reason };
        self.with_words_on_fee(code, fee, "refuse-fee", reason, refuse).await
    }

    /// Asks the partner something about a fee.
    pub async fn query_fee(&self, code: PartnerCode, fee: FeeId, question: &str) -> Result<(), AppError> {
        let query = |details| PartnerCommand::QueryFee { fee, details };
        self.with_words_on_fee(code, fee, "query-fee", question, query).await
    }

    /// Records the partner's answer to what was asked last about a fee.
    pub async fn answer_fee(&self, code: PartnerCode, fee: FeeId, answer: &str) -> Result<(), AppError> {
        let answered = |details| PartnerCommand::AnswerFee { fee, details };
        self.with_words_on_fee(code, fee, "answer-fee", answer, answered).await
    }

    /// Takes up a refused fee again, with finance's reason; two people decide it anew.
    pub async fn reopen_fee(&self, code: PartnerCode, fee: FeeId, reason: &str) -> Result<(), AppError> {
        let reopen = |reason| PartnerCommand::ReopenFee { fee, reason };
        self.with_words_on_fee(code, fee, "reopen-fee", reason, reopen).await
    }

    /// A command about a fee that comes with somebody's words.
    async fn with_words_on_fee(
        &self,
        code: PartnerCode,
        fee: FeeId,
        name: &str,
        words: &str,
        command: impl Fn(TextId) -> PartnerCommand,
    ) -> Result<(), AppError> {
        let (about, text) = (fee.to_string(), reason_text(words)?);
        self.partner_command(code, &[name, &about, words], |session, draft| {
            Ok(command(session.seal_own(draft, &text)?))
        })
        .await
    }

    /// The fee with this number (the position of its report), and whose it is.
    pub async fn find_fee(&self, number: u64) -> Result<(PartnerCode, FeeId), AppError> {
        let recorded = match number.checked_sub(1) {
            Some(before) => self.store.read_log(before, 1).await?.pop(),
            None => None,
        };
        if let Some(recorded) = recorded
            && let Event::Partner(PartnerEvent::FeeReported(event)) = Event::decode_checked(&recorded)?
            && let Ok(code) = recorded.stream_id.id().parse()
        {
            return Ok((code, event.fee));
        }
        Err(AppError::Usage(format!(
            "there is no fee {number}; `svala partner fee list` shows all fees with their numbers"
        )))
    }

    /// Gives a command to a partner, which must be registered.
    async fn partner_command(
        &self,
        code: PartnerCode,
        request: &[&str],
        command: impl Fn(&Session<'_>, &mut Draft) -> Result<PartnerCommand, AppError>,
    ) -> Result<(), AppError> {
        self.execute_about(About::Partner(code.clone()), request, |session, draft| {
            if session.partner(&code).is_none() {
                return Err(session.unknown_partner(&code));
            }
            let command = command(session, draft)?;
            session.on_partner(draft, &code, &command)
        })
        .await
    }
}
