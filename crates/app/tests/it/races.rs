//! Two processes on one file: nobody over a cap, nobody wrongly refused, nothing mistaken for something else.

use std::sync::Arc;

use app::command::Proposals;
use app::{AppError, Ledger};
use domain::claim::ClaimState;
use domain::{CaseId, ClaimId};
use money::Eur;

use store_testing::{Before, Interposed};

use crate::support::*;

const PEOPLE: u32 = 4;

pub async fn with_people() -> Book {
    let book = Book::new().await;
    let people: Vec<String> = (1..=PEOPLE).map(|n| person(&format!("MV-{n}"))).collect();
    book.import(Kind::Cases, "cases.csv", &people).await;
    book
}

/// 40 claims of 300 EUR for four people: 3 000 for each fits in exactly ten.
fn claims_of(first: u32) -> Vec<String> {
    (0..80)
        .map(|n| receipt("caritas", &format!("MV-{}", n % PEOPLE + 1), first + n, "2024-04-01", "300.00"))
        .collect()
}

async fn open_claims(ledger: &Ledger) -> Vec<(u64, CaseId, ClaimId)> {
    let claims = ledger.claims(&Default::default()).await.unwrap();
    claims.iter().map(|c| (c.claim, c.case_id, c.id)).collect()
}

/// Everybody stands exactly at the cap: nobody over it, and nobody refused what would have fitted.
async fn assert_all_at_the_cap(book: &Book) {
    for line in book.balances().await.iter().filter(|line| line.contains(" reintegration ")) {
        assert!(line.contains(" 3000.00 3000.00 0.00 "), "{line}");
    }
    book.sound().await;
}

#[test]
fn two_processes_accepting_the_same_claims_pay_nobody_over_the_cap() {
    many_threads().block_on(async {
        for _ in 0..3 {
            let book = with_people().await;
            book.import(Kind::Spend, "spend.csv", &claims_of(0)).await;
            let other = book.another(2).await;
            let forward = open_claims(&book.ledger).await;
            let backward: Vec<_> = forward.iter().rev().copied().collect();
            let (one, two) = tokio::join!(
                book.ledger.accept_claims(&forward, Proposals::Agree, false),
                other.accept_claims(&backward, Proposals::Agree, false)
            );
            assert_eq!(one.unwrap().len(), two.unwrap().len());
            assert_all_at_the_cap(&book).await;
        }
    });
}

#[test]
fn two_partners_uploading_for_the_same_people_pay_nobody_over_the_cap() {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        let mut uploads = Vec::new();
        for upload in 0..4_u32 {
            let book = book.clone();
            uploads.push(tokio::spawn(async move {
                let ledger = book.another(u64::from(upload) + 10).await;
                let path = book.write(Kind::Spend, &format!("{upload}.csv"), &claims_of(upload * 1_000));
                let report = import(&ledger, Kind::Spend, path, How::Accepting).await.unwrap();
                assert_eq!((report.errors_total, report.counts.rows), (0, 80));
            }));
        }
        for upload in uploads {
            upload.await.unwrap();
        }
        assert_eq!(book.claims().await.len(), 320);
        assert_all_at_the_cap(&book).await;
    });
}

#[test]
fn the_same_upload_from_two_processes_counts_once() {
    many_threads().block_on(async {
        let book = with_people().await;
        let other = book.another(2).await;
        let (a, b) = (
            book.write(Kind::Spend, "a.csv", &claims_of(0)),
            book.write(Kind::Spend, "b.csv", &claims_of(0)),
        );
        let (one, two) = tokio::join!(
            import(&book.ledger, Kind::Spend, a, How::Accepting),
            import(&other, Kind::Spend, b, How::Accepting)
        );
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!((one.errors, two.errors), (Vec::new(), Vec::new()));
        assert_eq!(book.claims().await.len(), 80);
        assert_all_at_the_cap(&book).await;
    });
}

