//! The documentation is run: every `console` block of the README and the recipes must print what it shows.
//!
//! A line that begins with `$ ` is a command; the lines after it are what it prints. The commands of one document
//! run one after the other, in a copy of `docs/example`, as the user `finance`. What is random in a ledger (its
//! references, times, hashes and ids) is masked before it is compared. `SVALA_UPDATE_DOCS=1` writes the blocks anew.

#![cfg(unix)]

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use domain::{CaseReference, CreditorReference};
use tempfile::TempDir;

type Outcome = Result<(), Box<dyn Error>>;

#[test]
fn the_readme_shows_what_is_printed() -> Outcome {
    holds("README.md")
}

#[test]
fn report_spend_shows_what_is_printed() -> Outcome {
    holds("docs/recipes/report-spend.md")
}

#[test]
fn approve_claims_shows_what_is_printed() -> Outcome {
    holds("docs/recipes/approve-claims.md")
}

#[test]
fn audit_a_balance_shows_what_is_printed() -> Outcome {
    holds("docs/recipes/audit-a-balance.md")
}

#[test]
fn correct_a_mistake_shows_what_is_printed() -> Outcome {
    holds("docs/recipes/correct-a-mistake.md")
}

#[test]
fn book_a_month_shows_what_is_printed() -> Outcome {
    holds("docs/recipes/book-a-month.md")
}

#[test]
fn close_a_month_shows_what_is_printed() -> Outcome {
    holds("docs/recipes/close-a-month.md")
}

#[test]
fn pay_a_partner_shows_what_is_printed() -> Outcome {
    holds("docs/recipes/pay-a-partner.md")
}

#[test]
fn prove_nothing_was_altered_shows_what_is_printed() -> Outcome {
    holds("docs/recipes/prove-nothing-was-altered.md")
}

#[test]
fn reconcile_a_month_shows_what_is_printed() -> Outcome {
    holds("docs/recipes/reconcile-a-month.md")
}

#[test]
fn spend_in_another_currency_shows_what_is_printed() -> Outcome {
    holds("docs/recipes/spend-in-another-currency.md")
}

#[test]
fn work_with_a_partner_shows_what_is_printed() -> Outcome {
    holds("docs/recipes/work-with-a-partner.md")
}

/// A recipe that no test above runs would rot.
#[test]
fn every_recipe_is_run() -> Outcome {
    let mut found = Vec::new();
    for file in fs::read_dir(repository().join("docs/recipes"))? {
        found.push(file?.file_name().to_string_lossy().into_owned());
    }
    found.sort();
    assert_eq!(
        found,
        [
            "approve-claims.md",
            "audit-a-balance.md",
            "book-a-month.md",
            "close-a-month.md",
            "correct-a-mistake.md",
            "pay-a-partner.md",
            "prove-nothing-was-altered.md",
            "reconcile-a-month.md",
            "report-spend.md",
            "spend-in-another-currency.md",
            "work-with-a-partner.md"
        ]
    );
    Ok(())
}

