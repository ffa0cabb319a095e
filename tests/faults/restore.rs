//! A backup that is put back somewhere else goes on as the ledger it was taken from.

use store_testing::server::Server;

use crate::documented::{commands, run};
use crate::support::{Ledger, on_postgres};

#[test]
fn a_dump_that_was_restored_on_a_new_server_goes_on() {
    if !on_postgres() {
        return;
    }
    let ledger = Ledger::small("grants");
    let Some(address) = ledger.address_for_pg_dump() else { return };
    let (grants, root) = ledger.root();

    let server = Server::start();
    let dump = ledger.path("svala.dump").display().to_string();
    for command in commands("Back up and restore", 0) {
        let command = command.replace("svala.dump", &dump);
        // The database that is dumped is called otherwise, and is on the other server.
        let command = match command.strip_suffix(" svala") {
            Some(command) => format!("{command} '{address}'"),
            None => command,
        };
        run(&command, &server);
    }

    let url = server.database_of("restored", "anna");
    let there = |line: &str| ledger.ok(&format!("--ledger '{url}' {line}"));
    let verified = there("verify");
    assert!(verified.contains(&root), "{root} is not in {verified}");
    there("doctor");
    there("import spend spend.csv --accept");
    there("import reversals reversals.csv");
    there("verify");
    there("replay");
    let mut balances = ledger.csv(&format!("--ledger '{url}' balance"));
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
