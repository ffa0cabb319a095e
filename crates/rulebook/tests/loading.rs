//! What is refused on loading, and the exact words, because people repair a rulebook by them.

mod common;

use common::{add_rule, edit, edited, errors, with_rule, with_table, without};
use rstest::rstest;
use rulebook::{Parameters, Rulebook, SpendRate};

#[rstest]
#[case::unknown_key(
    edited("jrs.reintegration.forced", "cap =", "capp ="),
    "(`jrs.reintegration.forced`): unknown field `capp`, expected one of `id`, `budget_line`, \
     `cap`, `return_mode`, `forced_only_if`, `unaccompanied_child`, `destinations`, `replaces`, \
     `valid_from`, `valid_until`, `source`, `sentence`, `meaning`, `note`; correct the document there"
)]
#[case::missing_key(
    edited("jrs.reintegration.forced", "cap = \"2000.00\"\n", ""),
    "(`jrs.reintegration.forced`): missing field `cap`; correct the document there"
)]
#[case::unknown_table(
    with_table("rule", "id = \"x\""),
    "(`x`): unknown field `rule`, expected one of `version`, `title`, `source`, `programme`, \
     `budget_line`, `parameter`, `destination`, `condition`, `check`, `exclusion`, `pause`, \
     `entitlement`, `category`; correct the document there"
)]
#[case::not_toml(
    edited("jrs.reintegration.forced", "cap = \"2000.00\"", "cap = 2 000"),
    "(`jrs.reintegration.forced`): string values must be quoted, expected literal string; \
     correct the document there"
)]
#[case::cap_with_a_comma(
    edited("jrs.reintegration.forced", "2000.00", "2000,00"),
    "(`jrs.reintegration.forced`): `2000,00` is no cap, write euros like \"3000.00\", or \
     \"per-award\"; correct the document there"
)]
#[case::cap_as_a_number(
    edited("jrs.reintegration.forced", "\"2000.00\"", "2000.00"),
    "(`jrs.reintegration.forced`): invalid type: floating point `2000.0`, expected a string; \
     correct the document there"
)]
#[case::no_such_day(
    edited("jrs.reintegration.iraq-extended", "2024-06-30", "2024-06-31"),
    "(`jrs.reintegration.iraq-extended`): invalid date, expected day between 01 and 30; correct \
     the document there"
)]
#[case::date_as_text(
    edited("jrs.reintegration.iraq-extended", "2024-06-30", "\"2024-06-30\""),
    "(`jrs.reintegration.iraq-extended`): invalid type: string \"2024-06-30\", expected a TOML \
     datetime; correct the document there"
)]
#[case::unknown_return_mode(
    edited("jrs.reintegration.forced", "\"forced\"", "\"police\""),
    "(`jrs.reintegration.forced`): unknown variant `police`, expected `voluntary` or `forced`; \
     correct the document there"
)]
#[case::neither_yes_nor_no(
    edited("jrs.reintegration.forced", "\"no\"", "\"never\""),
    "(`jrs.reintegration.forced`): `never` is neither \"yes\" nor \"no\"; correct the document \
     there"
)]
#[case::no_country(
    edited("jrs.reintegration.iraq-extended", "[\"IQ\"]", "[\"Irak\"]"),
    "(`jrs.reintegration.iraq-extended`): a country is two capital letters (ISO 3166-1 alpha-2, \
     XS for Somaliland); correct the document there"
)]
#[case::unknown_fact(
    edited("not-court-expelled", "\"court_expulsion\"", "\"convicted\""),
    "(`not-court-expelled`): unknown variant `convicted`, expected one of `destination`, \
     `return_mode`, `handled_by`, `asylum_outcome`, `in_sweden`, `likely_received`, \
     `intends_to_reestablish`, `court_expulsion`, `unaccompanied_child`; correct the document there"
)]
fn unreadable(#[case] document: String, #[case] message: &str) {
    let errors = errors(&document);
    let [error] = &errors[..] else { panic!("{errors:?}") };
    // The number moves whenever the rulebook is edited; `the_line_is_named` has one that stays.
    let (_, after_line_number) = error.trim_start_matches("line ").split_once(' ').unwrap();
    assert_eq!(after_line_number, message);
}

