//! What lines and what they would settle have in common, where a person says that they belong together.

use money::Amount;

use super::reversals::Way;

use super::open::{OpenItem, OpenLine};

/// Whether each of the lines has something in common with one of the items, and each of the items with one of the lines: a
/// reference, the account on the other side, or the amount. Where both accounts are known and are two, a line has nothing in
/// common with an item: its money went, or came from, somewhere else than was decided.
pub fn have_in_common(lines: &[&OpenLine], items: &[&OpenItem]) -> bool {
    lines.iter().all(|line| items.iter().any(|item| belong(line, item)))
        && items.iter().all(|item| lines.iter().any(|line| belong(line, item)))
}

/// Whether two lines are one transfer between accounts of the authority: what went out of one came in on the other, and each of
/// them names the other's account.
pub fn are_transfer(one: &OpenLine, other: &OpenLine) -> bool {
    one.amount == other.amount.negated() && Way::of(one).is_some_and(|way| Way::of(other) == Some(way))
}

fn belong(line: &OpenLine, item: &OpenItem) -> bool {
    let same_account = line.counterpart.zip(item.counterpart).map(|(one, other)| one == other);
    let reference = || line.references.iter().any(|known| item.references.contains(&known.digest));
    let amount = || line.amount == item.amount || line.worth.map(Amount::from) == Some(item.amount);
    same_account.unwrap_or_else(|| reference() || amount())
}
