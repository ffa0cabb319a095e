//! Which partner somebody may have meant: a code that is spelled wrongly must not become a new partner.

use domain::PartnerCode;
use strsim::osa_distance;

use crate::error::AppError;
use crate::ledger::Ledger;

/// Codes that are named at most.
const NAMED_MAX: usize = 3;

/// The codes that one may have been meant for, the nearest first.
pub(crate) fn nearest<'c>(
    code: &PartnerCode,
    known: impl IntoIterator<Item = &'c PartnerCode>,
) -> Vec<&'c PartnerCode> {
    let code = code.as_str();
    let is_near = |known: &str, distance: usize| {
        distance <= (known.len() / 3).max(1) || known.starts_with(code) || code.starts_with(known)
    };
    let mut near: Vec<(usize, &PartnerCode)> = known
        .into_iter()
        .map(|known| (osa_distance(code, known.as_str()), known))
        .filter(|(distance, known)| is_near(known.as_str(), *distance))
        .collect();
    near.sort();
    near.into_iter().map(|(_, known)| known).take(NAMED_MAX).collect()
}

/// The code that one is but a slip of the finger away from: one letter too many, too few, wrong, or two in the wrong order.
/// Numbers are not mistaken for each other so easily: `iom-1` and `iom-2` are two.
pub(crate) fn slip_of<'c>(
    code: &PartnerCode,
    known: impl IntoIterator<Item = &'c PartnerCode>,
) -> Option<&'c PartnerCode> {
    let letters = |code: &PartnerCode| code.as_str().replace(|c: char| c.is_ascii_digit(), "");
    known
        .into_iter()
        .find(|known| osa_distance(code.as_str(), known.as_str()) == 1 && letters(code) != letters(known))
}

/// `: did you mean caritas?`, or nothing.
pub(crate) fn did_you_mean(near: &[&PartnerCode]) -> String {
    let near: Vec<&str> = near.iter().map(|code| code.as_str()).collect();
    if near.is_empty() { String::new() } else { format!(": did you mean {}?", near.join(" or ")) }
}

/// Nobody has registered or met this partner; it may be one of those near to it.
pub(crate) fn unknown(code: &PartnerCode, near: &[&PartnerCode]) -> AppError {
    let meant = did_you_mean(near);
    let stop = if meant.is_empty() { ";" } else { "" };
    AppError::Usage(format!(
        "there is no partner {code}{meant}{stop} `svala partner list` shows all, `svala partner register` adds one"
    ))
}

impl Ledger {
    /// A partner by which something is asked for is there: of one that is only spelled wrongly, nothing would be found.
    ///
    /// # Errors
    /// [`AppError::Usage`] if there is none, with those that may have been meant.
    pub(crate) async fn known_partner(&self, code: Option<&PartnerCode>) -> Result<(), AppError> {
        match code {
            Some(code) if !self.partner_codes().await?.contains(code) => {
                Err(self.unknown_partner(code).await)
            }
            _ => Ok(()),
        }
    }

    /// Nobody has registered or met this partner.
    pub(crate) async fn unknown_partner(&self, code: &PartnerCode) -> AppError {
        match self.partner_codes().await {
            Ok(known) => unknown(code, &nearest(code, &known)),
            Err(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(codes: &[&str]) -> Vec<PartnerCode> {
        codes.iter().map(|code| code.parse().unwrap()).collect()
    }

    #[test]
    fn a_code_that_is_spelled_wrongly_finds_the_right_one() {
        let known = codes(&["caritas", "ettc", "irara", "weldo"]);
        for (wrong, right) in
            [("caritsa", "caritas"), ("karitass", "caritas"), ("etc", "ettc"), ("carit", "caritas")]
        {
            let wrong = wrong.parse().unwrap();
            assert_eq!(nearest(&wrong, &known)[0].as_str(), right);
            let said = unknown(&wrong, &nearest(&wrong, &known)).to_string();
            assert!(said.contains(&format!("did you mean {right}")), "{said}");
        }
        let other = "red-cross".parse().unwrap();
        assert_eq!(nearest(&other, &known), Vec::<&PartnerCode>::new());
        assert!(!unknown(&other, &[]).to_string().contains("mean"));
    }

    #[test]
    fn a_slip_is_one_letter_and_no_number() {
        let known = codes(&["caritas", "iom-1"]);
        let slip = |code: &str| slip_of(&code.parse().unwrap(), &known).is_some();
        assert!(slip("caritsa") && slip("carita") && !slip("caritas2") && !slip("iom-2"));
        assert!(!slip("caritas") && !slip("ettc") && !slip("karitass"));
    }
}
