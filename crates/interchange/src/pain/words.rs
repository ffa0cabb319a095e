//! What codes of payment status reports mean (ISO 20022 external code sets), as far as banks use them for transfers.

use domain::bank::IsoCode;

/// How far something has come.
const STATUSES: &[(&str, &str)] = &[
    ("ACCC", "on the account of who is paid"),
    ("ACCP", "accepted, checked"),
    ("ACFC", "accepted, the money is there"),
    ("ACSC", "executed"),
    ("ACSP", "accepted, being executed"),
    ("ACTC", "accepted, well formed"),
    ("ACWC", "accepted with a change"),
    ("ACWP", "accepted, not yet on the account of who is paid"),
    ("CANC", "cancelled"),
    ("PART", "accepted in part"),
    ("PATC", "accepted in part, others have to sign"),
    ("PDNG", "pending"),
    ("RCVD", "received"),
    ("RJCT", "rejected"),
];

/// Why.
const REASONS: &[(&str, &str)] = &[
    ("AC01", "the account number is not right"),
    ("AC02", "the account that pays is not right"),
    ("AC03", "the account to be paid is not right"),
    ("AC04", "the account is closed"),
    ("AC05", "the account that pays is closed"),
    ("AC06", "the account is blocked"),
    ("AC07", "the account to be paid is closed"),
    ("AC13", "the account is not of the kind that is needed"),
    ("AC14", "the account to be paid is not of the kind that is needed"),
    ("AG01", "such a transfer is forbidden on this account"),
    ("AG02", "the code of the bank's operation is not right"),
    ("AG03", "the bank does not do such transfers"),
    ("AG10", "the bank is suspended"),
    ("AM01", "the amount is zero"),
    ("AM02", "the amount is larger than allowed"),
    ("AM03", "the currency cannot be used"),
    ("AM04", "there is not enough money"),
    ("AM05", "the bank takes it for a duplicate"),
    ("AM09", "the amount is not the one agreed"),
    ("AM10", "the control sum is not right"),
    ("AM12", "the amount is not right"),
    ("AM14", "the amount is larger than agreed"),
    ("AM18", "the number of transactions is not right"),
    ("AM21", "the amount is above the limit"),
    ("AM23", "the amount is above what can be settled"),
    ("BE01", "the name does not go with the account"),
    ("BE04", "the address is missing or not right"),
    ("BE05", "the bank does not know who sends"),
    ("BE06", "the bank does not know who is to be paid"),
    ("BE07", "the address of who pays is missing or not right"),
    ("CNOR", "the bank to be paid is not registered"),
    ("CURR", "the currency is not right"),
    ("CUST", "the customer asked for it"),
    ("DNOR", "the bank that pays is not registered"),
    ("DS02", "the order was cancelled"),
    ("DT01", "the day is not right"),
    ("DT02", "the day of making is not right"),
    ("DU01", "the message was sent before"),
    ("DU02", "the payment instruction was sent before"),
    ("DU03", "the transaction was sent before"),
    ("DU04", "the reference was used before"),
    ("DUPL", "it is the same as another one"),
    ("ED05", "the settlement failed"),
    ("ERIN", "the bank does not take remittance of that kind"),
    ("FF01", "the file is not well formed"),
    ("FF05", "the code for this kind of transfer is not right"),
    ("FOCR", "somebody asked for it back"),
    ("FR01", "it is taken for fraud"),
    ("MD07", "who is to be paid has died"),
    ("MS02", "who is to be paid gave no reason"),
    ("MS03", "the bank gave no reason"),
    ("NARR", "the bank says it in its own words"),
    ("NOAS", "the customer did not answer"),
    ("NOOR", "there was no such order"),
    ("RC01", "the code of the bank is not right"),
    ("RC04", "the code of the bank to be paid is not right"),
    ("RF01", "the reference is not unique"),
    ("RR01", "the account or number of who pays is missing, as rules of supervision ask"),
    ("RR02", "the name or address of who pays is missing, as rules of supervision ask"),
    ("RR03", "the name or address of who is to be paid is missing, as rules of supervision ask"),
    ("RR04", "rules of supervision"),
    ("TD03", "the file was cut off or damaged"),
    ("TM01", "it came after the bank's last hour"),
];

/// What a status means, in words; nothing of one that is not known here.
pub fn status_in_words(code: IsoCode) -> &'static str {
    of(STATUSES, code)
}

/// What a reason means, in words; nothing of one that is not known here.
pub fn reason_in_words(code: IsoCode) -> &'static str {
    of(REASONS, code)
}

fn of(words: &'static [(&str, &str)], code: IsoCode) -> &'static str {
    let code = code.to_string();
    words.iter().find(|(known, _)| *known == code).map_or("", |(_, words)| words)
}
