//! Checkpoints: what is written where, what they find that nothing inside the database can, and when a ledger is not
//! opened.

use std::fs;
use std::path::{Path, PathBuf};

use event_log::RecordedEvent;
use uuid::Uuid;

use crate::forger::{raise, rewrite};
use crate::support::{Ledger, either};

const FOLDER: &str = "svala.checkpoints";

/// The checkpoints in the folder: number of events and path.
fn checkpoints(ledger: &Ledger) -> Vec<(u64, PathBuf)> {
    let Ok(files) = fs::read_dir(ledger.path(FOLDER)) else { return Vec::new() };
    let mut found: Vec<(u64, PathBuf)> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "checkpoint"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().parse().unwrap(), path))
        .collect();
    found.sort();
    found
}

/// The small scenario, with a checkpoint after each file, and the positions of those.
fn ledger_with_checkpoints() -> (Ledger, Vec<u64>) {
    let ledger = Ledger::small("reversals");
    let sizes: Vec<u64> = checkpoints(&ledger).into_iter().map(|(size, _)| size).collect();
    assert_eq!(sizes.len(), 5, "one at init, one after each file: {sizes:?}");
    (ledger, sizes)
}

/// Everything inside the database fits: only a checkpoint can tell.
fn is_sound_without_checkpoints(ledger: &Ledger) {
    let told = ledger.ok("verify --checkpoints empty");
    assert!(told.contains("no checkpoint vouches for this history"), "{told}");
}

/// The ledger is not opened to work with, and `said` says why; so does the doctor.
fn is_not_opened(ledger: &Ledger, said: &[&str]) {
    for line in ["balance", "import reversals reversals.csv", "checkpoint", "rulebook adopt"] {
        let refused = ledger.fail(3, line);
        for said in said {
            assert!(refused.contains(said), "svala {line}: {said:?} is not in: {refused}");
        }
    }
    let doctor = ledger.run("doctor");
    assert_eq!(doctor.code, Some(3), "{doctor}");
    assert!(doctor.out.contains("NOT OK") && doctor.out.contains(said[0]), "{doctor}");
}

#[test]
fn a_checkpoint_is_written_at_init_and_after_every_file() {
    let ledger = Ledger::new();
    let at_init = checkpoints(&ledger);
    assert_eq!(at_init.iter().map(|(size, _)| *size).collect::<Vec<_>>(), [1]);
    let note = fs::read_to_string(&at_init[0].1).unwrap();
    let lines: Vec<&str> = note.lines().collect();
    assert!(lines[0].starts_with("svala/") && lines[1] == "1" && lines[2].len() == 44, "{note}");
    assert!(lines[3].starts_with("time 20") && lines[5].is_empty(), "{note}");
    assert!(lines[6].starts_with(&format!("\u{2014} {} ", lines[0])), "{note}");
    assert_eq!(lines.len(), 7);

    ledger.take_files(&crate::support::fixtures());
    ledger.import_up_to("grants");
    let sizes: Vec<u64> = checkpoints(&ledger).into_iter().map(|(size, _)| size).collect();
    let (events, _) = ledger.root();
    assert_eq!((sizes.len(), sizes.last()), (3, Some(&events)));
    assert!(
        ledger
            .ok("verify")
            .contains(&format!("3 checkpoints vouch for this history, up to position {events}"))
    );
    assert_eq!(fs::read_to_string(&at_init[0].1).unwrap(), note, "the first one stays as it was");
    // Nothing was written: there is nothing to vouch for. A single command within the hour can wait.
    ledger.ok("import grants grants.csv");
    ledger.ok("case close FX-2041 --on 2024-05-01");
    assert_eq!(checkpoints(&ledger).len(), 3);
    ledger.ok("doctor");
}

#[test]
#[cfg(unix)]
fn anyone_may_read_checkpoints_and_only_the_owner_the_key() {
    use std::os::unix::fs::PermissionsExt;
    let ledger = Ledger::new();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&ledger.path("svala.key")), 0o600);
    // The umask may take more away.
    for (path, most) in [
        (ledger.path(FOLDER), 0o755),
        (ledger.path(FOLDER).join("ledger.vkey"), 0o444),
        (checkpoints(&ledger)[0].1.clone(), 0o444),
    ] {
        let mode = mode(&path);
        assert!(mode & !most == 0 && mode & 0o400 != 0, "{}: {mode:o}", path.display());
    }
    fs::set_permissions(ledger.path(FOLDER), fs::Permissions::from_mode(0o777)).unwrap();
    let doctor = ledger.run("doctor");
    assert!(
        doctor.code == Some(3) && doctor.out.contains("others than its owner may change it (mode 0777)"),
        "{doctor}"
    );
}

