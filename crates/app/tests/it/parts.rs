//! One receipt for several people who have unequal parts of it: a row for each.

use std::collections::BTreeMap;

use domain::claim::{Flag, FlagKind};

use crate::races::with_people;
use crate::support::*;

fn part(person: u32, amount: &str) -> String {
    receipt("caritas", &format!("MV-{person}"), 1, "2024-04-01", amount)
}

const TAKEN: [&str; 3] = [
    "MV-1 R-1 accepted 100.00 0.00 0.00 ",
    "MV-2 R-1 accepted 60.00 0.00 0.00 ",
    "MV-3 R-1 accepted 40.00 0.00 0.00 ",
];

/// In whatever order and in however many files, and given again.
#[test]
fn each_part_is_a_claim_of_its_own_whatever_the_order_of_the_rows() {
    many_threads().block_on(async {
        let rows = [part(1, "100.00"), part(2, "60.00"), part(3, "40.00")];
        let orders: [&[&[usize]]; 4] =
            [&[&[0, 1, 2]], &[&[2, 0, 1, 2]], &[&[1], &[2, 1], &[0]], &[&[1, 0], &[0, 2]]];
        for order in orders {
            let book = with_people().await;
            for (number, file) in order.iter().enumerate() {
                let rows: Vec<String> = file.iter().map(|row| rows[*row].clone()).collect();
                let path = book.write(Kind::Spend, &format!("{number}.csv"), &rows);
                let report = import(&book.ledger, Kind::Spend, path, How::Accepting).await.unwrap();
                assert_eq!(report.errors, [], "{order:?}");
            }
            assert_eq!(book.claim_outcomes().await, TAKEN, "{order:?}");
            let again: Vec<String> = rows.iter().rev().cloned().collect();
            let report = book.import(Kind::Spend, "again.csv", &again).await;
            assert_eq!((report.counts.recognised, report.counts.applied), (3, 0), "{order:?}");
            book.sound().await;
        }
    });
}

/// What another row says of the same receipt must be of the same day, currency and file; and a part stands once.
#[test]
fn what_contradicts_the_other_parts_is_a_conflict() {
    let contradictions = [
        receipt("caritas", "MV-2", 1, "2024-04-02", "60.00"),
        in_currency(part(2, "60.00"), "SEK"),
        part(2, "60.00").replace(",,a room", &format!(",{},a room", "ab".repeat(32))),
        part(1, "99.00"),
        part(2, "100.00"),
        receipt("caritas", "MV-2 + MV-3", 1, "2024-04-01", "60.00"),
        "caritas,,partner-fee,2024-04-01,60.00,EUR,Hotel Banjul,R-1,,".to_owned(),
    ];
    many_threads().block_on(async {
        for other in contradictions {
            let book = with_people().await;
            let wrong = |report: app::import::ImportReport| {
                let rules: Vec<_> = report.errors.iter().map(|error| error.rule).collect();
                assert_eq!(rules, ["receipt.conflict"], "{other}");
            };
            let both = book.write(Kind::Spend, "both.csv", &[part(1, "100.00"), other.clone()]);
            wrong(import(&book.ledger, Kind::Spend, both, How::Real).await.unwrap());
            book.import(Kind::Spend, "first.csv", &[part(1, "100.00")]).await;
            let later = book.write(Kind::Spend, "later.csv", std::slice::from_ref(&other));
            wrong(import(&book.ledger, Kind::Spend, later, How::Real).await.unwrap());
        }
    });
}

/// A file of reversals names a receipt, and does not say whose part came back.
#[test]
fn what_came_back_of_a_receipt_in_parts_is_recorded_by_claim() {
    many_threads().block_on(async {
        let book = with_people().await;
        let rows = [part(1, "100.00"), part(2, "60.00")];
        let path = book.write(Kind::Spend, "parts.csv", &rows);
        import(&book.ledger, Kind::Spend, path, How::Accepting).await.unwrap();
        let path = book.write(Kind::Reversals, "back.csv", &[reversal("caritas", 1, "2024-05-01", "10.00")]);
        let report = import(&book.ledger, Kind::Reversals, path, How::Real).await.unwrap();
        assert_eq!(report.errors[0].rule, "reversal.shared");
        for claim in book.claims().await {
            let (amount, on) = ("10.00".parse::<money::Eur>().unwrap().into(), "2024-05-01".parse().unwrap());
            assert!(
                book.ledger.reverse_claim(claim.case_id, claim.id, amount, on, "paid twice").await.unwrap()
            );
        }
        let reversed: Vec<String> =
            book.claims().await.iter().map(|claim| claim.reversed.to_string()).collect();
        assert_eq!(reversed, ["10.00", "10.00"], "the same amount came back of each");
        book.sound().await;
    });
}

/// What came back before another part was reported is the same afterwards: by hand, and in a file that has it again.
#[test]
fn a_reversal_stays_the_same_when_another_part_comes() {
    many_threads().block_on(async {
        let book = with_people().await;
        let path = book.write(Kind::Spend, "first.csv", &[part(1, "100.00")]);
        import(&book.ledger, Kind::Spend, path, How::Accepting).await.unwrap();
        let back = reversal("caritas", 1, "2024-05-01", "10.00");
        book.import(Kind::Reversals, "back.csv", std::slice::from_ref(&back)).await;
        let path = book.write(Kind::Spend, "second.csv", &[part(2, "60.00")]);
        import(&book.ledger, Kind::Spend, path, How::Accepting).await.unwrap();

        let claim = book.claims().await.remove(0);
        let (amount, on) = ("10.00".parse::<money::Eur>().unwrap().into(), "2024-05-01".parse().unwrap());
        let again = book.ledger.reverse_claim(claim.case_id, claim.id, amount, on, "paid twice").await;
        assert!(matches!(again, Err(app::AppError::Refused(_))), "{again:?}");
        let report = book.import(Kind::Reversals, "cumulative.csv", &[back.clone(), back]).await;
        assert_eq!((report.counts.recognised, report.counts.applied), (2, 0));
        assert_eq!(book.claims().await[0].reversed.to_string(), "10.00");
        book.sound().await;
    });
}

/// The claims that look like double funding.
fn same_receipts(flags: &BTreeMap<u64, Vec<Flag>>) -> Vec<u64> {
    let is_same = |flag: &Flag| flag.kind == FlagKind::SameReceipt;
    flags.iter().filter(|(_, flags)| flags.iter().any(is_same)).map(|(number, _)| *number).collect()
}

/// Parts in one report are no double funding; the same amount twice or another spelling of the number may be.
#[test]
fn a_receipt_that_is_spelled_otherwise_is_seen() {
    many_threads().block_on(async {
        let book = with_people().await;
        book.import(Kind::Spend, "parts.csv", &[part(1, "100.00"), part(2, "60.00")]).await;
        assert!(same_receipts(&book.ledger.flags().await.unwrap()).is_empty());
        let spelled: Vec<String> = ["r 1", "R001", "Ｒ－１"]
            .iter()
            .zip(3..)
            .map(|(number, n)| part(4, &format!("{n}.00")).replace("R-1", number))
            .collect();
        book.import(Kind::Spend, "spelled.csv", &spelled).await;
        let flags = book.ledger.flags().await.unwrap();
        assert_eq!(same_receipts(&flags).len(), 5, "{flags:?}");
        let head = book.head().await.0;
        for after in 0..=head {
            let wanted = flags.range(after + 1..).map(|(number, flags)| (*number, flags.clone())).collect();
            assert_eq!(book.ledger.flags_after(after, |_| true).await.unwrap(), wanted, "after {after}");
        }
        book.sound().await;
    });
}
