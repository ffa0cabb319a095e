//! `spend.csv`: what partners delivered, and claim; their fees are rows of the same file.

use std::sync::Mutex;

use domain::claim::{Claim, ClaimState, FlagKind, RECEIPT, Spend as Reported};
use domain::ids::FileDigest;
use domain::rates;
use domain::{ClaimCommand, ClaimId, FeeId, PartnerCode};
use interchange::{RowError, SpendRow};
use money::{Currency, Rate};
use rulebook::Category;
use tokio::sync::OnceCell;

use super::alikes::Alikes;
use super::folder::ReceiptFolder;
use super::shares::{self, Share};
use super::{At, Importer, Receipts, Refused, RowOutcome, SECOND_PERSON, fees, preview, rows};
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::{Draft, Session};
use crate::texts::ReceiptText;

/// Imports spend; with `accept`, each new claim is decided at once, in the order of the file.
pub struct Spend {
    /// Decide the new claims too.
    pub accept: bool,
    /// The files of the receipts.
    pub receipts: Option<ReceiptFolder>,
    /// All partners, once they are asked for.
    partners: OnceCell<Vec<PartnerCode>>,
    /// Which receipts partners have, once that is asked for; with those of this file.
    alikes: OnceCell<Mutex<Alikes>>,
}

impl Spend {
    /// An import of spend that reports, and decides if it is told to.
    pub fn new(accept: bool, receipts: Option<ReceiptFolder>) -> Self {
        Self { accept, receipts, partners: OnceCell::new(), alikes: OnceCell::new() }
    }
}

impl Importer for Spend {
    type Row = SpendRow;

    const BY_PARTNERS: bool = true;

    async fn load(&self, session: &mut Session<'_>, rows: &[&SpendRow]) -> Result<(), AppError> {
        let receipts: Vec<_> = rows
            .iter()
            .map(|row| rows::receipt_digest(session, &row.partner, &row.supplier, &row.receipt_no))
            .collect();
        session.load_keys(RECEIPT, &receipts).await?;
        if session.decides() && (self.accept || session.preview().is_some()) {
            self.load_elsewhere(session, rows).await?;
        }
        // Whoever spends euros only pays for no rates.
        if rows.iter().any(|row| row.amount.currency() != Currency::EUR) {
            session.load_rates([rates::source(session.ledger().rulebook.parameters().spend_rate)]).await?;
        }
        session.load_partners(rows.iter().filter_map(|row| row.partner.parse::<PartnerCode>().ok())).await?;
        if rows.iter().any(|row| row.is_fee()) {
            session.load_own_key().await?;
        }
        let names = rows.iter().flat_map(|row| row.case_refs.iter().map(String::as_str));
        rows::load_cases(session, names, RECEIPT, &receipts).await?;
        // Which digests the other shares of a family have shows once its cases are known.
        let mut others = Vec::new();
        for row in rows.iter().filter(|row| row.case_refs.len() > 1) {
            for case in row.case_refs[1..].iter().filter_map(|name| rows::case_of(session, name)) {
                let SpendRow { partner, supplier, receipt_no, .. } = row;
                others.push(rows::share_digest(session, partner, supplier, receipt_no, case));
            }
        }
        session.load_keys(RECEIPT, &others).await?;
        rows::load_cases(session, std::iter::empty(), RECEIPT, &others).await?;
        shares::load_parts(session, rows, &receipts).await
    }

