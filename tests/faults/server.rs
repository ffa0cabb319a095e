//! A PostgreSQL server that one test has for itself.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::repository;

/// A PostgreSQL server of its own, which ends when this is dropped or this process is killed.
pub struct Server {
    script: Child,
    /// Where it is, for whoever may do everything.
    pub url: String,
}

impl Server {
    /// Starts one, which has nothing but itself in it.
    pub fn start() -> Self {
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
        let done = Command::new(repository().join("scripts/postgres"))
            .args(["restart", &seconds.to_string()])
            .env("SVALA_TEST_POSTGRES", &self.url)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// The URL of one of its databases.
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
