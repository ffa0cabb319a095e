//! Small commands, and what is asked of a log after a test.

use std::collections::HashMap;

use event_log::verify::{Damage, Verifier};
use event_log::{
    Append, AppendOutcome, Conflict, Hash, LedgerMeta, NewEvent, SealedText, Store, StreamId, UniqueKey,
    WrappedSubjectKey,
};
use uuid::Uuid;

/// Who the ledgers of these tests are.
pub fn meta() -> LedgerMeta {
    LedgerMeta { ledger_id: Uuid::from_u128(77), key_id: vec![1, 2, 3], created_at: 1_700_000_000_000_000 }
}

pub fn stream(number: u64) -> StreamId {
    StreamId::new("case", number).unwrap()
}

pub fn digest(number: u64) -> Hash {
    let mut digest = [7; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    digest
}

/// A command without events; the fingerprint follows from the id.
pub fn command(id: u64) -> Append {
    Append {
        command_id: Uuid::from_u128(id.into()),
        fingerprint: digest(id),
        actor: "anna".into(),
        recorded_at: 1_700_000_000_000_000,
        expected: Vec::new(),
        after: Vec::new(),
        events: Vec::new(),
        subject_keys: Vec::new(),
        texts: Vec::new(),
    }
}

/// Small steps to build a command.
pub trait Build {
    /// Adds an event to a stream, at the version after `version`; name each stream's version once.
    fn on(self, number: u64, version: u64) -> Self;
    /// Adds one more event to a stream that is expected already.
    fn and(self, number: u64) -> Self;
    /// Reserves a fact with the last event.
    fn key(self, scope: &'static str, number: u64) -> Self;
    fn subject(self, number: u64, wrapped: &[u8]) -> Self;
    fn text(self, number: u64, subject: u64, bytes: &[u8]) -> Self;
}

impl Build for Append {
    fn on(mut self, number: u64, version: u64) -> Self {
        self.expected.push((stream(number), version));
        self.and(number)
    }

    fn and(mut self, number: u64) -> Self {
        let nth = self.events.len();
        self.events.push(NewEvent {
            stream_id: stream(number),
            event_type: "Arrived",
            schema_version: 1,
            body: format!("{{\"name\":\"Åsa\",\"nth\":{nth},\"stream\":{number}}}")
                .into_bytes()
                .try_into()
                .unwrap(),
            keys: Vec::new(),
        });
        self
    }

    fn key(mut self, scope: &'static str, number: u64) -> Self {
        let entity = Uuid::from_u128(u128::from(number) + 1_000);
        self.events.last_mut().unwrap().keys.push(UniqueKey { scope, digest: digest(number), entity });
        self
    }

    fn subject(mut self, number: u64, wrapped: &[u8]) -> Self {
        self.subject_keys.push(WrappedSubjectKey {
            subject_id: Uuid::from_u128(number.into()),
            wrapped: wrapped.to_vec(),
        });
        self
    }

    fn text(mut self, number: u64, subject: u64, bytes: &[u8]) -> Self {
        self.texts.push(SealedText {
            id: digest(number),
            subject_id: Uuid::from_u128(subject.into()),
            bytes: bytes.to_vec(),
        });
        self
    }
}

pub fn appended(first: u64, last: u64) -> AppendOutcome {
    AppendOutcome::Appended { first, last }
}

pub fn stale(number: u64, expected: u64, actual: u64) -> AppendOutcome {
    AppendOutcome::Conflict(Conflict::Version { stream_id: stream(number), expected, actual })
}

/// Appends one command.
pub async fn one(store: &dyn Store, append: Append) -> AppendOutcome {
    let mut outcomes = store.append(vec![append]).await.unwrap();
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

/// Checks the whole log against its head, as `verify` does.
pub async fn verify(store: &dyn Store) -> Result<Hash, Damage> {
    let mut verifier = Verifier::new();
    loop {
        let page = store.read_log(verifier.events(), 997).await.unwrap();
        if page.is_empty() {
            return verifier.finish(&store.head().await.unwrap());
        }
        page.iter().try_for_each(|event| verifier.check(event))?;
    }
}

/// Each outcome that was told is what the log holds: written once, at the positions named.
pub async fn assert_as_told(store: &dyn Store, told: &[(Uuid, AppendOutcome)]) {
    let log = store.read_log(0, u32::MAX).await.unwrap();
    let mut places: HashMap<Uuid, (u64, u64)> = HashMap::new();
    for event in &log {
        let (first, last) = places.entry(event.command_id).or_insert((event.position, event.position));
        assert!(event.position - *last <= 1, "command {} stands in two places: {first}", event.command_id);
        *last = event.position;
    }
    for (id, outcome) in told {
        if let AppendOutcome::Appended { first, last } | AppendOutcome::AlreadyDone { first, last } = outcome
        {
            assert_eq!(places.get(id), Some(&(*first, *last)), "command {id}");
        }
    }
}

/// SplitMix64: small, seeded, the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// A command on few streams, facts and ids: of many of them some conflict, and some were given before.
pub fn random_command(random: &mut Random) -> Append {
    let id = random.below(2_000);
    // A guess that is right often enough: streams are many and short.
    let mut append = command(id);
    if random.below(20) == 0 {
        append.fingerprint = [9; 32];
    }
    let first = random.below(150);
    append = append.on(first, random.below(3));
    if random.below(3) == 0 {
        append = append.and(first);
    }
    if random.below(3) == 0 {
        append = append.key(["receipt", "payment"][random.below(2) as usize], random.below(100));
    }
    if random.below(4) == 0 {
        append = append.on(first + 1_000, 0).subject(first, b"key").text(id, first, b"text");
    }
    append
}

/// A JSON text of exactly so many bytes.
pub fn body_of(bytes: usize) -> Vec<u8> {
    format!("\"{}\"", "x".repeat(bytes - 2)).into_bytes()
}
