//! The journal (grundbok): the log, event by event, as vouchers.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use money::Eur;
use rulebook::Rulebook;
use serde::Serialize;

use super::bank::{AtBank, Matched, WrittenOff};
use super::chart::{Chart, DimensionOf, MoneyKind, Seen};
use super::payments::{Outside, Payment};
use super::words;
use crate::case::{Assignments, CaseEvent};
use crate::closing::Closings;
use crate::event::{Event, Recorded};
use crate::exception::ExceptionId;
use crate::grant::PaymentMethod;
use crate::ids::{CaseId, ClaimId, FeeId, GrantId, KeyDigest, LineId, PartnerCode, PaymentId};
use crate::ledger::LedgerEvent;
use crate::period::Period;
use crate::reference::CaseReference;
use crate::refusal::FoldError;

/// One booked business event (verifikation). Its entries add up to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Voucher {
    /// Its series.
    pub series: String,
    /// The year in which it is numbered.
    pub year: i16,
    /// Its number in the series and the year: 1, 2, 3 … without gaps.
    pub number: u64,
    /// The day it is booked on: that on which money moved or a decision was recorded. If the period of that day was closed
    /// before, it is the first open one of what the bank has on its account, and of all else the day of its recording.
    pub day: Date,
    /// The day it is about: of delivery, of a charge, of a payment.
    pub about_day: Date,
    /// The day on which the ledger recorded it.
    pub recorded_on: Date,
    /// The closed period in which the day it is about lies, if it was closed before.
    pub closed_period: Option<Period>,
    /// What happened.
    pub kind: MoneyKind,
    /// The event.
    pub position: u64,
    /// The number of the claim, fee, grant, payment or line it is about: the position of its first event.
    pub about: u64,
    /// How much it moves, under whatever chart; below zero where that is taken back.
    pub moved: Eur,
    /// In words: what happened, under which number, of whom.
    pub text: String,
    /// The entries, debit first.
    pub entries: Vec<Entry>,
}

impl Voucher {
    /// What it is called: series, year and number, such as `S2024-12`.
    pub fn name(&self) -> String {
        format!("{}{}-{}", self.series, self.year, self.number)
    }
}

/// A row of a voucher (kontering).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The account's number.
    pub account: String,
    /// Positive debits, negative credits.
    pub amount: Eur,
    /// What it is about, by dimension.
    pub objects: Vec<Object>,
    /// The same in words, with numbers.
    pub text: String,
}

impl Entry {
    /// The code of the object it names in a dimension; empty where it names none.
    pub fn code(&self, of: DimensionOf) -> &str {
        self.objects.iter().find(|object| object.of == of).map_or("", |object| object.code.as_str())
    }
}

/// An object of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Object {
    /// The dimension's number.
    pub dimension: u16,
    /// What the dimension tells apart.
    pub of: DimensionOf,
    /// The object's code.
    pub code: String,
}

/// What is known of the things that money is about, and the next number of each series.
#[derive(Debug)]
pub struct Journal<'c> {
    chart: &'c Chart,
    closings: &'c Closings,
    /// The programme of each budget line, under the rulebook that was in force at the event that is booked.
    programmes: HashMap<String, String>,
    cases: HashMap<CaseId, Known>,
    pub(super) claims: HashMap<ClaimId, (Told, Date)>,
    /// The voucher of each reversal of a claim, by its name.
    reversals: HashMap<(ClaimId, KeyDigest), String>,
    pub(super) grants: HashMap<GrantId, (Told, PaymentMethod, Date)>,
    pub(super) fees: HashMap<FeeId, (u64, Date)>,
    /// Payments that were made outside of the ledger.
    pub(super) outside: HashMap<PaymentId, Outside>,
    pub(super) payments: HashMap<PaymentId, Payment>,
    /// The accounts at the bank, by their codes.
    pub(super) at_bank: HashMap<String, AtBank>,
    /// The number of each line, and the day on which the bank booked it.
    pub(super) lines: HashMap<LineId, (u64, Date)>,
    /// What lines in other currencies are in euro, as the bank says.
    pub(super) exchanged: HashMap<LineId, Eur>,
    /// Matches that were recorded.
    pub(super) matches: HashMap<u64, Matched>,
    /// What is written off.
    pub(super) write_offs: BTreeMap<ExceptionId, WrittenOff>,
    numbers: BTreeMap<(String, i16), u64>,
}

