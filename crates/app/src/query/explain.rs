//! Why a case has the caps it has, and why each claim and payment counts as it does.

use std::collections::HashMap;

use domain::case::CaseEvent;
use domain::claim::{ClaimAccepted, ClaimReason, ClaimRefused, QueryReason, SpendReported};
use domain::grant::GrantReason;
use domain::ledger::LedgerEvent;
use domain::payment::{Payable, Payment};
use domain::{CaseId, ClaimId, Event, GrantId};
use money::Eur;
use rulebook::{Entitlement, Facts, FailedCondition, Rulebook};
use serde::Serialize;

use super::history::{rate, why_two};
use super::payments::numbers;
use crate::error::AppError;
use crate::ledger::Ledger;

/// Why a case stands as it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The authority's key for the case.
    pub external_ref: String,
    /// The case's own reference.
    pub case: String,
    /// Each time the facts were held against the rules, in order.
    pub judgements: Vec<Judgement>,
    /// Each payment of the arrival grant.
    pub grants: Vec<GrantExplained>,
    /// Each decision about a claim.
    pub claims: Vec<ClaimExplained>,
}

/// The facts of a case held against the rules once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// Position of the event.
    pub position: u64,
    /// What was decided, in words.
    pub outcome: String,
    /// Version of the rulebook applied.
    pub rulebook: String,
    /// The facts used, name and value.
    pub facts: Vec<(String, String)>,
    /// The rules that decided: of each entitlement, or of each failed condition.
    pub rules: Vec<RuleCited>,
}

/// A rule with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleCited {
    /// Its id.
    pub id: String,
    /// The cap it sets, if it sets one.
    pub cap: Option<Eur>,
    /// The arithmetic, or which fact failed.
    pub because: String,
    /// The source's sentence, word for word.
    pub sentence: String,
    /// Publisher, title and date of the source.
    pub source: String,
}

/// Why a payment counts or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantExplained {
    /// Its number.
    pub grant: u64,
    /// In one sentence.
    pub because: String,
}

/// Why a claim was accepted, cut, queried or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimExplained {
    /// Its number.
    pub claim: u64,
    /// As claimed, in euro; none while the exchange rate is still to come.
    pub eur: Option<Eur>,
    /// Counts as disbursed.
    pub eligible: Eur,
    /// Does not.
    pub disallowed: Eur,
    /// Reason code, if any.
    pub reason: String,
    /// In one sentence, with the arithmetic.
    pub because: String,
}

