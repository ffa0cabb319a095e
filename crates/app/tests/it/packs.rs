//! What belongs to a closed period is what belonged to it when it was closed, whatever was done since.

use std::sync::Arc;

use app::Ledger;
use app::command::Saying;
use app::query::{ExceptionFilter, PeriodCheck, PeriodPack};
use app::reconciliation::ResolveAsked;
use domain::Period;
use domain::books::Chart;
use domain::closing::Check;
use domain::hold::Scope;
use domain::matching::Rules;
use event_log::{Past, Store, StoreError};
use store_testing::Before;
use store_testing::contract::projections;

use crate::moments::interposed;
use crate::races::with_people;
use crate::support::*;

async fn pack(ledger: &Ledger, period: Period) -> PeriodPack {
    ledger.period_pack(&Chart::standard().unwrap(), period, 10, &|_, _| {}).await.unwrap()
}

/// Whatever was open then is settled since, and what was settled is open: the pack says what was so then.
#[tokio::test]
async fn the_pack_of_a_closed_period_shows_what_was_open_then() {
    let book = with_people().await;
    let ledger = &book.ledger;
    let april: Period = "2024-04".parse().unwrap();
    let rows = [1, 2].map(|n| receipt("caritas", "MV-1", n, "2024-04-10", "300.00"));
    book.import(Kind::Spend, "spend.csv", &rows).await;
    let late = [payment("MV-1", 1, "2024-04-20", "615.00"), payment("MV-2", 2, "2024-04-21", "615.00")];
    book.import(Kind::Grants, "grants.csv", &late).await;
    ledger
        .place_hold(Scope::Partner("caritas".parse().unwrap()), april.first(), "no receipts")
        .await
        .unwrap();
    let found = ledger.exceptions(&ExceptionFilter::default()).await.unwrap();
    assert_eq!(found.len(), 2);
    let owner = "berit".parse().unwrap();
    ledger.assign_exception(&found[0].exception, &owner, Some("ask the bank")).await.unwrap();
    let berit = book.by("berit", 7).await;
    let accept = ResolveAsked { write_off: None, rules: Rules::embedded().unwrap() };
    for item in &found {
        ledger.resolve_exception(&item.exception, &accept, "paid late").await.unwrap();
        berit.resolve_exception(&item.exception, &accept, "paid late").await.unwrap();
    }

    let before = pack(ledger, april).await;
    let checked = ledger.check_period(&Chart::standard().unwrap(), april, 10, &|_, _| {}).await.unwrap();
    let accepted = [Check::Undecided, Check::Statements];
    ledger.close_period(&checked, &accepted, Some("answered in May")).await.unwrap();
    assert_eq!(before.checked.matters.iter().filter(|matter| matter.check == Check::Undecided).count(), 2);
    assert_eq!(before.checked.matters.iter().filter(|matter| matter.check == Check::Holds).count(), 1);
    let told = &before.exceptions[0];
    assert_eq!((&*told.owner, &*told.state, &*told.resolved_by), ("berit", "accepted", "berit"));

    for claim in book.claims().await {
        ledger.say_of_claim(Saying::Refuse, claim.case_id, claim.id, "not theirs").await.unwrap();
    }
    ledger.release_hold(1, april.last(), "receipts are here").await.unwrap();
    ledger.reopen_exception(&found[0].exception, "it is not settled").await.unwrap();
    ledger.resolve_exception(&found[0].exception, &accept, "paid late").await.unwrap();
    let number = ledger.grants(None).await.unwrap()[1].grant;
    let (case, grant) = ledger.find_grant(number).await.unwrap();
    ledger.allow_grant(case, grant, "the office was closed").await.unwrap();

    let after = pack(ledger, april).await;
    assert_eq!(after.checked, before.checked);
    assert_eq!(after.exceptions, before.exceptions);
    assert_eq!(after.statements, before.statements);
    assert!(before.waiting.is_empty() && after.waiting.is_empty());
    assert!(after.closed.as_ref().is_some_and(|closed| closed.unchanged && closed.same_entries));
    // What is so now is told of the next period.
    let may = pack(ledger, "2024-05".parse().unwrap()).await;
    assert!(may.checked.matters.iter().all(|matter| matter.check != Check::Undecided));
    let open: Vec<&str> = may.exceptions.iter().map(|item| item.state.as_str()).collect();
    assert_eq!(open, ["anna proposes to accept it"]);
    let waiting: Vec<_> = may.waiting.iter().map(|item| (item.what, &item.about, &*item.proposed)).collect();
    assert_eq!(waiting, [("resolve-exception", &found[0].exception, "anna proposes to accept it")]);
}