#[derive(Debug)]
struct Known {
    reference: CaseReference,
    assignments: Assignments,
}

/// What an entry is about.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    pub(super) about: u64,
    /// What people call it: `claim 42`.
    pub(super) name: String,
    pub(super) case: Option<CaseReference>,
    pub(super) partner: Option<PartnerCode>,
    pub(super) programme: Option<String>,
    pub(super) category: Option<String>,
}

/// When something happened.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// It was decided when it was recorded, and is about this day.
    Decided(Date),
    /// Money moved on this day, whenever that was recorded.
    Moved(Date),
    /// The bank has it on its account since this day.
    AtBank(Date),
}

/// What a voucher is.
#[derive(Debug, Clone, Copy)]
pub(super) struct What<'a> {
    pub(super) kind: MoneyKind,
    pub(super) about: u64,
    pub(super) when: When,
    pub(super) seen: Seen<'a>,
    /// In words.
    pub(super) text: &'a str,
}

impl<'c> Journal<'c> {
    /// An empty journal; `closings` are all closed periods, also those that were closed after the events that are booked.
    pub fn under(chart: &'c Chart, closings: &'c Closings) -> Self {
        Self {
            chart,
            closings,
            programmes: HashMap::new(),
            cases: HashMap::new(),
            claims: HashMap::new(),
            reversals: HashMap::new(),
            grants: HashMap::new(),
            fees: HashMap::new(),
            outside: HashMap::new(),
            payments: HashMap::new(),
            at_bank: HashMap::new(),
            lines: HashMap::new(),
            exchanged: HashMap::new(),
            matches: HashMap::new(),
            write_offs: BTreeMap::new(),
            numbers: BTreeMap::new(),
        }
    }

    /// Books the next event of the log: no voucher for one that moves no money, two where a payment also settles an
    /// advance, or a match is off.
    ///
    /// # Errors
    /// [`FoldError`] for an event about something that no event before it has told of, or a rulebook that cannot be read.
    pub fn book(&mut self, recorded: &Recorded) -> Result<Vec<Voucher>, FoldError> {
        match &recorded.event {
            Event::Case(event) => Ok(self.of_case(recorded, event)?.into_iter().collect()),
            Event::Partner(event) => self.of_partner(recorded, event),
            Event::Bank(event) => self.of_account(recorded, event),
            Event::Line(event) => self.of_line(recorded, event),
            Event::Reconciliation(event) => self.of_matches(recorded, event),
            Event::Ledger(LedgerEvent::RulebookAdopted(e)) => {
                self.adopt(recorded, &e.document)?;
                Ok(Vec::new())
            }
            _ => Ok(Vec::new()),
        }
    }

    /// From here on what is reported and paid out is of the programmes of another rulebook; what was, stays where it is.
    fn adopt(&mut self, recorded: &Recorded, document: &str) -> Result<(), FoldError> {
        let rulebook = Rulebook::parse(document)
            .map_err(|errors| FoldError(format!("position {}: the rulebook: {errors}", recorded.position)))?;
        let lines = rulebook.budget_lines().iter();
        self.programmes = lines.map(|line| (line.id.clone(), line.programme.clone())).collect();
        Ok(())
    }