#[test]
fn the_line_is_named() {
    let document = "version = \"1\"\ntitle = \"t\"\n\n[[pause]]\nprogramme = 7\nid = \"p\"\n";
    assert_eq!(
        errors(document),
        ["line 5 (`p`): invalid type: integer `7`, expected a string; correct the document there"]
    );
    assert_eq!(
        errors("version = 1"),
        ["line 1: invalid type: integer `1`, expected a string; correct the document there"]
    );
}

#[rstest]
#[case::duplicate_id(
    edited("likely-received", "id = \"likely-received\"", "id = \"jrs\""),
    "`jrs` is the id of two entries (a programme and a condition); give one of them another id"
)]
#[case::dates_swapped(
    edited("jrs.reintegration.iraq-extended", "2024-06-30", "2023-05-31"),
    "`jrs.reintegration.iraq-extended`: valid_until 2023-05-31 lies before valid_from 2023-06-01; swap or \
     correct the dates"
)]
#[case::unknown_source(
    edited("jrs.pause.palestine", "migrationsverket-stodinsatser", "migrationsverket"),
    "`jrs.pause.palestine`: source `migrationsverket` is not in the rulebook; use one of \
     migrationsverket-stodinsatser, rodakorset-atervandande, svala-default or add it"
)]
#[case::unknown_programme(
    edited("arrival-grant", "\"jrs\"", "\"jsr\""),
    "`arrival-grant`: programme `jsr` is not in the rulebook; use one of jrs, amira2 or add it"
)]
#[case::unknown_line(
    edited("jrs.arrival-grant", "budget_line = \"arrival-grant\"", "budget_line = \"grants\""),
    "`jrs.arrival-grant`: budget line `grants` is not in the rulebook; use one of arrival-grant, \
     reintegration, amira2-iraq, amira2-material-sweden or add it"
)]
#[case::unknown_destination(
    edited("jrs.reintegration.iraq-extended", "[\"IQ\"]", "[\"IR\"]"),
    "`jrs.reintegration.iraq-extended`: destination `IR` is not in the rulebook; use one of AM, BD, CD, \
     EG, ET, GM, IQ, JO, MA, MN, NG, PK, PS, SO, SV, XS or add it"
)]
#[case::unknown_general_rule(
    edited("jrs.reintegration.iraq-extended", "[\"jrs.reintegration.voluntary\"]", "[\"jrs.voluntary\"]"),
    "`jrs.reintegration.iraq-extended`: replaced rule `jrs.voluntary` is not in the rulebook; use one of \
     jrs.arrival-grant, jrs.reintegration.voluntary, jrs.reintegration.forced, \
     jrs.reintegration.unaccompanied-child, jrs.reintegration.iraq-extended, amira2.iraq, \
     amira2.material-sweden or add it"
)]
#[case::unknown_switch(
    edited("jrs.arrival-grant", "\"arrival_grant_for_police_cases\"", "\"police_cases\""),
    "`jrs.arrival-grant`: yes-or-no parameter `police_cases` is not in the rulebook; use one of \
     arrival_grant_for_police_cases or add it"
)]
#[case::cap_of_zero(
    edited("jrs.reintegration.forced", "2000.00", "0.00"),
    "`jrs.reintegration.forced`: cap 0.00 is not more than 0.00; write the most that one person may \
     receive"
)]
#[case::cap_below_zero(
    edited("jrs.reintegration.forced", "2000.00", "-1.00"),
    "`jrs.reintegration.forced`: cap -1.00 is not more than 0.00; write the most that one person may \
     receive"
)]
#[case::award_without_amount(
    edited("jrs.reintegration.forced", "2000.00", "per-award"),
    "`jrs.reintegration.forced`: cap per-award does not fit programme `jrs`, which is granted by \
     application; write an amount"
)]
#[case::award_with_amount(
    edited("amira2.iraq", "per-award", "800.00"),
    "`amira2.iraq`: cap 800.00 does not fit programme `amira2`, which is granted by award; write \
     \"per-award\""
)]
#[case::nobody_returns(
    edited("jrs.reintegration.forced", "[\"forced\"]", "[]"),
    "`jrs.reintegration.forced`: return_mode is empty, so this would never hold; list at least one value"
)]
#[case::no_value_allowed(
    edited("not-court-expelled", "[\"no\"]", "[]"),
    "`not-court-expelled`: allowed is empty, so this would never hold; list at least one value"
)]
#[case::impossible_value(
    edited("not-court-expelled", "[\"no\"]", "[\"false\"]"),
    "`not-court-expelled`: fact `court_expulsion` is never `false`; allowed may list yes, no"
)]
#[case::impossible_outcome(
    edited("asylum-refused-or-withdrawn", "\"refused\"", "\"rejected\""),
    "`asylum-refused-or-withdrawn`: fact `asylum_outcome` is never `rejected`; allowed may list refused, \
     withdrawn, pending, granted"
)]
#[case::no_sentence(
    edited("jrs.pause.palestine", "\"JRS-stödet till Palestina är pausat\"", "\"\""),
    "`jrs.pause.palestine`: sentence is empty; fill it in"
)]
#[case::missing_parameter(
    without("grant_days_after_arrival"),
    "parameter `grant_days_after_arrival` is missing; add a [[parameter]] with this id and a whole number \
     from 1 to 3652 as value"
)]
#[case::parameter_out_of_range(
    edited("package_months_after_arrival", "12", "0"),
    "parameter `package_months_after_arrival` is 0, it must be a whole number from 1 to 120"
)]
#[case::a_rate_in_place_of_a_rule(
    edited("spend_rate", "inforeuro-month-of-delivery", "1.0"),
    "parameter `spend_rate` is \"1.0\", it must be \"inforeuro-month-of-delivery\" or \
     \"inforeuro-month-of-submission\" or \"ecb-day-of-delivery\""
)]
#[case::an_amount_that_is_none(
    edited("second_approval_from", "\"2000.00\"", "2000"),
    "parameter `second_approval_from` is 2000, it must be an amount such as \"2000.00\""
)]
#[case::a_limit_that_flags_everything(
    edited("near_threshold_percent", "5", "51"),
    "parameter `near_threshold_percent` is 51, it must be a whole number from 1 to 50"
)]
#[case::parameter_of_another_type(
    edited("arrival_grant_for_police_cases", "true", "\"yes\""),
    "parameter `arrival_grant_for_police_cases` is \"yes\", it must be true or false"
)]
#[case::unknown_parameter_value(
    edited("amount_fixed_by", "\"application-date\"", "\"arrival-date\""),
    "parameter `amount_fixed_by` is \"arrival-date\", it must be \"application-date\" or \
     \"decision-date\""
)]
#[case::misspelt_parameter(
    edited("amount_fixed_by", "\"amount_fixed_by\"", "\"amount_fixed\""),
    "parameter `amount_fixed` does not exist; known are amount_fixed_by, grant_days_after_arrival, \
     package_months_after_arrival, arrival_grant_for_police_cases, spend_rate, second_approval_from, \
     late_report_days, outlier_factor, near_threshold_percent\n\
     parameter `amount_fixed_by` is missing; add a [[parameter]] with this id and \"application-date\" or \
     \"decision-date\" as value"
)]
#[case::check_missing(
    without("programme-paused"),
    "there are 0 checks against pauses, there must be one; add or remove a [[check]]"
)]
#[case::two_programmes_by_application(
    edited("amira2", "\"award\"", "\"application\""),
    "`amira2.iraq`: cap per-award does not fit programme `amira2`, which is granted by application; write \
     an amount\n\
     `amira2.material-sweden`: cap per-award does not fit programme `amira2`, which is granted by \
     application; write an amount\n\
     jrs and amira2 are granted_by = \"application\"; exactly one must be, because an application is \
     assessed for one programme; correct granted_by"
)]
#[case::condition_of_an_award(
    edited("likely-received", "\"jrs\"", "\"amira2\""),
    "`likely-received`: programme `amira2` is granted by award, so this would never be used; remove it or \
     name the programme that is granted by application"
)]
#[case::nothing_for_everyone(
    edited("reintegration", "covers_everyone = true", "covers_everyone = false"),
    "programme `jrs` has no budget line with covers_everyone = true, so an approval could grant nothing; \
     set it on one"
)]
#[case::country_twice(
    edited("jrs.destination.bd", "\"BD\"", "\"AM\""),
    "destination `AM` has two entries for 2022-01-01..open: `jrs.destination.am` and \
     `jrs.destination.bd`; end one before the other begins"
)]
fn wrong(#[case] document: String, #[case] messages: &str) {
    assert_eq!(errors(&document).join("\n"), messages);
}

