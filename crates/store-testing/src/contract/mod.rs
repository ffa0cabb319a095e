//! What every store must do: one body of tests, run by each store with one line.
//!
//! ```text
//! struct Folder(TempDir);
//! impl store_testing::contract::Place for Folder { … }
//! store_testing::contract!(Folder);
//! ```

pub mod append;
pub mod build;
pub mod groups;
pub mod keys;
pub mod limits;
pub mod projections;
pub mod races;
pub mod reading;
pub mod retries;
pub mod snapshots;

use std::sync::Arc;

use event_log::{LedgerMeta, Store};

pub use build::*;

/// Where a store keeps one ledger during a test. The ledger goes with this value.
pub trait Place: Sized + Send + Sync + 'static {
    /// Makes a new, empty ledger. `None`, and the test does not run, where there is no such database to test on.
    fn create(meta: LedgerMeta) -> impl Future<Output = Option<Self>> + Send;

    /// Opens the ledger, each time with connections of its own, as one more program would.
    fn open(&self) -> impl Future<Output = Arc<dyn Store>> + Send;
}

/// Runs a test on an empty ledger.
pub async fn on_one<P: Place>(test: impl AsyncFnOnce(&dyn Store)) {
    let Some(place) = P::create(meta()).await else { return };
    let store = place.open().await;
    test(&*store).await;
}

/// The tests every store must pass, each on ledgers of its own, made where the `contract::Place` makes them.
#[macro_export]
macro_rules! contract {
    ($place:ty) => {
        $crate::on_one_ledger! { $place;
            append::an_empty_log_has_the_empty_root,
            append::positions_and_versions_are_dense,
            append::every_field_comes_back,
            append::a_command_never_rests_on_one_that_was_not_written,
            append::several_streams_are_written_together_or_not_at_all,
            append::an_expected_stream_without_events_is_checked,
            append::a_version_that_is_not_reached_yet_is_a_conflict,
            append::the_same_command_again_gets_the_first_answer,
            append::a_command_id_used_for_another_request_is_a_conflict,
            append::requests_that_break_the_contract_are_refused,
            append::fifty_thousand_events_have_the_right_root,
            keys::a_fact_is_reserved_once,
            keys::owners_are_found_in_the_order_asked_for,
            keys::all_facts_are_scanned_in_order,
            keys::all_commands_are_scanned_in_the_order_of_their_ids,
            keys::keys_and_texts_are_kept_with_the_first_value,
            keys::a_text_of_a_person_without_a_key_is_refused,
            reading::the_identity_comes_back,
            reading::the_log_is_read_in_pages,
            reading::leaf_hashes_are_read_in_pages,
            reading::streams_are_read_whole_and_in_order,
            reading::sealed_runs_are_kept_until_they_are_removed,
            reading::a_closed_store_answers_nothing,
            limits::the_largest_values_come_back,
            limits::values_past_a_limit_are_refused,
            limits::texts_of_any_language_come_back,
            limits::numbers_reach_as_far_as_the_database,
            limits::one_batch_may_be_large,
            projections::a_checkpoint_moves_only_from_where_it_is,
            projections::a_generation_takes_over_at_an_exact_position,
            projections::only_a_generation_that_is_not_live_is_removed,
            projections::a_generation_that_stands_still_says_why,
            projections::rows_are_scanned_in_the_order_of_bytes,
            projections::a_live_row_comes_with_its_checkpoint_and_the_head,
        }
        $crate::on_places! { $place;
            append::batches_change_nothing,
            groups::many_tasks_get_their_own_outcomes,
            groups::who_is_refused_takes_nobody_along,
            groups::an_append_that_is_dropped_is_whole_or_absent,
            races::two_writers_race_for_the_same_versions,
            races::two_writers_race_for_the_same_facts,
            races::two_writers_send_the_same_commands,
            races::random_commands_of_four_writers_are_all_as_told,
            races::another_program_is_noticed_at_once,
            races::a_reader_that_tails_misses_nothing,
            snapshots::a_snapshot_sees_nothing_that_comes_later,
            snapshots::closing_a_snapshot_closes_nothing_else,
            snapshots::what_is_folded_at_a_moment_stays_there,
            races::two_runners_race_for_the_same_checkpoint,
            races::two_runners_race_to_start_and_to_switch,
            retries::a_command_that_is_sent_until_it_is_answered_is_written_once,
        }
    };
}

/// Tests that take a store.
#[doc(hidden)]
#[macro_export]
macro_rules! on_one_ledger {
    ($place:ty; $($module:ident::$test:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            $crate::contract::on_one::<$place>($crate::contract::$module::$test).await;
        }
    )*};
}

/// Tests that make their own ledgers.
#[doc(hidden)]
#[macro_export]
macro_rules! on_places {
    ($place:ty; $($module:ident::$test:ident,)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            $crate::contract::$module::$test::<$place>().await;
        }
    )*};
}
