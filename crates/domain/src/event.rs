//! All events: their names and versions, how they are written and how they are read.
//!
//! Events are for ever. A type's name and the meaning of its fields never change; a changed body is a new schema
//! version with an upcaster here. An unknown type or a newer version makes this program refuse the log, not skip
//! the event.

use event_log::canonical;
use event_log::leaf::Header;
use event_log::{Canonical, RecordedEvent, StreamId};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::bank::{BankEvent, LineEvent};
use crate::case::CaseEvent;
use crate::closing::ClosingEvent;
use crate::hold::HoldEvent;
use crate::ids::KeyDigest;
use crate::ledger::LedgerEvent;
use crate::partner::PartnerEvent;
use crate::payment::PaymentFileEvent;
use crate::rates::RatesEvent;
use crate::reconciliation::ReconciliationEvent;

/// Declares the events of one noun: the enum, names and versions, writing and reading. An older version of an event is
/// named with the struct that reads it and becomes the newest: `SpendReported = 2 (1 as SpendReportedV1)`.
macro_rules! events {
    ($(#[$doc:meta])* $name:ident {
        $($variant:ident = $version:literal $(($($old:literal as $reader:ty),+))?),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[expect(missing_docs, reason = "each variant holds the struct of the same name, documented there")]
        pub enum $name { $($variant($variant)),+ }

        impl $name {
            /// Every type with its current schema version.
            pub const TYPES: &'static [(&'static str, u32)] = &[$((stringify!($variant), $version)),+];

            /// The type's name.
            pub fn event_type(&self) -> &'static str {
                match self { $(Self::$variant(_) => stringify!($variant)),+ }
            }

            /// The current schema version of the type.
            pub fn schema_version(&self) -> u32 {
                match self { $(Self::$variant(_) => $version),+ }
            }

            /// The canonical bytes of the body.
            pub fn body(&self) -> Result<event_log::Canonical, event_log::canonical::NotCanonical> {
                match self { $(Self::$variant(event) => event_log::Canonical::of(event)),+ }
            }

            /// Whether bytes are exactly the body.
            pub fn is_written_as(&self, body: &[u8]) -> bool {
                match self { $(Self::$variant(event) => event_log::canonical::is_form_of(event, body)),+ }
            }

            /// Reads a body; `Ok(None)` for a type or version that is not known.
            pub fn decode(event_type: &str, version: u32, body: &[u8]) -> Result<Option<Self>, serde_json::Error> {
                match (event_type, version) {
                    $((stringify!($variant), $version) => serde_json::from_slice(body).map(|event| Some(Self::$variant(event))),
                    $($((stringify!($variant), $old) => {
                        serde_json::from_slice::<$reader>(body).map(|event| Some(Self::$variant(event.into())))
                    })+)?)+
                    _ => Ok(None),
                }
            }
        }

        $(impl From<$variant> for $name {
            fn from(event: $variant) -> Self {
                Self::$variant(event)
            }
        })+
    };
}
pub(crate) use events;

/// Any event of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Of a case stream.
    Case(CaseEvent),
    /// Of a partner stream.
    Partner(PartnerEvent),
    /// Of the ledger's own stream: rulebooks and imports.
    Ledger(LedgerEvent),
    /// Of a stream of rates: what one source has published.
    Rates(RatesEvent),
    /// Of the stream of holds on payments.
    Hold(HoldEvent),
    /// Of the stream of files of payments.
    PaymentFile(PaymentFileEvent),
    /// Of the stream of an account at the bank: its statements.
    Bank(BankEvent),
    /// Of the stream of one line of a statement.
    Line(LineEvent),
    /// Of the stream of closed periods.
    Closing(ClosingEvent),
    /// Of the stream of matches: which lines settle which payments.
    Reconciliation(ReconciliationEvent),
}

/// An event that this program cannot read, and so must not skip.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Written by a newer program, or by something else.
    #[error(
        "position {position}, stream {stream_id}: this program does not know the event {event_type} version {version}; use the version of svala that wrote it, or a newer one"
    )]
    Unknown {
        /// Where.
        position: u64,
        /// Which stream.
        stream_id: StreamId,
        /// Type found.
        event_type: String,
        /// Version found.
        version: u32,
    },
    /// The event is not what was recorded: its hash does not fit.
    #[error(
        "the ledger is damaged: position {position}, stream {stream_id}: the event was altered after it was recorded"
    )]
    Altered {
        /// Where.
        position: u64,
        /// Which stream.
        stream_id: StreamId,
    },
    /// The body is not what its type and version promise.
    #[error(
        "position {position}, stream {stream_id}: the body of {event_type} version {version} cannot be read"
    )]
    Body {
        /// Where.
        position: u64,
        /// Which stream.
        stream_id: StreamId,
        /// Type.
        event_type: String,
        /// Version.
        version: u32,
    },
}

