//! The headers, and what is refused in their place.

use interchange::{CaseRow, GrantRow, ReversalRow, Row, SpendRow};
use money::Locale;
use rstest::rstest;

use crate::read;

#[test]
fn the_four_headers_are_the_format() {
    assert_eq!(
        CaseRow::COLUMNS.join(","),
        "case_ref,applied_on,destination,return_mode,handled_by,asylum_outcome,in_sweden,likely_received,\
         intends_to_reestablish,court_expulsion,unaccompanied_child,decided_on,decision,departed_on,arrived_on,\
         partner"
    );
    assert_eq!(GrantRow::COLUMNS.join(","), "case_ref,paid_on,amount,currency,method,payment_ref");
    assert_eq!(
        SpendRow::COLUMNS.join(","),
        "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description"
    );
    assert_eq!(
        ReversalRow::COLUMNS.join(","),
        "partner,receipt_no,supplier,reversed_on,amount,currency,reason"
    );
}

#[rstest]
#[case::order("payment_ref,method,currency,amount,paid_on,case_ref")]
#[case::quoted("\"case_ref\";\"paid_on\";amount;currency;method;payment_ref")]
#[case::reject_column_last("case_ref,paid_on,amount,currency,method,payment_ref,reason\r\n")]
#[case::reject_column_moved("reason,case_ref,paid_on,amount,currency,method,payment_ref")]
#[case::byte_order_mark("\u{feff}case_ref,paid_on,amount,currency,method,payment_ref")]
fn columns_may_stand_in_any_order(#[case] header: &str) {
    assert_eq!(read::<GrantRow>(header.as_bytes(), Locale::Strict).unwrap(), []);
}

#[rstest]
#[case::missing(
    "case_ref,paid_on,amount,method",
    "grants.csv: Row 1 is not the header of a grants file; missing: currency, payment_ref. (rule file.header)"
)]
#[case::unknown(
    "case_ref,paid_on,amount,currency,method,payment_ref,Amount,note\u{202e}",
    "grants.csv: Row 1 is not the header of a grants file; unknown: \"Amount\", \"note\\u{202e}\". \
     (rule file.header)"
)]
#[case::doubled(
    "case_ref,paid_on,amount,currency,method,payment_ref,amount,reason,amount,reason",
    "grants.csv: Row 1 is not the header of a grants file; more than once: amount, reason. (rule file.header)"
)]
#[case::all(
    "\ncase_ref;case_ref;a,b",
    "grants.csv: Row 2 is not the header of a grants file; missing: paid_on, amount, currency, method, \
     payment_ref; unknown: \"a,b\"; more than once: case_ref. (rule file.header)"
)]
#[case::tabs(
    "case_ref\tpaid_on\tamount\tcurrency\tmethod\tpayment_ref",
    "grants.csv: Row 1 is not the header of a grants file; missing: case_ref, paid_on, amount, currency, method, \
     payment_ref. (rule file.header)"
)]
#[case::no_header_but_data_which_is_not_shown(
    "MV-03-00000,2023-07-03,615.00,EUR,card,AG000000",
    "grants.csv: Row 1 is not the header of a grants file; missing: case_ref, paid_on, amount, currency, method, \
     payment_ref. (rule file.header)"
)]
#[case::trailing_delimiter(
    "case_ref,paid_on,amount,currency,method,payment_ref,",
    "grants.csv: Row 1 is not the header of a grants file; unknown: \"\". (rule file.header)"
)]
#[case::empty("", "grants.csv: The file is empty. It must begin with a header row. (rule file.empty)")]
#[case::blank(
    "\u{feff}\r\n\n",
    "grants.csv: The file is empty. It must begin with a header row. (rule file.empty)"
)]
fn a_wrong_header_says_which_columns(#[case] text: &str, #[case] message: &str) {
    let error = read::<GrantRow>(text.as_bytes(), Locale::Strict).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test]
fn the_reason_of_a_reversal_is_its_own_column() {
    let header = "partner,receipt_no,supplier,reversed_on,amount,currency,reject_reason";
    let error = read::<ReversalRow>(header.as_bytes(), Locale::Strict).unwrap_err();
    assert_eq!(
        error.to_string(),
        "reversals.csv: Row 1 is not the header of a reversals file; missing: reason. (rule file.header)"
    );
}
