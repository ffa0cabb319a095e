//! The one rounding rule.

/// `numerator / denominator` to the nearest integer, ties away from zero ("half up" as bookkeeping
/// means it: 0.5 → 1, −0.5 → −1). `None` when an intermediate does not fit or the denominator is
/// not positive.
pub(crate) fn divide_half_up(numerator: i128, denominator: i128) -> Option<i128> {
    if denominator <= 0 {
        return None;
    }
    let quotient = numerator / denominator;
    let remainder = numerator % denominator;
    // Compared with the other half instead of doubled, which could overflow.
    let is_half_or_more = remainder.abs() >= denominator - remainder.abs();
    if is_half_or_more { quotient.checked_add(numerator.signum()) } else { Some(quotient) }
}

#[cfg(test)]
mod tests {
    use super::divide_half_up;

    #[test]
    fn ties_go_away_from_zero_and_the_rest_to_the_nearest() {
        let cases = [(5, 10, 1), (-5, 10, -1), (4, 10, 0), (-4, 10, 0), (15, 10, 2), (25, 10, 3), (1, 3, 0)];
        for (numerator, denominator, expected) in cases {
            assert_eq!(divide_half_up(numerator, denominator), Some(expected), "{numerator}/{denominator}");
        }
    }

    #[test]
    fn extremes_neither_panic_nor_wrap() {
        assert_eq!(divide_half_up(i128::MAX, 1), Some(i128::MAX));
        assert_eq!(divide_half_up(i128::MIN, 1), Some(i128::MIN));
        assert_eq!(divide_half_up(i128::MAX, i128::MAX), Some(1));
        assert_eq!(divide_half_up(1, 0), None);
        assert_eq!(divide_half_up(i128::MIN, -1), None);
    }
}
