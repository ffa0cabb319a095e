//! What exceptions are derived from: lines, payments, grants and balances as they stand.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use ::balances::BalancesProjection;
use ::cases::CasesProjection;
use ::claims::ClaimsProjection;
use ::grants::GrantsProjection;
use domain::bank::plain_reference;
use domain::case::CaseEvent;
use domain::exception::{
    Facts, Known, Nameable, NotStated, Payment, RefusedGrant, SeenLine, Subject, Unsettled,
};
use domain::grant::GrantState;
use domain::matching::Rules;
use domain::partner::{PaidFor, PartnerEvent};
use domain::payment::{OutsideState, Payable, PaymentState};
use domain::reconciliation::Settled;
use domain::{CaseId, Event, FoldError, Holds, KeyDigest, LineId, Partner, PartnerCode, PaymentId, Recorded};
use interchange::pain::Debtor;
use jiff::civil::Date;
use money::{Amount, Currency, Eur, Overflow};
use rulebook::Country;
use uuid::Uuid;

use super::items::outside_state;
use super::looked::{Looked, Said};
use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::PaymentText;

impl Ledger {
    /// Gathers the facts; the rules have `said` what is certain, what is in doubt and what is likely.
    pub(crate) async fn exception_facts(
        &self,
        looked: &Looked,
        said: &Said,
        rules: &Rules,
    ) -> Result<Facts, AppError> {
        let mut facts = Facts { lines: seen_lines(looked, said, rules), ..Facts::default() };
        facts.may_be_off = rules.tolerance(false).map_or(Eur::ZERO, |tolerance| tolerance.max);
        let certain: HashSet<&Settled> = said.matches.iter().flat_map(|finding| &finding.items).collect();
        let told = self.told_until(looked).await?;
        for item in looked.items.values().filter(|item| !item.of.is_back()) {
            let open = looked.is_open(&item.of);
            let known = if open { Known::Open } else { Known::Settled };
            facts.known.push(Nameable {
                references: item.open.references.clone(),
                known,
                amount: item.amount,
                number: item.number,
                name: item.name.clone(),
            });
            if open && !certain.contains(&item.of) {
                let (about, amount, paid_on) = (subject(&item.of), item.amount, item.open.day);
                let told_until = told.of(&item.of);
                facts.unsettled.push(Unsettled { about, amount, paid_on, told_until });
            }
        }
        self.payment_facts(looked, &mut facts).await?;
        for (id, row) in self.runner.all_rows::<GrantsProjection>().await? {
            if let (GrantState::Refused, Some(reason), Ok(grant)) = (row.state, row.reason, id.parse()) {
                let amount = row.amount.checked_sub(row.returned).map_err(FoldError::from)?;
                let (case, paid_on) = (row.case, row.paid_on);
                facts.grants.push(RefusedGrant { case, grant, amount, paid_on, reason });
            }
        }
        facts.overdrawn = self.overdrawn().await?;
        facts.missing = self.missing_statements().await?;
        for row in looked.not_stated.iter().filter_map(|line| looked.lines.get(line)) {
            let matched = looked.match_of(row.line);
            let (line, amount, booked_on) = (row.line, row.amount, row.booked_on);
            facts.not_stated.push(NotStated { line, amount, booked_on, matched });
        }
        Ok(facts)
    }

    /// The days up to which the bank has told: of each account the last day of a statement, or of a line.
    async fn told_until(&self, looked: &Looked) -> Result<ToldUntil, AppError> {
        let mut told = ToldUntil::default();
        let mut hears = |account: String, day: Date| {
            let last = told.accounts.entry(account).or_insert(day);
            *last = day.max(*last);
        };
        looked.lines.values().for_each(|row| hears(row.account.to_string(), row.booked_on));
        for statement in self.bank_statements(None).await? {
            statement.to.into_iter().for_each(|day| hears(statement.account.clone(), day));
        }
        let accounts = self.bank_accounts().await?.into_iter();
        told.closed = accounts.filter(|of| of.closed_on.is_some()).map(|of| of.account).collect();
        let (files, _) = self.payment_files_and_events().await?;
        for file in files.iter() {
            let debtor = self.reveal::<Debtor>(&[(LEDGER_SUBJECT, file.debtor)]).await?.pop().flatten();
            let Some(debtor) = debtor else { continue };
            if let Some(account) = self.account_of(&debtor.iban.to_string(), Currency::EUR).await? {
                let paid = file.payments.iter().map(|filed| (filed.payment, account.to_string()));
                told.payments.extend(paid);
            }
        }
        Ok(told)
    }

