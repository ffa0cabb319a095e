//! Fees that partners charge.

use std::collections::HashMap;

use domain::ids::FileDigest;
use domain::partner::{FeeState, PartnerEvent};
use domain::{AgreementCode, Event, FeeId, PartnerCode, Recorded, TextId};
use jiff::civil::Date;
use money::Eur;
use serde::Serialize;

use super::history::rate;
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::{ERASED, ReasonText, ReceiptText};

/// Which fees to list; everything not given is not asked about.
#[derive(Debug, Clone, Default)]
pub struct FeeFilter {
    /// Of this partner.
    pub partner: Option<PartnerCode>,
    /// In this state.
    pub state: Option<FeeState>,
    /// Reported in the file with this SHA-256.
    pub file: Option<FileDigest>,
}

/// One fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeeItem {
    /// The fee's number: the position of its report.
    pub fee: u64,
    /// Who charges it.
    pub partner: String,
    /// The agreements under which it may be charged, as they are signed now: those with fee terms that are in force on its day.
    pub agreement: String,
    /// What they let the partner charge.
    pub terms: String,
    /// The day it is charged for.
    pub charged_on: Date,
    /// The number of the receipt or invoice.
    pub receipt_no: String,
    /// Who issued it.
    pub supplier: String,
    /// As charged.
    pub amount: String,
    /// Its currency.
    pub currency: &'static str,
    /// The rate it was valued at; empty for euros, and while the rate is still to come.
    pub rate: String,
    /// In euro; none while the rate is still to come.
    pub eur: Option<Eur>,
    /// Of what was accepted, what was taken back.
    pub reversed: Eur,
    /// What somebody would take back, while another one has yet to agree: how much, who.
    pub to_reverse: String,
    /// How far it has come.
    pub state: String,
    /// Who decided it.
    pub decided_by: String,
    /// Finance's own words: why it refused the fee, or what it asks.
    pub words: String,
    /// Day of the question, while that waits for an answer or a decision.
    pub asked_on: Option<Date>,
    /// The partner's answer to it.
    pub answer: String,
    /// Day of the answer.
    pub answered_on: Option<Date>,
    /// What is odd about it, each flag once.
    pub flags: String,
    /// The number of the report it came with; none of the oldest, and while the import is not complete.
    pub report: Option<u64>,
}

impl Ledger {
    /// The fees that wait for an exchange rate, partner by partner.
    pub(crate) async fn fees_waiting_for_rate(&self) -> Result<Vec<(PartnerCode, FeeId)>, AppError> {
        let codes = self.partner_codes().await?;
        let mut waiting = Vec::new();
        for (partner, _) in self.partners_and_events(&codes).await? {
            let fees = partner.fees.iter().filter(|(_, fee)| fee.state == FeeState::WaitingForRate);
            waiting.extend(fees.map(|(id, _)| (partner.code.clone(), *id)));
        }
        Ok(waiting)
    }

    /// How far a fee has come.
    pub async fn fee_state(&self, code: &PartnerCode, fee: FeeId) -> Result<Option<FeeState>, AppError> {
        let found = self.partners_and_events(std::slice::from_ref(code)).await?;
        Ok(found.iter().find_map(|(partner, _)| partner.fees.get(&fee)).map(|fee| fee.state))
    }

    /// Fees in the order they were reported.
    pub async fn fees(&self, filter: &FeeFilter) -> Result<Vec<FeeItem>, AppError> {
        let mut fees = self.fees_without_flags(filter).await?;
        let flags = self.fee_flags().await?;
        for fee in &mut fees {
            let flags = flags.get(&fee.fee).into_iter().flatten();
            fee.flags = flags.map(|flag| flag.kind.code()).collect::<Vec<_>>().join(" ");
        }
        Ok(fees)
    }

