//! The rulebook compiled into the program, and what it answers about itself.

mod common;

use common::{book, day};
use money::Eur;
use rulebook::{AmountFixedBy, Cap, Parameters, RuleKind, Rulebook, SpendRate};

#[test]
fn it_loads() {
    match Rulebook::embedded() {
        Ok(book) => assert_eq!(book.version(), "2026.4"),
        Err(errors) => panic!("{errors}"),
    }
}

#[test]
fn its_parameters_are_the_defaults() {
    let expected = Parameters {
        amount_fixed_by: AmountFixedBy::ApplicationDate,
        grant_days_after_arrival: 3,
        package_months_after_arrival: 12,
        arrival_grant_for_police_cases: true,
        spend_rate: SpendRate::InforEuroMonthOfDelivery,
        second_approval_from: Eur::from_cents(200_000).into(),
        late_report_days: Some(90),
        outlier_factor: Some(5),
        near_threshold_percent: Some(5),
    };
    assert_eq!(*book().parameters(), expected);
}

#[test]
fn it_has_seven_entitlements() {
    let book = book();
    let caps: Vec<String> = book
        .entitlements()
        .iter()
        .map(|rule| format!("{} {} {} {}", rule.programme, rule.budget_line, rule.id, rule.cap))
        .collect();
    assert_eq!(
        caps,
        [
            "jrs arrival-grant jrs.arrival-grant 615.00",
            "jrs reintegration jrs.reintegration.voluntary 3000.00",
            "jrs reintegration jrs.reintegration.forced 2000.00",
            "jrs reintegration jrs.reintegration.unaccompanied-child 3000.00",
            "jrs reintegration jrs.reintegration.iraq-extended 5000.00",
            "amira2 amira2-iraq amira2.iraq per-award",
            "amira2 amira2-material-sweden amira2.material-sweden per-award",
        ]
    );
    assert_eq!(book.entitlements().last().unwrap().cap, Cap::PerAward);
}

#[test]
fn every_destination_has_its_names() {
    let book = book();
    assert_eq!(book.destinations().len(), 16);
    let names = |code: &str| {
        let destination = book.destination(code.parse().unwrap()).unwrap();
        (destination.name_sv.clone(), destination.name_en.clone())
    };
    assert_eq!(names("CD"), ("Demokratiska Republiken Kongo".to_owned(), "DR Congo".to_owned()));
    assert_eq!(names("XS"), ("Somaliland".to_owned(), "Somaliland".to_owned()));
    assert!(book.destination("SE".parse().unwrap()).is_none());
}

#[test]
fn every_rule_has_a_source_and_a_sentence() {
    let book = book();
    let entitlements = book.entitlements().iter().map(|rule| (&rule.id, RuleKind::Entitlement));
    let conditions = book.conditions().iter().map(|rule| (&rule.id, RuleKind::Condition));
    let checks = book.checks().iter().map(|rule| (&rule.id, RuleKind::Check));
    let exclusions = book.exclusions().iter().map(|rule| (&rule.id, RuleKind::Exclusion));
    let pauses = book.pauses().iter().map(|rule| (&rule.id, RuleKind::Pause));
    let destinations = book.destinations().iter().map(|rule| (&rule.id, RuleKind::Destination));
    let categories = book.categories().iter().map(|rule| (&rule.id, RuleKind::Category));
    let programmes = book.programmes().iter().map(|rule| (&rule.id, RuleKind::Programme));
    let lines = book.budget_lines().iter().map(|rule| (&rule.id, RuleKind::BudgetLine));
    let rules = entitlements.chain(conditions).chain(checks).chain(exclusions).chain(pauses);
    for (id, kind) in rules.chain(destinations).chain(categories).chain(programmes).chain(lines) {
        let info = book.rule(id).unwrap();
        assert_eq!((info.id, info.kind), (id.as_str(), kind));
        assert!(info.sentence.is_some(), "{id}");
    }
    for parameter in book.parameter_entries() {
        let info = book.rule(&parameter.id).unwrap();
        assert_eq!(info.kind, RuleKind::Parameter);
        assert!(info.note.is_some(), "{} says why it has its value", info.id);
    }
}

