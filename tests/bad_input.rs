//! Files that are not as they must be: each is refused with file, row, column and rule, and nothing is applied.
//!
//! The exact messages stand in `golden/messages.txt`; `SVALA_UPDATE_GOLDEN=1` writes it anew, to be read before it
//! is committed.

use crate::support::{Ledger, golden};

const CASES: &str = "case_ref,applied_on,destination,return_mode,handled_by,asylum_outcome,in_sweden,likely_received,\
                     intends_to_reestablish,court_expulsion,unaccompanied_child,decided_on,decision,departed_on,arrived_on,partner";
const GRANTS: &str = "case_ref,paid_on,amount,currency,method,payment_ref";
const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description";
const REVERSALS: &str = "partner,receipt_no,supplier,reversed_on,amount,currency,reason";

/// A ledger on which refused files leave nothing.
struct Refusing {
    ledger: Ledger,
    root: (u64, String),
    messages: String,
}

impl Refusing {
    fn new() -> Self {
        let ledger = Ledger::small("spend");
        let root = ledger.root();
        Self { ledger, root, messages: String::new() }
    }

    /// Imports a file that must be refused, under a title of its own.
    fn file(&mut self, kind: &str, title: &str, content: impl AsRef<[u8]>) {
        self.file_with(kind, title, content, "");
    }

    fn file_with(&mut self, kind: &str, title: &str, content: impl AsRef<[u8]>, options: &str) {
        let name = format!("{kind}.csv");
        self.ledger.write(&name, content);
        let message = self.ledger.fail(2, &format!("import {kind} {name} {options}"));
        assert!(message.contains(&name) && message.contains("(rule "), "{title}: {message}");
        for canary in ["FX-20", "QX77", "PAYREF", "Zeferino", "Lempa"] {
            assert!(!message.contains(canary), "{canary} is shown: {message}");
        }
        self.messages += &format!("{title}\n{message}");
    }

    /// Imports a file of good rows, but for those given: every one of them must have its error.
    fn rows(&mut self, kind: &str, header: &str, rows: &[String], options: &str) {
        self.ledger.write("rows.csv", format!("{header}\n{}\n", rows.join("\n")));
        let run = self.ledger.run(&format!("import {kind} rows.csv {options}"));
        assert_eq!(run.code, Some(2), "{run}");
        for row in 2..rows.len() + 2 {
            assert!(
                run.err.contains(&format!("rows.csv row {row}, column "))
                    || run.err.contains(&format!("rows.csv row {row}: ")),
                "row {row} has no error: {run}"
            );
        }
        assert!(run.out.contains("nothing was applied"), "{run}");
        self.messages += &run.err;
    }

    fn nothing_was_applied(self, section: &str) {
        assert_eq!(self.ledger.root(), self.root);
        golden(section, &self.messages);
    }
}

fn spend_of(amount: &str) -> String {
    format!("irara,FX-2041,education,2024-02-01,\"{amount}\",EUR,Lempa Night School,QX77-1,,")
}

#[test]
fn bad_numbers_in_the_strict_form() {
    let mut refusing = Refusing::new();
    let thirty_decimals = format!("1.{}", "1".repeat(30));
    let numbers = [
        "1e2",
        "1E+2",
        "1.005",
        "12,50",
        "1,000",
        "1,000.00",
        "1.000,00",
        "1 000.00",
        "1\u{a0}000,00",
        "1\u{202f}000.00",
        "\u{2212}5.00",
        "\u{2013}5.00",
        "(5)",
        "NaN",
        "Infinity",
        "-inf",
        "0x10",
        "\u{ff11}\u{ff12}.00",
        "\u{661}\u{662}",
        &thirty_decimals,
        "1000000000000000000",
        "92233720368547758.08",
        "99999999999999999999999999999999999999999999999999999999999999999",
        "-0",
        "-0.00",
        "",
        " ",
        "5.",
        ".5",
        "+5.00",
        "007.00",
        "5.00 ",
        " 5.00",
        "€5",
        "5 EUR",
        "five",
        "1'000.00",
        "1_000",
        "--5",
        "5-",
        "½",
        "5\u{200b}.00",
        "0",
        "0.00",
        "-5.00",
        "=1+1",
        "'5.00",
    ];
    let rows: Vec<String> = numbers.iter().map(|number| spend_of(number)).collect();
    refusing.rows("spend", SPEND, &rows, "");
    refusing.nothing_was_applied("bad numbers, strict");
}

