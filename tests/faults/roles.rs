//! Who works with a ledger that an administrator prepared, with no more than the role that docs/POSTGRESQL.md names.

use store_testing::server::Server;

use crate::documented::{commands, run};
use crate::support::{Ledger, fixtures, on_postgres};

#[test]
fn each_role_is_enough_for_what_it_is_for() {
    if !on_postgres() {
        return;
    }
    let server = Server::start();
    run("createdb svala", &server);
    for command in commands("Set up", 1) {
        run(&command, &server);
    }
    run("psql -d svala -c 'CREATE ROLE anna LOGIN' -c 'GRANT svala_append TO anna'", &server);
    run("psql -d svala -c 'CREATE ROLE rita LOGIN' -c 'GRANT svala_read TO rita'", &server);
    let [karin, anna, rita] = ["karin", "anna", "rita"].map(|user| {
        let url = server.database_of("svala", user);
        move |line: &str| format!("--ledger '{url}' {line}")
    });

    let ledger = Ledger::at(server.database_of("svala", "karin"));
    ledger.take_files(&fixtures());
    ledger.ok(&karin("init"));
    ledger.ok(&karin("migrate"));
    ledger.ok(&anna("import cases cases.csv"));
    ledger.ok(&anna("import grants grants.csv"));
    ledger.ok(&anna("import spend spend.csv --accept"));
    let balances = ledger.ok(&anna("balance"));
    assert_eq!(ledger.ok(&rita("balance")), balances);
    ledger.ok(&rita("claim list"));
    let root = ledger.ok(&rita("verify"));
    assert_eq!(ledger.ok(&anna("verify")), root);
    let case = ledger
        .ok(&rita("case list --format csv"))
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(ledger.ok(&rita(&format!("history {case}"))), ledger.ok(&anna(&format!("history {case}"))));
    assert!(ledger.ok(&rita("prove 1")).contains("1"));
    ledger.fail(3, &rita("import reversals reversals.csv"));
    ledger.ok(&anna("import reversals reversals.csv"));
    // What nobody has brought up to date yet she sees as well: it is folded for her, and not written.
    let balances = ledger.ok(&anna("balance"));
    server.psql_in("svala", &["--command", "DELETE FROM svala.projections"]);
    assert_eq!(ledger.ok(&rita("balance")), balances);
    let rows = server.psql_in("svala", &["--command", "SELECT count(*) FROM svala.projections"]);
    assert!(rows.contains(" 0\n"), "{rows}");
    assert_eq!(ledger.ok(&anna("balance")), balances);
}