impl Event {
    /// Every type of every noun with its current schema version.
    pub fn types() -> impl Iterator<Item = (&'static str, &'static str, u32)> {
        let of = |noun: &'static str, types: &'static [(&'static str, u32)]| {
            types.iter().map(move |(name, version)| (noun, *name, *version))
        };
        of("case", CaseEvent::TYPES)
            .chain(of("partner", PartnerEvent::TYPES))
            .chain(of("ledger", LedgerEvent::TYPES))
            .chain(of("rates", RatesEvent::TYPES))
            .chain(of("holds", HoldEvent::TYPES))
            .chain(of("payments", PaymentFileEvent::TYPES))
            .chain(of("bank", BankEvent::TYPES))
            .chain(of("line", LineEvent::TYPES))
            .chain(of("periods", ClosingEvent::TYPES))
            .chain(of("reconciliation", ReconciliationEvent::TYPES))
    }

    /// The fact that may exist once and that this event states, if any: its scope, its keyed digest, and what it is about.
    pub fn unique_fact(&self) -> Option<(&'static str, KeyDigest, Uuid)> {
        match self {
            Self::Case(event) => event.unique_fact(),
            Self::Partner(event) => event.unique_fact(),
            Self::Bank(event) => event.unique_fact(),
            Self::Line(event) => event.unique_fact(),
            _ => None,
        }
    }

    /// Reads a recorded event and demands that writing it again gives the same bytes: that no other spelling of a
    /// date or number stands in it. For verification.
    pub fn decode_exact(recorded: &RecordedEvent) -> Result<Self, DecodeError> {
        let event = Self::decode(recorded)?;
        if event.is_written_as(&recorded.body) {
            return Ok(event);
        }
        Err(DecodeError::Body {
            position: recorded.position,
            stream_id: recorded.stream_id.clone(),
            event_type: recorded.event_type.clone(),
            version: recorded.schema_version,
        })
    }

    /// Reads a recorded event and demands that its hash fits: for decisions and explanations, which rest on few
    /// events and must not rest on an altered one.
    pub fn decode_checked(recorded: &RecordedEvent) -> Result<Self, DecodeError> {
        if recorded.computed_leaf_hash() != recorded.leaf_hash {
            let (position, stream_id) = (recorded.position, recorded.stream_id.clone());
            return Err(DecodeError::Altered { position, stream_id });
        }
        Self::decode(recorded)
    }

    /// Reads a recorded event.
    pub fn decode(recorded: &RecordedEvent) -> Result<Self, DecodeError> {
        Self::read(&recorded.stream_id, &recorded.header(), &recorded.body)
    }

    fn read(stream_id: &StreamId, header: &Header<'_>, body: &[u8]) -> Result<Self, DecodeError> {
        let (event_type, version) = (header.event_type, header.schema_version);
        let decoded = match stream_id.noun() {
            "case" => CaseEvent::decode(event_type, version, body).map(|e| e.map(Self::Case)),
            "partner" => PartnerEvent::decode(event_type, version, body).map(|e| e.map(Self::Partner)),
            "ledger" => LedgerEvent::decode(event_type, version, body).map(|e| e.map(Self::Ledger)),
            "rates" => RatesEvent::decode(event_type, version, body).map(|e| e.map(Self::Rates)),
            "holds" => HoldEvent::decode(event_type, version, body).map(|e| e.map(Self::Hold)),
            "payments" => {
                PaymentFileEvent::decode(event_type, version, body).map(|e| e.map(Self::PaymentFile))
            }
            "bank" => BankEvent::decode(event_type, version, body).map(|e| e.map(Self::Bank)),
            "line" => LineEvent::decode(event_type, version, body).map(|e| e.map(Self::Line)),
            "periods" => ClosingEvent::decode(event_type, version, body).map(|e| e.map(Self::Closing)),
            "reconciliation" => {
                ReconciliationEvent::decode(event_type, version, body).map(|e| e.map(Self::Reconciliation))
            }
            _ => Ok(None),
        };
        if let Ok(Some(event)) = decoded {
            return Ok(event);
        }
        let (position, stream_id, event_type) = (header.position, stream_id.clone(), event_type.to_owned());
        Err(match decoded {
            // serde's own message may quote the body; the place is enough to find it.
            Err(_) => DecodeError::Body { position, stream_id, event_type, version },
            Ok(_) => DecodeError::Unknown { position, stream_id, event_type, version },
        })
    }

    /// The type's name.
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Case(event) => event.event_type(),
            Self::Partner(event) => event.event_type(),
            Self::Ledger(event) => event.event_type(),
            Self::Rates(event) => event.event_type(),
            Self::Hold(event) => event.event_type(),
            Self::PaymentFile(event) => event.event_type(),
            Self::Bank(event) => event.event_type(),
            Self::Line(event) => event.event_type(),
            Self::Closing(event) => event.event_type(),
            Self::Reconciliation(event) => event.event_type(),
        }
    }

    /// The schema version of the type.
    pub fn schema_version(&self) -> u32 {
        match self {
            Self::Case(event) => event.schema_version(),
            Self::Partner(event) => event.schema_version(),
            Self::Ledger(event) => event.schema_version(),
            Self::Rates(event) => event.schema_version(),
            Self::Hold(event) => event.schema_version(),
            Self::PaymentFile(event) => event.schema_version(),
            Self::Bank(event) => event.schema_version(),
            Self::Line(event) => event.schema_version(),
            Self::Closing(event) => event.schema_version(),
            Self::Reconciliation(event) => event.schema_version(),
        }
    }

    /// Whether bytes are exactly the body.
    pub fn is_written_as(&self, body: &[u8]) -> bool {
        match self {
            Self::Case(event) => event.is_written_as(body),
            Self::Partner(event) => event.is_written_as(body),
            Self::Ledger(event) => event.is_written_as(body),
            Self::Rates(event) => event.is_written_as(body),
            Self::Hold(event) => event.is_written_as(body),
            Self::PaymentFile(event) => event.is_written_as(body),
            Self::Bank(event) => event.is_written_as(body),
            Self::Line(event) => event.is_written_as(body),
            Self::Closing(event) => event.is_written_as(body),
            Self::Reconciliation(event) => event.is_written_as(body),
        }
    }

    /// The canonical bytes of the body.
    pub fn body(&self) -> Result<Canonical, canonical::NotCanonical> {
        match self {
            Self::Case(event) => event.body(),
            Self::Partner(event) => event.body(),
            Self::Ledger(event) => event.body(),
            Self::Rates(event) => event.body(),
            Self::Hold(event) => event.body(),
            Self::PaymentFile(event) => event.body(),
            Self::Bank(event) => event.body(),
            Self::Line(event) => event.body(),
            Self::Closing(event) => event.body(),
            Self::Reconciliation(event) => event.body(),
        }
    }
}

