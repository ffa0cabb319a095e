//! A digest of vouchers, by which a closed period is held to what it was.

use event_log::Frontier;
use event_log::merkle::leaf;

use super::journal::Voucher;
use crate::ids::FileDigest;

/// The root (RFC 6962) over the vouchers, in their order: position, kind, number of what it is about, days, and what it
/// moves. Accounts and voucher numbers are not part of it, so it is the same under every chart.
pub fn digest<'v>(vouchers: impl IntoIterator<Item = &'v Voucher>) -> FileDigest {
    let mut tree = Frontier::new();
    for voucher in vouchers {
        let Voucher { position, kind, about, day, about_day, moved, .. } = voucher;
        let text = format!("{position} {kind} {about} {day} {about_day} {moved}");
        tree.push(leaf(text.as_bytes()));
    }
    FileDigest(tree.root())
}

/// The root over the same vouchers as they are booked under a chart: their names, and each entry with its account, amount
/// and objects.
pub fn digest_of_entries<'v>(vouchers: impl IntoIterator<Item = &'v Voucher>) -> FileDigest {
    let mut tree = Frontier::new();
    for voucher in vouchers {
        let Voucher { series, year, number, day, .. } = voucher;
        let mut text = format!("{series} {year} {number} {day}");
        for entry in &voucher.entries {
            text.push_str(&format!("\n{} {}", entry.account, entry.amount));
            for object in &entry.objects {
                text.push_str(&format!(" {}:{}", object.dimension, object.code));
            }
        }
        tree.push(leaf(text.as_bytes()));
    }
    FileDigest(tree.root())
}
