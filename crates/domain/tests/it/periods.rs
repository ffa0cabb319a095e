use domain::Period;
use rstest::rstest;

use crate::support::day;

#[rstest]
#[case("2024", "2024-01-01", "2024-12-31")]
#[case("2024-Q1", "2024-01-01", "2024-03-31")]
#[case("2024-Q2", "2024-04-01", "2024-06-30")]
#[case("2024-Q4", "2024-10-01", "2024-12-31")]
#[case("2024-02", "2024-02-01", "2024-02-29")]
#[case("2023-02", "2023-02-01", "2023-02-28")]
#[case("2024-04-15..2024-06-30", "2024-04-15", "2024-06-30")]
#[case("2024-04-15..2024-04-15", "2024-04-15", "2024-04-15")]
fn a_period_is_read_and_written_alike(#[case] text: &str, #[case] first: &str, #[case] last: &str) {
    let period: Period = text.parse().unwrap();
    assert_eq!((period.first(), period.last()), (day(first), day(last)));
    assert_eq!(period.to_string(), text);
    assert!(period.contains(day(first)) && period.contains(day(last)));
    assert!(
        !period.contains(day(first).yesterday().unwrap()) && !period.contains(day(last).tomorrow().unwrap())
    );
    assert_eq!(Period::new(day(first), day(last)), Ok(period));
}

#[rstest]
#[case("")]
#[case("24")]
#[case("2024-Q5")]
#[case("2024-q2")]
#[case("2024-13")]
#[case("2024-5")]
#[case("2024-06-30..2024-04-01")]
#[case("2024-04-01")]
#[case("+024")]
#[case("2024-04-01..")]
fn what_is_no_period_is_refused(#[case] text: &str) {
    let error = text.parse::<Period>().unwrap_err();
    assert!(error.to_string().contains("2024-Q2"), "{error}");
}
