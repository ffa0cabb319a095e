//! Decisions of finance about claims, and the partner's answers.

use std::collections::BTreeMap;

use domain::case::CaseEvent;
use domain::claim::{ClaimState, Cut, QueryReason, RECEIPT, REVERSAL};
use domain::rates::RateSource;
use domain::{CaseId, ClaimCommand, ClaimId, Event, KeyDigest, TextId};
use event_log::AppendOutcome;
use jiff::civil::Date;
use money::{Amount, Eur};
use serde::Serialize;

use super::reason_text;
use crate::error::AppError;
use crate::import::{named, part_digest, reversal_parts};
use crate::ledger::{ATTEMPTS_MAX, Ledger};
use crate::session::{Draft, Purpose, Session};
use crate::texts::{ReasonText, ReceiptText};

/// Claims decided and written together.
pub(crate) const BATCH: usize = 1_000;

/// What became of one claim when several were accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecidedClaim {
    /// Its number.
    #[serde(rename = "claim")]
    pub number: u64,
    /// Its state now.
    pub state: ClaimState,
    /// As claimed.
    pub eur: Option<Eur>,
    /// Counts as disbursed.
    pub eligible: Eur,
    /// Does not.
    pub disallowed: Eur,
    /// Why not, or what it waits for.
    pub reason: String,
    /// Whether the command was refused, and so changed nothing.
    #[serde(skip)]
    pub refused: bool,
}

/// What a bulk acceptance does with claims that somebody else proposed to accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposals {
    /// Leaves them: whoever accepts in bulk may not have looked at them.
    Leave,
    /// Agrees to them.
    Agree,
}

/// What finance says of a claim in words of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saying {
    /// Nothing of it counts.
    Refuse,
    /// The partner is asked.
    Query,
    /// A refused one is taken up again.
    Reopen,
}

impl Saying {
    fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse-claim",
            Self::Query => "query-claim",
            Self::Reopen => "reopen-claim",
        }
    }

    fn command(self, claim: ClaimId, details: TextId) -> ClaimCommand {
        match self {
            Self::Refuse => ClaimCommand::Refuse { claim, details },
            Self::Query => ClaimCommand::Query { claim, details },
            Self::Reopen => ClaimCommand::Reopen { claim, details },
        }
    }
}

impl Ledger {
    /// Accepts one claim by name: decides also what accepting in bulk would query. Of a large one, proposes to accept
    /// it, or agrees to what somebody else proposed.
    pub async fn accept_claim(&self, case: CaseId, claim: ClaimId) -> Result<(), AppError> {
        let command = ClaimCommand::Accept { claim, by_name: true, cut: None };
        let about = claim.to_string();
        self.execute(case, &["accept-claim", &about], |session, draft| {
            session.on_claim(draft, case, &command)
        })
        .await
    }

    /// The same for no more than an amount, with finance's reason why the rest is disallowed; the words of whoever proposed
    /// it stand.
    pub async fn accept_claim_in_part(
        &self,
        case: CaseId,
        claim: ClaimId,
        at_most: Eur,
        reason: Option<&str>,
    ) -> Result<(), AppError> {
        let text = reason.map(reason_text).transpose()?;
        let (about, sum) = (claim.to_string(), at_most.to_string());
        let words = reason.unwrap_or_default();
        self.execute(case, &["accept-claim-in-part", &about, &sum, words], |session, draft| {
            let cut =
                Some(Cut { at_most, details: why_no_more(session, draft, case, claim, text.as_ref())? });
            let accept = ClaimCommand::Accept { claim, by_name: true, cut };
            session.on_claim(draft, case, &accept)
        })
        .await
    }

    /// Refuses one claim, ending also what somebody proposed; asks the partner about it, so that it is not decided in bulk
    /// until that is answered and taken up by name; or takes up a refused one again, to be decided anew.
    pub async fn say_of_claim(
        &self,
        saying: Saying,
        case: CaseId,
        claim: ClaimId,
        words: &str,
    ) -> Result<(), AppError> {
        self.with_words(case, claim, saying.name(), words, |details| saying.command(claim, details)).await
    }

    /// Records the partner's answer to what was asked last.
    pub async fn answer_query(&self, case: CaseId, claim: ClaimId, answer: &str) -> Result<(), AppError> {
        let answered = |details| ClaimCommand::Answer { claim, details };
        self.with_words(case, claim, "answer-query", answer, answered).await
    }

