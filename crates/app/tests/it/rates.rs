//! Rates that come late, change, or come at the same moment as the spend that needs them.

use std::path::PathBuf;
use std::sync::Arc;

use app::command::Proposals;
use app::import::{RatesReport, RatesRequest};
use app::query::FeeFilter;
use app::{AppError, Ledger};
use domain::Event;
use domain::ids::FileDigest;
use domain::rates::{Publish, RateSource, RateTable, RatesEvent, decide, stream};
use event_log::{Append, NewEvent};
use store_testing::{Before, Interposed};
use uuid::Uuid;

use crate::homes::{Home, PostgresHome, SqliteHome};
use crate::support::*;

async fn with_people() -> Book {
    on::<SqliteHome>().await.unwrap()
}

/// `None` where there is no such database to test on.
async fn on<P: Home>() -> Option<Book<P>> {
    let book = Book::<P>::made(1).await?;
    book.import(Kind::Cases, "cases.csv", &[person("MV-1"), person("MV-2")]).await;
    Some(book)
}

fn dollars(number: u32, amount: &str) -> String {
    in_currency(receipt("caritas", "MV-1", number, "2024-04-05", amount), "USD")
}

/// A file of the rate of the dollar in a month.
fn month<P: Home>(book: &Book<P>, name: &str, rate: &str) -> PathBuf {
    let path = book.folder.path().join(name);
    std::fs::write(&path, format!("[{{\"isoA3Code\":\"USD\",\"value\":{rate}}}]")).unwrap();
    path
}

fn request(paths: Vec<PathBuf>) -> RatesRequest {
    RatesRequest { paths, month: None, allow_jumps: Default::default(), dry_run: false }
}

async fn publish(ledger: &Ledger, path: PathBuf) -> RatesReport {
    let report = ledger.import_rates(&request(vec![path])).await.unwrap();
    assert_eq!(report.errors_total(), 0);
    report
}

fn fee(number: u32, amount: &str) -> String {
    format!("caritas,,partner-fee,2024-04-05,{amount},USD,Caritas,F-{number},,")
}

/// `state eur` of each fee.
async fn fees<P: Home>(book: &Book<P>) -> Vec<String> {
    let fees = book.ledger.fees(&FeeFilter::default()).await.unwrap();
    let eur = |eur: Option<money::Eur>| eur.map_or("-".to_owned(), |eur| eur.to_string());
    fees.iter().map(|fee| format!("{} {}", fee.state, eur(fee.eur))).collect()
}

/// `state eur rate` of each claim.
async fn claims<P: Home>(book: &Book<P>) -> Vec<String> {
    let claims = book.claims().await;
    let eur = |eur: Option<money::Eur>| eur.map_or("-".to_owned(), |eur| eur.to_string());
    claims.iter().map(|c| format!("{} {} {}", c.state, eur(c.eur), c.rate)).collect()
}

#[test]
fn a_rate_that_changes_leaves_what_was_converted_as_it_was() {
    many_threads().block_on(async {
        let book = with_people().await;
        book.import(Kind::Spend, "1.csv", &[dollars(1, "110.00")]).await;
        assert_eq!(claims(&book).await, ["waiting-for-rate - "]);
        let report = publish(&book.ledger, month(&book, "inforeuro-2024-04.json", "1.1")).await;
        assert_eq!((report.converted, report.waiting, report.files[0].new), (1, 0, 1));
        let report = publish(&book.ledger, month(&book, "inforeuro-2024-04.json", "1.2")).await;
        assert_eq!((report.converted, report.files[0].changed), (0, 1));
        book.import(Kind::Spend, "2.csv", &[dollars(2, "120.00")]).await;
        assert_eq!(claims(&book).await, ["reported 100.00 1.1", "reported 100.00 1.2"]);
        book.sound().await;
    });
}

#[test]
fn the_same_table_again_writes_nothing() {
    many_threads().block_on(async {
        let book = with_people().await;
        let april = month(&book, "inforeuro-2024-04.json", "1.1");
        assert!(publish(&book.ledger, april.clone()).await.written);
        let before = book.head().await;
        let again = publish(&book.ledger, april.clone()).await;
        assert!(!again.written && again.files[0].imported_before.is_some());
        assert_eq!(book.head().await, before);

        // The same rates in other bytes are known; only the import is recorded.
        std::fs::write(&april, "[ {\"isoA3Code\":\"USD\",\"value\":1.10} ]").unwrap();
        let report = publish(&book.ledger, april).await;
        assert_eq!((report.files[0].new, report.files[0].changed, report.files[0].known), (0, 0, 1));
        assert_eq!(book.head().await.0, before.0 + 1);
        book.sound().await;
    });
}

