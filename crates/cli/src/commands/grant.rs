//! `svala grant …`

use std::process::ExitCode;

use app::query::{DueGrantItem, GrantItem};

use crate::args::{Format, GrantCommand};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, listing, say};

/// The columns of a list of payments.
pub const COLUMNS: &[&str] = &[
    "grant",
    "external_ref",
    "case",
    "payment_ref",
    "paid_on",
    "method",
    "eur",
    "returned",
    "reason",
    "state",
];

/// The columns of what is due.
const DUE: &[&str] = &[
    "external_ref",
    "case",
    "destination",
    "partner",
    "arrived_on",
    "last_day",
    "days_late",
    "eur",
    "held_by",
];

pub async fn run(place: &Place, format: Format, command: GrantCommand) -> Result<ExitCode, Failure> {
    match command {
        GrantCommand::List { case } => {
            let ledger = place.open().await?;
            let case = match case {
                Some(case) => Some(ledger.find_case(&case).await?),
                None => None,
            };
            listing(format, COLUMNS, &ledger.grants(case).await?, row)?;
        }
        GrantCommand::Due { partner, on } => {
            let ledger = place.open().await?;
            listing(format, DUE, &ledger.due_grants(partner.as_ref(), on).await?, due)?;
        }
        GrantCommand::Allow { grant: number, reason } => {
            let ledger = place.open_to_write().await?;
            let (case, grant) = ledger.find_grant(number).await?;
            ledger.allow_grant(case, grant, &reason).await?;
            say(format!("arrival grant {number} counts"))?;
        }
        GrantCommand::Return { grant: number, amount, on, reason } => {
            if amount.is_negative() || amount.is_zero() {
                return Err(Failure::usage(
                    "--amount: give what came back as a positive amount, such as 615.00",
                ));
            }
            let ledger = place.open_to_write().await?;
            let (case, grant) = ledger.find_grant(number).await?;
            let came_back = format!("{amount} EUR of arrival grant {number} came back on {on}");
            say(match ledger.return_grant(case, grant, amount, on, &reason).await? {
                true => came_back,
                false => format!(
                    "{came_back}: this was recorded before, for the same reason, and nothing was changed; if as much \
                     came back on that day a second time, give a reason that tells the two apart"
                ),
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn due(g: &DueGrantItem) -> Vec<Cell> {
    cells![
        &g.external_ref,
        &g.case,
        &g.destination,
        &g.partner,
        g.arrived_on,
        g.last_day,
        u64::from(g.days_late),
        g.eur,
        g.held_by
    ]
}

/// One payment as a row.
pub fn row(g: &GrantItem) -> Vec<Cell> {
    cells![
        g.grant,
        &g.external_ref,
        &g.case,
        &g.payment_ref,
        g.paid_on,
        &g.method,
        g.eur,
        g.returned,
        &g.reason,
        &g.state
    ]
}
