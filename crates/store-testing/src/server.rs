//! A PostgreSQL server that one test has for itself.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::postgres::SERVER;

/// The script that makes a server and throws it away.
fn script() -> Command {
    Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/postgres"))
}

/// A PostgreSQL server of its own, which ends when this is dropped or this process is killed.
#[derive(Debug)]
pub struct Server {
    script: Child,
    /// Where it is, for whoever may do everything.
    pub url: String,
}

impl Server {
    /// Starts one, which has nothing but itself in it. `None`, said aloud, where nothing is to be tested on PostgreSQL.
    pub fn for_tests() -> Option<Self> {
        crate::postgres::server().map(|_| Self::start())
    }

    /// Starts one, whatever else is tested on.
    pub fn start() -> Self {
        let mut script = script()
            .args(["run", "sh", "-c", "echo \"$SVALA_TEST_POSTGRES\"; cat"])
            .env_remove(SERVER)
            // Several tests at once must not install anything.
            .env("SVALA_TEST_INSTALL", "no")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(script.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(!url.is_empty(), "no server for this test alone: `scripts/postgres` says why");
        Self { script, url: url.trim_end().to_owned() }
    }

    /// Runs the server's own client; answers with what it printed.
    pub fn psql(&self, arguments: &[&str]) -> String {
        self.psql_in("postgres", arguments)
    }

    /// The same in another database.
    pub fn psql_in(&self, database: &str, arguments: &[&str]) -> String {
        let done = Command::new("psql")
            .args(["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", &self.database(database)])
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// It fails, and is back after so many seconds.
    pub fn fails_for(&self, seconds: u32) {
        let done = script().args(["restart", &seconds.to_string()]).env(SERVER, &self.url).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Where its socket is.
    pub fn host(&self) -> &str {
        let (_, after) = self.url.split_once("host=").unwrap();
        after.split('&').next().unwrap()
    }

    /// The URL of one of its databases for one of its users.
    pub fn database_of(&self, name: &str, user: &str) -> String {
        self.database(name).replace("user=postgres", &format!("user={user}"))
    }

    /// The URL of one of its databases, for whoever may do everything.
    pub fn database(&self, name: &str) -> String {
        self.url.replace("///postgres?", &format!("///{name}?"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let ended = self.script.wait();
        assert!(ended.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}
