//! A partner's statement, folded from the log up to a position.

use std::collections::{BTreeMap, HashMap};

use domain::case::CaseEvent;
use domain::hold::{Hold, Scope};
use domain::statement::{Account, Movement, MovementKind, Stated, Words, totals};
use domain::{CaseId, Event, FoldError, Holds, PartnerCode, Period, Recorded, TextId};
use event_log::{Frontier, StoreError, hex};
use interchange::statement::{StatementDocument, StatementLine};
use money::Eur;
use projection_runner::Progress;
use rulebook::Country;

use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::AnyText;

/// Events read at a time.
const PAGE: u32 = 5_000;

impl Ledger {
    /// What a partner reported, what was decided and what is owed in a period, as the log stood at a position: the same
    /// statement for ever. It is folded from the log itself, not from a read model, and carries the root up to there.
    ///
    /// [`AppError::Usage`] if the log does not reach so far, or the partner is not known there.
    pub async fn statement(
        &self,
        partner: &PartnerCode,
        period: Period,
        at: Option<u64>,
        progress: Progress<'_>,
    ) -> Result<StatementDocument, AppError> {
        let head = self.store.head().await?;
        let end = at.unwrap_or(head.position);
        if end > head.position {
            return Err(AppError::Usage(format!("the log ends at position {}", head.position)));
        }
        let (mut account, mut tree, mut known) = (Account::of(partner.clone()), Frontier::new(), false);
        let (mut holds, mut countries) = (Holds::default(), HashMap::new());
        while tree.size() < end {
            let limit = u32::try_from(end - tree.size()).unwrap_or(PAGE).min(PAGE);
            let page = self.store.read_log(tree.size(), limit).await?;
            if page.is_empty() {
                return Err(AppError::Store(StoreError::Damaged("the log ends before its head".into())));
            }
            for recorded in page {
                tree.push(recorded.leaf_hash);
                known |= recorded.stream_id == partner.stream();
                let recorded = Recorded::decode_checked(recorded)?;
                match &recorded.event {
                    Event::Hold(event) => holds.evolve(event)?,
                    Event::Case(CaseEvent::ApplicationFiled(e)) => {
                        countries.insert(e.case, e.facts.destination);
                    }
                    _ => account.apply(&recorded),
                }
            }
            progress(tree.size(), end);
        }
        if !known {
            return Err(AppError::Usage(format!("no partner {partner} is known at position {end}")));
        }
        let moved = account.movements();
        let within: Vec<&Movement> = moved.iter().filter(|movement| period.contains(movement.day)).collect();
        let undecided = undecided(moved, period)?;
        let waiting: Vec<Movement> = account
            .waiting()
            .iter()
            .filter(|waiting| waiting.at_the_end_of(period.last()))
            .map(|waiting| Movement {
                position: waiting.number,
                day: waiting.since,
                kind: MovementKind::Reported,
                eur: Eur::ZERO,
                reason: Some("waiting-for-rate"),
                about: waiting.number,
            })
            .collect();
        let open: Vec<&Movement> = undecided.iter().chain(&waiting).collect();
        let told = self.told_of(&account, within.iter().chain(&open).copied()).await?;
        let totals = totals(moved, period).map_err(FoldError::from)?;
        let held = self.held(&account, period, &holds, &countries)?;
        Ok(StatementDocument {
            partner: partner.to_string(),
            name: account.name().map(ToString::to_string).unwrap_or_default(),
            period,
            position: end,
            root: hex::encode(&tree.root()),
            held: held.min(totals.owed).max(Eur::ZERO),
            totals,
            lines: within.iter().filter_map(|movement| line(movement, &told)).collect(),
            undecided: undecided.iter().filter_map(|movement| line(movement, &told)).collect(),
            waiting: waiting.iter().filter_map(|movement| line(movement, &told)).collect(),
        })
    }