#[rstest]
#[case::itself(
    "jrs.reintegration.voluntary",
    "`jrs.reintegration.voluntary` replaces `jrs.reintegration.voluntary` in a circle; remove one of \
     these `replaces`"
)]
#[case::the_special_one(
    "jrs.reintegration.iraq-extended",
    "`jrs.reintegration.voluntary` replaces `jrs.reintegration.iraq-extended` replaces \
     `jrs.reintegration.voluntary` in a circle; remove one of these `replaces`"
)]
fn replacing_in_a_circle(#[case] replaced: &str, #[case] message: &str) {
    let line = format!("cap = \"3000.00\"\nreplaces = [\"{replaced}\"]");
    assert_eq!(errors(&edited("jrs.reintegration.voluntary", "cap = \"3000.00\"", &line)), [message]);
}

#[test]
fn replacing_a_rule_of_another_line() {
    let document = edited(
        "jrs.reintegration.iraq-extended",
        "[\"jrs.reintegration.voluntary\"]",
        "[\"jrs.arrival-grant\"]",
    );
    assert_eq!(
        errors(&document),
        ["`jrs.reintegration.iraq-extended` (5000.00, 2023-06-01..2024-06-30) of budget line \
             `reintegration` replaces `jrs.arrival-grant` (615.00, 2022-01-01..open) of `arrival-grant`; \
             a rule can only replace rules of its own line"]
    );
}

