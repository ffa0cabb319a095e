//! All figures of all databases and lengths, with what they were measured on.

use serde_json::json;

use crate::figures::{Figures, grouped};
use crate::machine::Machine;
use crate::measure::Measured;
use crate::{Format, Outcome};

/// Everything that was measured.
pub struct Report {
    machine: Machine,
    seed: u64,
    runs: u32,
    pub sections: Vec<Section>,
}

/// One database with a log of one length.
pub struct Section {
    database: String,
    people: usize,
    rows: u64,
    events: u64,
    body_bytes: u64,
    figures: Figures,
}

impl Section {
    /// What the first of its runs says of the log.
    pub fn of(measured: &Measured, people: usize) -> Self {
        let Measured { database, rows, events, body_bytes, .. } = measured;
        let (rows, events, body_bytes) = (*rows, *events, *body_bytes);
        Self { database: database.clone(), people, rows, events, body_bytes, figures: Figures::default() }
    }

    /// Adds a run.
    pub fn add(&mut self, measured: Measured) {
        self.figures.add(measured.samples);
    }

    fn log(&self) -> String {
        format!(
            "{} people: {} rows, {} events of {} bytes on average",
            grouped(self.people as u64),
            grouped(self.rows),
            grouped(self.events),
            self.body_bytes.checked_div(self.events).unwrap_or_default()
        )
    }
}

impl Report {
    /// A report without figures.
    pub fn new(machine: Machine, seed: u64, runs: u32) -> Self {
        Self { machine, seed, runs, sections: Vec::new() }
    }

    /// The whole text.
    pub fn show(&self, format: Format) -> Outcome<String> {
        let head =
            format!("{}; seed {}; medians of {} runs (lowest–highest)", self.machine, self.seed, self.runs);
        let explained = "ratio: the speed of the ledger as a share of the baseline's, both from the same run; 1.00 is as fast.";
        Ok(match format {
            Format::Table => {
                let sections = self.sections.iter().map(|section| {
                    format!("{}\n{}\n\n{}\n", section.database, section.log(), section.figures.as_table())
                });
                let sections: Vec<String> = sections.collect();
                format!("{head}\n\n{}\n{explained}", sections.join("\n"))
            }
            Format::Markdown => {
                let sections = self.sections.iter().map(|section| {
                    let length = grouped(section.events);
                    let (database, log) = (&section.database, section.log());
                    let name = database.split(',').next().unwrap_or_default();
                    let table = section.figures.as_markdown();
                    format!("## {name}, {length} events\n\n{database}. {log}.\n\n{table}")
                });
                let sections: Vec<String> = sections.collect();
                format!("{head}; {explained}\n\n{}", sections.join("\n"))
            }
            Format::Json => {
                let sections = self.sections.iter().map(|section| {
                    json!({
                        "database": section.database,
                        "people": section.people,
                        "rows": section.rows,
                        "events": section.events,
                        "body_bytes": section.body_bytes,
                        "figures": section.figures.as_json(),
                    })
                });
                let sections: Vec<_> = sections.collect();
                serde_json::to_string_pretty(&json!({
                    "machine": self.machine,
                    "seed": self.seed,
                    "runs": self.runs,
                    "sections": sections,
                }))?
            }
        })
    }
}
