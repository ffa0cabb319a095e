//! Payment status reports: read exactly, or refused with the place and the rule; hostile ones stay small.

use domain::bank::IsoCode;
use interchange::FileError;
use interchange::pain::{ReportedStatus, StatusReport, read_status, reason_in_words, status_in_words};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rstest::rstest;

/// Written by hand after the public schema.
const IN_PART: &str = include_str!("../pain002/rejected-in-part.03.xml");
const REJECTED: &str = include_str!("../pain002/rejected.10.xml");

fn read(text: impl AsRef<[u8]>) -> Result<StatusReport, FileError> {
    read_status("report.xml", text.as_ref())
}

/// `RJCT AC04`.
fn told(said: &ReportedStatus) -> String {
    let codes = said.status.iter().chain(&said.reasons).map(IsoCode::to_string);
    codes.collect::<Vec<_>>().join(" ")
}

fn all(report: &StatusReport) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", report.order, told(&report.group))];
    for instruction in &report.instructions {
        let id = instruction.id.rsplit('-').next().unwrap();
        lines.push(format!("-{id}: {}", told(&instruction.said)));
        lines.extend(instruction.payments.iter().map(|of| format!("{}: {}", of.reference, told(&of.said))));
    }
    lines
}

#[test]
fn both_versions_are_read_with_codes_and_without_words() {
    let order = "0192a0000000700080000000000000aa";
    let report = read(IN_PART).unwrap();
    assert_eq!(all(&report), [&format!("{order}: PART"), "-1: ", "RF18539007547034: RJCT AC04", "-2: ACSP"]);
    let other = read(REJECTED).unwrap();
    assert_eq!(all(&other), [&format!("{order}: RJCT AM04 B12"), "-1: RJCT", "RF18539007547034: ACTC"]);
    for kept in [format!("{report:?}"), format!("{other:?}")] {
        assert!(!kept.contains("PERSON") && !kept.contains("AT61"), "{kept}");
    }
    // Versions between and after them, with a mark in front.
    for version in ["02", "05", "12"] {
        let text = REJECTED.replace("pain.002.001.10", &format!("pain.002.001.{version}"));
        assert_eq!(read(format!("\u{feff}{text}")).unwrap(), other);
    }
}

#[test]
fn codes_have_words() {
    let code = |text: &str| text.parse::<IsoCode>().unwrap();
    assert_eq!(
        (status_in_words(code("RJCT")), reason_in_words(code("AC04"))),
        ("rejected", "the account is closed")
    );
    assert_eq!((status_in_words(code("XXXX")), reason_in_words(code("B12"))), ("", ""));
}

#[rstest]
#[case::a_statement("pain.002.001.03", "camt.053.001.08", "status.unknown-file")]
#[case::an_order("pain.002.001.03", "pain.001.001.03", "status.unknown-file")]
#[case::the_first_version("pain.002.001.03", "pain.002.001.01", "status.unknown-file")]
#[case::no_message("urn:iso:std:iso:20022:tech:xsd:pain.002.001.03", "urn:other", "status.unknown-file")]
#[case::no_order("<OrgnlMsgId>0192a0000000700080000000000000aa</OrgnlMsgId>", "", "status.missing")]
#[case::an_empty_order("<OrgnlMsgId>0192a0000000700080000000000000aa<", "<OrgnlMsgId> <", "status.reference")]
#[case::two_orders(
    "<OrgnlMsgNmId>pain.001.001.03</OrgnlMsgNmId>",
    "<OrgnlMsgId>x</OrgnlMsgId>",
    "status.doubled"
)]
#[case::an_instruction_without_a_name(
    "<OrgnlPmtInfId>0192a0000000700080000000000000aa-2</OrgnlPmtInfId>",
    "",
    "status.missing"
)]
#[case::a_payment_without_a_name("<OrgnlEndToEndId>RF18539007547034</OrgnlEndToEndId>", "", "status.missing")]
#[case::a_payment_with_two("<StsId>1</StsId>", "<OrgnlEndToEndId>x</OrgnlEndToEndId>", "status.doubled")]
#[case::no_code("<TxSts>RJCT<", "<TxSts>rejected<", "status.code")]
#[case::two_codes("<TxSts>RJCT</TxSts>", "<TxSts>RJCT</TxSts><TxSts>ACSC</TxSts>", "status.doubled")]
#[case::too_long("RF18539007547034", "RF18539007547034RF18539007547034RF18", "status.reference")]
#[case::a_doctype("<Document", "<!DOCTYPE a [<!ENTITY b \"c\">]><Document", "file.xml")]
#[case::an_entity("RF18539007547034", "&b;", "file.xml")]
#[case::cut_off("</CstmrPmtStsRpt>\n</Document>", "", "file.xml")]
fn what_is_wrong_is_named_by_its_rule(#[case] part: &str, #[case] other: &str, #[case] rule: &str) {
    assert!(IN_PART.contains(part), "{part}");
    let error = read(IN_PART.replacen(part, other, 1)).unwrap_err();
    assert_eq!(error.rule(), rule, "{error}");
    assert!(!error.to_string().contains("PERSON"), "{error}");
}

