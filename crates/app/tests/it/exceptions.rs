//! What the list of exceptions looks at: it is asked often, and of a ledger that grows.

use std::sync::Arc;

use app::Ledger;
use app::query::ExceptionFilter;
use domain::PartnerCode;
use domain::partner::PaidFor;
use store_testing::Interposed;

use crate::races::with_people;
use crate::support::*;

/// The cases are read model rows; only where a partner was paid outside of the ledger its cases are folded, each once.
#[tokio::test]
async fn a_case_is_looked_at_once_however_many_payments_there_are() {
    let book = with_people().await;
    let people = 4;
    let rows: Vec<String> =
        (1..=people).map(|n| receipt("caritas", &format!("MV-{n}"), n, "2024-04-01", "300.00")).collect();
    let path = book.write(Kind::Spend, "spend.csv", &rows);
    import(&book.ledger, Kind::Spend, path, How::Accepting).await.unwrap();
    let store = Interposed::new(Arc::new(book.store().await));
    let ledger = Ledger::open(start(store.clone(), 70, book.folder.path())).await.unwrap();
    let cases_read = async || {
        store.take_read();
        let found = ledger.exceptions(&ExceptionFilter::default()).await.unwrap();
        let cases = store.take_read().into_iter().filter(|stream| stream.as_str().starts_with("case-"));
        (found.len(), cases.count())
    };
    assert_eq!(cases_read().await, (0, 0));
    let caritas: PartnerCode = "caritas".parse().unwrap();
    for day in 1..=20_i8 {
        let on = jiff::civil::date(2024, 5, day);
        let reference = format!("P-{day}");
        ledger
            .record_payment(
                caritas.clone(),
                PaidFor::Claims,
                "100.00".parse().unwrap(),
                on,
                &reference,
                false,
            )
            .await
            .unwrap();
    }
    // 1 200 EUR are owed and 2 000 EUR are paid.
    assert_eq!(cases_read().await, (1, people as usize));
}