#[test]
fn replacing_a_rule_that_is_never_met() {
    let document = edited(
        "jrs.reintegration.iraq-extended",
        "[\"jrs.reintegration.voluntary\"]",
        "[\"jrs.reintegration.forced\"]",
    );
    assert_eq!(
        errors(&document),
        [
            "`jrs.reintegration.iraq-extended` (5000.00, 2023-06-01..2024-06-30) replaces \
             `jrs.reintegration.forced` (2000.00, 2022-01-01..open), but no person and day has both; \
             remove it from `replaces`",
            "budget line `reintegration`: `jrs.reintegration.voluntary` (3000.00, 2022-01-01..open) and \
             `jrs.reintegration.iraq-extended` (5000.00, 2023-06-01..2024-06-30) both cover voluntary \
             return to IQ in 2023-06-01..2024-06-30; end one before the other begins, narrow one, or let \
             the special one replace the general one"
        ]
    );
}

#[test]
fn a_special_rule_for_more_people_than_the_general_one() {
    let document =
        edited("jrs.reintegration.iraq-extended", "[\"voluntary\"]", "[\"voluntary\", \"forced\"]");
    assert_eq!(
        errors(&document),
        [
            "`jrs.reintegration.iraq-extended` (5000.00, 2023-06-01..2024-06-30) replaces \
             `jrs.reintegration.voluntary` (3000.00, 2022-01-01..open), but also covers forced return to \
             IQ in 2023-06-01..2024-06-30, which they do not; narrow the special rule or widen a general \
             one",
            "budget line `reintegration`: `jrs.reintegration.forced` (2000.00, 2022-01-01..open) and \
             `jrs.reintegration.iraq-extended` (5000.00, 2023-06-01..2024-06-30) both cover forced return \
             of anyone but an unaccompanied child to IQ in 2023-06-01..2024-06-30; end one before the \
             other begins, narrow one, or let the special one replace the general one",
            "budget line `reintegration`: `jrs.reintegration.unaccompanied-child` (3000.00, \
             2022-01-01..open) and `jrs.reintegration.iraq-extended` (5000.00, 2023-06-01..2024-06-30) \
             both cover forced return of an unaccompanied child to IQ in 2023-06-01..2024-06-30; end one \
             before the other begins, narrow one, or let the special one replace the general one"
        ]
    );
}

