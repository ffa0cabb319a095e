//! Who receives what, and who does not and why.

mod common;

use common::{add_rule, book, day, edit, edited, facts, forced, outcome, with_rule};
use money::Eur;
use rstest::rstest;
use rulebook::{Assessment, AsylumOutcome, Facts, Rulebook};

const GRANT: &str = "jrs.arrival-grant 615.00";

#[rstest]
#[case::first_day("2023-06-01", "jrs.reintegration.iraq-extended 5000.00")]
#[case::last_day("2024-06-30", "jrs.reintegration.iraq-extended 5000.00")]
#[case::day_before("2023-05-31", "jrs.reintegration.voluntary 3000.00")]
#[case::day_after("2024-07-01", "jrs.reintegration.voluntary 3000.00")]
fn the_day_of_the_application_fixes_the_amount_for_iraq(#[case] applied_on: &str, #[case] rule: &str) {
    let expected = Ok(vec![GRANT.to_owned(), rule.to_owned()]);
    // The decision comes after the extension either way.
    assert_eq!(outcome(&book(), &facts("IQ", applied_on), "2024-08-15"), expected);
}

#[rstest]
#[case::voluntary(false, false, "PK", "jrs.reintegration.voluntary 3000.00")]
#[case::forced(true, false, "PK", "jrs.reintegration.forced 2000.00")]
#[case::forced_to_iraq_is_not_extended(true, false, "IQ", "jrs.reintegration.forced 2000.00")]
#[case::forced_child_is_not_reduced(true, true, "PK", "jrs.reintegration.unaccompanied-child 3000.00")]
#[case::forced_child_to_iraq(true, true, "IQ", "jrs.reintegration.unaccompanied-child 3000.00")]
#[case::voluntary_child(false, true, "PK", "jrs.reintegration.voluntary 3000.00")]
#[case::voluntary_child_to_iraq(false, true, "IQ", "jrs.reintegration.iraq-extended 5000.00")]
fn the_way_of_returning_and_age_decide(
    #[case] by_police: bool,
    #[case] child: bool,
    #[case] to: &str,
    #[case] rule: &str,
) {
    let person = if by_police { forced(to, "2023-09-01") } else { facts(to, "2023-09-01") };
    let person = Facts { unaccompanied_child: child, ..person };
    assert_eq!(outcome(&book(), &person, "2023-09-20"), Ok(vec![GRANT.to_owned(), rule.to_owned()]));
}

#[test]
fn the_arithmetic_says_why() {
    let Assessment::Eligible(granted) = book().assess(&facts("IQ", "2024-06-30"), day("2024-07-10")) else {
        panic!("not eligible")
    };
    let [grant, reintegration] = &granted[..] else { panic!("{granted:?}") };
    assert_eq!(grant.cap, Eur::from_cents(61_500));
    assert_eq!(
        grant.arithmetic,
        "applied 2024-06-30 lies in 2022-01-01..open; voluntary to IQ: jrs.arrival-grant (615.00)"
    );
    assert_eq!((&*reintegration.programme, &*reintegration.budget_line), ("jrs", "reintegration"));
    assert_eq!(
        reintegration.arithmetic,
        "applied 2024-06-30 lies in 2023-06-01..2024-06-30; voluntary to IQ: jrs.reintegration.iraq-extended \
         (5000.00) replaces jrs.reintegration.voluntary (3000.00)"
    );
}

#[rstest]
#[case("AM", "jrs.exclusion.forced-armenia")]
#[case("MN", "jrs.exclusion.forced-mongolia")]
fn forced_returns_to_some_countries_are_excluded(#[case] to: &str, #[case] exclusion: &str) {
    let person = Facts { unaccompanied_child: true, ..forced(to, "2023-09-01") };
    let Assessment::Ineligible(failed) = book().assess(&person, day("2023-09-20")) else {
        panic!("eligible")
    };
    let [failed] = &failed[..] else { panic!("{failed:?}") };
    assert_eq!(failed.id, "forced-return-excluded");
    assert_eq!(
        failed.detail,
        format!(
            "return_mode is forced and destination is {to}, which is excluded in 2022-01-01..open \
             ({exclusion})"
        )
    );
    assert!(outcome(&book(), &facts(to, "2023-09-01"), "2023-09-20").is_ok(), "voluntary returns are not");
}

#[test]
fn an_exclusion_that_ended_no_longer_excludes() {
    let dates = ("valid_from = 2022-01-01", "valid_from = 2022-01-01\nvalid_until = 2024-03-31");
    let book = Rulebook::parse(&edited("jrs.exclusion.forced-armenia", dates.0, dates.1)).unwrap();
    assert!(outcome(&book, &forced("AM", "2024-03-31"), "2024-05-01").is_err());
    assert!(outcome(&book, &forced("AM", "2024-04-01"), "2024-05-01").is_ok());
}

