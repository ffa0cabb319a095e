//! The year that is shown: its bytes, and that everything there is to show is in it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use demo::{DemoYear, PEOPLE, SEED, invent};
use domain::case::Decision;
use interchange::CaseRow;
use jiff::civil::date;
use money::Eur;
use rstest::rstest;
use rulebook::{Assessment, ReturnMode, Rulebook};
use sha2::{Digest, Sha256};

use crate::ledger::{self, Files, Outcomes};

static YEAR: LazyLock<DemoYear> = LazyLock::new(|| invent(SEED, PEOPLE));
static FILES: LazyLock<Files> = LazyLock::new(|| ledger::read(&YEAR));
static OUTCOMES: LazyLock<Outcomes> = LazyLock::new(|| ledger::run(&FILES));

fn tally<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut tally = BTreeMap::new();
    for word in words {
        *tally.entry(word).or_default() += 1;
    }
    tally
}

fn cases(fits: impl Fn(&CaseRow) -> bool) -> usize {
    FILES.cases.iter().filter(|case| fits(case)).count()
}

/// Figures that were shown once can be shown again: these digests never change.
#[rstest]
#[case(&YEAR.cases, "f1a70b18aa31384ca046f9fdb02d201ba740c20b1fa4a368dd9195642fa55977")]
#[case(&YEAR.grants, "632824d53536c642179a5ffce4e434906ab5a369adcd6bbd0fe635c02714451f")]
#[case(&YEAR.spend, "2a92e1c333995e4ea4e0454dc55622bcaf01cb7c70c0d818e759f1bee7c6aa90")]
#[case(&YEAR.reversals, "911612ce74dce741f37a973e8b0192d07e3836d49ca04c7ec0e493c077f8b9af")]
fn the_bytes_are_the_same_for_ever(#[case] file: &str, #[case] digest: &str) {
    let bytes = Sha256::digest(file.as_bytes());
    assert_eq!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), digest);
}

#[test]
fn the_rows_are_as_many_as_documented() {
    let rows = [FILES.cases.len(), FILES.grants.len(), FILES.spend.len(), FILES.reversals.len()];
    assert_eq!(rows, [320, 221, 1546, 9]);
}

#[test]
fn another_seed_is_another_year() {
    assert_ne!(*YEAR, invent(SEED + 1, PEOPLE));
}

#[test]
fn the_mixture_is_realistic() {
    let destinations = tally(FILES.cases.iter().map(|case| case.facts.destination.code()));
    assert!((90..=125).contains(&destinations["IQ"]), "{destinations:?}");
    for code in ["AM", "BD", "CD", "EG", "ET", "GM", "IQ", "JO", "MA", "MN", "NG", "PK", "SO", "SV", "XS"] {
        assert!(destinations.contains_key(code), "nobody returns to {code}");
    }
    let forced = cases(|case| case.facts.return_mode == ReturnMode::Forced);
    assert!((58..=75).contains(&forced), "{forced} forced");
    assert!(FILES.cases.iter().all(|case| {
        (case.facts.return_mode == ReturnMode::Forced) == (case.facts.handled_by.code() == "police")
    }));
    assert!(cases(|case| case.facts.unaccompanied_child) >= 8);

    let arrived = OUTCOMES.caps.keys().filter(|(_, line)| line == "arrival-grant").count();
    let grants = FILES.grants.len() * 10;
    assert!((arrived * 7..=arrived * 9).contains(&grants), "{grants} tenths of grants for {arrived} people");
    assert!(
        (PEOPLE * 9 / 2..=PEOPLE * 11 / 2).contains(&FILES.spend.len()),
        "{} receipts",
        FILES.spend.len()
    );
    let methods = tally(FILES.grants.iter().map(|grant| grant.method.code()));
    assert_eq!(methods.len(), 3);
}

#[test]
fn families_stand_together() {
    let alike = |a: &CaseRow, b: &CaseRow| {
        let facts = |case: &CaseRow| (case.facts.clone(), case.decided_on, case.departed_on, case.arrived_on);
        a.arrived_on.is_some() && facts(a) == facts(b) && a.partner == b.partner
    };
    let families = FILES.cases.chunk_by(alike).filter(|family| family.len() > 1).count();
    assert!(families >= 15, "{families}");
}

