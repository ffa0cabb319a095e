//! A backup that is put back somewhere else goes on as the ledger it was taken from.

use crate::server::Server;
use crate::support::{Ledger, on_postgres};

/// Roles belong to a server and are in no dump of a database.
const ROLES: &str = "CREATE ROLE svala_owner NOLOGIN; CREATE ROLE svala_append NOLOGIN;
CREATE ROLE svala_read NOLOGIN; GRANT svala_read TO svala_append;";

#[test]
fn a_dump_that_was_restored_on_a_new_server_goes_on() {
    if !on_postgres() {
        return;
    }
    let ledger = Ledger::small("grants");
    let Some(dump) = ledger.dump() else { return };
    let (grants, root) = ledger.root();

    let server = Server::start();
    server.psql(&["--command", ROLES]);
    server.psql(&["--file", &dump.display().to_string()]);
    let there = |line: &str| ledger.ok(&format!("--ledger '{}' {line}", server.url));
    let verified = there("verify");
    assert!(verified.contains(&root), "{root} is not in {verified}");
    there("doctor");
    there("import spend spend.csv --accept");
    there("import reversals reversals.csv");
    there("verify");
    there("replay");
    let mut balances = ledger.csv(&format!("--ledger '{}' balance", server.url));
    balances.iter_mut().for_each(|row| drop(row.remove("case")));
    assert_eq!(balances, Ledger::small("reversals").balances());
    // Where the log went on, its newest checkpoint is; the old server is behind it now.
    let behind = ledger.fail(3, "balance");
    assert!(behind.contains(&format!("the log ends at position {grants}")), "{behind}");
}

#[test]
fn a_copied_file_goes_on() {
    if on_postgres() {
        return;
    }
    let ledger = Ledger::small("grants");
    let copy = ledger.twin();
    assert_eq!(copy.root(), ledger.root());
    copy.import_up_to("reversals");
    copy.is_sound();
    copy.ok("doctor");
    assert_eq!(copy.state(), Ledger::small("reversals").state());
}
