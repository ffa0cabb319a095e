//! Cases: the list, and one in full.

use ::cases::{CaseRow, CasesProjection};
use domain::case::Stage;
use domain::{CaseId, PartnerCode};
use jiff::civil::Date;
use money::Eur;
use serde::Serialize;

use super::{BalanceItem, ClaimFilter, ClaimItem, GrantItem};
use crate::error::AppError;
use crate::ledger::Ledger;
use crate::session::{Purpose, Session};

/// Where one case stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseItem {
    /// The authority's key for the case.
    pub external_ref: String,
    /// The case's own reference.
    pub case: String,
    /// How far it has come.
    pub stage: String,
    /// Country of return.
    pub destination: String,
    /// Voluntary or forced.
    pub return_mode: String,
    /// Day of the application.
    pub applied_on: Date,
    /// Day of the decision.
    pub decided_on: Option<Date>,
    /// Day the person left Sweden.
    pub departed_on: Option<Date>,
    /// Day the person came home.
    pub arrived_on: Option<Date>,
    /// The partner that delivers.
    pub partner: String,
    /// Conditions that failed, of a rejection or of an approval that was refused, each once.
    pub reasons: String,
}

/// One benefit that a partner plans and has not spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanItem {
    /// Who plans it.
    pub partner: String,
    /// Benefit category.
    pub category: String,
    /// Budget line.
    pub budget_line: String,
    /// What is left of it.
    pub left: Eur,
}

/// One case in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseDetail {
    /// Where it stands.
    #[serde(flatten)]
    pub item: CaseItem,
    /// Its reference as it stands on a payment (ISO 11649).
    pub payment_reference: String,
    /// Its budget lines.
    pub balances: Vec<BalanceItem>,
    /// What is planned and not spent.
    pub plan: Vec<PlanItem>,
    /// Its arrival grant payments.
    pub grants: Vec<GrantItem>,
    /// Its claims.
    pub claims: Vec<ClaimItem>,
}

impl Ledger {
    /// All cases, in the order they were filed.
    pub async fn cases(&self) -> Result<Vec<CaseItem>, AppError> {
        self.current().await?;
        let mut rows: Vec<CaseRow> =
            self.runner.all_rows::<CasesProjection>().await?.into_iter().map(|(_, row)| row).collect();
        rows.sort_by_key(|row| row.position);
        let external = self.external_refs(rows.iter().map(|row| (row.subject, row.external_ref))).await?;
        Ok(rows.into_iter().zip(external).map(|(row, external_ref)| item(row, external_ref)).collect())
    }

    /// The open cases that a partner has on a day, by the authority's key, in the order they were filed.
    pub async fn open_cases_of(
        &self,
        partner: &PartnerCode,
        day: Date,
    ) -> Result<Vec<(String, CaseId)>, AppError> {
        self.current().await?;
        self.known_partner(Some(partner)).await?;
        let mut found: Vec<(CaseId, CaseRow)> = Vec::new();
        for (key, row) in self.runner.all_rows::<CasesProjection>().await? {
            let open = matches!(row.stage, Stage::Applied | Stage::Approved);
            if let (Ok(id), true) = (key.parse(), open && row.assignments.on(day) == Some(partner)) {
                found.push((id, row));
            }
        }
        found.sort_by_key(|(_, row)| row.position);
        let wanted = found.iter().map(|(_, row)| (row.subject, row.external_ref));
        let external = self.external_refs(wanted).await?;
        Ok(external.into_iter().zip(found).map(|(name, (id, _))| (name, id)).collect())
    }

    /// One case with everything paid for it.
    pub async fn case_detail(&self, id: CaseId) -> Result<CaseDetail, AppError> {
        let row = self.runner.row::<CasesProjection>(&id.to_string()).await?;
        let row = row.ok_or_else(|| AppError::Usage("there is no such case".into()))?;
        let external_ref = self.external_refs([(row.subject, row.external_ref)].into_iter()).await?.pop();
        let claims = self.claims(&ClaimFilter { case: Some(id), ..ClaimFilter::default() }).await?;
        let mut session = Session::new(self, Purpose::Check);
        session.load_cases([id]).await?;
        let plan = session.case(id).into_iter().flat_map(|case| case.plan.iter());
        let plan = plan.map(|(partner, category, planned)| PlanItem {
            partner: partner.to_string(),
            category: category.to_owned(),
            budget_line: planned.budget_line.clone(),
            left: planned.left,
        });
        Ok(CaseDetail {
            plan: plan.collect(),
            payment_reference: row.reference.payment_reference(),
            item: item(row, external_ref.unwrap_or_default()),
            balances: self.balances(Some(id)).await?,
            grants: self.grants(Some(id)).await?,
            claims,
        })
    }
}

fn item(row: CaseRow, external_ref: String) -> CaseItem {
    // An approval that was refused says why the case is not decided, until it is.
    let refused =
        row.refused.iter().filter(|refused| row.stage == Stage::Applied && refused.command == "approve");
    let mut reasons: Vec<&str> = Vec::new();
    for reason in row.rejected_for.iter().chain(refused.flat_map(|refused| &refused.reasons)) {
        if !reasons.contains(&reason.as_str()) {
            reasons.push(reason);
        }
    }
    CaseItem {
        external_ref,
        case: row.reference.to_string(),
        stage: row.stage.to_string(),
        destination: row.destination.to_string(),
        return_mode: row.return_mode.to_string(),
        applied_on: row.applied_on,
        decided_on: row.decided_on,
        departed_on: row.departed_on,
        arrived_on: row.arrived_on,
        partner: row.assignments.last().map(ToString::to_string).unwrap_or_default(),
        reasons: reasons.join(" "),
    }
}
