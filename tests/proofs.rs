//! Proofs that somebody else can check: of one event, and of a history that goes on.

use std::fs;

use event_log::proof::Proof;

use crate::forger::{raise, rewrite};
use crate::support::Ledger;

/// What an auditor has: files and the public key, and no ledger.
fn auditor(ledger: &Ledger, files: &[&str]) -> Ledger {
    let auditor = Ledger::none();
    auditor.write("ledger.vkey", ledger.ok("checkpoint --public-key"));
    for file in files {
        fs::copy(ledger.path(file), auditor.path(file)).unwrap();
    }
    auditor
}

const CHECK: &str = "verify --verifier-key ledger.vkey --proof";

#[test]
fn every_event_can_be_proved_to_somebody_without_the_ledger() {
    let ledger = Ledger::small("grants");
    let (events, root) = ledger.root();
    let (paid, stream) = ledger.first_event("ArrivalGrantPaid");
    for position in [1, 2, paid as u64, events] {
        let file = format!("{position}.tlog-proof");
        let told = ledger.run(&format!("prove {position} --out {file}"));
        assert!(told.code == Some(0) && told.err.contains(&format!("written to {file}")), "{told}");
        let proved = auditor(&ledger, &[&file]).json(&format!("{CHECK} {file}"));
        assert_eq!(proved["position"], position);
        assert_eq!((&proved["size"], &proved["root"]), (&events.into(), &root.clone().into()));
    }
    let shown = auditor(&ledger, &[&format!("{paid}.tlog-proof")]).ok(&format!("{CHECK} {paid}.tlog-proof"));
    for said in
        [&format!("at position {paid} of the log svala/"), &format!("stream {stream}, version"), "615.00"]
    {
        assert!(shown.contains(said), "{said} is not in: {shown}");
    }
    // It is a text to pass on as well; with the key in the folder none need be named.
    let text = ledger.ok("prove 1");
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra ") && text.contains("\nindex 0\n"), "{text}");
    ledger.ok(&format!("verify --proof {paid}.tlog-proof"));
    let key = ledger.ok("checkpoint --public-key");
    ledger.ok(&format!("verify --proof {paid}.tlog-proof --verifier-key {}", key.trim_end()));
}

#[test]
fn an_altered_proof_or_another_key_proves_nothing() {
    let (ledger, other) = (Ledger::small("grants"), Ledger::new());
    ledger.ok("prove 3 --out three");
    ledger.ok("prove 4 --out four");
    let auditor = auditor(&ledger, &["three", "four"]);
    let (three, four) = (auditor.read("three"), auditor.read("four"));
    auditor.write("theirs.vkey", other.ok("checkpoint --public-key"));
    let line = |text: &str, nth: usize| text.lines().nth(nth).unwrap().to_owned();
    for (altered, why) in [
        (three.replace("\nindex 2\n", "\nindex 3\n"), "are not those of the event at position 4"),
        (three.replace(&line(&three, 1), &line(&four, 1)), "are not those of the event at position 3"),
        (three.replace(&line(&three, 3), &line(&three, 4)), "its hashes do not give the root"),
        (three.replace("\ntime 2", "\ntime 1"), "its checkpoint does not count: the signature of svala/"),
    ] {
        assert_ne!(altered, three);
        auditor.write("altered", altered);
        let refused = auditor.fail(1, &format!("{CHECK} altered"));
        assert!(
            refused.contains("altered proves nothing") && refused.contains(why),
            "{why} is not in: {refused}"
        );
    }
    let refused = auditor.fail(1, "verify --proof three --verifier-key theirs.vkey");
    assert!(refused.contains("it is a checkpoint of another ledger"), "{refused}");
    for (line, why) in [
        ("verify --proof three", "name the public key of the ledger with --verifier-key"),
        ("verify --proof three --verifier-key three", "a verifier key is written NAME+ID+KEY"),
        ("verify --proof three --verifier-key a+b+c", "a verifier key is written NAME+ID+KEY"),
        ("verify --proof ledger.vkey --verifier-key ledger.vkey", "it is no proof"),
        ("verify --proof missing --verifier-key ledger.vkey", "missing cannot be read"),
        ("verify --proof three --checkpoint four --verifier-key ledger.vkey", "brings its own checkpoint"),
    ] {
        let refused = auditor.fail(2, line);
        assert!(refused.contains(why), "{why} is not in: {refused}");
    }
}

