//! The same facts arriving again: the same file, renamed, in another order, in pieces, put together.

use proptest::prelude::*;

use crate::support::*;

/// One file of each kind, with refusals of many kinds in them.
fn year() -> [(Kind, Vec<String>); 4] {
    let mut cases: Vec<String> = (1..=6).map(|n| person(&format!("MV-{n}"))).collect();
    cases.push(person("MV-7").replace("approve", "reject"));
    let grants = (1..=7)
        .map(|n| payment(&format!("MV-{n}"), n, if n == 3 { "2024-03-20" } else { "2024-03-12" }, "615.00"))
        .collect();
    let spend = (0..28)
        .map(|n| {
            let (code, on) = (
                if n % 9 == 8 { "irara" } else { "caritas" },
                if n % 11 == 10 { "2024-03-01" } else { "2024-04-01" },
            );
            receipt(code, &format!("MV-{}", n % 7 + 1), n, on, "900.00")
        })
        .collect();
    let reversals = vec![
        reversal("caritas", 0, "2024-05-01", "900.00"),
        reversal("caritas", 1, "2024-05-01", "100.00"),
        reversal("caritas", 10, "2024-05-01", "1.00"),
        reversal("caritas", 2, "2024-05-01", "900.01"),
    ];
    [(Kind::Cases, cases), (Kind::Grants, grants), (Kind::Spend, spend), (Kind::Reversals, reversals)]
}

async fn imported() -> Book {
    let book = Book::new().await;
    book.register("irara").await;
    for (kind, rows) in year() {
        let path = book.write(kind, &format!("{kind:?}.csv"), &rows);
        assert_eq!(import(&book.ledger, kind, path, How::Accepting).await.unwrap().errors, []);
    }
    book
}

async fn state(book: &Book) -> (Vec<String>, Vec<String>, String, String) {
    let cases = format!("{:#?}", book.ledger.cases().await.unwrap());
    let grants = format!("{:#?}", book.ledger.grants(None).await.unwrap());
    (book.balances().await, book.claim_outcomes().await, cases, grants)
}

#[test]
fn the_same_file_again_changes_nothing_whatever_its_name() {
    many_threads().block_on(async {
        let book = imported().await;
        let head = book.head().await;
        for name in ["again", "renamed"] {
            for (kind, rows) in year() {
                let path = book.write(kind, &format!("{name} {kind:?}.csv"), &rows);
                let report = import(&book.ledger, kind, path, How::Accepting).await.unwrap();
                assert!(!report.written, "{kind:?}");
                // A file with a refused command in it may pass later, so it is looked at again.
                assert_eq!(report.imported_before.is_some(), kind != Kind::Reversals, "{kind:?}");
            }
        }
        assert_eq!(book.head().await, head);
        book.sound().await;
    });
}

/// Imports files that hold nothing new: each leaves its own record in the log and nothing else.
async fn nothing_new(book: &Book, files: &[(Kind, Vec<String>)]) {
    let before = state(book).await;
    for (index, (kind, rows)) in files.iter().enumerate() {
        let (position, _) = book.head().await;
        let path = book.write(*kind, &format!("later {index}.csv"), rows);
        let report = import(&book.ledger, *kind, path, How::Accepting).await.unwrap();
        assert_eq!(report.errors, [], "{kind:?}");
        assert_eq!(
            report.counts.recognised,
            rows.len() as u64,
            "{kind:?}: {:?}, {:?}",
            report.counts,
            report.refused
        );
        assert_eq!(
            book.head().await.0,
            position + u64::from(report.written),
            "{kind:?}: more than the record of the import was written"
        );
    }
    assert_eq!(state(book).await, before);
    book.sound().await;
}

#[test]
fn known_rows_in_another_order_are_recognised() {
    many_threads().block_on(async {
        let reversed = year().map(|(kind, mut rows)| {
            rows.reverse();
            (kind, rows)
        });
        nothing_new(&imported().await, &reversed).await;
    });
}

#[test]
fn known_rows_in_pieces_are_recognised() {
    many_threads().block_on(async {
        let mut pieces = Vec::new();
        for (kind, rows) in year() {
            let (one, other) = rows.split_at(rows.len() / 2);
            pieces.extend([(kind, one.to_vec()), (kind, other.to_vec())]);
        }
        nothing_new(&imported().await, &pieces).await;
    });
}

#[test]
fn known_rows_twice_in_one_file_are_recognised() {
    many_threads().block_on(async {
        let doubled = year().map(|(kind, rows)| (kind, [rows.clone(), rows].concat()));
        nothing_new(&imported().await, &doubled).await;
    });
}

/// An approval that was refused before the rest of its row happened is the same approval when the row comes again.
#[test]
fn a_refused_approval_is_refused_once_however_often_its_row_comes() {
    many_threads().block_on(async {
        let book = Book::new().await;
        let row = person_to("MV-6", "PS", "caritas");
        book.import(Kind::Cases, "one.csv", std::slice::from_ref(&row)).await;
        let (position, _) = book.head().await;
        let again = book.import(Kind::Cases, "other.csv", &[row.clone(), row]).await;
        assert_eq!((again.counts.recognised, again.counts.refused), (2, 0));
        assert_eq!(book.head().await.0, position + u64::from(again.written));
    });
}

