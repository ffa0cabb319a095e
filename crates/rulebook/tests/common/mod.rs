//! Facts and rulebooks to test with.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "fixed texts")]

use jiff::civil::Date;
use rulebook::{Assessment, AsylumOutcome, Authority, Facts, ReturnMode, Rulebook};

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn book() -> Rulebook {
    Rulebook::embedded().unwrap()
}

/// An adult who meets every condition and returns voluntarily.
pub fn facts(destination: &str, applied_on: &str) -> Facts {
    Facts {
        applied_on: day(applied_on),
        destination: destination.parse().unwrap(),
        return_mode: ReturnMode::Voluntary,
        handled_by: Authority::MigrationAgency,
        asylum_outcome: AsylumOutcome::Refused,
        in_sweden: true,
        likely_received: true,
        intends_to_reestablish: true,
        court_expulsion: false,
        unaccompanied_child: false,
    }
}

/// The same, taken home by the police.
pub fn forced(destination: &str, applied_on: &str) -> Facts {
    let police = (ReturnMode::Forced, Authority::Police);
    Facts { return_mode: police.0, handled_by: police.1, ..facts(destination, applied_on) }
}

/// "rule id cap" of every entitlement, or the ids of the failed conditions.
pub fn outcome(book: &Rulebook, facts: &Facts, decided_on: &str) -> Result<Vec<String>, Vec<String>> {
    match book.assess(facts, day(decided_on)) {
        Assessment::Eligible(granted) => {
            Ok(granted.into_iter().map(|line| format!("{} {}", line.rule_id, line.cap)).collect())
        }
        Assessment::Ineligible(failed) => Err(failed.into_iter().map(|condition| condition.id).collect()),
    }
}

/// The embedded document with `from` replaced by `to` inside the entry `id`.
pub fn edited(id: &str, from: &str, to: &str) -> String {
    edit(book().document(), id, from, to)
}

/// `document` with `from` replaced by `to` inside the entry `id`.
pub fn edit(document: &str, id: &str, from: &str, to: &str) -> String {
    let start = document.find(&format!("id = \"{id}\"\n")).unwrap();
    let end = document[start..].find("\n[[").map_or(document.len(), |length| start + length);
    let entry = &document[start..end];
    assert!(entry.contains(from), "`{from}` is not in `{id}`");
    format!("{}{}{}", &document[..start], entry.replacen(from, to, 1), &document[end..])
}

/// The embedded document without the entry `id`.
pub fn without(id: &str) -> String {
    remove(book().document(), id)
}

/// `document` without the entry `id`.
pub fn remove(document: &str, id: &str) -> String {
    let at = document.find(&format!("id = \"{id}\"\n")).unwrap();
    let start = document[..at].rfind("[[").unwrap();
    let end = document[at..].find("\n[[").map_or(document.len(), |length| at + length + 1);
    format!("{}{}", &document[..start], &document[end..])
}

/// The embedded document with another entitlement rule on line `reintegration`.
pub fn with_rule(id: &str, keys: &str) -> String {
    add_rule(book().document(), id, keys)
}

/// `document` with another entitlement rule on line `reintegration`.
pub fn add_rule(document: &str, id: &str, keys: &str) -> String {
    format!(
        "{document}\n[[entitlement]]\nid = \"{id}\"\nbudget_line = \"reintegration\"\n\
         source = \"svala-default\"\n\
         sentence = \"-\"\n{keys}\n"
    )
}

/// The embedded document with another entry in `table`.
pub fn with_table(table: &str, keys: &str) -> String {
    format!("{}\n[[{table}]]\n{keys}\n", book().document())
}

/// The messages of the errors in `document`.
pub fn errors(document: &str) -> Vec<String> {
    match Rulebook::parse(document) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| error.to_string()).collect(),
    }
}
