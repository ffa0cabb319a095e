//! How fast lines of the bank come in and are matched, beside the bare reading of the same file.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::{Duration, Instant};

use app::Ledger;
use app::import::{Cases, Grants, Only, StatementsRequest};
use app::reconciliation::MatchAsked;
use domain::matching::Rules;
use money::Currency;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::database::Database;
use crate::figures::Unit::{Kib, PerSecond};
use crate::figures::{Figures, Samples, per_second};
use crate::folder::new_ledger;
use crate::lines::{IBAN, Month};
use crate::measure::import_file;
use crate::{Outcome, machine};

/// What every figure stands beside.
const BARE: &str = "reading its XML";

/// Measures once, in a database, with the files in a folder.
pub async fn run(database: &dyn Database, files: &Month) -> Outcome<Samples> {
    let (ledger, store) = new_ledger(database).await?;
    ledger.open_bank_account("payments".parse()?, IBAN, Currency::EUR).await?;
    import_file(&ledger, &Cases, &files.cases).await?;
    import_file(&ledger, &Grants, &files.grants).await?;
    ledger.catch_up(&|_, _| {}).await?;
    let (lines, read) = read_bare(&files.statement)?;
    let bare = per_second(lines, read);

    let mut samples = Samples::default();
    let half = import(&ledger, &files.notified).await?;
    samples.beside("notification of half of them: lines", PerSecond, per_second(half.0, half.1), BARE, bare);
    machine::forget_peak();
    let all = import(&ledger, &files.statement).await?;
    samples.beside("statement, half of it known: lines", PerSecond, per_second(all.0, all.1), BARE, bare);
    machine::peak_kib().into_iter().for_each(|peak| samples.alone("memory: statement", Kib, peak));
    let begun = Instant::now();
    ledger.catch_up(&|_, _| {}).await?;
    let caught_up = begun.elapsed();
    samples.beside("read models after it: lines", PerSecond, per_second(lines, caught_up), BARE, bare);

    machine::forget_peak();
    let rules = Rules::embedded()?;
    let begun = Instant::now();
    let asked = MatchAsked { rules: rules.clone(), statement: None, dry_run: true };
    ledger.match_by_rules(&asked).await?;
    let tried = begun.elapsed();
    samples.beside("match, found and not written: lines", PerSecond, per_second(lines, tried), BARE, bare);
    let begun = Instant::now();
    let now = ledger.match_by_rules(&MatchAsked { rules, statement: None, dry_run: false }).await?;
    let matched = begun.elapsed();
    samples.beside("match, written: lines", PerSecond, per_second(lines, matched), BARE, bare);
    machine::peak_kib().into_iter().for_each(|peak| samples.alone("memory: match", Kib, peak));
    store.close().await?;
    // Eight of ten lines name their grant; what says nothing is suggested at most.
    if now.lines * 10 < lines * 8 {
        return Err(format!("{} of {lines} lines were matched", now.lines).into());
    }
    Ok(samples)
}

async fn import(ledger: &Ledger, file: &Path) -> Outcome<(u64, Duration)> {
    let request = StatementsRequest {
        path: file.to_owned(),
        csv: None,
        accept_gap: None,
        only: Only::All,
        dry_run: false,
    };
    let begun = Instant::now();
    let report = ledger.import_statements(&request).await?;
    Ok((report.statements.iter().map(|statement| statement.lines).sum(), begun.elapsed()))
}

/// How many entries a file has, and how long it takes to come through it and do nothing.
fn read_bare(file: &Path) -> Outcome<(u64, Duration)> {
    let begun = Instant::now();
    let mut reader = Reader::from_reader(BufReader::new(File::open(file)?));
    let (mut buffer, mut entries) = (Vec::new(), 0);
    loop {
        match reader.read_event_into(&mut buffer)? {
            Event::Eof => return Ok((entries, begun.elapsed())),
            Event::Start(element) if element.local_name().as_ref() == "Ntry" => entries += 1,
            _ => {}
        }
        buffer.clear();
    }
}

/// The figures of every number of lines, and what a line costs among many beside what it costs among few.
pub fn report(machine: &machine::Machine, runs: u32, all: &[(usize, Figures)]) -> String {
    let mut text = format!("{machine}; medians of {runs} runs (lowest–highest)\n");
    for (lines, figures) in all {
        let lines = crate::figures::grouped(*lines as u64);
        text += &format!("\n{lines} lines, {lines} open items\n\n{}\n", figures.as_table());
    }
    if let [(few, figures_few), .., (many, figures_many)] = all {
        text += &format!(
            "\ncost of a line among {} ÷ among {}\n\n",
            crate::figures::grouped(*many as u64),
            crate::figures::grouped(*few as u64)
        );
        for (name, ratio) in figures_many.slower_than(figures_few) {
            text += &format!("{name:<40}{ratio:>6}\n");
        }
    }
    text
}
