//! Commands about holds.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::hold::Scope;
use domain::{HoldCommand, of_rulebook};
use jiff::civil::Date;

use crate::command::reason_text;
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::About;

impl Ledger {
    /// Stops payments from a day on. Claims go on being reported and decided. Answers with the number of the hold.
    pub async fn place_hold(&self, scope: Scope, from: Date, reason: &str) -> Result<u64, AppError> {
        let text = reason_text(reason)?;
        let partner = match &scope {
            Scope::Partner(code) => Some(code.clone()),
            Scope::Country(country) => {
                of_rulebook::country(*country, &self.rulebook).map_err(AppError::not_there)?;
                None
            }
            Scope::Programme(id) => {
                of_rulebook::programme(id, &self.rulebook).map_err(AppError::not_there)?;
                None
            }
        };
        let words = format!("{scope} {from}");
        let request = ["hold-payments", &words, reason];
        // Of the last attempt: others may place holds meanwhile.
        let number = AtomicU64::new(0);
        self.execute_about(About::Holds(partner.clone()), &request, |session, draft| {
            if let Some(code) = partner.as_ref().filter(|code| session.partner(code).is_none()) {
                return Err(session.unknown_partner(code));
            }
            let reason = session.seal_own(draft, &text)?;
            let place = HoldCommand::Place { scope: scope.clone(), from, reason };
            let decided = session.on_holds(draft, &place)?;
            number.store(session.open_hold(&scope).unwrap_or_default(), Ordering::Relaxed);
            Ok(decided)
        })
        .await?;
        Ok(number.into_inner())
    }

    /// Lets payments go on from a day on.
    pub async fn release_hold(&self, hold: u64, released_on: Date, reason: &str) -> Result<(), AppError> {
        let text = reason_text(reason)?;
        let words = format!("{hold} {released_on}");
        let request = ["release-payments", &words, reason];
        self.execute_about(About::Holds(None), &request, |session, draft| {
            let reason = session.seal_own(draft, &text)?;
            session.on_holds(draft, &HoldCommand::Release { hold, released_on, reason })
        })
        .await
    }
}