/// A wrong file is undone by the right one, though that was imported before.
#[test]
fn a_file_that_was_imported_before_brings_its_rates_back() {
    many_threads().block_on(async {
        let book = with_people().await;
        let name = "inforeuro-2024-04.json";
        let right = month(&book, name, "1.1");
        publish(&book.ledger, right).await;
        publish(&book.ledger, month(&book, name, "1.2")).await;
        let report = publish(&book.ledger, month(&book, name, "1.1")).await;
        assert!(report.written && report.files[0].imported_before.is_some());
        assert_eq!((report.files[0].changed, report.files[0].known), (1, 0));
        book.import(Kind::Spend, "1.csv", &[dollars(1, "110.00")]).await;
        assert_eq!(claims(&book).await, ["reported 100.00 1.1"]);
        book.sound().await;
    });
}

/// All files or none: an error or a jump in one of them, and nothing of any is published.
#[test]
fn one_bad_file_publishes_nothing_of_the_others() {
    many_threads().block_on(async {
        let book = with_people().await;
        let before = book.head().await;
        let good = month(&book, "inforeuro-2024-04.json", "1.1");
        for (bad, errors) in [("0", Some(1)), ("99", None)] {
            let bad = month(&book, "inforeuro-2024-05.json", bad);
            let done = book.ledger.import_rates(&request(vec![good.clone(), bad])).await;
            match errors {
                Some(errors) => assert_eq!(done.unwrap().errors_total(), errors),
                None => {
                    assert!(matches!(done, Err(AppError::Refused(refusal)) if refusal.codes() == "rate-jump"))
                }
            }
            assert_eq!(book.head().await, before);
        }
    });
}

#[test]
fn a_dry_run_writes_nothing_and_promises_what_happens() {
    many_threads().block_on(async {
        let book = with_people().await;
        let may = in_currency(receipt("caritas", "MV-2", 2, "2024-05-05", "1.00"), "USD");
        book.import(Kind::Spend, "1.csv", &[dollars(1, "110.00"), may]).await;
        let before = book.head().await;
        let wanted = request(vec![month(&book, "inforeuro-2024-04.json", "1.1")]);
        let dry = RatesRequest { dry_run: true, ..wanted.clone() };
        let promised = book.ledger.import_rates(&dry).await.unwrap();
        assert!(!promised.written);
        assert_eq!(book.head().await, before);
        let done = book.ledger.import_rates(&wanted).await.unwrap();
        assert_eq!((promised.converted, promised.waiting), (done.converted, done.waiting));
        assert_eq!((promised.files[0].new, done.converted), (1, 1));
    });
}

/// The program was stopped after the rates were published and before anything was converted. `version` is that of the
/// stream before.
async fn published_only(ledger: &Ledger, rate: &str, version: u64) {
    let tables = [("2024-04-01".parse().unwrap(), [("USD".parse().unwrap(), rate.parse().unwrap())].into())];
    let command =
        Publish { tables: tables.into(), allow_jumps: Default::default(), file: FileDigest([1; 32]) };
    let event = decide(&RateTable::new(RateSource::InforEuro), &command).unwrap().events.remove(0);
    let stream_id = stream(RateSource::InforEuro);
    let event = Event::Rates(RatesEvent::RatesPublished(event));
    let append = Append {
        command_id: Uuid::from_u128(u128::from(version)),
        fingerprint: [1; 32],
        actor: "anna".into(),
        recorded_at: START,
        expected: vec![(stream_id.clone(), version)],
        after: Vec::new(),
        events: vec![NewEvent {
            stream_id,
            event_type: event.event_type(),
            schema_version: event.schema_version(),
            body: event.body().unwrap(),
            keys: Vec::new(),
        }],
        subject_keys: Vec::new(),
        texts: Vec::new(),
    };
    ledger.store().append(vec![append]).await.unwrap();
}