    /// Records that accepted spend came back: in euro, or in the currency of the claim. The same amount of the same
    /// receipt on the same day is the reversal that was recorded before, by hand or from a file, and is refused. Answers
    /// whether it is recorded now: of much, another person must agree.
    pub async fn reverse_claim(
        &self,
        case: CaseId,
        claim: ClaimId,
        amount: Amount,
        reversed_on: Date,
        reason: &str,
    ) -> Result<bool, AppError> {
        let text = reason_text(reason)?;
        if self.is_to_come(reversed_on) {
            let message = format!("{reversed_on} is still to come: give the day on which it came back");
            return Err(AppError::Usage(message));
        }
        let mut session = Session::new(self, Purpose::Check);
        session.load_cases([case]).await?;
        let known = session.case(case).and_then(|c| Some((c.subject, c.claims.get(&claim)?)));
        let (subject, known) = known.ok_or_else(|| AppError::Usage("there is no such claim".into()))?;
        let receipt = self.reveal::<ReceiptText>(&[(subject, known.details)]).await?.pop().flatten();
        let receipt = receipt.ok_or_else(|| {
            AppError::Usage("the person of this case was erased: nothing can be added".into())
        })?;
        let (partner, shared) = (known.partner.clone(), known.shared);
        let undone: Vec<KeyDigest> =
            known.came_back.iter().filter(|back| back.undone).map(|back| back.key).collect();
        let ReceiptText { supplier, receipt_no, .. } = receipt;
        let of_several = part_digest(&session, partner.as_str(), &supplier, &receipt_no, 2);
        session.load_keys(RECEIPT, &[of_several]).await?;
        let parts = reversal_parts([partner.as_str(), &supplier, &receipt_no], reversed_on, &amount);
        let about = claim.to_string();
        let mut parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let plain = self.digest(REVERSAL, &parts);
        session.load_keys(REVERSAL, &[plain]).await?;
        let is_known = session.owner(REVERSAL, plain).is_some_and(|owner| owner.entity == claim.0);
        // The same amount may come back from each who shares a receipt, or has a part of it; what was recorded while nobody
        // else had one is still the same.
        if !is_known && (shared.is_some() || session.owner(RECEIPT, of_several).is_some()) {
            parts.push(&about);
        }
        // What was undone stays known, and can come back all the same.
        while undone.contains(&self.key_digest(REVERSAL, &parts)) {
            parts.push("again");
        }
        let reversal_key = self.key_digest(REVERSAL, &parts);
        let reverse = |details| ClaimCommand::Reverse { claim, amount, reversed_on, reversal_key, details };
        let (sum, day) = (named(&amount), reversed_on.to_string());
        self.execute(case, &["reverse-claim", &about, &sum, &day, reason], |session, draft| {
            let details = session.seal(draft, case, &text)?;
            session.on_claim(draft, case, &reverse(details))
        })
        .await?;
        session.forget();
        session.load_cases([case]).await?;
        let known = session.case(case).and_then(|case| case.claims.get(&claim));
        Ok(known.is_none_or(|claim| claim.reversal.is_none()))
    }

    /// Undoes a reversal of a claim that was recorded by mistake: the one with this number (the position of its event), or the
    /// only one there is. Answers whether it is undone now: of much, another person must agree.
    pub async fn undo_reversal(
        &self,
        case: CaseId,
        claim: ClaimId,
        reversal: Option<u64>,
        reason: &str,
    ) -> Result<bool, AppError> {
        let reversal_key = self.find_reversal(case, claim, reversal).await?;
        let undo = |details| ClaimCommand::UndoReversal { claim, reversal_key, details };
        let name = format!("undo-reversal {reversal_key}");
        self.with_words(case, claim, &name, reason, undo).await?;
        let mut session = Session::new(self, Purpose::Check);
        session.load_cases([case]).await?;
        let known = session.case(case).and_then(|case| case.claims.get(&claim));
        Ok(known.is_none_or(|claim| claim.undoing.is_none()))
    }