/// The same of a reversal that was refused before something else happened to its case.
#[test]
fn a_refused_reversal_is_refused_once_however_often_its_row_comes() {
    many_threads().block_on(async {
        let book = Book::new().await;
        book.import(Kind::Cases, "cases.csv", &[person("MV-1")]).await;
        let path =
            book.write(Kind::Spend, "spend.csv", &[receipt("caritas", "MV-1", 1, "2024-04-01", "900.00")]);
        import(&book.ledger, Kind::Spend, path, How::Accepting).await.unwrap();
        let too_much = reversal("caritas", 1, "2024-05-01", "900.01");
        let first = book
            .import(
                Kind::Reversals,
                "one.csv",
                &[too_much.clone(), reversal("caritas", 1, "2024-05-02", "1.00")],
            )
            .await;
        assert_eq!((first.counts.applied, first.counts.refused), (1, 1));
        let (position, _) = book.head().await;
        let again = book.import(Kind::Reversals, "other.csv", &[too_much]).await;
        assert_eq!((again.counts.recognised, again.counts.refused), (1, 0));
        assert_eq!(book.head().await.0, position + u64::from(again.written));
    });
}

/// A reversal that came before its claim was accepted waits, and the very same file applies it later.
#[test]
fn a_reversal_before_its_claim_was_accepted_passes_when_its_file_comes_again() {
    many_threads().block_on(async {
        let book = Book::new().await;
        book.import(Kind::Cases, "cases.csv", &[person("MV-1")]).await;
        book.import(Kind::Spend, "spend.csv", &[receipt("caritas", "MV-1", 1, "2024-04-01", "900.00")]).await;
        let rows = [reversal("caritas", 1, "2024-05-01", "100.00")];
        let early = book.import(Kind::Reversals, "reversals.csv", &rows).await;
        assert_eq!((early.counts.applied, early.counts.refused), (0, 1));
        assert!(early.refused.contains_key("not-accepted"));
        let claim = book.claims().await.remove(0);
        book.ledger.accept_claim(claim.case_id, claim.id).await.unwrap();
        let later = book.import(Kind::Reversals, "reversals.csv", &rows).await;
        assert_eq!((later.counts.applied, later.counts.refused), (1, 0));
        let head = book.head().await;
        assert!(book.import(Kind::Reversals, "reversals.csv", &rows).await.imported_before.is_some());
        assert_eq!(book.head().await, head);
        assert_eq!(book.claims().await[0].reversed.to_string(), "100.00");
        book.sound().await;
    });
}

#[test]
fn a_changed_amount_on_a_known_receipt_is_a_conflict_that_applies_nothing() {
    many_threads().block_on(async {
        let book = imported().await;
        let head = book.head().await;
        let rows = [
            receipt("caritas", "MV-1", 100, "2024-04-01", "1.00"),
            receipt("caritas", "MV-1", 0, "2024-04-01", "900.01"),
            receipt("caritas", "MV-2", 0, "2024-04-01", "900.00"),
        ];
        let report =
            import(&book.ledger, Kind::Spend, book.write(Kind::Spend, "changed.csv", &rows), How::Accepting);
        let report = report.await.unwrap();
        let errors: Vec<_> = report.errors.iter().map(|e| (e.row, e.rule)).collect();
        assert_eq!(errors, [(3, "receipt.conflict"), (4, "receipt.conflict")]);
        assert!(!report.written);
        assert_eq!(book.head().await, head);
    });
}

/// Amounts that only together are too large for the ledger are an error of their row, not damage.
#[test]
fn a_sum_that_overflows_is_a_row_error_not_damage() {
    many_threads().block_on(async {
        let book = Book::new().await;
        book.import(Kind::Cases, "cases.csv", &[person("MV-1")]).await;
        let head = book.head().await;
        let rows = [1, 2].map(|n| receipt("caritas", "MV-1", n, "2024-04-01", "90000000000000000.00"));
        let report =
            import(&book.ledger, Kind::Spend, book.write(Kind::Spend, "large.csv", &rows), How::Real).await;
        let report = report.unwrap_or_else(|error| panic!("read as damage: {error}"));
        let errors: Vec<_> = report.errors.iter().map(|e| (e.row, e.rule)).collect();
        assert_eq!(errors, [(2, "amount.too-large"), (3, "amount.too-large")]);
        assert_eq!(book.head().await, head);
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 20, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() })]

    /// However a year is cut into files, it comes to the same figures.
    #[test]
    fn a_year_in_pieces_equals_the_year_in_one(cuts in prop::collection::vec(0_usize..28, 1..6)) {
        many_threads().block_on(async {
            let whole = imported().await;
            let book = Book::seeded(2).await;
            book.register("irara").await;
            for (kind, rows) in year() {
                let mut cuts: Vec<usize> = cuts.iter().map(|at| at % rows.len()).chain([0, rows.len()]).collect();
                cuts.sort_unstable();
                cuts.dedup();
                for piece in cuts.windows(2) {
                    let path = book.write(kind, &format!("{kind:?} {}.csv", piece[0]), &rows[piece[0]..piece[1]]);
                    assert_eq!(import(&book.ledger, kind, path, How::Accepting).await.unwrap().errors, []);
                }
            }
            assert_eq!(book.balances().await, whole.balances().await);
            assert_eq!(book.claim_outcomes().await, whole.claim_outcomes().await);
            book.sound().await;
        });
    }
}
