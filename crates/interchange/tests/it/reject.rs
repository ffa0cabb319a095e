//! Reject files: what is written, and that it can be imported again.

use std::fs;
use std::path::Path;

use interchange::{GrantRow, Record, RejectError, RejectFile, ReversalRow, Row, SpendRow, Table};
use money::Locale;

use crate::{REVERSAL, SPEND, file};

/// Imports `text`, writes the refused rows, returns the records and the reject file, in the place of an older one.
fn refuse<R: Row>(text: &str, path: &Path) -> (Vec<Record<R>>, String) {
    drop(fs::remove_file(path));
    let table = Table::<R, _>::open("input.csv", text.as_bytes(), Locale::Strict).unwrap();
    let mut reject = RejectFile::create(path, table.layout()).unwrap();
    let records: Vec<Record<R>> = table.map(Result::unwrap).collect();
    let mut refused = 0;
    for record in &records {
        if let Err(errors) = &record.parsed {
            reject.push(&record.fields, errors).unwrap();
            refused += 1;
        }
    }
    assert_eq!(reject.finish().unwrap(), refused);
    (records, fs::read_to_string(path).unwrap())
}

#[test]
fn a_reject_file_repeats_dialect_header_and_cells_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let text = "\u{feff}payment_ref;case_ref;paid_on;amount;currency;method\n\
                A1;MV-1;2023-07-03;615.00;EUR;card\n\
                =1+1;\"MV;2\";2023-07-03;-1;EUR;cash\n";
    let (_, rejected) = refuse::<GrantRow>(text, &folder.path().join("rejected.csv"));
    assert_eq!(
        rejected,
        "\u{feff}payment_ref;case_ref;paid_on;amount;currency;method;reason\r\n\
         =1+1;\"MV;2\";2023-07-03;-1;EUR;cash;\
         \"column amount, value \"\"-1\"\": An amount must be greater than zero. (rule amount.not-positive); \
         column method, value \"\"cash\"\": This code is not known; allowed are cash-by-partner, bank, card. \
         (rule code.unknown)\"\r\n"
    );
}

#[test]
fn a_reject_file_is_refused_the_same_until_corrected_and_then_imported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rejected.csv");
    let description = [("amount", "84x.32"), ("description", "  @two\r\n\"lines\", +1  ")];
    let (first, rejected) = refuse::<SpendRow>(&file::<SpendRow>(SPEND, &description), &path);
    let (second, again) = refuse::<SpendRow>(&rejected, &path);
    assert_eq!(again, rejected, "importing a reject file unchanged gives the same reject file");
    assert_eq!((&first[0].fields, &first[0].parsed), (&second[0].fields, &second[0].parsed));

    let (corrected, empty) = refuse::<SpendRow>(&rejected.replacen("84x.32", "847.32", 1), &path);
    assert_eq!(corrected[0].parsed.as_ref().unwrap().description.as_deref(), Some(description[1].1));
    assert_eq!(empty.lines().count(), 1);
}

#[test]
fn the_reason_of_a_reversal_survives_beside_the_reject_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rejected.csv");
    let (_, rejected) = refuse::<ReversalRow>(&file::<ReversalRow>(REVERSAL, &[("amount", "0")]), &path);
    assert!(
        rejected
            .starts_with("partner,receipt_no,supplier,reversed_on,amount,currency,reason,reject_reason\r\n")
    );
    let (corrected, _) = refuse::<ReversalRow>(&rejected.replacen(",0,EUR", ",1,EUR", 1), &path);
    assert_eq!(corrected[0].parsed.as_ref().unwrap().reason, "goods returned");
}

/// Would fail if a reason could fill the place of a missing cell: the row would be accepted, shifted.
#[test]
fn a_row_of_a_wrong_width_never_comes_to_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rejected.csv");
    let header = SpendRow::COLUMNS.join(",");
    let cells = "irara,MV-1,medical-care,2023-09-15,847.32,EUR,Al-Noor,R1";
    for width in 8..14 {
        for header in [header.clone(), format!("{header},reason"), format!("reason,{header}")] {
            let row = format!("{cells}{}", ",".repeat(width - 8));
            if width == header.split(',').count() {
                continue;
            }
            let mut text = format!("{header}\n{row}\n");
            for _ in 0..3 {
                let (records, rejected) = refuse::<SpendRow>(&text, &path);
                assert!(
                    records[0].parsed.as_ref().is_err_and(|errors| errors[0].rule == "row.cells"),
                    "{text}"
                );
                assert!(rejected.contains(cells));
                text = rejected;
            }
        }
    }
}

#[test]
fn a_reject_file_stands_there_once_complete_and_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rejected.csv");
    let header = "case_ref,paid_on,amount,currency,method,payment_ref";
    let table = Table::<GrantRow, _>::open("grants.csv", header.as_bytes(), Locale::Strict).unwrap();
    let begin = || RejectFile::create(&path, table.layout()).unwrap();
    let files = || fs::read_dir(folder.path()).unwrap().count();

    drop(begin());
    assert_eq!(files(), 0, "nothing is left behind");
    begin().finish().unwrap();
    let whole = format!("{header},reason\r\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), whole);

    // The same rows again: what stands there is what would be written.
    begin().finish().unwrap();
    for older in ["corrected".to_owned(), String::new(), format!("{whole}more"), whole[1..].to_owned()] {
        fs::write(&path, &older).unwrap();
        let error = begin().finish().unwrap_err();
        assert!(matches!(&error, RejectError::Taken { path: taken } if *taken == path), "{error}");
        assert!(error.to_string().contains("rejected.csv is there already"), "{error}");
        assert_eq!((fs::read_to_string(&path).unwrap(), files()), (older, 1));
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(begin().finish(), Err(RejectError::Taken { .. })), "a folder");

    let error = RejectFile::create(&folder.path().join("absent/rejected.csv"), table.layout()).unwrap_err();
    assert!(error.to_string().contains("rejected.csv cannot be written"), "{error}");
}

/// A link that leads nowhere is somebody's too.
#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_a_reject_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rejected.csv");
    std::os::unix::fs::symlink(folder.path().join("absent.csv"), &path).unwrap();
    let header = "case_ref,paid_on,amount,currency,method,payment_ref";
    let table = Table::<GrantRow, _>::open("grants.csv", header.as_bytes(), Locale::Strict).unwrap();
    let refused = RejectFile::create(&path, table.layout()).unwrap().finish();
    assert!(matches!(refused, Err(RejectError::Taken { .. })));
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink() && !folder.path().join("absent.csv").exists());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_a_reject_file() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rejected.csv");
    refuse::<SpendRow>(&file::<SpendRow>(SPEND, &[("amount", "x")]), &path);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
