//! What stands on the accounts when a period begins, row by row.

use std::collections::BTreeMap;

use money::{Eur, Overflow};

use super::chart::Chart;
use super::journal::{Entry, Object, Voucher};
use crate::period::Period;

/// What stands on each account before a period, by what it is about: together with the vouchers of the period it comes to
/// the trial balance. The result of earlier years is one entry without an account.
///
/// # Errors
/// [`Overflow`] where it cannot be added up.
pub fn openings(chart: &Chart, vouchers: &[Voucher], period: Period) -> Result<Vec<Entry>, Overflow> {
    let year = period.first().year();
    let mut sums: BTreeMap<(&str, &[Object]), Eur> = BTreeMap::new();
    for voucher in vouchers.iter().filter(|voucher| voucher.day < period.first()) {
        for entry in &voucher.entries {
            let begins_anew = chart.account(&entry.account).is_some_and(|account| account.kind.begins_anew());
            let of: (&str, &[Object]) = match begins_anew && voucher.day.year() < year {
                true => ("", &[]),
                false => (&entry.account, &entry.objects),
            };
            let sum = sums.entry(of).or_default();
            *sum = sum.checked_add(entry.amount)?;
        }
    }
    let entry = |((account, objects), amount): ((&str, &[Object]), Eur)| Entry {
        account: account.to_owned(),
        amount,
        objects: objects.to_vec(),
        text: "brought forward".to_owned(),
    };
    Ok(sums.into_iter().filter(|(_, sum)| !sum.is_zero()).map(entry).collect())
}
