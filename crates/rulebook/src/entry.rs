//! What every entry of the rulebook has, whatever its table.

use crate::Validity;

codes! {
    /// The kind of an entry of the rulebook.
    RuleKind {
        /// [`Programme`](crate::Programme).
        Programme = "programme",
        /// [`BudgetLine`](crate::BudgetLine).
        BudgetLine = "budget line",
        /// [`Parameter`](crate::Parameter).
        Parameter = "parameter",
        /// [`Destination`](crate::Destination).
        Destination = "destination",
        /// [`Condition`](crate::Condition).
        Condition = "condition",
        /// [`Check`](crate::Check).
        Check = "check",
        /// [`Exclusion`](crate::Exclusion).
        Exclusion = "exclusion",
        /// [`Pause`](crate::Pause).
        Pause = "pause",
        /// [`EntitlementRule`](crate::EntitlementRule).
        Entitlement = "entitlement",
        /// [`Category`](crate::Category).
        Category = "category",
    }
}

/// The common side of all entries.
pub(crate) trait Entry {
    fn kind(&self) -> RuleKind;
    fn id(&self) -> &str;
    /// `None`: as long as its programme.
    fn validity(&self) -> Option<Validity>;
    fn source(&self) -> &str;
    fn sentence(&self) -> Option<&str>;
    fn meaning(&self) -> Option<&str>;
    fn note(&self) -> Option<&str>;
    /// What the entry says, in English, without its dates.
    fn text(&self) -> String;
}

/// Declares a table: its own fields, then the common ones, then how an entry reads in English. Entries of a
/// table without `(valid_from, valid_until)` hold as long as their programme.
macro_rules! table {
    (
        $(#[$doc:meta])* $name:ident $(($from:ident, $until:ident))? as $kind:ident
        { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }
        $text:expr
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Name of this entry, unique in the rulebook.
            pub id: String,
            $($(#[$field_doc])* pub $field: $type,)*
            $(
                /// First day in force.
                #[serde(deserialize_with = "crate::read::date")]
                pub $from: jiff::civil::Date,
                /// Last day in force, if there is one.
                #[serde(default, deserialize_with = "crate::read::optional_date")]
                pub $until: Option<jiff::civil::Date>,
            )?
            /// Id of the [`Source`](crate::Source) that says so.
            pub source: String,
            /// The Swedish sentence of the source, word for word.
            pub sentence: String,
            /// What it means, in English.
            pub meaning: Option<String>,
            /// A doubt or a default to know about.
            pub note: Option<String>,
        }

        $(
            impl $name {
                /// The days on which it is in force.
                pub fn validity(&self) -> Validity {
                    Validity { from: self.$from, until: self.$until }
                }
            }
        )?

        impl crate::entry::Entry for $name {
            fn kind(&self) -> crate::RuleKind {
                crate::RuleKind::$kind
            }
            fn id(&self) -> &str {
                &self.id
            }
            fn validity(&self) -> Option<Validity> {
                None $(.or(Some(Validity { from: self.$from, until: self.$until })))?
            }
            fn source(&self) -> &str {
                &self.source
            }
            fn sentence(&self) -> Option<&str> {
                Some(&self.sentence)
            }
            fn meaning(&self) -> Option<&str> {
                self.meaning.as_deref()
            }
            fn note(&self) -> Option<&str> {
                self.note.as_deref()
            }
            fn text(&self) -> String {
                let text: fn(&Self) -> String = $text;
                text(self)
            }
        }
    };
}