    /// What a hold in force at the end of the period keeps from being paid then: what is accepted in its scope and not
    /// paid, whenever it was delivered. Fees are held with their partner.
    fn held(
        &self,
        account: &Account,
        period: Period,
        holds: &Holds,
        countries: &HashMap<CaseId, Country>,
    ) -> Result<Eur, AppError> {
        let last = period.last();
        let in_force: Vec<&Hold> =
            holds.iter().map(|(_, hold)| hold).filter(|hold| hold.is_in_force(last)).collect();
        let lines = self.rulebook.budget_lines();
        let whole_partner = Scope::Partner(account.partner().clone());
        let covered = |stated: &Stated| {
            if stated.case.is_none() {
                return in_force.iter().any(|hold| hold.scope == whole_partner);
            }
            let country = stated.case.and_then(|case| countries.get(&case));
            let programme = lines
                .iter()
                .find(|line| Some(&line.id) == stated.budget_line.as_ref())
                .map(|line| &line.programme);
            let (Some(country), Some(programme)) = (country, programme) else { return false };
            in_force.iter().any(|hold| hold.covers(account.partner(), *country, programme, last))
        };
        // What was paid is taken for the oldest first, whatever it was meant for.
        let (mut open, mut paid): (Vec<(u64, Eur)>, Eur) = (Vec::new(), Eur::ZERO);
        for movement in account.movements().iter().filter(|movement| movement.day <= last) {
            match movement.kind {
                MovementKind::Eligible | MovementKind::Fee | MovementKind::Grant => {
                    open.push((movement.about, movement.eur));
                }
                MovementKind::Reversed | MovementKind::GrantBack => {
                    let reversed = open.iter_mut().rev().find(|(about, _)| *about == movement.about);
                    if let Some((_, left)) = reversed {
                        *left = left.checked_sub(movement.eur).map_err(FoldError::from)?;
                    }
                }
                MovementKind::Advance | MovementKind::Paid => {
                    paid = paid.checked_add(movement.eur).map_err(FoldError::from)?;
                }
                _ => {}
            }
        }
        let mut held = Eur::ZERO;
        for (about, eur) in open {
            let settled = eur.min(paid);
            paid = paid.checked_sub(settled).map_err(FoldError::from)?;
            if account.stated(about).is_some_and(covered) {
                let left = eur.checked_sub(settled).map_err(FoldError::from)?;
                held = held.checked_add(left).map_err(FoldError::from)?;
            }
        }
        Ok(held)
    }

    /// What movements are about, with their texts.
    async fn told_of<'a>(
        &self,
        account: &'a Account,
        movements: impl Iterator<Item = &Movement>,
    ) -> Result<BTreeMap<u64, Told<'a>>, AppError> {
        let mut numbers: Vec<u64> = movements.map(|movement| movement.about).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let stated: Vec<&Stated> = numbers.into_iter().filter_map(|number| account.stated(number)).collect();
        self.current().await?;
        let names = self.case_names(stated.iter().filter_map(|stated| stated.case)).await?;
        let name_of = |stated: &Stated| stated.case.and_then(|case| names.get(&case));
        let sealed = stated.iter().filter_map(|stated| match stated.words {
            Words::Sealed(text) => {
                Some((name_of(stated).map_or(LEDGER_SUBJECT, |name| name.row.subject), text))
            }
            Words::Reference(_) => None,
        });
        let sealed: Vec<_> = sealed.collect();
        let texts = self.reveal::<AnyText>(&sealed).await?;
        let texts: HashMap<TextId, AnyText> =
            sealed.into_iter().zip(texts).filter_map(|((_, id), text)| Some((id, text?))).collect();
        Ok(stated
            .into_iter()
            .map(|stated| {
                let (receipt_no, supplier) = match &stated.words {
                    Words::Reference(reference) => (reference.to_string(), String::new()),
                    Words::Sealed(id) => AnyText::words(texts.get(id)),
                };
                let (external_ref, case) = name_of(stated)
                    .map(|name| (name.external_ref.clone(), name.case.clone()))
                    .unwrap_or_default();
                (stated.number, Told { stated, external_ref, case, receipt_no, supplier })
            })
            .collect())
    }
}

/// What a movement is about, as people know it.
struct Told<'a> {
    stated: &'a Stated,
    external_ref: String,
    case: String,
    receipt_no: String,
    supplier: String,
}

/// What is left undecided of each claim at the end of a period, as movements of their own.
fn undecided(moved: &[Movement], period: Period) -> Result<Vec<Movement>, AppError> {
    let mut left: BTreeMap<u64, Movement> = BTreeMap::new();
    for movement in moved.iter().filter(|movement| movement.day <= period.last()) {
        let open =
            left.entry(movement.about).or_insert_with(|| Movement { eur: Eur::ZERO, ..movement.clone() });
        let after = match movement.kind {
            MovementKind::Reported | MovementKind::Reopened => open.eur.checked_add(movement.eur),
            MovementKind::Eligible | MovementKind::Disallowed => open.eur.checked_sub(movement.eur),
            _ => Ok(open.eur),
        };
        open.eur = after.map_err(FoldError::from)?;
    }
    Ok(left.into_values().filter(|movement| !movement.eur.is_zero()).collect())
}

fn line(movement: &Movement, told: &BTreeMap<u64, Told<'_>>) -> Option<StatementLine> {
    let Told { stated, external_ref, case, receipt_no, supplier } = told.get(&movement.about)?;
    Some(StatementLine {
        position: movement.position,
        day: movement.day,
        movement: movement.kind.code(),
        eur: movement.eur,
        reason: movement.reason.unwrap_or_default(),
        number: stated.number,
        external_ref: external_ref.clone(),
        case: case.clone(),
        category: stated.category.clone(),
        receipt_no: receipt_no.clone(),
        supplier: supplier.clone(),
        on: stated.on,
        amount: stated.amount.to_string(),
        currency: stated.amount.currency().code(),
        rate: stated.quote.map(|quote| quote.rate.to_string()).unwrap_or_default(),
    })
}