    fn apply(&self, session: &mut Session<'_>, at: At, row: &SpendRow) -> Result<RowOutcome, AppError> {
        if row.is_fee() {
            return fees::apply(session, at, row, self.receipts.as_ref());
        }
        let mut errors = Vec::new();
        let shares = shares::of_row(session, at, row).map_err(|unknown| errors.extend(unknown)).ok();
        let category = category(session, at, row).map_err(|error| errors.push(error)).ok();
        let foreign = row.amount.currency() != Currency::EUR;
        if !foreign {
            errors.extend(rows::bookable(at, &row.amount, None).err());
        }
        let partner = row.partner.parse::<PartnerCode>();
        if let Err(error) = &partner {
            errors.push(at.error("partner", Some(&row.partner), "code.pattern", error.to_string()));
        }
        let (Some(shares), Some(category), Ok(partner), []) = (shares, category, partner, errors.as_slice())
        else {
            return Ok(RowOutcome::Errors(errors));
        };
        if let Some(error) = rows::not_for(session, at, &partner)? {
            return Ok(RowOutcome::Errors(vec![error]));
        }

        let said = said(row, &shares);
        let receipt = rows::receipt_digest(session, &row.partner, &row.supplier, &row.receipt_no);
        if let Some(outcome) = shares::earlier(session, at, row, &shares, &said) {
            return Ok(outcome);
        }
        let known = shares::known(session, at, row, &shares);
        if let (Some(folder), None | Some(RowOutcome::Recognised | RowOutcome::StillWithoutRate { .. })) =
            (&self.receipts, &known)
            && let attached = shares::first_claim(session, &shares).and_then(|claim| claim.receipt.as_ref())
            && let Some(error) = folder.look(at, row, [receipt, shares[0].receipt_key.0], attached)?
        {
            return Ok(RowOutcome::Errors(vec![error]));
        }
        if let Some(known) = known {
            return Ok(known);
        }
        if !foreign && !session.decides() {
            return Ok(RowOutcome::Applied(Vec::new()));
        }
        let (rule, reported_on) =
            (session.ledger().rulebook.parameters().spend_rate, session.ledger().today());
        let day = rates::day(rule, row.delivered_on, reported_on);
        let quote = foreign.then(|| session.rate(rule, row.amount.currency(), day)).flatten();
        if let Some(quote) = quote
            && let Err(error) = bookable_shares(at, row, quote.rate)
        {
            return Ok(RowOutcome::Errors(vec![error]));
        }
        let waits = foreign && quote.is_none();
        if !session.decides() {
            return Ok(match waits {
                true => RowOutcome::WithoutRate { fee: false },
                false => RowOutcome::Applied(Vec::new()),
            });
        }
        let revision = shares.iter().filter_map(|share| session.case(share.case)).map(|c| c.revision).sum();
        let mut request =
            vec!["import-spend", accept_code(self.accept), &row.partner, &row.supplier, &row.receipt_no];
        request.extend(said.iter().map(String::as_str));
        let mut draft = session.draft(at.tag, &request, revision);
        if foreign {
            session.rest_on_rates(&mut draft, rule);
        }
        let mut reports = Vec::with_capacity(shares.len());
        let of = ClaimId(session.ledger().environment.new_id()?);
        let alike = session.ledger().alike(&row.supplier, &row.receipt_no);
        for (place, share) in shares.iter().enumerate() {
            let claim = if place == 0 { of } else { ClaimId(session.ledger().environment.new_id()?) };
            let text = ReceiptText {
                supplier: row.supplier.clone(),
                receipt_no: row.receipt_no.clone(),
                description: row.description.clone(),
            };
            let report = ClaimCommand::Report(Box::new(Reported {
                claim,
                partner: partner.clone(),
                category: row.category.clone(),
                budget_line: category.budget_line.clone(),
                delivered_on: row.delivered_on,
                reported_on,
                amount: share.amount,
                quote,
                newest: waits.then(|| session.newest_rate(rule, row.amount.currency())).flatten(),
                receipt_key: share.receipt_key,
                receipt_sha256: row.receipt_sha256.map(FileDigest),
                details: session.seal(&mut draft, share.case, &text)?,
                shared: shares::shared(&shares, place, of, row.amount),
                file: session.source(),
                beside: share.beside,
                alike: Some(alike.clone()),
            }));
            reports.push((share, claim, report));
        }
        let (refused, undecided) = self.decide(session, &mut draft, (at, row), &reports, waits)?;
        session.commit(draft);
        let mut claims =
            reports.iter().filter_map(|(share, claim, _)| session.case(share.case)?.claims.get(claim));
        let in_part = [ClaimState::Accepted, ClaimState::Cut, ClaimState::Proposed, ClaimState::Queried];
        let accepted_in_part = claims.any(|claim| in_part.contains(&claim.state));
        let outcome = match undecided {
            _ if waits && refused.is_empty() => RowOutcome::WithoutRate { fee: false },
            Some(why) if refused.is_empty() => RowOutcome::Undecided(why),
            _ if accepted_in_part && !refused.is_empty() => RowOutcome::Cut(refused),
            _ => RowOutcome::Applied(refused),
        };
        let claims: Vec<_> = reports.iter().map(|(share, claim, _)| (share.case, *claim)).collect();
        let held_back = reports.first().and_then(|(_, _, report)| match report {
            ClaimCommand::Report(spend) => self.held_back(session, at, row, spend),
            _ => None,
        });
        preview::of_spend(session, at, row, (self.accept, held_back), &claims)?;
        // What was refused is nobody's receipt, in this file as in an earlier one.
        let counts = claims.iter().any(|(case, claim)| {
            session
                .case(*case)
                .and_then(|case| case.claims.get(claim))
                .is_some_and(|claim| claim.state.counts())
        });
        if let (true, Some(mut alikes)) = (counts, self.alikes.get().and_then(|alikes| alikes.lock().ok())) {
            alikes.note_row(at.row, &partner, &alike);
        }
        Ok(outcome)
    }

