//! The contract of every store, run against PostgreSQL.

use crate::support::{Ledger, meta};
use store_testing::contract::{append, keys, projections, reading};

/// Runs functions of the contract, each on an empty ledger of its own.
macro_rules! on_one_ledger {
    ($($module:ident::$test:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            let Some(ledger) = Ledger::new().await else { return };
            $module::$test(&ledger.store).await;
        }
    )*};
}

on_one_ledger! {
    append::an_empty_log_has_the_empty_root,
    append::positions_and_versions_are_dense,
    append::every_field_comes_back,
    append::a_command_never_rests_on_one_that_was_not_written,
    append::several_streams_are_written_together_or_not_at_all,
    append::an_expected_stream_without_events_is_checked,
    append::the_same_command_again_gets_the_first_answer,
    append::a_command_id_used_for_another_request_is_a_conflict,
    append::requests_that_break_the_contract_are_refused,
    append::fifty_thousand_events_have_the_right_root,
    keys::a_fact_is_reserved_once,
    keys::owners_are_found_in_the_order_asked_for,
    keys::all_facts_are_scanned_in_order,
    keys::keys_and_texts_are_kept_with_the_first_value,
    reading::the_log_is_read_in_pages,
    reading::streams_are_read_whole_and_in_order,
    projections::a_checkpoint_moves_only_from_where_it_is,
    projections::a_generation_takes_over_at_an_exact_position,
    projections::only_a_generation_that_is_not_live_is_removed,
    projections::a_generation_that_stands_still_says_why,
    projections::rows_are_scanned_in_the_order_of_bytes,
}

#[tokio::test]
async fn the_identity_comes_back() {
    let Some(ledger) = Ledger::new().await else { return };
    reading::the_identity_comes_back(&ledger.store, &meta()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_change_nothing() {
    let (Some(alone), Some(batched)) = (Ledger::new().await, Ledger::new().await) else { return };
    append::batches_change_nothing(&alone.store, &batched.store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_race_for_the_same_versions() {
    let Some(ledger) = Ledger::new().await else { return };
    let other = ledger.open_again().await;
    append::two_writers_race_for_the_same_versions(&ledger.store, &other).await;
}
