//! Whether a partner charges more than its agreements let it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use money::{Eur, Overflow};

use super::agreement::{Agreement, FeeTerms};
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

/// A fee with which more is charged under agreements than they allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverTerms {
    /// Those under which it may be charged, and others that what was charged before may have been under instead; of each
    /// what may be charged, and what that looks at.
    pub agreements: BTreeMap<AgreementCode, (FeeTerms, UnderAgreement)>,
    /// That fee and all that count of earlier days and can be under no other agreement, less what was taken back.
    pub charged: Eur,
    /// What the terms allow, together.
    pub allowed: Eur,
}

impl OverTerms {
    /// The same as finance sees it. It refuses nothing: spend that is not decided yet may still allow the fee.
    pub fn flag(&self) -> Flag {
        let Self { agreements, charged, allowed } = self;
        let looks_at = |(terms, under): &(FeeTerms, UnderAgreement)| match terms {
            FeeTerms::Percent(_) => {
                format!("{terms}, which is {}, {} not decided", under.eligible, under.undecided)
            }
            FeeTerms::PerCase(_) => format!("{terms}, of which there are {}", under.cases),
        };
        let detail = match agreements.first_key_value().filter(|_| agreements.len() == 1) {
            Some((code, of)) => format!(
                "with it {charged} EUR are charged under agreement {code}, which allows {allowed}: {}",
                looks_at(of)
            ),
            None => {
                let codes = agreements.keys().map(AgreementCode::as_str).collect::<Vec<_>>().join(", ");
                let each = agreements.iter().map(|(code, of)| format!("{code} {}", looks_at(of)));
                format!(
                    "with it {charged} EUR are charged under agreements {codes}, which allow {allowed} together: {}",
                    each.collect::<Vec<_>>().join("; ")
                )
            }
        };
        Flag { kind: FlagKind::OverTerms, detail }
    }
}

/// An agreement that lets its partner charge something.
struct Charging<'p> {
    code: &'p AgreementCode,
    agreement: &'p Agreement,
    terms: FeeTerms,
    under: UnderAgreement,
    allowed: Eur,
    /// Of that, what no fee has taken.
    room: Eur,
}

/// Fees on whose days the same agreements are in force.
#[derive(Default)]
struct Alike {
    charged: Eur,
    /// The agreements whose room they took.
    taken_from: BTreeSet<usize>,
}

/// The fees of a partner that its agreements do not allow, in the order of their days: whichever comes to more than is
/// allowed, with those before it, and all after it. A fee without euros is judged once it has them. `number` tells which of
/// a day was reported first, `under` what an agreement's terms look at.
///
/// A fee may be charged under any agreement with fee terms that is in force on its day, by what is signed now: a row does
/// not say which one it means, and agreements are signed after their first day. So a fee is over only where no way of
/// putting fees under agreements has room for it. Each takes the room of the agreement that ends first; in the order of
/// their days that leaves most to those after it.
///
/// # Errors
/// [`Overflow`] where what is charged or allowed cannot be added up.
pub fn over_terms(
    partner: &Partner,
    number: impl Fn(FeeId) -> u64,
    under: impl Fn(&AgreementCode) -> UnderAgreement,
) -> Result<BTreeMap<FeeId, OverTerms>, Overflow> {
    let mut fees = Vec::new();
    for (id, fee) in partner.fees.iter().filter(|(_, fee)| fee.state.counts()) {
        let Some(eur) = fee.eur else { continue };
        let left = eur.checked_sub(fee.reversed)?;
        fees.extend((!left.is_zero()).then(|| (fee.charged_on, number(*id), *id, left)));
    }
    fees.sort_unstable();
    let mut charging = Vec::new();
    for (code, agreement) in &partner.agreements {
        if let Some(terms) = agreement.fee
            && fees.iter().any(|(day, ..)| agreement.holds_on(*day))
        {
            let under = under(code);
            let allowed = terms.allows(under)?;
            charging.push(Charging { code, agreement, terms, under, allowed, room: allowed });
        }
    }
    charging.sort_by_key(|charging| charging.agreement.valid_until.unwrap_or(Date::MAX));

    let mut over = BTreeMap::new();
    let mut alike: BTreeMap<BTreeSet<usize>, Alike> = BTreeMap::new();
    for (day, _, id, left) in fees {
        let in_force = (0..charging.len()).filter(|place| charging[*place].agreement.holds_on(day));
        let in_force: BTreeSet<usize> = in_force.collect();
        if in_force.is_empty() {
            continue;
        }
        let of_these = alike.entry(in_force.clone()).or_default();
        of_these.charged = of_these.charged.checked_add(left)?;
        let mut open = left;
        for place in &in_force {
            let taken = open.min(charging[*place].room);
            if taken > Eur::ZERO {
                open = open.checked_sub(taken)?;
                charging[*place].room = charging[*place].room.checked_sub(taken)?;
                of_these.taken_from.insert(*place);
            }
        }
        if open > Eur::ZERO {
            over.insert(id, told(&charging, &alike, in_force)?);
        }
    }
    Ok(over)
}

/// What is charged and allowed under agreements that have no room, and under those that what took it may be under instead.
fn told(
    charging: &[Charging<'_>],
    alike: &BTreeMap<BTreeSet<usize>, Alike>,
    mut places: BTreeSet<usize>,
) -> Result<OverTerms, Overflow> {
    loop {
        let before = places.len();
        for (in_force, fees) in alike {
            if !fees.taken_from.is_disjoint(&places) {
                places.extend(in_force);
            }
        }
        if places.len() == before {
            break;
        }
    }
    let bound = alike.iter().filter(|(in_force, _)| in_force.is_subset(&places));
    let agreements = places.iter().map(|place| {
        let Charging { code, terms, under, .. } = &charging[*place];
        ((*code).clone(), (*terms, *under))
    });
    Ok(OverTerms {
        agreements: agreements.collect(),
        charged: Eur::sum(bound.map(|(_, fees)| fees.charged))?,
        allowed: Eur::sum(places.iter().map(|place| charging[*place].allowed))?,
    })
}