    fn people(row: &SpendRow) -> usize {
        row.case_refs.len().max(1)
    }

    fn decides(&self) -> bool {
        self.accept
    }

    fn brings_more(&self) -> bool {
        self.receipts.is_some()
    }

    async fn finish(&self, ledger: &Ledger, writes: bool) -> Result<Receipts, AppError> {
        let Some(folder) = &self.receipts else { return Ok(Receipts::default()) };
        let (wanted, missing) = folder.take();
        let mut attached = wanted.len() as u64;
        if writes {
            attached = 0;
            for (receipt, path) in wanted {
                // A row that was refused has neither claim nor fee.
                let owner = ledger.store.find_keys(RECEIPT, &[receipt]).await?.into_iter().flatten().next();
                let Some(owner) = owner else { continue };
                let (stream, entity) = (owner.stream_id, owner.entity);
                let now = match (stream.id().parse(), stream.id().parse()) {
                    (Ok(case), _) => ledger.attach_receipt(case, ClaimId(entity), &path).await?,
                    (_, Ok(partner)) => ledger.attach_fee_receipt(partner, FeeId(entity), &path).await?,
                    _ => continue,
                };
                attached += u64::from(now);
            }
        }
        Ok(Receipts { attached, missing })
    }
}

impl Spend {
    /// Loads whether other partners have reported these receipts, in this spelling or another.
    async fn load_elsewhere(&self, session: &mut Session<'_>, rows: &[&SpendRow]) -> Result<(), AppError> {
        let partners = self.partners.get_or_try_init(|| session.ledger().partner_codes()).await?;
        let elsewhere = |row: &&SpendRow| self.elsewhere(session, partners, row).collect::<Vec<_>>();
        let receipts: Vec<_> = rows.iter().flat_map(elsewhere).collect();
        session.load_keys(RECEIPT, &receipts).await?;
        let ledger = session.ledger();
        self.alikes.get_or_try_init(|| async { Alikes::of(ledger).await.map(Mutex::new) }).await?;
        Ok(())
    }

