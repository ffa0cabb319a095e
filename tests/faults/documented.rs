//! The commands of docs/POSTGRESQL.md, run as they stand there.

use std::process::Command;

use store_testing::server::Server;

use crate::support::repository;

/// The lines of the block of commands with this number (0, 1 …) in a section.
pub fn commands(section: &str, block: usize) -> Vec<String> {
    let document = std::fs::read_to_string(repository().join("docs/POSTGRESQL.md")).unwrap();
    let (_, section) = document.split_once(&format!("## {section}\n")).unwrap();
    let block = section.split("```").nth(2 * block + 1).and_then(|block| block.strip_prefix("sh\n")).unwrap();
    block.lines().map(str::to_owned).collect()
}

/// Runs a command where the repository is, as whoever may do everything on a server.
pub fn run(command: &str, server: &Server) {
    let done = Command::new("sh")
        .args(["-ec", command])
        .current_dir(repository())
        .envs([("PGHOST", server.host()), ("PGUSER", "postgres")])
        .output()
        .unwrap();
    assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
}