#[test]
fn a_special_rule_for_longer_than_the_general_one() {
    let document =
        edited("jrs.reintegration.iraq-extended", "valid_from = 2023-06-01", "valid_from = 2021-06-01");
    assert_eq!(
        errors(&document),
        ["`jrs.reintegration.iraq-extended` (5000.00, 2021-06-01..2024-06-30) replaces \
             `jrs.reintegration.voluntary` (3000.00, 2022-01-01..open), but also covers voluntary return \
             to IQ in 2021-06-01..2021-12-31, which they do not; narrow the special rule or widen a \
             general one"]
    );
}

#[test]
fn an_overlap_without_replaces() {
    let document =
        edited("jrs.reintegration.iraq-extended", "replaces = [\"jrs.reintegration.voluntary\"]\n", "");
    assert_eq!(
        errors(&document),
        ["budget line `reintegration`: `jrs.reintegration.voluntary` (3000.00, 2022-01-01..open) and \
             `jrs.reintegration.iraq-extended` (5000.00, 2023-06-01..2024-06-30) both cover voluntary \
             return to IQ in 2023-06-01..2024-06-30; end one before the other begins, narrow one, or let \
             the special one replace the general one"]
    );
}

#[test]
fn an_overlap_of_one_day() {
    let document = edited(
        "jrs.reintegration.forced",
        "valid_from = 2022-01-01",
        "valid_from = 2022-01-01\nvalid_until = 2025-01-01",
    );
    let document = add_rule(
        &document,
        "jrs.reintegration.forced-2025",
        "cap = \"2200.00\"\nreturn_mode = [\"forced\"]\nunaccompanied_child = \"no\"\n\
         valid_from = 2025-01-01",
    );
    assert_eq!(
        errors(&document),
        ["budget line `reintegration`: `jrs.reintegration.forced` (2000.00, 2022-01-01..2025-01-01) \
             and `jrs.reintegration.forced-2025` (2200.00, 2025-01-01..open) both cover forced return of \
             anyone but an unaccompanied child to every destination in 2025-01-01..2025-01-01; end one \
             before the other begins, narrow one, or let the special one replace the general one"]
    );
}

#[test]
fn an_overlap_of_two_special_rules() {
    let document = with_rule(
        "jrs.reintegration.iraq-2024",
        "cap = \"4000.00\"\nreturn_mode = [\"voluntary\"]\ndestinations = [\"IQ\", \"JO\"]\n\
         replaces = [\"jrs.reintegration.voluntary\"]\nvalid_from = 2024-06-01",
    );
    assert_eq!(
        errors(&document),
        ["budget line `reintegration`: `jrs.reintegration.iraq-extended` (5000.00, \
             2023-06-01..2024-06-30) and `jrs.reintegration.iraq-2024` (4000.00, 2024-06-01..open) both \
             cover voluntary return to IQ in 2024-06-01..2024-06-30; end one before the other begins, \
             narrow one, or let the special one replace the general one"]
    );
}

#[test]
fn an_overlap_on_a_line_of_awards() {
    let document = edited("amira2.material-sweden", "\"amira2-material-sweden\"", "\"amira2-iraq\"");
    assert_eq!(
        errors(&document),
        ["budget line `amira2-iraq`: `amira2.iraq` (per-award, 2023-02-01..2025-01-31) and \
             `amira2.material-sweden` (per-award, 2023-02-01..2025-01-31) both cover voluntary return to \
             IQ and forced return to IQ in 2023-02-01..2025-01-31; end one before the other begins, \
             narrow one, or let the special one replace the general one"]
    );
}

