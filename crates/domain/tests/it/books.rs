//! The chart of accounts: whatever is booked finds its accounts, or the chart is refused.

use domain::books::{Chart, MoneyKind};
use rstest::rstest;

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
