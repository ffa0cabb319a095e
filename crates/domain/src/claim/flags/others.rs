//! Which claims and fees could be the same thing as others, or parts of it.
//!
//! However many are alike: each is held against few, so the work and what is said of them grow no faster than they do.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use jiff::civil::Date;
use money::{Amount, Eur};

use super::{Sighted, days_between};
use crate::ids::{CaseId, FileDigest, KeyDigest, PartnerCode};

/// Others that are named for one claim; of more it is said that there are more.
const NAMED_MAX: usize = 5;
/// Days within which the same amount for the same purpose is taken for the same thing: less than a month, because what is paid
/// each month has one amount.
const SAME_PURPOSE_DAYS: i32 = 27;
/// Days within which receipts of one supplier for one person may be one purchase.
const SPLIT_DAYS: i32 = 7;

/// What makes two claims for one purpose the same thing.
#[derive(PartialEq, Eq, Hash)]
enum Worth {
    Euros(Eur),
    Given(Amount),
}

type Purpose<'c> = (CaseId, &'c str);

/// All claims and fees, by what they may have in common.
pub(super) struct Others<'c> {
    receipts: HashMap<&'c KeyDigest, Vec<&'c Sighted>>,
    files: HashMap<FileDigest, Vec<&'c Sighted>>,
    /// For one purpose under one programme, with one amount: by day.
    twins: HashMap<(Purpose<'c>, &'c str, Worth), Vec<&'c Sighted>>,
    /// For one purpose, by programme: no more than are named.
    programmes: HashMap<Purpose<'c>, BTreeMap<&'c str, Vec<&'c Sighted>>>,
}

