//! `svala books`

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use app::query::{AccountFilter, Books};
use domain::books::{
    AccountLedger, AccountRow, Chart, DimensionOf, Entry, OrganisationNumber, TrialBalance, Voucher,
};
use interchange::books::{BooksDocument, beancount, books_workbook, hledger, sie};
use money::Eur;

use crate::args::{BooksCommand, BooksOf, Format};
use crate::cells;
use crate::connect::Place;
use crate::output::{
    Cell, Failure, Readers, counted, csv_text, listing, object, overflow, remark, say, table, write_new,
};
use crate::progress::LogBar;

const VOUCHER_COLUMNS: [&str; 15] = [
    "voucher",
    "day",
    "about_day",
    "closed_period",
    "kind",
    "about",
    "text",
    "account",
    "debit",
    "credit",
    "partner",
    "programme",
    "case",
    "category",
    "row",
];

const ACCOUNT_COLUMNS: [&str; 11] = [
    "day",
    "voucher",
    "text",
    "debit",
    "credit",
    "balance",
    "partner",
    "programme",
    "case",
    "category",
    "row",
];

/// Whose books they are where nobody says it.
const NO_COMPANY: &str = "Svala";

pub async fn run(place: &Place, format: Format, command: BooksCommand) -> Result<ExitCode, Failure> {
    match command {
        BooksCommand::Vouchers(of) => {
            let (_, books) = booked(place, &of).await?;
            match format {
                Format::Json => object(&books.vouchers)?,
                Format::Table | Format::Csv => {
                    let rows: Vec<(&Voucher, &Entry)> = entries(&books.vouchers).collect();
                    listing(format, &VOUCHER_COLUMNS, &rows, |(voucher, entry)| row(voucher, entry))?;
                }
            }
        }
        BooksCommand::TrialBalance(of) => trial_balance(place, format, &of).await?,
        BooksCommand::Account { account, case, partner, programme, of } => {
            let BooksOf { period, at, chart } = of;
            let filter = AccountFilter { account, case, partner, programme, period };
            account_ledger(place, format, &filter, at, chart.as_deref()).await?;
        }
        BooksCommand::Export { of, out, company, org_number } => {
            let (chart, books) = booked(place, &of).await?;
            let company = company_of(company.as_deref(), &chart);
            let of_chart = chart.company().and_then(|company| company.organisation_number.as_ref());
            let number = org_number.as_ref().or(of_chart);
            let (bytes, remarks) = rendered(&out, &chart, &books, company, number)?;
            write_new(&out, &bytes, Readers::Usual)?;
            remarks.iter().for_each(remark);
            if !books.is_closed {
                let period = books.period;
                remark(format!("{period} is not closed: what is booked in it later is not in this file"));
            }
            say(format!(
                "{}: {} vouchers from {} to {}, log position {}",
                out.display(),
                books.vouchers.len(),
                books.period.first(),
                books.period.last(),
                books.position
            ))?;
        }
        BooksCommand::Chart { document: true, .. } => say(Chart::standard_document().trim_end())?,
        BooksCommand::Chart { chart, .. } => {
            let chart = chart_of(chart.as_deref())?;
            let name = |number: &str| {
                let account = chart.account(number);
                account.map_or_else(|| number.to_owned(), |account| format!("{number} {}", account.name))
            };
            let columns =
                ["kind", "category", "programme", "method", "difference", "series", "debit", "credit"];
            listing(format, &columns, chart.postings(), |posting| {
                cells![
                    posting.kind.code(),
                    posting.category.as_deref().unwrap_or_default(),
                    posting.programme.as_deref().unwrap_or_default(),
                    posting.method.map(|method| method.code()).unwrap_or_default(),
                    posting.difference.as_ref().map(|name| name.as_str()).unwrap_or_default(),
                    &posting.series,
                    name(&posting.debit),
                    name(&posting.credit)
                ]
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn trial_balance(place: &Place, format: Format, of: &BooksOf) -> Result<(), Failure> {
    let (_, books) = booked(place, of).await?;
    let TrialBalance { lines } = &books.trial;
    listing(format, &["account", "name", "opening", "debit", "credit", "closing"], lines, |line| {
        cells![&line.account, &line.name, line.opening, line.debit, line.credit, line.closing]
    })?;
    let difference = books.trial.difference().map_err(overflow)?;
    if !difference.is_zero() {
        return Err(Failure::check(format!("the accounts do not balance: {difference} EUR too much")));
    }
    if format == Format::Table {
        let (first, last) = (books.period.first(), books.period.last());
        remark(format!("balanced from {first} to {last}, log position {}", books.position));
    }
    Ok(())
}

async fn account_ledger(
    place: &Place,
    format: Format,
    filter: &AccountFilter,
    at: Option<u64>,
    chart: Option<&Path>,
) -> Result<(), Failure> {
    let chart = chart_of(chart)?;
    let ledger = place.open().await?;
    let bar = LogBar::new();
    let progress = |position, last| bar.at(position, last);
    let (told, position) = ledger.account_ledger(&chart, filter, at, &progress).await?;
    drop(bar);
    if format == Format::Json {
        return object(&told);
    }
    // What stood on it before and what it comes to are rows of their own.
    let edge = |what: &str, balance: Eur| cells!["", "", what, "", "", balance, "", "", "", "", ""];
    let rows = told.rows.iter().map(account_row);
    let rows = std::iter::once(edge("opening", told.opening)).chain(rows).chain([closing(&told)]);
    if format == Format::Csv {
        let mut out = std::io::stdout().lock();
        std::io::Write::write_all(&mut out, &csv_text(&ACCOUNT_COLUMNS, rows)?)?;
        return Ok(());
    }
    say(table(&ACCOUNT_COLUMNS, rows))?;
    let period = filter.period.map_or_else(|| "all days".to_owned(), |period| period.to_string());
    let AccountLedger { account, name, .. } = &told;
    remark(format!(
        "{account} {name}, {period}: {}, log position {position}",
        counted(told.rows.len() as u64, "row")
    ));
    Ok(())
}

/// What an account comes to, with what was debited and credited.
fn closing(told: &AccountLedger) -> Vec<Cell> {
    cells!["", "", "closing", told.debit, told.credit, told.closing, "", "", "", "", ""]
}

fn account_row(row: &AccountRow) -> Vec<Cell> {
    let AccountRow { series, year, number, day, voucher_text, entry, balance } = row;
    let [debit, credit] = sides(entry);
    cells![
        *day,
        format!("{series}{year}-{number}"),
        voucher_text,
        debit,
        credit,
        *balance,
        entry.code(DimensionOf::Partner),
        entry.code(DimensionOf::Programme),
        entry.code(DimensionOf::Case),
        entry.code(DimensionOf::Category),
        &entry.text
    ]
}

/// Whose books they are: as somebody says, or the chart.
pub fn company_of<'c>(said: Option<&'c str>, chart: &'c Chart) -> &'c str {
    said.or(chart.company().map(|company| company.name.as_str())).unwrap_or(NO_COMPANY)
}

async fn booked(place: &Place, of: &BooksOf) -> Result<(Chart, Books), Failure> {
    let chart = chart_of(of.chart.as_deref())?;
    let ledger = place.open().await?;
    let bar = LogBar::new();
    let books = ledger.books(&chart, of.period, of.at, &|position, last| bar.at(position, last)).await?;
    Ok((chart, books))
}

/// The chart in a file, or the one in this program.
pub fn chart_of(file: Option<&Path>) -> Result<Chart, Failure> {
    let document = match file {
        None => Chart::standard_document().to_owned(),
        Some(file) => std::fs::read_to_string(file)
            .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", file.display())))?,
    };
    Chart::read(&document).map_err(|errors| {
        let name = file.map_or_else(|| "the chart".to_owned(), |file| file.display().to_string());
        Failure::usage(format!("{name}: {errors}"))
    })
}

/// The file's bytes, in the form that its ending names, and what is to be said about them.
fn rendered(
    out: &Path,
    chart: &Chart,
    books: &Books,
    company: &str,
    organisation_number: Option<&OrganisationNumber>,
) -> Result<(Vec<u8>, Vec<String>), Failure> {
    let document = BooksDocument {
        chart,
        vouchers: &books.vouchers,
        openings: &books.openings,
        trial: &books.trial,
        period: books.period,
        position: books.position,
        company,
        organisation_number,
        made_on: books.made_on,
    };
    let plain = |bytes| Ok((bytes, Vec::new()));
    match out.extension().and_then(|ending| ending.to_str()) {
        Some("si") => {
            of_one_year(&books.vouchers)?;
            let file = sie(&document);
            let replaced = file
                .replaced
                .iter()
                .map(|(c, instead)| format!("{c:?} is not in code page 437 and was written as {instead:?}"));
            Ok((file.bytes, replaced.collect()))
        }
        Some("journal") => plain(hledger(&document).into_bytes()),
        Some("beancount") => plain(beancount(&document).into_bytes()),
        Some("xlsx") => plain(books_workbook(&document).map_err(|error| Failure::usage(error.to_string()))?),
        Some("csv") => {
            let rows = entries(&books.vouchers).map(|(voucher, entry)| row(voucher, entry));
            plain(csv_text(&VOUCHER_COLUMNS, rows)?)
        }
        _ => Err(Failure::usage("name a file that ends in .si, .journal, .beancount, .xlsx or .csv")),
    }
}

/// Numbers begin anew each year: in a file of two years an accounting system would meet the same number twice.
fn of_one_year(vouchers: &[Voucher]) -> Result<(), Failure> {
    let years: BTreeSet<String> = vouchers.iter().map(|voucher| voucher.year.to_string()).collect();
    match years.len() {
        0 | 1 => Ok(()),
        _ => Err(Failure::usage(format!(
            "a SIE file is of one year, in which each series has a number once: name one with --period; there is something in {}",
            years.into_iter().collect::<Vec<_>>().join(", ")
        ))),
    }
}

fn entries(vouchers: &[Voucher]) -> impl Iterator<Item = (&Voucher, &Entry)> {
    vouchers.iter().flat_map(|voucher| voucher.entries.iter().map(move |entry| (voucher, entry)))
}

fn row(voucher: &Voucher, entry: &Entry) -> Vec<Cell> {
    let [debit, credit] = sides(entry);
    cells![
        voucher.name(),
        voucher.day,
        voucher.about_day,
        voucher.closed_period.map(|period| period.to_string()).unwrap_or_default(),
        voucher.kind.code(),
        voucher.about,
        &voucher.text,
        &entry.account,
        debit,
        credit,
        entry.code(DimensionOf::Partner),
        entry.code(DimensionOf::Programme),
        entry.code(DimensionOf::Case),
        entry.code(DimensionOf::Category),
        &entry.text
    ]
}

/// Debit and credit of a row, one of them empty.
fn sides(entry: &Entry) -> [Cell; 2] {
    let amount = entry.amount.to_string();
    match amount.strip_prefix('-') {
        Some(credit) => [Cell::Figure(String::new()), Cell::Figure(credit.to_owned())],
        None => [Cell::Figure(amount), Cell::Figure(String::new())],
    }
}