#[test]
fn a_pause_stops_decisions_not_applications() {
    let (book, before) = (book(), facts("PS", "2023-09-01"));
    assert!(outcome(&book, &before, "2023-10-06").is_ok());
    let Assessment::Ineligible(failed) = book.assess(&before, day("2023-10-07")) else { panic!("eligible") };
    let [failed] = &failed[..] else { panic!("{failed:?}") };
    assert_eq!(failed.id, "programme-paused");
    assert_eq!(
        failed.detail,
        "destination is PS and the decision is of 2023-10-07; no approvals there in 2023-10-07..open \
         (jrs.pause.palestine)"
    );
    let pause = book.rule("jrs.pause.palestine").unwrap();
    assert_eq!(pause.sentence, Some("JRS-stödet till Palestina är pausat"));
    assert_eq!(pause.source.publisher, "Migrationsverket (Swedish Migration Agency)");
    assert!(book.rule(&failed.id).unwrap().sentence.unwrap().starts_with("På grund av säkerhetsläget"));
}

#[test]
fn a_lifted_pause_allows_new_decisions() {
    let dates = ("valid_from = 2023-10-07", "valid_from = 2023-10-07\nvalid_until = 2024-12-31");
    let book = Rulebook::parse(&edited("jrs.pause.palestine", dates.0, dates.1)).unwrap();
    assert!(outcome(&book, &facts("PS", "2024-11-01"), "2024-12-31").is_err());
    assert!(outcome(&book, &facts("PS", "2024-11-01"), "2025-01-01").is_ok());
}

#[rstest]
#[case::refused(AsylumOutcome::Refused, true)]
#[case::withdrawn(AsylumOutcome::Withdrawn, true)]
#[case::pending(AsylumOutcome::Pending, false)]
#[case::granted(AsylumOutcome::Granted, false)]
fn the_asylum_application_is_over(#[case] asylum_outcome: AsylumOutcome, #[case] eligible: bool) {
    let person = Facts { asylum_outcome, ..facts("NG", "2023-09-01") };
    let expected = if eligible { Ok(()) } else { Err(vec!["asylum-refused-or-withdrawn".to_owned()]) };
    assert_eq!(outcome(&book(), &person, "2023-09-20").map(|_| ()), expected);
}

#[test]
fn court_expulsion_gives_no_right() {
    let person = Facts { court_expulsion: true, ..facts("NG", "2023-09-01") };
    assert_eq!(outcome(&book(), &person, "2023-09-20"), Err(vec!["not-court-expelled".to_owned()]));
}

#[test]
fn other_countries_are_not_covered() {
    let Assessment::Ineligible(failed) = book().assess(&facts("SE", "2023-09-01"), day("2023-09-20")) else {
        panic!("eligible")
    };
    let [failed] = &failed[..] else { panic!("{failed:?}") };
    assert_eq!(failed.id, "destination-not-covered");
    assert_eq!(
        failed.detail,
        "destination is SE, covered on 2023-09-01 are \
         AM, BD, CD, SV, EG, ET, GM, IQ, JO, MN, MA, NG, PK, SO, XS, PS"
    );
}

#[test]
fn every_failure_is_listed_in_the_order_of_the_book() {
    let person = Facts {
        asylum_outcome: AsylumOutcome::Granted,
        in_sweden: false,
        likely_received: false,
        intends_to_reestablish: false,
        court_expulsion: true,
        ..forced("MN", "2021-12-31")
    };
    let mut document = book().document().to_owned();
    let pause = document.find("[[pause]]").unwrap();
    document.insert_str(
        pause,
        "[[pause]]\nid = \"jrs.pause.mongolia\"\nprogramme = \"jrs\"\ndestination = \"MN\"\n\
         valid_from = 2022-01-01\nsource = \"svala-default\"\nsentence = \"-\"\n\n",
    );
    let book = Rulebook::parse(&document).unwrap();
    let expected = [
        "asylum-refused-or-withdrawn",
        "likely-received",
        "intends-to-reestablish",
        "in-sweden-when-applying",
        "not-court-expelled",
        "forced-return-excluded",
        "programme-paused",
        "outside-programme",
    ];
    assert_eq!(outcome(&book, &person, "2022-01-10"), Err(expected.map(str::to_owned).to_vec()));
}

#[test]
fn the_programme_takes_applications_within_its_dates() {
    let end = ("valid_from = 2022-01-01", "valid_from = 2022-01-01\nvalid_until = 2026-12-31");
    let book = Rulebook::parse(&edited("jrs", end.0, end.1)).unwrap();
    assert!(outcome(&book, &facts("IQ", "2022-01-01"), "2022-02-01").is_ok());
    assert!(outcome(&book, &facts("IQ", "2026-12-31"), "2027-02-01").is_ok(), "decided later is no matter");
    let Assessment::Ineligible(failed) = book.assess(&facts("IQ", "2027-01-01"), day("2027-02-01")) else {
        panic!("eligible")
    };
    let [failed] = &failed[..] else { panic!("{failed:?}") };
    assert_eq!(failed.id, "outside-programme");
    assert_eq!(failed.detail, "applied_on is 2027-01-01, jrs takes applications in 2022-01-01..2026-12-31");
}

