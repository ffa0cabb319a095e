//! Splitting an amount without losing a cent.

use std::cmp::Reverse;

use thiserror::Error;

use crate::{Amount, Eur};

/// Most shares one amount is split into.
pub const SPLIT_SHARES_MAX: usize = 100_000;

/// Why an amount cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SplitError {
    /// No shares were asked for.
    #[error("The amount cannot be split over nobody. Give at least one share.")]
    NoShares,
    /// More than [`SPLIT_SHARES_MAX`] shares were asked for.
    #[error("The amount is split over too many shares: at most {SPLIT_SHARES_MAX}.")]
    TooManyShares,
    /// All weights are zero, so that no share is due anything.
    #[error("All shares have weight zero. Give at least one of them a weight.")]
    ZeroWeights,
}

impl Eur {
    /// Splits the amount in proportion to `weights`, by largest remainder: each share is less than
    /// one cent from the exact proportion, and the shares sum to the amount. Of equal remainders
    /// the earlier share gets the cent. A negative amount is split as the mirror of a positive one.
    ///
    /// # Errors
    /// [`SplitError`] when there are no shares, too many, or only zero weights.
    pub fn split(self, weights: &[u64]) -> Result<Vec<Self>, SplitError> {
        if weights.is_empty() {
            return Err(SplitError::NoShares);
        }
        if weights.len() > SPLIT_SHARES_MAX {
            return Err(SplitError::TooManyShares);
        }
        let weight_total: u128 = weights.iter().copied().map(u128::from).sum();
        if weight_total == 0 {
            return Err(SplitError::ZeroWeights);
        }
        let whole = self.cents().unsigned_abs();
        // At most 2^63 × 2^64, which fits.
        let products = || weights.iter().map(|weight| u128::from(whole) * u128::from(*weight));
        let mut shares: Vec<u128> = products().map(|product| product / weight_total).collect();
        let remainders: Vec<u128> = products().map(|product| product % weight_total).collect();

        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by_key(|index| Reverse(remainders[*index])); // stable: ties keep their order
        let mut left = u128::from(whole) - shares.iter().sum::<u128>();
        for index in order {
            if left == 0 {
                break;
            }
            shares[index] += 1;
            left -= 1;
        }
        Ok(shares.into_iter().map(|share| self.with_sign_of_whole(share)).collect())
    }

    /// Splits the amount into `shares` shares that differ by at most one cent, larger ones first.
    ///
    /// # Errors
    /// [`SplitError`] when there are no shares or too many.
    pub fn split_equally(self, shares: usize) -> Result<Vec<Self>, SplitError> {
        if shares > SPLIT_SHARES_MAX {
            return Err(SplitError::TooManyShares); // before anything of that size is allocated
        }
        self.split(&vec![1; shares])
    }

    /// A share of `self`, never larger than `self`, so that neither step saturates.
    fn with_sign_of_whole(self, share: u128) -> Self {
        let cents = u64::try_from(share).unwrap_or(u64::MAX);
        Self::from_cents(if self.is_negative() {
            0i64.saturating_sub_unsigned(cents)
        } else {
            0i64.saturating_add_unsigned(cents)
        })
    }
}

