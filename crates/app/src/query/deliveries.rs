//! A partner's statement by day of delivery.

use std::collections::HashMap;

use domain::statement::{Delivered, delivered, delivery_totals};
use domain::{FoldError, PartnerCode, Period, TextId};
use interchange::statement::{DeliveryDocument, DeliveryLine};
use projection_runner::Progress;

use super::statement::Told;
use crate::error::AppError;
use crate::ledger::Ledger;

impl Ledger {
    /// What a partner delivered in a period and what became of it, as the log stood at a position, whenever it was reported
    /// and decided. Folded like [`statement`](Self::statement), and the same for ever.
    ///
    /// [`AppError::Usage`] if the log does not reach so far, or the partner is not known there.
    pub async fn deliveries(
        &self,
        partner: &PartnerCode,
        period: Period,
        at: Option<u64>,
        progress: Progress<'_>,
    ) -> Result<DeliveryDocument, AppError> {
        let stood = self.account_at(partner, at, progress).await?;
        let account = &stood.account;
        let delivered = delivered(account, period).map_err(FoldError::from)?;
        let told = self.told_of(account, delivered.iter().map(|claim| claim.stated.number)).await?;
        let words = delivered.iter().filter_map(|claim| Some((claim.stated.number, claim.words?)));
        let words = self.words_of(&told, words).await?;
        let line = |claim: &Delivered<'_>| Some(line(claim, told.get(&claim.stated.number)?, &words));
        Ok(DeliveryDocument {
            partner: partner.to_string(),
            name: account.name().map(ToString::to_string).unwrap_or_default(),
            period,
            position: stood.position,
            root: stood.root.clone(),
            totals: delivery_totals(&delivered).map_err(FoldError::from)?,
            lines: delivered.iter().filter_map(line).collect(),
        })
    }
}

fn line(claim: &Delivered<'_>, told: &Told<'_>, words: &HashMap<TextId, String>) -> DeliveryLine {
    let stated = claim.stated;
    DeliveryLine {
        number: stated.number,
        on: stated.on,
        external_ref: told.external_ref.clone(),
        case: told.case.clone(),
        category: stated.category.clone(),
        receipt_no: told.receipt_no.clone(),
        supplier: told.supplier.clone(),
        amount: stated.amount.to_string(),
        currency: stated.amount.currency().code(),
        rate: stated.quote.map(|quote| quote.rate.to_string()).unwrap_or_default(),
        eur: claim.reported,
        eligible: claim.eligible,
        disallowed: claim.disallowed,
        reversed: claim.reversed,
        undecided: claim.undecided,
        reason: match claim.waits {
            true => "waiting-for-rate".to_owned(),
            false => claim.disallowed_for.iter().map(|(reason, _)| *reason).collect::<Vec<_>>().join(" "),
        },
        words: claim.words.and_then(|text| words.get(&text).cloned()).unwrap_or_default(),
    }
}
