//! Questions, answered from the read models or from one stream.
//!
//! Every query first folds what the read models have not seen, so it never answers from an older state than the
//! log's.

mod balances;
mod bank;
mod bank_matters;
mod books;
mod cases;
mod claim_detail;
mod claims;
mod closing;
mod deliveries;
mod duties;
mod exceptions;
mod explain;
mod fees;
mod flags;
mod grants;
mod history;
mod holds;
mod matches;
mod matters;
mod partner_history;
mod partners;
mod payment_detail;
mod payments;
mod proposals;
mod queries;
mod rates;
mod reports;
mod statement;
mod summary;
mod template;
mod three_way;
mod waiting;

use std::collections::HashMap;

use ::cases::CaseRow;
use domain::{CaseId, Recorded};
use event_log::{Frontier, Hash, StoreError};

pub use balances::BalanceItem;
pub(crate) use balances::in_own_currencies;
pub use bank::{BankAccountItem, BankLineFilter, BankLineItem, BankStatementItem};
pub use books::{AccountFilter, Books};
pub use cases::{CaseDetail, CaseItem, PlanItem};
pub use claim_detail::{ClaimDetail, ClaimFlag, ClaimPayment};
pub use claims::{ClaimFilter, ClaimItem};
pub use closing::{ClosedPeriodItem, PeriodCheck, PeriodPack};
pub use exceptions::{ExceptionFilter, ExceptionItem};
pub use explain::{ClaimExplained, Explanation, GrantExplained, Judgement, RuleCited};
pub use fees::{FeeFilter, FeeItem};
pub(crate) use flags::room;
pub use grants::{DueGrantItem, GrantItem};
pub use history::HistoryItem;
pub use history::utc;
pub use holds::HoldItem;
pub use matches::MatchItem;
pub use matters::Matter;
pub use partners::{AgreementItem, DetailsItem, PartnerDetail, PartnerItem, StateTotal};
pub use payment_detail::{HeldLine, PaymentDetail, PaymentLine};
pub use payments::{DueItem, PaymentFileItem, PaymentFilter, PaymentItem, RecallItem};
pub(crate) use proposals::PROPOSED;
pub use proposals::ProposalItem;
pub use queries::QueryItem;
pub use rates::{RateFilter, RateItem};
pub use reports::{ReportDetail, ReportFilter, ReportFlag, ReportItem, ReportReason};
pub use summary::{ReasonTotal, Summary, SummaryLine};
pub use three_way::{
    Figure, FigureSum, RowKind, ThreeWay, ThreeWayAsked, ThreeWayGroup, ThreeWayOf, ThreeWayRow,
};
pub use waiting::WaitingItem;

use crate::error::AppError;
use crate::ledger::Ledger;
use crate::texts::{CaseText, ERASED};

/// Events read at a time.
const PAGE: u32 = 5_000;

impl Ledger {
    /// Brings the read models up to date; long runs report their progress.
    pub async fn catch_up(&self, progress: projection_runner::Progress<'_>) -> Result<u64, AppError> {
        Ok(self.runner.catch_up(progress).await?)
    }

    /// A position of the log that was asked for, or its last one.
    ///
    /// [`AppError::Usage`] if the log does not reach so far.
    pub(crate) async fn log_end(&self, at: Option<u64>) -> Result<u64, AppError> {
        let last = self.store.head().await?.position;
        match at {
            Some(at) if at > last => Err(AppError::Usage(format!("the log ends at position {last}"))),
            _ => Ok(at.unwrap_or(last)),
        }
    }

    /// Hands over the log from its first event to a position, a page at a time, and answers with its root up to there:
    /// every event is there, is hashed, and at the end of the log the root is that of its head.
    ///
    /// [`StoreError::Damaged`] where that is not so; then some events were handed over already.
    async fn read_log_to(
        &self,
        end: u64,
        progress: projection_runner::Progress<'_>,
        mut each: impl FnMut(Recorded) -> Result<(), AppError> + Send,
    ) -> Result<Hash, AppError> {
        let head = self.store.head().await?;
        let mut tree = Frontier::new();
        while tree.size() < end {
            let limit = u32::try_from(end - tree.size()).unwrap_or(PAGE).min(PAGE);
            let page = self.store.read_log(tree.size(), limit).await?;
            if page.is_empty() {
                return Err(StoreError::Damaged("the log ends before its head".into()).into());
            }
            for event in page {
                let expected = tree.size() + 1;
                if event.position != expected {
                    return Err(StoreError::Damaged(format!("position {expected} is missing")).into());
                }
                tree.push(event.leaf_hash);
                each(Recorded::decode_checked(event)?)?;
            }
            progress(tree.size(), end);
        }
        let root = tree.root();
        if head.position == end && head.root != root {
            let damaged = "the log does not give the root of its head: `svala verify` tells more";
            return Err(StoreError::Damaged(damaged.into()).into());
        }
        Ok(root)
    }

    /// Brings the read models up to date.
    pub(crate) async fn current(&self) -> Result<(), AppError> {
        self.catch_up(&|_, _| {}).await?;
        Ok(())
    }

    /// The rows of some cases with the authority's keys for them.
    pub(crate) async fn case_names(
        &self,
        ids: impl Iterator<Item = CaseId>,
    ) -> Result<HashMap<CaseId, CaseName>, AppError> {
        let mut ids: Vec<CaseId> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let keys: Vec<String> = ids.iter().map(CaseId::to_string).collect();
        let rows = self.runner.rows::<::cases::CasesProjection>(&keys).await?;
        let found: Vec<(CaseId, CaseRow)> =
            ids.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?))).collect();
        let external =
            self.external_refs(found.iter().map(|(_, row)| (row.subject, row.external_ref))).await?;
        Ok(found
            .into_iter()
            .zip(external)
            .map(|((id, row), external_ref)| {
                (id, CaseName { external_ref, case: row.reference.to_string(), row })
            })
            .collect())
    }

    async fn external_refs(
        &self,
        wanted: impl Iterator<Item = (domain::SubjectId, domain::TextId)>,
    ) -> Result<Vec<String>, AppError> {
        let wanted: Vec<_> = wanted.collect();
        let texts = self.reveal::<CaseText>(&wanted).await?;
        Ok(texts.into_iter().map(|text| text.map_or_else(|| ERASED.to_owned(), |t| t.external_ref)).collect())
    }
}

/// What people call a case.
pub(crate) struct CaseName {
    external_ref: String,
    case: String,
    pub(crate) row: CaseRow,
}
