//! What exceptions are derived from: lines, payments, grants and balances as they stand.

use std::collections::{BTreeMap, HashMap};

use ::balances::BalancesProjection;
use ::grants::GrantsProjection;
use domain::case::CaseEvent;
use domain::exception::{Facts, Known, Payment, RefusedGrant, SeenLine, Subject};
use domain::grant::GrantState;
use domain::matching::Rules;
use domain::partner::{PaidFor, PartnerEvent};
use domain::payment::{OutsideState, Payable, PaymentState};
use domain::reconciliation::Settled;
use domain::{CaseId, Event, FoldError, LineId, Partner, PartnerCode, PaymentId, Recorded};
use jiff::civil::Date;
use money::{Amount, Eur};

use super::items::outside_state;
use super::looked::Looked;
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::{Purpose, Session};

impl Ledger {
    /// Gathers the facts; `rules` say what is in doubt and what is likely.
    pub(crate) async fn exception_facts(&self, looked: &Looked, rules: &Rules) -> Result<Facts, AppError> {
        let mut facts = Facts {
            lines: seen_lines(looked, rules),
            told_until: self.told_until(looked).await?,
            ..Facts::default()
        };
        for item in looked.items.values().filter(|item| !item.of.is_back()) {
            let open = looked.is_open(&item.of);
            let known = if open { Known::Open } else { Known::Settled };
            facts.known.push((item.open.references.clone(), known, item.amount, item.name.clone()));
            if open {
                facts.unsettled.push((subject(&item.of), item.amount, item.open.day));
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
        Ok(facts)
    }

    /// The day up to which the bank has told of every account: of each the last day of a statement, or of a line.
    async fn told_until(&self, looked: &Looked) -> Result<Option<Date>, AppError> {
        let mut told: HashMap<String, Date> = HashMap::new();
        let mut hears = |account: String, day: Date| {
            let last = told.entry(account).or_insert(day);
            *last = day.max(*last);
        };
        looked.lines.values().for_each(|row| hears(row.account.to_string(), row.booked_on));
        for statement in self.bank_statements(None).await? {
            statement.to.into_iter().for_each(|day| hears(statement.account.clone(), day));
        }
        Ok(told.into_values().min())
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
        let due: HashMap<String, Eur> = self
            .payments_due(None)
            .await?
            .into_iter()
            .map(|item| Ok((item.partner, item.due.checked_add(item.held)?.checked_sub(item.paid_outside)?)))
            .collect::<Result<_, money::Overflow>>()
            .map_err(FoldError::from)?;
        let codes = self.partner_codes().await?;
        let cases = self.payable_cases(&codes).await?;
        let mut session = Session::new(self, Purpose::Check);
        session.load_payable(&codes, &cases).await?;
        for (partner, events) in self.partners_and_events(&codes).await? {
            let code = &partner.code;
            let mut days = Days { session: &session, cases: &cases, code, known: BTreeMap::new() };
            let mut last_outside = None;
            for Recorded { position, event, .. } in &events {
                match event {
                    Event::Partner(PartnerEvent::PaymentProposed(e)) => {
                        let Some(payment) = partner.payments.get(e.payment) else { continue };
                        let name = format!("payment {position} to {code}");
                        let known = match payment.state {
                            PaymentState::Recalled if partner.payments.paid_again(payment).is_some() => {
                                Some(Known::PaidAnew)
                            }
                            PaymentState::Recalled => Some(Known::TakenBack),
                            _ => payment.file.is_none().then_some(Known::NotMade),
                        };
                        if let Some(known) = known.filter(|_| !e.total.is_zero()) {
                            let references = vec![self.reference_key(e.reference.as_str())];
                            let amount = Amount::from(e.total).negated();
                            facts.known.push((references, known, amount, name));
                        }
                        facts.payments.extend(of_payment(&partner, e.payment, &came_back, &mut days)?);
                    }
                    Event::Partner(PartnerEvent::PartnerPaid(e))
                        if e.amount.is_negative()
                            || outside_state(&partner, e.payment) != Some(OutsideState::Made) => {}
                    Event::Partner(PartnerEvent::PartnerPaid(e)) => {
                        if e.paid_for == PaidFor::Claims {
                            last_outside = last_outside.max(Some(e.paid_on));
                        }
                        let held_by = days.on(e.paid_on)?.1;
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
            if let (Some(day), Some(left)) = (last_outside, due.get(code.as_str()))
                && left.is_negative()
            {
                let beyond = left.checked_neg().map_err(FoldError::from)?;
                facts.beyond_due.push((code.clone(), beyond, day));
            }
        }
        Ok(())
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

/// What a partner could be paid for on some days, with the hold that stopped everything.
struct Days<'s> {
    session: &'s Session<'s>,
    cases: &'s [CaseId],
    code: &'s PartnerCode,
    known: BTreeMap<Date, (HashMap<Payable, u64>, Option<u64>)>,
}

impl Days<'_> {
    /// Which hold stopped what on a day, and which stopped everything.
    fn on(&mut self, day: Date) -> Result<&(HashMap<Payable, u64>, Option<u64>), AppError> {
        let standing = match self.known.contains_key(&day) {
            true => None,
            false => Some(self.session.standing(self.code, self.cases, day)?),
        };
        Ok(self.known.entry(day).or_insert_with(|| {
            let standing = standing.unwrap_or_default();
            let held = standing.worths.iter().filter_map(|worth| Some((worth.of, worth.held_by?)));
            (held.collect(), standing.held_by)
        }))
    }
}

fn of_payment(
    partner: &Partner,
    id: PaymentId,
    came_back: &HashMap<PaymentId, Date>,
    days: &mut Days<'_>,
) -> Result<Option<Payment>, AppError> {
    let found = partner.payments.get(id).and_then(|payment| Some((payment, payment.file?.1)));
    let Some((payment, day)) = found else { return Ok(None) };
    let unpaid = payment.state == PaymentState::Returned && partner.payments.paid_again(payment).is_none();
    let (held, all) = days.on(day)?;
    let stopped = |of: &Payable| held.get(of).copied().or(*all);
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

fn seen_lines(looked: &Looked, rules: &Rules) -> Vec<SeenLine> {
    let said = looked.said(rules);
    let first = |lines: &[LineId]| lines.first().copied();
    let ties: HashMap<LineId, usize> =
        said.ties.iter().filter_map(|tie| Some((first(&tie.found.lines)?, tie.items.len()))).collect();
    let suggested = said.suggestions.iter().filter_map(|found| first(&found.found.lines));
    let suggested: std::collections::HashSet<LineId> = suggested.collect();
    let seen = looked.open_lines.iter().map(|line| SeenLine {
        line: line.line,
        amount: line.amount,
        booked_on: line.booked_on,
        references: line.references.iter().map(|reference| reference.digest).collect(),
        returned: looked.lines.get(&line.line).is_some_and(|row| row.returned || row.reversal),
        tied: ties.get(&line.line).copied(),
        suggested: suggested.contains(&line.line),
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
