//! Reversals that were recorded by mistake.

use crate::support::Ledger;

const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";
const BACK: &str = "partner,receipt_no,supplier,reversed_on,amount,currency,reason";
const ACCOUNT: &str = "--iban 'GB82 WEST 1234 5698 7654 32' --holder 'Irara'";
const EVER: &str = "--period 2020-01-01..2099-12-31";

fn spent(ledger: &Ledger, name: &str, rows: &[(&str, &str)]) {
    let row = |(receipt, amount): &(&str, &str)| {
        format!("irara,FX-2041,education,2024-02-01,{amount},EUR,Lempa,{receipt},,\n")
    };
    ledger.write(name, format!("{SPEND}\n{}", rows.iter().map(row).collect::<String>()));
    ledger.ok(&format!("import spend {name}"));
}

/// A ledger with this spend, accepted by two people.
fn accepted(rows: &[(&str, &str)]) -> Ledger {
    let ledger = Ledger::new();
    ledger.take_files(&crate::support::fixtures());
    ledger.import_up_to("cases");
    spent(&ledger, "spent.csv", rows);
    for name in ["anna", "bo"] {
        for (receipt, _) in rows {
            let _ = ledger.run(&format!("--actor {name} claim accept {}", ledger.claim(receipt)));
        }
    }
    ledger
}

fn disbursed(ledger: &Ledger) -> String {
    ledger.support("FX-2041")["disbursed"].clone()
}