#[test]
fn all_lies_within_the_year() {
    let closing = date(2024, 12, 31);
    for case in &FILES.cases {
        assert!((date(2023, 5, 1)..=date(2024, 9, 30)).contains(&case.facts.applied_on));
        assert!(case.arrived_on.is_none_or(|day| day <= closing));
    }
    assert!(FILES.cases.is_sorted_by_key(|case| case.facts.applied_on));
    assert!(FILES.grants.is_sorted_by_key(|grant| grant.paid_on));
    assert!(FILES.spend.is_sorted_by_key(|spend| spend.delivered_on));
    assert!(FILES.reversals.is_sorted_by_key(|reversal| reversal.reversed_on));
    assert!(FILES.grants.iter().all(|grant| grant.paid_on <= closing));
    assert!(FILES.spend.iter().all(|spend| spend.delivered_on <= closing));
    assert!(FILES.reversals.iter().all(|reversal| reversal.reversed_on <= closing));
}

#[rstest]
#[case(date(2023, 5, 31), "3000.00")]
#[case(date(2023, 6, 1), "5000.00")]
#[case(date(2024, 6, 30), "5000.00")]
#[case(date(2024, 7, 1), "3000.00")]
fn the_days_around_the_iraq_extension_are_there(#[case] day: jiff::civil::Date, #[case] cap: &str) {
    let on_the_day = FILES.cases.iter().filter(|case| {
        case.facts.applied_on == day
            && case.facts.destination.code() == "IQ"
            && case.facts.return_mode == ReturnMode::Voluntary
    });
    let caps =
        on_the_day.filter_map(|case| OUTCOMES.caps.get(&(case.case_ref.clone(), "reintegration".to_owned())));
    assert_eq!(caps.map(Eur::to_string).next().as_deref(), Some(cap));
}

#[rstest]
#[case::forced_to_armenia("AM", &["forced-return-excluded"])]
#[case::forced_to_mongolia("MN", &["forced-return-excluded"])]
#[case::palestine("PS", &["programme-paused"])]
#[case::court("", &["not-court-expelled"])]
#[case::asylum("", &["asylum-refused-or-withdrawn"])]
#[case::georgia("GE", &["destination-not-covered"])]
#[case::afghanistan("AF", &["destination-not-covered"])]
#[case::intention("", &["intends-to-reestablish"])]
#[case::several(
    "MN",
    &["asylum-refused-or-withdrawn", "intends-to-reestablish", "not-court-expelled", "forced-return-excluded"]
)]
fn the_rules_refuse_this_approval(#[case] destination: &str, #[case] failed: &[&str]) {
    let there = OUTCOMES.refused_approvals.iter().any(|(case, conditions)| {
        conditions == failed && (destination.is_empty() || case.facts.destination.code() == destination)
    });
    assert!(there, "{destination} {failed:?}");
}

#[test]
fn every_rejection_is_what_the_rules_say() {
    let rulebook = Rulebook::embedded().unwrap();
    let rejected: Vec<_> =
        FILES.cases.iter().filter(|case| case.decision == Some(Decision::Reject)).collect();
    assert_eq!(rejected.len(), 18);
    for case in rejected {
        let assessment = rulebook.assess(&case.facts, case.decided_on.unwrap());
        assert!(matches!(assessment, Assessment::Ineligible(_)), "{}", case.case_ref);
    }
}

#[test]
fn every_stage_is_there() {
    assert_eq!(OUTCOMES.refused_approvals.len(), 15);
    assert_eq!(cases(|case| case.decision.is_none()), 14);
    assert_eq!(cases(|case| case.departed_on.is_some() && case.arrived_on.is_none()), 7);
    let waiting = |case: &CaseRow| {
        case.departed_on.is_none()
            && OUTCOMES.caps.contains_key(&(case.case_ref.clone(), "reintegration".to_owned()))
    };
    assert_eq!(cases(waiting), 9);
    let paused = |case: &CaseRow| case.facts.destination.code() == "PS" && case.arrived_on.is_some();
    assert_eq!(cases(paused), 1, "one was approved before the pause");
}

#[test]
fn grants_have_every_outcome() {
    let outcomes = tally(OUTCOMES.grants.iter().copied());
    assert!(outcomes["paid"] > 150, "{outcomes:?}");
    for refusal in ["no-entitlement", "not-arrived", "before-arrival", "after-grant-days", "over-cap"] {
        assert_eq!(outcomes.get(refusal), Some(&1), "{refusal} in {outcomes:?}");
    }
}