    /// Payments to partners: what is in no file, what came back, what was held, and what nothing is due for.
    async fn payment_facts(&self, looked: &Looked, facts: &mut Facts) -> Result<(), AppError> {
        let mut came_back: HashMap<PaymentId, Date> = HashMap::new();
        for row in self.match_rows().await?.into_iter().filter(|row| row.undone.is_none()) {
            let booked = row.lines.iter().filter_map(|line| looked.lines.get(&line.line));
            let Some(day) = booked.map(|row| row.booked_on).max() else { continue };
            let back = row.items.iter().filter(|item| matches!(item.of, Settled::PaymentBack { .. }));
            came_back.extend(back.map(|item| (PaymentId(item.of.id()), day)));
        }
        let partners = self.partners_and_events(&self.partner_codes().await?).await?;
        let stops = self.stops(&partners).await?;
        let mut paid_outside: BTreeMap<PartnerCode, Date> = BTreeMap::new();
        let mut unrecorded = Vec::new();
        let mut in_advance: BTreeMap<PartnerCode, Date> = BTreeMap::new();
        for (partner, events) in &partners {
            let code = &partner.code;
            for Recorded { position, event, .. } in events {
                match event {
                    Event::Partner(PartnerEvent::PaymentProposed(e)) => {
                        let Some(payment) = partner.payments.get(e.payment) else { continue };
                        let name = format!("payment {position} to {code}");
                        let known = match payment.state {
                            PaymentState::Recalled => {
                                let replaced = partner.payments.is_replaced(payment);
                                Some(match replaced.map_err(FoldError::from)? {
                                    true => Known::PaidAnew,
                                    false => Known::TakenBack,
                                })
                            }
                            _ => payment.file.is_none().then_some(Known::NotMade),
                        };
                        if let Some(known) = known.filter(|_| !e.total.is_zero()) {
                            let references = vec![self.reference_key(e.reference.as_str())];
                            let amount = Amount::from(e.total).negated();
                            facts.known.push(Nameable { references, known, amount, number: *position, name });
                        }
                        let found = of_payment(partner, e.payment, &came_back, &stops);
                        facts.payments.extend(found.map_err(FoldError::from)?);
                    }
                    Event::Partner(PartnerEvent::PartnerPaid(e))
                        if outside_state(partner, e.payment) == Some(OutsideState::TakenBack) =>
                    {
                        let name = format!("payment {position} to {code}");
                        unrecorded.push((e.details, Amount::from(e.amount).negated(), *position, name));
                    }
                    Event::Partner(PartnerEvent::PartnerPaid(e))
                        if e.amount.is_negative()
                            || outside_state(partner, e.payment) != Some(OutsideState::Made) => {}
                    Event::Partner(PartnerEvent::PartnerPaid(e)) => {
                        let of = match e.paid_for {
                            PaidFor::Claims => &mut paid_outside,
                            PaidFor::Advance => &mut in_advance,
                        };
                        let last = of.entry(code.clone()).or_insert(e.paid_on);
                        *last = e.paid_on.max(*last);
                        let held_by = stops.all_of(code, e.paid_on);
                        if held_by.is_some() {
                            let (partner, payment) = (code.clone(), e.payment);
                            let (total, day, came_back_on) = (e.amount, e.paid_on, None);
                            facts.payments.push(Payment {
                                partner,
                                payment,
                                total,
                                day,
                                came_back_on,
                                held_by,
                            });
                        }
                    }
                    _ => {}
                }
            }
        }
        let wanted: Vec<_> = unrecorded.iter().map(|(details, ..)| (LEDGER_SUBJECT, *details)).collect();
        let texts = self.reveal::<PaymentText>(&wanted).await?;
        for ((_, amount, number, name), text) in unrecorded.into_iter().zip(texts) {
            let reference = text.map(|text| self.reference_key(&plain_reference(&text.payment_ref)));
            let (references, known) = (reference.into_iter().collect(), Known::Unrecorded);
            facts.known.push(Nameable { references, known, amount, number, name });
        }
        let mut undecided: BTreeMap<PartnerCode, (Eur, Date)> = BTreeMap::new();
        let codes: Vec<PartnerCode> = paid_outside.keys().cloned().collect();
        for item in self.due_to_each(&codes).await? {
            let left = item.due.checked_add(item.held).and_then(|due| due.checked_sub(item.paid_outside));
            let left = left.map_err(FoldError::from)?;
            let paid = paid_outside.iter().find(|(code, _)| code.as_str() == item.partner);
            if let Some((code, day)) = paid.filter(|_| left.is_negative()) {
                undecided.insert(code.clone(), (left.checked_neg().map_err(FoldError::from)?, *day));
            }
        }
        // Nobody decided an advance that one person recorded, until claims have used it up.
        for (partner, _) in &partners {
            let open = partner.payments.open_outside_advance().map_err(FoldError::from)?;
            if let Some(day) = in_advance.get(&partner.code).filter(|_| !open.is_zero()) {
                let (eur, last) = undecided.entry(partner.code.clone()).or_insert((Eur::ZERO, *day));
                *eur = eur.checked_add(open).map_err(FoldError::from)?;
                *last = (*day).max(*last);
            }
        }
        facts.beyond_due = undecided.into_iter().map(|(code, (eur, day))| (code, eur, day)).collect();
        Ok(())
    }

