//! The grants read model: every payment of the arrival grant, and whether it counts.

use std::borrow::Cow;

use domain::case::CaseEvent;
use domain::grant::{GrantReason, GrantState, PaymentMethod};
use domain::{CaseId, Event, FoldError, Recorded, TextId};
use jiff::civil::Date;
use money::Eur;
use projection_runner::Projection;
use serde::{Deserialize, Serialize};

/// One payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GrantRow {
    /// Position of the record: the payment's number, and the order of the list.
    pub position: u64,
    /// The case it is for.
    pub case: CaseId,
    /// Day of payment.
    pub paid_on: Date,
    /// How much.
    pub amount: Eur,
    /// How.
    pub method: PaymentMethod,
    /// What came back.
    pub returned: Eur,
    /// What came back at one time, in the order recorded.
    pub returns: Vec<ReturnRow>,
    /// Why it does not count, or what finance set aside.
    pub reason: Option<GrantReason>,
    /// How far it has come.
    pub state: GrantState,
    /// The payment reference, in the vault.
    pub details: TextId,
}

/// What came back at one time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReturnRow {
    /// Position of the record: its number.
    pub position: u64,
    /// How much.
    pub amount: Eur,
    /// When.
    pub returned_on: Date,
}

impl GrantRow {
    fn take_back(mut self, back: ReturnRow) -> Result<Self, FoldError> {
        self.returned = self.returned.checked_add(back.amount)?;
        self.returns.push(back);
        if self.returned == self.amount {
            self.state = GrantState::Returned;
        }
        Ok(self)
    }
}

/// The projection; rows are named by the grant's id.
pub struct GrantsProjection;

impl Projection for GrantsProjection {
    const NAME: &'static str = "grants";
    const VERSION: u32 = 3;
    type Row = GrantRow;

    fn key(event: &Recorded) -> Option<Cow<'_, str>> {
        let grant = match &event.event {
            Event::Case(CaseEvent::ArrivalGrantPaid(e)) => e.grant,
            Event::Case(CaseEvent::ArrivalGrantRefused(e)) => e.grant,
            Event::Case(CaseEvent::ArrivalGrantAllowed(e)) => e.grant,
            Event::Case(CaseEvent::ArrivalGrantReturned(e)) => e.grant,
            Event::Case(CaseEvent::RefusedGrantReturned(e)) => e.grant,
            _ => return None,
        };
        Some(grant.to_string().into())
    }

    fn fold(row: Option<GrantRow>, event: &Recorded) -> Result<GrantRow, FoldError> {
        let case = || event.stream_id.id().parse().map_err(|_| FoldError("not the stream of a case".into()));
        match (row, &event.event) {
            (None, Event::Case(CaseEvent::ArrivalGrantPaid(e))) => Ok(GrantRow {
                position: event.position,
                case: case()?,
                paid_on: e.paid_on,
                amount: e.amount,
                method: e.method,
                returned: Eur::ZERO,
                returns: Vec::new(),
                reason: None,
                state: GrantState::Paid,
                details: e.details,
            }),
            (None, Event::Case(CaseEvent::ArrivalGrantRefused(e))) => Ok(GrantRow {
                position: event.position,
                case: case()?,
                paid_on: e.paid_on,
                amount: e.amount,
                method: e.method,
                returned: Eur::ZERO,
                returns: Vec::new(),
                reason: Some(e.reason),
                state: GrantState::Refused,
                details: e.details,
            }),
            (Some(row), Event::Case(CaseEvent::ArrivalGrantAllowed(_))) => {
                Ok(GrantRow { state: GrantState::Allowed, ..row })
            }
            (Some(row), Event::Case(CaseEvent::ArrivalGrantReturned(e))) => {
                let (position, amount, returned_on) = (event.position, e.amount, e.returned_on);
                row.take_back(ReturnRow { position, amount, returned_on })
            }
            (Some(row), Event::Case(CaseEvent::RefusedGrantReturned(e))) => {
                let (position, amount, returned_on) = (event.position, e.amount, e.returned_on);
                row.take_back(ReturnRow { position, amount, returned_on })
            }
            _ => Err(FoldError("a payment recorded twice, or not at all".into())),
        }
    }
}
