//! What finance should look at before it accepts a claim or a fee. A flag refuses nothing.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use money::{Amount, Eur};
use rulebook::{Country, Parameters};

use crate::ids::{CaseId, ClaimId, FileDigest, KeyDigest, PartnerCode};

rulebook::codes! {
    /// What is odd about a claim or a fee.
    FlagKind {
        /// Reported long after the delivery.
        LateReport = "late-report",
        /// Reported before the day on which it is said to have been delivered.
        FutureDay = "future-day",
        /// Far above what this partner usually claims for this benefit, or charges.
        OddAmount = "odd-amount",
        /// The same receipt, however it is spelled, stands at another partner, in another programme, or twice: double
        /// funding.
        SameReceipt = "same-receipt",
        /// One receipt in parts for several people, which together reach the amount from which a second person must agree.
        SplitReceipt = "split-receipt",
        /// The same purpose is claimed for the same person under another programme, or twice with the same amount.
        SamePurpose = "same-purpose",
        /// Just below the amount from which a second person must agree.
        NearThreshold = "near-threshold",
        /// Delivered where and when no agreement with the partner was in force, or charged when none lets it.
        OutsideAgreement = "outside-agreement",
    }
}

impl FlagKind {
    /// Whether somebody has to ask, or compare with another claim, so that accepting in bulk leaves this one open.
    pub fn holds_back(self) -> bool {
        match self {
            Self::FutureDay
            | Self::OddAmount
            | Self::SameReceipt
            | Self::SplitReceipt
            | Self::SamePurpose => true,
            Self::LateReport | Self::NearThreshold | Self::OutsideAgreement => false,
        }
    }
}

/// One flag, with what raised it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Which.
    pub kind: FlagKind,
    /// For people: figures and the numbers of other claims; nothing about a person.
    pub detail: String,
}

/// What flags are raised on: a claim or a fee.
#[derive(Debug, Clone)]
pub struct Sighted {
    /// Its number.
    pub number: u64,
    /// Who reported it.
    pub partner: PartnerCode,
    /// What was delivered to whom; none of a fee.
    pub benefit: Option<Benefit>,
    /// Benefit category, or that of fees: the partner's others of it tell what is usual.
    pub category: String,
    /// Whether no agreement covers it: of a claim, the partner has agreements, and none of them was in force for its
    /// programme and country on its day; of a fee, none with fee terms was.
    pub outside_agreement: bool,
    /// Day of the delivery or the charge.
    pub delivered_on: Date,
    /// Day of the report.
    pub reported_on: Date,
    /// As on the receipt; of a family's the share.
    pub amount: Amount,
    /// In euro; none while the rate is still to come.
    pub eur: Option<Eur>,
    /// What the whole receipt is worth, of which this may be one share: what the limit for two people looks at.
    pub worth: Option<Eur>,
    /// Whether money went or may go out for it.
    pub counts: bool,
    /// Keyed digests of supplier and receipt number, however they are spelled: one receipt has one of them in common.
    pub alike: Vec<KeyDigest>,
    /// SHA-256 of the receipt's file.
    pub receipt_sha256: Option<FileDigest>,
    /// SHA-256 of the file it was reported in.
    pub file: Option<FileDigest>,
}

/// What a claim is for.
#[derive(Debug, Clone)]
pub struct Benefit {
    /// For whom.
    pub case: CaseId,
    /// The claim of the first share, if the receipt is a family's.
    pub family: Option<ClaimId>,
    /// What the category is for, which may be the same in two programmes.
    pub purpose: String,
    /// The programme that pays.
    pub programme: String,
    /// The country that the person returned to.
    pub country: Country,
}

impl Sighted {
    fn programme(&self) -> Option<&str> {
        self.benefit.as_ref().map(|benefit| benefit.programme.as_str())
    }

    fn purpose(&self) -> Option<(CaseId, &str)> {
        self.benefit.as_ref().map(|benefit| (benefit.case, benefit.purpose.as_str()))
    }

    /// Where it stands, for people.
    fn place(&self) -> String {
        match self.programme() {
            Some(programme) => format!("claim {} of {} under {programme}", self.number, self.partner),
            None => format!("fee {} of {}", self.number, self.partner),
        }
    }
}

/// Claims a partner must have made for a benefit, or fees charged, before one of them can be odd.
const USUAL_FROM: usize = 5;
/// Days within which the same amount for the same purpose is taken for the same thing.
const SAME_PURPOSE_DAYS: i32 = 31;

