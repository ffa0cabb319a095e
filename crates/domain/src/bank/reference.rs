//! References by which a line of a statement is recognised.

rulebook::codes! {
    /// Who gave a reference, and for what.
    ReferenceKind {
        /// From the one who pays to the one who is paid.
        EndToEnd = "end-to-end",
        /// The one who is paid, for what is paid: an ISO 11649 reference (`RF`) or a national one.
        Creditor = "creditor",
        /// The one who pays, for one payment.
        Instruction = "instruction",
        /// The one who pays, for a batch of them.
        PaymentInformation = "payment-information",
        /// The first bank.
        Transaction = "transaction",
        /// A UUID from end to end.
        Uetr = "uetr",
    }
}

/// A reference as it is compared: without spaces, in capital letters.
pub fn plain_reference(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect()
}