impl Ledger {
    /// Explains a case from its events and the rulebooks they were decided on.
    pub async fn explain(&self, case: CaseId) -> Result<Explanation, AppError> {
        self.current().await?;
        let name = self.case_names([case].into_iter()).await?.remove(&case);
        let name = name.ok_or_else(|| AppError::Usage("there is no such case".into()))?;
        let books = self.rulebooks().await?;
        let mut explanation = Explanation {
            external_ref: name.external_ref,
            case: name.case,
            judgements: Vec::new(),
            grants: Vec::new(),
            claims: Vec::new(),
        };
        let (mut reported, mut numbers) = (HashMap::new(), HashMap::new());
        let (mut facts, mut ended) = (None, None);
        for recorded in self.case_events(case).await? {
            let Event::Case(event) = &recorded.event else { continue };
            let position = recorded.position;
            match event {
                CaseEvent::ArrivalGrantPaid(e) => numbers.insert(e.grant, position),
                CaseEvent::ArrivalGrantRefused(e) => numbers.insert(e.grant, position),
                _ => None,
            };
            match event {
                CaseEvent::ApplicationFiled(e) => facts = Some(e.facts.clone()),
                CaseEvent::Approved(e) => {
                    let outcome = format!("approved on {} by {}", e.decided_on, e.decided_by);
                    explanation.judgements.push(judge(
                        position,
                        outcome,
                        &books,
                        &e.rulebook,
                        &e.facts,
                        &e.entitlements,
                        &[],
                    ));
                }
                CaseEvent::Rejected(e) => {
                    let outcome = format!("rejected on {} by {}", e.decided_on, e.decided_by);
                    explanation.judgements.push(judge(
                        position,
                        outcome,
                        &books,
                        &e.rulebook,
                        &e.facts,
                        &[],
                        &e.failed,
                    ));
                }
                CaseEvent::EntitlementAdjusted(e) => {
                    facts = Some(e.facts.clone());
                    let outcome = format!("assessed anew on {}, because the return changed", e.adjusted_on);
                    explanation.judgements.push(judge(
                        position,
                        outcome,
                        &books,
                        &e.rulebook,
                        &e.facts,
                        &e.entitlements,
                        &e.failed,
                    ));
                }
                CaseEvent::CaseClosed(e) => ended = Some(format!("the case was closed on {}", e.closed_on)),
                CaseEvent::ApplicationWithdrawn(e) => {
                    ended = Some(format!("the person withdrew on {}", e.withdrawn_on));
                }
                CaseEvent::CommandRefused(e) if e.about.is_none() => {
                    if let Some(facts) = &facts {
                        let outcome = format!("refused to {}, asked by {}", e.command, recorded.actor);
                        explanation.judgements.push(judge(
                            position,
                            outcome,
                            &books,
                            &e.rulebook,
                            facts,
                            &[],
                            &e.reasons,
                        ));
                    }
                }
                CaseEvent::SpendReported(e) => {
                    explanation.claims.extend(share(position, e));
                    explanation.claims.extend(exchanged(position, e));
                    reported.insert(e.claim, (position, e.clone()));
                }
                CaseEvent::SpendEstimated(e) => {
                    let Some((claim, report)) = reported.get(&e.claim) else { continue };
                    let because = format!(
                        "until its rate comes, {} is held back for it under the cap: what it comes to at the newest rate that was known, {}",
                        e.amount,
                        rate(&e.quote)
                    );
                    explanation.claims.push(undecided(*claim, report, "estimated", because));
                }
                CaseEvent::ClaimConverted(e) => {
                    let Some((claim, report)) = reported.get_mut(&e.claim) else { continue };
                    report.eur = Some(e.eur);
                    if let Some(exchange) = &mut report.exchange {
                        exchange.quote = Some(e.quote);
                    }
                    explanation.claims.extend(exchanged(*claim, report));
                }
                CaseEvent::ClaimAccepted(e) => {
                    let Some((claim, report)) = reported.get(&e.claim) else { continue };
                    let (reason, because) = (
                        e.reason.map(|r| r.to_string()).unwrap_or_default(),
                        fits(e, report.eur.unwrap_or(Eur::ZERO)),
                    );
                    explanation.claims.push(ClaimExplained {
                        claim: *claim,
                        eur: report.eur,
                        eligible: e.eligible,
                        disallowed: e.disallowed,
                        reason,
                        because,
                    });
                }
                CaseEvent::ClaimProposed(e) => {
                    let Some((claim, report)) = reported.get(&e.claim) else { continue };
                    let at_most = e.cut.map_or_else(String::new, |cut| format!(", at most {}", cut.at_most));
                    let why = why_two(report.worth_of_receipt(), e.second_approval_from);
                    let because = format!("{} proposed to accept it{at_most}; {why}", e.proposed_by);
                    explanation.claims.push(undecided(*claim, report, "proposed", because));
                }
                CaseEvent::ClaimQueried(e) => {
                    let Some((claim, report)) = reported.get(&e.claim) else { continue };
                    let because = match e.reason {
                        QueryReason::LateUse => {
                            let arrived = e.basis.arrived_on.map(|day| day.to_string()).unwrap_or_default();
                            format!(
                                "delivered {}, later than the package may be used after the arrival on {arrived}: finance decides it by name",
                                report.delivered_on
                            )
                        }
                        QueryReason::ByFinance => {
                            format!("{} asked the partner; the question is in the history", recorded.actor)
                        }
                    };
                    explanation.claims.push(undecided(*claim, report, e.reason.code(), because));
                }
                CaseEvent::ClaimAnswered(e) => {
                    let Some((claim, report)) = reported.get(&e.claim) else { continue };
                    let because = "the answer is in the history; finance decides it by name".to_owned();
                    explanation.claims.push(undecided(*claim, report, "answered", because));
                }
                CaseEvent::ClaimRefused(e) => {
                    let Some((claim, report)) = reported.get(&e.claim) else { continue };
                    let because = refused(e, report, ended.as_deref());
                    let reason = e.reason.to_string();
                    explanation.claims.push(ClaimExplained {
                        claim: *claim,
                        eur: report.eur,
                        eligible: Eur::ZERO,
                        disallowed: e.disallowed,
                        reason,
                        because,
                    });
                }
                CaseEvent::BenefitReversalProposed(e) => {
                    let Some((claim, report)) = reported.get(&e.claim) else { continue };
                    let because = format!(
                        "{} proposed to take back {} that came back on {}: from {} on another person must agree",
                        e.proposed_by, e.amount, e.reversed_on, e.second_approval_from
                    );
                    explanation.claims.push(undecided(*claim, report, "reversal-proposed", because));
                }
                CaseEvent::BenefitReversalDropped(e) => {
                    let Some((claim, report)) = reported.get(&e.claim) else { continue };
                    let because = "what was proposed to take back or to undo stays as it was".to_owned();
                    explanation.claims.push(undecided(*claim, report, "reversal-dropped", because));
                }
                CaseEvent::BenefitReversed(e) => {
                    let Some((claim, report)) = reported.get(&e.claim) else { continue };
                    let because = format!(
                        "{} came back on {}: it is free again under the cap",
                        e.amount, e.reversed_on
                    );
                    explanation.claims.push(undecided(*claim, report, "reversed", because));
                }
                CaseEvent::BenefitReversalUndoProposed(e) => {
                    let Some((claim, report)) = reported.get(&e.claim) else { continue };
                    let because = format!(
                        "{} proposed to undo the reversal of {} on {}, recorded by mistake: {}",
                        e.proposed_by,
                        e.amount,
                        e.reversed_on,
                        why_two(report.worth_of_receipt(), e.second_approval_from)
                    );
                    explanation.claims.push(undecided(*claim, report, "undo-proposed", because));
                }
                CaseEvent::BenefitReversalUndone(e) => {
                    let Some((claim, report)) = reported.get(&e.claim) else { continue };
                    let because = format!(
                        "{} did not come back on {}, that was recorded by mistake; {} − {} = {} was left by {}, so it counts again",
                        e.amount,
                        e.reversed_on,
                        e.basis.cap,
                        e.basis.disbursed,
                        left(e.basis.cap, e.basis.disbursed),
                        e.basis.rule_id.as_deref().unwrap_or("the cap")
                    );
                    explanation.claims.push(undecided(*claim, report, "reversal-undone", because));
                }
                CaseEvent::ArrivalGrantPaid(e) => {
                    let because = format!(
                        "paid {} within the days after the arrival on {}; {} − {} = {} was left by {}, {} fits",
                        e.paid_on,
                        e.arrived_on,
                        e.cap,
                        e.disbursed,
                        left(e.cap, e.disbursed),
                        e.rule_id,
                        e.amount
                    );
                    explanation.grants.push(GrantExplained { grant: position, because });
                }
                CaseEvent::ArrivalGrantRefused(e) => {
                    let arrived = e.arrived_on.map(|day| day.to_string()).unwrap_or_default();
                    let why = match e.reason {
                        GrantReason::NoEntitlement => {
                            "no arrival grant was granted when it was recorded".to_owned()
                        }
                        GrantReason::NotArrived => "no arrival was recorded when it was recorded".to_owned(),
                        GrantReason::BeforeArrival => {
                            format!("paid {}, before the arrival on {arrived}", e.paid_on)
                        }
                        GrantReason::AfterGrantDays => format!(
                            "paid {}, later than the rulebook's days after the arrival on {arrived}",
                            e.paid_on
                        ),
                        GrantReason::OverCap => format!(
                            "{} − {} = {} was left, {} does not fit",
                            e.cap,
                            e.disbursed,
                            left(e.cap, e.disbursed),
                            e.amount
                        ),
                    };
                    explanation
                        .grants
                        .push(GrantExplained { grant: position, because: format!("{}: {why}", e.reason) });
                }
                CaseEvent::ArrivalGrantAllowed(e) => {
                    let grant = numbers.get(&e.grant).copied().unwrap_or(position);
                    let after = e.disbursed.checked_add(e.amount).map_err(domain::FoldError::from)?;
                    let over = after.checked_sub(e.cap).map_err(domain::FoldError::from)?.max(Eur::ZERO);
                    let because = format!(
                        "{} counts in spite of {}, by the reason that {} gave; {} + {} is {over} over the cap of {}",
                        e.amount, e.waived, recorded.actor, e.disbursed, e.amount, e.cap
                    );
                    explanation.grants.push(GrantExplained { grant, because });
                }
                CaseEvent::ArrivalGrantReturned(e) => {
                    let grant = numbers.get(&e.grant).copied().unwrap_or(position);
                    let because = format!("{} came back on {}", e.amount, e.returned_on);
                    explanation.grants.push(GrantExplained { grant, because });
                }
                CaseEvent::RefusedGrantReturned(e) => {
                    let grant = numbers.get(&e.grant).copied().unwrap_or(position);
                    let because =
                        format!("{}, which did not count, came back on {}", e.amount, e.returned_on);
                    explanation.grants.push(GrantExplained { grant, because });
                }
                CaseEvent::ClaimReopened(e) => {
                    let Some((claim, report)) = reported.get(&e.claim) else { continue };
                    let because =
                        format!("taken up again by {}, with the reason in the history", recorded.actor);
                    explanation.claims.push(undecided(*claim, report, "reopened", because));
                }
                _ => {}
            }
        }
        self.explain_payments(case, &reported, &numbers, &mut explanation).await?;
        Ok(explanation)
    }