#[test]
fn a_history_that_goes_on_is_proved_against_the_checkpoint_somebody_holds() {
    let ledger = Ledger::small("cases");
    ledger.ok("checkpoint --out march");
    ledger.import_up_to("spend");
    ledger.ok("prove --since march --out since-march");
    let auditor = auditor(&ledger, &["march", "since-march"]);
    let march = auditor.read("march").lines().nth(1).unwrap().to_owned();
    let proved = auditor.ok(&format!("{CHECK} since-march --checkpoint march"));
    assert!(
        proved.contains(&format!("the first {march} events are still those of your checkpoint")),
        "{proved}"
    );
    let proof = auditor.json(&format!("{CHECK} since-march --checkpoint march"));
    assert_eq!(
        (&proof["old_size"], &proof["size"]),
        (&march.parse::<u64>().unwrap().into(), &ledger.root().0.into())
    );
    assert!(auditor.read("since-march").starts_with(&format!("old {march}\n")));

    let refused = auditor.fail(2, &format!("{CHECK} since-march"));
    assert!(refused.contains(&format!("about a checkpoint of {march} events")), "{refused}");
    let hash = auditor.read("since-march").lines().nth(1).unwrap().to_owned();
    auditor.write("altered", auditor.read("since-march").replace(&hash, &"A".repeat(43).replace("AA", "BA")));
    auditor.fail(2, &format!("{CHECK} altered --checkpoint march"));
    auditor.write("altered", auditor.read("since-march").replace(&hash, &format!("{}=", "A".repeat(43))));
    let refused = auditor.fail(1, &format!("{CHECK} altered --checkpoint march"));
    assert!(refused.contains("its hashes do not give the root"), "{refused}");
    // The newer one is no older one.
    let newer = auditor.read("since-march").split_once("\n\n").unwrap().1.to_owned();
    auditor.write("newer", newer);
    let refused = auditor.fail(1, &format!("{CHECK} since-march --checkpoint newer"));
    assert!(refused.contains("the one given has"), "{refused}");
}

/// Two histories shown to two auditors: the proof that would make them one cannot be made.
#[test]
fn a_rewritten_history_cannot_be_proved_to_go_on() {
    let ledger = Ledger::small("grants");
    ledger.ok("checkpoint --out kept");
    let (position, _) = ledger.first_event("ArrivalGrantPaid");
    rewrite(&ledger, |events| raise(&mut events[position as usize - 1], "615.00", "616.00"));
    let refused = ledger.fail(3, "prove --since kept --checkpoints elsewhere");
    assert!(refused.contains("does not continue what the checkpoint kept of"), "{refused}");
    assert!(!ledger.path("elsewhere").exists(), "nothing may be signed of a history that was found out");
    // A proof in the old log does not lead to the new root.
    ledger.ok(&format!("prove {position} --out new --checkpoints elsewhere"));
    let Ok(Proof::Inclusion(mut mixed)) = Proof::parse(ledger.read("new").as_bytes()) else {
        panic!("no proof")
    };
    mixed.checkpoint = event_log::note::Note::parse(ledger.read("kept").as_bytes()).unwrap();
    ledger.write("mixed", mixed.to_string());
    let refused = ledger.fail(1, "verify --proof mixed");
    assert!(refused.contains("its hashes do not give the root"), "{refused}");
}

#[test]
fn what_is_not_in_the_log_cannot_be_proved() {
    let ledger = Ledger::new();
    for position in ["0", "2", "18446744073709551615"] {
        let refused = ledger.fail(2, &format!("prove {position}"));
        assert!(
            refused.contains(&format!(
                "there is no event at position {position}: the log has those from 1 to 1"
            ))
        );
    }
    for line in ["prove", "prove x", "prove 1 --since svala.key", "prove --since missing"] {
        ledger.fail(2, line);
    }
    let refused = ledger.fail(2, "prove 1 --out svala.key");
    assert!(refused.contains("is there already and was not touched"), "{refused}");
    // A leaf hash that is not that of its event is not proved.
    let ledger = Ledger::small("cases");
    ledger.alter_as_owner("UPDATE events SET actor = 'somebody' WHERE position = 2");
    let refused = ledger.fail(3, "prove 2");
    assert!(refused.contains("nothing can be proved: `svala verify` tells where"), "{refused}");
}

/// Whoever may only read the ledger's checkpoints can prove what they know.
#[test]
#[cfg(unix)]
fn who_may_not_add_a_checkpoint_proves_by_the_newest() {
    use std::fs::{Permissions, metadata, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let ledger = Ledger::small("grants");
    let folder = ledger.path("svala.checkpoints");
    let (size, _) = ledger.root();
    ledger.ok("case close FX-2041 --on 2024-05-01");
    set_permissions(&folder, Permissions::from_mode(0o555)).unwrap();
    if tempfile::tempfile_in(&folder).is_ok() {
        println!("SKIPPED: this user may write to every folder");
        return;
    }
    let proved = ledger.run("prove 3 --out proof");
    let later = ledger.fail(3, &format!("prove {}", size + 1));
    set_permissions(&folder, metadata(ledger.path("")).unwrap().permissions()).unwrap();
    assert_eq!(proved.code, Some(0), "{proved}");
    assert!(later.contains("svala.checkpoints cannot be written"), "{later}");
    assert!(auditor(&ledger, &["proof"]).ok(&format!("{CHECK} proof")).contains("position 3"));
}
