//! Amounts at the ends: nothing that is decided may be impossible to fold.

use domain::claim::Spend;
use domain::{Case, Refusal};
use money::Eur;
use rstest::rstest;

use crate::support::*;

/// What a command decides must be foldable: a decision that cannot be folded would be read as damage.
fn decided_and_folded(history: &mut History, command: Command) -> Result<(), Refusal> {
    let events = history.decide(&command)?;
    for event in events {
        let case = Case::evolve(history.case.clone(), &event)
            .unwrap_or_else(|error| panic!("{command:?} decides {event:?}, and then {error}"));
        history.case = Some(case);
    }
    Ok(())
}

fn report(number: u128, amount: Eur) -> Command {
    Spend { amount: amount.into(), ..spend(number, "2024-04-01", "1.00") }.into()
}

#[test]
fn a_sum_of_claims_that_overflows_is_refused_not_damage() {
    let mut history = History::arrived(facts());
    decided_and_folded(&mut history, report(1, Eur::MAX)).unwrap();
    let refused = decided_and_folded(&mut history, report(2, Eur::from_cents(1))).unwrap_err();
    assert_eq!(refused.codes(), "amount-too-large");
}

#[test]
fn a_sum_of_disallowed_claims_that_overflows_is_refused_not_damage() {
    let mut history = History::arrived(facts());
    decided_and_folded(&mut history, report(1, Eur::MAX)).unwrap();
    decided_and_folded(&mut history, refuse(1).into()).unwrap();
    let reported = decided_and_folded(&mut history, report(2, Eur::from_cents(1)));
    // Whichever of the two commands is refused, neither may decide what cannot be folded.
    let refused = reported.and_then(|()| decided_and_folded(&mut history, refuse(2).into())).unwrap_err();
    assert_eq!(refused.codes(), "amount-too-large");
}

#[test]
fn a_sum_of_refused_grants_that_overflows_is_refused_not_damage() {
    let mut history = History::arrived(facts());
    let pay = |number, amount| match pay(number, "2024-03-20", "1.00") {
        domain::GrantCommand::Pay { grant, paid_on, method, payment_key, details, .. } => {
            domain::GrantCommand::Pay { grant, paid_on, amount, method, payment_key, details }
        }
        other => other,
    };
    decided_and_folded(&mut history, pay(1, Eur::MAX).into()).unwrap();
    let refused = decided_and_folded(&mut history, pay(2, Eur::from_cents(1)).into()).unwrap_err();
    assert_eq!(refused.codes(), "amount-too-large");
}

/// A negative return would raise what was disbursed, past every cap.
#[rstest]
#[case::claim(spend(2, "2024-04-01", "-1.00").into())]
#[case::claim_of_nothing(spend(2, "2024-04-01", "0.00").into())]
#[case::reversal(reverse(1, "2024-04-02", "-1.00").into())]
#[case::reversal_of_nothing(reverse(1, "2024-04-02", "0.00").into())]
#[case::payment(pay(2, "2024-03-11", "-1.00").into())]
#[case::payment_of_nothing(pay(2, "2024-03-11", "0.00").into())]
#[case::return_(give_back(1, "2024-03-12", "-1.00").into())]
#[case::return_of_nothing(give_back(1, "2024-03-12", "0.00").into())]
fn an_amount_that_is_not_positive_is_refused(#[case] command: Command) {
    let mut history = History::arrived(facts());
    history.done(spend(1, "2024-04-01", "3000.00"));
    history.done(accept(1));
    history.done(pay(1, "2024-03-11", "615.00"));
    let before = history.case().balances.clone();
    assert!(
        history.give(command.clone()).is_err(),
        "{command:?} was not refused: {:?}",
        history.case().balances
    );
    assert_eq!(history.case().balances, before);
}
