//! Whether a partner charges more than its agreement lets it.

use std::collections::BTreeMap;

use money::{Eur, Overflow};

use super::agreement::FeeTerms;
use super::state::Partner;
use crate::claim::{Flag, FlagKind};
use crate::ids::{AgreementCode, FeeId};

/// Hundredths of a percent in a whole.
const BASIS_POINTS: i128 = 10_000;

/// What the terms of an agreement look at, as it stands now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnderAgreement {
    /// Accepted spend in its programme, countries and days, less what came back.
    pub eligible: Eur,
    /// Such spend that is reported and not decided.
    pub undecided: Eur,
    /// Cases in its countries that the partner had on some day on which it was in force.
    pub cases: u64,
}

impl FeeTerms {
    /// What may be charged altogether: of a share, half a cent is a cent.
    ///
    /// # Errors
    /// [`Overflow`] where that is no amount.
    pub fn allows(self, under: UnderAgreement) -> Result<Eur, Overflow> {
        let cents = match self {
            Self::Percent(points) => {
                let share = i128::from(under.eligible.cents()) * i128::from(u16::from(points));
                (share + BASIS_POINTS / 2).div_euclid(BASIS_POINTS)
            }
            Self::PerCase(amount) => {
                i128::from(amount.cents()).checked_mul(i128::from(under.cases)).ok_or(Overflow)?
            }
        };
        i64::try_from(cents).map(Eur::from_cents).map_err(|_| Overflow)
    }
}

/// A fee with which more is charged under an agreement than that allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverTerms {
    /// Which.
    pub agreement: AgreementCode,
    /// What may be charged under it.
    pub terms: FeeTerms,
    /// That fee and all that count of earlier days, less what was taken back.
    pub charged: Eur,
    /// What the terms allow.
    pub allowed: Eur,
    /// What they look at.
    pub under: UnderAgreement,
}

impl OverTerms {
    /// The same as finance sees it. It refuses nothing: spend that is not decided yet may still allow the fee.
    pub fn flag(&self) -> Flag {
        let Self { agreement, terms, charged, allowed, under } = self;
        let of = match terms {
            FeeTerms::Percent(_) => format!("which is {}, {} not decided", under.eligible, under.undecided),
            FeeTerms::PerCase(_) => format!("of which there are {}", under.cases),
        };
        let detail = format!(
            "with it {charged} EUR are charged under agreement {agreement}, which allows {allowed}: {terms}, {of}"
        );
        Flag { kind: FlagKind::OverTerms, detail }
    }
}

/// The fees of a partner that its agreements do not allow, in the order of their days: whichever comes to more than is
/// allowed, with those before it, and all after it. A fee without euros is judged once it has them. `number` tells which of
/// a day was reported first, `under` what an agreement's terms look at.
///
/// # Errors
/// [`Overflow`] where what is charged or allowed cannot be added up.
pub fn over_terms(
    partner: &Partner,
    number: impl Fn(FeeId) -> u64,
    under: impl Fn(&AgreementCode) -> UnderAgreement,
) -> Result<BTreeMap<FeeId, OverTerms>, Overflow> {
    let mut over = BTreeMap::new();
    for (code, agreement) in &partner.agreements {
        let Some(terms) = agreement.fee else { continue };
        let mut fees = Vec::new();
        for (id, fee) in &partner.fees {
            let Some(eur) = fee.eur.filter(|_| fee.agreement.as_ref() == Some(code)) else { continue };
            let left = eur.checked_sub(fee.reversed)?;
            fees.extend(
                (fee.state.counts() && !left.is_zero()).then(|| (fee.charged_on, number(*id), *id, left)),
            );
        }
        if fees.is_empty() {
            continue;
        }
        fees.sort_unstable();
        let under = under(code);
        let (allowed, mut charged) = (terms.allows(under)?, Eur::ZERO);
        for (_, _, id, left) in fees {
            charged = charged.checked_add(left)?;
            if charged > allowed {
                let agreement = code.clone();
                over.insert(id, OverTerms { agreement, terms, charged, allowed, under });
            }
        }
    }
    Ok(over)
}