#[test]
fn bad_numbers_in_the_swedish_form() {
    let mut refusing = Refusing::new();
    let numbers = [
        "12.50",
        "1.000,00",
        "1 00,00",
        "10 00",
        "1  000,00",
        "1\u{2009}000,00",
        "1,005",
        "1,000,00",
        "\u{2212}5,00",
        "\u{2212}0,00",
        "5,",
        ",5",
        "1e2",
        "(5)",
        "12,50 kr",
    ];
    let rows: Vec<String> = numbers.iter().map(|number| spend_of(number)).collect();
    refusing.rows("spend", SPEND, &rows, "--locale sv");
    refusing.nothing_was_applied("bad numbers, sv");
}

#[test]
fn bad_numbers_in_the_other_files() {
    let mut refusing = Refusing::new();
    refusing.rows(
        "grants",
        GRANTS,
        &[
            "FX-2052,2023-09-14,0.00,EUR,bank,PAYREF-1".into(),
            "FX-2052,2023-09-14,-1.00,EUR,bank,PAYREF-2".into(),
            "FX-2052,2023-09-14,1e2,EUR,bank,PAYREF-3".into(),
        ],
        "",
    );
    refusing.rows(
        "reversals",
        REVERSALS,
        &[
            "irara,QX77-41002,Entoto Evening Classes,2024-01-10,0.00,EUR,why".into(),
            "irara,QX77-41002,Entoto Evening Classes,2024-01-10,-5.00,EUR,why".into(),
            "irara,QX77-41002,Entoto Evening Classes,2024-01-10,1.005,EUR,why".into(),
        ],
        "",
    );
    refusing.nothing_was_applied("bad numbers, grants and reversals");
}

#[test]
fn currencies_that_are_unknown_or_have_fewer_decimals() {
    let mut refusing = Refusing::new();
    let row = |amount: &str, currency: &str| {
        format!("irara,FX-2041,education,2024-02-01,{amount},{currency},Lempa Night School,QX77-1,,")
    };
    let rows = [
        ("100.0000", "IQD"),
        ("100.5", "XOF"),
        ("100.00", "SLS"),
        ("100.00", "XAU"),
        ("100.00", "eur"),
        ("100.00", "EURO"),
        ("100.00", "QQQ"),
        ("100.00", ""),
        ("100.00", "€"),
    ]
    .map(|(amount, currency)| row(amount, currency));
    refusing.rows("spend", SPEND, &rows, "");
    refusing.rows("grants", GRANTS, &["FX-2052,2023-09-14,615.00,SEK,bank,PAYREF-1".into()], "");
    refusing.nothing_was_applied("currencies");
}

/// Each amount is one the ledger can hold; their sum for the person is not.
#[test]
fn sums_that_overflow() {
    let mut refusing = Refusing::new();
    let row = |n: u32| {
        format!("irara,FX-2041,education,2024-02-01,92233720368547758.07,EUR,Lempa Night School,QX77-{n},,")
    };
    refusing.file(
        "spend",
        "two receipts of the largest amount for one person",
        format!("{SPEND}\n{}\n{}\n", row(1), row(2)),
    );
    assert!(refusing.messages.contains("row 3, column amount"), "{}", refusing.messages);
    assert_eq!(refusing.ledger.root(), refusing.root);
}

/// The largest amounts for different people: each row is in order, and no total may make the ledger unreadable.
#[test]
fn totals_over_people_that_overflow() {
    let ledger = Ledger::small("spend");
    for (n, case) in ["FX-2041", "FX-2042", "FX-2043"].iter().enumerate() {
        ledger.write("large.csv", format!("{SPEND}\nirara,{case},education,2024-02-01,92233720368547758.07,EUR,Lempa Night School,QX77-{n},,\n"));
        ledger.run("import spend large.csv");
    }
    ledger.is_sound();
    ledger.ok("balance");
    ledger.ok("summary");
}

#[test]
fn wrong_dates_booleans_and_codes_of_cases() {
    let mut refusing = Refusing::new();
    let good = "N-1,2024-02-01,NG,voluntary,migration-agency,refused,yes,yes,yes,no,no,2024-02-15,approve,2024-03-01,2024-03-02,irara";
    let change = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    let mut rows = Vec::new();
    for date in [
        "2024-2-1",
        "01/02/2024",
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "2024-00-10",
        "20240201",
        "45323",
        "2024-02-01T00:00",
        "1989-12-31",
        "2101-01-01",
        "",
        "today",
        "２０24-02-01",
    ] {
        rows.push(change("2024-02-01", date));
    }
    for (from, to) in [
        ("NG", "ng"),
        ("NG", "Nigeria"),
        ("NG", "Q1"),
        ("NG", ""),
        ("voluntary", "Voluntary"),
        ("voluntary", "självmant"),
        ("migration-agency", "agency"),
        ("refused", "denied"),
        ("yes,yes,yes", "ja,yes,yes"),
        ("yes,yes,yes", "yes,TRUE,yes"),
        ("yes,yes,yes", "yes,yes,1"),
        ("no,no", "nej,no"),
        ("no,no", "no,"),
        ("approve", "approved"),
        ("approve", ""),
        ("2024-02-15,approve", ",approve"),
        ("2024-02-15", "2024-01-31"),
        ("2024-03-01", "2024-01-31"),
        ("2024-03-02", "2024-02-29"),
        ("2024-03-01,2024-03-02", ",2024-03-02"),
        ("irara", "Irara"),
        ("irara", "-irara"),
        ("irara", "ira ra"),
        ("irara", "a-partner-code-that-is-longer-than-thirty-two"),
        ("N-1", ""),
        ("N-1", " N-1"),
        ("N-1", "N\u{ad}-1"),
    ] {
        rows.push(change(from, to));
    }
    rows.push("N-1,x,x,x,x,x,x,x,x,x,x,x,x,x,x,X".to_owned());
    refusing.rows("cases", CASES, &rows, "");
    refusing.nothing_was_applied("dates, booleans and codes");
}

