//! `spend.csv`: what a partner organisation delivered and claims (begärd ersättning).

use domain::partner::PARTNER_FEE;
use jiff::civil::Date;
use money::Amount;

use crate::{Fields, Row};

/// One receipt, of one person or of a family; or a fee of the partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpendRow {
    /// Code of the partner organisation.
    pub partner: String,
    /// The authority's own key for the case; several for a family, who share the amount; none for a fee.
    pub case_refs: Vec<String>,
    /// Code of the benefit category.
    pub category: String,
    /// Day of the delivery.
    pub delivered_on: Date,
    /// What was spent, in the currency it was spent in; positive.
    pub amount: Amount,
    /// Who was paid.
    pub supplier: String,
    /// The supplier's number of the receipt.
    pub receipt_no: String,
    /// SHA-256 of the scanned receipt.
    pub receipt_sha256: Option<[u8; 32]>,
    /// What was delivered, in the partner's words.
    pub description: Option<String>,
}

impl SpendRow {
    /// Whether it is a fee of the partner itself, and so for no person.
    pub fn is_fee(&self) -> bool {
        self.category == PARTNER_FEE
    }
}

/// A fee is for no person: it names no case.
fn nobody(fields: &mut Fields<'_>) -> Option<Vec<String>> {
    if fields.is_empty("case_ref") {
        return Some(Vec::new());
    }
    fields.refuse_unshown(
        "case_ref",
        "fee.case",
        "A fee of the partner is for no person. Leave case_ref empty.",
    );
    None
}

impl Row for SpendRow {
    const KIND: &'static str = "spend";
    const COLUMNS: &'static [&'static str] = &[
        "partner",
        "case_ref",
        "category",
        "delivered_on",
        "amount",
        "currency",
        "supplier",
        "receipt_no",
        "receipt_sha256",
        "description",
    ];

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let partner = fields.slug("partner");
        if let (Some(partner), Some(template)) = (&partner, fields.template())
            && partner != template.partner.as_str()
        {
            let message = format!(
                "This is the template of {}. Report the spend of another partner in its own.",
                template.partner
            );
            fields.refuse("partner", "template.partner", message);
        }
        let case_refs = match fields.cell("category") {
            PARTNER_FEE => nobody(fields),
            _ => fields.references("case_ref"),
        };
        let category = fields.slug("category");
        let delivered_on = fields.date("delivered_on");
        let amount = fields.amount("amount", "currency");
        check_shares(fields, case_refs.as_deref(), amount);
        let supplier = fields.name("supplier");
        let receipt_no = fields.reference("receipt_no");
        let receipt_sha256 = fields.optional("receipt_sha256", Fields::sha256);
        let description = fields.optional("description", Fields::free_text);
        Some(Self {
            partner: partner?,
            case_refs: case_refs?,
            category: category?,
            delivered_on: delivered_on?,
            amount: amount?,
            supplier: supplier?,
            receipt_no: receipt_no?,
            receipt_sha256,
            description,
        })
    }

    fn day(&self) -> Option<Date> {
        Some(self.delivered_on)
    }
}

/// Nobody has a share of nothing.
fn check_shares(fields: &mut Fields<'_>, case_refs: Option<&[String]>, amount: Option<Amount>) {
    let (Some(case_refs @ [_, ..]), Some(amount)) = (case_refs, amount) else { return };
    let smallest = amount.split_equally(case_refs.len()).ok().and_then(|shares| shares.last().copied());
    if smallest.is_none_or(|share| !share.is_positive()) {
        let message = format!("The amount is too small to be shared by {}.", case_refs.len());
        fields.refuse("amount", "family.too-small", message);
    }
}