/// What somebody writes while a period is being checked comes after the check: the closing is of one moment.
#[test]
fn a_period_is_closed_as_it_stood_at_one_moment() {
    many_threads().block_on(closed_at_one_moment());
}

async fn closed_at_one_moment() {
    let book = with_people().await;
    let april: Period = "2024-04".parse().unwrap();
    book.import(Kind::Spend, "spend.csv", &[receipt("caritas", "MV-1", 1, "2024-04-10", "300.00")]).await;
    let (slow, store) = interposed(&book).await;
    let (chart, quiet) = (Chart::standard().unwrap(), |_, _| {});
    let before = slow.check_period(&chart, april, 10, &quiet).await.unwrap();
    let quick = book.another(4).await;
    let path = book.write(Kind::Spend, "more.csv", &[receipt("caritas", "MV-1", 2, "2024-04-11", "200.00")]);
    store.meanwhile(Before::Rows, async move {
        import(&quick, Kind::Spend, path, How::Real).await.unwrap();
        quick.claims(&Default::default()).await.unwrap();
    });
    let checked = slow.check_period_now(&chart, april, 10, &quiet).await.unwrap();
    assert_eq!(checked, before);
    let accepted = [Check::Undecided, Check::Statements];
    slow.close_period(&checked, &accepted, Some("answered in May")).await.unwrap();
    let now = slow.check_period(&chart, "2024-05".parse().unwrap(), 10, &quiet).await.unwrap();
    let undecided = |checked: &PeriodCheck| {
        checked.matters.iter().filter(|matter| matter.check == Check::Undecided).count()
    };
    assert_eq!((undecided(&checked), undecided(&now)), (1, 2), "it was written, and is a matter of May");
    let packed = pack(&slow, april).await;
    assert_eq!((packed.checked.position, &packed.checked.matters), (before.position, &before.matters));
    assert!(packed.closed.is_some_and(|closed| closed.unchanged));
}

/// The read models of the past are filled and read as those of any database.
#[tokio::test]
async fn the_past_keeps_rows_like_any_store_and_is_not_changed() {
    let book = with_people().await;
    let store: Arc<dyn Store> = Arc::new(book.store().await);
    let past = |position| Past::of(store.clone(), position);
    projections::a_checkpoint_moves_only_from_where_it_is(&past(2).await.unwrap()).await;
    projections::a_generation_takes_over_at_an_exact_position(&past(2).await.unwrap()).await;
    projections::only_a_generation_that_is_not_live_is_removed(&past(2).await.unwrap()).await;
    projections::a_generation_that_stands_still_says_why(&past(2).await.unwrap()).await;
    projections::rows_are_scanned_in_the_order_of_bytes(&past(2).await.unwrap()).await;

    let head = store.head().await.unwrap();
    assert_eq!(past(head.position).await.unwrap().head().await.unwrap(), head, "the root is computed");
    let earlier = past(3).await.unwrap();
    assert_eq!(earlier.read_log(0, 100).await.unwrap(), store.read_log(0, 3).await.unwrap());
    assert_eq!(
        (earlier.read_log(3, 9).await.unwrap().len(), earlier.leaf_hashes(0, 9).await.unwrap().len()),
        (0, 3)
    );
    let streams: Vec<_> =
        store.read_log(0, 100).await.unwrap().into_iter().map(|event| event.stream_id).collect();
    let seen = earlier.read_streams(&streams).await.unwrap();
    assert!(!seen.is_empty() && seen.iter().all(|event| event.position <= 3));
    assert!(matches!(earlier.append(Vec::new()).await, Err(StoreError::BadRequest(_))));
    assert!(matches!(past(head.position + 1).await, Err(StoreError::Damaged(_))));
}