    /// The holds, and where in their scope lies what was paid. Without a hold nothing is looked up.
    async fn stops(&self, partners: &[(Partner, Vec<Recorded>)]) -> Result<Stops, AppError> {
        let (holds, _) = self.holds_and_events().await?;
        let mut stops = Stops { holds, countries: HashMap::new(), programmes: HashMap::new() };
        if stops.holds.iter().next().is_none() {
            return Ok(stops);
        }
        let payments = partners.iter().flat_map(|(partner, _)| partner.payments.iter());
        let made = payments.filter(|(_, payment)| payment.file.is_some());
        let paid: BTreeSet<Payable> =
            made.flat_map(|(_, payment)| payment.items.iter().map(|item| item.of)).collect();
        let cases: BTreeSet<CaseId> = paid.iter().filter_map(Payable::case).collect();
        let keys: Vec<String> = cases.iter().map(CaseId::to_string).collect();
        let rows = self.runner.rows::<CasesProjection>(&keys).await?;
        let countries = cases.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?.destination)));
        stops.countries = countries.collect();
        let claims = paid.iter().filter(|of| matches!(of, Payable::Claim { .. }));
        let claims: Vec<Uuid> = claims.filter_map(Payable::id).collect();
        let keys: Vec<String> = claims.iter().map(Uuid::to_string).collect();
        let rows = self.runner.rows::<ClaimsProjection>(&keys).await?;
        let lines = claims.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?.budget_line)));
        let grants = paid.iter().filter(|of| matches!(of, Payable::Grant { .. })).filter_map(Payable::id);
        let lines = lines.chain(grants.map(|id| (id, domain::grant::BUDGET_LINE.to_owned())));
        let programme = |line: &str| self.rulebook.programme_of(line).unwrap_or_default().to_owned();
        stops.programmes = lines.map(|(id, line)| (id, programme(&line))).collect();
        Ok(stops)
    }

    /// Budget lines on which more is disbursed than the cap since the return changed.
    async fn overdrawn(&self) -> Result<Vec<(CaseId, String, Eur, Date)>, AppError> {
        let mut overdrawn = Vec::new();
        for (id, row) in self.runner.all_rows::<BalancesProjection>().await? {
            let Ok(case) = id.parse::<CaseId>() else { continue };
            for (budget_line, line) in row.lines.iter() {
                let remaining = line.remaining().map_err(FoldError::from)?;
                if !remaining.is_negative() {
                    continue;
                }
                let adjusted = self.case_events(case).await?.into_iter().rev().find_map(|recorded| {
                    match recorded.event {
                        Event::Case(CaseEvent::EntitlementAdjusted(e)) => Some(e.adjusted_on),
                        _ => None,
                    }
                });
                if let Some(since) = adjusted {
                    let eur = remaining.checked_neg().map_err(FoldError::from)?;
                    overdrawn.push((case, budget_line.to_owned(), eur, since));
                }
            }
        }
        Ok(overdrawn)
    }
}

/// The days up to which the bank has told of its accounts, and from which of them payments are made.
#[derive(Default)]
struct ToldUntil {
    accounts: HashMap<String, Date>,
    /// Those of which nothing more will be told.
    closed: HashSet<String>,
    payments: HashMap<PaymentId, String>,
}

impl ToldUntil {
    /// For what is in a file, of the account that pays it; else of the account of which it told last: one that is used no
    /// more tells nothing of payments since.
    fn of(&self, item: &Settled) -> Option<Date> {
        let of_file = match item {
            Settled::Payment { payment, .. } => self.payments.get(payment),
            _ => None,
        };
        if of_file.is_some_and(|account| self.closed.contains(account)) {
            return Some(Date::MAX);
        }
        let of_account = of_file.and_then(|account| self.accounts.get(account));
        of_account.or_else(|| self.accounts.values().max()).copied()
    }
}

/// What holds stop of what was paid: each item by its own country and programme.
struct Stops {
    holds: Holds,
    countries: HashMap<CaseId, Country>,
    programmes: HashMap<Uuid, String>,
}

impl Stops {
    /// The first hold that stops all payments to a partner on a day.
    fn all_of(&self, code: &PartnerCode, day: Date) -> Option<u64> {
        self.holds.stopping_all_of(code, day).map(|(number, _)| number)
    }