impl<'c> Others<'c> {
    pub(super) fn of(claims: &[&'c Sighted]) -> Self {
        let mut claims = claims.to_vec();
        claims.sort_unstable_by_key(|claim| claim.number);
        let mut programmes: HashMap<Purpose<'c>, BTreeMap<&str, Vec<&Sighted>>> = HashMap::new();
        for claim in &claims {
            let (Some(purpose), Some(programme)) = (claim.purpose(), claim.programme()) else { continue };
            let of_programme = programmes.entry(purpose).or_default().entry(programme).or_default();
            if of_programme.len() <= NAMED_MAX {
                of_programme.push(claim);
            }
        }
        let receipts = by(&claims, |claim| claim.alike.iter().flat_map(|alike| &alike.receipts));
        let files = by(&claims, |claim| claim.receipt_sha256);
        claims.sort_by_key(|claim| claim.delivered_on);
        Self { receipts, files, twins: by(&claims, twin_keys), programmes }
    }

    /// Where the receipt of a claim stands as well.
    pub(super) fn with_the_receipt_of(&self, claim: &Sighted) -> Option<String> {
        let receipts = claim.alike.iter().flat_map(|alike| &alike.receipts);
        let of_receipt = receipts.filter_map(|receipt| self.receipts.get(receipt));
        let of_file = claim.receipt_sha256.and_then(|file| self.files.get(&file));
        let is_other = |other: &&Sighted| other.number != claim.number && !same_report(claim, other);
        places(of_receipt.chain(of_file).flat_map(|group| {
            // One more than are named tells that there are more.
            group.iter().copied().filter(is_other).take(NAMED_MAX + 1)
        }))
    }

    /// What may be for the same thing: for the same purpose under another programme, or with the same amount within some weeks.
    pub(super) fn for_the_purpose_of(&self, claim: &Sighted) -> Option<String> {
        let (purpose, programme) = (claim.purpose()?, claim.programme()?);
        let mut found: Vec<&Sighted> = Vec::new();
        for (other, claims) in self.programmes.get(&purpose).into_iter().flatten() {
            found.extend(claims.iter().filter(|_| *other != programme));
        }
        for key in twin_keys(claim) {
            let Some(twins) = self.twins.get(&key) else { continue };
            let at = twins.partition_point(|twin| {
                (twin.delivered_on, twin.number) < (claim.delivered_on, claim.number)
            });
            let (before, after) = twins.split_at(at);
            let is_near = |twin: &&&Sighted| {
                days_between(claim.delivered_on, twin.delivered_on).abs() <= SAME_PURPOSE_DAYS
            };
            found.extend(before.iter().rev().take_while(is_near).take(NAMED_MAX + 1));
            // The claim itself stands first.
            found.extend(after.iter().skip(1).take_while(is_near).take(NAMED_MAX + 1));
        }
        places(found.into_iter())
    }
}

fn twin_keys(claim: &Sighted) -> Vec<(Purpose<'_>, &str, Worth)> {
    let (Some(purpose), Some(programme)) = (claim.purpose(), claim.programme()) else { return Vec::new() };
    let worths = claim.eur.map(Worth::Euros).into_iter().chain([Worth::Given(claim.amount)]);
    worths.map(|worth| (purpose, programme, worth)).collect()
}

/// Two shares of one cost of a family are one report of one receipt, not two; and so are parts for several people that one
/// report has in rows of their own. Equal parts may be the whole of it, given to each.
fn same_report(claim: &Sighted, other: &Sighted) -> bool {
    let (Some(benefit), Some(another)) = (&claim.benefit, &other.benefit) else { return false };
    let (Some(alike), Some(other_alike)) = (&claim.alike, &other.alike) else { return false };
    let is_one_receipt = alike.receipts.iter().any(|receipt| other_alike.receipts.contains(receipt));
    let reported = |claim: &Sighted| (claim.delivered_on, claim.reported_on, claim.file);
    is_one_receipt
        && benefit.case != another.case
        && benefit.family == another.family
        && (benefit.family.is_some() || claim.amount != other.amount)
        && (&claim.partner, &claim.category, reported(claim))
            == (&other.partner, &other.category, reported(other))
}

/// Claims and fees that reach the limit of two people together and not alone, by number: what they are, in words.
pub(super) fn split(claims: &[&Sighted], limit: Eur) -> HashMap<u64, String> {
    type Purchases<'c> = HashMap<(&'c PartnerCode, KeyDigest, Option<CaseId>), Vec<(Date, u64, Eur)>>;
    let mut purchases: Purchases<'_> = HashMap::new();
    for claim in claims {
        let (Some(worth), Some(alike)) = (claim.worth.filter(|worth| *worth < limit), &claim.alike) else {
            continue;
        };
        let whose = claim.benefit.as_ref().map(|benefit| benefit.case);
        let purchase = purchases.entry((&claim.partner, alike.supplier, whose)).or_default();
        purchase.push((claim.delivered_on, claim.number, worth));
    }
    let mut split = HashMap::new();
    for ((_, _, whose), mut purchase) in purchases {
        purchase.sort_unstable();
        let of_whom = if whose.is_some() { "for the same person" } else { "as fees" };
        // The first that is still within a week of the one at hand, their sum, and the first of which nothing is said yet.
        let (mut first, mut cents, mut unsaid) = (0, 0_i128, 0);
        for (last, (day, _, worth)) in purchase.iter().enumerate() {
            cents += i128::from(worth.cents());
            while days_between(purchase[first].0, *day) > SPLIT_DAYS {
                cents -= i128::from(purchase[first].2.cents());
                first += 1;
            }
            if cents < i128::from(limit.cents()) {
                continue;
            }
            let sum = i64::try_from(cents).map(Eur::from_cents).unwrap_or(limit);
            let count = last + 1 - first;
            for (_, number, _) in &purchase[first.max(unsaid)..=last] {
                let detail =
                    format!("{count} receipts of one supplier {of_whom} within {SPLIT_DAYS} days: {sum} EUR");
                split.insert(*number, detail);
            }
            unsaid = last + 1;
        }
    }
    split
}

/// The first places, each once.
fn places<'c>(found: impl Iterator<Item = &'c Sighted>) -> Option<String> {
    let found: BTreeMap<u64, &Sighted> = found.map(|other| (other.number, other)).collect();
    let mut places: Vec<String> = found.values().take(NAMED_MAX).map(|other| other.place()).collect();
    if found.len() > NAMED_MAX {
        places.push("and more".to_owned());
    }
    (!places.is_empty()).then(|| places.join(", "))
}

fn by<'c, K: Hash + Eq, Keys: IntoIterator<Item = K>>(
    claims: &[&'c Sighted],
    keys: impl Fn(&'c Sighted) -> Keys,
) -> HashMap<K, Vec<&'c Sighted>> {
    let mut groups: HashMap<K, Vec<&Sighted>> = HashMap::new();
    for claim in claims {
        for key in keys(claim) {
            groups.entry(key).or_default().push(claim);
        }
    }
    groups
}