/// An event with what its envelope says of when and by whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Place in the log.
    pub position: u64,
    /// Stream it belongs to.
    pub stream_id: StreamId,
    /// Place in that stream.
    pub stream_version: u64,
    /// Command that caused it.
    pub command_id: Uuid,
    /// Who gave the command.
    pub actor: String,
    /// UTC microseconds.
    pub recorded_at: i64,
    /// What happened.
    pub event: Event,
}

impl Recorded {
    /// Reads a recorded event with [`Event::decode_checked`] and keeps what its envelope says.
    pub fn decode_checked(recorded: RecordedEvent) -> Result<Self, DecodeError> {
        let event = Event::decode_checked(&recorded)?;
        Ok(Self::with(recorded, event))
    }

    /// The same of an event of a sealed run, unchecked; `stream_id` is the one the header names.
    pub fn read(stream_id: StreamId, header: &Header<'_>, body: &[u8]) -> Result<Self, DecodeError> {
        let event = Event::read(&stream_id, header, body)?;
        Ok(Self {
            position: header.position,
            stream_id,
            stream_version: header.stream_version,
            command_id: header.command_id,
            actor: header.actor.to_owned(),
            recorded_at: header.recorded_at,
            event,
        })
    }

    /// The day on which it was recorded (UTC).
    pub fn recorded_on(&self) -> Date {
        let at = Timestamp::from_microsecond(self.recorded_at).unwrap_or_default();
        at.to_zoned(TimeZone::UTC).date()
    }

    fn with(recorded: RecordedEvent, event: Event) -> Self {
        let RecordedEvent { position, stream_id, stream_version, command_id, actor, recorded_at, .. } =
            recorded;
        Self { position, stream_id, stream_version, command_id, actor, recorded_at, event }
    }
}