#[test]
fn unknown_cases_categories_receipts_and_texts() {
    let mut refusing = Refusing::new();
    let long = "x".repeat(65);
    refusing.rows(
        "spend",
        SPEND,
        &[
            "irara,FX-9999,education,2024-02-01,1.00,EUR,Lempa Night School,QX77-1,,".into(),
            "irara,FX-2041,schooling,2024-02-01,1.00,EUR,Lempa Night School,QX77-2,,".into(),
            "irara,FX-2041,education,2021-12-31,1.00,EUR,Lempa Night School,QX77-3,,".into(),
            "irara,FX-2041,Education,2024-02-01,1.00,EUR,Lempa Night School,QX77-4,,".into(),
            "IRARA,FX-2041,education,2024-02-01,1.00,EUR,Lempa Night School,QX77-5,,".into(),
            "irara,FX-2041,education,2024-02-01,1.00,EUR,,QX77-6,,".into(),
            "irara,FX-2041,education,2024-02-01,1.00,EUR,Lempa Night School,,,".into(),
            "irara,FX-2041,education,2024-02-01,1.00,EUR,Lempa Night School,QX77-8,abc,".into(),
            format!("irara,FX-2041,education,2024-02-01,1.00,EUR,Lempa Night School,{long},,"),
            "irara,FX-2041,education,2024-02-01,1.00,EUR,Lempa Night School,QX77-10,,\u{7}".into(),
            "irara,FX-9999,schooling,2024-02-31,1e2,SEK,,,,".into(),
            "irara,FX-9999,schooling,2024-02-01,1.00,SEK,Lempa Night School,QX77-12,,".into(),
        ],
        "",
    );
    refusing.rows(
        "grants",
        GRANTS,
        &[
            "FX-9999,2023-09-14,615.00,EUR,bank,PAYREF-1".into(),
            "FX-2052,2023-09-14,615.00,EUR,cheque,PAYREF-2".into(),
            "FX-2052,2023-09-14,615.00,EUR,bank,".into(),
        ],
        "",
    );
    refusing.rows(
        "reversals",
        REVERSALS,
        &[
            "irara,QX77-99999,Entoto Evening Classes,2024-01-10,1.00,EUR,why".into(),
            "caritas,QX77-41002,Entoto Evening Classes,2024-01-10,1.00,EUR,why".into(),
            "irara,QX77-41002,Entoto Evening Classes,2024-01-10,1.00,EUR,".into(),
        ],
        "",
    );
    refusing.nothing_was_applied("unknown and malformed");
}

