//! What the schema's triggers stop, and what `verify` and `replay` find when somebody got past them.

use event_log::run::{RUN_EVENTS, seal};

use crate::forger::{bytes, events, insert_at, raise};
use crate::support::{Ledger, either, on_postgres, zeros};

#[test]
fn the_triggers_refuse_every_change_of_the_log() {
    let ledger = Ledger::small("grants");
    let before = ledger.root();
    let columns = "stream_id, stream_version, event_type, schema_version, command_id, actor, recorded_at, body, leaf_hash";
    let copied =
        |position: &str| format!("events SELECT {position}, {columns} FROM events WHERE position = 3");
    // What is told: by SQLite's triggers, and by PostgreSQL's.
    let never = |sqlite, what| either(sqlite, what);
    let mut changes = vec![
        (
            "UPDATE events SET body = '{}' WHERE position = 3".to_owned(),
            never("an event is never changed", "UPDATE of events is never allowed"),
        ),
        (
            "UPDATE events SET actor = 'somebody'".to_owned(),
            never("an event is never changed", "UPDATE of events is never allowed"),
        ),
        (
            "DELETE FROM events WHERE position = 3".to_owned(),
            never("an event is never deleted", "DELETE of events is never allowed"),
        ),
        (
            "DELETE FROM events".to_owned(),
            never("an event is never deleted", "DELETE of events is never allowed"),
        ),
        (
            format!("INSERT INTO {} ON CONFLICT (position) DO UPDATE SET body = '{{}}'", copied("position")),
            never("at the position after the last one", "UPDATE of events is never allowed"),
        ),
        (format!("UPDATE log_head SET root = {}", zeros(32)), "only moves forward"),
        ("DELETE FROM log_head".to_owned(), never("never deleted", "DELETE of log_head is never allowed")),
        ("DELETE FROM commands".to_owned(), never("never deleted", "DELETE of commands is never allowed")),
        (
            "UPDATE unique_keys SET position = 1".to_owned(),
            never("never changed", "UPDATE of unique_keys is never allowed"),
        ),
        (
            format!("UPDATE ledger SET key_id = {}", zeros(1)),
            never("never changes", "UPDATE of ledger is never allowed"),
        ),
    ];
    if on_postgres() {
        changes.push(("TRUNCATE events".to_owned(), "TRUNCATE of events is never allowed"));
        changes.push(("TRUNCATE log_head".to_owned(), "TRUNCATE of log_head is never allowed"));
    } else {
        let next = "(SELECT max(position) + 1 FROM events)";
        changes.extend([
            (format!("INSERT OR REPLACE INTO {}", copied("position")), "at the position after the last one"),
            (format!("REPLACE INTO {}", copied("100000")), "at the position after the last one"),
            (format!("INSERT OR REPLACE INTO {}", copied(next)), "extend its stream by one version"),
        ]);
    }
    for (sql, refused) in changes {
        match ledger.sql(&sql) {
            Ok(_) => panic!("{sql} went through"),
            Err(error) => assert!(error.contains(refused), "{sql}: {error}"),
        }
    }
    assert_eq!(ledger.root(), before);
}

/// The place that `verify` must name.
fn verify_names(ledger: &Ledger, position: i64, stream: &str) {
    let found = ledger.fail(3, "verify");
    assert!(found.contains(&format!("position {position}")), "position {position} is not named: {found}");
    assert!(found.contains(stream), "stream {stream} is not named: {found}");
}

#[test]
fn one_changed_byte_of_any_body_is_named_with_position_and_stream() {
    let whole = Ledger::small("reversals");
    for event_type in [
        "ApplicationFiled",
        "Approved",
        "PartnerAssigned",
        "Arrived",
        "ArrivalGrantPaid",
        "SpendReported",
        "ClaimAccepted",
        "BenefitReversed",
        "FileImported",
        "RulebookAdopted",
    ] {
        let ledger = whole.twin();
        let (position, stream) = ledger.first_event(event_type);
        // One digit or letter in the middle becomes another: the body stays JSON.
        let at = ledger.number(&format!("SELECT length(body) FROM events WHERE position = {position}")) - 4;
        ledger.alter_as_owner(&format!(
            "UPDATE events SET body = substr(body, 1, {at} - 1) || CASE substr(body, {at}, 1) WHEN 'a' THEN 'b' ELSE 'a' END || substr(body, {at} + 1) WHERE position = {position}"
        ));
        verify_names(&ledger, position, &stream);
    }
}

