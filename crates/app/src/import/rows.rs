//! What the rows of several kinds have in common: the case they name, and the euro they give.

use domain::claim::{Claim, RECEIPT};
use domain::ids::FileDigest;
use domain::partner::{Fee, PARTNER_FEE};
use domain::{CaseId, CaseReference, PartnerCode, Refusal};
use interchange::{RowError, SpendRow};
use jiff::civil::Date;
use money::{Amount, Currency, Eur, Rate};

use super::At;
use crate::error::AppError;
use crate::nearest::{did_you_mean, nearest, slip_of};
use crate::session::{CASE_REFERENCE, EXTERNAL_REF, Owner, Session};
use crate::texts::plain_supplier;

/// Loads the cases that own the unique facts given and, where rows are decided, those that rows name.
pub(super) async fn load_cases<'r>(
    session: &mut Session<'_>,
    names: impl Iterator<Item = &'r str>,
    scope: &'static str,
    facts: &[event_log::Hash],
) -> Result<(), AppError> {
    let ledger = session.ledger();
    let (mut external, mut own) = (Vec::new(), Vec::new());
    for name in names {
        external.push(ledger.digest(EXTERNAL_REF, &[name]));
        if let Ok(reference) = name.parse::<CaseReference>() {
            own.push(ledger.digest(CASE_REFERENCE, &[reference.as_str()]));
        }
    }
    session.load_keys(EXTERNAL_REF, &external).await?;
    session.load_keys(CASE_REFERENCE, &own).await?;
    let named = [(EXTERNAL_REF, external.as_slice()), (CASE_REFERENCE, own.as_slice()), (scope, facts)];
    // To find errors it is enough that a case is there.
    let named = if session.decides() { named.as_slice() } else { &named[2..] };
    let cases: Vec<CaseId> = named
        .iter()
        .flat_map(|(scope, digests)| digests.iter().filter_map(|digest| session.owner(scope, *digest)))
        .filter_map(Owner::case)
        .collect();
    session.load_cases(cases).await
}

/// The case a row names: by the authority's key, or by the case's own reference.
pub(super) fn case_of(session: &Session<'_>, name: &str) -> Option<CaseId> {
    let ledger = session.ledger();
    let external = session.owner(EXTERNAL_REF, ledger.digest(EXTERNAL_REF, &[name]));
    let owner = external.or_else(|| {
        let reference = name.parse::<CaseReference>().ok()?;
        session.owner(CASE_REFERENCE, ledger.digest(CASE_REFERENCE, &[reference.as_str()]))
    });
    owner.and_then(Owner::case)
}

pub(super) fn unknown_case(at: At) -> RowError {
    unknown_case_of(at, 1, 1)
}

/// The same for one of several references in the cell; which of them is said without showing it.
pub(super) fn unknown_case_of(at: At, number: usize, of: usize) -> RowError {
    let message = match of {
        1 => "No case has this reference. Import its case first, or correct the reference.".to_owned(),
        _ => format!(
            "No case has reference {number} of these {of}. Import its case first, or correct the reference."
        ),
    };
    at.error("case_ref", None, "case.unknown", message)
}

/// Largest amount of one row, so that even a million of the largest add up: 1 000 000 000.00 EUR.
const AMOUNT_MAX: Eur = Eur::from_cents(100_000_000_000);

/// The amount of what is paid in euro only.
pub(super) fn in_euro(at: At, amount: &Amount) -> Result<Eur, RowError> {
    let currency = amount.currency();
    if currency != Currency::EUR {
        let message = "An arrival grant is paid in EUR. Give the amount in EUR.";
        return Err(at.error("currency", Some(currency.code()), "currency.not-eur", message));
    }
    amount.to_eur_exact().filter(|eur| *eur <= AMOUNT_MAX).ok_or_else(|| too_large(at, amount))
}

/// The amount at a rate, which is none for euros: an amount that could never be booked is an error of the row.
pub(super) fn bookable(at: At, amount: &Amount, rate: Option<Rate>) -> Result<(), RowError> {
    let eur = match rate {
        Some(rate) => amount.convert(rate).ok(),
        None => amount.to_eur_exact(),
    };
    match eur {
        Some(eur) if eur.is_zero() => Err(at.error(
            "amount",
            Some(&amount.to_string()),
            "amount.worth-nothing",
            "The amount is worth less than half a cent in EUR: there is nothing to book. Check the decimal point.",
        )),
        Some(eur) if eur <= AMOUNT_MAX => Ok(()),
        _ => Err(too_large(at, amount)),
    }
}

fn too_large(at: At, amount: &Amount) -> RowError {
    at.error(
        "amount",
        Some(&amount.to_string()),
        "amount.too-large",
        "One payment cannot be larger than 1000000000.00 EUR. Check the decimal point.",
    )
}

/// An amount as it names a row: with its currency, but for euros, which stood alone when there were only they.
pub(crate) fn named(amount: &Amount) -> String {
    match amount.currency() {
        Currency::EUR => amount.to_string(),
        currency => format!("{amount} {currency}"),
    }
}

/// What makes a receipt this one and no other.
pub(super) fn receipt_parts(partner: &str, supplier: &str, receipt_no: &str) -> [String; 3] {
    [partner.to_owned(), plain_supplier(supplier), receipt_no.to_owned()]
}

/// What makes a reversal this one and no other: its receipt (partner, supplier, number), day and amount.
pub(crate) fn reversal_parts(receipt: [&str; 3], reversed_on: Date, amount: &Amount) -> [String; 5] {
    let [partner, supplier, receipt_no] = receipt_parts(receipt[0], receipt[1], receipt[2]);
    [partner, supplier, receipt_no, reversed_on.to_string(), named(amount)]
}

