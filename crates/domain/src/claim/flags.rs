//! What finance should look at before it accepts a claim or a fee. A flag refuses nothing.

mod others;

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use money::{Amount, Eur};
use rulebook::{Country, Parameters};

use self::others::Others;
use super::event::Alike;
use crate::ids::{CaseId, ClaimId, FileDigest, PartnerCode};

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
        /// Receipts of one supplier for the same person within a week, each below the amount from which a second person must
        /// agree, that reach it together; or so many fees.
        SplitPurchase = "split-purchase",
        /// More than the whole cap of the person: a decimal point, or the wrong currency.
        FarOverCap = "far-over-cap",
        /// More than twice what is left under the cap.
        OverWhatIsLeft = "over-what-is-left",
        /// Another partner had the case on the day of the delivery.
        WrongPartner = "wrong-partner",
        /// The same purpose is claimed for the same person under another programme, or twice with the same amount.
        SamePurpose = "same-purpose",
        /// Just below the amount from which a second person must agree.
        NearThreshold = "near-threshold",
        /// Delivered where and when no agreement with the partner was in force, or charged when none lets it.
        OutsideAgreement = "outside-agreement",
        /// A fee with which more is charged than the terms of its agreement allow.
        OverTerms = "over-terms",
    }
}

impl FlagKind {
    /// Whether somebody has to ask, or compare with another claim, so that accepting in bulk leaves this one open.
    pub fn holds_back(self) -> bool {
        match self {
            Self::FutureDay
            | Self::OddAmount
            | Self::SameReceipt
            | Self::SplitPurchase
            | Self::FarOverCap
            | Self::SamePurpose => true,
            Self::LateReport
            | Self::OverWhatIsLeft
            | Self::WrongPartner
            | Self::NearThreshold
            | Self::OutsideAgreement
            | Self::OverTerms => false,
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
    /// What the whole receipt is worth as far as it is known, of which this may be one share or part: what the limit for two
    /// people looks at.
    pub worth: Option<Eur>,
    /// Whether money went or may go out for it.
    pub counts: bool,
    /// What tells the receipt, however it is spelled; none once it was erased.
    pub alike: Option<Box<Alike>>,
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
    /// What there is for it under the cap; none once it is decided, and where nothing was granted.
    pub room: Option<Room>,
    /// Who had the case on the day of the delivery, if it was not who reports.
    pub had_by: Option<PartnerCode>,
}

/// What there is for a person on a budget line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Most that may be disbursed.
    pub cap: Eur,
    /// Of that, not disbursed.
    pub left: Eur,
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
/// The flags of all claims and fees that count, by number. Each is compared with all others, whatever their order.
pub fn flags(claims: &[Sighted], parameters: &Parameters) -> BTreeMap<u64, Vec<Flag>> {
    let mut raised: BTreeMap<u64, Vec<Flag>> = BTreeMap::new();
    let counting: Vec<&Sighted> = claims.iter().filter(|claim| claim.counts).collect();
    let usual = usual(&counting);
    let others = Others::of(&counting);
    let split = parameters.second_approval_from.map(|limit| others::split(&counting, limit));
    let split = split.unwrap_or_default();
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
        if let Some(places) = others.with_the_receipt_of(claim) {
            raise(FlagKind::SameReceipt, format!("the same receipt: {places}"));
        }
        if let Some(places) = others.for_the_purpose_of(claim) {
            raise(FlagKind::SamePurpose, format!("the same purpose for the same person: {places}"));
        }
        if let (Some(detail), Some(limit)) = (split.get(&claim.number), parameters.second_approval_from) {
            raise(FlagKind::SplitPurchase, format!("{detail}; from {limit} on two people decide"));
        }
        if let Some((kind, detail)) = over(claim) {
            raise(kind, detail);
        }
        if let Some(had_by) = claim.benefit.as_ref().and_then(|benefit| benefit.had_by.as_ref()) {
            let Sighted { partner, delivered_on, .. } = claim;
            raise(
                FlagKind::WrongPartner,
                format!("{had_by} had the case on {delivered_on}, and {partner} reports"),
            );
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

/// Whether a claim is far larger than what there is for it.
fn over(claim: &Sighted) -> Option<(FlagKind, String)> {
    let (eur, Room { cap, left }) = (claim.eur?, claim.benefit.as_ref()?.room?);
    if eur > cap {
        return Some((FlagKind::FarOverCap, format!("{eur} EUR, where the whole cap is {cap}")));
    }
    let is_far_over = left > Eur::ZERO && i128::from(eur.cents()) > i128::from(left.cents()) * 2;
    is_far_over.then(|| (FlagKind::OverWhatIsLeft, format!("{eur} EUR, where {left} of {cap} is left")))
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