#[test]
fn a_gap_between_two_rules() {
    let document = edited(
        "jrs.reintegration.forced",
        "valid_from = 2022-01-01",
        "valid_from = 2022-01-01\nvalid_until = 2024-12-31",
    );
    let document = add_rule(
        &document,
        "jrs.reintegration.forced-2025",
        "cap = \"2200.00\"\nreturn_mode = [\"forced\"]\nunaccompanied_child = \"no\"\n\
         valid_from = 2025-02-01",
    );
    assert_eq!(
        errors(&document),
        ["budget line `reintegration`: no rule covers forced return of anyone but an unaccompanied \
             child to BD, CD, EG, ET, GM, IQ, JO, MA, NG, PK, PS, SO, SV, XS in 2025-01-01..2025-01-31; \
             `jrs.reintegration.forced` (2000.00, 2022-01-01..2024-12-31) ends before, \
             `jrs.reintegration.forced-2025` (2200.00, 2025-02-01..open) begins after; extend the first, \
             begin the second earlier, or add a rule"]
    );
}

#[test]
fn a_gap_with_nothing_after_it() {
    let document = edited(
        "jrs.reintegration.unaccompanied-child",
        "valid_from = 2022-01-01",
        "valid_from = 2022-01-01\nvalid_until = 2024-12-31",
    );
    assert_eq!(
        errors(&document),
        ["budget line `reintegration`: no rule covers forced return of an unaccompanied child to BD, \
             CD, EG, ET, GM, IQ, JO, MA, NG, PK, PS, SO, SV, XS in 2025-01-01..open; \
             `jrs.reintegration.unaccompanied-child` (3000.00, 2022-01-01..2024-12-31) ends before, none \
             begins after; extend it or add a rule"]
    );
}

#[test]
fn a_gap_with_nothing_before_it() {
    let document = edited("jrs", "valid_from = 2022-01-01", "valid_from = 2021-12-01");
    let document =
        edit(&document, "jrs.destination.pk", "valid_from = 2022-01-01", "valid_from = 2021-12-01");
    assert_eq!(
        errors(&document),
        [
            "budget line `reintegration`: no rule covers voluntary return to PK in \
             2021-12-01..2021-12-31; none ends before, `jrs.reintegration.voluntary` (3000.00, \
             2022-01-01..open) begins after; begin it earlier or add a rule",
            "budget line `reintegration`: no rule covers forced return of anyone but an unaccompanied \
             child to PK in 2021-12-01..2021-12-31; none ends before, `jrs.reintegration.forced` \
             (2000.00, 2022-01-01..open) begins after; begin it earlier or add a rule",
            "budget line `reintegration`: no rule covers forced return of an unaccompanied child to PK in \
             2021-12-01..2021-12-31; none ends before, `jrs.reintegration.unaccompanied-child` (3000.00, \
             2022-01-01..open) begins after; begin it earlier or add a rule"
        ]
    );
}

#[test]
fn a_gap_with_nothing_around_it() {
    assert_eq!(
        errors(&without("jrs.reintegration.forced")),
        ["budget line `reintegration`: no rule covers forced return of anyone but an unaccompanied \
             child to BD, CD, EG, ET, GM, IQ, JO, MA, NG, PK, PS, SO, SV, XS in 2022-01-01..open; none \
             ends before, none begins after; add a rule"]
    );
}

#[test]
fn a_gap_where_an_exclusion_ends() {
    let document =
        edited("jrs.reintegration.forced", "unaccompanied_child = \"no\"", "destinations = [\"PK\"]");
    let document = edit(
        &document,
        "jrs.exclusion.forced-armenia",
        "valid_from = 2022-01-01",
        "valid_from = 2022-01-01\nvalid_until = 2024-12-31",
    );
    assert_eq!(
        errors(&document),
        [
            "budget line `reintegration`: `jrs.reintegration.forced` (2000.00, 2022-01-01..open) and \
             `jrs.reintegration.unaccompanied-child` (3000.00, 2022-01-01..open) both cover forced return \
             of an unaccompanied child to PK in 2022-01-01..open; end one before the other begins, narrow \
             one, or let the special one replace the general one",
            "budget line `reintegration`: no rule covers forced return of anyone but an unaccompanied \
             child to BD, CD, EG, ET, GM, IQ, JO, MA, NG, PS, SO, SV, XS in 2022-01-01..open; none ends \
             before, none begins after; add a rule",
            "budget line `reintegration`: no rule covers forced return of anyone but an unaccompanied \
             child to AM in 2025-01-01..open; none ends before, none begins after; add a rule"
        ]
    );
}

