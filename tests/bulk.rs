//! Decisions about many claims at once: what they leave for somebody to look at.

use crate::four_eyes::{SPEND, cases, number, one, reported, state};

/// What somebody else proposed is agreed to by whoever says so, and is told apart from what is decided anew.
#[test]
fn a_bulk_acceptance_leaves_what_others_proposed() {
    let ledger = reported(&[one("L-1", "2000.00"), one("S-1", "10.00")].concat());
    ledger.ok(&format!("--actor anna claim accept {}", number(&ledger, "L-1")));
    let accept = "--actor bo claim accept --partner irara --flagged-too";
    for dry in [" --dry-run", ""] {
        let run = ledger.run(&format!("{accept}{dry} --format csv"));
        assert_eq!((run.out.contains("S-1"), run.out.contains("L-1")), (true, false), "{run}");
        assert!(run.err.contains("1 claim that somebody else proposed to accept left open"), "{run}");
        assert!(run.err.contains("--agree"), "{run}");
    }
    assert_eq!((state(&ledger, "L-1"), state(&ledger, "S-1")), ("proposed".into(), "accepted".into()));

    let root = ledger.root();
    let preview = ledger.csv(&format!("{accept} --agree --dry-run"));
    assert_eq!(preview.len(), 1);
    assert_eq!([&*preview[0]["receipt_no"], &*preview[0]["agrees_to"]], ["L-1", "anna"]);
    assert_eq!(ledger.root(), root);
    let run = ledger.run(&format!("{accept} --agree"));
    assert!(run.out.contains("1 of them had been proposed by somebody else: 2000.00 EUR eligible"), "{run}");
    assert!(!run.err.contains("left open"), "{run}");
    assert_eq!(state(&ledger, "L-1"), "accepted");
    // Whoever proposed it does not agree, however it is asked for.
    ledger.write("more.csv", format!("{SPEND}\n{}", one("L-2", "2000.00")));
    ledger.ok("import spend more.csv");
    for _ in 0..2 {
        ledger.ok("--actor anna claim accept --all --flagged-too --agree");
    }
    assert_eq!(state(&ledger, "L-2"), "proposed");
    assert!(ledger.fail(2, "claim accept 5 --agree").contains("--agree"));
    ledger.is_sound();
}

/// Several claims are asked about, refused and taken up again with the same words: each that cannot be is told, and stops
/// none of the others.
#[test]
fn several_claims_are_asked_about_refused_and_taken_up_again() {
    let ledger = reported(&["A-1", "A-2", "A-3"].map(|receipt| one(receipt, "100.00")).concat());
    let [first, second, third] = ["A-1", "A-2", "A-3"].map(|receipt| number(&ledger, receipt));
    let all = format!("{first} {second} {third}");
    ledger.ok(&format!("claim accept {second}"));
    for (verb, outcome, became, second_stays) in [
        ("query", "queried", "queried", "already-decided"),
        ("refuse", "refused", "refused", "already-decided"),
        ("reopen", "taken up again", "reported", "not-refused"),
    ] {
        let line = format!("claim {verb} {all} --reason 'one for all'");
        let root = ledger.root();
        let dry = ledger.run(&format!("{line} --dry-run"));
        assert_eq!((dry.code, ledger.root()), (Some(1), root), "{dry}");
        for claim in [&first, &third] {
            assert!(dry.out.contains(&format!("claim {claim} would be {outcome}")), "{dry}");
        }
        let stays = format!("claim {second} would stay accepted: {second_stays}");
        assert!(dry.err.contains(&stays), "{dry}");

        let run = ledger.run(&line);
        assert_eq!(run.code, Some(1), "{run}");
        assert!(run.err.contains(&format!("claim {second}: ")) && run.err.contains(second_stays), "{run}");
        let states = ["A-1", "A-2", "A-3"].map(|receipt| state(&ledger, receipt));
        assert_eq!(states, [became, "accepted", became], "{verb}");
    }
    // A number that is no claim is found before anything is said.
    assert!(ledger.fail(2, &format!("claim refuse {first} 1 --reason no")).contains("there is no claim 1"));
    assert_eq!(state(&ledger, "A-1"), "reported");
    let own = format!("--actor asha@irara claim refuse {first} --reason no --dry-run");
    assert!(ledger.fail(1, &own).contains("acts-for-partner"));
    ledger.is_sound();
}

