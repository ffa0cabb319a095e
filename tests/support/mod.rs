//! A ledger in a folder of its own, the program run on it, and what it prints as data.
#![allow(dead_code, unused_imports, reason = "two suites share it, and each uses a part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use store_testing::postgres::Database;
use tempfile::TempDir;

pub mod bank;
pub mod book;
mod sql;

pub use sql::{Found, either, in_file, on_postgres, zeros};

/// One row of a CSV by column name.
pub type Cells = BTreeMap<String, String>;

/// The kinds of files, in the order of their import.
pub const KINDS: [&str; 4] = ["cases", "grants", "spend", "reversals"];

/// A folder, in which `svala` runs with its defaults, and a database of its own where ledgers are on a server.
pub struct Ledger {
    folder: TempDir,
    database: Option<Database>,
    /// Where the ledger is instead, on a server that a test has for itself.
    elsewhere: Option<String>,
}

/// The program's rulebook without a limit for one person.
pub fn rules_of_one() -> String {
    let document = include_str!("../../crates/rulebook/rulebook.toml");
    let limit = "id = \"second_approval_from\"\nvalue = \"";
    assert!(document.contains(limit));
    document.replace(limit, &format!("{limit}9000000000"))
}

/// How a run of the program ended.
pub struct Run {
    pub line: String,
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ledger {
    /// A folder without a ledger.
    pub fn none() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database: sql::empty_database(), elsewhere: None }
    }

    /// A folder without a ledger, inside another one, and in any case without a server.
    pub fn on(disk: &Path) -> Self {
        Self { folder: TempDir::new_in(disk).unwrap(), database: None, elsewhere: None }
    }

    /// A folder without a ledger, whose ledger is at this URL.
    pub fn at(url: String) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database: None, elsewhere: Some(url) }
    }

    /// A copy of the folder for a copy of the ledger at this URL.
    pub fn twin_at(&self, url: String) -> Self {
        let twin = Self::at(url);
        copy_folder(self.folder.path(), twin.folder.path());
        twin
    }

    /// A new ledger.
    pub fn new() -> Self {
        let ledger = Self::none();
        ledger.ok("init");
        ledger
    }

    /// A new ledger under rules that let one person decide claims of any amount.
    pub fn of_one() -> Self {
        let ledger = Self::none();
        ledger.begin_of_one();
        ledger
    }

    /// Makes the ledger under rules that let one person decide claims of any amount.
    pub fn begin_of_one(&self) {
        self.write("one.toml", rules_of_one());
        self.ok("--rulebook one.toml init");
    }

    /// Brings a rulebook into force, by two people.
    pub fn adopt(&self, file: &str) {
        for name in ["anna", "berit"] {
            self.ok(&format!("--actor {name} rulebook adopt {file}"));
        }
    }

    /// A new ledger with the small scenario of `tests/fixtures` beside it, imported up to and with a kind. One person
    /// decides its claims, so that they are decided in the order of the file.
    pub fn small(last: &str) -> Self {
        let ledger = Self::of_one();
        ledger.take_files(&fixtures());
        ledger.import_up_to(last);
        ledger
    }

    /// Copies the four files of a scenario into the folder.
    pub fn take_files(&self, from: &Path) {
        for kind in KINDS {
            self.write(&format!("{kind}.csv"), fs::read(from.join(format!("{kind}.csv"))).unwrap());
        }
    }

    /// Imports the files in order; claims are accepted as they are reported.
    pub fn import_up_to(&self, last: &str) {
        for kind in KINDS {
            let accept = if kind == "spend" { "--accept" } else { "" };
            self.ok(&format!("import {kind} {kind}.csv {accept}"));
            if kind == last {
                return;
            }
        }
    }

    /// A copy of the folder and the database as they are now.
    pub fn twin(&self) -> Self {
        let database = self.database.as_ref().map(|database| sql::block_on(database.copy()));
        let twin = Self { folder: tempfile::tempdir().unwrap(), database, elsewhere: None };
        copy_folder(self.folder.path(), twin.folder.path());
        twin
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program, ready to run with the arguments of a command line ('words in quotes' are one argument).
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_svala"));
        let inherited = [
            "SVALA_LEDGER",
            "SVALA_KEY_FILE",
            "SVALA_CHECKPOINTS",
            "SVALA_ACTOR",
            "SVALA_DEBTOR_ID",
            "NO_COLOR",
            "CLICOLOR",
            "CLICOLOR_FORCE",
        ];
        for name in inherited {
            command.env_remove(name);
        }
        let url = self.database.as_ref().map(Database::url).or_else(|| self.elsewhere.clone());
        if let Some(url) = url {
            command.env("SVALA_LEDGER", url).env("SVALA_KEY_FILE", "svala.key");
        }
        command.args(words(line));
        // Most tests pay on a day that is never over.
        if line.contains("payment file") && line.contains("--execute-on 2099") {
            command.arg("--far-ahead");
        }
        command.current_dir(self.folder.path()).env("USER", "tester");
        command
    }

    pub fn run(&self, line: &str) -> Run {
        Run::of(line, self.command(line).output().unwrap())
    }

    /// Starts the program and does not wait for it.
    pub fn start(&self, line: &str) -> Child {
        self.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs what must succeed; answers with what it printed.
    pub fn ok(&self, line: &str) -> String {
        let run = self.run(line);
        assert_eq!(run.code, Some(0), "{run}");
        run.out
    }

    /// Accepts an exception by name; what is large by two people.
    pub fn accept_exception(&self, name: &str, reason: &str) {
        let accept = format!("exception resolve {name} --accept --reason '{reason}'");
        if !self.ok(&format!("--actor anna {accept}")).contains("is resolved") {
            self.ok(&format!("--actor berit {accept}"));
        }
    }

    /// Runs what must end with this exit code; answers with what it wrote to stderr.
    pub fn fail(&self, code: i32, line: &str) -> String {
        let run = self.run(line);
        assert_eq!(run.code, Some(code), "{run}");
        run.err
    }

    pub fn json(&self, line: &str) -> Value {
        let out = self.ok(&format!("{line} --format json"));
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("svala {line}: {error}\n{out}"))
    }

    pub fn csv(&self, line: &str) -> Vec<Cells> {
        rows(&self.ok(&format!("{line} --format csv")))
    }

    /// Position and root, after the whole log was verified.
    pub fn root(&self) -> (u64, String) {
        let verified = self.json("verify");
        (verified["events"].as_u64().unwrap(), verified["root"].as_str().unwrap().to_owned())
    }

    /// Balances by what they are about and without the case's own reference, which is random.
    pub fn balances(&self) -> Vec<Cells> {
        let mut balances = self.csv("balance");
        for row in &mut balances {
            row.remove("case");
        }
        balances
    }

    /// Everything the lists and balances show, without what is random or counts events.
    pub fn state(&self) -> Vec<Vec<Cells>> {
        let mut state = ["balance", "case list", "claim list", "grant list"].map(|line| self.csv(line));
        for row in state.iter_mut().flatten() {
            row.retain(|column, _| !["case", "claim", "grant", "report"].contains(&column.as_str()));
        }
        state.into()
    }

    /// Approves the account that is proposed for a partner, as somebody who looks at it first.
    pub fn approve_account(&self, name: &str, partner: &str) -> String {
        let number = self.proposed_account(partner);
        self.ok(&format!("--actor {name} partner payment-details approve {partner} {number}"))
    }

    /// The number under which an account is proposed for a partner.
    pub fn proposed_account(&self, partner: &str) -> u64 {
        let shown = self.json(&format!("partner show {partner}"));
        let details = shown["details"].as_array().unwrap();
        let proposed = details.iter().find(|details| details["state"] == "proposed").unwrap();
        proposed["number"].as_u64().unwrap()
    }

    /// The log is sound and the read models are what it gives.
    pub fn is_sound(&self) {
        self.ok("verify");
        self.ok("replay");
    }

    /// The number of the claim for a receipt.
    pub fn claim(&self, receipt_no: &str) -> String {
        find(self.csv("claim list"), "receipt_no", receipt_no)["claim"].clone()
    }

    /// The number of the payment with a reference.
    pub fn grant(&self, payment_ref: &str) -> String {
        find(self.csv("grant list"), "payment_ref", payment_ref)["grant"].clone()
    }

    /// The balance of a case on the line of the in-kind support.
    pub fn support(&self, case: &str) -> Cells {
        find(self.csv(&format!("balance {case}")), "budget_line", "reintegration")
    }
}

