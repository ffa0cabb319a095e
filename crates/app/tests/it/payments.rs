//! Two processes on the payments of one partner: whoever comes second decides on what the first left.

use std::sync::Arc;

use app::payment::{Debtor, FileAsked};
use app::{AppError, Ledger};
use domain::hold::Scope;
use domain::partner::{Account, PaymentDetails};
use domain::payment::{PainVersion, PaymentState};
use domain::{PartnerCode, PaymentId, Refusal};
use money::{Currency, Eur};
use store_testing::{Before, Interposed};

use crate::races::with_people;
use crate::support::*;

fn caritas() -> PartnerCode {
    "caritas".parse().unwrap()
}

/// Another process of another person, and the store it sees.
pub async fn person_at(book: &Book, name: &str, seed: u64) -> (Ledger, Arc<Interposed>) {
    let store = Interposed::new(Arc::new(book.store().await));
    let mut start = start(store.clone(), seed, book.folder.path());
    start.actor = name.parse().unwrap();
    (Ledger::open(start).await.unwrap(), store)
}

/// Accepted spend of 900 EUR, and an account that two people brought into force.
async fn with_spend() -> Arc<Book> {
    let book = with_people().await;
    let rows = [1, 2, 3].map(|n| receipt("caritas", "MV-1", n, "2024-04-01", "300.00"));
    let path = book.write(Kind::Spend, "spend.csv", &rows);
    import(&book.ledger, Kind::Spend, path, How::Accepting).await.unwrap();
    let account = Account::Local {
        number: "0012-44871".parse().unwrap(),
        bank: "Bank of Banjul".parse().unwrap(),
        bic: Some("BANJGMGM".parse().unwrap()),
        seat: None,
    };
    let details = PaymentDetails { holder: "Caritas".parse().unwrap(), latin_name: None, account };
    book.ledger.propose_payment_details(caritas(), details).await.unwrap();
    let (berit, _) = person_at(&book, "berit", 50).await;
    let number = book.ledger.partner_detail(&caritas(), false).await.unwrap().details[0].number;
    berit.approve_payment_details(caritas(), number).await.unwrap();
    let account = ("payments".parse().unwrap(), "SE3550000000054910000003", Currency::EUR);
    book.ledger.open_bank_account(account.0, account.1, account.2).await.unwrap();
    Arc::new(book)
}

/// Proposed by Anna; approved by Berit if asked for.
async fn proposed(book: &Book, approved: bool) -> PaymentId {
    let payment = book.ledger.propose_payment(&caritas(), None, false, false).await.unwrap();
    let number = payment.item.payment.unwrap().to_string();
    let (_, id) = book.ledger.find_payment(&number).await.unwrap();
    if approved {
        let (berit, _) = person_at(book, "berit", 51).await;
        berit.approve_payment(&caritas(), id).await.unwrap();
    }
    id
}

fn file_of(payment: PaymentId) -> FileAsked {
    FileAsked {
        version: PainVersion::V03,
        debtor: Debtor {
            name: "Kassan".parse().unwrap(),
            iban: "SE35 5000 0000 0549 1000 0003".parse().unwrap(),
            bic: None,
            sender: None,
        },
        execute_on: "2099-01-05".parse().unwrap(),
        far_ahead: true,
        dry_run: false,
        payments: vec![(caritas(), payment)],
    }
}

fn reasons<T: std::fmt::Debug>(result: Result<T, AppError>) -> String {
    match result {
        Err(AppError::Refused(refusal)) => Refusal::codes(&refusal),
        other => panic!("{other:?} was not refused"),
    }
}

async fn state(book: &Book, payment: PaymentId) -> PaymentState {
    book.ledger.payment_detail(&caritas(), payment).await.unwrap().item.state
}

#[test]
fn what_is_proposed_meanwhile_is_not_proposed_again() {
    many_threads().block_on(async {
        let book = with_spend().await;
        let (late, store) = person_at(&book, "anna", 60).await;
        let quick = book.clone();
        store.meanwhile(Before::Append, async move {
            proposed(&quick, false).await;
        });
        assert_eq!(reasons(late.propose_payment(&caritas(), None, false, false).await), "nothing-due");
        let payments = book.ledger.payments(&Default::default()).await.unwrap();
        let totals: Vec<Eur> = payments.iter().map(|payment| payment.total).collect();
        assert_eq!(totals, ["900.00".parse().unwrap()]);
        book.sound().await;
    });
}

