//! An invented year, to show what the ledger does: the four import files of `interchange`, from a seed.
//!
//! Nobody in it exists. It holds the ordinary run of a year and, in every [`PEOPLE`] people, each thing that
//! the rules refuse, cut or question at least once; which ones, and how many, stands in `roles.rs`. The
//! register is that of 31 December 2024: applications from May 2023 to September 2024, and no day after it.
//!
//! The same seed and number of people give the same bytes on every machine and in every later version, so
//! that figures shown once can be shown again. The generator, the calendar arithmetic and the CSV writing are
//! therefore part of the crate, and the caps it aims at are its own: a changed rulebook changes what the
//! ledger says about the year, never the year.
//!
//! ```
//! let year = demo::invent(demo::SEED, 10);
//! assert_eq!(year.cases.lines().count(), 1 + 10);
//! assert_eq!(year, demo::invent(demo::SEED, 10));
//! ```

mod calendar;
mod dice;
mod grants;
mod people;
mod reversals;
mod roles;
mod sheet;
mod spend;
mod world;

use dice::Dice;

/// The seed of the year that is shown unless another is asked for.
pub const SEED: u64 = 2024;

/// How many people that year has. All there is to show is present once in so many people.
pub const PEOPLE: usize = 320;

/// The import files of one year: UTF-8, `,` between cells, a header row, lines that end in LF; no cell has a
/// line break. Amounts are in EUR with a decimal point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoYear {
    /// `cases.csv`, in the order of application; the members of a family follow each other.
    pub cases: String,
    /// `grants.csv`, in the order of payment.
    pub grants: String,
    /// `spend.csv`, in the order of delivery; about five rows per person.
    pub spend: String,
    /// `reversals.csv`, in the order of reversal.
    pub reversals: String,
}

/// Invents a year of so many people. Takes time and memory in proportion to `people`.
///
/// A year smaller than [`PEOPLE`] leaves part of what there is to show out; a larger one repeats all of it
/// with other people.
pub fn invent(seed: u64, people: usize) -> DemoYear {
    let people = people::register(&mut Dice::new(seed, 1), people);
    let receipts = spend::report(&mut Dice::new(seed, 2), &people);
    DemoYear {
        cases: people::to_csv(&people),
        grants: grants::to_csv(&mut Dice::new(seed, 3), &people),
        spend: spend::to_csv(&receipts),
        reversals: reversals::to_csv(&mut Dice::new(seed, 4), &receipts),
    }
}
