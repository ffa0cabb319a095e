//! Two people change the rules that two people decide by.

use domain::By;
use domain::ledger::{LedgerEvent, Rulebooks, adopt};
use rstest::rstest;
use rulebook::Rulebook;

use crate::support::*;

/// The embedded rules as a version of their own, with another limit for two people; none removes it.
fn book(version: &str, limit: Option<&str>) -> Rulebook {
    let entry = "id = \"second_approval_from\"\nvalue = \"2000.00\"";
    let document = rules().document();
    assert!(document.contains(entry));
    let document = match limit {
        Some(limit) => document.replace(entry, &entry.replace("2000.00", limit)),
        None => {
            let (before, rest) = document.split_once(entry).unwrap();
            let (before, rest) =
                (before.strip_suffix("[[parameter]]\n").unwrap(), rest.split_once("[[").unwrap().1);
            format!("{before}[[{rest}")
        }
    };
    let named = format!("version = \"{}\"", rules().version());
    Rulebook::parse(&document.replace(&named, &format!("version = \"{version}\""))).unwrap()
}

/// A ledger with these rules, which one person brought into force.
fn begun(first: &Rulebook) -> Rulebooks {
    let mut rulebooks = Rulebooks::default();
    let event = adopt(&rulebooks, None, first, &who("anna")).unwrap().unwrap();
    assert_eq!(event.event_type(), "RulebookAdopted", "the first takes one person");
    rulebooks.evolve(&event);
    rulebooks
}

fn given(rulebooks: &mut Rulebooks, present: &Rulebook, new: &Rulebook, name: &str) -> String {
    match adopt(rulebooks, Some(present), new, &who(name)) {
        Ok(Some(event)) => {
            rulebooks.evolve(&event);
            event.event_type().to_owned()
        }
        Ok(None) => "already".to_owned(),
        Err(refusal) => refusal.codes(),
    }
}

#[rstest]
#[case::lower("1000.00")]
#[case::higher("5000.00")]
#[case::the_same("2000.00")]
fn a_change_takes_two_people_where_anything_does(#[case] limit: &str) {
    let (present, new) = (book("a", Some("2000.00")), book("b", Some(limit)));
    let mut rulebooks = begun(&present);
    assert_eq!(given(&mut rulebooks, &present, &present, "anna"), "already");
    assert_eq!(given(&mut rulebooks, &present, &new, "asha@caritas"), "acts-for-partner");
    assert_eq!(given(&mut rulebooks, &present, &new, "anna"), "RulebookProposed");
    assert_eq!(rulebooks.proposed().map(|p| p.version.as_str()), Some("b"));
    assert_eq!(given(&mut rulebooks, &present, &new, "anna"), "second-person-needed");
    // Another document is another proposal, and takes its place.
    let other = book("c", Some("3000.00"));
    assert_eq!(given(&mut rulebooks, &present, &other, "bo"), "RulebookProposed");
    assert_eq!(given(&mut rulebooks, &present, &new, "clara"), "RulebookProposed");
    assert_eq!(given(&mut rulebooks, &present, &new, "anna"), "RulebookAdopted");
    assert_eq!(rulebooks.proposed(), None);
    assert_eq!(given(&mut rulebooks, &new, &new, "anna"), "already");
}

/// Nobody is asked to agree where the rules in force let one person decide everything.
#[test]
fn where_one_person_decides_all_one_changes_the_rules() {
    let (present, new) = (book("a", None), book("b", Some("2000.00")));
    let mut rulebooks = begun(&present);
    assert_eq!(given(&mut rulebooks, &present, &new, "anna"), "RulebookAdopted");
    assert_eq!(given(&mut rulebooks, &new, &present, "anna"), "RulebookProposed");
}

#[test]
fn a_version_has_one_content() {
    let (present, other) = (book("a", Some("2000.00")), book("a", Some("2500.00")));
    let mut rulebooks = begun(&present);
    assert_eq!(given(&mut rulebooks, &present, &other, "anna"), "rulebook-version-used");
    let by = By::of(actor("anna"), |_| false);
    assert!(adopt(&rulebooks, Some(&present), &other, &by).is_err());
}

/// Events that do not concern rulebooks change nothing.
#[test]
fn imports_leave_the_rulebooks_alone() {
    let present = book("a", Some("2000.00"));
    let mut rulebooks = begun(&present);
    let before = rulebooks.clone();
    let counts = domain::ledger::ImportCounts::default();
    rulebooks.evolve(&LedgerEvent::FileImported(domain::ledger::FileImported {
        kind: "spend".into(),
        sha256: domain::ids::FileDigest([1; 32]),
        details: text(1),
        counts,
        complete: true,
        warnings: Vec::new(),
    }));
    assert_eq!(rulebooks, before);
}
