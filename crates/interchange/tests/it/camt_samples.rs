//! The public samples of camt messages, against what another reader made of them (JSON beside each).

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use interchange::camt::{BankStatement, Entry, Transaction, read_statements};
use money::Amount;
use serde_json::Value;

/// The samples' folder; says so loudly where it is not there.
fn folder() -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let samples = std::env::var_os("SVALA_SAMPLES");
    let samples = samples.map_or_else(|| repository.join("../shared/samples"), PathBuf::from).join("camt");
    if samples.is_dir() {
        return Some(samples);
    }
    // Not through a macro, which keeps it back with the output of the test.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: the samples camt are not beside the repository; name their folder with SVALA_SAMPLES"
    );
    None
}

fn read(folder: &Path, name: &str) -> Vec<BankStatement> {
    let file = fs::File::open(folder.join(format!("{name}.xml"))).unwrap();
    read_statements(name, file).unwrap()
}

/// Smallest units and currency, as the JSON has them.
fn money(amount: &Amount) -> (String, String) {
    (amount.value().mantissa().to_string(), amount.currency().to_string())
}

fn json_money(value: &Value) -> (String, String) {
    (text(&value["getAmount"]).unwrap(), text(&value["getCurrency"]["getCode"]).unwrap())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The day of a moment.
fn day(value: &Value) -> Option<String> {
    text(&value["0"]).map(|moment| moment[..10].to_owned())
}

fn same_statement(ours: &BankStatement, theirs: &Value) {
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    assert_eq!(Some(ours.id.clone()), text(&theirs["getId"]));
    assert_eq!(number(ours.electronic_sequence), text(&theirs["getElectronicSequenceNumber"]));
    assert_eq!(number(ours.legal_sequence), text(&theirs["getLegalSequenceNumber"]));
    assert_eq!(ours.copy.map(|code| code.to_string()), text(&theirs["getCopyDuplicateIndicator"]));
    assert_eq!(Some(ours.account.clone()), text(&theirs["getAccount"]["getIdentification"]));
    assert_eq!(ours.from.map(|day| day.to_string()), day(&theirs["getFromDate"]));
    assert_eq!(ours.to.map(|day| day.to_string()), day(&theirs["getToDate"]));
    let balances: Vec<_> = ours
        .balances
        .iter()
        .map(|balance| {
            let kind = match balance.code.as_str() {
                "OPBD" => "opening",
                "CLBD" => "closing",
                "OPAV" => "opening_available",
                "CLAV" => "closing_available",
                other => panic!("{other}"),
            };
            (kind.to_owned(), money(&balance.amount), balance.on.map(|day| day.to_string()))
        })
        .collect();
    let theirs = theirs["getBalances"].as_array().cloned().unwrap_or_default();
    let theirs: Vec<_> = theirs
        .iter()
        .map(|b| (text(&b["getType"]).unwrap(), json_money(&b["getAmount"]), day(&b["getDate"])))
        .collect();
    assert_eq!(balances, theirs);
}

fn same_entry(ours: &Entry, theirs: &Value) {
    assert_eq!(money(&ours.amount), json_money(&theirs["getAmount"]));
    let direction = if ours.amount.is_negative() { "DBIT" } else { "CRDT" };
    assert_eq!(Some(direction.to_owned()), text(&theirs["getCreditDebitIndicator"]));
    assert_eq!(Some(ours.reversal), theirs["getReversalIndicator"].as_bool());
    assert_eq!(Some(ours.status.code().to_owned()), text(&theirs["getStatus"]));
    assert_eq!(ours.booked_on.map(|day| day.to_string()), day(&theirs["getBookingDate"]));
    assert_eq!(ours.value_on.map(|day| day.to_string()), day(&theirs["getValueDate"]));
    assert_eq!(ours.bank_reference, text(&theirs["getAccountServicerReference"]));
    assert_eq!(ours.batch, text(&theirs["getBatchPaymentId"]));
    assert_eq!(ours.information, text(&theirs["getAdditionalInfo"]));
    let code = &theirs["getBankTransactionCode"];
    let domain = &code["getDomain"];
    let family = &domain["getFamily"];
    let domain: Vec<String> = [&domain["getCode"], &family["getCode"], &family["getSubFamilyCode"]]
        .into_iter()
        .filter_map(text)
        .collect();
    assert_eq!(ours.code.domain.iter().map(ToString::to_string).collect::<Vec<_>>(), domain);
    assert_eq!(ours.code.proprietary, text(&code["getProprietary"]["getCode"]));
    let transactions = theirs["getTransactionDetails"].as_array().unwrap();
    assert_eq!(ours.transactions.len(), transactions.len());
    // What was said before is not said again there.
    let first = &theirs["getTransactionDetail"];
    for (n, (ours_too, theirs_too)) in ours.transactions.iter().zip(transactions).enumerate() {
        same_transaction(ours_too, if n == 0 { first } else { theirs_too }, ours);
    }
}

fn same_transaction(ours: &Transaction, theirs: &Value, entry: &Entry) {
    if let Some(amount) = theirs["getAmount"].as_object().map(|_| json_money(&theirs["getAmount"])) {
        // The other reader gives it the direction of the entry, as a batch of one direction has here.
        let unsigned = amount.0.trim_start_matches('-').to_owned();
        assert_eq!(money(&ours.amounts[0]), (unsigned, amount.1));
        assert!(amount.0 == "0" || amount.0.starts_with('-') == entry.amount.is_negative());
    }
    let r = &theirs["getReference"];
    for (ours, theirs) in [
        (&ours.references.message, "getMessageId"),
        (&ours.references.bank, "getAccountServicerReference"),
        (&ours.references.payment_information, "getPaymentInformationId"),
        (&ours.references.instruction, "getInstructionId"),
        (&ours.references.end_to_end, "getEndToEndId"),
        (&ours.references.uetr, "getUuidEndToEndReference"),
        (&ours.references.transaction, "getTransactionId"),
    ] {
        assert_eq!(*ours, text(&r[theirs]), "{theirs}");
    }
    for party in theirs["getRelatedParties"].as_array().into_iter().flatten() {
        let kind = &party["getRelatedPartyType"];
        let class = text(&kind["__CLASS__"]).unwrap_or_default();
        let side = match class.rsplit('\\').next() {
            Some("Debtor") => &ours.debtor,
            Some("Creditor") => &ours.creditor,
            _ => continue,
        };
        assert_eq!(side.name, text(&kind["getName"]));
        assert_eq!(side.account, text(&party["getAccount"]["getIdentification"]));
    }
    let said = &theirs["getRemittanceInformation"];
    let mut words: Vec<String> = said["getUnstructuredBlocks"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|block| text(&block["getMessage"]))
        .chain(text(&said["getUnstructuredBlock"]["getMessage"]))
        .collect();
    words.sort();
    for word in words {
        assert!(ours.remittance.contains(&word), "{word}");
    }
    let block = text(&said["getCreditorReferenceInformation"]["getRef"])
        .or_else(|| text(&said["getStructuredBlock"]["getCreditorReferenceInformation"]["getRef"]));
    assert_eq!(ours.creditor_references.first().cloned(), block);
    assert_eq!(ours.returned.is_some(), theirs["getReturnInformation"].is_object());
}

#[test]
fn the_public_samples_say_what_their_json_says() {
    let Some(folder) = folder() else { return };
    for name in [
        "camt053.v2.minimal",
        "camt053.v2.five.decimals",
        "camt053.v2.multi.statement",
        "camt053.v4",
        "camt053.v8",
        "camt054.v2",
        "camt054.v8",
    ] {
        let ours = read(&folder, name);
        let json = fs::read(folder.join(format!("{name}.json"))).unwrap();
        let theirs: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(ours.len(), theirs["getRecords"].as_array().unwrap().len(), "{name}");
        assert_eq!(ours[0].message_id, text(&theirs["getGroupHeader"]["getMessageId"]));
        let entries = theirs["getEntries"].as_array().unwrap();
        assert!(!entries.is_empty());
        for entry in entries {
            let record = &entry["getRecord"];
            let id = text(&record["getId"]).unwrap();
            let statement = ours.iter().find(|statement| statement.id == id).unwrap();
            same_statement(statement, record);
            let index = entry["getIndex"].as_u64().unwrap() as usize;
            same_entry(&statement.entries[index], entry);
        }
    }
}

#[test]
fn the_sample_without_a_statement_is_refused() {
    let Some(folder) = folder() else { return };
    let file = fs::File::open(folder.join("camt053.v2.wrong.xml")).unwrap();
    let error = read_statements("camt053.v2.wrong.xml", file).unwrap_err();
    assert_eq!(error.rule(), "statement.none");
    assert!(
        error.to_string().starts_with("camt053.v2.wrong.xml: The message has no statement in it."),
        "{error}"
    );
}

/// 200000 SEK made of 9.5 CHF: what the pieces are is said, and the entry is not taken apart.
#[test]
fn the_sample_whose_batch_is_not_its_entry_is_no_ledger_fixture() {
    let Some(folder) = folder() else { return };
    let problem = read(&folder, "camt054.v8")[0].lines(1).unwrap_err();
    assert_eq!(problem.rule(), "statement.batch");
    // Three transactions without amounts: there is nothing to break the entry up by.
    let lines = read(&folder, "camt054.v2")[0].lines(1).unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].amount.to_string(), "-200000.00");
}