/// A receipt that another partner has is left for somebody to look at, however it is spelled: in the ledger, as a fee, or
/// earlier in the same file.
#[test]
fn an_import_that_accepts_leaves_a_receipt_of_another_partner_in_any_spelling() {
    let ledger = cases();
    let row = |partner: &str, case: &str, receipt: &str, amount: &str| {
        format!("{partner},{case},education,2024-03-20,{amount},EUR,Lempa,{receipt},,\n")
    };
    let fee = "irara,,partner-fee,2024-03-20,30.00,EUR,LEMPA,f 07,,\n";
    let known = ["D-007", "H-007"].map(|receipt| row("irara", "FX-2041", receipt, "100.00"));
    ledger.write("first.csv", format!("{SPEND}\n{}{fee}", known.concat()));
    ledger.ok("import spend first.csv --accept");
    let rows = [
        row("caritas", "FX-2042", "d 7", "90.00"),
        row("caritas", "FX-2042", "F-7", "80.00"),
        row("caritas", "FX-2042", "G-1", "70.00"),
        row("irara", "FX-2041", "g/01", "60.00"),
        row("irara", "FX-2041", "H 7", "50.00"),
    ];
    ledger.write("second.csv", format!("{SPEND}\n{}", rows.concat()));
    let dry = ledger.json("import spend second.csv --accept --dry-run");
    let run = ledger.run("import spend second.csv --accept");
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.out.contains("same-receipt") && dry["refused"].to_string().contains("same-receipt"), "{run}");
    let states = ["D-007", "d 7", "F-7", "G-1", "g/01", "H 7"].map(|receipt| state(&ledger, receipt));
    // The last one is its own partner's: two spellings may be two receipts.
    assert_eq!(states, ["accepted", "reported", "reported", "accepted", "reported", "accepted"]);
    ledger.is_sound();
}

/// One number that is none stops a command about many before anything is decided.
#[test]
fn a_wrong_number_among_others_decides_nothing() {
    let ledger = reported(
        &[one("A-1", "100.00"), "irara,,partner-fee,2024-01-31,45.00,EUR,IRARA,F-1,,\n".to_owned()].concat(),
    );
    let fee = ledger.csv("partner fee list")[0]["fee"].clone();
    let claim = number(&ledger, "A-1");
    let root = ledger.root();
    for line in [
        format!("claim accept {claim} 999"),
        format!("claim accept {claim} 999 --dry-run"),
        format!("partner fee accept {fee} 999"),
        format!("partner fee query {fee} 999 --reason x"),
    ] {
        assert!(ledger.fail(2, &line).contains("999"), "{line}");
        assert_eq!(ledger.root(), root, "{line}");
    }
}

/// A partner that is spelled wrongly has no claims, and a position that is mistyped leaves nothing out: both are told.
#[test]
fn what_is_asked_for_must_be_there() {
    let ledger = reported(&one("A-1", "100.00"));
    let root = ledger.root();
    for line in [
        "claim list",
        "claim flags",
        "claim queries",
        "claim accept",
        "claim accept --dry-run",
        "report list",
        "partner fee list",
        "payment list",
    ] {
        let error = ledger.fail(2, &format!("{line} --partner irrara"));
        assert!(error.contains("there is no partner irrara: did you mean irara?"), "{line}: {error}");
    }
    let (last, after) = (root.0, root.0 + 1);
    let error = ledger.fail(2, &format!("claim accept --all --up-to {after}"));
    assert!(error.contains(&format!("the log ends at position {last}")), "{error}");
    assert_eq!(ledger.root(), root);
    // A preview promises nothing of what it did not look at.
    let dry = ledger.run("claim accept --all --up-to 1 --dry-run");
    assert!(dry.err.contains("1 claim reported since then") && dry.err.contains("with --up-to 1 "), "{dry}");
}
