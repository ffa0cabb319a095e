//! What sources publish, and which rate holds on a day.

use std::collections::{BTreeMap, BTreeSet};

use domain::Refusal;
use domain::ids::FileDigest;
use domain::rates::{JUMP_FACTOR_MAX, Month, Publication, Publish, Quote, RateSource, RateTable, decide};
use jiff::Span;
use jiff::civil::Date;
use money::{Currency, Rate};
use proptest::prelude::*;
use rstest::rstest;

use crate::support::day;

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

/// `2024-06-01 IQD 1385.7992`, one a line.
fn file(lines: &str) -> Publish {
    let mut tables: BTreeMap<Date, BTreeMap<Currency, Rate>> = BTreeMap::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let [on, code, value] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        tables.entry(day(on)).or_default().insert(currency(code), rate(value));
    }
    Publish { tables, allow_jumps: BTreeSet::new(), file: FileDigest([1; 32]) }
}

fn publish(table: &mut RateTable, command: &Publish) -> Result<Publication, Refusal> {
    let publication = decide(table, command)?;
    publication.events.iter().for_each(|event| table.evolve(event).unwrap());
    Ok(publication)
}

fn months(lines: &str) -> RateTable {
    let mut table = RateTable::new(RateSource::InforEuro);
    publish(&mut table, &file(lines)).unwrap();
    table
}

#[test]
fn the_same_table_again_publishes_nothing() {
    let june = file("2024-06-01 IQD 1385.7992\n2024-06-01 JOD 0.7483");
    let mut table = RateTable::new(RateSource::InforEuro);
    let first = publish(&mut table, &june).unwrap();
    assert_eq!((first.new, first.changed, first.known, first.events.len()), (2, 0, 0, 1));
    let again = publish(&mut table, &june).unwrap();
    assert_eq!((again.new, again.changed, again.known, again.events.len()), (0, 0, 2, 0));
}

#[test]
fn another_value_is_a_new_version_and_leaves_the_others_alone() {
    let mut table = months("2024-06-01 IQD 1385.7992\n2024-06-01 JOD 0.7483");
    let change = publish(&mut table, &file("2024-06-01 IQD 1390.5\n2024-06-01 JOD 0.7483")).unwrap();
    assert_eq!((change.new, change.changed, change.known), (0, 1, 1));
    assert_eq!(change.events[0].tables[&day("2024-06-01")].len(), 1);
    let on = |code| table.on(currency(code), day("2024-06-30")).unwrap();
    assert_eq!((on("IQD").rate, on("IQD").version), (rate("1390.5"), 2));
    assert_eq!((on("JOD").rate, on("JOD").version), (rate("0.7483"), 1));
}

#[test]
fn an_event_holds_one_month() {
    let days = "2024-06-27 SEK 11.3\n2024-06-28 SEK 11.3595\n2024-07-01 SEK 11.3675\n2024-07-02 SEK 11.4";
    let published = decide(&RateTable::new(RateSource::Ecb), &file(days)).unwrap();
    assert_eq!(published.events.iter().map(|event| event.tables.len()).collect::<Vec<_>>(), [2, 2]);
}

#[test]
fn a_month_without_its_rate_takes_no_other() {
    let table = months("2024-06-01 IQD 1385.7992");
    for missing in ["2024-05-31", "2024-07-01"] {
        assert_eq!(table.on(currency("IQD"), day(missing)), None, "{missing}");
    }
    assert_eq!(table.on(currency("JOD"), day("2024-06-15")), None);
    let quote = Quote {
        source: RateSource::InforEuro,
        rate_date: day("2024-06-01"),
        rate: rate("1385.7992"),
        version: 1,
    };
    assert_eq!(table.on(currency("IQD"), day("2024-06-15")), Some(quote));
}

