//! What is printed: listings in three formats, messages, failures.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use app::AppError;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use money::Eur;
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::args::Format;

/// Why the program stops, and with which exit code.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// Wrong usage or input.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }

    /// A check that was asked for found what is not so.
    pub fn check(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    /// The same failure, and what to do about it.
    pub fn and(self, what: &str) -> Self {
        Self { message: format!("{}; {what}", self.message), ..self }
    }

    /// The same failure, with a line more.
    pub fn line(self, line: &str) -> Self {
        Self { message: format!("{}\n{line}", self.message), ..self }
    }

    /// Writes the message to stderr; answers with the exit code.
    pub fn report(self) -> ExitCode {
        if !self.message.is_empty() {
            let red = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
            anstream::eprintln!("{red}error:{red:#} {}", self.message);
        }
        ExitCode::from(self.code)
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}

impl From<std::io::Error> for Failure {
    /// A reader that has seen enough (`svala claim list | head`) is no failure.
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self { message: String::new(), code: 0 },
            _ => Self { message: format!("the output could not be written: {error}"), code: 2 },
        }
    }
}

macro_rules! into_failure {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                AppError::from(error).into()
            }
        }
    )+};
}
into_failure!(event_log::StoreError, vault::VaultError, rulebook::RulebookErrors);

/// Amounts that cannot be added up.
pub fn overflow(error: money::Overflow) -> Failure {
    AppError::from(domain::FoldError::from(error)).into()
}

/// Prints to stdout.
pub fn say(text: impl AsRef<str>) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_ref().as_bytes())?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Whoever may read new files here.
    Usual,
    /// Its owner, because it is about a person.
    Owner,
}

/// Writes a file that was not there, whole or not at all; one that is there may be what somebody was given, or evidence.
pub fn write_new(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    NewFile::at(path, readers)?.write(bytes)
}

/// A file that is going to be written: that its folder takes it, and that its name is free, is known before.
pub struct NewFile<'p> {
    path: &'p Path,
    file: NamedTempFile,
}

impl<'p> NewFile<'p> {
    /// Beside its place, without its name yet.
    pub fn at(path: &'p Path, readers: Readers) -> Result<Self, Failure> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if path.symlink_metadata().is_ok() {
            return Err(not_written(path, &std::io::ErrorKind::AlreadyExists.into()));
        }
        let file = open_beside(folder, readers).map_err(|error| not_written(path, &error))?;
        Ok(Self { path, file })
    }

    /// Writes it and gives it its name.
    pub fn write(mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_all(bytes).and_then(|()| {
            self.file.as_file().sync_all()?;
            self.file.persist_noclobber(self.path).map_err(|error| error.error)
        });
        written.map(drop).map_err(|error| not_written(self.path, &error))
    }
}

fn not_written(path: &Path, error: &std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::usage(format!(
            "{} is there already and was not touched: name a new file",
            path.display()
        )),
        _ => Failure::usage(format!("{} cannot be written: {error}", path.display())),
    }
}

/// A file without its name yet; gone if it does not get one.
fn open_beside(folder: &Path, readers: Readers) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = match readers {
            // What the user's umask leaves of it.
            Readers::Usual => 0o666,
            Readers::Owner => 0o600,
        };
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    builder.tempfile_in(folder)
}

/// Prints a remark to stderr, where it does not disturb a listing.
pub fn remark(text: impl AsRef<str>) {
    anstream::eprintln!("{}", text.as_ref());
}

/// A cell of a listing.
pub enum Cell {
    /// Words: aligned left, guarded in CSV.
    Text(String),
    /// A figure: aligned right.
    Figure(String),
}