/// The keyed digest of a receipt.
pub(super) fn receipt_digest(
    session: &Session<'_>,
    partner: &str,
    supplier: &str,
    receipt_no: &str,
) -> event_log::Hash {
    let parts = receipt_parts(partner, supplier, receipt_no);
    session.ledger().digest(RECEIPT, &parts.each_ref().map(String::as_str))
}

/// The keyed digest of a receipt in the case of one who shares it and is not the first: the first one's is that of the
/// receipt itself, so nobody can report it again.
pub(super) fn share_digest(
    session: &Session<'_>,
    partner: &str,
    supplier: &str,
    receipt_no: &str,
    case: CaseId,
) -> event_log::Hash {
    let [partner, supplier, receipt_no] = receipt_parts(partner, supplier, receipt_no);
    session.ledger().digest(RECEIPT, &[&partner, &supplier, &receipt_no, "share", &case.to_string()])
}

/// People who may have a part of one receipt, each in a row of their own.
pub(super) const PARTS_MAX: usize = 100;

/// The keyed digest of the part of a receipt with this number, counted from 1 in the order in which parts are reported, each for
/// another person; the first has that of the receipt itself.
pub(crate) fn part_digest(
    session: &Session<'_>,
    partner: &str,
    supplier: &str,
    receipt_no: &str,
    number: usize,
) -> event_log::Hash {
    let [partner, supplier, receipt_no] = receipt_parts(partner, supplier, receipt_no);
    let number = number.to_string();
    let receipt = [partner.as_str(), &supplier, &receipt_no];
    match number.as_str() {
        "1" => session.ledger().digest(RECEIPT, &receipt),
        number => session.ledger().digest(RECEIPT, &[receipt[0], receipt[1], receipt[2], "part", number]),
    }
}

/// What is known of a receipt that was reported, as spend or as a fee.
pub(super) struct Known<'k> {
    what: &'static str,
    amount: Amount,
    on: Date,
    category: &'k str,
    sha256: Option<FileDigest>,
}

impl<'k> From<&'k Claim> for Known<'k> {
    fn from(claim: &'k Claim) -> Self {
        Self {
            what: "claim",
            amount: claim.whole(),
            on: claim.delivered_on,
            category: &claim.category,
            sha256: claim.receipt_sha256,
        }
    }
}

impl From<&Fee> for Known<'_> {
    fn from(fee: &Fee) -> Self {
        Self {
            what: "fee",
            amount: fee.amount,
            on: fee.charged_on,
            category: PARTNER_FEE,
            sha256: fee.receipt_sha256,
        }
    }
}

/// The columns in which a row says something else of a receipt than is known.
pub(super) fn differing(at: At, row: &SpendRow, known: &Known<'_>) -> Vec<RowError> {
    let mut errors = Vec::new();
    let mut differs = |column, in_file: Option<&str>, was: &str| {
        let message = format!(
            "This receipt was reported with {was}. A report is never overwritten: correct the file, or reverse the {}.",
            known.what
        );
        errors.push(at.error(column, in_file, "receipt.conflict", message));
    };
    let in_words = |amount: Amount| format!("{amount} {}", amount.currency());
    if row.amount != known.amount {
        differs("amount", Some(&in_words(row.amount)), &in_words(known.amount));
    }
    if row.delivered_on != known.on {
        differs("delivered_on", Some(&row.delivered_on.to_string()), &known.on.to_string());
    }
    if row.category != known.category {
        differs("category", Some(&row.category), known.category);
    }
    if row.receipt_sha256 != known.sha256.map(|digest| digest.0) {
        differs("receipt_sha256", None, "another file of the receipt");
    }
    errors
}

/// Why a row of spend cannot be reported for its partner: nobody has registered it, or whoever imports the row acts for
/// another one.
pub(super) fn not_for(
    session: &Session<'_>,
    at: At,
    partner: &PartnerCode,
) -> Result<Option<RowError>, AppError> {
    if session.partner(partner).is_some() {
        return Ok(session.by()?.may_speak_for(partner).err().map(|refusal| acts_for(at, partner, refusal)));
    }
    let meant = did_you_mean(&nearest(partner, session.known_partners()));
    Ok(Some(unknown_partner(at, partner, &meant, "Correct the code, or register it first")))
}

/// Why a partner cannot be met in the authority's register: somebody who imports it would act for it, or the code is but a
/// slip away from that of another.
pub(super) fn not_met(
    session: &Session<'_>,
    at: At,
    partner: &PartnerCode,
) -> Result<Option<RowError>, AppError> {
    if session.partner(partner).is_some() {
        return Ok(None);
    }
    if let Some(meant) = slip_of(partner, session.known_partners()) {
        let meant = did_you_mean(&[meant]);
        return Ok(Some(unknown_partner(
            at,
            partner,
            &meant,
            "Correct the code; if it is another partner, register it first",
        )));
    }
    Ok(session.by()?.may_register(partner).err().map(|refusal| acts_for(at, partner, refusal)))
}

fn unknown_partner(at: At, partner: &PartnerCode, meant: &str, then: &str) -> RowError {
    let stop = if meant.is_empty() { "." } else { "" };
    let message = format!("No partner has this code{meant}{stop} {then}: `svala partner register`.");
    at.error("partner", Some(partner.as_str()), "partner.unknown", message)
}

fn acts_for(at: At, partner: &PartnerCode, refusal: Refusal) -> RowError {
    let message = refusal.reasons.into_iter().map(|reason| reason.detail).collect::<Vec<_>>().join("; ");
    at.error("partner", Some(partner.as_str()), "acts-for-partner", message)
}