    /// Which payment to its partner has each claim, and each grant that a partner paid out.
    async fn explain_payments(
        &self,
        case: CaseId,
        reported: &HashMap<ClaimId, (u64, SpendReported)>,
        grants: &HashMap<GrantId, u64>,
        explanation: &mut Explanation,
    ) -> Result<(), AppError> {
        let codes = self.partner_codes().await?;
        for (partner, events) in self.partners_and_events(&codes).await? {
            let numbers = numbers(&events);
            let live = partner.payments.iter().filter(|(_, payment)| payment.is_live());
            for (id, payment) in live {
                let number = numbers.get(&id.0).copied().unwrap_or_default();
                for item in payment.items.iter().filter(|item| item.of.case() == Some(case)) {
                    let because = paid(number, payment, item.eur);
                    match item.of {
                        Payable::Claim { claim, .. } => {
                            let Some((claim, report)) = reported.get(&claim) else { continue };
                            explanation.claims.push(undecided(*claim, report, "payment", because));
                        }
                        Payable::Grant { grant, .. } => {
                            let grant = grants.get(&grant).copied().unwrap_or_default();
                            explanation.grants.push(GrantExplained { grant, because });
                        }
                        Payable::Fee { .. } | Payable::Advance => {}
                    }
                }
            }
        }
        Ok(())
    }