#[test]
fn a_changed_byte_is_named_also_while_the_triggers_are_missing() {
    let ledger = Ledger::small("grants");
    let (position, stream) = ledger.first_event("ArrivalGrantPaid");
    ledger.drop_triggers();
    ledger.alter(&format!(
        "UPDATE events SET body = replace(body, '615.00', '616.00') WHERE position = {position}"
    ));
    verify_names(&ledger, position, &stream);
}

#[test]
fn a_changed_header_of_an_event_is_named_with_position_and_stream() {
    let whole = Ledger::small("grants");
    let (position, stream) = whole.first_event("ArrivalGrantPaid");
    for change in [
        "actor = 'somebody'",
        "recorded_at = recorded_at + 1",
        either("command_id = zeroblob(16)", "command_id = '00000000-0000-0000-0000-000000000000'"),
        "event_type = 'ArrivalGrantRefused'",
        "schema_version = schema_version + 1",
        &format!("leaf_hash = {}", zeros(32)),
    ] {
        let ledger = whole.twin();
        ledger.alter_as_owner(&format!("UPDATE events SET {change} WHERE position = {position}"));
        verify_names(&ledger, position, &stream);
    }
}

#[test]
fn a_deleted_event_is_found() {
    let whole = Ledger::small("grants");
    let ledger = whole.twin();
    let (position, _) = ledger.first_event("Arrived");
    ledger.alter_as_owner(&format!("DELETE FROM events WHERE position = {position}"));
    let found = ledger.fail(3, "verify");
    assert!(found.contains(&format!("position {position} is missing")), "{found}");

    let ledger = whole.twin();
    ledger.alter_as_owner("DELETE FROM events WHERE position > (SELECT max(position) - 2 FROM events)");
    let found = ledger.fail(3, "verify");
    assert!(found.contains("events at the end were removed"), "{found}");
}

#[test]
fn the_events_of_one_person_cannot_be_taken_out_even_when_positions_are_closed_up() {
    let ledger = Ledger::small("grants");
    let (_, stream) = ledger.first_event("ArrivalGrantPaid");
    let gone = ledger.number(&format!("SELECT count(*) FROM events WHERE stream_id = '{stream}'"));
    ledger.alter_as_owner(&format!(
        "DELETE FROM events WHERE stream_id = '{stream}';
         CREATE TEMP TABLE kept AS SELECT row_number() OVER (ORDER BY position) AS place, * FROM events;
         DELETE FROM events;
         INSERT INTO events SELECT place, stream_id, stream_version, event_type, schema_version, command_id, actor, recorded_at, body, leaf_hash FROM kept;
         UPDATE log_head SET position = position - {gone};"
    ));
    let found = ledger.fail(3, "verify");
    assert!(found.contains("the ledger is damaged") && found.contains("position"), "{found}");
}

#[test]
fn two_swapped_events_are_named() {
    let ledger = Ledger::small("grants");
    let (first, _) = ledger.first_event("Departed");
    let second = first + 1;
    let stream: String = ledger
        .ask(&format!("SELECT stream_id FROM events WHERE position = {second}"), |row| row.get(0))
        .remove(0);
    ledger.alter_as_owner(&format!(
        "UPDATE events SET position = 1000000 WHERE position = {first};
         UPDATE events SET position = {first} WHERE position = {second};
         UPDATE events SET position = {second} WHERE position = 1000000;"
    ));
    verify_names(&ledger, first, &stream);
}