/// From a file, and undone by two: the claim counts again, the statement and the books say so, and the payment that took it
/// off is made up for.
#[test]
fn a_reversal_that_was_a_mistake_is_undone_everywhere() {
    let ledger = accepted(&[("B-1", "2100.00")]);
    let claim = ledger.claim("B-1");
    ledger.ok(&format!("--actor anna partner payment-details propose irara {ACCOUNT}"));
    ledger.approve_account("bo", "irara");
    ledger.ok("--actor anna payment propose --partner irara");
    let paid = ledger.csv("payment list")[0]["payment"].clone();
    ledger.ok(&format!("--actor bo payment approve {paid}"));
    ledger.write("back.csv", format!("{BACK}\nirara,B-1,lempa,2024-05-01,300.00,EUR,returned\n"));
    ledger.ok("--actor anna import reversals back.csv");
    assert_eq!(disbursed(&ledger), "1800.00");

    let undo = format!("claim undo-reversal {claim} --reason 'it was another receipt'");
    assert!(ledger.fail(1, &format!("--actor asha@irara {undo}")).contains("acts-for-partner"));
    let proposed = ledger.run(&format!("--actor anna {undo}"));
    assert!(proposed.code == Some(0) && proposed.err.contains("another person must agree"), "{proposed}");
    assert_eq!(disbursed(&ledger), "1800.00", "a proposal moves nothing");
    assert_eq!(ledger.csv("claim list")[0]["to_reverse"], "undo 300.00 on 2024-05-01 by anna");
    assert!(ledger.fail(1, &format!("--actor anna {undo}")).contains("second-person-needed"));
    let drop = format!("--actor bo claim drop-reversal {claim} --reason 'let me look first'");
    assert!(ledger.ok(&drop).contains("has ended"));
    ledger.ok(&format!("--actor anna {undo}"));
    ledger.ok(&format!("--actor bo {undo}"));
    assert_eq!(disbursed(&ledger), "2100.00");
    let listed = ledger.csv("claim list").remove(0);
    assert_eq!(
        [&listed["state"], &listed["reversed"], &listed["to_reverse"]],
        ["accepted", "0.00", ""].map(String::from).each_ref()
    );
    assert!(ledger.fail(2, &format!("--actor bo {undo}")).contains("nothing of the claim came back"));

    let shown = ledger.ok(&format!("claim show {claim}"));
    for words in ["it was another receipt", "that was recorded by mistake", "it counts again"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(ledger.ok("explain FX-2041").contains("so it counts again"));
    let totals = &ledger.json(&format!("partner statement irara {EVER}"))["totals"];
    assert_eq!((&totals["reversed"], &totals["reversals_undone"]), (&"300.00".into(), &"300.00".into()));
    assert_eq!((&totals["owed"], &totals["eligible"]), (&"2100.00".into(), &"2100.00".into()));
    // Nothing is due beside the payment that has all of it already.
    assert!(ledger.fail(1, "--actor anna payment propose --partner irara").contains("nothing-due"));

    let vouchers = ledger.csv("books vouchers");
    let names_of = |words: &str| {
        let found = vouchers.iter().filter(|row| row["text"].contains(words) && row["account"] == "2560");
        found.map(|row| (row["voucher"].clone(), row["text"].clone())).collect::<Vec<_>>()
    };
    let (before, undone) = (names_of("Spend taken back, claim"), names_of("by mistake counts again"));
    assert_eq!((before.len(), undone.len()), (1, 1), "{vouchers:?}");
    assert!(undone[0].1.ends_with(&format!("undoes {}", before[0].0)), "{undone:?}");

    // The row of the file is known; by number the same can come back after all.
    ledger.write("more.csv", format!("{BACK}\nirara,B-1,Lempa,2024-05-01,300.00,EUR,again\n"));
    assert_eq!(ledger.json("import reversals more.csv")["counts"]["recognised"], 1);
    assert_eq!(disbursed(&ledger), "2100.00");
    let back = format!("claim reverse {claim} --amount 300.00 --on 2024-05-01 --reason 'it was this one'");
    ledger.ok(&back);
    assert_eq!(disbursed(&ledger), "1800.00");
    assert!(ledger.fail(1, &back).contains("already-recorded"));
    assert!(ledger.ok("duties").contains("nobody decided what they reported"));
    ledger.is_sound();
}

/// Of several reversals one is named; one that is of another claim is none of them.
#[test]
fn of_several_reversals_one_is_named() {
    let ledger = accepted(&[("B-1", "500.00"), ("B-2", "100.00")]);
    let (claim, other) = (ledger.claim("B-1"), ledger.claim("B-2"));
    for (claim, amount) in [(&claim, "10.00"), (&claim, "20.00"), (&other, "30.00")] {
        ledger.ok(&format!("claim reverse {claim} --amount {amount} --on 2024-05-01 --reason returned"));
    }
    let undo = |more: &str| format!("claim undo-reversal {claim} {more} --reason 'never returned'");
    let error = ledger.fail(2, &undo(""));
    assert!(error.contains("--reversal") && error.contains("(10.00 on 2024-05-01)"), "{error}");
    let history = ledger.json(&format!("claim show {claim}"));
    let numbers: Vec<String> = history["history"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|told| told["event"] == "BenefitReversed")
        .map(|told| told["position"].to_string())
        .collect();
    assert_eq!(numbers.len(), 2);
    ledger.fail(2, &undo("--reversal 1"));
    ledger.ok(&undo(&format!("--reversal {}", numbers[1])));
    assert_eq!(disbursed(&ledger), "560.00");
    ledger.ok(&undo(""));
    assert_eq!(disbursed(&ledger), "570.00");
    ledger.is_sound();
}

/// What came free was given to another claim meanwhile: the refusal says what is left, and is kept.
#[test]
fn what_no_longer_fits_is_refused_with_the_figures() {
    let ledger = accepted(&[("B-1", "1900.00")]);
    let claim = ledger.claim("B-1");
    ledger.ok(&format!("claim reverse {claim} --amount 1900.00 --on 2024-05-01 --reason returned"));
    spent(&ledger, "later.csv", &[("B-2", "1900.00")]);
    ledger.ok(&format!("claim accept {}", ledger.claim("B-2")));
    let error = ledger.fail(1, &format!("claim undo-reversal {claim} --reason 'a mistake'"));
    assert!(
        error.contains("over-cap")
            && error.contains("1900.00 does not fit")
            && error.contains("1900.00 are disbursed"),
        "{error}"
    );
    assert!(ledger.ok("history FX-2041").contains("undo-reversal"));
    assert_eq!(disbursed(&ledger), "1900.00");
    ledger.is_sound();
}
