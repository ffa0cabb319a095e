//! `svala claim show`

use app::query::ClaimDetail;

use super::{COLUMNS, row};
use crate::args::Format;
use crate::cells;
use crate::output::{Failure, heading, listing, object, say, table};

/// Shows everything about one claim.
pub fn show(format: Format, detail: &ClaimDetail) -> Result<(), Failure> {
    match format {
        Format::Table => say(in_words(detail)),
        Format::Json => object(detail),
        Format::Csv => listing(format, COLUMNS, std::slice::from_ref(&detail.item), row),
    }
}

fn in_words(detail: &ClaimDetail) -> String {
    let c = &detail.item;
    let mut parts = vec![heading(&format!("claim {}", c.claim))];
    let eur = |eur: Option<money::Eur>| eur.map(|eur| format!("{eur} EUR")).unwrap_or_default();
    let rate = match c.rate_date {
        Some(day) => format!("{} for 1 EUR ({} {day})", c.rate, c.rate_source),
        None => String::new(),
    };
    let report = match c.report {
        Some(number) => {
            format!("{number}: {}, imported {} by {}", detail.file, detail.imported_at, detail.imported_by)
        }
        None => String::new(),
    };
    let known = [
        ("state", c.state.to_string()),
        ("partner", c.partner.clone()),
        ("case", format!("{} ({})", c.external_ref, c.case)),
        ("category", format!("{}, paid by {}", c.category, detail.budget_line)),
        ("delivered", c.delivered_on.to_string()),
        ("reported", c.reported_on.to_string()),
        ("report", report),
        ("receipt", format!("{} of {}", c.receipt_no, c.supplier)),
        ("its file", c.receipt.to_owned()),
        ("description", c.description.clone()),
        ("amount", format!("{} {}", c.amount, c.currency)),
        ("share", detail.share.clone()),
        ("rate", rate),
        ("in euro", eur(c.eur)),
        ("at most", eur(c.at_most)),
        ("eligible", eur(Some(c.eligible))),
        ("disallowed", eur(Some(c.disallowed))),
        ("reason", c.reason.clone()),
        ("came back", eur(Some(c.reversed).filter(|reversed| !reversed.is_zero()))),
        ("to take back", c.to_reverse.clone()),
        ("proposed by", c.proposed_by.clone()),
        ("finance said", c.words.clone()),
        ("answer", c.answer.clone()),
    ];
    let rows = known.into_iter().filter(|(_, value)| !value.is_empty());
    parts.push(table(&["what", "is"], rows.map(|(what, value)| cells![what, value])));
    if !detail.flags.is_empty() {
        let rows = detail.flags.iter().map(|flag| cells![flag.flag, &flag.detail]);
        parts.push(format!("{}\n{}", heading("odd"), table(&["flag", "detail"], rows)));
    }
    if !detail.because.is_empty() {
        parts.push(format!("{}\n{}", heading("why it counts as it does"), detail.because.join("\n")));
    }
    let rows = detail.history.iter().map(|h| cells![h.position, &h.recorded_at, &h.actor, &h.what]);
    let columns = ["position", "recorded_at", "actor", "what"];
    parts.push(format!("{}\n{}", heading("history"), table(&columns, rows)));
    if !detail.payments.is_empty() {
        let rows = detail.payments.iter().map(|paid| {
            let p = &paid.payment;
            cells![
                p.payment,
                &p.reference,
                p.state.to_string(),
                paid.eur,
                &p.proposed_by,
                &p.approved_by,
                p.file,
                p.execute_on
            ]
        });
        let columns =
            ["payment", "reference", "state", "eur", "proposed_by", "approved_by", "file", "execute_on"];
        parts.push(format!("{}\n{}", heading("payments"), table(&columns, rows)));
    }
    parts.join("\n\n")
}