    /// Which reversal of a claim is meant: the one with this number, or the only one that was not undone.
    async fn find_reversal(
        &self,
        case: CaseId,
        claim: ClaimId,
        number: Option<u64>,
    ) -> Result<KeyDigest, AppError> {
        let mut standing = Vec::new();
        for recorded in self.case_events(case).await? {
            match &recorded.event {
                Event::Case(CaseEvent::BenefitReversed(e)) if e.claim == claim => {
                    standing.push((e.reversal_key, recorded.position, e.amount, e.reversed_on));
                }
                Event::Case(CaseEvent::BenefitReversalUndone(e)) if e.claim == claim => {
                    standing.retain(|(key, ..)| *key != e.reversal_key);
                }
                _ => {}
            }
        }
        let told: Vec<String> =
            standing.iter().map(|(_, at, amount, on)| format!("{at} ({amount} on {on})")).collect();
        let meant = standing.iter().filter(|(_, at, ..)| number.is_none_or(|number| number == *at));
        match (meant.collect::<Vec<_>>().as_slice(), told.as_slice()) {
            ([(key, ..)], _) => Ok(*key),
            (_, []) => Err(AppError::Usage("nothing of the claim came back that could be undone".into())),
            (_, told) => Err(AppError::Usage(format!(
                "say with --reversal which one: of the claim came back {}",
                told.join(", ")
            ))),
        }
    }

    /// Ends what somebody proposed to take back of a claim, or to undo, with a reason: whoever proposed it withdraws it, anybody else
    /// refuses it.
    pub async fn drop_reversal(&self, case: CaseId, claim: ClaimId, reason: &str) -> Result<(), AppError> {
        let drop = |details| ClaimCommand::DropReversal { claim, details };
        self.with_words(case, claim, "drop-reversal", reason, drop).await
    }

    /// A command about a claim that comes with somebody's words.
    async fn with_words(
        &self,
        case: CaseId,
        claim: ClaimId,
        name: &str,
        words: &str,
        command: impl Fn(TextId) -> ClaimCommand,
    ) -> Result<(), AppError> {
        let text = reason_text(words)?;
        let about = claim.to_string();
        self.execute(case, &[name, &about, words], |session, draft| {
            let details = session.seal(draft, case, &text)?;
            session.on_claim(draft, case, &command(details))
        })
        .await
    }

    /// Accepts claims in the order given, in batches: those that were reported, and if that is asked for those that somebody
    /// else proposed. What the rules query stays queried, what takes two people is proposed. A dry run shows what would
    /// happen.
    pub async fn accept_claims(
        &self,
        claims: &[(u64, CaseId, ClaimId)],
        proposals: Proposals,
        dry_run: bool,
    ) -> Result<Vec<DecidedClaim>, AppError> {
        self.accept_in_order(claims, None, Some(proposals), dry_run).await
    }

    /// What [`accept_claim`](Self::accept_claim) would come to for these claims, one after the other; or accepting them in
    /// part, each for no more than an amount, with a reason.
    pub async fn preview_claims(
        &self,
        claims: &[(u64, CaseId, ClaimId)],
        in_part: Option<(Eur, Option<&str>)>,
    ) -> Result<Vec<DecidedClaim>, AppError> {
        let in_part = match in_part {
            Some((at_most, reason)) => Some((at_most, reason.map(reason_text).transpose()?)),
            None => None,
        };
        self.accept_in_order(claims, in_part, None, true).await
    }

    /// What [`say_of_claim`](Self::say_of_claim) would come to for these claims, one after the other.
    pub async fn preview_saying(
        &self,
        claims: &[(u64, CaseId, ClaimId)],
        saying: Saying,
        words: &str,
    ) -> Result<Vec<DecidedClaim>, AppError> {
        let text = reason_text(words)?;
        let mut session = Session::new(self, Purpose::DryRun);
        self.decide_in_order(&mut session, claims, saying.name(), |session, draft, case, claim| {
            Ok(Some(saying.command(claim, session.seal(draft, case, &text)?)))
        })
        .await
    }

    /// Accepts claims by name, or in bulk with or without what others proposed.
    async fn accept_in_order(
        &self,
        claims: &[(u64, CaseId, ClaimId)],
        in_part: Option<(Eur, Option<ReasonText>)>,
        in_bulk: Option<Proposals>,
        dry_run: bool,
    ) -> Result<Vec<DecidedClaim>, AppError> {
        let mut session = Session::new(self, if dry_run { Purpose::DryRun } else { Purpose::Write });
        // Whoever accepts converts first what waits for a rate that has come.
        if dry_run {
            self.convert_with(&mut session, claims).await?;
        }
        self.decide_in_order(&mut session, claims, "accept-claim", |session, draft, case, claim| {
            let known = session.case(case).and_then(|c| c.claims.get(&claim));
            let mine = known.is_some_and(|known| match (in_bulk, known.state) {
                (None, _) | (Some(_), ClaimState::Reported) => true,
                (Some(Proposals::Agree), ClaimState::Proposed) => {
                    known.proposed_by.as_ref() != Some(&self.actor)
                }
                _ => false,
            });
            if !mine {
                return Ok(None);
            }
            let cut = in_part.as_ref().map(|(at_most, reason)| {
                let details = why_no_more(session, draft, case, claim, reason.as_ref())?;
                Ok::<_, AppError>(Cut { at_most: *at_most, details })
            });
            Ok(Some(ClaimCommand::Accept { claim, by_name: in_bulk.is_none(), cut: cut.transpose()? }))
        })
        .await
    }