/// What is paid is held by none, also not by a hold that is placed while the command is on its way.
#[test]
fn a_hold_that_is_placed_meanwhile_stops_each_step() {
    many_threads().block_on(async {
        let book = with_spend().await;
        let hold = |quick: Arc<Book>| async move {
            let from = "2020-01-01".parse().unwrap();
            quick.ledger.place_hold(Scope::Country("GM".parse().unwrap()), from, "an audit").await.unwrap();
        };
        let release = |number| {
            let day = "2020-01-01".parse().unwrap();
            book.ledger.release_hold(number, day, "it is over")
        };
        let (anna, store) = person_at(&book, "anna", 60).await;
        store.meanwhile(Before::Append, hold(book.clone()));
        assert_eq!(reasons(anna.propose_payment(&caritas(), None, false, false).await), "held");
        release(1).await.unwrap();

        let payment = proposed(&book, false).await;
        let (berit, store) = person_at(&book, "berit", 61).await;
        store.meanwhile(Before::Append, hold(book.clone()));
        assert_eq!(reasons(berit.approve_payment(&caritas(), payment).await), "held");
        release(2).await.unwrap();
        berit.approve_payment(&caritas(), payment).await.unwrap();

        let (anna, store) = person_at(&book, "anna", 62).await;
        store.meanwhile(Before::Append, hold(book.clone()));
        assert_eq!(reasons(anna.make_payment_file(file_of(payment)).await), "held");
        assert_eq!(state(&book, payment).await, PaymentState::Approved);
        book.sound().await;
    });
}

#[test]
fn a_payment_is_cancelled_or_in_a_file_never_both() {
    many_threads().block_on(async {
        let book = with_spend().await;
        let payment = proposed(&book, true).await;
        let (late, store) = person_at(&book, "anna", 60).await;
        let quick = book.clone();
        store.meanwhile(Before::Append, async move {
            quick.ledger.cancel_payment(&caritas(), payment, "another account").await.unwrap();
        });
        assert_eq!(reasons(late.make_payment_file(file_of(payment)).await), "already-decided");
        assert!(book.ledger.payment_files().await.unwrap().is_empty());

        let payment = proposed(&book, true).await;
        let (late, store) = person_at(&book, "berit", 61).await;
        let quick = book.clone();
        store.meanwhile(Before::Append, async move {
            quick.ledger.make_payment_file(file_of(payment)).await.unwrap();
        });
        assert_eq!(
            reasons(late.cancel_payment(&caritas(), payment, "another account").await),
            "already-in-a-file"
        );
        assert_eq!(state(&book, payment).await, PaymentState::Instructed);
        book.sound().await;
    });
}

/// Claims are read and not locked: a reversal that comes while the approval is on its way is a reversal a moment later.
#[test]
fn what_comes_back_meanwhile_is_taken_off_the_next_payment() {
    many_threads().block_on(async {
        let book = with_spend().await;
        let payment = proposed(&book, false).await;
        let (late, store) = person_at(&book, "berit", 60).await;
        let quick = book.clone();
        store.meanwhile(Before::Append, async move {
            let claim = quick.claims().await.remove(0);
            let amount: Eur = "120.00".parse().unwrap();
            let day = "2024-05-01".parse().unwrap();
            quick
                .ledger
                .reverse_claim(claim.case_id, claim.id, amount.into(), day, "returned")
                .await
                .unwrap();
        });
        late.approve_payment(&caritas(), payment).await.unwrap();
        // The file is not made of what is known not to be due.
        assert_eq!(reasons(book.ledger.make_payment_file(file_of(payment)).await), "no-longer-due");
        book.ledger.cancel_payment(&caritas(), payment, "something came back").await.unwrap();
        let next = book.ledger.propose_payment(&caritas(), None, false, true).await.unwrap();
        assert_eq!(next.item.total, "780.00".parse().unwrap());
        book.sound().await;
    });
}
