//! Older versions of the events, read as the newest.

use serde::Deserialize;

use money::Amount;

use super::event::{MatchedItem, MatchedLine, PaymentMatched, Settled};
use crate::ids::{Actor, CaseId, GrantId, PartnerCode, PaymentId};
use crate::matching::Residual;

/// Version 1: all that came back of a grant was one item, and what was paid outside of the ledger did not come back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentMatchedV1 {
    number: u64,
    rule: String,
    rules: String,
    why: String,
    lines: Vec<MatchedLine>,
    items: Vec<ItemV1>,
    #[serde(default)]
    residual: Option<Residual>,
    by: Actor,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemV1 {
    of: SettledV1,
    amount: Amount,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum SettledV1 {
    Payment { partner: PartnerCode, payment: PaymentId },
    PaymentBack { partner: PartnerCode, payment: PaymentId },
    PaidOutside { partner: PartnerCode, payment: PaymentId },
    Grant { case: CaseId, grant: GrantId },
    GrantBack { case: CaseId, grant: GrantId },
}

impl From<PaymentMatchedV1> for PaymentMatched {
    fn from(event: PaymentMatchedV1) -> Self {
        let item = |item: ItemV1| MatchedItem { of: item.of.into(), amount: item.amount };
        Self {
            number: event.number,
            rule: event.rule,
            rules: event.rules,
            why: event.why,
            lines: event.lines,
            items: event.items.into_iter().map(item).collect(),
            residual: event.residual,
            alone_max: None,
            by: event.by,
        }
    }
}

/// Version 2: one person matched whatever came to the same.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentMatchedV2 {
    number: u64,
    rule: String,
    rules: String,
    why: String,
    lines: Vec<MatchedLine>,
    items: Vec<MatchedItem>,
    #[serde(default)]
    residual: Option<Residual>,
    by: Actor,
}

impl From<PaymentMatchedV2> for PaymentMatched {
    fn from(event: PaymentMatchedV2) -> Self {
        let PaymentMatchedV2 { number, rule, rules, why, lines, items, residual, by } = event;
        Self { number, rule, rules, why, lines, items, residual, alone_max: None, by }
    }
}

impl From<SettledV1> for Settled {
    fn from(settled: SettledV1) -> Self {
        match settled {
            SettledV1::Payment { partner, payment } => Self::Payment { partner, payment },
            SettledV1::PaymentBack { partner, payment } => Self::PaymentBack { partner, payment },
            SettledV1::PaidOutside { partner, payment } => Self::PaidOutside { partner, payment },
            SettledV1::Grant { case, grant } => Self::Grant { case, grant },
            SettledV1::GrantBack { case, grant } => Self::GrantBack { case, grant, nth: 1 },
        }
    }
}
