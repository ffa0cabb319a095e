//! Which formats of cells show a day.

use std::collections::HashMap;
use std::io::Read;

use super::xml::{Node, Xml};
use crate::error::FileProblem;

/// Most formats that a cell can have; spreadsheet programs stop below.
const FORMATS_MAX: usize = 65_536;

/// The formats of a workbook's cells.
#[derive(Debug, Default)]
pub(crate) struct Styles {
    /// For each format whether it shows a day.
    days: Vec<bool>,
}

impl Styles {
    /// Reads the part that holds them.
    pub(crate) fn read<Rd: Read>(mut xml: Xml<Rd>) -> Result<Self, FileProblem> {
        let mut own: HashMap<u64, bool> = HashMap::new();
        let mut styles = Self::default();
        let mut of_cells = false;
        loop {
            match xml.next()? {
                Node::Open(element) => match element.name() {
                    "numFmt" if own.len() < FORMATS_MAX => {
                        let code = element.attribute("formatCode")?.unwrap_or_default();
                        own.extend(element.number("numFmtId")?.map(|id| (id, shows_a_day(&code))));
                    }
                    "cellXfs" => of_cells = true,
                    "xf" if of_cells && styles.days.len() < FORMATS_MAX => {
                        let id = element.number("numFmtId")?.unwrap_or_default();
                        styles.days.push(own.get(&id).copied().unwrap_or_else(|| built_in_day(id)));
                    }
                    _ => {}
                },
                Node::Close(end) if end.local_name().into_inner() == "cellXfs" => of_cells = false,
                Node::Close(_) | Node::Text(_) | Node::Nothing => {}
                Node::End => return Ok(styles),
            }
        }
    }

    /// Whether the format of a cell shows a day.
    pub(crate) fn shows_a_day(&self, style: u64) -> bool {
        usize::try_from(style).ok().and_then(|style| self.days.get(style)).copied().unwrap_or(false)
    }
}

/// The formats that every workbook has: dates, and dates of East Asian calendars.
fn built_in_day(id: u64) -> bool {
    matches!(id, 14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58)
}

/// Whether a format of somebody's own has a year or a day in it, outside quoted and escaped characters.
fn shows_a_day(code: &str) -> bool {
    let mut characters = code.chars();
    while let Some(character) = characters.next() {
        match character {
            'y' | 'Y' | 'd' | 'D' => return true,
            // Quoted text, and conditions, colours and currencies in brackets.
            '"' => characters.by_ref().take_while(|c| *c != '"').for_each(drop),
            '[' => characters.by_ref().take_while(|c| *c != ']').for_each(drop),
            // The next character stands for itself, as wide as itself, or repeated.
            '\\' | '_' | '*' => drop(characters.next()),
            // The second section is for negative numbers.
            ';' => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_with_a_year_or_a_day_shows_a_day() {
        for code in ["yyyy-mm-dd", "d/m/yy", "[$-41D]YYYY-MM-DD;@", "mmm\\-yy", "dd.mm.yyyy hh:mm"] {
            assert!(shows_a_day(code), "{code}");
        }
        for code in [
            "General",
            "0.00",
            "#,##0.00 \"day\"",
            "[$USD-409] 0.00",
            "[Red]0;yyyy",
            "hh:mm:ss",
            "0_d",
            "\\d0",
            "@",
        ] {
            assert!(!shows_a_day(code), "{code}");
        }
    }
}