#[test]
fn accepting_by_name_in_two_processes_is_done_or_refused_never_a_fault() {
    many_threads().block_on(async {
        let book = with_people().await;
        book.import(Kind::Spend, "spend.csv", &claims_of(0)).await;
        let other = book.another(2).await;
        let open = open_claims(&book.ledger).await;
        let accept = async |ledger: &Ledger| {
            let mut refused = 0;
            for (_, case, claim) in &open {
                match ledger.accept_claim(*case, *claim).await {
                    Ok(()) => {}
                    Err(AppError::Refused(refusal)) if refusal.codes() == "already-decided" => refused += 1,
                    Err(fault) => panic!("{fault:?}"),
                }
            }
            refused
        };
        let (one, two) = tokio::join!(accept(&book.ledger), accept(&other));
        assert!(one + two <= open.len());
        assert_all_at_the_cap(&book).await;
    });
}

/// A ledger over a store in which something happens once, just before the next command is written.
pub async fn interposed(book: &Book) -> (Ledger, Arc<Interposed>) {
    let store = Interposed::new(Arc::new(book.store().await));
    let ledger = Ledger::open(start(store.clone(), 3, book.folder.path())).await.unwrap();
    (ledger, store)
}

#[test]
fn the_last_euros_taken_meanwhile_are_not_paid_twice() {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        let rows = [1, 2].map(|n| receipt("caritas", "MV-1", n, "2024-04-01", "2000.00"));
        book.import(Kind::Spend, "spend.csv", &rows).await;
        let (slow, store) = interposed(&book).await;
        let open = open_claims(&slow).await;
        let quick = book.another(2).await;
        let (_, case, claim) = open[1];
        store.meanwhile(Before::Append, async move { quick.accept_claim(case, claim).await.unwrap() });
        let (_, case, claim) = open[0];
        slow.accept_claim(case, claim).await.unwrap();
        let states: Vec<_> = book.claims().await.iter().map(|c| (c.state, c.eligible.to_string())).collect();
        assert_eq!(states, [(ClaimState::Cut, "1000.00".into()), (ClaimState::Accepted, "2000.00".into())]);
        book.sound().await;
    });
}

#[test]
fn a_return_that_turned_forced_meanwhile_lowers_the_cap_of_the_decision() {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        book.import(Kind::Spend, "spend.csv", &[receipt("caritas", "MV-1", 1, "2024-04-01", "2500.00")])
            .await;
        let (slow, store) = interposed(&book).await;
        let open = open_claims(&slow).await;
        let quick = book.another(2).await;
        let (_, case, _) = open[0];
        store.meanwhile(Before::Append, async move {
            let (mode, by) = (rulebook::ReturnMode::Forced, rulebook::Authority::Police);
            quick.change_return_mode(case, mode, by, "2024-05-01".parse().unwrap()).await.unwrap();
        });
        let done = slow.accept_claims(&open, Proposals::Agree, false).await.unwrap();
        assert_eq!((done[0].eligible.to_string(), done[0].reason.as_str()), ("2000.00".into(), "over-cap"));
        book.sound().await;
    });
}

/// What came free by a reversal goes to whoever is first: to another claim, or back to its own.
#[test]
fn a_reversal_whose_room_was_taken_meanwhile_is_not_undone() {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        let rows = [1, 2].map(|n| receipt("caritas", "MV-1", n, "2024-04-01", "2500.00"));
        book.import(Kind::Spend, "spend.csv", &rows).await;
        let (slow, store) = interposed(&book).await;
        let open = open_claims(&slow).await;
        let (_, case, claim) = open[0];
        slow.accept_claims(&open[..1], Proposals::Agree, false).await.unwrap();
        let (all, day) = ("2500.00".parse::<Eur>().unwrap(), "2024-05-01".parse().unwrap());
        assert!(slow.reverse_claim(case, claim, all.into(), day, "returned").await.unwrap());
        let quick = book.another(2).await;
        let other = open[1];
        store.meanwhile(Before::Append, async move {
            let done = quick.accept_claims(&[other], Proposals::Agree, false).await.unwrap();
            assert_eq!(done[0].eligible, all);
        });
        let refused = slow.undo_reversal(case, claim, None, "it was another receipt").await.unwrap_err();
        assert!(refused.to_string().contains("over-cap"), "{refused}");
        let states: Vec<ClaimState> =
            slow.claims(&Default::default()).await.unwrap().iter().map(|c| c.state).collect();
        assert_eq!(states, [ClaimState::Reversed, ClaimState::Accepted]);
        book.sound().await;
    });
}