#[test]
fn a_rule_explains_itself() {
    let book = book();
    let info = book.rule("jrs.reintegration.iraq-extended").unwrap();
    assert_eq!((info.valid_from, info.valid_until), (day("2023-06-01"), Some(day("2024-06-30"))));
    assert_eq!(info.source.title, "Stödinsatser");
    assert_eq!(
        info.text,
        "5000.00 on reintegration for voluntary return to IQ; replaces jrs.reintegration.voluntary \
         (2023-06-01..2024-06-30)"
    );
    assert_eq!(
        info.sentence,
        Some(
            "Från och med juni 2023 kan alla som självmant återvänder till Irak ansöka om stödinsatser \
             till ett värde om 5 000 euro/person."
        )
    );
    let line = book.rule("amira2-iraq").unwrap();
    assert_eq!((line.valid_from, line.valid_until), (day("2023-02-01"), Some(day("2025-01-31"))));
    assert!(book.rule("jrs.reintegration").is_none());
}

#[test]
fn categories_have_a_line_and_an_end() {
    let book = book();
    let codes: Vec<&str> = book
        .categories()
        .iter()
        .filter(|category| category.programme == "jrs")
        .map(|category| category.code.as_str())
        .collect();
    assert_eq!(
        codes,
        [
            "airport-reception",
            "temporary-housing",
            "business-start-up",
            "labour-market-help",
            "education",
            "job-counselling",
            "authority-contacts",
            "legal-counselling",
            "medical-care",
        ]
    );
    let education = book.category("education", day("2024-01-01")).unwrap();
    assert_eq!(
        (&*education.budget_line, &*education.name_sv),
        ("reintegration", "utbildning (inklusive yrkesutbildning)")
    );
    let amira2 = book.category("amira2-education", day("2025-01-31")).unwrap();
    assert_eq!((&*amira2.programme, &*amira2.budget_line), ("amira2", "amira2-iraq"));
    assert!(book.category("amira2-education", day("2025-02-01")).is_none());
    assert!(book.category("holidays", day("2024-01-01")).is_none());
}

/// The same need is never paid twice: what both programmes pay for is one purpose, however each calls it.
#[test]
fn categories_of_two_programmes_are_for_one_purpose() {
    let book = book();
    let mut pairs = Vec::new();
    for jrs in book.categories().iter().filter(|category| category.programme == "jrs") {
        for amira2 in book.categories().iter().filter(|category| category.programme == "amira2") {
            if jrs.purpose() == amira2.purpose() {
                pairs.push((&*jrs.code, &*amira2.code));
            }
        }
    }
    assert_eq!(
        pairs,
        [
            ("business-start-up", "amira2-business-start-up"),
            ("education", "amira2-education"),
            ("medical-care", "amira2-healthcare-access"),
        ]
    );
}

/// A document from before purposes: what is called the same is for the same.
#[test]
fn a_category_without_a_purpose_is_for_what_it_is_called() {
    let document = book().document().to_owned();
    let (before, with): (Vec<&str>, Vec<&str>) =
        document.lines().partition(|line| !line.starts_with("purpose = "));
    assert_eq!(with.len(), 6);
    let before = Rulebook::parse(&before.join("\n")).unwrap();
    let education = before.category("education", day("2024-01-01")).unwrap();
    assert_eq!(education.purpose(), "education, including vocational training");
    let purpose = |code| before.category(code, day("2024-01-01")).unwrap().purpose();
    assert_eq!(purpose("business-start-up"), purpose("amira2-business-start-up"));
}

#[test]
fn the_digest_is_that_of_the_document() {
    let book = book();
    let again = Rulebook::parse(book.document()).unwrap();
    assert_eq!(book.digest(), again.digest());
    let other = Rulebook::parse(&format!("{}# one more line\n", book.document())).unwrap();
    assert_ne!(book.digest(), other.digest());
    assert!(format!("{book:?}").starts_with("Rulebook(version \"2026.4\", sha256 "));
}