    /// The same without what is odd about them, for which all claims are looked at.
    pub(super) async fn fees_without_flags(&self, filter: &FeeFilter) -> Result<Vec<FeeItem>, AppError> {
        self.known_partner(filter.partner.as_ref()).await?;
        let codes = match &filter.partner {
            Some(code) => vec![code.clone()],
            None => self.partner_codes().await?,
        };
        let reports = self.report_numbers().await?;
        let mut fees = Vec::new();
        for (partner, events) in self.partners_and_events(&codes).await? {
            let said = Said::of(&events);
            for (id, fee) in &partner.fees {
                if filter.state.is_some_and(|state| fee.state != state)
                    || filter.file.is_some_and(|file| fee.file != Some(file))
                {
                    continue;
                }
                let under: Vec<&AgreementCode> = partner.fee_agreements(fee.charged_on).collect();
                let query = said
                    .queries
                    .get(id)
                    .filter(|_| matches!(fee.state, FeeState::Queried | FeeState::Answered));
                let words = query.map(|query| query.question).or_else(|| said.refusals.get(id).copied());
                let told = [words, query.and_then(|query| query.answer)];
                let terms = under.iter().filter_map(|code| partner.agreements.get(*code)?.fee);
                fees.push((
                    (fee.details, told),
                    FeeItem {
                        fee: said.numbers.get(id).copied().unwrap_or_default(),
                        partner: partner.code.to_string(),
                        agreement: under.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
                        terms: terms.map(|terms| terms.to_string()).collect::<Vec<_>>().join("; "),
                        charged_on: fee.charged_on,
                        receipt_no: String::new(),
                        supplier: String::new(),
                        amount: fee.amount.to_string(),
                        currency: fee.amount.currency().code(),
                        rate: fee
                            .exchange
                            .as_ref()
                            .and_then(|e| e.quote)
                            .map(|quote| rate(&quote))
                            .unwrap_or_default(),
                        eur: fee.eur,
                        reversed: fee.reversed,
                        to_reverse: fee.reversal.as_ref().map_or_else(String::new, |reversal| {
                            format!("{} by {}", reversal.eur, reversal.proposed_by)
                        }),
                        state: fee.state.to_string(),
                        decided_by: said.deciders.get(id).cloned().unwrap_or_default(),
                        words: String::new(),
                        asked_on: query.map(|query| query.asked_on),
                        answer: String::new(),
                        answered_on: query.and_then(|query| query.answered_on),
                        flags: String::new(),
                        report: fee.file.and_then(|file| reports.get(&file).copied()),
                    },
                ));
            }
        }
        fees.sort_by_key(|(_, fee)| fee.fee);
        let texts: Vec<_> = fees.iter().map(|((details, _), _)| (LEDGER_SUBJECT, *details)).collect();
        let texts = self.reveal::<ReceiptText>(&texts).await?;
        let told = fees.iter().flat_map(|((_, told), _)| told.iter().flatten());
        let told: Vec<_> = told.map(|id| (LEDGER_SUBJECT, *id)).collect();
        let mut told = self.reveal::<ReasonText>(&told).await?.into_iter();
        let mut next = |text: Option<TextId>| match text {
            None => String::new(),
            Some(_) => told.next().flatten().map_or_else(|| ERASED.to_owned(), |text| text.reason),
        };
        let erased = || (ERASED.to_owned(), ERASED.to_owned());
        Ok(fees
            .into_iter()
            .zip(texts)
            .map(|(((_, told), fee), text)| {
                let (receipt_no, supplier) = text.map_or_else(erased, |t| (t.receipt_no, t.supplier));
                let [words, answer] = told.map(&mut next);
                FeeItem { receipt_no, supplier, words, answer, ..fee }
            })
            .collect())
    }
}

/// What the envelopes say of fees, and what was said about them.
#[derive(Default)]
struct Said {
    numbers: HashMap<FeeId, u64>,
    deciders: HashMap<FeeId, String>,
    /// Why finance refused.
    refusals: HashMap<FeeId, TextId>,
    /// What was asked last.
    queries: HashMap<FeeId, FeeQuery>,
}

/// A question about a fee, and the answer, in the vault.
struct FeeQuery {
    asked_on: Date,
    question: TextId,
    answered_on: Option<Date>,
    answer: Option<TextId>,
}

impl Said {
    fn of(events: &[Recorded]) -> Self {
        let mut said = Self::default();
        for recorded in events {
            let Recorded { position, actor, event, .. } = recorded;
            match event {
                Event::Partner(PartnerEvent::FeeReported(e)) => {
                    said.numbers.insert(e.fee, *position);
                }
                Event::Partner(PartnerEvent::FeeAccepted(e)) => {
                    said.deciders.insert(e.fee, actor.clone());
                }
                Event::Partner(PartnerEvent::FeeRefused(e)) => {
                    said.deciders.insert(e.fee, actor.clone());
                    said.refusals.insert(e.fee, e.reason);
                }
                Event::Partner(PartnerEvent::FeeReopened(e)) => {
                    said.deciders.remove(&e.fee);
                    said.refusals.remove(&e.fee);
                }
                Event::Partner(PartnerEvent::FeeQueried(e)) => {
                    let (asked_on, question) = (recorded.recorded_on(), e.details);
                    let query = FeeQuery { asked_on, question, answered_on: None, answer: None };
                    said.queries.insert(e.fee, query);
                }
                Event::Partner(PartnerEvent::FeeAnswered(e)) => {
                    if let Some(query) = said.queries.get_mut(&e.fee) {
                        query.answered_on = Some(recorded.recorded_on());
                        query.answer = Some(e.details);
                    }
                }
                _ => {}
            }
        }
        said
    }
}
