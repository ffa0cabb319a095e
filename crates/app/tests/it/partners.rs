//! Two processes on one partner, or on the holds: whoever comes second decides on what the first left.

use std::sync::Arc;

use app::AppError;
use app::query::FeeFilter;
use domain::claim::ClaimState;
use domain::hold::Scope;
use domain::partner::{Account, PaymentDetails};
use domain::{PartnerCode, Refusal};
use money::Currency;
use rulebook::Rulebook;
use store_testing::Before;

use crate::payments::person_at;
use crate::races::{interposed, with_people};
use crate::support::*;

fn caritas() -> PartnerCode {
    "caritas".parse().unwrap()
}

fn paid_to(number: &str) -> PaymentDetails {
    let account = Account::Local {
        number: number.parse().unwrap(),
        bank: "Bank of Banjul".parse().unwrap(),
        bic: Some("BANJGMGM".parse().unwrap()),
        seat: None,
    };
    PaymentDetails { holder: "Caritas".parse().unwrap(), latin_name: None, account }
}

fn reasons<T: std::fmt::Debug>(result: Result<T, AppError>) -> String {
    match result {
        Err(AppError::Refused(refusal)) => Refusal::codes(&refusal),
        other => panic!("{other:?} was not refused"),
    }
}

#[test]
fn two_holds_placed_at_the_same_time_have_numbers_of_their_own() {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        let (late, store) = interposed(&book).await;
        let quick = book.another(2).await;
        let from = "2024-05-01".parse().unwrap();
        store.meanwhile(Before::Append, async move {
            quick.place_hold(Scope::Programme("jrs".into()), from, "an audit").await.unwrap();
        });
        let placed = late.place_hold(Scope::Partner(caritas()), from, "receipts are missing").await.unwrap();
        assert_eq!(placed, 2, "the other one was first");
        let holds = book.ledger.holds(true).await.unwrap();
        let told: Vec<_> = holds.iter().map(|hold| (hold.hold, hold.scope, hold.reason.as_str())).collect();
        assert_eq!(told, [(1, "programme", "an audit"), (2, "partner", "receipts are missing")]);
        book.sound().await;
    });
}

#[test]
fn the_same_hold_from_two_processes_is_placed_once() {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        let (late, store) = interposed(&book).await;
        let quick = book.another(2).await;
        let from = "2024-05-01".parse().unwrap();
        store.meanwhile(Before::Append, async move {
            quick.place_hold(Scope::Partner(caritas()), from, "receipts are missing").await.unwrap();
            quick.place_hold(Scope::Programme("jrs".into()), from, "an audit").await.unwrap();
        });
        // The same person asked the same of the same state: it is the same command, and is answered by what was written.
        let placed = late.place_hold(Scope::Partner(caritas()), from, "receipts are missing").await.unwrap();
        assert_eq!(placed, 1, "and not the newest of all");
        assert_eq!(book.ledger.holds(true).await.unwrap().len(), 2);
        let another_reason = late.place_hold(Scope::Partner(caritas()), from, "another reason").await;
        assert_eq!(reasons(another_reason), "already-held");
        book.sound().await;
    });
}

/// What was proposed is rejected while the approval is on its way: nothing comes into force.
#[test]
fn an_approval_that_comes_second_is_decided_again() {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        book.ledger.propose_payment_details(caritas(), paid_to("0012-44871")).await.unwrap();
        let number = book.ledger.partner_detail(&caritas(), false).await.unwrap().details[0].number;
        let (late, store) = interposed(&book).await;
        let quick = book.another(2).await;
        store.meanwhile(Before::Append, async move {
            quick.reject_payment_details(caritas(), None, "the letter is missing").await.unwrap();
        });
        // Everybody here is the same person, who is refused first for that, and then because nothing waits.
        assert_eq!(reasons(late.approve_payment_details(caritas(), number).await), "nothing-proposed");
        let detail = book.ledger.partner_detail(&caritas(), false).await.unwrap();
        assert_eq!((detail.item.payment_details, detail.details.len()), ("none", 0));
        book.sound().await;
    });
}

fn fee(number: u32, amount: &str) -> String {
    format!("caritas,,partner-fee,2024-04-01,{amount},EUR,Caritas,F-{number},,")
}

#[test]
fn the_same_fees_from_two_processes_are_reported_once() {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        let fees: Vec<String> = (0..30).map(|number| fee(number, "10.00")).collect();
        let mut uploads = Vec::new();
        for upload in 0..3_u64 {
            let (book, fees) = (book.clone(), fees.clone());
            uploads.push(tokio::spawn(async move {
                let ledger = book.another(upload + 10).await;
                let path = book.write(Kind::Spend, &format!("{upload}.csv"), &fees);
                let report = import(&ledger, Kind::Spend, path, How::Real).await.unwrap();
                // Who comes when all of it is there already finds the file known as a whole.
                assert!(report.errors_total == 0 && [0, 30].contains(&report.counts.rows), "{report:?}");
                report.counts.applied
            }));
        }
        let mut applied = 0;
        for upload in uploads {
            applied += upload.await.unwrap();
        }
        assert_eq!(applied, 30);
        assert_eq!(book.ledger.fees(&FeeFilter::default()).await.unwrap().len(), 30);
        book.sound().await;
    });
}