/// The flags of all claims and fees that count, by number. Each is compared with all others, whatever their order.
pub fn flags(claims: &[Sighted], parameters: &Parameters) -> BTreeMap<u64, Vec<Flag>> {
    let mut raised: BTreeMap<u64, Vec<Flag>> = BTreeMap::new();
    let counting: Vec<&Sighted> = claims.iter().filter(|claim| claim.counts).collect();
    let usual = usual(&counting);
    let receipts = by(&counting, |claim| claim.alike.iter());
    let files = by(&counting, |claim| claim.receipt_sha256);
    let purposes = by(&counting, |claim| claim.purpose());
    for claim in counting {
        let mut raise = |kind, detail| raised.entry(claim.number).or_default().push(Flag { kind, detail });
        if let Some(days) = parameters.late_report_days
            && days_between(claim.delivered_on, claim.reported_on) > i32::from(days)
        {
            let detail = format!(
                "reported on {}, more than {days} days after {}",
                claim.reported_on, claim.delivered_on
            );
            raise(FlagKind::LateReport, detail);
        }
        // A day later is that of a place further east.
        if days_between(claim.reported_on, claim.delivered_on) > 1 {
            let detail = format!("of {}, and reported on {}", claim.delivered_on, claim.reported_on);
            raise(FlagKind::FutureDay, detail);
        }
        if let (Some(factor), Some(eur)) = (parameters.outlier_factor, claim.eur)
            && let Some(usual) = usual.get(&(&claim.partner, claim.category.as_str()))
            && i128::from(eur.cents()) > i128::from(usual.cents()) * i128::from(factor)
        {
            let does = if claim.benefit.is_some() { "claims" } else { "charges" };
            raise(
                FlagKind::OddAmount,
                format!("{eur} EUR, where {} usually {does} {usual} for this", claim.partner),
            );
        }
        let same_receipt = claim.alike.iter().filter_map(|receipt| receipts.get(receipt));
        let same_file = claim.receipt_sha256.and_then(|file| files.get(&file));
        let others = beside(claim, same_receipt.chain(same_file).flatten());
        let (parts, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|other| same_report(claim, other));
        if let Some(places) = places(&others) {
            raise(FlagKind::SameReceipt, format!("the same receipt: {places}"));
        }
        if let Some(limit) = parameters.second_approval_from
            && let Some(sum) = reached_together(claim, &parts, limit)
        {
            let people = parts.len() + 1;
            raise(
                FlagKind::SplitReceipt,
                format!("its parts for {people} people come to {sum} EUR; from {limit} on two people decide"),
            );
        }
        let same_purpose = claim.purpose().and_then(|purpose| purposes.get(&purpose));
        let mut others = beside(claim, same_purpose.into_iter().flatten());
        others.retain(|other| same_thing(claim, other));
        if let Some(places) = places(&others) {
            raise(FlagKind::SamePurpose, format!("the same purpose for the same person: {places}"));
        }
        if let (Some(limit), Some(percent), Some(eur)) =
            (parameters.second_approval_from, parameters.near_threshold_percent, claim.worth)
            && eur < limit
            && i128::from(eur.cents()) * 100 >= i128::from(limit.cents()) * i128::from(100 - percent)
        {
            raise(
                FlagKind::NearThreshold,
                format!("{eur} EUR is just below {limit}, from which two people decide"),
            );
        }
        if claim.outside_agreement {
            let Sighted { partner, delivered_on, .. } = claim;
            let detail = match &claim.benefit {
                Some(Benefit { programme, country, .. }) => {
                    format!("no agreement with {partner} for {programme} in {country} on {delivered_on}")
                }
                None => format!("no agreement with {partner} has fees on {delivered_on}"),
            };
            raise(FlagKind::OutsideAgreement, detail);
        }
    }
    raised
}

/// The other ones, each once, in the order of their numbers.
fn beside<'c>(claim: &Sighted, found: impl Iterator<Item = &'c &'c Sighted>) -> Vec<&'c Sighted> {
    let mut others: Vec<&Sighted> = found.copied().filter(|other| other.number != claim.number).collect();
    others.sort_unstable_by_key(|other| other.number);
    others.dedup_by_key(|other| other.number);
    others
}

/// Two shares of one cost of a family are one report of one receipt, not two; and so are parts for several people that one
/// report has in rows of their own. Equal parts may be the whole of it, given to each.
fn same_report(claim: &Sighted, other: &Sighted) -> bool {
    let (Some(benefit), Some(another)) = (&claim.benefit, &other.benefit) else { return false };
    let is_one_receipt = claim.alike.iter().any(|receipt| other.alike.contains(receipt));
    let reported = |claim: &Sighted| (claim.delivered_on, claim.reported_on, claim.file);
    is_one_receipt
        && benefit.case != another.case
        && benefit.family == another.family
        && (benefit.family.is_some() || claim.amount != other.amount)
        && (&claim.partner, &claim.category, reported(claim))
            == (&other.partner, &other.category, reported(other))
}

/// What a part of a receipt comes to with the others, if it does not reach a limit that all of them reach. (A family's
/// receipt is held against the limit as a whole.)
fn reached_together(claim: &Sighted, parts: &[&Sighted], limit: Eur) -> Option<Eur> {
    if parts.is_empty() || claim.benefit.as_ref()?.family.is_some() {
        return None;
    }
    let worth = parts.iter().chain([&claim]).map(|part| part.eur.unwrap_or(Eur::ZERO));
    let sum = Eur::sum(worth).ok()?;
    (claim.eur? < limit && sum >= limit).then_some(sum)
}

/// Under another programme the same purpose is funded twice; under the same one, the same amount within a month may be.
fn same_thing(claim: &Sighted, other: &Sighted) -> bool {
    claim.programme() != other.programme()
        || (claim.eur.is_some()
            && claim.eur == other.eur
            && days_between(claim.delivered_on, other.delivered_on).abs() <= SAME_PURPOSE_DAYS)
}

fn places(others: &[&Sighted]) -> Option<String> {
    let places: Vec<String> = others.iter().map(|other| other.place()).collect();
    (!places.is_empty()).then(|| places.join(", "))
}

fn by<'c, K: std::hash::Hash + Eq, Keys: IntoIterator<Item = K>>(
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

/// The median of what each partner claims for each benefit, and of its fees, where there are enough of them.
fn usual<'c>(claims: &[&'c Sighted]) -> HashMap<(&'c PartnerCode, &'c str), Eur> {
    let mut amounts: HashMap<(&PartnerCode, &str), Vec<Eur>> = HashMap::new();
    for claim in claims {
        if let Some(eur) = claim.eur {
            amounts.entry((&claim.partner, &claim.category)).or_default().push(eur);
        }
    }
    amounts
        .into_iter()
        // The one that is held against the others is among them.
        .filter(|(_, amounts)| amounts.len() > USUAL_FROM)
        .map(|(whose, mut amounts)| {
            amounts.sort_unstable();
            (whose, amounts[(amounts.len() - 1) / 2])
        })
        .collect()
}

fn days_between(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}
