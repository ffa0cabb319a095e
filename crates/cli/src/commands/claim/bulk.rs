//! Accepting many claims at once, and what that would come to.

use std::collections::{BTreeMap, HashSet};

use app::Ledger;
use app::command::{DecidedClaim, Proposals};
use app::query::{ClaimFilter, ClaimItem};
use domain::FoldError;
use domain::claim::{ClaimState, Flag};
use money::Eur;

use super::convert;
use crate::args::Format;
use crate::cells;
use crate::output::{Failure, counted, listing, remark, say};

const COLUMNS: &[&str] = &[
    "claim",
    "partner",
    "external_ref",
    "receipt_no",
    "category",
    "delivered_on",
    "eur",
    "eligible",
    "disallowed",
    "reason",
    "state",
    "agrees_to",
    "flags",
];

/// Which claims are accepted in bulk.
pub struct Bulk {
    /// Those asked for.
    pub filter: ClaimFilter,
    /// Also those that a flag holds back.
    pub flagged_too: bool,
    /// Only those about which nothing was told after this position.
    pub up_to: Option<u64>,
    /// What becomes of those that somebody else proposed to accept.
    pub proposals: Proposals,
}

/// Accepts the claims asked for that can be decided in bulk, and lists what became of each. Those with a
/// flag that asks for a look at another claim stay open, unless they are asked for too.
pub async fn accept(ledger: &Ledger, format: Format, bulk: Bulk, dry_run: bool) -> Result<(), Failure> {
    let Bulk { filter, flagged_too, up_to, proposals } = bulk;
    // Before anything is looked at, so that whatever is reported meanwhile lies above it.
    let position = ledger.store().head().await?.position;
    let told = match up_to {
        Some(up_to) => ledger.claims_changed(up_to, position).await?,
        None => HashSet::new(),
    };
    let waiting = ClaimFilter { state: Some(ClaimState::WaitingForRate), ..filter.clone() };
    let waiting: Vec<_> = ledger.claims(&waiting).await?.iter().map(named).collect();
    let mut worth = BTreeMap::new();
    match dry_run {
        true => worth = ledger.would_convert(&waiting).await?,
        false => convert(ledger, &waiting).await?,
    }
    let mut claims = ledger.claims(&filter).await?;
    let (mut later, mut changed) = (0, Vec::new());
    if let Some(up_to) = up_to {
        let before = claims.len();
        claims.retain(|claim| claim.claim <= up_to);
        later = before - claims.len();
        claims.retain(|claim| {
            let has_changed = told.contains(&claim.id);
            changed.extend((has_changed && claim.state.is_open()).then(|| claim.claim.to_string()));
            !has_changed
        });
    }
    for claim in &mut claims {
        if let Some(eur) = worth.get(&claim.claim) {
            (claim.eur, claim.state) = (Some(*eur), ClaimState::Reported);
        }
    }
    let by_others =
        |claim: &ClaimItem| claim.state == ClaimState::Proposed && claim.proposed_by != ledger.actor();
    let open = |claim: &&ClaimItem| {
        claim.state == ClaimState::Reported || (proposals == Proposals::Agree && by_others(claim))
    };
    let left = claims.iter().filter(|claim| proposals == Proposals::Leave && by_others(claim)).count();
    let flags = ledger.flags_supposing(&worth).await?;
    let holds_back = |claim: &ClaimItem| {
        let mut flags = flags.get(&claim.claim).into_iter().flatten();
        !flagged_too && flags.any(|flag| flag.kind.holds_back())
    };
    let (held_back, taken): (Vec<_>, Vec<_>) =
        claims.iter().filter(open).partition(|claim| holds_back(claim));
    let named: Vec<_> = taken.iter().map(|claim| named(claim)).collect();
    let decided = ledger.accept_claims(&named, proposals, dry_run).await?;
    let decided: BTreeMap<u64, &DecidedClaim> = decided.iter().map(|done| (done.number, done)).collect();
    let mut shown: Vec<&ClaimItem> = taken.iter().chain(&held_back).copied().collect();
    shown.sort_by_key(|claim| claim.claim);
    let rows: Vec<Outcome> =
        shown.iter().map(|c| Outcome::of(c, decided.get(&c.claim).copied(), &flags)).collect();
    listing(format, COLUMNS, &rows, |row| {
        cells![
            row.claim,
            &row.partner,
            &row.external_ref,
            &row.receipt_no,
            &row.category,
            row.delivered_on,
            row.eur,
            row.eligible,
            row.disallowed,
            &row.reason,
            row.state.code(),
            &row.agrees_to,
            &row.flags
        ]
    })?;
    if left > 0 {
        remark(format!(
            "{} that somebody else proposed to accept left open: look at them with `svala claim list --state proposed`, then name them or give --agree",
            counted(left as u64, "claim")
        ));
    }
    if later > 0 {
        remark(format!("{} reported since then: not looked at", counted(later as u64, "claim")));
    }
    if !changed.is_empty() {
        let (claims, numbers) = (counted(changed.len() as u64, "claim"), changed.join(" "));
        remark(format!("{claims} changed since the preview: left open ({numbers})"));
    }
    if format == Format::Table {
        say(summary(&rows, held_back.len(), dry_run)?)?;
        if dry_run {
            let shown = up_to.unwrap_or(position);
            remark(format!(
                "with --up-to {shown} nothing is accepted that was reported or has changed after this preview"
            ));
        }
    }
    Ok(())
}