#[test]
fn nothing_is_missing_after_the_end_of_the_programme() {
    let until = "valid_from = 2022-01-01\nvalid_until = 2024-12-31";
    let ended = edited("jrs", "valid_from = 2022-01-01", until);
    let rule = edit(&ended, "jrs.reintegration.forced", "valid_from = 2022-01-01", until);
    assert_eq!(errors(&rule), Vec::<String>::new());
    let decided = edit(&rule, "amount_fixed_by", "\"application-date\"", "\"decision-date\"");
    assert_eq!(
        errors(&decided),
        ["budget line `reintegration`: no rule covers forced return of anyone but an unaccompanied \
             child to BD, CD, EG, ET, GM, IQ, JO, MA, NG, PK, PS, SO, SV, XS in 2025-01-01..open; \
             `jrs.reintegration.forced` (2000.00, 2022-01-01..2024-12-31) ends before, none begins after; \
             extend it or add a rule"]
    );
}

/// Documents that ledgers adopted before the parameter was there are read for ever.
#[test]
fn a_document_without_the_rate_means_that_of_the_month_of_the_delivery() {
    let book = Rulebook::parse(&without("spend_rate")).unwrap();
    assert_eq!(book.parameters().spend_rate, SpendRate::InforEuroMonthOfDelivery);
}

#[test]
fn a_document_without_the_limits_of_approval_asks_for_nobody_and_flags_nothing() {
    let names = ["second_approval_from", "late_report_days", "outlier_factor", "near_threshold_percent"];
    for name in names {
        let book = Rulebook::parse(&without(name)).unwrap();
        let all = *Rulebook::embedded().unwrap().parameters();
        let expected = match name {
            "second_approval_from" => Parameters { second_approval_from: None, ..all },
            "late_report_days" => Parameters { late_report_days: None, ..all },
            "outlier_factor" => Parameters { outlier_factor: None, ..all },
            _ => Parameters { near_threshold_percent: None, ..all },
        };
        assert_eq!(*book.parameters(), expected, "{name}");
    }
}

#[test]
fn nothing_is_missing_for_whom_a_condition_bars() {
    let document = without("jrs.reintegration.unaccompanied-child");
    assert_eq!(errors(&document).len(), 1);
    let bar = "[[condition]]\nid = \"adults-only\"\nprogramme = \"jrs\"\nfact = \"unaccompanied_child\"\n\
               allowed = [\"no\"]\nvalid_from = 2022-01-01\nsource = \"svala-default\"\n\
               sentence = \"-\"\n\n[[check]]";
    assert_eq!(errors(&document.replacen("[[check]]", bar, 1)), Vec::<String>::new());
}

#[test]
fn errors_are_counted_and_numbered() {
    let document = edited("jrs.reintegration.forced", "2000.00", "0.00");
    let document = edit(&document, "jrs.pause.palestine", "\"PS\"", "\"PZ\"");
    let Err(errors) = Rulebook::parse(&document) else { panic!("loaded") };
    assert_eq!(
        errors.to_string(),
        "the rulebook has 2 errors:\n\
         1. `jrs.pause.palestine`: destination `PZ` is not in the rulebook; use one of AM, BD, \
         CD, EG, ET, GM, IQ, JO, MA, MN, NG, PK, PS, SO, SV, XS or add it\n\
         2. `jrs.reintegration.forced`: cap 0.00 is not more than 0.00; write the most that one person may \
         receive"
    );
}
