//! Figures with their baselines over several runs, in whole numbers.

use std::time::Duration;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a number counts, which also says whether more of it is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Rows, events or commands per second.
    PerSecond,
    /// A time.
    Nanoseconds,
    /// An amount of memory.
    Kib,
}

/// A figure of one run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sample {
    pub name: String,
    pub unit: Unit,
    pub value: u64,
    /// What it stands beside, if there is such a thing.
    pub baseline: Option<(String, u64)>,
}

/// The figures of one run, in the order in which they were noted.
#[derive(Debug, Default)]
pub struct Samples(pub Vec<Sample>);

impl Samples {
    /// Notes a figure without a baseline.
    pub fn alone(&mut self, name: &str, unit: Unit, value: u64) {
        self.0.push(Sample { name: name.into(), unit, value, baseline: None });
    }

    /// Notes a figure with its baseline.
    pub fn beside(&mut self, name: &str, unit: Unit, value: u64, baseline: &str, reference: u64) {
        self.0.push(Sample { name: name.into(), unit, value, baseline: Some((baseline.into(), reference)) });
    }

    /// Notes two latencies beside a baseline's.
    pub fn latencies(&mut self, name: &str, mut ours: Vec<u64>, baseline: &str, mut theirs: Vec<u64>) {
        ours.sort_unstable();
        theirs.sort_unstable();
        for (mark, per_mille) in [("p50", 500), ("p99", 990)] {
            let (value, reference) = (quantile(&ours, per_mille), quantile(&theirs, per_mille));
            self.beside(&format!("{name}, {mark}"), Unit::Nanoseconds, value, baseline, reference);
        }
    }
}

/// One figure beside one baseline.
#[derive(Debug)]
struct Figure {
    name: String,
    unit: Unit,
    baseline: String,
    /// One for each run: the ledger's value, and the baseline's where there is one.
    samples: Vec<(u64, Option<u64>)>,
}

/// The same figures of several runs.
#[derive(Debug, Default)]
pub struct Figures(Vec<Figure>);

impl Figures {
    /// Adds the figures of one more run.
    pub fn add(&mut self, samples: Vec<Sample>) {
        for Sample { name, unit, value, baseline } in samples {
            let (baseline, reference) = baseline.unzip();
            let baseline = baseline.unwrap_or_default();
            match self.0.iter_mut().find(|figure| (&figure.name, &figure.baseline) == (&name, &baseline)) {
                Some(figure) => figure.samples.push((value, reference)),
                None => self.0.push(Figure { name, unit, baseline, samples: vec![(value, reference)] }),
            }
        }
    }

    /// Name, value, its range, baseline, its value and range, ratio, its range.
    fn rows(&self) -> impl Iterator<Item = [String; 8]> {
        self.0.iter().map(|figure| {
            let show = |value| figure.unit.show(value);
            let spread = |samples: Vec<u64>, show: &dyn Fn(u64) -> String| {
                Spread::of(samples).map_or_else(Default::default, |s| s.show(show))
            };
            let [value, value_range] = spread(figure.values(), &show);
            let [reference, reference_range] = spread(figure.references(), &show);
            let [ratio, ratio_range] = spread(figure.ratios(), &thousandths);
            let (name, baseline) = (figure.name.clone(), figure.baseline.clone());
            [name, value, value_range, baseline, reference, reference_range, ratio, ratio_range]
        })
    }

    /// A table for a Markdown page.
    pub fn as_markdown(&self) -> String {
        let mut text = String::from("| figure | ledger | baseline | | ratio |\n|---|--:|---|--:|--:|\n");
        for [name, value, _, baseline, reference, _, ratio, ratio_range] in self.rows() {
            let ratio = [ratio, ratio_range].join(" ");
            text += &format!("| {name} | {value} | {baseline} | {reference} | {} |\n", ratio.trim());
        }
        text
    }

    /// Aligned columns.
    pub fn as_table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["", "ledger", "", "baseline", "", "", "ratio", ""]);
        for row in self.rows() {
            table.add_row(row);
        }
        for column in [1, 4, 6] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n")
    }

    /// How many times as long each of the same figures takes here as there, by the medians.
    pub fn slower_than(&self, other: &Self) -> Vec<(String, String)> {
        let median = |figure: &Figure| {
            let mut values = figure.values();
            values.sort_unstable();
            quantile(&values, 500)
        };
        let rates = self.0.iter().filter(|figure| figure.unit == Unit::PerSecond);
        let ratio = |figure: &Figure| {
            let before = median(other.0.iter().find(|other| other.name == figure.name)?);
            let ratio = before.saturating_mul(1_000).checked_div(median(figure))?;
            Some((figure.name.clone(), thousandths(ratio)))
        };
        rates.filter_map(ratio).collect()
    }

    /// Every sample.
    pub fn as_json(&self) -> Value {
        let figure = |figure: &Figure| {
            json!({
                "figure": figure.name,
                "unit": figure.unit.name(),
                "ledger": figure.values(),
                "baseline": figure.baseline,
                "baseline_values": figure.references(),
                "ratio_per_mille": figure.ratios(),
            })
        };
        self.0.iter().map(figure).collect()
    }
}