fn named(claim: &ClaimItem) -> (u64, domain::CaseId, domain::ClaimId) {
    (claim.claim, claim.case_id, claim.id)
}

/// One claim with what became of it.
#[derive(Debug, serde::Serialize)]
struct Outcome {
    claim: u64,
    partner: String,
    external_ref: String,
    receipt_no: String,
    category: String,
    delivered_on: jiff::civil::Date,
    eur: Option<Eur>,
    eligible: Eur,
    disallowed: Eur,
    reason: String,
    state: ClaimState,
    /// Who proposed it before, where this agrees.
    agrees_to: String,
    flags: String,
}

impl Outcome {
    fn of(claim: &ClaimItem, decided: Option<&DecidedClaim>, flags: &BTreeMap<u64, Vec<Flag>>) -> Self {
        let flags = flags.get(&claim.claim).map_or(&[][..], Vec::as_slice);
        Self {
            claim: claim.claim,
            partner: claim.partner.clone(),
            external_ref: claim.external_ref.clone(),
            receipt_no: claim.receipt_no.clone(),
            category: claim.category.clone(),
            delivered_on: claim.delivered_on,
            eur: claim.eur,
            eligible: decided.map_or(claim.eligible, |done| done.eligible),
            disallowed: decided.map_or(claim.disallowed, |done| done.disallowed),
            reason: decided.map_or_else(|| "flagged".to_owned(), |done| done.reason.clone()),
            state: decided.map_or(claim.state, |done| done.state),
            agrees_to: decided.map(|_| claim.proposed_by.clone()).unwrap_or_default(),
            flags: flags.iter().map(|flag| flag.kind.code()).collect::<Vec<_>>().join(" "),
        }
    }
}

/// How many became what, with their euros.
fn summary(rows: &[Outcome], flagged: usize, dry_run: bool) -> Result<String, Failure> {
    let sum = |of: fn(&Outcome) -> Eur| {
        Eur::sum(rows.iter().map(of)).map_err(|error| app::AppError::from(FoldError::from(error)))
    };
    let in_state = |state| rows.iter().filter(|row| row.state == state).count();
    let open = rows.iter().filter(|row| row.state.is_open()).count();
    let decided = counted(rows.len() - open, "claim");
    let done = if dry_run { "would be decided (dry run, nothing was written)" } else { "decided" };
    let mut text = format!(
        "{decided} {done}: {} EUR eligible, {} EUR disallowed",
        sum(|r| r.eligible)?,
        sum(|r| r.disallowed)?
    );
    let proposed =
        rows.iter().filter(|row| row.state == ClaimState::Proposed && row.reason != "flagged").count();
    if proposed > 0 {
        text += &format!("; {proposed} proposed: another person must agree");
    }
    let agreed: Vec<&Outcome> = rows.iter().filter(|row| !row.agrees_to.is_empty()).collect();
    if !agreed.is_empty() {
        let eligible = Eur::sum(agreed.iter().map(|row| row.eligible));
        let eligible = eligible.map_err(|error| app::AppError::from(FoldError::from(error)))?;
        text += &format!(
            "; {} of them had been proposed by somebody else: {eligible} EUR eligible",
            agreed.len()
        );
    }
    let queried = in_state(ClaimState::Queried);
    if queried > 0 {
        text += &format!("; {queried} queried: decide by number");
    }
    if flagged > 0 {
        text += &format!("; {flagged} flagged and left open: see `svala claim flags`");
    }
    Ok(text)
}