/// Imports a file on a slow ledger while another ledger imports one just before it is written.
async fn import_meanwhile(
    book: &Arc<Book>,
    kind: Kind,
    meanwhile: Vec<String>,
    then: Vec<String>,
) -> app::import::ImportReport {
    let (slow, store) = interposed(book).await;
    let quick = book.another(2).await;
    let path = book.write(kind, "meanwhile.csv", &meanwhile);
    store.meanwhile(Before::Append, async move {
        assert_eq!(import(&quick, kind, path, How::Real).await.unwrap().errors, []);
    });
    import(&slow, kind, book.write(kind, "then.csv", &then), How::Real).await.unwrap()
}

#[test]
fn the_same_receipt_recorded_meanwhile_is_recognised() {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        let row = receipt("caritas", "MV-1", 1, "2024-04-01", "10.00");
        let other = receipt("caritas", "MV-1", 2, "2024-04-01", "10.00");
        let report = import_meanwhile(&book, Kind::Spend, vec![row.clone(), other], vec![row]).await;
        assert_eq!((report.errors_total, report.counts.recognised), (0, 1));
        assert_eq!(book.claims().await.len(), 2);
        book.sound().await;
    });
}

/// What was recorded meanwhile says something else of the same receipt or payment: a conflict, not the same row.
fn conflicts_with_what_was_recorded_meanwhile(kind: Kind, meanwhile: String, then: String, rule: &str) {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        let report = import_meanwhile(&book, kind, vec![meanwhile.clone()], vec![then.clone()]).await;
        let rules: Vec<_> = report.errors.iter().map(|e| e.rule).collect();
        assert_eq!(rules, [rule], "{meanwhile} and then {then}: {:?}", report.counts);
        book.sound().await;
    });
}

#[test]
fn another_amount_of_a_payment_recorded_meanwhile_is_a_conflict() {
    conflicts_with_what_was_recorded_meanwhile(
        Kind::Grants,
        payment("MV-1", 1, "2024-03-12", "600.00"),
        payment("MV-1", 1, "2024-03-12", "615.00"),
        "payment.conflict",
    );
}

#[test]
fn another_case_of_a_payment_recorded_meanwhile_is_a_conflict() {
    conflicts_with_what_was_recorded_meanwhile(
        Kind::Grants,
        payment("MV-1", 1, "2024-03-12", "615.00"),
        payment("MV-2", 1, "2024-03-12", "615.00"),
        "payment.conflict",
    );
}

#[test]
fn another_amount_of_a_receipt_recorded_meanwhile_is_a_conflict() {
    conflicts_with_what_was_recorded_meanwhile(
        Kind::Spend,
        receipt("caritas", "MV-1", 1, "2024-04-01", "10.00"),
        receipt("caritas", "MV-1", 1, "2024-04-01", "11.00"),
        "receipt.conflict",
    );
}

#[test]
fn another_case_of_a_receipt_recorded_meanwhile_with_the_same_amount_is_a_conflict_and_else_a_part() {
    conflicts_with_what_was_recorded_meanwhile(
        Kind::Spend,
        receipt("caritas", "MV-1", 1, "2024-04-01", "10.00"),
        receipt("caritas", "MV-2", 1, "2024-04-01", "10.00"),
        "receipt.conflict",
    );
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        let rows =
            [1, 2, 3].map(|n| receipt("caritas", &format!("MV-{n}"), 1, "2024-04-01", &format!("{n}0.00")));
        let report = import_meanwhile(&book, Kind::Spend, rows[..2].to_vec(), rows[1..].to_vec()).await;
        assert_eq!((report.errors_total, report.counts.recognised, report.counts.applied), (0, 1, 1));
        assert_eq!(book.claims().await.len(), 3);
        book.sound().await;
    });
}