impl Figure {
    fn values(&self) -> Vec<u64> {
        self.samples.iter().map(|(value, _)| *value).collect()
    }

    fn references(&self) -> Vec<u64> {
        self.samples.iter().filter_map(|(_, reference)| *reference).collect()
    }

    /// The ledger's speed as thousandths of the baseline's, run by run: neighbours on the machine disturb both.
    fn ratios(&self) -> Vec<u64> {
        let ratio = |(value, reference): &(u64, Option<u64>)| {
            let reference = (*reference)?;
            let (over, under) = match self.unit {
                Unit::PerSecond => (*value, reference),
                Unit::Nanoseconds | Unit::Kib => (reference, *value),
            };
            over.saturating_mul(1_000).checked_div(under)
        };
        self.samples.iter().filter_map(ratio).collect()
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::PerSecond => "per second",
            Self::Nanoseconds => "nanoseconds",
            Self::Kib => "KiB",
        }
    }

    fn show(self, value: u64) -> String {
        match self {
            Self::PerSecond => format!("{} /s", grouped(value)),
            Self::Nanoseconds => format!("{}.{} µs", grouped(value / 1_000), value % 1_000 / 100),
            Self::Kib => format!("{} MiB", grouped(value / 1_024)),
        }
    }
}

/// Median, lowest and highest of some samples.
struct Spread {
    median: u64,
    lowest: u64,
    highest: u64,
}

impl Spread {
    fn of(mut samples: Vec<u64>) -> Option<Self> {
        samples.sort_unstable();
        let (lowest, highest) = (*samples.first()?, *samples.last()?);
        Some(Self { median: quantile(&samples, 500), lowest, highest })
    }

    /// The median, and the range if there is one.
    fn show(&self, show: &dyn Fn(u64) -> String) -> [String; 2] {
        let bare = |value| {
            let text = show(value);
            text.split(' ').next().unwrap_or_default().to_owned()
        };
        let range = if self.lowest == self.highest {
            String::new()
        } else {
            format!("({}–{})", bare(self.lowest), bare(self.highest))
        };
        [show(self.median), range]
    }
}

/// The smallest sample that so many thousandths of all sorted samples do not exceed; of an even number of samples
/// the median is the lower one of the middle two.
pub fn quantile(sorted: &[u64], per_mille: usize) -> u64 {
    let place = (sorted.len() * per_mille).div_ceil(1_000).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

/// How many there are in a second.
pub fn per_second(count: u64, time: Duration) -> u64 {
    let rate = u128::from(count) * 1_000_000_000 / time.as_nanos().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// A time in nanoseconds.
pub fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// `1234` thousandths as `1.23`; small ones with a digit more.
fn thousandths(value: u64) -> String {
    match value {
        0..100 => format!("0.{value:03}"),
        _ => format!("{}.{:02}", value / 1_000, value % 1_000 / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(grouped),
            ["0", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]
        );
        assert_eq!([7, 99, 450, 1_000, 12_349].map(thousandths), ["0.007", "0.099", "0.45", "1.00", "12.34"]);
        assert_eq!(per_second(500, Duration::from_millis(250)), 2_000);
        assert_eq!(Unit::Nanoseconds.show(12_345_678), "12\u{202f}345.6 µs");
    }

    #[test]
    fn quantiles_are_samples() {
        let samples: Vec<u64> = (1..=100).collect();
        assert_eq!([500, 990, 1_000].map(|per_mille| quantile(&samples, per_mille)), [50, 99, 100]);
        assert_eq!(quantile(&[3, 5, 9], 500), 5);
        assert_eq!(quantile(&[], 500), 0);
    }

    #[test]
    fn a_ratio_is_a_share_of_speed_and_taken_run_by_run() {
        let mut figures = Figures::default();
        for (value, reference) in [(50, 100), (90, 100), (60, 100)] {
            let mut samples = Samples::default();
            samples.beside("rate", Unit::PerSecond, value, "bare", reference);
            samples.beside("time", Unit::Nanoseconds, reference, "bare", value);
            figures.add(samples.0);
        }
        for figure in &figures.0 {
            assert_eq!(figure.ratios(), [500, 900, 600], "{}", figure.name);
            assert_eq!(
                Spread::of(figure.ratios()).map(|s| s.show(&thousandths)),
                Some(["0.60".into(), "(0.50–0.90)".into()])
            );
        }
    }
}
