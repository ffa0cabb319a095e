//! The general ledger: whatever is booked finds its accounts, or the chart is refused; accounts come to what their rows do.

use std::collections::BTreeMap;

use domain::books::{
    AccountAsked, AccountLedger, Chart, DimensionOf, Journal, MoneyKind, OrganisationNumber, TrialBalance,
    Voucher, openings,
};
use domain::{Closings, Period};
use money::Eur;
use proptest::prelude::*;
use proptest::sample::Index;
use rstest::rstest;

use crate::world::{World, acts};

#[test]
fn the_chart_of_this_program_books_every_kind() {
    let chart = Chart::standard().unwrap();
    for kind in MoneyKind::ALL {
        assert!(chart.postings().iter().any(|posting| posting.kind == *kind), "{kind}");
    }
    assert_eq!(Chart::read(Chart::standard_document()).unwrap(), chart);
}

#[rstest]
#[case("currency = \"EUR\"", "currency = \"SEK\"", "the ledger's amounts are in EUR")]
#[case("number = \"1935\"", "number = \"19 35\"", "a number is 1 to 10 digits")]
#[case("number = \"1935\"", "number = \"2560\"", "account 2560 is there twice")]
#[case("code = \"G\"", "code = \"S\"", "series S is there twice")]
#[case("code = \"G\"", "code = \"G-1\"", "letters and digits")]
#[case("number = 21", "number = 20", "dimension 20 is there twice")]
#[case("of = \"case\"", "of = \"programme\"", "two dimensions are of programme")]
#[case("credit = \"2560\"", "credit = \"1\"", "posting 1 (spend-accepted): there is no account 1")]
#[case("credit = \"2560\"", "credit = \"7710\"", "debits and credits the same account")]
#[case("series = \"S\"\ndebit", "series = \"X\"\ndebit", "there is no series X")]
#[case(
    "kind = \"spend-accepted\"",
    "kind = \"spend-accepted\"\ncategory = \"education\"",
    "no posting for spend-accepted without conditions"
)]
#[case("kind = \"spend-accepted\"", "kind = \"spend\"", "unknown variant")]
#[case("version = ", "versoin = ", "versoin")]
fn a_chart_under_which_something_could_not_be_booked_is_refused(
    #[case] before: &str,
    #[case] after: &str,
    #[case] message: &str,
) {
    let document = Chart::standard_document();
    assert!(document.contains(before), "{before}");
    let errors = Chart::read(&document.replacen(before, after, 1)).unwrap_err().to_string();
    assert!(errors.contains(message), "{errors}");
}

/// Everything that a random ledger books.
fn booked(chart: &Chart, world: &World) -> Vec<Voucher> {
    let closings = Closings::default();
    let mut journal = Journal::under(chart, &closings);
    world.log.iter().flat_map(|recorded| journal.book(recorded).unwrap()).collect()
}

