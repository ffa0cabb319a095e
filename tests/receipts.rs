//! Receipts as files: into the vault with a report or later, out again byte for byte, and gone with their person.

use std::fs;

use sha2::{Digest, Sha256};

use crate::support::{Ledger, find};

const HEADER: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";

fn row(receipt: &str, sha256: &str) -> String {
    format!("irara,FX-2041,education,2024-02-01,10.00,EUR,Lempa Night School,{receipt},{sha256},")
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A ledger with a folder `scans` of these files.
fn with_scans(files: &[(&str, &[u8])]) -> Ledger {
    let ledger = Ledger::small("grants");
    fs::create_dir(ledger.path("scans")).unwrap();
    for (name, content) in files {
        ledger.write(&format!("scans/{name}"), content);
    }
    ledger
}

fn import(ledger: &Ledger, rows: &[String], options: &str) -> crate::support::Run {
    ledger.write("spend.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    ledger.run(&format!("import spend spend.csv {options}"))
}

/// Of several pieces, with every byte in it.
fn scan() -> Vec<u8> {
    (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

#[test]
fn receipts_come_with_a_report_and_out_again_byte_for_byte() {
    let scan = scan();
    let ledger = with_scans(&[("R-1.pdf", &scan), ("R_2.x.jpg", b"jpeg"), ("notes.txt", b"not a receipt")]);
    let rows = [row("R-1", &hash(&scan)), row("R/2.x", ""), row("R-3", "")];
    let dry = import(&ledger, &rows, "--receipts scans --dry-run");
    assert!(dry.out.contains("receipts         2  (would be kept, encrypted)"), "{dry}");
    let run = import(&ledger, &rows, "--receipts scans");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.out.contains("receipts         2  (kept, encrypted)"), "{run}");
    assert!(run.out.contains("warning          1  (no file of the receipt in the folder: rows 4)"), "{run}");

    let claim = ledger.claim("R-1");
    ledger.ok(&format!("claim receipt {claim} --out out.pdf"));
    assert_eq!(fs::read(ledger.path("out.pdf")).unwrap(), scan);
    let error = ledger.fail(2, &format!("claim receipt {claim} --out out.pdf"));
    assert!(error.contains("is there already and was not touched"), "{error}");
    ledger.ok(&format!("claim receipt {} --out 2.jpg", ledger.claim("R/2.x")));
    assert_eq!(ledger.read("2.jpg"), "jpeg");
    let error = ledger.fail(2, &format!("claim receipt {} --out 3.pdf", ledger.claim("R-3")));
    assert!(error.contains("no file of this claim's receipt is in the ledger"), "{error}");
    let history = ledger.ok("history FX-2041");
    assert!(
        history.contains(&format!(
            "the receipt of claim {claim} was put into the vault: 200000 bytes, SHA-256 {}",
            hash(&scan)
        )),
        "{history}"
    );
    ledger.is_sound();
}

#[test]
fn the_same_file_of_spend_with_its_folder_later_brings_the_receipts() {
    let ledger = with_scans(&[("R-1.pdf", b"scan")]);
    let rows = [row("R-1", "")];
    assert_eq!(import(&ledger, &rows, "").code, Some(0));
    let run = import(&ledger, &rows, "--receipts scans");
    assert!(run.out.contains("receipts         1  (kept, encrypted)"), "{run}");
    let root = ledger.root();
    ledger.ok(&format!("claim receipt {} --out out.pdf", ledger.claim("R-1")));
    let again = import(&ledger, &rows, "--receipts scans");
    assert_eq!(again.code, Some(0), "{again}");
    assert!(!again.out.contains("receipts"), "{again}");
    assert_eq!(ledger.csv("claim list").len(), 1);
    ledger.write("scans/R-1.pdf", "another scan");
    let other = import(&ledger, &rows, "--receipts scans");
    assert!(other.err.contains("(rule receipt.another-file)"), "{other}");
    assert_eq!(ledger.root().1, root.1, "nothing was written after the receipt");
    ledger.is_sound();
}

#[test]
fn files_that_are_not_the_receipt_stop_the_import() {
    let large = vec![7; (10 << 20) + 1];
    let ledger = with_scans(&[
        ("R-1.pdf", b"scan"),
        ("R-2.pdf", b"scan"),
        ("R-2.jpg", b"scan"),
        ("R-4.pdf", b""),
        ("R-5.pdf", &large),
    ]);
    let root = ledger.root();
    for (row, rule) in [
        (row("R-1", &hash(b"another scan")), "receipt.another-file"),
        (row("R-2", ""), "receipt.several-files"),
        (row("R-3", &hash(b"scan")), "receipt.no-file"),
        (row("R-4", ""), "receipt.file-size"),
        (row("R-5", ""), "receipt.file-size"),
    ] {
        let run = import(&ledger, &[row], "--receipts scans");
        assert_eq!(run.code, Some(2), "{run}");
        assert!(
            run.err.contains("spend.csv row 2, column receipt_no: ")
                && run.err.contains(&format!("(rule {rule})")),
            "{run}"
        );
    }
    let run = import(&ledger, &[row("R-1", "")], "--receipts nowhere");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.err.contains("the folder nowhere cannot be read"), "{run}");
    assert_eq!(ledger.root(), root);
}

#[test]
fn a_receipt_may_come_later_by_hand_and_is_never_replaced() {
    let ledger = with_scans(&[]);
    assert_eq!(import(&ledger, &[row("R-1", &hash(b"scan"))], "").code, Some(0));
    let claim = ledger.claim("R-1");
    ledger.write("scan.pdf", "scan");
    ledger.write("other.pdf", "another scan");
    ledger.write("empty.pdf", "");
    let refused = ledger.fail(1, &format!("claim attach {claim} other.pdf"));
    assert!(refused.contains("another-receipt"), "{refused}");
    assert!(ledger.fail(2, &format!("claim attach {claim} empty.pdf")).contains("the file is empty"));
    assert!(
        ledger.fail(2, &format!("claim attach {claim} nowhere.pdf")).contains("nowhere.pdf cannot be read")
    );
    assert!(ledger.ok(&format!("claim attach {claim} scan.pdf")).contains("is in the vault"));
    let root = ledger.root();
    assert!(ledger.ok(&format!("claim attach {claim} scan.pdf")).contains("was in the vault already"));
    assert_eq!(ledger.root(), root);
    assert!(ledger.fail(1, &format!("claim attach {claim} other.pdf")).contains("receipt-attached"));
    ledger.is_sound();
}

/// The receipt of a family is kept once, and found from each share.
#[test]
fn the_receipt_of_a_family_is_found_from_every_share() {
    let ledger = with_scans(&[("R-1.pdf", b"scan")]);
    let rows = [row("R-1", "").replace("FX-2041", "FX-2041+FX-2042")];
    let run = import(&ledger, &rows, "--receipts scans");
    assert!(run.out.contains("receipts         1  (kept, encrypted)"), "{run}");
    for (number, case) in ["FX-2041", "FX-2042"].iter().enumerate() {
        let claim = find(ledger.csv("claim list"), "external_ref", case)["claim"].clone();
        ledger.ok(&format!("claim receipt {claim} --out {number}.pdf"));
        assert_eq!(ledger.read(&format!("{number}.pdf")), "scan");
        ledger.write("scan.pdf", "scan");
        assert!(ledger.ok(&format!("claim attach {claim} scan.pdf")).contains("already"));
    }
    ledger.is_sound();
}

/// A missing or exchanged piece of a receipt is found by the program that checks everything.
#[test]
fn verify_names_a_receipt_of_which_a_piece_is_missing_or_was_exchanged() {
    let scan = scan();
    let ledger = with_scans(&[("R-1.pdf", &scan)]);
    assert_eq!(import(&ledger, &[row("R-1", "")], "--receipts scans").code, Some(0));
    let (position, _) = ledger.first_event("ReceiptAttached");
    let body = ledger
        .ask("SELECT body FROM events WHERE event_type = 'ReceiptAttached'", |row| row.get::<String>(0));
    let event: serde_json::Value = serde_json::from_str(&body[0]).unwrap();
    let pieces: Vec<&str> =
        event["pieces"].as_array().unwrap().iter().map(|piece| piece.as_str().unwrap()).collect();
    assert_eq!(pieces.len(), 4);
    let claim = ledger.claim("R-1");
    let piece = |id: &str| crate::support::either(format!("x'{id}'"), format!("'\\x{id}'"));
    let missing = ledger.twin();
    missing.alter(&format!("DELETE FROM vault_texts WHERE text_id = {}", piece(pieces[2])));
    let error = missing.fail(3, "verify");
    assert!(error.contains(&format!("position {position}")) && error.contains("text is missing"), "{error}");
    missing.fail(2, &format!("claim receipt {claim} --out out.pdf"));
    ledger.alter(&format!(
        "UPDATE vault_texts SET sealed = (SELECT sealed FROM vault_texts WHERE text_id = {}) WHERE text_id = {}",
        piece(pieces[0]),
        piece(pieces[1])
    ));
    let error = ledger.fail(3, "verify");
    assert!(
        error.contains(&format!("position {position}")) && error.contains("exchanged or altered"),
        "{error}"
    );
    assert_eq!(ledger.run(&format!("claim receipt {claim} --out out.pdf")).code, Some(3));
}

/// Who is erased takes the receipt along; the balances and the root stay.
#[test]
fn an_erased_person_takes_the_receipt_along() {
    let canary = b"CANARY-IN-A-SCAN".repeat(9_000);
    let ledger = with_scans(&[("R-1.pdf", &canary)]);
    assert_eq!(import(&ledger, &[row("R-1", "")], "--receipts scans").code, Some(0));
    let claim = ledger.claim("R-1");
    let case = find(ledger.csv("claim list"), "receipt_no", "R-1")["case"].clone();
    let (root, balances) = (ledger.root(), ledger.balances().len());
    // As erasing a person does: the key with all texts, and the digests of what the person was known by.
    let (_, stream) = ledger.first_event("ReceiptAttached");
    if !crate::support::on_postgres() {
        let stored = ["svala.db", "svala.db-wal"].map(|name| fs::read(ledger.path(name)).unwrap_or_default());
        let shows = |bytes: &Vec<u8>| bytes.windows(16).any(|window| window == b"CANARY-IN-A-SCAN");
        assert!(!stored.iter().any(shows), "the receipt can be read without its key");
    }
    ledger.alter(&format!("DELETE FROM unique_keys WHERE scope = 'external-ref' AND stream_id = '{stream}'"));
    ledger.alter(
        "DELETE FROM vault_subjects WHERE subject_id IN \
         (SELECT subject_id FROM vault_texts GROUP BY subject_id HAVING sum(length(sealed)) > 100000)",
    );
    let error = ledger.fail(2, &format!("claim receipt {claim} --out out.pdf"));
    assert!(error.contains("was erased"), "{error}");
    assert_eq!((ledger.root(), ledger.balances().len()), (root, balances));
    // Nobody is erased without a word: no command does it.
    let told = ledger.ok("verify");
    assert!(told.contains(&format!("erased: the texts of {case}. Their keys are gone")), "{told}");
    assert_eq!(ledger.json("verify")["erased_cases"], serde_json::json!([case]));
    ledger.is_sound();
}

/// Nobody has to compute hashes for that: the kept files are compared.
#[test]
fn the_same_scan_at_two_partners_is_flagged_whatever_its_number() {
    let ledger = with_scans(&[("R-1.pdf", b"scan"), ("A-9.pdf", b"scan"), ("A-8.pdf", b"another")]);
    let of_caritas =
        |receipt: &str| format!("caritas,FX-2052,medical-care,2024-03-01,11.00,EUR,Clinic,{receipt},,");
    let run = import(&ledger, &[row("R-1", ""), of_caritas("A-9"), of_caritas("A-8")], "--receipts scans");
    assert_eq!(run.code, Some(0), "{run}");
    let flagged = ledger.csv("claim flags");
    let same: Vec<&String> =
        flagged.iter().filter(|flag| flag["flag"] == "same-receipt").map(|flag| &flag["claim"]).collect();
    assert_eq!(same, [&ledger.claim("R-1"), &ledger.claim("A-9")]);
}

/// Receipt numbers are the suppliers' own: one file cannot be the evidence of two of them.
#[test]
fn one_file_is_no_receipt_of_two_suppliers() {
    let ledger = with_scans(&[("17.pdf", b"scan")]);
    let of = |supplier: &str| format!("irara,FX-2041,education,2024-02-01,10.00,EUR,{supplier},17,,");
    let run = import(&ledger, &[of("Shop A"), of("Shop B")], "--receipts scans");
    assert_eq!(run.code, Some(2), "{run}");
    assert!(
        run.err.contains("receipt.ambiguous-file") || run.out.contains("receipt.ambiguous-file"),
        "{run}"
    );
    assert_eq!(import(&ledger, &[of("Shop A")], "--receipts scans").code, Some(0));
}

/// A fee is about no person, and has its receipt all the same.
#[test]
fn receipts_of_fees_come_with_a_report_or_later_and_out_again() {
    let scan = scan();
    let ledger = with_scans(&[("F-1.pdf", &scan), ("F-2.pdf", b"invoice")]);
    let fee = |receipt: &str, sha256: &str| {
        format!("irara,,partner-fee,2024-03-31,75.00,EUR,IRARA,{receipt},{sha256},")
    };
    let wrong = import(&ledger, &[fee("F-2", &hash(&scan))], "--receipts scans");
    assert_eq!(wrong.code, Some(2), "{wrong}");
    assert!(wrong.err.contains("(rule receipt.another-file)"), "{wrong}");
    let rows = [fee("F-1", &hash(&scan)), fee("F-3", "")];
    let run = import(&ledger, &rows, "--receipts scans");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.out.contains("receipts         1  (kept, encrypted)"), "{run}");
    assert!(run.out.contains("(no file of the receipt in the folder: rows 3)"), "{run}");
    let number = |receipt: &str| find(ledger.csv("partner fee list"), "receipt_no", receipt)["fee"].clone();
    ledger.ok(&format!("partner fee receipt {} --out out.pdf", number("F-1")));
    assert_eq!(fs::read(ledger.path("out.pdf")).unwrap(), scan);
    let root = ledger.root();
    let again = import(&ledger, &rows, "--receipts scans");
    assert!(!again.out.contains("receipts   "), "{again}");
    assert_eq!(ledger.root(), root);

    let later = number("F-3");
    let error = ledger.fail(2, &format!("partner fee receipt {later} --out 3.pdf"));
    assert!(error.contains("no file of this fee's receipt is in the ledger"), "{error}");
    let told = ledger.ok(&format!("--actor asha@irara partner fee attach {later} scans/F-2.pdf"));
    assert!(told.contains(&format!("the receipt of fee {later} is in the vault")), "{told}");
    assert!(ledger.ok(&format!("partner fee attach {later} scans/F-2.pdf")).contains("already"));
    let refused = ledger.fail(1, &format!("partner fee attach {later} scans/F-1.pdf"));
    assert!(refused.contains("receipt-attached"), "{refused}");
    let history = ledger.ok("partner history irara");
    assert!(
        history.contains(&format!("the receipt of fee {later} was put into the vault: 7 bytes")),
        "{history}"
    );
    ledger.is_sound();

    // A piece that is missing is found by the program that checks everything.
    let (position, _) = ledger.first_event("FeeReceiptAttached");
    let body = ledger
        .ask("SELECT body FROM events WHERE event_type = 'FeeReceiptAttached'", |row| row.get::<String>(0));
    let event: serde_json::Value = serde_json::from_str(&body[0]).unwrap();
    let id = event["pieces"][2].as_str().unwrap();
    let piece = crate::support::either(format!("x'{id}'"), format!("'\\x{id}'"));
    ledger.alter(&format!("DELETE FROM vault_texts WHERE text_id = {piece}"));
    let error = ledger.fail(3, "verify");
    assert!(error.contains(&format!("position {position}")) && error.contains("text is missing"), "{error}");
}

/// A link may lead anywhere: nothing is read through it.
#[cfg(unix)]
#[test]
fn a_link_in_the_folder_is_no_receipt() {
    let ledger = with_scans(&[("R-1.pdf", b"scan")]);
    ledger.write("secret.pdf", b"not a receipt");
    std::os::unix::fs::symlink(ledger.path("secret.pdf"), ledger.path("scans/R-2.pdf")).unwrap();
    let root = ledger.root();
    let run = import(&ledger, &[row("R-1", ""), row("R-2", "")], "--receipts scans");
    assert!(run.code == Some(2) && run.err.contains("receipt.link"), "{run}");
    assert_eq!(ledger.root(), root);
}