/// 2024: Easter is on 31 March. 2024-06-30 is a Sunday.
#[rstest]
#[case::a_day_with_a_rate("2024-06-28", Some("2024-06-28"))]
#[case::saturday("2024-06-29", Some("2024-06-28"))]
#[case::sunday("2024-06-30", Some("2024-06-28"))]
#[case::good_friday("2024-03-29", Some("2024-03-28"))]
#[case::easter_monday("2024-04-01", Some("2024-03-28"))]
#[case::may_day("2024-05-01", Some("2024-04-30"))]
#[case::christmas("2023-12-26", Some("2023-12-22"))]
#[case::new_year("2024-01-01", Some("2023-12-29"))]
#[case::still_to_come("2024-07-01", None)]
#[case::left_out_of_the_file("2024-06-26", None)]
#[case::a_closing_day_after_a_day_that_is_left_out("2024-06-23", None)]
#[case::before_everything("2020-01-01", None)]
fn a_day_without_rates_takes_the_last_one_before(#[case] asked: &str, #[case] found: Option<&str>) {
    let mut table = RateTable::new(RateSource::Ecb);
    let days = ["2024-06-28", "2024-06-27", "2024-04-30", "2024-03-28", "2023-12-29", "2023-12-22"];
    let lines: Vec<String> = days.iter().map(|day| format!("{day} SEK 11.3595")).collect();
    publish(&mut table, &file(&lines.join("\n"))).unwrap();
    let quote = table.on(currency("SEK"), day(asked));
    assert_eq!(quote.map(|quote| quote.rate_date), found.map(day), "{asked}");
}

#[rstest]
#[case::up("1385.7992", "27716")]
#[case::down("1385.7992", "69.2")]
#[case::inverted("1385.7992", "0.00072160")]
#[case::inverted_near_one("0.7483", "1.3364")]
#[case::inverted_dollar("1.1187", "0.8939")]
fn a_jump_is_refused_until_it_is_allowed_by_name(#[case] before: &str, #[case] after: &str) {
    let mut table = months(&format!("2024-05-01 IQD {before}\n2024-05-01 JOD 0.74"));
    let june = file(&format!("2024-06-01 IQD {after}\n2024-06-01 JOD 0.75"));
    let refusal = publish(&mut table, &june).unwrap_err();
    assert_eq!(refusal.codes(), "rate-jump");
    let detail = &refusal.reasons[0].detail;
    assert!(
        detail.starts_with("IQD is ") && detail.contains("2024-06") && detail.contains("2024-05"),
        "{detail}"
    );
    assert_eq!(table.version(), 1, "a refused file publishes nothing");

    let other = Publish { allow_jumps: [currency("JOD")].into(), ..june.clone() };
    assert!(publish(&mut table, &other).is_err(), "another currency was allowed");
    let named = Publish { allow_jumps: [currency("IQD")].into(), ..june };
    let published = publish(&mut table, &named).unwrap();
    assert_eq!(published.events[0].jumps_allowed, [currency("IQD")], "who let it pass is recorded");
}

#[rstest]
#[case::twenty_times("100", "2000")]
#[case::a_twentieth("100", "5")]
#[case::across_one("1.02", "0.98")]
#[case::a_devaluation("33.5", "51.2")]
fn what_may_happen_is_no_jump(#[case] before: &str, #[case] after: &str) {
    let mut table = months(&format!("2024-05-01 EGP {before}"));
    let published = publish(&mut table, &file(&format!("2024-06-01 EGP {after}"))).unwrap();
    assert!(published.events[0].jumps_allowed.is_empty());
}

/// Whichever month comes first: the one is held against the other.
#[test]
fn an_older_month_is_held_against_the_next() {
    let mut table = months("2024-06-01 IQD 1385.7992");
    assert!(publish(&mut table, &file("2024-05-01 IQD 1.385")).is_err());
}