    /// Gives each of these claims its command, if it has one, in the order given and in batches; answers with what became of
    /// them.
    async fn decide_in_order(
        &self,
        session: &mut Session<'_>,
        claims: &[(u64, CaseId, ClaimId)],
        name: &str,
        command: impl Fn(&Session<'_>, &mut Draft, CaseId, ClaimId) -> Result<Option<ClaimCommand>, AppError>,
    ) -> Result<Vec<DecidedClaim>, AppError> {
        let mut done = Vec::with_capacity(claims.len());
        let mut refusals: BTreeMap<u64, String> = BTreeMap::new();
        for chunk in claims.chunks(BATCH) {
            self.decide_claims(session, chunk, &[], |session, tag, case, claim| {
                let revision = session.case(case).map_or(0, |c| c.revision);
                let about = claim.to_string();
                let mut draft = session.draft(tag, &[name, &about, self.actor()], revision);
                let Some(command) = command(session, &mut draft, case, claim)? else { return Ok(()) };
                // Refusals of a claim are events of their own; this is a command that changes nothing.
                let decided = session.on_claim(&mut draft, case, &command)?;
                let number = chunk[tag].0;
                match decided {
                    Ok(()) => refusals.remove(&number),
                    Err(refused) => refusals.insert(number, refused.refusal.codes()),
                };
                session.commit(draft);
                Ok(())
            })
            .await?;
            session.load_cases(chunk.iter().map(|(_, case, _)| *case)).await?;
            for (number, case, claim) in chunk {
                let Some(state) = session.case(*case).and_then(|c| c.claims.get(claim)) else { continue };
                let refusal = refusals.remove(number);
                done.push(DecidedClaim {
                    refused: refusal.is_some(),
                    number: *number,
                    state: state.state,
                    eur: state.eur,
                    eligible: state.eligible,
                    disallowed: state.disallowed,
                    reason: match (state.reason, state.state) {
                        _ if refusal.is_some() => refusal.unwrap_or_default(),
                        (Some(reason), _) => reason.to_string(),
                        (None, ClaimState::Queried) => QueryReason::LateUse.to_string(),
                        (None, ClaimState::Proposed) => "second-person".into(),
                        (None, _) => String::new(),
                    },
                });
            }
        }
        Ok(done)
    }

    /// Decides something about some claims, in the order given, with the rates of these sources at hand, and writes it; again where somebody else wrote first.
    pub(crate) async fn decide_claims(
        &self,
        session: &mut Session<'_>,
        claims: &[(u64, CaseId, ClaimId)],
        sources: &[RateSource],
        mut decide: impl FnMut(&mut Session<'_>, usize, CaseId, ClaimId) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        let mut open: Vec<usize> = (0..claims.len()).collect();
        for _ in 0..ATTEMPTS_MAX {
            session.load_cases(claims.iter().map(|(_, case, _)| *case)).await?;
            session.load_rates(sources.iter().copied()).await?;
            for index in &open {
                let (_, case, claim) = claims[*index];
                decide(session, *index, case, claim)?;
            }
            let outcomes = session.flush().await?;
            open = outcomes
                .into_iter()
                .filter(|(_, outcome)| matches!(outcome, AppendOutcome::Conflict(_)))
                .map(|(tag, _)| tag)
                .collect();
            if open.is_empty() {
                return Ok(());
            }
        }
        Err(AppError::always_second())
    }
}

/// The words that say why no more of a claim is accepted: new ones, or those of whoever proposed it.
fn why_no_more(
    session: &Session<'_>,
    draft: &mut Draft,
    case: CaseId,
    claim: ClaimId,
    reason: Option<&ReasonText>,
) -> Result<TextId, AppError> {
    let known = session.case(case).and_then(|case| case.claims.get(&claim));
    match (known.and_then(|claim| claim.cut.filter(|_| claim.is_open())), reason) {
        (_, Some(reason)) => session.seal(draft, case, reason),
        (Some(proposed), None) => Ok(proposed.details),
        (None, None) => Err(AppError::Usage(
            "say with --reason why no more is accepted; only who agrees to a proposal has no words of their own"
                .into(),
        )),
    }
}
