//! Who may do what, by the roles of a user. Each test has a server of its own, because roles belong to a server.

use event_log::{ProjectionStore, Store, StoreError};
use store_postgres::PostgresStore;
use store_testing::contract::{Build, appended, command, meta, one, verify};
use store_testing::server::Server;

const ROLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/postgres/roles.sql");

/// Runs SQL as whoever may do everything.
fn administer(server: &Server, sql: &[&str]) {
    for sql in sql {
        server.psql(&["--command", sql]);
    }
}

/// A server with an empty ledger in `shared`, made by `keeper`, who is no more than a member of `svala_owner`.
async fn kept() -> Option<(Server, PostgresStore)> {
    let server = Server::for_tests()?;
    administer(&server, &["CREATE DATABASE shared"]);
    server
        .psql_in("shared", &["--file", ROLES, "--command", "CREATE SCHEMA svala AUTHORIZATION svala_owner"]);
    administer(&server, &["CREATE ROLE keeper LOGIN", "GRANT svala_owner TO keeper"]);
    let store = PostgresStore::create(&server.database_of("shared", "keeper"), meta()).await.unwrap();
    Some((server, store))
}

/// A refusal names the role that is missing.
fn assert_wants<T: std::fmt::Debug>(role: &str, refused: Result<T, StoreError>) {
    let words = format!("the role {role}");
    assert!(matches!(&refused, Err(StoreError::Denied(why)) if why.contains(&words)), "{role}: {refused:?}");
}

/// No superuser: somebody who owns the database and may create roles.
#[tokio::test]
async fn whoever_may_create_roles_makes_a_ledger_in_their_own_database() {
    let Some(server) = Server::for_tests() else { return };
    administer(&server, &["CREATE ROLE maker LOGIN CREATEROLE", "CREATE DATABASE mine OWNER maker"]);
    let url = server.database_of("mine", "maker");
    let store = PostgresStore::create(&url, meta()).await.unwrap();
    assert_eq!(one(&store, command(1).on(1, 0)).await, appended(1, 1));
    PostgresStore::prepare(&url).await.unwrap();
    verify(&PostgresStore::open(&url).await.unwrap()).await.unwrap();

    // The roles are there now, and somebody else is a member of none.
    administer(&server, &["CREATE ROLE other LOGIN", "CREATE DATABASE theirs OWNER other"]);
    let empty = PostgresStore::open(&server.database_of("theirs", "other")).await;
    assert!(matches!(empty, Err(StoreError::NoLedger { .. })), "{empty:?}");
}

#[tokio::test]
async fn a_member_of_the_owner_makes_and_migrates_what_an_administrator_prepared() {
    let Some((server, store)) = kept().await else { return };
    assert_eq!(one(&store, command(1).on(1, 0)).await, appended(1, 1));
    let url = server.database_of("shared", "keeper");
    PostgresStore::prepare(&url).await.unwrap();
    verify(&PostgresStore::open(&url).await.unwrap()).await.unwrap();
}

#[tokio::test]
async fn who_appends_needs_one_role_and_who_reads_another() {
    let Some((server, _)) = kept().await else { return };
    administer(&server, &["CREATE ROLE adder LOGIN", "GRANT svala_append TO adder"]);
    administer(
        &server,
        &["CREATE ROLE reader LOGIN", "GRANT svala_read TO reader", "CREATE ROLE nobody LOGIN"],
    );
    let [adder, reader, nobody] =
        ["adder", "reader", "nobody"].map(|user| server.database_of("shared", user));

    let store = PostgresStore::open(&adder).await.unwrap();
    assert_eq!(one(&store, command(1).on(1, 0)).await, appended(1, 1));
    assert!(store.assertions().await.unwrap().iter().all(|(_, _, holds)| *holds));
    verify(&store).await.unwrap();

    let store = PostgresStore::open(&reader).await.unwrap();
    verify(&store).await.unwrap();
    assert!(store.assertions().await.unwrap().iter().all(|(_, _, holds)| *holds));
    assert_wants("svala_append", store.append(vec![command(2).on(1, 1)]).await);
    assert_wants("svala_append", store.start_generation("balances", 1).await);
    assert_wants("svala_read", PostgresStore::open(&nobody).await);
    for user in [&adder, &reader, &nobody] {
        assert_wants("svala_owner", PostgresStore::prepare(user).await);
    }
}