    /// Every rulebook that was ever in force, by version.
    pub(super) async fn rulebooks(&self) -> Result<HashMap<String, Rulebook>, AppError> {
        let mut books = HashMap::new();
        for recorded in self.own_events().await? {
            if let Event::Ledger(LedgerEvent::RulebookAdopted(adopted)) = recorded.event {
                books.insert(adopted.version, Rulebook::parse(&adopted.document)?);
            }
        }
        Ok(books)
    }
}

fn judge(
    position: u64,
    outcome: String,
    books: &HashMap<String, Rulebook>,
    version: &str,
    facts: &Facts,
    entitlements: &[Entitlement],
    failed: &[FailedCondition],
) -> Judgement {
    let cite = |id: &str, cap: Option<Eur>, because: &str| {
        let rule = books.get(version).and_then(|book| book.rule(id));
        let sentence = rule.as_ref().and_then(|rule| rule.sentence).unwrap_or_default().to_owned();
        let source = rule
            .map(|rule| format!("{}, {}, {}", rule.source.publisher, rule.source.title, rule.source.date));
        RuleCited {
            id: id.to_owned(),
            cap,
            because: because.to_owned(),
            sentence,
            source: source.unwrap_or_default(),
        }
    };
    let mut rules: Vec<RuleCited> =
        entitlements.iter().map(|e| cite(&e.rule_id, Some(e.cap), &e.arithmetic)).collect();
    for condition in failed {
        let mut cited = cite(&condition.id, None, &condition.detail);
        // A check points to the exclusion or pause that decided, whose own sentence says more.
        let named = books.get(version).and_then(|book| {
            let ids = book.exclusions().iter().map(|e| &e.id).chain(book.pauses().iter().map(|p| &p.id));
            ids.filter(|id| condition.detail.contains(id.as_str())).max_by_key(|id| id.len())
        });
        if let Some(id) = named {
            let decided = cite(id, None, "");
            (cited.sentence, cited.source) = (decided.sentence, decided.source);
        }
        rules.push(cited);
    }
    Judgement { position, outcome, rulebook: version.to_owned(), facts: named_facts(facts), rules }
}