    /// The first hold that stops the payment of something on a day.
    fn of(&self, code: &PartnerCode, of: &Payable, day: Date) -> Option<u64> {
        let country = of.case().and_then(|case| self.countries.get(&case));
        let programme = of.id().and_then(|id| self.programmes.get(&id));
        match (country, programme) {
            (Some(country), Some(programme)) => {
                self.holds.stopping(code, *country, programme, day).map(|(number, _)| number)
            }
            _ => self.all_of(code, day),
        }
    }
}

fn of_payment(
    partner: &Partner,
    id: PaymentId,
    came_back: &HashMap<PaymentId, Date>,
    stops: &Stops,
) -> Result<Option<Payment>, Overflow> {
    let Some(payment) = partner.payments.get(id) else { return Ok(None) };
    let Some((_, day)) = payment.file else { return Ok(None) };
    let unpaid = payment.state == PaymentState::Returned && !partner.payments.is_replaced(payment)?;
    let stopped = |of: &Payable| stops.of(&partner.code, of, day);
    let held_by =
        payment.items.iter().filter(|item| !item.eur.is_negative()).find_map(|item| stopped(&item.of));
    let paid = Payment {
        partner: partner.code.clone(),
        payment: id,
        total: payment.total,
        day,
        came_back_on: came_back.get(&id).copied().filter(|_| unpaid),
        // What came back was not paid in the end.
        held_by: held_by.filter(|_| payment.state == PaymentState::Instructed),
    };
    Ok((paid.came_back_on.is_some() || paid.held_by.is_some()).then_some(paid))
}

/// Lines that nothing explains; those of which the rules are certain only wait to be matched.
fn seen_lines(looked: &Looked, said: &Said, rules: &Rules) -> Vec<SeenLine> {
    let certain: HashSet<LineId> =
        said.matches.iter().flat_map(|finding| finding.found.lines.iter().copied()).collect();
    let first = |lines: &[LineId]| lines.first().copied();
    let ties: HashMap<LineId, usize> =
        said.ties.iter().filter_map(|tie| Some((first(&tie.found.lines)?, tie.items.len()))).collect();
    let mut suggested: HashMap<LineId, Date> = HashMap::new();
    for finding in &said.suggestions {
        let item = finding.items.first().and_then(|of| looked.items.get(of));
        if let (Some(line), Some(item)) = (first(&finding.found.lines), item) {
            suggested.entry(line).or_insert(item.open.day);
        }
    }
    let told_after = said.suggestions.iter().filter(|of| looked.is_told_after(of, rules.write_off_alone_max));
    let told_after: HashSet<LineId> =
        told_after.flat_map(|finding| finding.found.lines.iter().copied()).collect();
    let taken_back: HashSet<LineId> = said
        .suggestions
        .iter()
        .filter(|finding| finding.items.is_empty())
        .flat_map(|finding| finding.found.lines.iter().copied())
        .collect();
    let went_out = looked.open_lines.iter().filter(|line| line.amount.is_negative());
    let accounts: HashMap<LineId, KeyDigest> =
        went_out.filter_map(|line| Some((line.line, line.counterpart?))).collect();
    let elsewhere = said
        .suggestions
        .iter()
        .filter(|finding| looked.is_elsewhere(finding, &accounts))
        .flat_map(|finding| finding.found.lines.iter().copied());
    // Also where another line would settle the same, or has.
    let elsewhere: HashSet<LineId> = elsewhere.chain(looked.named_elsewhere()).collect();
    let open = looked.open_lines.iter().filter(|line| !certain.contains(&line.line));
    let seen = open.map(|line| SeenLine {
        line: line.line,
        amount: line.amount,
        booked_on: line.booked_on,
        references: line.references.iter().map(|reference| reference.digest).collect(),
        returned: looked.lines.get(&line.line).is_some_and(|row| row.returned || row.reversal),
        tied: ties.get(&line.line).copied(),
        named: line.is_named(),
        taken_back: taken_back.contains(&line.line),
        taken_apart: looked.is_taken_apart(line.line),
        told_after: told_after.contains(&line.line),
        suggested: suggested.get(&line.line).copied(),
        elsewhere: elsewhere.contains(&line.line),
        near: suggested.get(&line.line).is_some_and(|day| rules.are_near(line.booked_on, *day)),
    });
    seen.collect()
}

fn subject(of: &Settled) -> Subject {
    match of {
        Settled::Payment { partner, payment }
        | Settled::PaymentBack { partner, payment }
        | Settled::PaidOutside { partner, payment }
        | Settled::PaidOutsideBack { partner, payment } => {
            Subject::Payment { partner: partner.clone(), payment: *payment }
        }
        Settled::Grant { case, grant } | Settled::GrantBack { case, grant, .. } => {
            Subject::Grant { case: *case, grant: *grant }
        }
    }
}
