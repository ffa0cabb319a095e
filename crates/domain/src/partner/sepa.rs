//! Where a transfer in euro is a SEPA transfer (and so needs the number of an account and nothing else).

/// Countries whose accounts are in the SEPA area (European Payments Council, list EPC409-09 of 2025). The United Kingdom's
/// also stand for Jersey, Guernsey and the Isle of Man, France's for its territories.
const COUNTRIES: [&str; 42] = [
    "AD", "AL", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GI", "GR",
    "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MC", "MD", "ME", "MK", "MT", "NL", "NO", "PL",
    "PT", "RO", "RS", "SE", "SI", "SK", "SM", "VA",
];

/// Whether an account with this IBAN takes SEPA transfers.
pub(super) fn is_sepa(iban: &str) -> bool {
    iban.get(..2).is_some_and(|country| COUNTRIES.contains(&country))
}
