//! What the ledger means: cases, arrival grants and claims, as pure decisions and folds.
//!
//! `decide(state, command) -> events | refusal`, `evolve(state, event) -> state`. No clock, no randomness, no
//! I/O, no async: identifiers, dates and the rulebook come in as arguments, so a decision can be repeated years
//! later and must come out the same.
//!
//! One stream per case holds everything that can touch a person's caps (application, decision, return, grants,
//! claims), because that is what must be decided together: two partners racing for the last euros of one person
//! meet at the version of one stream.

pub mod approval;
pub mod balance;
pub mod bank;
pub mod books;
mod by;
pub mod case;
pub mod claim;
pub mod closing;
pub mod creditor;
pub mod duties;
pub mod event;
pub mod exception;
pub mod grant;
pub mod hold;
pub mod ids;
pub mod ledger;
pub mod matching;
pub mod of_rulebook;
pub mod partner;
pub mod payment;
pub mod period;
pub mod plan;
pub mod rates;
pub mod reconciliation;
pub mod reference;
pub mod refusal;
pub mod statement;

pub use balance::{Balances, Line};
pub use by::By;
pub use case::{Case, CaseCommand, CaseEvent};
pub use claim::ClaimCommand;
pub use closing::Closings;
pub use creditor::CreditorReference;
pub use event::{DecodeError, Event, Recorded};
pub use grant::GrantCommand;
pub use hold::{HoldCommand, Holds};
pub use ids::{
    Actor, AgreementCode, BankAccountCode, CaseId, ClaimId, FeeId, GrantId, KeyDigest, LineId, PartnerCode,
    PaymentId, SubjectId, TextId,
};
pub use partner::{Partner, PartnerCommand};
pub use payment::{PaymentCommand, PaymentFiles};
pub use period::{NotAPeriod, Period};
pub use reconciliation::{Reconciliation, ReconciliationCommand};
pub use reference::CaseReference;
pub use refusal::{FoldError, Refusal};