fn named_facts(facts: &Facts) -> Vec<(String, String)> {
    let mut named = vec![("applied_on".to_owned(), facts.applied_on.to_string())];
    named.extend(rulebook::Fact::ALL.iter().map(|fact| (fact.to_string(), facts.value(*fact).to_owned())));
    named
}

/// How the amount of a claim comes from the receipt of a family.
fn share(claim: u64, report: &SpendReported) -> Option<ClaimExplained> {
    let shared = report.shared?;
    let (amount, whole, currency) = (report.amount, shared.whole, shared.whole.currency());
    let because = format!(
        "share {} of {} of a receipt of {whole} {currency}: {amount}; the shares differ by at most one of the smallest unit, the first have it; what does not fit under the cap of one person is not moved to the others",
        shared.part, shared.parts
    );
    let (eligible, disallowed) = (Eur::ZERO, Eur::ZERO);
    Some(ClaimExplained { claim, eur: report.eur, eligible, disallowed, reason: "shared".into(), because })
}

/// How an amount in another currency became euros, or what it waits for.
fn exchanged(claim: u64, report: &SpendReported) -> Option<ClaimExplained> {
    let exchange = report.exchange.as_ref()?;
    let amount = format!("{} {}", report.amount, report.amount.currency());
    let (reason, because) = match (exchange.quote, report.eur) {
        (Some(quote), Some(eur)) => {
            let (rate, rule) = (rate(&quote), exchange.rule);
            let because = match report.shared {
                None => format!("{amount} at {rate} = {eur}, rounded half up; rule {rule}"),
                // Of a family's receipt the whole is converted, and its euros are shared.
                Some(shared) => format!(
                    "{} {} at {rate} = {}, rounded half up, of which {eur} is share {} of {}; rule {rule}",
                    shared.whole,
                    shared.whole.currency(),
                    shared.whole.convert(quote.rate).unwrap_or(Eur::ZERO),
                    shared.part,
                    shared.parts
                ),
            };
            ("converted", because)
        }
        _ => {
            let source = domain::rates::source(exchange.rule);
            (
                "waiting-for-rate",
                format!("{amount}: the rate of {source} for {} is not published yet", exchange.day),
            )
        }
    };
    Some(undecided(claim, report, reason, because))
}