    fn of_case(&mut self, recorded: &Recorded, event: &CaseEvent) -> Result<Option<Voucher>, FoldError> {
        let case = || -> Result<CaseId, FoldError> {
            recorded.stream_id.id().parse().map_err(|_| unknown(recorded))
        };
        let (kind, amount, when, told, method) = match event {
            CaseEvent::ApplicationFiled(e) => {
                let known = Known { reference: e.reference, assignments: Assignments::default() };
                self.cases.insert(e.case, known);
                return Ok(None);
            }
            CaseEvent::PartnerAssigned(e) => {
                let known = self.cases.get_mut(&case()?).ok_or_else(|| unknown(recorded))?;
                known.assignments.assign(e.partner.clone(), e.assigned_on);
                return Ok(None);
            }
            CaseEvent::SpendReported(e) => {
                let known = self.cases.get(&case()?).ok_or_else(|| unknown(recorded))?;
                let told = Told {
                    about: recorded.position,
                    name: format!("claim {}", recorded.position),
                    case: Some(known.reference),
                    partner: Some(e.partner.clone()),
                    programme: self.programmes.get(&e.budget_line).cloned(),
                    category: Some(e.category.clone()),
                };
                self.claims.insert(e.claim, (told, e.delivered_on));
                return Ok(None);
            }
            CaseEvent::ClaimAccepted(e) => {
                let (told, delivered_on) = self.claim(recorded, e.claim)?;
                (MoneyKind::SpendAccepted, e.eligible, When::Decided(delivered_on), told, None)
            }
            CaseEvent::BenefitReversed(e) => {
                let (told, _) = self.claim(recorded, e.claim)?;
                let (kind, when) = (MoneyKind::SpendReversed, When::Decided(e.reversed_on));
                let voucher = self.voucher(recorded, kind, e.amount, when, &told, None)?;
                let names = voucher.iter().map(|voucher| ((e.claim, e.reversal_key), voucher.name()));
                self.reversals.extend(names);
                return Ok(voucher);
            }
            // What was booked then, the other way round.
            CaseEvent::BenefitReversalUndone(e) => {
                let (told, _) = self.claim(recorded, e.claim)?;
                let before = self.reversals.get(&(e.claim, e.reversal_key)).cloned();
                let before = before.ok_or_else(|| unknown(recorded))?;
                let (kind, when) = (MoneyKind::SpendReversed, When::Decided(e.reversed_on));
                let voucher = self.voucher(recorded, kind, e.amount.checked_neg()?, when, &told, None)?;
                return Ok(voucher.map(|v| Voucher { text: format!("{}, undoes {before}", v.text), ..v }));
            }
            CaseEvent::ArrivalGrantPaid(e) => {
                let told = self.grant(recorded, case()?, &e.budget_line, e.method, e.paid_on)?;
                self.grants.insert(e.grant, (told.clone(), e.method, e.paid_on));
                (MoneyKind::GrantPaid, e.amount, When::Moved(e.paid_on), told, Some(e.method))
            }
            CaseEvent::ArrivalGrantRefused(e) => {
                let told = self.grant(recorded, case()?, &e.budget_line, e.method, e.paid_on)?;
                self.grants.insert(e.grant, (told.clone(), e.method, e.paid_on));
                // Nothing is owed for what a partner paid out against the rules.
                let ours = if e.method == PaymentMethod::CashByPartner { Eur::ZERO } else { e.amount };
                (MoneyKind::GrantRefused, ours, When::Moved(e.paid_on), told, Some(e.method))
            }
            CaseEvent::ArrivalGrantAllowed(e) => {
                let (told, method, paid_on) =
                    self.grants.get(&e.grant).cloned().ok_or_else(|| unknown(recorded))?;
                (MoneyKind::GrantAllowed, e.amount, When::Decided(paid_on), told, Some(method))
            }
            CaseEvent::ArrivalGrantReturned(e) => {
                let (told, method, _) =
                    self.grants.get(&e.grant).cloned().ok_or_else(|| unknown(recorded))?;
                (MoneyKind::GrantReturned, e.amount, When::Moved(e.returned_on), told, Some(method))
            }
            // What was booked when it was paid, the other way round.
            CaseEvent::RefusedGrantReturned(e) => {
                let (told, method, _) =
                    self.grants.get(&e.grant).cloned().ok_or_else(|| unknown(recorded))?;
                let back = e.amount.checked_neg()?;
                (MoneyKind::GrantRefused, back, When::Moved(e.returned_on), told, Some(method))
            }
            _ => return Ok(None),
        };
        self.voucher(recorded, kind, amount, when, &told, method)
    }

    /// What a claim is about, and the day of its delivery.
    pub(super) fn claim(&self, recorded: &Recorded, claim: ClaimId) -> Result<(Told, Date), FoldError> {
        self.claims.get(&claim).cloned().ok_or_else(|| unknown(recorded))
    }

    /// A grant is about the partner only where the partner paid it out.
    fn grant(
        &self,
        recorded: &Recorded,
        case: CaseId,
        budget_line: &str,
        method: PaymentMethod,
        paid_on: Date,
    ) -> Result<Told, FoldError> {
        let known = self.cases.get(&case).ok_or_else(|| unknown(recorded))?;
        let by_partner = method == PaymentMethod::CashByPartner;
        Ok(Told {
            about: recorded.position,
            name: format!("grant {}", recorded.position),
            case: Some(known.reference),
            partner: known.assignments.on(paid_on).filter(|_| by_partner).cloned(),
            programme: self.programmes.get(budget_line).cloned(),
            category: None,
        })
    }