/// No hash, root or checkpoint speaks of an event outside of the log, so nobody may believe one.
#[test]
fn an_event_outside_of_the_log_is_found_and_nothing_rests_on_it() {
    let whole = Ledger::small("grants");
    let log = events(&whole);
    let of_type = |event_type: &str| log.iter().find(|event| event.event_type == event_type).unwrap().clone();
    let mut raised = of_type("RulebookAdopted");
    raise(&mut raised, "3000.00", "9000.00");
    let paid_again = of_type("ArrivalGrantPaid");
    for position in [0, -3, i64::MIN, log.len() as i64 + 1_000] {
        let said = match position {
            ..0 => either(
                "its position is no such number".to_owned(),
                format!("cannot be negative is {position}"),
            ),
            _ => format!("position {position}, stream "),
        };
        // A rulebook is believed by every command.
        let ledger = whole.twin();
        insert_at(&ledger, position, raised.clone());
        for line in
            ["rulebook show jrs.reintegration.voluntary", "verify", "case close FX-2041 --on 2024-05-01"]
        {
            let found = ledger.fail(3, line);
            assert!(found.contains(&said), "{position}, {line}: {found}");
        }
        // So is what happened to a person, by who asks for that person; and who checks the log sees all of it.
        let ledger = whole.twin();
        insert_at(&ledger, position, paid_again.clone());
        let found = ledger.fail(3, "history FX-2041");
        assert!(found.contains(&said), "{position}: {found}");
        let found = ledger.fail(3, "verify");
        assert!(found.contains(said.trim_end_matches(", stream ")), "{position}: {found}");
    }
}

#[test]
fn a_missing_reservation_is_named_and_so_is_one_too_many() {
    let whole = Ledger::small("reversals");
    for scope in ["receipt", "payment", "case-reference", "reversal"] {
        let ledger = whole.twin();
        let of = format!("FROM unique_keys WHERE scope = '{scope}' ORDER BY position LIMIT 1");
        let position = ledger.number(&format!("SELECT position {of}"));
        ledger.alter_as_owner(&format!(
            "DELETE FROM unique_keys WHERE scope = '{scope}' AND digest = (SELECT digest {of})"
        ));
        let found = ledger.fail(3, "verify");
        assert!(found.contains(&format!("position {position}")) && found.contains(scope), "{found}");
        assert!(found.contains("is missing, so it could be recorded twice"), "{found}");
    }
    let ledger = whole.twin();
    let nothing = zeros(32);
    ledger.alter(&format!("INSERT INTO unique_keys SELECT scope, {nothing}, stream_id, entity, position FROM unique_keys WHERE scope = 'receipt' LIMIT 1"));
    let found = ledger.fail(3, "verify");
    assert!(found.contains("whose event does not name it"), "{found}");
}

/// A reservation tells whose case a row of a file is about, and which claim a reversal.
#[test]
fn a_reservation_that_names_somebody_else_is_found() {
    let whole = Ledger::small("reversals");
    for scope in ["external-ref", "case-reference", "receipt", "payment", "reversal", "import"] {
        let of = format!("FROM unique_keys WHERE scope = '{scope}' ORDER BY position");
        let position = whole.number(&format!("SELECT position {of} LIMIT 1"));
        let mine = format!("scope = '{scope}' AND position = {position}");
        for (column, another) in [
            ("stream_id", "'case-00000000-0000-0000-0000-000000000000'".to_owned()),
            (
                "entity",
                either("x'0000000000000000000000000000002a'", "'00000000-0000-0000-0000-00000000002a'")
                    .to_owned(),
            ),
        ] {
            let ledger = whole.twin();
            ledger.alter_as_owner(&format!("UPDATE unique_keys SET {column} = {another} WHERE {mine}"));
            let found = ledger.fail(3, "verify");
            let told = format!("position {position}: its unique {scope} is reserved for another");
            assert!(found.contains(&told), "{scope} {column}: {found}");
        }
    }
}