#[test]
fn the_public_key_is_printed_and_kept_with_the_checkpoints() {
    let ledger = Ledger::new();
    let key = ledger.ok("checkpoint --public-key");
    assert!(key.starts_with("svala/") && key.split('+').count() >= 3, "{key}");
    assert_eq!(ledger.read(&format!("{FOLDER}/ledger.vkey")), key);
    let origin = fs::read_to_string(&checkpoints(&ledger)[0].1).unwrap();
    assert_eq!(origin.lines().next(), key.split('+').next());
    assert_eq!(ledger.json("checkpoint --public-key")["verifier_key"], key.trim_end());
}

#[test]
fn a_checkpoint_can_be_asked_for_at_any_time_and_replaces_nothing() {
    let ledger = Ledger::small("cases");
    ledger.ok("case close FX-2041 --on 2024-05-01");
    fs::create_dir(ledger.path("archive")).unwrap();
    let asked = ledger.run("checkpoint --out archive");
    let (size, in_folder) = checkpoints(&ledger).pop().unwrap();
    let copy = format!("archive/{size:012}.checkpoint");
    assert!(asked.code == Some(0) && asked.err.contains(&copy), "{asked}");
    assert_eq!(ledger.read(&copy), asked.out);
    assert_eq!(fs::read_to_string(in_folder).unwrap(), asked.out);
    assert_eq!(ledger.json("checkpoint")["size"], size);
    // Again with nothing new in the log: what is there stays, and is what is shown.
    let again = ledger.run("checkpoint --out archive");
    assert!(again.code == Some(0) && again.err.contains(&format!("is in {copy} already")), "{again}");
    assert!(!again.err.contains("written to") && again.out == asked.out, "{again}");
    let refused = ledger.fail(2, "checkpoint --out svala.key");
    assert!(refused.contains("is there already and was not touched"), "{refused}");
    assert!(ledger.ok(&format!("verify --checkpoint {copy}")).contains(&format!("up to position {size}")));
}

/// An auditor has the database, the public key and a checkpoint from before, and neither the key file nor the folder.
#[test]
fn the_ledger_is_verified_without_its_key() {
    let whole = Ledger::small("reversals");
    whole.ok("checkpoint --out kept.checkpoint");
    let (events, root) = whole.root();
    fs::copy(whole.path(FOLDER).join("ledger.vkey"), whole.path("public.vkey")).unwrap();
    fs::rename(whole.path("svala.key"), whole.path("away.key")).unwrap();
    fs::rename(whole.path(FOLDER), whole.path("away.folder")).unwrap();
    assert!(whole.fail(3, "verify").contains("There is no key file"));
    let asked = "verify --verifier-key public.vkey --checkpoint kept.checkpoint";
    let verified = whole.json(asked);
    assert_eq!((verified["events"].as_u64(), verified["root"].as_str()), (Some(events), Some(root.as_str())));
    assert_eq!((verified["vouched"].as_u64(), verified["erased"].as_u64()), (Some(events), Some(0)));
    assert!(whole.ok(asked).contains("without the ledger's key: no text was opened"));

    let nobody = either("x'0000000000000000000000000000002a'", "'00000000-0000-0000-0000-00000000002a'");
    let (position, _) = whole.first_event("SpendReported");
    for (change, told) in [
        (
            format!("UPDATE events SET body = replace(body, 'EUR', 'SEK') WHERE position = {position}"),
            format!("position {position}"),
        ),
        (
            format!("UPDATE unique_keys SET entity = {nobody} WHERE scope = 'external-ref'"),
            "its unique external-ref is reserved for another".to_owned(),
        ),
        (
            "DELETE FROM unique_keys WHERE scope = 'case-reference'".to_owned(),
            "the reservation of its unique case-reference is missing".to_owned(),
        ),
        (
            format!("DELETE FROM commands WHERE first_position = {position}"),
            "so it could be written twice".to_owned(),
        ),
        ("DELETE FROM vault_texts".to_owned(), "its encrypted text is missing".to_owned()),
    ] {
        let ledger = whole.twin();
        ledger.alter_as_owner(&change);
        let found = ledger.fail(3, asked);
        assert!(found.contains(&told), "{change}: {found}");
    }

    let another = Ledger::new();
    let key = another.ok("checkpoint --public-key");
    let refused = whole.fail(2, &format!("verify --verifier-key {}", key.trim_end()));
    assert!(refused.contains("the public key is that of"), "{refused}");
}