#[test]
fn another_day_of_a_receipt_recorded_meanwhile_is_a_conflict() {
    conflicts_with_what_was_recorded_meanwhile(
        Kind::Spend,
        receipt("caritas", "MV-1", 1, "2024-04-01", "10.00"),
        receipt("caritas", "MV-1", 1, "2024-04-02", "10.00"),
        "receipt.conflict",
    );
}

#[test]
fn an_application_filed_meanwhile_is_filed_once() {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        let report = import_meanwhile(&book, Kind::Cases, vec![person("MV-9")], vec![person("MV-9")]).await;
        assert_eq!((report.errors_total, report.counts.rows), (0, 1));
        assert_eq!(book.ledger.cases().await.unwrap().len(), 5);
        book.sound().await;
    });
}

#[test]
fn a_partner_met_meanwhile_does_not_stop_the_register() {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        let by_irara = |name: &str| person(name).replace("caritas", "irara");
        let (meanwhile, then) = (vec![by_irara("MV-8")], vec![by_irara("MV-9")]);
        let report = import_meanwhile(&book, Kind::Cases, meanwhile, then).await;
        assert_eq!((report.errors_total, report.counts.applied), (0, 1));
        let partners: Vec<_> = book.ledger.cases().await.unwrap().into_iter().map(|c| c.partner).collect();
        assert_eq!(partners[4..], ["irara", "irara"]);
        book.sound().await;
    });
}

/// Both decided before either was written: the second is decided again, on what the first left.
#[test]
fn a_command_decided_on_an_old_state_is_decided_again() {
    many_threads().block_on(async {
        let book = Arc::new(with_people().await);
        book.register("irara").await;
        let (slow, store) = interposed(&book).await;
        let quick = book.another(2).await;
        let case = slow.find_case("MV-1").await.unwrap();
        store.meanwhile(Before::Append, async move {
            quick.close(case, "2024-05-01".parse().unwrap()).await.unwrap()
        });
        let late = slow.assign(case, "irara".parse().unwrap(), Some("2024-04-01".parse().unwrap())).await;
        assert!(
            matches!(&late, Err(AppError::Refused(refusal)) if refusal.codes() == "case-closed"),
            "{late:?}"
        );
        let head = slow.store().head().await.unwrap().position;
        let last = slow.store().read_log(head - 1, 1).await.unwrap().remove(0);
        assert_eq!(last.event_type, "CommandRefused");
        book.sound().await;
    });
}

/// Money that came back has no number: the same day, amount and reason are the same money, whoever records it first.
#[test]
fn the_same_return_from_two_processes_counts_once() {
    [false, true].into_iter().for_each(one_of_two_returns_counts);
}

fn one_of_two_returns_counts(closed_meanwhile: bool) {
    many_threads().block_on(async {
        let book = with_people().await;
        book.import(Kind::Grants, "grants.csv", &[payment("MV-1", 1, "2024-03-12", "615.00")]).await;
        let (slow, store) = interposed(&book).await;
        let quick = book.another(2).await;
        let paid = slow.grants(None).await.unwrap().remove(0);
        let (case, grant) = slow.find_grant(paid.grant).await.unwrap();
        let (amount, on) = ("615.00".parse().unwrap(), "2024-03-20".parse().unwrap());
        // Between them somebody else wrote, or nobody did.
        store.meanwhile(Before::Append, async move {
            if closed_meanwhile {
                quick.close(case, on).await.unwrap();
            }
            assert!(quick.return_grant(case, grant, amount, on, "the card came back").await.unwrap());
        });
        let recorded_now = slow.return_grant(case, grant, amount, on, "the card came back").await.unwrap();
        assert!(!recorded_now);
        assert_eq!(slow.grants(None).await.unwrap().remove(0).returned, amount);
        let again = slow.return_grant(case, grant, amount, on, "the card came back again").await;
        assert!(
            matches!(&again, Err(AppError::Refused(refusal)) if refusal.codes() == "more-than-paid"),
            "{again:?}"
        );
        book.sound().await;
    });
}