/// Links between documents, and files named in them, must lead somewhere.
#[test]
fn every_file_that_is_named_is_there() -> Outcome {
    let root = repository();
    let mut wrong = Vec::new();
    for document in documents()? {
        let text = fs::read_to_string(&document)?;
        let folder = document.parent().unwrap_or(&root);
        let linked = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        let linked = linked.filter(|link| !link.is_empty() && !link.contains("://"));
        let named = text.split('`').skip(1).step_by(2).filter(|name| is_path(name));
        let linked = linked.map(|link| (link, folder.join(link)));
        for (name, path) in linked.chain(named.map(|name| (name, root.join(name)))) {
            if !path.exists() {
                wrong.push(format!("{}: {name}", document.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "named and not there:\n{}", wrong.join("\n"));
    Ok(())
}

/// The table of ARCHITECTURE.md says which crate uses which; the manifests decide.
#[test]
fn the_table_of_crates_is_that_of_the_manifests() -> Outcome {
    let architecture = fs::read_to_string(repository().join("docs/ARCHITECTURE.md"))?;
    let table = architecture.split("| crate | uses |\n|---|---|\n").nth(1).ok_or("no table of crates")?;
    let mut shown: Vec<Vec<String>> = Vec::new();
    for row in table.lines().take_while(|line| line.starts_with('|')) {
        shown.push(row.split('`').skip(1).step_by(2).map(str::to_owned).collect());
    }
    let mut manifests = Vec::new();
    for folder in ["crates", "crates/projections"] {
        for entry in fs::read_dir(repository().join(folder))? {
            manifests.extend(fs::read_to_string(entry?.path().join("Cargo.toml")).ok());
        }
    }
    let name = |manifest: &str| manifest.split("name = \"").nth(1)?.split('"').next().map(str::to_owned);
    let crates: Vec<String> = manifests.iter().filter_map(|manifest| name(manifest)).collect();
    let mut found: Vec<Vec<String>> = Vec::new();
    for (manifest, name) in manifests.iter().zip(&crates) {
        let section = manifest.split("[dependencies]\n").nth(1).unwrap_or_default();
        let lines = section.lines().take_while(|line| !line.starts_with('['));
        let uses = lines.filter_map(|line| line.split(['.', ' ']).next());
        let mut uses: Vec<String> =
            uses.filter(|name| crates.iter().any(|c| c == name)).map(str::to_owned).collect();
        uses.sort();
        uses.insert(0, name.clone());
        found.push(uses);
    }
    shown.sort();
    found.sort();
    assert_eq!(shown, found);
    Ok(())
}

/// The program printed in FORMATS.md recomputes the root of a real ledger without any code of Svala.
#[test]
fn the_python_example_computes_the_root() -> Outcome {
    if Command::new("python3").args(["-c", "import sqlite3"]).status().is_ok_and(|status| status.success()) {
        let formats = fs::read_to_string(repository().join("docs/FORMATS.md"))?;
        let program = formats.split("```python\n").nth(1).and_then(|rest| rest.split("```").next());
        let folder = example()?;
        fs::write(folder.path().join("root.py"), program.ok_or("no python block")?)?;
        let import = "svala init && svala import cases cases.csv && svala import spend spend.csv --accept";
        assert!(shell(folder.path(), import)?.1);
        let (ours, _) = shell(folder.path(), "svala verify --format csv | tail -n 1 | cut -d, -f6")?;
        let (theirs, _) = shell(folder.path(), "python3 root.py svala.db")?;
        assert_eq!(theirs, ours);
        assert_eq!(theirs.last().map(String::len), Some(64), "{theirs:?}");
    } else {
        store_testing::missing("there is no python3 with sqlite3 to run the example of FORMATS.md with");
    }
    Ok(())
}

#[test]
fn a_block_that_shows_something_else_is_found() -> Outcome {
    let document = |shown: &str| format!("text\n\n```console\n$ echo a; echo b\n{shown}```\n\nmore text\n");
    let right = run(&document("a\nb\n"))?;
    assert_eq!(right.problems, Vec::<String>::new());
    assert_eq!(right.text, document("a\nb\n"));
    for shown in ["", "a\n", "b\na\n", "a\nb\nc\n", "a\nB\n", "a\n\nb\n"] {
        let wrong = run(&document(shown))?;
        assert_eq!(wrong.problems.len(), 1, "{shown:?}");
        assert_eq!(wrong.text, document("a\nb\n"), "what would be written instead of {shown:?}");
    }
    Ok(())
}

#[test]
fn a_command_that_fails_unseen_is_found() -> Outcome {
    let problems = |command: &str| run(&format!("```console\n$ {command}\n```\n")).map(|ran| ran.problems);
    assert_eq!(problems("svala balance > /dev/null 2>&1")?.len(), 1);
    assert_eq!(problems("svala balance > /dev/null 2>&1; echo \"exit code $?\" > /dev/null")?.len(), 0);
    Ok(())
}

#[test]
fn only_what_is_random_is_masked() {
    let masked = |line: &str| mask(line, Path::new("/a/b"));
    for (one, other) in [
        ("case R6KT-5QY4 (EX-01)", "case G1DH-NF9Y (EX-01)"),
        ("payment reference RF86G1DHNF9Y", "payment reference RF10R6KT5QY4"),
        ("at 2026-11-21T22:38:11Z by", "at 2027-01-02T03:04:05Z by"),
        (&format!("root {}", "0a".repeat(32)), &format!("root {}", "1b".repeat(32))),
        ("01a20042-8ea4-7e39-ad06-407d27d7d6ce", "01b20042-8ea4-7e39-ad06-407d27d7d6ce"),
        (
            "time CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
            "time gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=",
        ),
        (
            "svala/01a20042-8ea4-7e39-ad06-407d27d7d6ce+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "svala/01b20042-8ea4-7e39-ad06-407d27d7d6ce+x08go/ZJ+BS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC",
        ),
    ] {
        assert_eq!(masked(one), masked(other));
        assert_ne!(masked(one), one);
    }
    assert_eq!(masked("in /a/b/svala.db"), "in (folder)/svala.db");
    for kept in [
        "EX-01  2024-06-30  3000.00  AG-1001  R-201",
        "case R6KT-5QY5: a reference with another check character is no reference",
        "jrs.reintegration.iraq-extended",
        "index 49 of CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2",
    ] {
        assert_eq!(masked(kept), kept);
    }
}

/// Runs a document; writes it anew where that was asked for.
fn holds(name: &str) -> Outcome {
    let path = repository().join(name);
    let ran = run(&fs::read_to_string(&path)?)?;
    if !ran.problems.is_empty() && std::env::var("SVALA_UPDATE_DOCS").is_ok_and(|update| update == "1") {
        // All blocks, so that a reference is the same in the whole document.
        fs::write(&path, ran.text)?;
        return Ok(());
    }
    let problems = ran.problems.join("\n");
    assert!(problems.is_empty(), "{name} shows something else than is printed:\n{problems}");
    Ok(())
}

/// A document as it was run.
struct Ran {
    /// The document with what was really printed.
    text: String,
    /// Where the two differ.
    problems: Vec<String>,
}

fn run(document: &str) -> Result<Ran, Box<dyn Error>> {
    let folder = example()?;
    let (mut text, mut problems) = (Vec::new(), Vec::new());
    let mut lines = document.lines().peekable();
    while let Some(line) = lines.next() {
        text.push(line.to_owned());
        if line != "```console" {
            continue;
        }
        while let Some(line) = lines.next_if(|line| *line != "```") {
            let command = line.strip_prefix("$ ").ok_or_else(|| format!("no command before: {line}"))?;
            let mut shown = Vec::new();
            while let Some(line) = lines.next_if(|line| *line != "```" && !line.starts_with("$ ")) {
                shown.push(line.to_owned());
            }
            let (printed, done) = shell(folder.path(), command)?;
            let masked = |lines: &[String]| -> Vec<String> {
                lines.iter().map(|line| mask(line, folder.path())).collect()
            };
            if masked(&shown) != masked(&printed) {
                let (shown, printed) = (shown.join("\n"), printed.join("\n"));
                problems.push(format!("$ {command}\n--- shown\n{shown}\n--- printed\n{printed}\n---"));
            }
            if !done && !command.contains("echo \"exit code $?\"") {
                problems.push(format!("$ {command}\nfailed, and the document does not show its exit code"));
            }
            text.push(line.to_owned());
            text.extend(printed);
        }
    }
    Ok(Ran { text: text.join("\n") + "\n", problems })
}

/// Runs a command line; answers with its lines on both outputs, as a terminal shows them, and whether it succeeded.
fn shell(folder: &Path, command: &str) -> Result<(Vec<String>, bool), Box<dyn Error>> {
    let svala = Path::new(env!("CARGO_BIN_EXE_svala")).parent().ok_or("the program is in no folder")?;
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([svala.to_owned()].into_iter().chain(std::env::split_paths(&inherited)))?;
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{command}")])
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .env("LC_ALL", "C.UTF-8")
        .env("USER", "finance")
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    // Told on some days only.
    let every_day = |line: &&str| !line.contains("a holiday of the euro area (TARGET)");
    let lines = text.lines().filter(every_day).map(|line| line.trim_end().to_owned());
    Ok((lines.collect(), output.status.success()))
}

/// Takes away what is another in every ledger.
fn mask(line: &str, folder: &Path) -> String {
    let line = line.replace(&*folder.to_string_lossy(), "(folder)");
    // Hashes, signatures and keys in Base64, which has signs that are in no word.
    let long = |word: &str| match word.rsplit_once('+').filter(|(name, _)| name.contains('-')) {
        _ if is_base64(word) => "(base64)".to_owned(),
        Some(_) => "(verifier key)".to_owned(),
        None => word.to_owned(),
    };
    let line = line.split(' ').map(long).collect::<Vec<_>>().join(" ");
    let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':');
    let mut masked = String::new();
    let mut rest = line.as_str();
    while let Some(start) = rest.find(in_word) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !in_word(c)).unwrap_or(from.len()));
        let bare = word.trim_end_matches(':');
        masked.push_str(before);
        masked.push_str(kind(bare).unwrap_or(bare));
        masked.push_str(&word[bare.len()..]);
        rest = after;
    }
    masked + rest
}