/// The table of commands says what was done already: an append answers from it.
#[test]
fn a_command_that_is_missing_moved_or_invented_is_named() {
    let whole = Ledger::small("grants");
    let mine = whole.number("SELECT max(first_position) FROM commands");
    let nobody = either("x'0000000000000000000000000000002a'", "'00000000-0000-0000-0000-00000000002a'");
    let copied = |positions: &str| {
        format!(
            "INSERT INTO commands SELECT {nobody}, fingerprint, {positions} FROM commands WHERE first_position = {mine}"
        )
    };
    for (change, told) in [
        (format!("DELETE FROM commands WHERE first_position = {mine}"), "so it could be written twice"),
        (
            format!(
                "UPDATE commands SET first_position = 1, last_position = 1 WHERE first_position = {mine}"
            ),
            "the positions 1 to 1, which the log does not have of it",
        ),
        (copied("first_position, last_position"), "which the log does not have of it"),
        (copied("900000, 900000"), "position 900000, which the log does not reach"),
    ] {
        let ledger = whole.twin();
        ledger.alter_as_owner(&change);
        let found = ledger.fail(3, "verify");
        assert!(found.contains(told), "{change}: {found}");
    }
}

/// Without the ledger's own key the names of files and the accounts of partners are gone: nobody may erase that.
#[test]
fn the_ledgers_own_key_is_nobodys_to_destroy() {
    let whole = Ledger::small("grants");
    let own = either("zeroblob(16)", "'00000000-0000-0000-0000-000000000000'");
    for change in [
        format!("DELETE FROM vault_subjects WHERE subject_id = {own}"),
        format!("UPDATE vault_subjects SET wrapped_key = {} WHERE subject_id = {own}", zeros(60)),
    ] {
        let ledger = whole.twin();
        ledger.alter(&change);
        ledger.fail(3, "verify");
    }
}

/// What was altered before it was folded is not shown, and what is missing is noticed by whoever reads the whole log.
#[test]
fn an_altered_or_missing_event_is_in_no_figure() {
    let whole = Ledger::small("grants");
    whole.alter("DELETE FROM projections");
    let (position, stream) = whole.first_event("ArrivalGrantPaid");
    let ledger = whole.twin();
    ledger.alter_as_owner(&format!(
        "UPDATE events SET body = replace(body, '615.00', '616.00') WHERE position = {position}"
    ));
    for line in ["balance", "grant list", "summary", "books trial-balance", "duties"] {
        let refused = ledger.fail(3, line);
        assert!(
            refused.contains(&format!("position {position}")) && refused.contains(&stream),
            "{line}: {refused}"
        );
    }
    // Before the newest checkpoint, so that opening the ledger does not find it.
    let ledger = whole.twin();
    ledger.alter_as_owner(&format!("DELETE FROM events WHERE position = {position}"));
    for line in ["books trial-balance", "duties"] {
        let refused = ledger.fail(3, line);
        assert!(refused.contains(&format!("position {position} is missing")), "{line}: {refused}");
    }
}

/// The reservation of a case's external reference is in no event, but each case has one.
#[test]
fn a_missing_reservation_of_an_external_reference_is_found() {
    let ledger = Ledger::small("cases");
    ledger.alter("DELETE FROM unique_keys WHERE scope = 'external-ref' AND position = (SELECT min(position) FROM unique_keys WHERE scope = 'external-ref')");
    ledger.fail(3, "verify");
}

/// Without it the same file would be imported again; its rows would be recognised, but the record is no longer unique.
#[test]
fn a_missing_reservation_of_an_import_is_found() {
    let ledger = Ledger::small("grants");
    ledger.alter("DELETE FROM unique_keys WHERE scope = 'import' AND position = (SELECT min(position) FROM unique_keys WHERE scope = 'import')");
    ledger.fail(3, "verify");
}

