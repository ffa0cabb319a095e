//! What becomes of each row of a file of spend, and what is left for the people it is about: for whoever looks before it
//! is imported, and after.
//!
//! Whoever looks for a partner decides nothing. So a dry run that is not told to accept supposes that finance does, in the
//! order of the file: what it shows as accepted is what would count if nothing else came in between.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use ::claims::ClaimsProjection;
use domain::claim::{Benefit, Claim, ClaimState, QueryReason, Room, Sighted};
use domain::partner::FeeState;
use domain::{Actor, By, CaseId, ClaimCommand, ClaimId, FeeId, FoldError, PartnerCode};
use interchange::SpendRow;
use money::{Eur, Overflow};

use super::row_report::{PersonReport, ROWS_TOLD_MAX};
use super::{At, ImportReport};
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::query::{in_own_currencies, room};
use crate::session::Session;

/// Who is supposed to accept, and to agree where it takes two. No partner has such a code, and nothing of it is written.
const SUPPOSED: [&str; 2] = ["_first", "_second"];

/// How the claims of a row stand, or its fee.
struct Standing {
    state: String,
    eur: Option<Eur>,
    counts: Option<(Eur, Eur)>,
    reason: String,
}

/// What is gathered while rows are decided; a row that is decided again stands in the place of itself.
#[derive(Default)]
pub(crate) struct Preview {
    standings: HashMap<u64, Standing>,
    people: BTreeMap<(CaseId, String), PersonReport>,
    /// The budget lines of people that rows were about since they were told last, with how the last row names them.
    touched: BTreeMap<(CaseId, String), String>,
    /// By row and share.
    sighted: BTreeMap<(u64, usize), (ClaimId, Sighted)>,
}