    /// The day on which it is booked, the day it is about, and the closed period in which that lies.
    fn booked(&self, recorded: &Recorded, when: When) -> (Date, Date, Option<Period>) {
        let (When::Decided(about_day) | When::Moved(about_day) | When::AtBank(about_day)) = when;
        let recorded_on = recorded.recorded_on();
        let own_day = if matches!(when, When::Decided(_)) { recorded_on } else { about_day };
        let day = match self.closings.first_open_at(recorded.position) {
            Some(open) if own_day < open => match when {
                When::AtBank(_) if self.closings.has_lines_on_first_day(recorded.position) => open,
                _ => recorded_on.max(open),
            },
            _ => own_day,
        };
        (day, about_day, self.closings.closed_at(recorded.position, about_day))
    }

    pub(super) fn voucher(
        &mut self,
        recorded: &Recorded,
        kind: MoneyKind,
        amount: Eur,
        when: When,
        told: &Told,
        method: Option<PaymentMethod>,
    ) -> Result<Option<Voucher>, FoldError> {
        let seen = Seen {
            category: told.category.as_deref(),
            programme: told.programme.as_deref(),
            method,
            difference: None,
        };
        let text = words::text(kind, told, amount.is_negative());
        let what = What { kind, about: told.about, when, seen, text: &text };
        let side = [(told, amount)];
        self.make(recorded, what, &side, &side)
    }

    /// Makes a voucher of what is debited and credited, by what it is about; both sides come to the same. None of nothing.
    pub(super) fn make(
        &mut self,
        recorded: &Recorded,
        What { kind, about, when, seen, text }: What<'_>,
        debit: &[(&Told, Eur)],
        credit: &[(&Told, Eur)],
    ) -> Result<Option<Voucher>, FoldError> {
        let chart = self.chart;
        let posting = chart
            .posting(kind, seen)
            .ok_or_else(|| FoldError(format!("position {}: {kind} has no posting", recorded.position)))?;
        let mut entries = Vec::new();
        for (account, side) in [(&posting.debit, debit), (&posting.credit, credit)] {
            // One entry for what names the same objects, however many claims it is.
            let mut by_objects: BTreeMap<Vec<Object>, (Eur, Vec<&Told>)> = BTreeMap::new();
            for (told, amount) in side.iter().filter(|(_, amount)| !amount.is_zero()) {
                let (sum, of) = by_objects.entry(objects(chart, told)).or_default();
                *sum = sum.checked_add(*amount)?;
                of.push(told);
            }
            for (objects, (sum, of)) in by_objects.into_iter().filter(|(_, (sum, _))| !sum.is_zero()) {
                let amount = if account == &posting.debit { sum } else { sum.checked_neg()? };
                entries.push(Entry { account: account.clone(), amount, objects, text: words::about(&of) });
            }
        }
        if entries.is_empty() {
            return Ok(None);
        }
        entries.sort_by_key(|entry| entry.amount.is_negative());
        // Of a side as a whole: what its entries come to depends on the dimensions of the chart.
        let moved = Eur::sum(credit.iter().map(|(_, amount)| *amount))?;
        let (day, about_day, closed_period) = self.booked(recorded, when);
        let text = match closed_period {
            Some(period) => format!("{text}, belongs to {period}"),
            None => text.to_owned(),
        };
        let number = self.numbers.entry((posting.series.clone(), day.year())).or_default();
        *number += 1;
        Ok(Some(Voucher {
            series: posting.series.clone(),
            year: day.year(),
            number: *number,
            day,
            about_day,
            recorded_on: recorded.recorded_on(),
            closed_period,
            kind,
            position: recorded.position,
            about,
            moved,
            text,
            entries,
        }))
    }
}

fn objects(chart: &Chart, told: &Told) -> Vec<Object> {
    let code = |of| match of {
        DimensionOf::Partner => told.partner.as_ref().map(ToString::to_string),
        DimensionOf::Programme => told.programme.clone(),
        DimensionOf::Case => told.case.map(|case| case.to_string()),
        DimensionOf::Category => told.category.clone(),
    };
    let dimensions = chart.dimensions().iter();
    dimensions.filter_map(|d| Some(Object { dimension: d.number, of: d.of, code: code(d.of)? })).collect()
}

pub(super) fn unknown(recorded: &Recorded) -> FoldError {
    FoldError(format!("position {}: no event before it tells what it is about", recorded.position))
}
