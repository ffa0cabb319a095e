//! Which partners have a receipt already, however it is spelled.

use std::collections::{BTreeSet, HashMap};

use ::claims::ClaimsProjection;
use domain::claim::Alike;
use domain::{KeyDigest, PartnerCode};

use crate::error::AppError;
use crate::ledger::Ledger;

/// What tells receipts, with the partner that has them; of each digest half, which is enough to tell them apart and small
/// enough to keep for each of a million.
#[derive(Debug, Default)]
pub(super) struct Alikes {
    partners: Vec<PartnerCode>,
    /// The place of the partner; none where there are several.
    receipts: HashMap<[u8; 16], Option<usize>>,
    /// Those of the file that is imported, with their rows: what is decided again is held against what stands above it.
    in_file: HashMap<[u8; 16], BTreeSet<(u64, usize)>>,
}

impl Alikes {
    /// Of all claims and fees that count.
    pub(super) async fn of(ledger: &Ledger) -> Result<Self, AppError> {
        let mut alikes = Self::default();
        ledger.current().await?;
        for (_, row) in ledger.runner.all_rows::<ClaimsProjection>().await? {
            if let (Some(alike), true) = (&row.alike, row.state.counts()) {
                alikes.note(&row.partner, alike);
            }
        }
        for (partner, alike) in ledger.receipts_of_fees().await? {
            alikes.note(&partner, &alike);
        }
        Ok(alikes)
    }

    /// A row of the file has a receipt.
    pub(super) fn note_row(&mut self, row: u64, partner: &PartnerCode, alike: &Alike) {
        let place = self.place(partner);
        for receipt in &alike.receipts {
            self.in_file.entry(half(receipt)).or_default().insert((row, place));
        }
    }

    fn place(&mut self, partner: &PartnerCode) -> usize {
        self.partners.iter().position(|known| known == partner).unwrap_or_else(|| {
            self.partners.push(partner.clone());
            self.partners.len() - 1
        })
    }

    /// A partner has a receipt.
    fn note(&mut self, partner: &PartnerCode, alike: &Alike) {
        let place = self.place(partner);
        for receipt in &alike.receipts {
            let known = self.receipts.entry(half(receipt)).or_insert(Some(place));
            if *known != Some(place) {
                *known = None;
            }
        }
    }

    /// Whether another partner has the receipt of a row too, in the ledger or in a row above it.
    pub(super) fn has_another(&self, row: u64, partner: &PartnerCode, alike: &Alike) -> bool {
        let is_other = |place: usize| self.partners.get(place) != Some(partner);
        alike.receipts.iter().map(half).any(|receipt| {
            let known = self.receipts.get(&receipt);
            let above = self.in_file.get(&receipt).into_iter().flat_map(|rows| rows.range(..(row, 0)));
            known.is_some_and(|place| place.is_none_or(is_other))
                || above.into_iter().any(|(_, place)| is_other(*place))
        })
    }
}

fn half(digest: &KeyDigest) -> [u8; 16] {
    digest.0.first_chunk().copied().unwrap_or_default()
}
