//! Nothing of the schema or the code needs what only PostgreSQL itself has (docs/adr/0017).

use std::fs;
use std::path::{Path, PathBuf};

/// Words of SQL, and beginnings of words where they end in `*`.
const NOT_PORTABLE: [&str; 20] = [
    "sequence",
    "nextval",
    "setval",
    "currval",
    "serial",
    "bigserial",
    "smallserial",
    "pg_advisory*",
    "pg_try_advisory*",
    "listen",
    "unlisten",
    "notify",
    "pg_notify",
    "domain",
    "xid",
    "xid8",
    "xmin",
    "txid*",
    "pg_current_xact*",
    "pg_snapshot*",
];

/// The words of a text that are not portable. A comment reaches from its mark to the end of its line.
fn not_portable(text: &str, comment: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().filter_map(|line| line.split(comment).next()).collect();
    let code = code.join("\n").to_lowercase();
    let words: Vec<&str> =
        code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    let is = |word: &str, known: &str| match known.strip_suffix('*') {
        Some(beginning) => word.starts_with(beginning),
        None => word == known,
    };
    let single = words.iter().filter(|word| NOT_PORTABLE.iter().any(|known| is(word, known)));
    let pairs = words.windows(2).filter(|pair| **pair == ["as", "identity"]);
    let found = single.map(|word| (*word).to_owned()).chain(pairs.map(|pair| pair.join(" ")));
    // A list of columns that is empty is PostgreSQL's own.
    found.chain(code.matches("select from").map(str::to_owned)).collect()
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<_> = all.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    assert!(!found.is_empty());
    found
}

#[test]
fn nothing_needs_what_only_postgresql_has() {
    let schema = files("../../migrations/postgres", "sql").into_iter().map(|path| (path, "--"));
    let code = files("src", "rs").into_iter().map(|path| (path, "//"));
    for (path, comment) in schema.chain(code) {
        let found = not_portable(&fs::read_to_string(&path).unwrap(), comment);
        assert!(found.is_empty(), "{}: {found:?}", path.display());
    }
}

#[test]
fn what_is_not_portable_is_found() {
    for (text, found) in [
        ("id BIGSERIAL PRIMARY KEY", "bigserial"),
        ("n BIGINT GENERATED ALWAYS AS IDENTITY", "as identity"),
        ("SELECT pg_try_advisory_xact_lock(1)", "pg_try_advisory_xact_lock"),
        ("LISTEN svala;", "listen"),
        ("WHERE xmin = $1", "xmin"),
        ("SELECT pg_current_xact_id()", "pg_current_xact_id"),
        ("CREATE DOMAIN amount AS bigint", "domain"),
        ("SELECT FROM log_head", "select from"),
    ] {
        assert_eq!(not_portable(text, "--"), [found]);
    }
    assert_eq!(not_portable("SELECT 1 -- no LISTEN, no serial", "--"), [""; 0]);
}
