//! Receipts of families among other writers: all shares, or none, and decided on what is so.

use std::sync::Arc;

use app::{Ledger, StartUp};
use store_testing::{Before, Interposed};

use crate::homes::{Home, PostgresHome, SqliteHome};
use crate::support::*;

const FAMILY: &str = "MV-1 + MV-2 + MV-3";

/// `None` where there is no such database to test on.
async fn on<P: Home>() -> Option<Book<P>> {
    let book = Book::<P>::made(1).await?;
    let people: Vec<String> = (1..=4).map(|n| person(&format!("MV-{n}"))).collect();
    book.import(Kind::Cases, "cases.csv", &people).await;
    Some(book)
}

async fn interposed<P: Home>(book: &Book<P>) -> (Ledger, Arc<Interposed>) {
    let store = Interposed::new(book.home.open().await);
    let ledger = Ledger::open(start(store.clone(), 3, book.folder.path())).await.unwrap();
    (ledger, store)
}

fn family(number: u32, amount: &str) -> String {
    receipt("caritas", FAMILY, number, "2024-04-01", amount)
}

/// Somebody takes what is left of one of them after the family was decided and before it is written: all three are
/// decided again, and only that one is cut.
async fn one_of_them_is_paid_meanwhile<P: Home>() {
    let Some(book) = on::<P>().await else { return };
    let (slow, store) = interposed(&book).await;
    let quick = book.another(2).await;
    let path =
        book.write(Kind::Spend, "quick.csv", &[receipt("caritas", "MV-2", 1, "2024-04-01", "2900.00")]);
    store.meanwhile(Before::Append, async move {
        import(&quick, Kind::Spend, path, How::Accepting).await.unwrap();
    });
    let path = book.write(Kind::Spend, "family.csv", &[family(2, "1000.00")]);
    import(&slow, Kind::Spend, path, How::Accepting).await.unwrap();
    let wanted = [
        "MV-1 R-2 accepted 333.34 0.00 0.00 ",
        "MV-2 R-1 accepted 2900.00 0.00 0.00 ",
        "MV-2 R-2 cut 100.00 233.33 0.00 over-cap",
        "MV-3 R-2 accepted 333.33 0.00 0.00 ",
    ];
    assert_eq!(book.claim_outcomes().await, wanted);
    book.sound().await;
}

#[test]
fn one_of_a_family_is_paid_meanwhile_on_sqlite() {
    many_threads().block_on(one_of_them_is_paid_meanwhile::<SqliteHome>());
}

#[test]
fn one_of_a_family_is_paid_meanwhile_on_postgres() {
    many_threads().block_on(one_of_them_is_paid_meanwhile::<PostgresHome>());
}

/// Two upload the same receipt at once: for the family, and for somebody who does not belong to it. One of them counts,
/// whole; the other is told.
#[test]
fn a_receipt_taken_meanwhile_leaves_nothing_of_the_family_behind() {
    many_threads().block_on(async {
        let book = on::<SqliteHome>().await.unwrap();
        let (slow, store) = interposed(&book).await;
        let quick = book.another(2).await;
        let path =
            book.write(Kind::Spend, "quick.csv", &[receipt("caritas", "MV-4", 2, "2024-04-01", "1000.00")]);
        store.meanwhile(Before::Append, async move {
            import(&quick, Kind::Spend, path, How::Accepting).await.unwrap();
        });
        let path = book.write(Kind::Spend, "family.csv", &[family(2, "1000.00")]);
        let report = import(&slow, Kind::Spend, path, How::Accepting).await.unwrap();
        assert_eq!(report.errors[0].rule, "receipt.conflict");
        assert_eq!(book.claim_outcomes().await, ["MV-4 R-2 accepted 1000.00 0.00 0.00 "]);
        book.sound().await;
    });
}

/// Two attach the same scan at once: it is there once, and nobody is told of a fault. Another scan is refused.
#[test]
fn a_receipt_attached_meanwhile_is_attached_once() {
    many_threads().block_on(async {
        let book = on::<SqliteHome>().await.unwrap();
        book.import(Kind::Spend, "family.csv", &[family(2, "1000.00")]).await;
        let (scan, other) = (book.folder.path().join("scan.pdf"), book.folder.path().join("other.pdf"));
        std::fs::write(&scan, "scan").unwrap();
        std::fs::write(&other, "another scan").unwrap();
        let claims = book.claims().await;
        let (case, claim) = (claims[1].case_id, claims[1].id);
        let (slow, store) = interposed(&book).await;
        let bo = "bo".parse().unwrap();
        let quick = StartUp { actor: bo, ..start(Arc::new(book.store().await), 2, book.folder.path()) };
        let (quick, path) = (Ledger::open(quick).await.unwrap(), scan.clone());
        store.meanwhile(Before::Append, async move {
            assert!(quick.attach_receipt(case, claim, &path).await.unwrap());
        });
        assert!(!slow.attach_receipt(case, claim, &scan).await.unwrap());
        assert_eq!(slow.receipt(case, claim).await.unwrap(), b"scan");
        let error = slow.attach_receipt(case, claim, &other).await.unwrap_err();
        assert!(matches!(&error, app::AppError::Refused(refusal) if refusal.codes() == "receipt-attached"));
        book.sound().await;
    });
}

/// The same file from two processes at the same time: each share once.
#[test]
fn the_same_family_from_two_processes_counts_once() {
    many_threads().block_on(async {
        let book = on::<SqliteHome>().await.unwrap();
        let other = book.another(2).await;
        let rows: Vec<String> = (1..=20).map(|n| family(n, "100.00")).collect();
        let (a, b) = (book.write(Kind::Spend, "a.csv", &rows), book.write(Kind::Spend, "b.csv", &rows));
        let (one, two) = tokio::join!(
            import(&book.ledger, Kind::Spend, a, How::Accepting),
            import(&other, Kind::Spend, b, How::Accepting)
        );
        assert_eq!((one.unwrap().errors, two.unwrap().errors), (Vec::new(), Vec::new()));
        assert_eq!(book.claims().await.len(), 60);
        for (person, disbursed) in [(1, "666.80"), (2, "666.60"), (3, "666.60")] {
            let wanted = format!("MV-{person} reintegration jrs.reintegration.voluntary 3000.00 {disbursed}");
            assert!(book.balances().await.iter().any(|line| line.starts_with(&wanted)), "{wanted}");
        }
        book.sound().await;
    });
}