impl Cell {
    /// What stands in it.
    pub fn into_text(self) -> String {
        match self {
            Self::Text(text) | Self::Figure(text) => text,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Eur> for Cell {
    fn from(amount: Eur) -> Self {
        Self::Figure(amount.to_string())
    }
}

impl From<Option<Eur>> for Cell {
    fn from(amount: Option<Eur>) -> Self {
        Self::Figure(amount.map(|a| a.to_string()).unwrap_or_default())
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Figure(number.to_string())
    }
}

impl From<Option<u64>> for Cell {
    fn from(number: Option<u64>) -> Self {
        Self::Figure(number.map(|n| n.to_string()).unwrap_or_default())
    }
}

impl From<jiff::civil::Date> for Cell {
    fn from(date: jiff::civil::Date) -> Self {
        Self::Text(date.to_string())
    }
}

impl From<Option<jiff::civil::Date>> for Cell {
    fn from(date: Option<jiff::civil::Date>) -> Self {
        Self::Text(date.map(|d| d.to_string()).unwrap_or_default())
    }
}

/// Builds one row of cells of different types.
#[macro_export]
macro_rules! cells {
    ($($cell:expr),+ $(,)?) => { vec![$($crate::output::Cell::from($cell)),+] };
}

/// Prints a listing: one row per item, in the format asked for. Objects have the items' own fields.
pub fn listing<T: Serialize>(
    format: Format,
    columns: &[&str],
    items: &[T],
    row: impl Fn(&T) -> Vec<Cell>,
) -> Result<(), Failure> {
    match format {
        Format::Table if items.is_empty() => {
            remark("nothing to list");
            Ok(())
        }
        Format::Table => say(table(columns, items.iter().map(row))),
        Format::Json => object(items),
        Format::Csv => {
            let bytes = csv_text(columns, items.iter().map(row))?;
            let mut out = std::io::stdout().lock();
            out.write_all(&bytes)?;
            Ok(out.flush()?)
        }
    }
}

/// A header row and rows as CSV.
pub fn csv_text(columns: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| Failure::usage(error.to_string());
    writer.write_record(columns).map_err(failed)?;
    for row in rows {
        writer.write_record(row.into_iter().map(csv_cell)).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Failure::usage(error.to_string()))
}

/// Prints one value as JSON.
pub fn object<T: Serialize + ?Sized>(value: &T) -> Result<(), Failure> {
    say(serde_json::to_string_pretty(value).map_err(|error| Failure::usage(error.to_string()))?)
}

/// Aligned columns. Words are wrapped to the terminal's width; into a file or pipe every row stays one line.
pub fn table(columns: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let arrangement = if std::io::stdout().is_terminal() {
        ContentArrangement::Dynamic
    } else {
        ContentArrangement::Disabled
    };
    table.set_content_arrangement(arrangement);
    table.set_header(columns.iter().copied());
    for row in rows {
        let right: Vec<bool> = row.iter().map(|cell| matches!(cell, Cell::Figure(_))).collect();
        table.add_row(row.into_iter().map(|cell| match cell {
            Cell::Text(text) => visible(&text),
            Cell::Figure(figure) => figure,
        }));
        for (column, _) in table.column_iter_mut().zip(right).filter(|(_, right)| *right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// Text from outside cannot move the cursor or colour the terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

/// A spreadsheet must not read text as a formula.
fn csv_cell(cell: Cell) -> String {
    match cell {
        Cell::Text(text) => interchange::guarded(&text).into_owned(),
        Cell::Figure(text) => text,
    }
}

/// `1 row`, `2 rows`.
pub fn counted<N: PartialEq + From<u8> + std::fmt::Display>(count: N, thing: &str) -> String {
    format!("{count} {thing}{}", if count == N::from(1) { "" } else { "s" })
}

/// A heading.
pub fn heading(text: &str) -> String {
    let bold = Style::new().bold();
    format!("{bold}{text}{bold:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_a_spreadsheet_would_run_is_guarded_and_figures_are_not() {
        for text in ["=1+1", "+46", "-x", "@a", "\tx", "\rx"] {
            assert_eq!(csv_cell(Cell::from(text)), format!("'{text}"));
        }
        assert_eq!(csv_cell(Cell::from(Eur::from_cents(-500))), "-5.00");
        assert_eq!(csv_cell(Cell::from("a=b")), "a=b");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(visible("a\u{1b}[31mb\n"), "a·[31mb·");
    }
}