#[test]
fn what_was_published_and_not_converted_is_converted_by_whatever_comes_next() {
    many_threads().block_on(async {
        for next in ["rates", "spend", "accept"] {
            let book = with_people().await;
            book.import(Kind::Spend, "1.csv", &[dollars(1, "110.00")]).await;
            published_only(&book.ledger, "1.1", 0).await;
            assert_eq!(claims(&book).await, ["waiting-for-rate - "]);
            match next {
                "rates" => {
                    let report = publish(&book.ledger, month(&book, "inforeuro-2024-04.json", "1.1")).await;
                    assert_eq!((report.files[0].known, report.converted), (1, 1));
                }
                // The same rows again, from another file, and one that waits for another rate.
                "spend" => {
                    let later = in_currency(receipt("caritas", "MV-2", 2, "2024-05-05", "1.00"), "USD");
                    let report = book.import(Kind::Spend, "2.csv", &[dollars(1, "110.00"), later]).await;
                    assert_eq!((report.counts.recognised, report.waiting_for_rate), (1, 1));
                }
                _ => assert_eq!(book.ledger.convert_waiting().await.unwrap(), 1),
            }
            assert_eq!(claims(&book).await[0], "reported 100.00 1.1", "{next}");
            book.sound().await;
        }
    });
}

/// The rate has come and nothing is converted yet: what accepting is promised to come to is what it comes to.
#[test]
fn a_preview_of_accepting_takes_the_rates_that_have_come() {
    many_threads().block_on(async {
        let book = with_people().await;
        let may = in_currency(receipt("caritas", "MV-2", 2, "2024-05-05", "1.00"), "USD");
        let twin = in_currency(receipt("caritas", "MV-1", 3, "2024-04-06", "110.00"), "USD");
        book.import(Kind::Spend, "1.csv", &[dollars(1, "110.00"), may, twin]).await;
        published_only(&book.ledger, "1.1", 0).await;
        let before = book.head().await;
        let named: Vec<_> = book.claims().await.iter().map(|c| (c.claim, c.case_id, c.id)).collect();
        let worth = book.ledger.would_convert(&named).await.unwrap();
        assert_eq!(worth.values().map(ToString::to_string).collect::<Vec<_>>(), ["100.00", "100.00"]);
        // The same amount for the same person within some weeks is flagged, also while it has no euros.
        assert!(book.ledger.flags().await.unwrap().values().flatten().any(|flag| flag.kind.holds_back()));
        let flags = book.ledger.flags_supposing(&worth).await.unwrap();
        let held: Vec<u64> =
            flags.iter().filter(|(_, of)| of.iter().any(|f| f.kind.holds_back())).map(|(n, _)| *n).collect();
        assert_eq!(held, worth.keys().copied().collect::<Vec<_>>());
        let promised = book.ledger.accept_claims(&named, Proposals::Agree, true).await.unwrap();
        assert_eq!(book.ledger.preview_claims(&named, None).await.unwrap().len(), 3);
        assert_eq!(book.head().await, before);
        let outcomes: Vec<_> = promised.iter().map(|c| (c.state.code(), c.eligible.to_string())).collect();
        let expected = [("accepted", "100.00"), ("waiting-for-rate", "0.00"), ("accepted", "100.00")];
        assert_eq!(outcomes, expected.map(|(state, eur)| (state, eur.to_owned())));
        book.ledger.convert_claims(&named).await.unwrap();
        assert_eq!(book.ledger.accept_claims(&named, Proposals::Agree, false).await.unwrap(), promised);
        book.sound().await;
    });
}