#[test]
fn spend_has_every_outcome() {
    let outcomes = tally(OUTCOMES.spend.iter().map(|(outcome, _)| *outcome));
    assert_eq!(
        outcomes,
        BTreeMap::from([
            ("accepted", 1502),
            ("cut", 18),
            ("over-cap", 7),
            ("wrong-partner", 4),
            ("before-arrival", 3),
            ("not-arrived", 4),
            ("no-entitlement", 4),
            ("late-use", 4),
        ])
    );
}

#[test]
fn reversals_have_every_outcome() {
    let outcomes = tally(OUTCOMES.reversals.iter().copied());
    let expected = [("part", 6), ("whole", 1), ("more-than-accepted", 1), ("not-accepted", 1)];
    assert_eq!(outcomes, BTreeMap::from(expected));
    let delivered: HashMap<_, _> =
        FILES.spend.iter().map(|s| ((&s.partner, &s.supplier, &s.receipt_no), s.delivered_on)).collect();
    assert!(
        FILES.reversals.iter().all(|r| r.reversed_on >= delivered[&(&r.partner, &r.supplier, &r.receipt_no)])
    );
}

#[test]
fn some_come_near_the_cap_and_some_reach_it() {
    let mut disbursed: HashMap<&str, i64> = HashMap::new();
    for (spend, (_, eligible)) in FILES.spend.iter().zip(&OUTCOMES.spend) {
        *disbursed.entry(&spend.case_refs[0]).or_default() += eligible.cents();
    }
    let percent = |case: &&str| {
        let cap = OUTCOMES.caps.get(&((*case).to_owned(), "reintegration".to_owned()))?;
        Some(disbursed[*case] * 100 / cap.cents())
    };
    let percents: Vec<i64> = disbursed.keys().filter_map(percent).collect();
    let near = percents.iter().filter(|percent| (90..100).contains(*percent)).count();
    let reached = percents.iter().filter(|percent| **percent == 100).count();
    assert!(near >= 20 && reached >= 18, "{near} near, {reached} at the cap");
    assert!(percents.iter().filter(|percent| **percent < 80).count() > 120);
}

#[test]
fn all_nine_categories_have_sensible_amounts() {
    let mut sums: HashMap<&str, (i64, i64)> = HashMap::new();
    for spend in &FILES.spend {
        let (count, cents) = sums.entry(&spend.category).or_default();
        *count += 1;
        *cents += spend.amount.to_eur_exact().unwrap().cents();
    }
    assert_eq!(sums.len(), 9);
    let mean = |category: &str| sums[category].1 / sums[category].0;
    assert!(sums.keys().all(|category| *category == "business-start-up" || mean(category) < 60_000));
    assert!(mean("business-start-up") > 60_000);
    assert!(mean("airport-reception") < 8_000);
}

#[test]
fn deliveries_spread_over_the_months() {
    let months: HashSet<_> =
        FILES.spend.iter().map(|s| (s.delivered_on.year(), s.delivered_on.month())).collect();
    assert!(months.len() >= 17, "{}", months.len());
    let in_2024 = FILES.spend.iter().filter(|spend| spend.delivered_on.year() == 2024).count();
    assert!(in_2024 * 10 > FILES.spend.len() * 7);
}

/// Same case, supplier, day and amount: only the receipt tells them apart, and both count.
#[test]
fn there_are_two_pairs_of_twins() {
    let keys = FILES
        .spend
        .iter()
        .map(|s| (&s.case_refs, &s.category, &s.supplier, s.delivered_on, s.amount.to_string()));
    let distinct: HashSet<_> = keys.collect();
    assert_eq!(FILES.spend.len() - distinct.len(), 2);
}

#[test]
fn text_exercises_the_quoting() {
    let texts: Vec<&str> =
        FILES.spend.iter().map(|spend| spend.description.as_deref().unwrap_or("")).collect();
    for part in ["", ",", ";", "\"", "å", "ä", "ö"] {
        assert!(
            texts.iter().any(|text| if part.is_empty() { text.is_empty() } else { text.contains(part) }),
            "{part}"
        );
    }
    assert!(FILES.spend.iter().any(|spend| spend.supplier.contains('"')));
    assert!(FILES.spend.iter().any(|spend| spend.supplier.contains(',')));
    assert!(FILES.spend.iter().all(|spend| spend.receipt_sha256.is_some()));
}