#[test]
fn an_altered_exchanged_or_missing_text_is_named_with_position_and_stream() {
    let whole = Ledger::small("grants");
    let (position, stream) = whole.first_event("ArrivalGrantPaid");
    let (other, _) = whole.first_event("ArrivalGrantRefused");
    let named = either("unhex(json_extract(body, '$.details'))", "decode(body::json->>'details', 'hex')");
    let text = |position: i64| format!("(SELECT {named} FROM events WHERE position = {position})");
    let blank = either("zeroblob(length(sealed))", "decode(repeat('00', octet_length(sealed)), 'hex')");
    let mine = format!("text_id = {}", text(position));
    for change in [
        format!("UPDATE vault_texts SET sealed = {blank} WHERE {mine}"),
        format!(
            "UPDATE vault_texts SET sealed = (SELECT sealed FROM vault_texts WHERE text_id = {}) WHERE {mine}",
            text(other)
        ),
        format!(
            "UPDATE vault_texts SET subject_id = (SELECT subject_id FROM vault_subjects ORDER BY subject_id DESC LIMIT 1) WHERE {mine}"
        ),
        format!("DELETE FROM vault_texts WHERE {mine}"),
    ] {
        let ledger = whole.twin();
        ledger.alter(&change);
        verify_names(&ledger, position, &stream);
    }
}

/// SQL that replaces a text in the rows of a read model.
fn replaced_in_rows(read_model: &str, from: &str, to: &str) -> String {
    let text = either("CAST(row_value AS TEXT)", "convert_from(row_value, 'UTF8')");
    let (before, after) = either(("CAST(", " AS BLOB)"), ("convert_to(", ", 'UTF8')"));
    format!(
        "UPDATE projection_rows SET row_value = {before}replace({text}, '{from}', '{to}'){after}
         WHERE name = '{read_model}' AND {text} LIKE '%{from}%'"
    )
}

#[test]
fn an_altered_row_of_a_read_model_is_found_by_replay_and_healed_by_repair() {
    let whole = Ledger::small("reversals");
    let balances = whole.balances();
    for (read_model, from, to) in [
        ("balances", "\"1499.50\"", "\"1499.51\""),
        ("claims", "over-cap", "no-entitlement"),
        ("grants", "\"paid\"", "\"refused\""),
        ("cases", "\"ET\"", "\"SO\""),
    ] {
        let ledger = whole.twin();
        ledger.alter(&replaced_in_rows(read_model, from, to));
        let found = ledger.fail(3, "replay");
        assert!(
            found.contains(&format!("{read_model}: the rows shown are not what the events give")),
            "{found}"
        );
        ledger.ok("verify");
        ledger.ok("replay --repair");
        ledger.is_sound();
        assert_eq!(ledger.balances(), balances);
    }
    let ledger = whole.twin();
    ledger.alter("DELETE FROM projection_rows WHERE name = 'balances' AND row_key = (SELECT min(row_key) FROM projection_rows WHERE name = 'balances')");
    ledger.fail(3, "replay");
    ledger.ok("replay --repair");
    assert_eq!(ledger.balances(), balances);
}

/// A row that was altered may not take the next event; the events still give the right ones.
#[test]
fn a_read_model_that_stands_still_on_an_altered_row_is_healed_by_repair() {
    let ledger = Ledger::small("spend");
    let claim = ledger.claim("QX77-49003");
    ledger.alter(&replaced_in_rows("balances", "\"90.00\"", "\"0.00\""));
    ledger.run(&format!("claim accept {claim}"));
    let stopped = ledger.fail(3, "balance");
    assert!(stopped.contains("the read model balances stands still"), "{stopped}");
    assert!(ledger.run("doctor").out.contains("NOT OK"));
    ledger.ok("verify");
    ledger.fail(3, "replay");
    ledger.ok("replay --repair");
    assert_eq!(ledger.support("FX-2049")["disbursed"], "190.00");
    ledger.is_sound();
}

/// Bytes that are no row at all.
#[test]
fn an_unreadable_row_of_a_read_model_is_found_and_healed() {
    let ledger = Ledger::small("spend");
    let balances = ledger.balances();
    ledger.alter(&format!("UPDATE projection_rows SET row_value = {} WHERE name = 'balances'", zeros(1)));
    let unreadable = ledger.fail(3, "balance");
    assert!(unreadable.contains("`svala replay --repair`"), "{unreadable}");
    ledger.fail(3, "replay");
    ledger.ok("replay --repair");
    assert_eq!(ledger.balances(), balances);
}