#[test]
fn a_place_is_counted_from_one() {
    let error = read(IN_PART.replace("<TxSts>RJCT<", "<TxSts>rejected<")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "report.xml: payment instruction 1, payment 1, element /OrgnlPmtInfAndSts/TxInfAndSts/TxSts, value \"rejected\": A code has 1 to 4 capital letters and digits. (rule status.code)"
    );
}

/// Deep, long and many: refused before it takes memory.
#[test]
fn hostile_reports_are_refused() {
    let open = IN_PART.split("<OrgnlPmtInfAndSts>").next().unwrap();
    let within = |inside: &str| format!("{open}<OrgnlPmtInfAndSts>{inside}");
    assert_eq!(read(within(&"<a>".repeat(100))).unwrap_err().rule(), "file.xml");
    assert_eq!(read(within(&format!("<a>{}</a>", "x".repeat(70_000)))).unwrap_err().rule(), "file.xml");
    let many = "<OrgnlPmtInfAndSts><OrgnlPmtInfId>x</OrgnlPmtInfId></OrgnlPmtInfAndSts>".repeat(100_001);
    assert_eq!(read(format!("{open}{many}")).unwrap_err().rule(), "file.too-large");
    let reasons: String =
        (0..21).map(|n| format!("<StsRsnInf><Rsn><Cd>A{n:03}</Cd></Rsn></StsRsnInf>")).collect();
    let text = IN_PART.replace("<TxSts>RJCT</TxSts>", &reasons);
    assert_eq!(read(text).unwrap_err().rule(), "file.too-large");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..300), start in select(&[0_usize, 60, 300, 900, 1_500][..])) {
        let _ = read([&IN_PART.as_bytes()[..start], &bytes].concat());
    }

    /// A good report with some bytes exchanged or left out is refused, or says something in codes.
    #[test]
    fn damaged_reports_never_panic(
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..4),
    ) {
        let mut bytes = IN_PART.as_bytes().to_vec();
        for (at, byte, cut) in changes {
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at.max(1)) } else { bytes[at] = byte }
        }
        if let Ok(report) = read(&bytes) {
            prop_assert!(report.instructions.iter().all(|of| of.id.chars().count() <= 35));
        }
    }

    /// What a bank writes is read as it was meant.
    #[test]
    fn what_is_written_is_read(
        instructions in vec((option(), vec((1_u64..1_000_000, option(), vec("[A-Z]{2}[0-9]{2}", 0..3)), 0..5)), 0..4),
    ) {
        let status = |element: &str, code: &Option<String>| {
            code.as_ref().map_or_else(String::new, |code| format!("<{element}>{code}</{element}>"))
        };
        let (mut text, mut wanted) = (String::new(), vec!["M-1: PART".to_owned()]);
        for (number, (said, payments)) in (1..).zip(&instructions) {
            text += &format!("<OrgnlPmtInfAndSts><OrgnlPmtInfId>M-{number}</OrgnlPmtInfId>{}", status("PmtInfSts", said));
            wanted.push(format!("-{number}: {}", said.clone().unwrap_or_default()));
            for (reference, said, reasons) in payments {
                let mut reasons = reasons.clone();
                let mut once = std::collections::BTreeSet::new();
                reasons.retain(|reason| once.insert(reason.clone()));
                let told: String = reasons.iter().map(|code| format!("<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>")).collect();
                text += &format!("<TxInfAndSts><OrgnlEndToEndId>{reference}</OrgnlEndToEndId>{}{told}</TxInfAndSts>", status("TxSts", said));
                let codes: Vec<String> = said.iter().cloned().chain(reasons).collect();
                wanted.push(format!("{reference}: {}", codes.join(" ")));
            }
            text += "</OrgnlPmtInfAndSts>";
        }
        let text = format!("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt><OrgnlGrpInfAndSts><OrgnlMsgId>M-1</OrgnlMsgId><GrpSts>PART</GrpSts></OrgnlGrpInfAndSts>{text}</CstmrPmtStsRpt></Document>");
        let lines = all(&read(text).unwrap());
        prop_assert_eq!(lines, wanted);
    }
}

fn option() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(select(&["RJCT", "ACSC", "ACTC"][..]).prop_map(str::to_owned))
}