/// Tells of a row of spend that was decided: of each share the claim, if it was reported; and why it is left open though all
/// are accepted.
pub(super) fn of_spend(
    session: &mut Session<'_>,
    at: At,
    row: &SpendRow,
    (accepts, held_back): (bool, Option<&'static str>),
    claims: &[(CaseId, ClaimId)],
) -> Result<(), AppError> {
    if session.preview().is_none() {
        return Ok(());
    }
    let supposes = !accepts && !session.writes();
    let takes_two = if supposes && held_back.is_none() { suppose(session, at, claims)? } else { false };
    let why = held_back.filter(|_| accepts || supposes).or(takes_two.then_some("takes two people"));
    let standing = standing(session, claims, why).map_err(FoldError::from)?;
    let mut sighted = Vec::new();
    let mut touched = Vec::new();
    for ((id, claim_id), name) in claims.iter().zip(&row.case_refs) {
        let Some(claim) = session.case(*id).and_then(|case| case.claims.get(claim_id)) else { continue };
        touched.push(((*id, claim.budget_line.clone()), name.clone()));
        sighted.extend(seen(session, *id, claim, row, supposes).map(|seen| (*claim_id, seen)));
    }
    let Some(preview) = session.preview() else { return Ok(()) };
    preview.touched.extend(touched);
    if preview.standings.len() < ROWS_TOLD_MAX {
        preview.standings.extend(standing.map(|standing| (at.row, standing)));
        let shares = sighted.into_iter().enumerate();
        preview.sighted.extend(shares.map(|(place, sighted)| ((at.row, place), sighted)));
    }
    Ok(())
}

/// Tells what is left for the people that the rows decided last were about: once for all of them, because who has many
/// claims is looked at as a whole.
pub(super) fn tell_people(session: &mut Session<'_>) -> Result<(), AppError> {
    let touched = session.preview().map(|preview| std::mem::take(&mut preview.touched)).unwrap_or_default();
    let mut people = Vec::with_capacity(touched.len());
    for ((id, line), name) in touched {
        let Some(case) = session.case(id) else { continue };
        let person = person(case, &name, &line)?;
        people.push(((id, line), person));
    }
    if let Some(preview) = session.preview() {
        preview.people.extend(people);
    }
    Ok(())
}

/// Tells of a row of a fee that was reported.
pub(super) fn of_fee(session: &mut Session<'_>, at: At, partner: &PartnerCode, fee: FeeId) {
    let known = session.partner(partner).and_then(|partner| partner.fees.get(&fee));
    let standing = known.map(|fee| Standing {
        state: fee.state.to_string(),
        eur: fee.eur,
        counts: None,
        reason: match fee.state {
            FeeState::WaitingForRate => fee.state.to_string(),
            _ => String::new(),
        },
    });
    if let (Some(preview), Some(standing)) = (session.preview(), standing)
        && preview.standings.len() < ROWS_TOLD_MAX
    {
        preview.standings.insert(at.row, standing);
    }
}

/// Accepts claims as finance would, by two people where it takes two; answers whether it does. Nothing of it is written.
fn suppose(session: &mut Session<'_>, at: At, claims: &[(CaseId, ClaimId)]) -> Result<bool, AppError> {
    let mut takes_two = false;
    for (case, claim) in claims {
        for name in SUPPOSED {
            let state = session.case(*case).and_then(|case| case.claims.get(claim)).map(|claim| claim.state);
            takes_two |= state == Some(ClaimState::Proposed);
            if matches!(state, Some(ClaimState::Reported | ClaimState::Proposed)) {
                let name = name.parse::<Actor>().map_err(|error| AppError::Usage(error.to_string()))?;
                let by = By::of(name, |_| false);
                let mut draft = session.draft(at.tag, &["suppose"], 0);
                let accept = ClaimCommand::Accept { claim: *claim, by_name: false, cut: None };
                drop(session.on_claim_by(&mut draft, *case, &accept, &by)?);
            }
        }
    }
    Ok(takes_two)
}

fn standing(
    session: &Session<'_>,
    claims: &[(CaseId, ClaimId)],
    why: Option<&'static str>,
) -> Result<Option<Standing>, Overflow> {
    let known: Vec<&Claim> =
        claims.iter().filter_map(|(case, claim)| session.case(*case)?.claims.get(claim)).collect();
    let (mut states, mut reasons) = (BTreeSet::new(), BTreeSet::new());
    for claim in &known {
        states.insert(claim.state.code());
        reasons.extend(claim.reason.map(|reason| reason.code()));
        reasons.extend((claim.state == ClaimState::Queried).then_some(QueryReason::LateUse.code()));
    }
    reasons.extend(why);
    let joined = |codes: BTreeSet<&str>| codes.into_iter().collect::<Vec<_>>().join(", ");
    let eur: Option<Vec<Eur>> = known.iter().map(|claim| claim.eur).collect();
    let eligible = Eur::sum(known.iter().map(|claim| claim.eligible))?;
    let disallowed = Eur::sum(known.iter().map(|claim| claim.disallowed))?;
    let standing = Standing {
        state: joined(states),
        eur: eur.map(Eur::sum).transpose()?,
        counts: Some((eligible, disallowed)),
        reason: joined(reasons),
    };
    Ok((!known.is_empty()).then_some(standing))
}

fn person(case: &domain::Case, name: &str, budget_line: &str) -> Result<PersonReport, AppError> {
    let line = case.balances.line(budget_line);
    let waiting = case
        .claims
        .values()
        .filter(|claim| claim.state == ClaimState::WaitingForRate && claim.budget_line == budget_line);
    Ok(PersonReport {
        case_ref: name.to_owned(),
        case: case.reference.to_string(),
        budget_line: budget_line.to_owned(),
        cap: line.cap,
        disbursed: line.disbursed,
        committed: line.committed,
        pending: line.pending,
        estimated: line.estimated,
        available: line.available().map_err(FoldError::from)?,
        waiting: in_own_currencies(waiting.map(|claim| claim.amount))?,
    })
}

/// A claim as flags look at it; it gets its number when they do.
fn seen(
    session: &Session<'_>,
    case: CaseId,
    claim: &Claim,
    row: &SpendRow,
    supposed: bool,
) -> Option<Sighted> {
    let ledger = session.ledger();
    let known = session.case(case)?;
    let (country, had_by) = (known.facts.destination, known.partner_on(claim.delivered_on).cloned());
    let line = known.balances.line(&claim.budget_line);
    // What a dry run supposes to be accepted was there before.
    let room = room(&line)
        .ok()?
        .filter(|_| supposed || claim.state.is_open())
        .map(|room| Room { left: room.left.checked_add(claim.eligible).unwrap_or(room.left), ..room });
    let (purpose, programme) = ledger.purpose_of(&claim.category, &claim.budget_line);
    let agreements = session.partner(&claim.partner);
    Some(Sighted {
        number: 0,
        outside_agreement: agreements
            .is_some_and(|partner| partner.is_outside_agreements(&programme, country, claim.delivered_on)),
        partner: claim.partner.clone(),
        benefit: Some(Benefit {
            case,
            family: claim.shared.map(|shared| shared.of),
            purpose,
            programme,
            country,
            room,
            had_by: had_by.filter(|had_by| *had_by != claim.partner),
        }),
        category: claim.category.clone(),
        delivered_on: claim.delivered_on,
        reported_on: ledger.today(),
        amount: claim.amount,
        eur: claim.eur,
        worth: match (claim.shared, claim.beside) {
            (None, None) => claim.eur,
            _ => claim.worth_of_receipt(),
        },
        counts: claim.state.counts(),
        alike: Some(ledger.alike(&row.supplier, &row.receipt_no)),
        receipt_sha256: claim.receipt_sha256,
        file: session.source(),
    })
}

impl Ledger {
    /// Adds to the rows of a file how their claims stand and what is odd about them, and says what is left for whom.
    pub(super) async fn tell_rows(
        &self,
        report: &mut ImportReport,
        preview: Option<Preview>,
    ) -> Result<(), AppError> {
        let Some(Preview { mut standings, people, sighted, .. }) = preview else { return Ok(()) };
        let flags = match report.written {
            // All claims of the ledger are held against each other: not for a file that is not told as a whole.
            _ if sighted.is_empty() || report.rows_untold > 0 => RowFlags::new(),
            true => self.flags_written(sighted).await?,
            false => self.flags_supposed(sighted).await?,
        };
        for row in &mut report.rows {
            if let Some(standing) = standings.remove(&row.row) {
                (row.state, row.eur) = (standing.state, standing.eur);
                (row.eligible, row.disallowed) = standing.counts.unzip();
                if row.reason.is_empty() {
                    row.reason = standing.reason;
                }
            }
            if let Some(codes) = flags.get(&row.row) {
                let raised = codes.iter().map(|code| (*code).to_owned());
                let told = Some(std::mem::take(&mut row.flags)).filter(|told| !told.is_empty());
                row.flags = told.into_iter().chain(raised).collect::<Vec<_>>().join(" ");
            }
        }
        report.people = people.into_values().collect();
        report.people.sort_by(|a, b| (&a.case_ref, &a.budget_line).cmp(&(&b.case_ref, &b.budget_line)));
        Ok(())
    }

    /// The flags of rows, as if they were reported.
    async fn flags_supposed(&self, sighted: Sights) -> Result<RowFlags, AppError> {
        let after = self.store.head().await?.position;
        let rows: Vec<u64> = sighted.keys().map(|(row, _)| *row).collect();
        let numbered = (after + 1..).zip(sighted.into_values());
        let supposed = numbered.map(|(number, (_, sighted))| Sighted { number, ..sighted }).collect();
        let flags = self.flags_near(supposed, |_, _| false).await?;
        let mut by_row = RowFlags::new();
        for (number, row) in (after + 1..).zip(rows) {
            let raised = flags.get(&number).into_iter().flatten();
            by_row.entry(row).or_default().extend(raised.map(|flag| flag.kind.code()));
        }
        Ok(by_row)
    }

    /// The flags of rows that were reported.
    async fn flags_written(&self, sighted: Sights) -> Result<RowFlags, AppError> {
        let keys: Vec<String> = sighted.values().map(|(claim, _)| claim.to_string()).collect();
        let reported: HashSet<&str> = keys.iter().map(String::as_str).collect();
        let flags = self.flags_near(Vec::new(), |key, _| reported.contains(key)).await?;
        let claims = self.runner.rows::<ClaimsProjection>(&keys).await?;
        let mut by_row = RowFlags::new();
        for ((row, _), claim) in sighted.keys().zip(claims) {
            let raised = claim.and_then(|claim| flags.get(&claim.position)).into_iter().flatten();
            by_row.entry(*row).or_default().extend(raised.map(|flag| flag.kind.code()));
        }
        Ok(by_row)
    }
}

type Sights = BTreeMap<(u64, usize), (ClaimId, Sighted)>;
type RowFlags = HashMap<u64, BTreeSet<&'static str>>;