impl Amount {
    /// Splits the amount into `shares` shares that differ by at most one of the currency's smallest units, larger ones
    /// first. They sum to the amount.
    ///
    /// # Errors
    /// [`SplitError`] when there are no shares or too many.
    pub fn split_equally(self, shares: usize) -> Result<Vec<Self>, SplitError> {
        if shares > SPLIT_SHARES_MAX {
            return Err(SplitError::TooManyShares);
        }
        let count = i128::try_from(shares).map_err(|_| SplitError::TooManyShares)?;
        let whole = self.minor_units();
        let (Some(each), Some(left)) = (whole.checked_div(count), whole.checked_rem(count)) else {
            return Err(SplitError::NoShares);
        };
        let unit = |index: i128| if index < left.abs() { left.signum() } else { 0 };
        Ok((0..count).map(|index| self.with_minor_units(each + unit(index))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(shares: Result<Vec<Eur>, SplitError>) -> Vec<i64> {
        shares.unwrap().into_iter().map(Eur::cents).collect()
    }

    #[test]
    fn largest_remainder_gets_the_cent_and_ties_go_to_the_earlier() {
        assert_eq!(cents(Eur::from_cents(100).split_equally(3)), [34, 33, 33]);
        assert_eq!(cents(Eur::from_cents(-100).split_equally(3)), [-34, -33, -33]);
        assert_eq!(cents(Eur::from_cents(101).split_equally(3)), [34, 34, 33]);
        // Exact: 1.67, 3.33, 5.00: the first share has the largest remainder.
        assert_eq!(cents(Eur::from_cents(10).split(&[1, 2, 3])), [2, 3, 5]);
        assert_eq!(cents(Eur::from_cents(10).split(&[2, 1, 3])), [3, 2, 5]);
        assert_eq!(cents(Eur::from_cents(5).split(&[0, 1, 0])), [0, 5, 0]);
        assert_eq!(cents(Eur::from_cents(1).split(&[0, 1, 1])), [0, 1, 0]);
    }

    #[test]
    fn extremes_are_split_exactly() {
        assert_eq!(cents(Eur::MIN.split(&[u64::MAX])), [i64::MIN]);
        assert_eq!(cents(Eur::MAX.split(&[u64::MAX, 0])), [i64::MAX, 0]);
        assert_eq!(cents(Eur::MIN.split(&[u64::MAX, u64::MAX])), [i64::MIN / 2, i64::MIN / 2]);
    }

    #[test]
    fn nobody_nothing_and_too_many_are_refused() {
        assert_eq!(Eur::MAX.split(&[]), Err(SplitError::NoShares));
        assert_eq!(Eur::MAX.split_equally(0), Err(SplitError::NoShares));
        assert_eq!(Eur::MAX.split(&[0, 0]), Err(SplitError::ZeroWeights));
        assert_eq!(Eur::MAX.split_equally(usize::MAX), Err(SplitError::TooManyShares));
        assert_eq!(Eur::ZERO.split(&vec![1; SPLIT_SHARES_MAX + 1]), Err(SplitError::TooManyShares));
        assert_eq!(cents(Eur::ZERO.split_equally(SPLIT_SHARES_MAX)).len(), SPLIT_SHARES_MAX);
    }

    #[test]
    fn amounts_are_split_by_their_smallest_unit() {
        let shares = |text: &str, currency: &str, count| {
            let amount = Amount::parse(text, currency.parse().unwrap(), crate::Locale::Strict).unwrap();
            let shares = amount.split_equally(count).unwrap();
            shares.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(shares("1000.00", "EUR", 3), ["333.34", "333.33", "333.33"]);
        assert_eq!(shares("1.000", "IQD", 3), ["0.334", "0.333", "0.333"]);
        assert_eq!(shares("5", "JPY", 3), ["2", "2", "1"]);
        assert_eq!(shares("-1.00", "EUR", 3), ["-0.34", "-0.33", "-0.33"]);
        assert_eq!(shares("0.02", "EUR", 3), ["0.01", "0.01", "0.00"]);
        assert_eq!(shares("7.00", "EUR", 1), ["7.00"]);
        let amount = Amount::from(Eur::from_cents(1));
        assert_eq!(amount.split_equally(0), Err(SplitError::NoShares));
        assert_eq!(amount.split_equally(SPLIT_SHARES_MAX + 1), Err(SplitError::TooManyShares));
    }

    #[test]
    fn euros_are_split_alike_as_euros_and_as_an_amount() {
        for cents in [1, 99, 100, 101, 100_000, i64::MAX] {
            for count in [1, 2, 3, 7, 12] {
                let eur = Eur::from_cents(cents);
                let amounts = Amount::from(eur).split_equally(count).unwrap();
                let euros: Vec<Eur> = amounts.iter().map(|share| share.to_eur_exact().unwrap()).collect();
                assert_eq!(euros, eur.split_equally(count).unwrap());
            }
        }
    }
}