/// At least a hash in Base64, or what a line leaves of it.
fn is_base64(word: &str) -> bool {
    let digits = word.trim_end_matches('=');
    digits.len() >= 43
        && digits.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/'))
        && !digits.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

/// What kind of random thing a word is, if it is one.
fn kind(word: &str) -> Option<&'static str> {
    // `0` stands for a digit, `h` for a lower-case hexadecimal digit, `C` for a character of a reference.
    let has_shape = |shape: &str| {
        word.len() == shape.len()
            && word.bytes().zip(shape.bytes()).all(|(byte, place)| match place {
                b'0' => byte.is_ascii_digit(),
                b'h' => byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'),
                b'C' => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
                place => byte == place,
            })
    };
    let is_reference = |text: &str| text.parse::<CaseReference>().is_ok();
    // The days of the example lie before 2026; a later one is the day on which a document was written.
    if has_shape("0000-00-00") && word >= "2026-01-01" {
        return Some("(today)");
    }
    if has_shape("CCCC-CCCC") && is_reference(word) {
        Some("(reference)")
    } else if (has_shape("RF00CCCCCCCC") && is_reference(&word[4..]))
        || word.parse::<CreditorReference>().is_ok()
    {
        Some("(payment reference)")
    } else if has_shape("0000-00-00T00:00:00Z") {
        Some("(time)")
    } else if has_shape(&"h".repeat(64)) {
        Some("(hash)")
    } else if has_shape("hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh") {
        Some("(id)")
    } else if has_shape("case-hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh") {
        Some("(stream)")
    } else {
        None
    }
}

/// A copy of the example files, to work in.
fn example() -> io::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    for file in fs::read_dir(repository().join("docs/example"))? {
        let file = file?;
        fs::copy(file.path(), folder.path().join(file.file_name()))?;
    }
    Ok(folder)
}

/// All documents: the README and everything under `docs`.
fn documents() -> io::Result<Vec<PathBuf>> {
    let mut documents = vec![repository().join("README.md")];
    let mut folders = vec![repository().join("docs")];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                documents.push(path);
            }
        }
    }
    Ok(documents)
}

/// Whether a text in backticks is a path from the top of the repository. `…` stands for a part that is left out.
fn is_path(name: &str) -> bool {
    let folders = ["crates/", "migrations/", "docs/", "tests/", "scripts/"];
    folders.iter().any(|folder| name.starts_with(folder)) && !name.contains(['…', ' ', '*', '{', '\n'])
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Path::to_owned).unwrap_or_default()
}
