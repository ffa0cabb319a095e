//! A partner organisation (samarbetsorganisation): its name, its agreements, where it is paid, and the fees it charges.

mod account;
mod agreement;
mod command;
mod decide;
mod event;
mod fee;
mod name;
mod sepa;
mod state;
mod terms;
mod upcast;

pub use account::{
    Account, AccountNumber, Bic, Iban, NotABic, NotASenderNumber, NotAnAccountNumber, NotAnIban,
    PaymentDetails, Seat, SenderNumber,
};
pub use agreement::{Agreement, BasisPoints, FeeTerms, NotBasisPoints};
pub use command::{Fee as ReportedFee, PartnerCommand};
pub use decide::decide;
pub use event::{
    AgreementEnded, AgreementSigned, FeeAccepted, FeeAnswered, FeeConverted, FeeProposed, FeeQueried,
    FeeReceiptAttached, FeeRefused, FeeReopened, FeeReported, FeeReversalDropped, FeeReversalProposed,
    FeeReversed, PaidFor, PartnerCommandRefused, PartnerEvent, PartnerNamed, PartnerPaid,
    PartnerPaidReturnUndone, PartnerPaidReturned, PartnerPaidReversed, PartnerRegistered,
    PaymentDetailsApproved, PaymentDetailsProposed, PaymentDetailsRejected,
};
pub use fee::{Fee, FeeState, PARTNER_FEE};
pub use name::{Name, NotAName};
pub use state::{Details, Partner, Proposal};
pub use terms::{OverTerms, UnderAgreement, over_terms};

/// Kind of unique fact: a payment reference of a partner.
pub const PAYMENT: &str = "partner-payment";
