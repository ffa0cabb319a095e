//! What does not fit, from what is there. Nothing of it is kept: it is found again each time.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::Date;
use money::{Amount, Eur};

use super::kind::{Exception, ExceptionId, ExceptionKind, Subject};
use super::lines::{Nameable, SeenLine, kind_of};
use crate::grant::GrantReason;
use crate::ids::{Actor, BankAccountCode, CaseId, GrantId, KeyDigest, LineId, PartnerCode, PaymentId};

/// Days after which a payment should stand on a statement, if the bank has told of them.
const SHOWN_AFTER_DAYS: i64 = 5;

/// What exceptions are derived from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Lines that nothing explains.
    pub lines: Vec<SeenLine>,
    /// What lines may name.
    pub known: Vec<Nameable>,
    /// How much a match by hand may be off.
    pub may_be_off: Eur,
    /// Payments and grants that no line has settled.
    pub unsettled: Vec<Unsettled>,
    /// Payments to partners about which there is something.
    pub payments: Vec<Payment>,
    /// What partners were paid outside of the ledger beyond all that is due to them or in advance, and when last.
    pub beyond_due: Vec<(PartnerCode, Eur, Date)>,
    /// Grants that were paid and do not count.
    pub grants: Vec<RefusedGrant>,
    /// Budget lines on which more is disbursed than the cap, how much more, and since when.
    pub overdrawn: Vec<(CaseId, String, Eur, Date)>,
    /// What is missing between statements.
    pub missing: Vec<MissingStatement>,
    /// Lines that were notified, and that the statements of their days do not have.
    pub not_stated: Vec<NotStated>,
}

/// A line that was notified, and that the statements of its day do not have.
#[derive(Debug, Clone, PartialEq)]
pub struct NotStated {
    /// Which.
    pub line: LineId,
    /// How much, as the bank notified.
    pub amount: Amount,
    /// The day on which it was to be booked.
    pub booked_on: Date,
    /// The number of the match that holds it, if one does.
    pub matched: Option<u64>,
}

/// Days of an account between two statements that do not continue each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingStatement {
    /// The account.
    pub account: BankAccountCode,
    /// The last day of the statement before them.
    pub until: Date,
    /// The first day of the next one.
    pub from: Date,
    /// That next one.
    pub next: KeyDigest,
    /// What their lines come to, as it stands on the account.
    pub amount: Amount,
    /// Who took the next one in all the same.
    pub let_be_by: Option<Actor>,
}

/// A payment or grant that no line has settled.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsettled {
    /// Which.
    pub about: Subject,
    /// As it would stand on the account.
    pub amount: Amount,
    /// The day on which it was paid.
    pub paid_on: Date,
    /// The last day of which the bank has told.
    pub told_until: Option<Date>,
}

/// A payment to a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Whom it pays.
    pub partner: PartnerCode,
    /// Which.
    pub payment: PaymentId,
    /// How much was transferred.
    pub total: Eur,
    /// The day on which the bank was to execute it.
    pub day: Date,
    /// Of what it was to pay nothing is paid again: it came back on this day.
    pub came_back_on: Option<Date>,
    /// The hold that stopped it on its day.
    pub held_by: Option<u64>,
}

/// An arrival grant that was paid and does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedGrant {
    /// The case it is for.
    pub case: CaseId,
    /// Which.
    pub grant: GrantId,
    /// How much.
    pub amount: Eur,
    /// When.
    pub paid_on: Date,
    /// Why it does not count.
    pub reason: GrantReason,
}