#[test]
fn rates_of_another_source_are_not_folded() {
    let event =
        decide(&RateTable::new(RateSource::Ecb), &file("2024-06-28 SEK 11.3595")).unwrap().events.remove(0);
    assert!(RateTable::new(RateSource::InforEuro).evolve(&event).is_err());
}

#[rstest]
#[case("2024-06", Some("2024-06-01"))]
#[case("2024-13", None)]
#[case("2024-6", None)]
#[case("24-06", None)]
#[case("2024-06-01", None)]
#[case("+024-06", None)]
#[case("", None)]
fn a_month_is_written_in_one_way(#[case] text: &str, #[case] first: Option<&str>) {
    let month = text.parse::<Month>();
    assert_eq!(month.map(Month::first).ok(), first.map(day));
    if let Ok(month) = month {
        assert_eq!(month.to_string(), text);
    }
}

fn publications() -> impl Strategy<Value = Vec<(u8, u8, u32)>> {
    prop::collection::vec((0_u8..40, 0_u8..3, 1_u32..40), 1..40)
}

proptest! {
    /// However rates are cut into files: the same ones are in force, each with the number of its values.
    #[test]
    fn what_is_in_force_is_the_last_value_of_each_day(publications in publications()) {
        let codes = ["SEK", "USD", "JPY"];
        let (mut table, mut model) = (RateTable::new(RateSource::Ecb), BTreeMap::new());
        for (offset, code, value) in publications {
            let on = day("2024-05-20") + Span::new().days(i64::from(offset));
            let (code, value) = (currency(codes[usize::from(code)]), rate(&value.to_string()));
            let tables = BTreeMap::from([(on, BTreeMap::from([(code, value)]))]);
            let allow_jumps = BTreeSet::from([code]);
            let published = publish(&mut table, &Publish { tables, allow_jumps, file: FileDigest([1; 32]) }).unwrap();
            let (known, version) = model.entry((code, on)).or_insert((value, 0_u64));
            let news = *version == 0 || *known != value;
            prop_assert_eq!(published.events.len(), usize::from(news));
            if news {
                (*known, *version) = (value, *version + 1);
            }
        }
        let found: Vec<_> = table.iter().map(|(code, on, q)| ((code, on), (q.rate, q.version))).collect();
        prop_assert_eq!(found, model.into_iter().collect::<Vec<_>>());
    }

    /// The rate that holds is of the day itself or of one before with only closing days between, never of a later one.
    #[test]
    fn no_rate_is_taken_from_a_later_day_or_across_a_day_that_is_missing(
        days in prop::collection::btree_set(0_i64..60, 0..40),
        asked in 0_i64..60,
    ) {
        let start = day("2024-03-01");
        let at = |offset: i64| start + Span::new().days(offset);
        let mut table = RateTable::new(RateSource::Ecb);
        let lines: Vec<String> = days.iter().map(|offset| format!("{} SEK 11.5", at(*offset))).collect();
        publish(&mut table, &file(&lines.join("\n"))).unwrap();
        if let Some(quote) = table.on(currency("SEK"), at(asked)) {
            prop_assert!(quote.rate_date <= at(asked));
            prop_assert!(quote.rate_date >= at(asked) - Span::new().days(4), "TARGET is never closed for longer");
            prop_assert!(days.iter().any(|offset| at(*offset) == quote.rate_date));
        } else {
            prop_assert!(!days.contains(&asked));
        }
    }

    #[test]
    fn a_jump_is_seen_in_both_directions(a in 1_u64..1_000_000, b in 1_u64..1_000_000) {
        let refused = |first: u64, second: u64| {
            let mut table = months(&format!("2024-05-01 IQD {first}"));
            publish(&mut table, &file(&format!("2024-06-01 IQD {second}"))).is_err()
        };
        prop_assert_eq!(refused(a, b), refused(b, a));
        if a.max(b) > a.min(b) * u64::from(JUMP_FACTOR_MAX) {
            prop_assert!(refused(a, b));
        }
    }
}
