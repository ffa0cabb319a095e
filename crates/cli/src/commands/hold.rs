//! `svala hold …`

use std::process::ExitCode;

use app::query::HoldItem;
use domain::hold::Scope;

use super::report;
use crate::args::{Format, HoldCommand, ScopeArgs};
use crate::cells;
use crate::connect::Place;
use crate::output::{Cell, Failure, listing, say};

/// The columns of a list of holds.
pub const COLUMNS: &[&str] = &[
    "hold",
    "scope",
    "value",
    "from",
    "released_on",
    "placed_by",
    "placed_at",
    "released_by",
    "claims",
    "fees",
    "grants",
    "people",
    "eur",
    "oldest",
    "reason",
    "release_reason",
];

pub async fn run(place: &Place, format: Format, command: HoldCommand) -> Result<ExitCode, Failure> {
    match command {
        HoldCommand::Place { scope, from, reason } => {
            let scope = match scope {
                ScopeArgs { partner: Some(partner), .. } => Scope::Partner(partner),
                ScopeArgs { country: Some(country), .. } => Scope::Country(country),
                ScopeArgs { programme: Some(programme), .. } => Scope::Programme(programme),
                ScopeArgs { .. } => {
                    return Err(Failure::usage("give one of --partner, --country and --programme"));
                }
            };
            let ledger = place.open_to_write().await?;
            let number = ledger.place_hold(scope.clone(), from, &reason).await?;
            // It may have been released meanwhile.
            let placed = ledger.holds(true).await?.into_iter().find(|hold| hold.hold == number);
            let (claims, fees, grants, eur) =
                placed.map(|h| (h.claims, h.fees, h.grants, h.eur)).unwrap_or_default();
            let mut waiting = vec![crate::output::counted(claims, "accepted claim")];
            waiting.extend((fees > 0).then(|| crate::output::counted(fees, "fee")));
            waiting.extend((grants > 0).then(|| crate::output::counted(grants, "arrival grant")));
            let waiting = waiting.join(", ");
            say(format!(
                "hold {number}: payments of {scope} stop from {from} on; waiting: {waiting} over {eur} EUR"
            ))?;
        }
        HoldCommand::Release { hold, on, reason } => {
            place.open_to_write().await?.release_hold(hold, on, &reason).await?;
            say(format!("hold {hold} stops nothing from {on} on"))?;
        }
        HoldCommand::List { all } => listing(format, COLUMNS, &place.open().await?.holds(all).await?, row)?,
        HoldCommand::History => report::history_items(format, &place.open().await?.hold_history().await?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One hold as a row.
pub fn row(h: &HoldItem) -> Vec<Cell> {
    cells![
        h.hold,
        h.scope,
        &h.value,
        h.from,
        h.released_on,
        &h.placed_by,
        &h.placed_at,
        &h.released_by,
        h.claims,
        h.fees,
        h.grants,
        h.people,
        h.eur,
        h.oldest,
        &h.reason,
        &h.release_reason
    ]
}