/// What happened to a claim and decides nothing of it.
fn undecided(claim: u64, report: &SpendReported, reason: &str, because: String) -> ClaimExplained {
    let (eligible, disallowed) = (Eur::ZERO, Eur::ZERO);
    ClaimExplained { claim, eur: report.eur, eligible, disallowed, reason: reason.into(), because }
}

fn paid(number: u64, payment: &Payment, eur: Eur) -> String {
    let Payment { reference, proposed_by, .. } = payment;
    let approved = match &payment.approved_by {
        Some(approver) => format!("approved by {approver}"),
        None => "not approved".to_owned(),
    };
    let file = match payment.file {
        Some((file, day)) => format!(", in file {file} for {day}"),
        None => String::new(),
    };
    format!("{eur} in payment {number} ({reference}), proposed by {proposed_by}, {approved}{file}")
}

fn left(cap: Eur, disbursed: Eur) -> Eur {
    cap.checked_sub(disbursed).unwrap_or(Eur::ZERO)
}

fn fits(accepted: &ClaimAccepted, claimed: Eur) -> String {
    let ClaimAccepted { basis, eligible, disallowed, cut, .. } = accepted;
    let left = left(basis.cap, basis.disbursed);
    let room = format!("cap {} − disbursed {} = {left} left", basis.cap, basis.disbursed);
    let wanted = cut.map_or(claimed, |cut| cut.at_most);
    let fits = match wanted == *eligible {
        true => format!("{wanted} fits"),
        false => format!("of {wanted} only {eligible} fits"),
    };
    let finance = match cut {
        Some(_) => format!("; of {claimed} finance accepts at most {wanted}, for the reason in the history"),
        None => String::new(),
    };
    match disallowed.is_zero() {
        true => format!("{room}; {fits}"),
        false => {
            format!("{room}{finance}; {fits}, {claimed} − {eligible} = {disallowed} is disallowed")
        }
    }
}

/// Why a claim is refused; `ended` is how the case had ended before, if it had.
fn refused(refused: &ClaimRefused, report: &SpendReported, ended: Option<&str>) -> String {
    let ClaimRefused { reason, basis, disallowed: claimed, .. } = refused;
    let SpendReported { partner, delivered_on, .. } = report;
    match reason {
        ClaimReason::NoEntitlement => match ended {
            Some(ended) => format!("{ended} before it was decided: nothing is paid of an ended case"),
            None => "nothing was granted on this budget line when it was decided".into(),
        },
        ClaimReason::WrongPartner => match &basis.partner {
            Some(assigned) => format!("reported by {partner}, {assigned} had the case"),
            None => format!("reported by {partner}, no partner has the case"),
        },
        ClaimReason::NotArrived => "no arrival was recorded when it was decided".into(),
        ClaimReason::BeforeArrival => {
            let arrived = basis.arrived_on.map(|day| day.to_string()).unwrap_or_default();
            format!("delivered {delivered_on}, before the arrival on {arrived}")
        }
        ClaimReason::OverCap => {
            let left = left(basis.cap, basis.disbursed).max(Eur::ZERO);
            format!(
                "cap {} − disbursed {}: {left} left; nothing of {claimed} fits",
                basis.cap, basis.disbursed
            )
        }
        ClaimReason::ByFinance => "refused by finance, with the reason in the history".into(),
        ClaimReason::WorthNothing => {
            "its rate has come, and at that it is less than half a cent: there is nothing to book".into()
        }
    }
}