    /// The digests that the receipt of a row has at other partners.
    fn elsewhere<'a>(
        &self,
        session: &'a Session<'_>,
        partners: &'a [PartnerCode],
        row: &'a SpendRow,
    ) -> impl Iterator<Item = event_log::Hash> + 'a {
        let others = partners.iter().filter(|partner| partner.as_str() != row.partner);
        others.map(|partner| rows::receipt_digest(session, partner.as_str(), &row.supplier, &row.receipt_no))
    }

    /// Why a claim is left for somebody to look at, though all are to be accepted: it lies in the future (a day later is that
    /// of a place further east), or another partner has its receipt too. What else is odd shows once the file is there.
    fn held_back(
        &self,
        session: &Session<'_>,
        at: At,
        row: &SpendRow,
        spend: &Reported,
    ) -> Option<&'static str> {
        if (spend.delivered_on - spend.reported_on).get_days() > 1 {
            return Some(FlagKind::FutureDay.code());
        }
        let partners = self.partners.get()?;
        let is_elsewhere =
            self.elsewhere(session, partners, row).any(|receipt| session.owner(RECEIPT, receipt).is_some());
        let in_other_words = || {
            let (alikes, alike) = (self.alikes.get()?, spend.alike.as_ref()?);
            Some(alikes.lock().ok()?.has_another(at.row, &spend.partner, alike))
        };
        (is_elsewhere || in_other_words().unwrap_or(false)).then_some(FlagKind::SameReceipt.code())
    }

    /// Reports all shares, or none: if the report of one is refused, that refusal is all that is kept. Then accepts each
    /// for itself; what does not fit one person's cap is not moved to the others. Answers with what was refused, and why
    /// something is left for somebody to decide.
    fn decide(
        &self,
        session: &mut Session<'_>,
        draft: &mut Draft,
        (at, row): (At, &SpendRow),
        reports: &[(&Share, ClaimId, ClaimCommand)],
        waits: bool,
    ) -> Result<(Vec<Refused>, Option<&'static str>), AppError> {
        let mut refused = Vec::new();
        let mut stands_alone = None;
        for report in reports.iter().filter(|_| reports.len() > 1) {
            if stands_alone.is_none() && session.refuses(report.0.case, &report.2)? {
                stands_alone = Some(report);
            }
        }
        for (share, _, report) in stands_alone.map_or(reports, std::slice::from_ref) {
            let amount = session.case(share.case).and_then(|case| report.amount(case));
            if let Err(refusal) = session.on_claim(draft, share.case, report)? {
                refused.push(Refused { reason: refusal.refusal.codes(), amount });
            }
        }
        if waits || !self.accept || !refused.is_empty() {
            return Ok((refused, None));
        }
        let mut undecided = None;
        for (share, claim, report) in reports {
            if let ClaimCommand::Report(spend) = report
                && let Some(why) = self.held_back(session, at, row, spend)
            {
                undecided = Some(why);
                continue;
            }
            let amount = session.case(share.case).and_then(|case| report.amount(case));
            let accept = ClaimCommand::Accept { claim: *claim, by_name: false, cut: None };
            let accepted = session.on_claim(draft, share.case, &accept)?;
            let now = session.case(share.case).and_then(|c| c.claims.get(claim));
            undecided = undecided.or(match (&accepted, now.map(|claim| claim.state)) {
                (Ok(()), Some(ClaimState::Proposed)) => Some(SECOND_PERSON),
                (Ok(()), Some(ClaimState::Queried)) => Some("queried: late-use"),
                _ => None,
            });
            refused.extend(match accepted {
                Err(refusal) => Some(Refused { reason: refusal.refusal.codes(), amount }),
                Ok(()) => now.and_then(cut),
            });
        }
        Ok((refused, undecided))
    }
}

/// What makes the row this one, beside its receipt: for whom, what, when, how much, and which file.
fn said(row: &SpendRow, shares: &[Share]) -> [String; 5] {
    [
        shares.iter().map(|share| share.case.to_string()).collect::<Vec<_>>().join("+"),
        row.category.clone(),
        row.delivered_on.to_string(),
        rows::named(&row.amount),
        row.receipt_sha256.map(|digest| event_log::hex::encode(&digest)).unwrap_or_default(),
    ]
}

/// The category that is in force on the day of the delivery.
fn category<'l>(session: &Session<'l>, at: At, row: &SpendRow) -> Result<&'l Category, RowError> {
    let rulebook = &session.ledger().rulebook;
    if let Some(category) = rulebook.category(&row.category, row.delivered_on) {
        return Ok(category);
    }
    let in_force =
        rulebook.categories().iter().filter(|category| category.validity().contains(row.delivered_on));
    let codes = in_force.map(|category| category.code.as_str()).collect::<Vec<_>>().join(", ");
    let message = match codes.as_str() {
        "" => format!("The rulebook pays for no benefit on {}.", row.delivered_on),
        codes => {
            format!("The rulebook has no such benefit category on {}. It has {codes}.", row.delivered_on)
        }
    };
    Err(at.error("category", Some(&row.category), "category.unknown", message))
}

/// The whole amount must be worth something that can be booked, and each share of it at least a cent.
fn bookable_shares(at: At, row: &SpendRow, rate: Rate) -> Result<(), RowError> {
    rows::bookable(at, &row.amount, Some(rate))?;
    let people = i64::try_from(row.case_refs.len()).unwrap_or(i64::MAX);
    match row.amount.convert(rate) {
        Ok(eur) if eur.cents() < people => {
            let message = format!("The amount is worth {eur} EUR: less than a cent for each of {people}.");
            Err(at.error("amount", Some(&row.amount.to_string()), "family.too-small", message))
        }
        _ => Ok(()),
    }
}

/// What a decision did not allow.
fn cut(claim: &Claim) -> Option<Refused> {
    claim.reason.map(|reason| Refused { reason: reason.to_string(), amount: Some(claim.disallowed) })
}

fn accept_code(accept: bool) -> &'static str {
    if accept { "accept" } else { "report" }
}