/// Everything that does not fit, the oldest first.
pub fn derive(facts: &Facts) -> Vec<Exception> {
    let mut by_reference: HashMap<KeyDigest, Vec<&Nameable>> = HashMap::new();
    for nameable in &facts.known {
        for reference in &nameable.references {
            by_reference.entry(*reference).or_default().push(nameable);
        }
    }
    let lines = facts.lines.iter().map(|line| {
        let (kind, why, clue) = kind_of(line, &by_reference, facts.may_be_off);
        let about = Subject::Line { line: line.line };
        Exception { clue, ..exception(kind, about, line.amount, line.booked_on, why) }
    });
    let unsettled = facts.unsettled.iter().filter(|of| {
        of.told_until.is_some_and(|until| of.paid_on.saturating_add(SHOWN_AFTER_DAYS.days()) <= until)
    });
    let unsettled = unsettled.map(|Unsettled { about, amount, paid_on, .. }| {
        let why = "no line of the bank shows it, though the bank has told of the days after it";
        exception(ExceptionKind::NoMatch, about.clone(), *amount, *paid_on, why.to_owned())
    });
    let payments = facts.payments.iter().flat_map(of_payment);
    let beyond = facts.beyond_due.iter().map(|(partner, eur, day)| {
        let about = Subject::Partner { partner: partner.clone() };
        let why =
            "paid outside of the ledger, in advance or beyond all that is due to the partner".to_owned();
        exception(ExceptionKind::PaidWithoutDecision, about, (*eur).into(), *day, why)
    });
    let grants = facts.grants.iter().map(of_grant);
    let overdrawn = facts.overdrawn.iter().map(|(case, budget_line, eur, day)| {
        let about = Subject::BudgetLine { case: *case, budget_line: budget_line.clone() };
        let why = format!("{eur} EUR more is disbursed than the cap that the return has now");
        exception(ExceptionKind::Overdrawn, about, (*eur).into(), *day, why)
    });
    let missing = facts.missing.iter().map(of_missing);
    let not_stated = facts.not_stated.iter().map(of_not_stated);
    let all =
        lines.chain(unsettled).chain(payments).chain(beyond).chain(grants).chain(overdrawn).chain(missing);
    let mut found: Vec<Exception> = all.chain(not_stated).collect();
    found.sort_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
    found
}

fn of_not_stated(NotStated { line, amount, booked_on, matched }: &NotStated) -> Exception {
    let held = matched.map_or_else(String::new, |number| format!("; match {number} holds it"));
    let why = format!("the bank has notified of it, and the statement of its day does not have it{held}");
    let about = Subject::Line { line: *line };
    exception(ExceptionKind::NotifiedNotStated, about, *amount, *booked_on, why)
}

fn of_missing(missing: &MissingStatement) -> Exception {
    let MissingStatement { account, until, from, next, amount, let_be_by } = missing;
    let about = Subject::Statement { account: account.clone(), statement: *next };
    let let_be = let_be_by.as_ref().map_or_else(String::new, |by| format!("; {by} took the next one in"));
    let why = format!(
        "between the statement until {until} and that from {from} one is missing, over {amount} {}{let_be}",
        amount.currency()
    );
    // Counted from its first day, it belongs to every period of which it may tell.
    let since = until.tomorrow().map_or(*from, |first| first.min(*from));
    exception(ExceptionKind::StatementGap, about, *amount, since, why)
}

fn of_payment(paid: &Payment) -> impl Iterator<Item = Exception> {
    let about = Subject::Payment { partner: paid.partner.clone(), payment: paid.payment };
    let back = paid.came_back_on.map(|day| {
        let why = "came back from the bank, and what it was to pay is not paid again".to_owned();
        exception(ExceptionKind::Returned, about.clone(), paid.total.into(), day, why)
    });
    let held = paid.held_by.map(|hold| {
        let why = format!("hold {hold} was in force on the day of the payment: `svala hold list` says why");
        exception(ExceptionKind::PaidWhileHeld, about.clone(), paid.total.into(), paid.day, why)
    });
    back.into_iter().chain(held)
}

fn of_grant(grant: &RefusedGrant) -> Exception {
    let (kind, why) = match grant.reason {
        GrantReason::NoEntitlement => (ExceptionKind::PaidWithoutDecision, "no arrival grant is granted"),
        GrantReason::NotArrived => (ExceptionKind::PaidWithoutDecision, "no arrival is recorded"),
        GrantReason::BeforeArrival => (ExceptionKind::GrantOutsideItsDays, "paid before the arrival"),
        GrantReason::AfterGrantDays => {
            (ExceptionKind::GrantOutsideItsDays, "paid later than the days after the arrival")
        }
        GrantReason::OverCap => (ExceptionKind::OverCap, "does not fit under the cap"),
    };
    let about = Subject::Grant { case: grant.case, grant: grant.grant };
    exception(kind, about, grant.amount.into(), grant.paid_on, why.to_owned())
}

fn exception(kind: ExceptionKind, about: Subject, amount: Amount, since: Date, why: String) -> Exception {
    Exception { id: ExceptionId { kind, about }, amount, since, why, clue: None }
}