#[test]
fn a_ledger_whose_guards_are_missing_is_not_written_to() {
    let ledger = Ledger::small("cases");
    let guard = either("events_no_update", "events_never_change");
    ledger.sql(&format!("DROP TRIGGER {guard} {}", either("", "ON events"))).unwrap();
    let refused = ledger.fail(3, "import grants grants.csv");
    assert!(refused.contains(guard), "{refused}");
    let doctor = ledger.run("doctor");
    assert!(doctor.code != Some(0) && (doctor.out + &doctor.err).contains(guard));
}

/// A run is only derived: a changed one shows no wrong figure to anybody, is named, and is made anew.
#[test]
fn a_sealed_run_that_was_altered_is_named_trusted_by_nobody_and_made_anew() {
    let year = demo::invent(5, 400);
    let whole = Ledger::new();
    whole.write("cases.csv", &year.cases);
    whole.import_up_to("cases");
    let balances = whole.balances();
    let mut log = events(&whole);
    assert!(log.len() as u64 > RUN_EVENTS);
    let packed: Vec<u8> =
        whole.ask("SELECT packed FROM sealed_runs WHERE run = 0", |row| row.get(0)).remove(0);

    // One byte; and one amount, by somebody who knows the format and makes all of the run fit.
    let mut one_byte = packed.clone();
    one_byte[packed.len() / 2] ^= 1;
    let approved = log.iter_mut().find(|event| event.event_type == "Approved").unwrap();
    raise(approved, "\"3000.00\"", "\"9000.00\"");
    let place = format!("position {}, stream {}", approved.position, approved.stream_id);
    let one_amount = seal(&log[..RUN_EVENTS as usize]).unwrap().packed;

    for (altered, named, known_by) in [
        (one_byte, "the sealed run 0 (positions 1 to 1024)", "the sealed run 0 (positions 1 to 1024)"),
        (one_amount, place.as_str(), "the root over all"),
    ] {
        let ledger = whole.twin();
        ledger.alter_as_owner(&format!("UPDATE sealed_runs SET packed = {} WHERE run = 0", bytes(&altered)));
        let found = ledger.fail(3, "verify");
        for words in [named, "sealed run 0", "`svala replay --repair`"] {
            assert!(found.contains(words), "{words}: {found}");
        }
        let refused = ledger.fail(3, "replay");
        assert!(refused.contains(known_by) && refused.contains("`svala replay --repair`"), "{refused}");
        // What is shown rests on the log; what would have to be built from the run is not shown.
        assert_eq!(ledger.balances(), balances);
        let empty = ledger.twin();
        empty.alter("DELETE FROM projection_rows");
        empty.alter("DELETE FROM projections");
        for line in ["balance", "balance", "case list"] {
            let shown = empty.run(line);
            assert!(shown.code == Some(3) && shown.out.is_empty() && shown.err.contains(known_by), "{shown}");
        }
        for ledger in [ledger, empty] {
            ledger.ok("replay --repair");
            assert_eq!(ledger.balances(), balances);
            assert_eq!(ledger.root(), whole.root());
            let again =
                ledger.ask("SELECT packed FROM sealed_runs WHERE run = 0", |row| row.get::<Vec<u8>>(0));
            assert_eq!(again, std::slice::from_ref(&packed));
            ledger.is_sound();
        }
    }
}

/// On a server whoever may append can move the head by hand: everybody stops, and the owner puts it back.
#[test]
fn a_head_that_was_moved_by_hand_is_put_back() {
    let ledger = Ledger::small("grants");
    if !on_postgres() {
        assert!(
            ledger.sql("UPDATE log_head SET position = position + 9").unwrap_err().contains("last event")
        );
        ledger.fail(2, "migrate --restore-head");
        return;
    }
    let root = ledger.root();
    ledger.alter("UPDATE log_head SET position = position + 9");
    for line in ["balance", "verify"] {
        assert!(ledger.fail(3, line).contains("svala migrate --restore-head"), "{line}");
    }
    let told = ledger.ok("migrate --restore-head");
    assert!(told.contains(&format!("its last event, {}:", root.0)), "{told}");
    assert_eq!(ledger.root(), root);
    ledger.import_up_to("reversals");
    ledger.is_sound();
}
