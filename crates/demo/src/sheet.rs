//! Rows of cells as CSV.

use std::fmt::Display;

/// A CSV file in the making.
pub(crate) struct Sheet {
    text: String,
}

impl Sheet {
    /// A file with its header.
    pub(crate) fn new(columns: &[&str]) -> Self {
        let mut sheet = Self { text: String::new() };
        sheet.row(columns);
        sheet
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: &[&str]) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            self.cell(cell);
        }
        self.text.push('\n');
    }

    /// The file.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Quotes around whatever could be taken for a delimiter, by spreadsheets that expect `;` too.
    fn cell(&mut self, cell: &str) {
        if cell.contains([',', ';', '"', '\r', '\n']) {
            self.text.push('"');
            self.text.push_str(&cell.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(cell);
        }
    }
}

/// Cents as `1234.50`.
pub(crate) fn euros(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// A cell that may be empty.
pub(crate) fn optional<T: Display>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// `yes` or `no`.
pub(crate) const fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_needs_quotes() {
        let mut sheet = Sheet::new(&["a", "b"]);
        sheet.row(&["x, y", "the \"big\" one"]);
        sheet.row(&["", "å; ä"]);
        assert_eq!(sheet.into_text(), "a,b\n\"x, y\",\"the \"\"big\"\" one\"\n,\"å; ä\"\n");
        assert_eq!((euros(5), euros(300_000)), ("0.05".to_owned(), "3000.00".to_owned()));
    }
}
