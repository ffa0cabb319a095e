//! `svala partner …`

use std::process::ExitCode;

use app::query::{AgreementItem, DetailsItem, PartnerDetail, PartnerItem};
use domain::partner::{Account, Agreement, FeeTerms, PaidFor, PaymentDetails, Seat};
use money::Eur;

use super::{fee, hold, report, statement};
use crate::args::{AgreementCommand, DetailsCommand, Format, PartnerCommand};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, heading, listing, object, remark, say, table};

const COLUMNS: &[&str] = &[
    "partner",
    "name",
    "agreements",
    "payment_details",
    "holds",
    "open_cases",
    "claims",
    "pending",
    "disbursed",
    "held",
    "disallowed",
    "fees",
];

const AGREEMENT_COLUMNS: &[&str] =
    &["partner", "agreement", "programme", "countries", "valid_from", "valid_until", "fee", "in_force"];

const DETAILS_COLUMNS: &[&str] = &["number", "state", "account", "bank", "holder", "latin_name", "by", "at"];

pub async fn run(place: &Place, format: Format, command: PartnerCommand) -> Result<ExitCode, Failure> {
    match command {
        PartnerCommand::List => listing(format, COLUMNS, &place.open().await?.partners().await?, row)?,
        PartnerCommand::Show { partner, reveal } => {
            let detail = place.open().await?.partner_detail(&partner, reveal).await?;
            match format {
                Format::Table => say(in_words(&detail))?,
                Format::Json => object(&detail)?,
                Format::Csv => listing(format, COLUMNS, std::slice::from_ref(&detail.item), row)?,
            }
        }
        PartnerCommand::History { partner } => {
            let items = place.open().await?.partner_history(&partner).await?;
            report::history_items(format, &items)?;
        }
        PartnerCommand::Template { partner, period, out } => {
            return super::template::template(place, &partner, period, &out).await;
        }
        PartnerCommand::Statement { partner, period, by, at, out } => {
            return statement::run(place, format, &partner, period, by, at, out.as_deref()).await;
        }
        PartnerCommand::Register { partner, name } => {
            place.open_to_write().await?.register_partner(partner.clone(), name.clone()).await?;
            say(format!("{partner} is registered as {name}"))?;
        }
        PartnerCommand::Rename { partner, name } => {
            place.open_to_write().await?.rename_partner(partner.clone(), name.clone()).await?;
            say(format!("{partner} is called {name}"))?;
        }
        PartnerCommand::Paid { partner, amount, on, reference, advance, despite_hold } => {
            let paid_for = if advance { PaidFor::Advance } else { PaidFor::Claims };
            let ledger = place.open_to_write().await?;
            let due = ledger.payments_due(Some(&partner)).await?.pop();
            ledger.record_payment(partner.clone(), paid_for, amount, on, &reference, despite_hold).await?;
            say(format!("{amount} EUR paid to {partner} on {on} ({paid_for})"))?;
            if ledger.is_to_come(on) {
                remark(format!(
                    "{on} is still to come: `svala partner reverse-paid` takes back what was recorded by mistake"
                ));
            }
            // What was paid is recorded whatever it was for; somebody should know before the next payment does.
            if let Some(due) = due.filter(|due| !advance && amount > due.owed) {
                remark(format!(
                    "that is more than the {} EUR that was owed to {partner}: the rest is taken off its next payment. An advance is recorded with --advance; `svala partner reverse-paid` takes back what was recorded by mistake",
                    due.owed
                ));
            }
        }
        PartnerCommand::Repaid { partner, amount, on, reference, advance } => {
            let paid_for = if advance { PaidFor::Advance } else { PaidFor::Claims };
            let back =
                Some(amount).filter(|amount| *amount > Eur::ZERO).and_then(|eur| eur.checked_neg().ok());
            let back = back.ok_or_else(|| Failure::usage("--amount is what came back, above zero"))?;
            let ledger = place.open_to_write().await?;
            ledger.record_payment(partner.clone(), paid_for, back, on, &reference, false).await?;
            say(format!("{amount} EUR came back from {partner} on {on} ({paid_for})"))?;
        }
        PartnerCommand::ReversePaid { payment: number, reason } => {
            let ledger = place.open_to_write().await?;
            let (partner, payment) = ledger.find_outside_payment(number).await?;
            ledger.reverse_payment(partner.clone(), payment, &reason).await?;
            say(format!("payment {number} to {partner} is taken back"))?;
        }
        PartnerCommand::Agreement(command) => agreement(place, format, command).await?,
        PartnerCommand::PaymentDetails(command) => payment_details(place, command).await?,
        PartnerCommand::Fee(command) => return fee::run(place, format, command).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn agreement(place: &Place, format: Format, command: AgreementCommand) -> Result<(), Failure> {
    match command {
        AgreementCommand::Sign {
            partner,
            agreement,
            programme,
            countries,
            from,
            until,
            fee_percent,
            fee_per_case,
        } => {
            let fee = fee_percent.map(FeeTerms::Percent).or(fee_per_case.map(FeeTerms::PerCase));
            let countries = countries.into_iter().collect();
            let terms = Agreement { programme, countries, valid_from: from, valid_until: until, fee };
            let ledger = place.open_to_write().await?;
            ledger.sign_agreement(partner.clone(), agreement.clone(), terms).await?;
            let until = until.map(|day| format!(" until {day}")).unwrap_or_default();
            say(format!("agreement {agreement} with {partner} is in force from {from}{until}"))
        }
        AgreementCommand::End { partner, agreement, on } => {
            let ledger = place.open_to_write().await?;
            ledger.end_agreement(partner.clone(), agreement.clone(), on).await?;
            say(format!("agreement {agreement} with {partner} ends on {on}"))
        }
        AgreementCommand::List { partner } => {
            let agreements = place.open().await?.agreements(partner.as_ref()).await?;
            listing(format, AGREEMENT_COLUMNS, &agreements, agreement_row)
        }
    }
}

async fn payment_details(place: &Place, command: DetailsCommand) -> Result<(), Failure> {
    let ledger = place.open_to_write().await?;
    match command {
        DetailsCommand::Propose {
            partner,
            iban,
            bic,
            account,
            bank,
            bank_town,
            bank_country,
            holder,
            latin_name,
        } => {
            let seat = bank_town.zip(bank_country).map(|(town, country)| Seat { town, country });
            let account = match (iban, account, bank) {
                (Some(iban), None, None) => Account::Iban { iban, bic },
                (None, Some(number), Some(bank)) => Account::Local { number, bank, bic, seat },
                _ => return Err(Failure::usage("give either --iban, or --account with --bank")),
            };
            let masked = account.masked();
            ledger
                .propose_payment_details(partner.clone(), PaymentDetails { holder, latin_name, account })
                .await?;
            let detail = ledger.partner_detail(&partner, false).await?;
            let number = detail.details.iter().find(|details| details.state == "proposed");
            let number = number.map_or(0, |details| details.number);
            say(format!(
                "payment details {masked} of {partner} are proposed under number {number}: another person looks at them and approves them with `svala partner payment-details approve {partner} {number}`"
            ))
        }
        DetailsCommand::Approve { partner, number } => {
            ledger.approve_payment_details(partner.clone(), number).await?;
            let detail = ledger.partner_detail(&partner, false).await?;
            let account = detail.details.iter().find(|details| details.state == "in-force");
            let account = account.map(|details| details.account.as_str()).unwrap_or_default();
            say(format!("{partner} is paid to {account} from now on"))
        }
        DetailsCommand::Reject { partner, number, reason } => {
            let detail = ledger.partner_detail(&partner, false).await?;
            let proposed = detail.details.iter().find(|details| details.state == "proposed");
            let number = number.or(proposed.map(|details| details.number));
            ledger.reject_payment_details(partner.clone(), number, &reason).await?;
            let number = number.map(|number| format!(" under number {number}")).unwrap_or_default();
            say(format!("the payment details proposed for {partner}{number} are rejected"))
        }
    }
}

fn row(p: &PartnerItem) -> Vec<Cell> {
    cells![
        &p.partner,
        &p.name,
        p.agreements,
        p.payment_details,
        p.holds,
        p.open_cases,
        p.claims,
        p.pending,
        p.disbursed,
        p.held,
        p.disallowed,
        p.fees
    ]
}

fn agreement_row(a: &AgreementItem) -> Vec<Cell> {
    let in_force = if a.in_force { "yes" } else { "no" };
    cells![
        &a.partner,
        &a.agreement,
        &a.programme,
        &a.countries,
        a.valid_from,
        a.valid_until,
        &a.fee,
        in_force
    ]
}

fn details_row(d: &DetailsItem) -> Vec<Cell> {
    cells![d.number, d.state, &d.account, &d.bank, &d.holder, &d.latin_name, &d.by, &d.at]
}

fn in_words(detail: &PartnerDetail) -> String {
    let PartnerItem { partner, name, .. } = &detail.item;
    let mut parts = vec![format!("{} {name}", heading(&format!("partner {partner}")))];
    parts.push(table(&COLUMNS[2..], [row(&detail.item).into_iter().skip(2).collect()]));
    let mut section = |title: &str, columns: &[&str], rows: Vec<Vec<Cell>>| {
        if !rows.is_empty() {
            parts.push(format!("{}\n{}", heading(title), table(columns, rows)));
        }
    };
    let agreements = detail.agreements_signed.iter().map(|a| agreement_row(a).into_iter().skip(1).collect());
    section("agreements", &AGREEMENT_COLUMNS[1..], agreements.collect());
    let details = detail.details.iter().map(details_row).collect();
    section("payment details", DETAILS_COLUMNS, details);
    section("open holds", hold::COLUMNS, detail.open_holds.iter().map(hold::row).collect());
    let states = detail.claims_by_state.iter();
    let states = states.map(|s| cells![&s.state, s.claims, s.eur, s.eligible, s.disallowed, s.reversed]);
    section("claims", &["state", "claims", "eur", "eligible", "disallowed", "reversed"], states.collect());
    parts.join("\n\n")
}