#[test]
fn one_changed_amount_with_all_hashes_recomputed_is_found_between_two_checkpoints() {
    let (ledger, sizes) = ledger_with_checkpoints();
    let (position, _) = ledger.first_event("ArrivalGrantPaid");
    rewrite(&ledger, |events| raise(&mut events[position as usize - 1], "615.00", "616.00"));
    is_sound_without_checkpoints(&ledger);
    let found = ledger.fail(3, "verify");
    let between =
        format!("the history was rewritten between the positions {} and {}:", sizes[1] + 1, sizes[2]);
    assert!(found.contains(&between), "{between} is not in: {found}");
    let (good, bad) = (format!("{:012}.checkpoint", sizes[1]), format!("{:012}.checkpoint", sizes[2]));
    assert!(found.contains(&format!("{bad} of 20")) && found.contains(&format!("{good} of 20")), "{found}");
    let newest = format!("{:012}.checkpoint", sizes[4]);
    is_not_opened(
        &ledger,
        &["does not continue what", &newest, "`svala verify` tells between which positions"],
    );
}

#[test]
fn a_rewritten_suffix_is_found_and_longer_is_no_better() {
    let (whole, sizes) = ledger_with_checkpoints();
    let (position, _) = whole.first_event("SpendReported");
    let gone = position as usize - 1;
    // One receipt and its decision never happened; what follows moves up.
    let shorter = whole.twin();
    rewrite(&shorter, |events| drop(events.drain(gone..gone + 2)));
    is_sound_without_checkpoints(&shorter);
    let found = shorter.fail(3, "verify");
    let between = format!("between the positions {} and {}:", sizes[2] + 1, sizes[3]);
    assert!(found.contains(&between), "{between} is not in: {found}");
    let last = sizes[4];
    is_not_opened(&shorter, &[&format!("ends at position {}", last - 2), &format!("knows {last} events")]);

    // The same, and as many others put in its place.
    let longer = whole.twin();
    rewrite(&longer, |events| {
        let adopted = RecordedEvent { command_id: Uuid::from_u128(1), ..events[0].clone() };
        events.drain(gone..gone + 2);
        events.extend(std::iter::repeat_n(adopted, 5));
    });
    is_sound_without_checkpoints(&longer);
    assert!(longer.fail(3, "verify").contains(&between));
    is_not_opened(&longer, &["does not continue what", &format!("{last:012}.checkpoint")]);
}

#[test]
fn a_cut_tail_is_found_though_the_head_was_cut_with_it() {
    let (ledger, sizes) = ledger_with_checkpoints();
    let last = sizes[4];
    rewrite(&ledger, |events| events.truncate(last as usize - 1));
    is_sound_without_checkpoints(&ledger);
    let found = ledger.fail(3, "verify");
    let said = [
        &format!("the log ends at position {}", last - 1),
        &format!("{last:012}.checkpoint of 20"),
        &format!("knows {last} events"),
        &format!("those after position {} were removed", last - 1),
    ];
    said.iter().for_each(|said| assert!(found.contains(*said), "{said} is not in: {found}"));
    is_not_opened(&ledger, &said.map(String::as_str));
}

#[test]
fn two_swapped_events_are_found_though_all_hashes_fit() {
    let (ledger, sizes) = ledger_with_checkpoints();
    rewrite(&ledger, |events| {
        // Two neighbours that are about different people, so that no stream is out of order.
        let one =
            (sizes[1] as usize..).find(|one| events[*one].stream_id != events[one + 1].stream_id).unwrap();
        assert!(one + 1 < sizes[2] as usize);
        events.swap(one, one + 1);
    });
    is_sound_without_checkpoints(&ledger);
    let between = format!("between the positions {} and {}:", sizes[1] + 1, sizes[2]);
    assert!(ledger.fail(3, "verify").contains(&between));
    is_not_opened(&ledger, &["does not continue what"]);
}

