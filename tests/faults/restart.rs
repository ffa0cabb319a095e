//! The server fails in the middle of an import.

use store_testing::server::Server;

use crate::rounds;
use crate::support::{Ledger, Run, on_postgres};

const IMPORT: &str = "import spend spend.csv --accept";

/// Longer than the program goes on trying.
const LONG_S: u32 = 15;

/// Where the server is back soon, the import goes on; where not, it says so. Given again, it ends as one that nothing
/// disturbed, and nothing is there twice.
#[test]
fn an_import_whose_server_fails_ends_like_one_that_ran_through() {
    if !on_postgres() {
        return;
    }
    let server = Server::start();
    let copy = |ledger: &Ledger, name: &str, template: &str| {
        server.psql(&["--command", &format!("CREATE DATABASE {name} TEMPLATE {template}")]);
        ledger.twin_at(server.database(name))
    };
    let year = demo::invent(11, 1_000);
    server.psql(&["--command", "CREATE DATABASE before"]);
    let before = Ledger::at(server.database("before"));
    before.ok("init");
    before.write("cases.csv", &year.cases);
    before.write("spend.csv", &year.spend);
    before.import_up_to("cases");
    let (empty, _) = before.root();
    let whole = copy(&before, "whole", "before");
    whole.ok(IMPORT);
    let (full, _) = whole.root();

    let rounds = rounds(2, 12);
    let (mut broken_off, mut went_on) = (0, 0);
    for round in 0..rounds {
        let name = format!("round_{round}");
        let ledger = copy(&before, &name, "before");
        let mut child = ledger.start(IMPORT);
        // In the first half, because the import goes on until the server has failed.
        let moment = empty + (full - empty) * u64::from(round + 1) / u64::from(2 * (rounds + 1));
        while position(&server, &name) < moment && child.try_wait().unwrap().is_none() {}
        let away = if round % 2 == 0 { LONG_S } else { 0 };
        server.fails_for(away);
        let run = Run::of(IMPORT, child.wait_with_output().unwrap());
        match run.code {
            Some(0) => went_on += 1,
            Some(3) => {
                for words in ["the ledger is unreachable", "give the command again"] {
                    assert!(run.err.contains(words), "{run}");
                }
                broken_off += u32::from(position(&server, &name) < full);
            }
            _ => panic!("{run}"),
        }
        ledger.ok(IMPORT);
        assert_eq!(ledger.state(), whole.state());
        assert_eq!(ledger.csv("claim list").len(), whole.csv("claim list").len());
        ledger.is_sound();
    }
    assert!(went_on > 0 && broken_off > 0, "{went_on} went on, {broken_off} were broken off in the middle");
}

/// How long the log in a database is at this moment.
fn position(server: &Server, database: &str) -> u64 {
    let asked = ["--tuples-only", "--command", "SELECT position FROM svala.log_head"];
    server.psql_in(database, &asked).trim().parse().unwrap()
}
