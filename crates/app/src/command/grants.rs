//! Commands about arrival grants.

use domain::{Case, CaseId, GrantCommand, GrantId};
use jiff::civil::Date;
use money::Eur;

use super::reason_text;
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::{About, Session};
use crate::texts::ReasonText;

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
        let done = async |session: &Session<'_>| {
            let before = self.came_back_before(session.case(case), grant, amount, returned_on, &text).await?;
            Ok(before.then_some(()))
        };
        let found = self.execute_unless_done(About::Case(case, None), &request, done, |session, draft| {
            let details = session.seal(draft, case, &text)?;
            session.on_grant(draft, case, &GrantCommand::Return { grant, amount, returned_on, details })
        });
        Ok(found.await?.is_none())
    }

    /// Whether this return is recorded. The reason, which tells apart two of one day, is only in the vault.
    async fn came_back_before(
        &self,
        case: Option<&Case>,
        grant: GrantId,
        amount: Eur,
        returned_on: Date,
        text: &ReasonText,
    ) -> Result<bool, AppError> {
        let Some(case) = case else { return Ok(false) };
        let returns = case.grants.get(&grant).map_or(&[][..], |grant| &grant.returns);
        let alike = returns.iter().filter(|r| r.amount == amount && r.returned_on == returned_on);
        let texts: Vec<_> = alike.map(|r| (case.subject, r.details)).collect();
        Ok(self.with_reason(&texts, text).await?.is_some())
    }
}