#[test]
fn yesterdays_database_is_not_opened_today() {
    let mut ledger = Ledger::small("grants");
    let (yesterday, _) = ledger.root();
    let backup = ledger.twin();
    ledger.import_up_to("spend");
    let (today, _) = ledger.root();
    ledger.take_database_of(backup);
    let said = [
        &format!("the log ends at position {yesterday}"),
        &format!("{today:012}.checkpoint of 20"),
        &format!("knows {today} events"),
        "an older copy of the database was put in its place",
    ];
    is_not_opened(&ledger, &said);
    let found = ledger.fail(3, "verify");
    said.iter().for_each(|said| assert!(found.contains(*said), "{said} is not in: {found}"));
    is_sound_without_checkpoints(&ledger);
}

/// Who can change the database and the folder is found by a checkpoint that is somewhere else.
#[test]
fn a_checkpoint_kept_elsewhere_finds_what_the_folder_no_longer_can() {
    let (ledger, sizes) = ledger_with_checkpoints();
    fs::copy(&checkpoints(&ledger)[3].1, ledger.path("kept.txt")).unwrap();
    let (position, _) = ledger.first_event("ArrivalGrantPaid");
    rewrite(&ledger, |events| raise(&mut events[position as usize - 1], "615.00", "616.00"));
    checkpoints(&ledger).iter().skip(2).for_each(|(_, path)| fs::remove_file(path).unwrap());
    ledger.ok("balance");
    ledger.ok("verify");
    let found = ledger.fail(3, "verify --checkpoint kept.txt");
    let said =
        format!("between the positions {} and {}: the checkpoint kept.txt of 20", sizes[1] + 1, sizes[3]);
    assert!(found.contains(&said), "{said} is not in: {found}");
    // What is signed now contradicts it: whoever holds both can show it.
    ledger.ok("checkpoint --out later.txt");
    ledger.fail(3, "verify --checkpoint later.txt --checkpoint kept.txt");
}

#[test]
fn a_newest_checkpoint_that_cannot_be_trusted_stops_the_ledger() {
    let other = Ledger::small("cases");
    let whole = Ledger::small("grants");
    let [.., (_, older), (size, newest)] = &checkpoints(&whole)[..] else { panic!("too few") };
    let good = fs::read_to_string(newest).unwrap();
    let theirs = fs::read_to_string(&checkpoints(&other).pop().unwrap().1).unwrap();
    let origin = whole.ok("checkpoint --public-key").split('+').next().unwrap().to_owned();
    let their_origin = theirs.lines().next().unwrap();
    let cut = &good[..good.len() - 10];
    let name = format!("{size:012}.checkpoint");
    for (content, why) in [
        (String::new(), "it is not a text, a blank line and signatures".to_owned()),
        ("x".repeat(100_000), "it is longer than 65536 bytes".to_owned()),
        (cut.to_owned(), "it is not a text, a blank line and signatures".to_owned()),
        (good.replace("\ntime 2", "\ntime 1"), "is wrong: it was altered".to_owned()),
        (good.replace(&format!("\n{size}\n"), "\n1\n"), "it is not the text of a checkpoint".to_owned()),
        (theirs.clone(), format!("it is a checkpoint of another ledger, {their_origin}")),
        (theirs.replace(their_origin, &origin), format!("it is not signed by {origin}")),
        (fs::read_to_string(older).unwrap(), format!("its name says {size}")),
    ] {
        let ledger = whole.twin();
        fs::remove_file(ledger.path(FOLDER).join(&name)).unwrap();
        ledger.write(&format!("{FOLDER}/{name}"), content);
        is_not_opened(&ledger, &[&why, &name, "is no checkpoint of this ledger"]);
        let found = ledger.fail(3, "verify");
        assert!(found.contains(&why) && found.contains(&name), "{found}");
        // Without that file the ledger is whole.
        fs::remove_file(ledger.path(FOLDER).join(&name)).unwrap();
        ledger.is_sound();
    }
    let ledger = whole.twin();
    ledger.write(&format!("{FOLDER}/notes.txt"), "no checkpoint");
    ledger.write(&format!("{FOLDER}/7.checkpoint"), "not our name");
    ledger.is_sound();
}