/// A fee waits like spend, is known while it waits, and is converted by whatever comes first after its rate.
#[test]
fn a_fee_waits_for_its_rate_and_is_converted_once() {
    many_threads().block_on(async {
        for next in ["rates", "spend", "accept"] {
            let book = with_people().await;
            book.register("irara").await;
            let path = book.write(Kind::Spend, "1.csv", &[fee(1, "110.00"), dollars(1, "55.00")]);
            let tried = import(&book.ledger, Kind::Spend, path.clone(), How::Dry).await.unwrap();
            let report = import(&book.ledger, Kind::Spend, path, How::Real).await.unwrap();
            assert_eq!((report.counts.applied, report.waiting_for_rate, report.waiting_fees), (2, 2, 1));
            assert_eq!((tried.counts, tried.waiting_fees), (report.counts, 1));
            assert_eq!(fees(&book).await, ["waiting-for-rate -"]);
            let again = book.import(Kind::Spend, "again.csv", &[fee(1, "110.00")]).await;
            assert_eq!((again.counts.recognised, again.waiting_for_rate, again.waiting_fees), (1, 1, 1));
            let item = book.ledger.fees(&FeeFilter::default()).await.unwrap().remove(0);
            let (code, id) = book.ledger.find_fee(item.fee).await.unwrap();
            let early = book.ledger.accept_fee(code.clone(), id).await;
            assert!(
                matches!(early, Err(AppError::Refused(refusal)) if refusal.codes() == "waiting-for-rate")
            );
            match next {
                "rates" => {
                    let april = month(&book, "inforeuro-2024-04.json", "1.1");
                    let dry = RatesRequest { dry_run: true, ..request(vec![april.clone()]) };
                    let promised = book.ledger.import_rates(&dry).await.unwrap();
                    let report = publish(&book.ledger, april).await;
                    assert_eq!((report.converted, report.fees_converted, report.fees_waiting), (1, 1, 0));
                    assert_eq!((promised.converted, promised.fees_converted), (1, 1));
                }
                "spend" => {
                    published_only(&book.ledger, "1.1", 0).await;
                    let rows = [
                        fee(1, "110.00"),
                        fee(2, "0.01"),
                        "irara,,partner-fee,2024-05-05,1.00,USD,I,F-1,,".into(),
                    ];
                    let report = book.import(Kind::Spend, "2.csv", &rows).await;
                    assert_eq!(
                        (report.counts.recognised, report.waiting_for_rate, report.waiting_fees),
                        (1, 1, 1)
                    );
                }
                _ => {
                    published_only(&book.ledger, "1.1", 0).await;
                    assert_eq!(book.ledger.convert_fees(&[(code.clone(), id)]).await.unwrap(), 1);
                }
            }
            assert_eq!(fees(&book).await[0], "reported 100.00", "{next}");
            book.ledger.accept_fee(code, id).await.unwrap();
            assert_eq!(book.ledger.convert_waiting().await.unwrap(), u64::from(next == "accept"), "{next}");
            assert_eq!(fees(&book).await[0], "accepted 100.00", "{next}");
            book.sound().await;
        }
    });
}

/// The same of a fee.
#[test]
fn a_rate_corrected_before_a_fee_is_converted_is_the_one_that_is_used() {
    many_threads().block_on(async {
        let book = with_people().await;
        book.import(Kind::Spend, "1.csv", &[fee(1, "360.00"), fee(2, "0.01")]).await;
        published_only(&book.ledger, "3.3", 0).await;
        let (slow, store) = interposed(&book).await;
        let quick = book.another(2).await;
        store.meanwhile(Before::Append, async move { published_only(&quick, "3.6", 1).await });
        assert_eq!(slow.convert_waiting().await.unwrap(), 1);
        // What no rate makes a cent goes on waiting, and leaves no trace of having been tried.
        let before = book.head().await;
        assert_eq!(slow.convert_waiting().await.unwrap(), 0);
        assert_eq!(book.head().await, before);
        assert_eq!(fees(&book).await, ["reported 100.00", "waiting-for-rate -"]);
        book.sound().await;
    });
}

/// A ledger over a store in which something happens once, just before the next command is written.
async fn interposed<P: Home>(book: &Book<P>) -> (Ledger, Arc<Interposed>) {
    let store = Interposed::new(book.home.open().await);
    let ledger = Ledger::open(start(store.clone(), 3, book.folder.path())).await.unwrap();
    (ledger, store)
}

/// Decided to wait, because there was no rate; before that is written there is one.
async fn published_meanwhile<P: Home>() {
    let Some(book) = on::<P>().await else { return };
    let (slow, store) = interposed(&book).await;
    let (quick, april) = (book.another(2).await, month(&book, "inforeuro-2024-04.json", "1.1"));
    store.meanwhile(Before::Append, async move {
        publish(&quick, april).await;
    });
    let path = book.write(Kind::Spend, "1.csv", &[dollars(1, "110.00")]);
    let report = import(&slow, Kind::Spend, path, How::Accepting).await.unwrap();
    assert_eq!((report.counts.applied, report.waiting_for_rate), (1, 0));
    assert_eq!(claims(&book).await, ["accepted 100.00 1.1"]);
    book.sound().await;
}

#[test]
fn a_rate_published_meanwhile_is_not_missed() {
    many_threads().block_on(async {
        published_meanwhile::<SqliteHome>().await;
        published_meanwhile::<PostgresHome>().await;
    });
}