#[test]
fn broken_files() {
    let mut refusing = Refusing::new();
    let row = "FX-2052,2023-09-14,615.00,EUR,bank,PAYREF-1";
    let good = format!("{GRANTS}\n{row}\n");
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(good.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let without_mark: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    refusing.file("grants", "empty", "");
    refusing.file("grants", "blank", "\n\n \n");
    refusing.file(
        "grants",
        "unclosed quote",
        format!("{GRANTS}\nFX-2052,2023-09-14,615.00,EUR,bank,\"PAYREF-1\n{row}\n"),
    );
    refusing.file("grants", "unclosed quote in the last row", format!("{good}\"FX-2052"));
    refusing.file(
        "grants",
        "text after a quote",
        format!("{GRANTS}\nFX-2052,2023-09-14,615.00,EUR,bank,\"PAYREF\"-1\n"),
    );
    refusing.file("grants", "NUL", format!("{GRANTS}\nFX-2052,2023-09-14,615.00,EUR,bank,PAY\0REF-1\n"));
    refusing.file("grants", "UTF-16 with its mark", utf16);
    refusing.file("grants", "UTF-16 without its mark", without_mark);
    refusing.file(
        "grants",
        "Windows-1252",
        [good.as_bytes(), b"FX-2052,2023-09-14,615.00,EUR,bank,S\xf6ner\n"].concat(),
    );
    refusing.file("grants", "a workbook", b"PK\x03\x04whatever");
    refusing.file("grants", "header of another kind", format!("{SPEND}\n{row}\n"));
    refusing.file("grants", "no header", format!("{row}\n"));
    refusing.file(
        "grants",
        "a column is missing",
        "case_ref,paid_on,amount,currency,method\nFX-2052,2023-09-14,615.00,EUR,bank\n",
    );
    refusing.file("grants", "a column too many", format!("{GRANTS},note\n{row},x\n"));
    refusing.file("grants", "a column twice", format!("{GRANTS},amount\n{row},615.00\n"));
    refusing.file(
        "grants",
        "a column misspelt",
        format!("{}\n{row}\n", GRANTS.replace("paid_on", "Paid_On")),
    );
    refusing.file("grants", "tabs", good.replace(',', "\t"));
    refusing.file("grants", "too few cells", format!("{GRANTS}\nFX-2052,2023-09-14,615.00,EUR,bank\n"));
    refusing.file("grants", "too many cells", format!("{GRANTS}\n{row},x\n"));
    refusing.file(
        "grants",
        "commas in a file of semicolons",
        format!("{}\n{row}\n", GRANTS.replace(',', ";")),
    );
    refusing.file(
        "grants",
        "a good row and a broken one after it",
        format!("{good}FX-2052,2023-09-15,1.00,EUR,bank,\"PAYREF-2\n"),
    );
    refusing.file("grants", "a row without end", format!("{GRANTS}\n{}", "x".repeat(70_000)));
    refusing.file("grants", "a quote without end", format!("{GRANTS}\n\"{}", "x\n".repeat(70_000)));
    refusing.file("grants", "a thousand columns", format!("{}\n", "x,".repeat(1000)));
    refusing.nothing_was_applied("broken files");
}

#[test]
fn a_file_that_is_not_there_or_a_folder() {
    let ledger = Ledger::small("cases");
    std::fs::create_dir(ledger.path("folder.csv")).unwrap();
    let messages = ledger.fail(2, "import grants nowhere.csv") + &ledger.fail(2, "import grants folder.csv");
    golden("missing files", &messages);
}

/// What a careful reader might refuse and need not.
#[test]
fn a_byte_order_mark_other_line_ends_blank_lines_and_another_column_order_are_fine() {
    let rows = [
        "FX-2052,2023-09-14,100.00,EUR,bank,PAYREF-1",
        "FX-2052,2023-09-14,\"200.00\",EUR,bank,\"PAYREF,2\"",
    ];
    let plain = format!("{GRANTS}\n{}\n{}\n", rows[0], rows[1]);
    for (title, content) in [
        ("plain", plain.clone()),
        ("mark", format!("\u{feff}{plain}")),
        ("CRLF", plain.replace('\n', "\r\n")),
        ("CR", plain.replace('\n', "\r")),
        ("no end", plain.trim_end().to_owned()),
        ("blank lines", format!("{GRANTS}\n\n{}\n,,,,,\n{}\n\n", rows[0], rows[1])),
        (
            "other order",
            "payment_ref,case_ref,paid_on,currency,amount,method\nPAYREF-1,FX-2052,2023-09-14,EUR,100.00,bank\n\"PAYREF,2\",FX-2052,2023-09-14,EUR,200.00,bank\n".to_owned(),
        ),
    ] {
        let ledger = Ledger::small("cases");
        ledger.write("grants.csv", content);
        let report = ledger.json("import grants grants.csv");
        assert_eq!(report["counts"]["applied"], 2, "{title}: {report}");
        let grants = ledger.csv("grant list --case FX-2052");
        assert_eq!(
            grants.iter().map(|g| &*g["payment_ref"]).collect::<Vec<_>>(),
            ["PAYREF-1", "PAYREF,2"],
            "{title}"
        );
    }
}

#[test]
fn errors_come_as_data_too_and_all_of_them_are_counted() {
    let ledger = Ledger::small("cases");
    let rows: String = (0..1200)
        .map(|n| format!("irara,FX-9999,schooling,2024-02-01,1.00,EUR,Lempa,QX77-{n},,\n"))
        .collect();
    ledger.write("spend.csv", format!("{SPEND}\n{rows}"));
    let run = ledger.run("import spend spend.csv --format json");
    assert_eq!(run.code, Some(2));
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (report["errors_total"].as_u64(), report["counts"]["rejected"].as_u64()),
        (Some(2400), Some(1200))
    );
    assert_eq!(
        (&report["errors"][1]["column"], &report["errors"][1]["rule"]),
        (&"category".into(), &"category.unknown".into())
    );
    assert_eq!(report["written"], false);
}
