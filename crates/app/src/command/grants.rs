//! Commands about arrival grants.

use domain::{CaseId, GrantCommand, GrantId};
use jiff::civil::Date;
use money::Eur;

use super::reason_text;
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::{About, Repeated, Session};

impl Ledger {
    /// Lets a refused arrival grant payment count, with finance's reason.
    pub async fn allow_grant(&self, case: CaseId, grant: GrantId, reason: &str) -> Result<(), AppError> {
        let text = reason_text(reason)?;
        let about = grant.to_string();
        self.execute(case, &["allow-grant", &about, reason], |session, draft| {
            let details = session.seal(draft, case, &text)?;
            session.on_grant(draft, case, &GrantCommand::Allow { grant, details })
        })
        .await
    }

    /// Records that money of an arrival grant came back. A return of the same amount on the same day for the same
    /// reason is the one that was recorded before, whatever happened since; another one has another reason. Answers
    /// whether it was recorded now.
    pub async fn return_grant(
        &self,
        case: CaseId,
        grant: GrantId,
        amount: Eur,
        returned_on: Date,
        reason: &str,
    ) -> Result<bool, AppError> {
        let text = reason_text(reason)?;
        let about = grant.to_string();
        let (sum, day) = (amount.to_string(), returned_on.to_string());
        let request = ["return-grant", &about, &sum, &day, reason];
        let alike = |session: &Session<'_>| {
            let Some(case) = session.case(case) else { return Vec::new() };
            let returns = case.grants.get(&grant).map_or(&[][..], |grant| &grant.returns);
            let alike = returns.iter().filter(|r| r.amount == amount && r.returned_on == returned_on);
            alike.map(|r| ((), (case.subject, r.details))).collect()
        };
        let (about, said) = (About::Case(case, None), Some((&text, &alike as _)));
        let found = self.execute_unless_said(about, &request, said, |session, draft| {
            let details = session.seal(draft, case, &text)?;
            session.on_grant(draft, case, &GrantCommand::Return { grant, amount, returned_on, details })
        });
        Ok(found.await? == Repeated::Nothing)
    }
}