#[test]
fn a_given_checkpoint_that_is_none_of_this_ledger_is_wrong_input() {
    let (ledger, other) = (Ledger::new(), Ledger::small("cases"));
    fs::copy(&checkpoints(&other)[0].1, ledger.path("theirs.txt")).unwrap();
    ledger.write("garbled.txt", [0xff, 0xfe]);
    for (file, why) in [
        ("theirs.txt", "it is a checkpoint of another ledger, svala/"),
        ("garbled.txt", "it is not a plain text in UTF-8"),
        ("missing.txt", "it cannot be read"),
        ("svala.checkpoints", "it cannot be read: it is not a regular file"),
    ] {
        let refused = ledger.fail(2, &format!("verify --checkpoint {file}"));
        assert!(refused.contains(&format!("{file} is no checkpoint of this ledger: {why}")), "{refused}");
    }
}

#[test]
#[cfg(unix)]
fn a_folder_that_cannot_be_written_fails_no_command_and_is_told() {
    let ledger = Ledger::none();
    std::os::unix::fs::symlink(ledger.path("missing/folder"), ledger.path(FOLDER)).unwrap();
    let init = ledger.run("init");
    assert!(init.code == Some(0) && init.err.contains("warning: no checkpoint was written"), "{init}");
    ledger.take_files(&crate::support::fixtures());
    let import = ledger.run("import cases cases.csv");
    assert!(import.code == Some(0) && import.err.contains("svala.checkpoints cannot be written"), "{import}");
    assert!(import.err.contains("what was recorded is safe"), "{import}");
    ledger.fail(3, "checkpoint");
    let doctor = ledger.run("doctor");
    assert!(doctor.code == Some(3) && doctor.out.contains("`svala checkpoint` writes one"), "{doctor}");
    ledger.ok("verify");
    // What cannot even be read might hold a checkpoint that says otherwise.
    let unread = ledger.fail(3, "balance --checkpoints svala.key");
    assert!(unread.contains("the checkpoint folder svala.key cannot be read"), "{unread}");
    fs::remove_file(ledger.path(FOLDER)).unwrap();
    ledger.ok("case close FX-2041 --on 2024-05-01");
    assert_eq!(checkpoints(&ledger).len(), 1, "the next command writes one");
    ledger.ok("doctor");
}

/// A folder that is mistyped guards nothing: that is told, whatever is asked.
#[test]
fn a_folder_without_checkpoints_is_told() {
    let ledger = Ledger::small("cases");
    let told = ledger.run("balance --checkpoints nowhere");
    assert_eq!(told.code, Some(0), "{told}");
    assert!(told.err.contains("warning: the folder nowhere holds no checkpoint"), "{told}");
    assert!(!ledger.path("nowhere").exists());
    assert!(ledger.run("balance").err.is_empty());
}

#[test]
fn a_ledger_does_not_begin_in_the_folder_of_another() {
    let old = Ledger::new();
    old.remove_database();
    fs::remove_file(old.path("svala.key")).unwrap();
    let refused = old.fail(2, "init");
    assert!(refused.contains("holds checkpoints of another ledger"), "{refused}");
    assert!(!old.path("svala.key").exists() && !old.path("svala.db").exists());
    old.ok("init --checkpoints elsewhere");
    old.ok("doctor --checkpoints elsewhere");
    // Named by mistake, the old folder is not taken for this ledger's.
    assert!(old.fail(3, "balance").contains("it is a checkpoint of another ledger"));
}

#[test]
fn the_folder_may_be_named_by_the_environment() {
    let ledger = Ledger::none();
    let run = ledger.command("init").env("SVALA_CHECKPOINTS", ledger.path("there")).output().unwrap();
    assert!(run.status.success());
    assert!(ledger.path("there/000000000001.checkpoint").exists() && !ledger.path(FOLDER).exists());
    assert!(ledger.run("doctor").out.contains("none in svala.checkpoints"));
}
