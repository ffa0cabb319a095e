//! What the figures were measured on, as far as the system tells.

use std::fmt;
use std::process::Command;

use serde::Serialize;

/// Everything that makes one run differ from another.
#[derive(Debug, Serialize)]
pub struct Machine {
    cpu: String,
    cores: usize,
    memory_kib: Option<u64>,
    rustc: String,
    /// `None` outside a repository; a `+` marks changes that are not committed.
    commit: Option<String>,
}

impl Machine {
    /// Asks the system.
    pub fn look() -> Self {
        Self {
            cpu: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_kib: kib("/proc/meminfo", "MemTotal"),
            rustc: said("rustc", &["--version"]).unwrap_or_else(|| "rustc unknown".into()),
            commit: said("git", &["rev-parse", "--short", "HEAD"]).map(|commit| {
                let changed = said("git", &["status", "--porcelain"]).is_some_and(|text| !text.is_empty());
                if changed { commit + "+" } else { commit }
            }),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} cores", self.cpu, self.cores)?;
        if let Some(kib) = self.memory_kib {
            write!(f, ", {} GiB", kib >> 20)?;
        }
        let commit = self.commit.as_deref().unwrap_or("unknown");
        write!(f, "; {}; commit {commit}", self.rustc)
    }
}

/// Begins a new peak of this process's memory, where the system can do that.
pub fn forget_peak() {
    // "5" resets the peak (proc(5)). Without it the peak is that of the whole process so far: too much, never
    // too little.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The most this process has held in memory, in KiB; `None` on a system without `/proc`.
pub fn peak_kib() -> Option<u64> {
    kib("/proc/self/status", "VmHWM")
}

/// The value of the first `name: value` line of a file.
fn field(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

fn kib(path: &str, name: &str) -> Option<u64> {
    field(path, name)?.strip_suffix("kB")?.trim().parse().ok()
}

/// What a program prints, if it is there and succeeds.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