impl Run {
    pub fn of(line: &str, output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self {
            line: line.to_owned(),
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "svala {}: exit {:?}\n{}\n{}", self.line, self.code, self.out, self.err)
    }
}

/// Copies what is in a folder into another one that is there.
fn copy_folder(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap() {
        let (path, copy) = file.map(|file| (file.path(), to.join(file.file_name()))).unwrap();
        if path.is_dir() {
            fs::create_dir(&copy).unwrap();
            copy_folder(&path, &copy);
        } else {
            fs::copy(path, copy).unwrap();
        }
    }
}

/// Splits a command line at spaces outside single quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        match index % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    words
}

/// The rows of a CSV.
pub fn rows(text: &str) -> Vec<Cells> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// The row with this value in this column.
pub fn find(rows: Vec<Cells>, column: &str, value: &str) -> Cells {
    let mut found: Vec<Cells> = rows.into_iter().filter(|row| row[column] == value).collect();
    assert_eq!(found.len(), 1, "{column} {value}");
    found.remove(0)
}

/// The same rows with only some columns.
pub fn only(rows: Vec<Cells>, columns: &[&str]) -> Vec<Cells> {
    let wanted = |(column, _): &(String, String)| columns.contains(&column.as_str());
    rows.into_iter().map(|row| row.into_iter().filter(wanted).collect()).collect()
}