#[test]
fn the_decision_day_fixes_the_amount_if_the_book_says_so() {
    let book =
        Rulebook::parse(&edited("amount_fixed_by", "\"application-date\"", "\"decision-date\"")).unwrap();
    let extended = outcome(&book, &facts("IQ", "2023-05-31"), "2023-06-01").unwrap();
    assert_eq!(extended[1], "jrs.reintegration.iraq-extended 5000.00");
    let ended = outcome(&book, &facts("IQ", "2024-06-30"), "2024-07-01").unwrap();
    assert_eq!(ended[1], "jrs.reintegration.voluntary 3000.00");
}

#[test]
fn police_cases_receive_no_arrival_grant_if_the_book_says_so() {
    let book = Rulebook::parse(&edited("arrival_grant_for_police_cases", "true", "false")).unwrap();
    let by_police = outcome(&book, &forced("PK", "2023-09-01"), "2023-09-20");
    assert_eq!(by_police, Ok(vec!["jrs.reintegration.forced 2000.00".to_owned()]));
    let voluntary = outcome(&book, &facts("PK", "2023-09-01"), "2023-09-20").unwrap();
    assert_eq!(voluntary[0], GRANT);
}

#[test]
fn a_changed_cap_is_two_rules_one_after_the_other() {
    let document = edited(
        "jrs.reintegration.forced",
        "valid_from = 2022-01-01",
        "valid_from = 2022-01-01\nvalid_until = 2024-12-31",
    );
    let document = add_rule(
        &document,
        "jrs.reintegration.forced-2025",
        "cap = \"2200.00\"\nreturn_mode = [\"forced\"]\nunaccompanied_child = \"no\"\n\
         valid_from = 2025-01-01",
    );
    let book = Rulebook::parse(&document).unwrap();
    let caps = ["2024-12-31", "2025-01-01"]
        .map(|applied| outcome(&book, &forced("PK", applied), "2025-02-01").unwrap()[1].clone());
    assert_eq!(caps, ["jrs.reintegration.forced 2000.00", "jrs.reintegration.forced-2025 2200.00"]);
}

#[test]
fn of_three_rules_in_a_row_the_most_special_counts() {
    let document = with_rule(
        "jrs.reintegration.iraq-children",
        "cap = \"6000.00\"\nreturn_mode = [\"voluntary\"]\ndestinations = [\"IQ\"]\n\
         unaccompanied_child = \"yes\"\n\
         replaces = [\"jrs.reintegration.iraq-extended\"]\nvalid_from = 2024-01-01\nvalid_until = 2024-03-31",
    );
    let book = Rulebook::parse(&document).unwrap();
    let child = Facts { unaccompanied_child: true, ..facts("IQ", "2024-02-01") };
    let Assessment::Eligible(granted) = book.assess(&child, day("2024-02-10")) else {
        panic!("not eligible")
    };
    assert_eq!(
        granted[1].arithmetic,
        "applied 2024-02-01 lies in 2024-01-01..2024-03-31; voluntary, unaccompanied child, to IQ: \
         jrs.reintegration.iraq-children (6000.00) replaces jrs.reintegration.voluntary (3000.00) and \
         jrs.reintegration.iraq-extended (5000.00)"
    );
}

#[test]
fn a_special_rule_may_span_two_successive_general_ones() {
    let document = edited(
        "jrs.reintegration.voluntary",
        "valid_from = 2022-01-01",
        "valid_from = 2022-01-01\nvalid_until = 2023-12-31",
    );
    let document = add_rule(
        &document,
        "jrs.reintegration.voluntary-2024",
        "cap = \"3100.00\"\nreturn_mode = [\"voluntary\"]\nvalid_from = 2024-01-01",
    );
    let both = "replaces = [\"jrs.reintegration.voluntary\", \"jrs.reintegration.voluntary-2024\"]";
    let document = edit(
        &document,
        "jrs.reintegration.iraq-extended",
        "replaces = [\"jrs.reintegration.voluntary\"]",
        both,
    );
    let book = Rulebook::parse(&document).unwrap();
    for applied in ["2023-12-31", "2024-01-01"] {
        let granted = outcome(&book, &facts("IQ", applied), "2024-02-01").unwrap();
        assert_eq!(granted[1], "jrs.reintegration.iraq-extended 5000.00");
    }
}

#[test]
fn an_assessment_survives_json() {
    for person in [facts("IQ", "2024-01-01"), facts("SE", "2024-01-01")] {
        let assessment = book().assess(&person, day("2024-02-01"));
        let json = serde_json::to_string(&assessment).unwrap();
        assert_eq!(serde_json::from_str::<Assessment>(&json).unwrap(), assessment);
    }
}
