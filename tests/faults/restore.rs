//! A backup that is put back somewhere else goes on as the ledger it was taken from.

use std::fs;

use store_testing::server::Server;

use crate::documented::{commands, run};
use crate::support::{Ledger, in_file, on_postgres};

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

/// What stands only in the write-ahead log is in a backup; a copy of the file alone lacks it, and is found out.
#[test]
fn a_backup_beside_others_has_what_was_acknowledged() {
    if on_postgres() {
        let told = Ledger::small("cases").fail(2, "backup --out copy.db");
        return assert!(told.contains("pg_dump"), "{told}");
    }
    let ledger = Ledger::small("grants");
    // As long as somebody reads an older moment, nothing is folded into the file.
    in_file(&ledger.path("svala.db"), async |reader| {
        sqlx::raw_sql("BEGIN; SELECT count(*) FROM events").execute(reader).await.unwrap();
        ledger.import_up_to("reversals");
        let told = ledger.ok("backup --out copy.db");
        assert!(told.contains(&format!("{} events are in copy.db", ledger.root().0)), "{told}");
        fs::copy(ledger.path("svala.db"), ledger.path("file.db")).unwrap();
    });
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(ledger.path("copy.db")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let of = |name: &str| format!("--ledger sqlite:{name} --key-file svala.key");
    for line in ["verify", "replay", "doctor"] {
        ledger.ok(&format!("{} {line}", of("copy.db")));
    }
    let lacks = ledger.fail(3, &format!("{} verify", of("file.db")));
    assert!(lacks.contains("svala backup"), "{lacks}");
    assert!(ledger.fail(2, "backup --out copy.db").contains("is there already"));
    assert!(ledger.fail(2, "backup --out svala.db").contains("is there already"));
    // It goes on where it was made.
    ledger.ok(&format!("{} --actor bo import cases cases.csv", of("copy.db")));
}