/// The rows of an expected file, whose column `case_ref` is called `external_ref` in listings.
pub fn expected(path: &Path) -> Vec<Cells> {
    let mut rows = rows(&fs::read_to_string(path).unwrap());
    for row in &mut rows {
        let case = row.remove("case_ref").unwrap();
        row.insert("external_ref".into(), case);
    }
    rows
}

/// Compares a listing with a file on the file's columns, row by row.
pub fn equals(listing: Vec<Cells>, path: &Path) {
    let wanted = expected(path);
    let columns: Vec<&str> = wanted[0].keys().map(String::as_str).collect();
    let found = only(listing, &columns);
    for (found, wanted) in found.iter().zip(&wanted) {
        assert_eq!(found, wanted, "{}", path.display());
    }
    assert_eq!(found.len(), wanted.len(), "{}", path.display());
}

/// Header and lines of a text that has no line breaks inside cells.
pub fn lines(text: &str) -> (String, Vec<String>) {
    let mut lines = text.lines().map(str::to_owned);
    (lines.next().unwrap(), lines.collect())
}

/// A CSV of these lines.
pub fn file_of<'a>(header: &str, lines: impl IntoIterator<Item = &'a String>) -> String {
    lines.into_iter().fold(format!("{header}\n"), |text, line| text + line + "\n")
}

/// The small scenario, kept with the tests.
pub fn fixtures() -> PathBuf {
    repository().join("tests/fixtures/small")
}

/// A folder of the shared samples; `None`, said aloud, where they are not there.
pub fn samples(name: &str) -> Option<PathBuf> {
    let samples = std::env::var_os("SVALA_SAMPLES")
        .map_or_else(|| repository().join("../shared/samples"), PathBuf::from);
    let folder = samples.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    store_testing::skipped(&format!(
        "the samples {name} are not beside the repository; name their folder with SVALA_SAMPLES"
    ));
    None
}

pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Compares messages with their section of `golden/messages.txt`; writes the section if `SVALA_UPDATE_GOLDEN` is 1.
pub fn golden(section: &str, messages: &str) {
    static FILE: Mutex<()> = Mutex::new(());
    let path = repository().join("tests/golden/messages.txt");
    let _held = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let mut sections: BTreeMap<String, String> = text
        .split("=== ")
        .filter_map(|part| part.split_once('\n'))
        .map(|(name, body)| (name.to_owned(), body.trim_end().to_owned()))
        .collect();
    let found = messages.trim_end();
    if std::env::var("SVALA_UPDATE_GOLDEN").is_ok_and(|update| update == "1") {
        sections.insert(section.to_owned(), found.to_owned());
        let text: Vec<String> = sections.iter().map(|(name, body)| format!("=== {name}\n{body}\n")).collect();
        fs::write(&path, text.join("\n")).unwrap();
        return;
    }
    let wanted = sections.get(section).map(String::as_str).unwrap_or_default();
    assert!(
        wanted == found,
        "the messages \"{section}\" are others than in golden/messages.txt:\n--- wanted\n{wanted}\n--- found\n{found}"
    );
}
