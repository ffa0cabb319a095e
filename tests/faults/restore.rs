//! A backup that is put back somewhere else goes on as the ledger it was taken from.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::{Ledger, on_postgres, repository};

/// A PostgreSQL server of its own, which ends when this is dropped or this process is killed.
struct Server {
    script: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let mut script = Command::new(repository().join("scripts/postgres"))
            .args(["run", "sh", "-c", "echo \"$SVALA_TEST_POSTGRES\"; cat"])
            .env_remove("SVALA_TEST_POSTGRES")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(script.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { script, url: url.trim_end().to_owned() }
    }

    fn psql(&self, arguments: &[&str]) {
        let done = Command::new("psql")
            .args(["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", &self.url])
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let ended = self.script.wait();
        assert!(ended.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

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