fn asked(account: &str, period: Option<Period>) -> AccountAsked {
    AccountAsked { account: account.to_owned(), of: Vec::new(), period }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// In any period each account comes to its line of the trial balance, row by row; so do what stood on it before, and its
    /// rows of each partner.
    #[test]
    fn the_rows_of_an_account_come_to_its_line_of_the_trial_balance(
        acts in acts(),
        which in prop::option::of(any::<Index>()),
        year in any::<bool>(),
    ) {
        let mut world = World::new();
        for given in &acts {
            let _ = world.give(given);
        }
        let chart = Chart::standard().unwrap();
        let vouchers = booked(&chart, &world);
        prop_assume!(!vouchers.is_empty());
        let period = which.map(|which| {
            let day = which.get(&vouchers).day;
            if year { format!("{:04}", day.year()).parse().unwrap() } else { Period::month_of(day) }
        });
        let trial = TrialBalance::of(&chart, &vouchers, period).unwrap();
        let mut before: BTreeMap<String, Eur> = BTreeMap::new();
        for entry in period.map(|period| openings(&chart, &vouchers, period).unwrap()).into_iter().flatten() {
            let sum = before.entry(entry.account).or_default();
            *sum = sum.checked_add(entry.amount).unwrap();
        }
        for line in &trial.lines {
            prop_assert_eq!(before.get(&line.account).copied().unwrap_or_default(), line.opening, "{:?}", line);
            if line.account.is_empty() {
                continue;
            }
            let whole = AccountLedger::of(&chart, &vouchers, &asked(&line.account, period)).unwrap();
            prop_assert_eq!(
                (whole.opening, whole.debit, whole.credit, whole.closing),
                (line.opening, line.debit, line.credit, line.closing)
            );
            let mut balance = whole.opening;
            for row in &whole.rows {
                balance = balance.checked_add(row.entry.amount).unwrap();
                prop_assert_eq!(row.balance, balance);
                prop_assert!(period.is_none_or(|period| period.contains(row.day)));
            }
            prop_assert_eq!(balance, whole.closing);
            prop_assert!(whole.rows.is_sorted_by_key(|row| row.day));
            let of_partners = ["caritas", "irara", ""].map(|code| {
                let of = vec![(DimensionOf::Partner, code.to_owned())];
                let asked = AccountAsked { of, ..asked(&line.account, period) };
                AccountLedger::of(&chart, &vouchers, &asked).unwrap()
            });
            prop_assert_eq!(Eur::sum(of_partners.iter().map(|of| of.closing)).unwrap(), whole.closing);
            prop_assert_eq!(of_partners.iter().map(|of| of.rows.len()).sum::<usize>(), whole.rows.len());
        }
    }

    /// Whoever reads a voucher or a row of it is told what it is.
    #[test]
    fn every_voucher_and_row_has_its_words(acts in acts()) {
        let mut world = World::new();
        for given in &acts {
            let _ = world.give(given);
        }
        for voucher in booked(&Chart::standard().unwrap(), &world) {
            prop_assert!(voucher.text.contains(char::is_numeric), "{:?}", voucher);
            for entry in &voucher.entries {
                prop_assert!(entry.text.contains(char::is_numeric), "{:?}", voucher);
                for of in [DimensionOf::Partner, DimensionOf::Case] {
                    prop_assert!(entry.text.contains(entry.code(of)), "{:?}", voucher);
                }
                // No program for plain-text accounting takes a part of it for something else.
                prop_assert!(!entry.text.contains([':', ';', '"']) && !voucher.text.contains([':', ';', '"']));
            }
        }
    }
}

#[test]
fn an_account_or_dimension_that_the_chart_does_not_have_is_said() {
    let chart = Chart::standard().unwrap();
    let told = AccountLedger::of(&chart, &[], &asked("2561", None)).unwrap_err().to_string();
    assert!(told.contains("no account 2561") && told.contains("2560 (Owed to partner"), "{told}");
    let dimension = "[[dimension]]\nnumber = 21\nname = \"Case\"\nof = \"case\"\n";
    let document = Chart::standard_document().replace(dimension, "");
    let chart = Chart::read(&document).unwrap();
    let of = vec![(DimensionOf::Case, "7K3M-9PQ4".to_owned())];
    let told = AccountLedger::of(&chart, &[], &AccountAsked { of, ..asked("2560", None) }).unwrap_err();
    assert_eq!(told.to_string(), "the chart of accounts has no dimension of case: no row names one");
}

#[rstest]
#[case("202100-2114", true)]
#[case("2021002114", true)]
#[case("202100-2115", false)]
#[case("202100-211", false)]
#[case("20210-02114", false)]
#[case("202100--2114", false)]
#[case("20210021ab", false)]
#[case("", false)]
fn the_last_digit_of_an_organisation_number_checks_the_others(#[case] text: &str, #[case] is_one: bool) {
    let read = text.parse::<OrganisationNumber>();
    assert_eq!(read.is_ok(), is_one, "{text}");
    if let Ok(number) = read {
        assert_eq!(number.to_string(), "202100-2114");
        let document = Chart::standard_document().replace("# [company]\n# name", "[company]\nname");
        let document = document
            .replace("# organisation_number = \"202100-2114\"", &format!("organisation_number = {text:?}"));
        let company = Chart::read(&document).unwrap().company().cloned().unwrap();
        assert_eq!((company.name.as_str(), company.organisation_number), ("Migrationsverket", Some(number)));
    }
}
