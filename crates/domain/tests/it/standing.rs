//! What holds of every case, whatever it was told.

use std::collections::BTreeMap;

use domain::case::{CaseCommand, CaseEvent};
use domain::claim::ClaimState;
use domain::grant::GrantState;
use domain::{Balances, Case, ClaimCommand, GrantCommand, Line};
use money::Eur;
use proptest::prelude::*;

use crate::support::{Command, GRANT};

/// What the claims and payments add up to, line by line, counted without looking at a single event.
fn counted(case: &Case) -> BTreeMap<String, (Eur, Eur, Eur)> {
    let mut lines: BTreeMap<String, (Eur, Eur, Eur)> = BTreeMap::new();
    let add = |sum: &mut Eur, amount: Eur| *sum = sum.checked_add(amount).unwrap();
    for claim in case.claims.values() {
        let (pending, disbursed, disallowed) = lines.entry(claim.budget_line.clone()).or_default();
        if claim.is_open() {
            add(pending, claim.eur.unwrap_or(Eur::ZERO));
        }
        add(disbursed, claim.eligible.checked_sub(claim.reversed).unwrap());
        add(disallowed, claim.disallowed);
    }
    for grant in case.grants.values() {
        let (_, disbursed, disallowed) = lines.entry(GRANT.to_owned()).or_default();
        let left = grant.amount.checked_sub(grant.returned).unwrap();
        match grant.state {
            GrantState::Refused => add(disallowed, left),
            GrantState::Paid | GrantState::Allowed | GrantState::Returned => add(disbursed, left),
        }
    }
    lines
}

/// Lines that may stand over their cap: it was lowered below what was paid, or finance allowed a payment.
pub fn excuse(excused: &mut Vec<String>, before: &Balances, after: &Balances, event: &CaseEvent) {
    if let CaseEvent::ArrivalGrantAllowed(e) = event {
        excused.push(e.budget_line.clone());
    }
    for (name, line) in after.iter() {
        if line.cap < before.line(name).cap {
            excused.push(name.to_owned());
        }
    }
}

pub fn within_cap(line: &Line) -> bool {
    line.disbursed <= line.cap
}

/// The figures of a case are those of its claims, payments and plans, and within its caps.
pub fn stands(case: &Case, excused: &[String]) -> Result<(), TestCaseError> {
    for (name, line) in case.balances.iter() {
        prop_assert!(!line.pending.is_negative() && !line.disbursed.is_negative());
        prop_assert!(!line.disallowed.is_negative());
        let left = case.plan.iter().filter(|(.., planned)| planned.budget_line == name);
        prop_assert_eq!(Eur::sum(left.map(|(.., planned)| planned.left)).unwrap(), line.committed);
        let excused = excused.iter().any(|excused| excused == name);
        let held_back = case.claims.values().filter(|claim| claim.budget_line == name);
        let held_back = held_back.filter(|claim| claim.state == ClaimState::WaitingForRate);
        let held_back = held_back.filter_map(|claim| Some(claim.estimate?.0));
        prop_assert_eq!(Eur::sum(held_back).unwrap(), line.estimated);
        prop_assert!(within_cap(line) || excused, "{} is over its cap: {:?}", name, line);
        prop_assert!(line.available().unwrap() <= line.cap, "{} has more than its cap: {:?}", name, line);
    }
    for (name, (pending, disbursed, disallowed)) in counted(case) {
        let line = case.balances.line(&name);
        prop_assert_eq!((line.pending, line.disbursed, line.disallowed), (pending, disbursed, disallowed));
    }
    for claim in case.claims.values() {
        let decided = claim.eligible.checked_add(claim.disallowed).unwrap();
        prop_assert_eq!(decided, if claim.is_open() { Eur::ZERO } else { claim.eur.unwrap_or(Eur::ZERO) });
        prop_assert!(!claim.reversed.is_negative() && claim.reversed <= claim.eligible);
        let back = claim.came_back.iter().filter(|back| !back.undone).map(|back| back.eur);
        prop_assert_eq!(Eur::sum(back).unwrap(), claim.reversed);
        prop_assert!(claim.reversal.is_none() || claim.undoing.is_none());
        let worth_now = claim.eur.or(claim.held_back()).unwrap_or(Eur::ZERO);
        prop_assert!(!claim.drawn.is_negative() && claim.drawn <= worth_now);
        prop_assert_eq!(claim.proposed_by.is_some() && claim.is_open(), claim.state == ClaimState::Proposed);
        // Euros are those of the receipt, or of its rate; without a rate there are none, and nothing is decided.
        let whole = claim.shared.map_or(claim.amount, |shared| shared.whole);
        let worth = match (whole.to_eur_exact(), claim.quote()) {
            (Some(eur), _) => Some(eur),
            (None, quote) => quote.map(|quote| whole.convert(quote.rate).unwrap()),
        };
        let worth = match claim.shared {
            None => worth,
            Some(shared) => worth
                .map(|whole| whole.split_equally(shared.parts as usize).unwrap()[shared.part as usize - 1]),
        };
        prop_assert_eq!(claim.eur, worth);
        if claim.eur.is_none() {
            let states = [ClaimState::WaitingForRate, ClaimState::Refused];
            prop_assert!(states.contains(&claim.state) && decided.is_zero());
        }
        let all_back = !claim.eligible.is_zero() && claim.reversed == claim.eligible;
        prop_assert_eq!(claim.state == ClaimState::Reversed, all_back);
    }
    Ok(())
}

/// Only what was spent already, a lower cap and an arrival grant that finance allows ask for more than there is; no plan,
/// no acceptance and no payment does.
pub fn promises_no_more(before: &Balances, after: &Balances, command: &Command) -> Result<(), TestCaseError> {
    let may_ask_for_more = matches!(
        command.given().0,
        Command::Case(CaseCommand::ChangeReturnMode { .. } | CaseCommand::Withdraw { .. })
            | Command::Claim(
                ClaimCommand::Report(_)
                    | ClaimCommand::Convert { .. }
                    | ClaimCommand::Reopen { .. }
                    | ClaimCommand::UndoReversal { .. }
            )
            | Command::Grant(GrantCommand::Allow { .. })
    );
    for (name, line) in after.iter() {
        let (was, is) = (before.line(name).available().unwrap(), line.available().unwrap());
        prop_assert!(
            !is.is_negative() || is >= was || may_ask_for_more,
            "{:?} leaves {} of {} on {}",
            command,
            is,
            was,
            name
        );
    }
    Ok(())
}