/// A dry run decides fees exactly as the import does, and writes nothing.
#[test]
fn fees_and_spend_of_one_file_are_tried_and_then_written() {
    many_threads().block_on(async {
        let book = with_people().await;
        book.register("newcomer").await;
        let rows = [
            fee(1, "450.00"),
            receipt("caritas", "MV-1", 1, "2024-04-01", "300.00"),
            fee(1, "450.00"),
            "newcomer,,partner-fee,2024-04-01,1.00,EUR,Newcomer,F-1,,".to_owned(),
        ];
        let path = book.write(Kind::Spend, "spend.csv", &rows);
        let before = head(&book.ledger).await;
        let tried = import(&book.ledger, Kind::Spend, path.clone(), How::Dry).await.unwrap();
        assert_eq!(head(&book.ledger).await, before);
        let done = import(&book.ledger, Kind::Spend, path, How::Real).await.unwrap();
        assert_eq!((tried.counts.applied, tried.counts.recognised), (3, 1));
        assert_eq!(done.counts, tried.counts);
        let fees = book.ledger.fees(&FeeFilter::default()).await.unwrap();
        assert_eq!(fees.iter().map(|fee| fee.partner.as_str()).collect::<Vec<_>>(), ["caritas", "newcomer"]);
        assert_eq!(book.claims().await.len(), 1);
        book.sound().await;
    });
}

/// Whoever acts for an organisation that nobody has registered is a person like others; if it is registered while their
/// command is on its way, the command is decided again, by somebody who acts for a partner.
#[test]
fn an_organisation_registered_meanwhile_decides_nothing() {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        book.import(Kind::Spend, "spend.csv", &[receipt("caritas", "MV-1", 1, "2024-04-01", "300.00")]).await;
        let claims = book.ledger.claims(&Default::default()).await.unwrap();
        let (case, claim) = (claims[0].case_id, claims[0].id);
        let registering = |code: &'static str, seed: u64, store: Arc<store_testing::Interposed>| {
            let book = book.clone();
            async move {
                let quick = book.another(seed).await;
                store.meanwhile(Before::Append, async move {
                    quick.register_partner(code.parse().unwrap(), code.parse().unwrap()).await.unwrap();
                });
            }
        };
        // By a session that decides on a case.
        let (asha, store) = person_at(&book, "asha@meals", 60).await;
        registering("meals", 61, store).await;
        assert_eq!(reasons(asha.accept_claim(case, claim).await), "acts-for-partner");
        let claims = book.ledger.claims(&Default::default()).await.unwrap();
        assert_eq!(claims[0].state, ClaimState::Reported);
        // By a command that rests on no state of its own, and by one on the ledger's own stream.
        let (omar, store) = person_at(&book, "omar@shelter", 62).await;
        registering("shelter", 63, store).await;
        let opened = omar.open_bank_account("main".parse().unwrap(), "12345678", Currency::EUR).await;
        assert_eq!(reasons(opened), "acts-for-partner");
        let (mut lena, store) = person_at(&book, "lena@schools", 64).await;
        registering("schools", 65, store).await;
        let version = format!("version = \"{}\"", lena.rulebook().version());
        let other = lena.rulebook().document().replace(&version, "version = \"another\"");
        let adopted = lena.adopt(Rulebook::parse(&other).unwrap()).await.map(drop);
        assert_eq!(reasons(adopted), "acts-for-partner");
        assert_eq!(book.ledger.proposed_rulebook().await.unwrap(), None);
        book.sound().await;
    });
}

/// A code that nobody registered is no partner, whoever reports, assigns or holds: it is told what may have been meant.
#[test]
fn a_code_that_is_spelled_wrongly_registers_nobody() {
    many_threads().block_on(async {
        let book = with_people().await;
        let head = head(&book.ledger).await;
        let rows = [
            receipt("caritsa", "MV-1", 1, "2024-04-01", "300.00"),
            "newcomer,,partner-fee,2024-04-01,1.00,EUR,Newcomer,F-1,,".to_owned(),
        ];
        let report =
            import(&book.ledger, Kind::Spend, book.write(Kind::Spend, "s.csv", &rows), How::Real).await;
        let report = report.unwrap();
        let errors: Vec<_> = report.errors.iter().map(|e| (e.row, e.column, e.rule)).collect();
        assert_eq!(
            errors,
            [(2, Some("partner"), "partner.unknown"), (3, Some("partner"), "partner.unknown")]
        );
        assert!(report.errors[0].message.contains("did you mean caritas?"), "{}", report.errors[0].message);
        assert!(!report.errors[1].message.contains("mean"), "{}", report.errors[1].message);
        // The register may name a partner for the first time, but not one that is a slip away from another.
        let slip = book.write(Kind::Cases, "c.csv", &[person("MV-8").replace("caritas", "carits")]);
        let report = import(&book.ledger, Kind::Cases, slip, How::Real).await.unwrap();
        assert_eq!(report.errors[0].rule, "partner.unknown");
        let case = book.ledger.find_case("MV-1").await.unwrap();
        let (wrong, from) = ("caritsa".parse().unwrap(), "2024-04-01".parse().unwrap());
        let assigned = book.ledger.assign(case, wrong, Some(from)).await;
        let held = book.ledger.place_hold(Scope::Partner("caritsa".parse().unwrap()), from, "invoices").await;
        for refused in [assigned, held.map(drop)] {
            let said = refused.unwrap_err().to_string();
            assert!(said.contains("there is no partner caritsa: did you mean caritas?"), "{said}");
        }
        assert_eq!(self::head(&book.ledger).await, head);
        let met = book.import(Kind::Cases, "d.csv", &[person("MV-9").replace("caritas", "newcomer")]).await;
        assert_eq!(met.partners.iter().map(|code| code.as_str()).collect::<Vec<_>>(), ["newcomer"]);
        book.sound().await;
    });
}