/// Converted at the rate in force when it is written, not at one that was corrected before.
#[test]
fn a_rate_corrected_meanwhile_is_the_one_that_is_used() {
    many_threads().block_on(async {
        let book = with_people().await;
        publish(&book.ledger, month(&book, "inforeuro-2024-04.json", "1.1")).await;
        let (slow, store) = interposed(&book).await;
        let (quick, april) = (book.another(2).await, month(&book, "inforeuro-2024-04.json", "1.2"));
        store.meanwhile(Before::Append, async move {
            publish(&quick, april).await;
        });
        let path = book.write(Kind::Spend, "1.csv", &[dollars(1, "120.00")]);
        import(&slow, Kind::Spend, path, How::Real).await.unwrap();
        assert_eq!(claims(&book).await, ["reported 100.00 1.2"]);
    });
}

/// The same where a claim has waited: the conversion is decided again.
#[test]
fn a_rate_corrected_before_a_claim_is_converted_is_the_one_that_is_used() {
    many_threads().block_on(async {
        let book = with_people().await;
        book.import(Kind::Spend, "1.csv", &[dollars(1, "120.00")]).await;
        published_only(&book.ledger, "1.1", 0).await;
        let (slow, store) = interposed(&book).await;
        let quick = book.another(2).await;
        store.meanwhile(Before::Append, async move { published_only(&quick, "1.2", 1).await });
        assert_eq!(slow.convert_waiting().await.unwrap(), 1);
        assert_eq!(claims(&book).await, ["reported 100.00 1.2"]);
    });
}

/// Two people publish at the same moment: both files are in force, and what waited is converted once.
#[test]
fn two_people_publishing_at_once_lose_nothing() {
    many_threads().block_on(async {
        let book = with_people().await;
        book.import(Kind::Spend, "1.csv", &[dollars(1, "110.00")]).await;
        let (slow, store) = interposed(&book).await;
        let quick = book.another(2).await;
        let april = month(&book, "inforeuro-2024-04.json", "1.1");
        let may = month(&book, "inforeuro-2024-05.json", "1.12");
        store.meanwhile(Before::Append, async move {
            publish(&quick, april).await;
        });
        publish(&slow, may).await;
        assert_eq!(book.ledger.rates(&Default::default()).await.unwrap().len(), 2);
        assert_eq!(claims(&book).await, ["reported 100.00 1.1"]);
        book.sound().await;
    });
}

/// Dollars that come back take the rate of their claim, also after the source has published another one.
#[test]
fn a_reversal_takes_the_rate_of_its_claim() {
    many_threads().block_on(async {
        let book = with_people().await;
        publish(&book.ledger, month(&book, "inforeuro-2024-04.json", "1.1")).await;
        let path = book.write(Kind::Spend, "1.csv", &[dollars(1, "110.00")]);
        import(&book.ledger, Kind::Spend, path, How::Accepting).await.unwrap();
        publish(&book.ledger, month(&book, "inforeuro-2024-04.json", "1.2")).await;
        let back = |amount: &str, currency: &str| {
            in_currency(reversal("caritas", 1, "2024-05-01", amount), currency)
        };
        // Eleven dollars and eleven euros are two reversals.
        book.import(Kind::Reversals, "r.csv", &[back("11.00", "USD"), back("11.00", "EUR")]).await;
        assert_eq!(book.claims().await[0].reversed.to_string(), "21.00");
        let other = book.write(Kind::Reversals, "s.csv", &[back("1.000", "IQD")]);
        let report = import(&book.ledger, Kind::Reversals, other, How::Real).await.unwrap();
        assert_eq!(report.errors[0].rule, "reversal.currency");
        book.sound().await;
    });
}

#[test]
fn the_same_receipt_in_another_currency_is_a_conflict() {
    many_threads().block_on(async {
        let book = with_people().await;
        let rows = [dollars(1, "110.00"), in_currency(dollars(1, "110.00").replace("USD", "EUR"), "SEK")];
        let both =
            import(&book.ledger, Kind::Spend, book.write(Kind::Spend, "1.csv", &rows), How::Real).await;
        assert_eq!(both.unwrap().errors[0].rule, "receipt.conflict");
        book.import(Kind::Spend, "2.csv", &rows[..1]).await;
        let later =
            import(&book.ledger, Kind::Spend, book.write(Kind::Spend, "3.csv", &rows[1..]), How::Real).await;
        assert_eq!(later.unwrap().errors[0].rule, "receipt.conflict");
    });
}
