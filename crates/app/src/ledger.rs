//! An open ledger.

use std::sync::Arc;

use domain::ids::FileDigest;
use domain::ledger::{LedgerEvent, ProposedRulebook, RulebookAdopted, Rulebooks};
use domain::{Actor, By, Event, Recorded, SubjectId};
use event_log::note::VerifierKey;
use event_log::{
    Append, AppendOutcome, Conflict, LedgerMeta, NewEvent, Past, SealedText, Store, StreamId, UniqueKey,
    WrappedSubjectKey, hex,
};
use projection_runner::Runner;
use rulebook::Rulebook;
use uuid::Uuid;
use vault::{LedgerKey, OsEntropy, SubjectKey};

use crate::checkpoints::Checkpoints;
use crate::environment::Environment;
use crate::error::AppError;

/// How often a command is decided anew because somebody else wrote to the same stream first. Each time somebody got on,
/// so among as many writers who wait for one stream everybody has their turn.
pub(crate) const ATTEMPTS_MAX: usize = 500;
/// The ledger itself as the owner of texts that are about no person, such as the names of imported files.
pub(crate) const LEDGER_SUBJECT: SubjectId = SubjectId(Uuid::nil());

/// A ledger, open for commands and queries.
pub struct Ledger {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) key: Arc<LedgerKey>,
    pub(crate) rulebook: Rulebook,
    pub(crate) environment: Environment,
    pub(crate) actor: Actor,
    pub(crate) runner: Runner,
    pub(crate) checkpoints: Option<Checkpoints>,
    pub(crate) verifier_key: VerifierKey,
}

/// What became of a rulebook that was to come into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adoption {
    /// It is in force already.
    Already,
    /// Somebody else must adopt it too.
    Proposed,
    /// It is in force from now on.
    Now,
}

impl Adoption {
    /// What an event makes of a rulebook.
    fn of(event: Option<&LedgerEvent>) -> Self {
        match event {
            None => Self::Already,
            Some(LedgerEvent::RulebookAdopted(_)) => Self::Now,
            Some(_) => Self::Proposed,
        }
    }
}

/// What a ledger is opened with.
pub struct StartUp {
    /// The database.
    pub store: Arc<dyn Store>,
    /// The key from the key file.
    pub key: LedgerKey,
    /// Clock and randomness.
    pub environment: Environment,
    /// Who gives commands.
    pub actor: Actor,
    /// Where checkpoints are kept; `None` keeps none.
    pub checkpoints: Option<Checkpoints>,
}

impl Ledger {
    /// Who a new ledger will be, for the store that creates it.
    pub fn new_meta(key: &LedgerKey, environment: &Environment) -> Result<LedgerMeta, AppError> {
        let ledger_id = environment.new_id()?;
        Ok(LedgerMeta { ledger_id, key_id: key.key_id().to_vec(), created_at: environment.now() })
    }

    /// Puts the first event into a ledger that was just created: the rulebook in force. Of two programs that do this
    /// at the same time, one is told that the ledger is there already.
    pub async fn init(start: StartUp, rulebook: Rulebook) -> Result<Self, AppError> {
        let meta = start.store.meta().await?;
        let mut ledger = Self::with_rulebook(start, &meta, rulebook.clone())?;
        let mut entropy = ledger.environment.entropy();
        let (_, wrapped) = ledger.key.new_subject_key(LEDGER_SUBJECT.0, &mut entropy)?;
        drop(entropy);
        let subject_key = WrappedSubjectKey { subject_id: LEDGER_SUBJECT.0, wrapped: wrapped.into_bytes() };
        let first = Own { subject_keys: vec![subject_key], ..Own::new(adopted(&rulebook).into()) };
        match ledger.append_own_at(ledger.environment.new_id()?, 0, None, first).await? {
            AppendOutcome::Appended { .. } | AppendOutcome::AlreadyDone { .. } => {}
            AppendOutcome::Conflict(_) => {
                let place = format!("ledger {}", meta.ledger_id);
                return Err(AppError::Store(event_log::StoreError::AlreadyThere { place }));
            }
        }
        ledger.rulebook = rulebook;
        Ok(ledger)
    }

    /// Opens a ledger: the key must be its own, and its history the one that the newest checkpoint knows; the rulebook
    /// is the one adopted last. Writes a checkpoint where one is due.
    pub async fn open(start: StartUp) -> Result<Self, AppError> {
        let ledger = Self::open_to_inspect(start).await?;
        ledger.hold_against_checkpoints().await?;
        Ok(ledger)
    }

    /// The same for finding out what is wrong: also opens a ledger with another history.
    pub async fn open_to_inspect(start: StartUp) -> Result<Self, AppError> {
        let meta = start.store.meta().await?;
        if meta.key_id != start.key.key_id() {
            return Err(AppError::Store(event_log::StoreError::Unsafe(
                "the key file belongs to another ledger: name the right one with --key-file".into(),
            )));
        }
        let mut document = None;
        for recorded in start.store.read_streams(&[domain::ledger::stream()]).await? {
            if let Event::Ledger(LedgerEvent::RulebookAdopted(adopted)) = Event::decode_checked(&recorded)? {
                document = Some(adopted.document);
            }
        }
        let document = document.ok_or_else(|| {
            AppError::Store(event_log::StoreError::Damaged("no rulebook was ever adopted".into()))
        })?;
        Self::with_rulebook(start, &meta, Rulebook::parse(&document)?)
    }

    fn with_rulebook(start: StartUp, meta: &LedgerMeta, rulebook: Rulebook) -> Result<Self, AppError> {
        let StartUp { store, key, environment, actor, checkpoints } = start;
        let origin = event_log::checkpoint::origin(meta.ledger_id);
        let verifier_key = VerifierKey::new(origin, &key.checkpoint_key()).ok_or_else(|| {
            AppError::Store(event_log::StoreError::Unsafe("its key file gives no key to sign with".into()))
        })?;
        let (runner, key) = (Self::runner(store.clone()), Arc::new(key));
        Ok(Self { store, key, rulebook, environment, actor, runner, checkpoints, verifier_key })
    }

    /// All read models over a store.
    fn runner(store: Arc<dyn Store>) -> Runner {
        Runner::new(
            store,
            vec![
                projection_runner::boxed::<balances::BalancesProjection>(),
                projection_runner::boxed::<::bank::AccountsProjection>(),
                projection_runner::boxed::<::bank::LinesProjection>(),
                projection_runner::boxed::<::bank::MatchesProjection>(),
                projection_runner::boxed::<::bank::ExceptionsProjection>(),
                projection_runner::boxed::<cases::CasesProjection>(),
                projection_runner::boxed::<claims::ClaimsProjection>(),
                projection_runner::boxed::<grants::GrantsProjection>(),
                projection_runner::boxed::<partners::PartnersProjection>(),
            ],
        )
    }

    /// The ledger as it is at this moment, for reading: whatever others write meanwhile, all answers belong together, and
    /// to the end of the log as it is told. Nobody is waited for, and nothing of it is written; the read models are brought
    /// up to date before, as far as this user may and the disk allows, and what they lack is folded in memory.
    ///
    /// Close it before the ledger that it was taken of.
    pub async fn at_this_moment(&self) -> Result<Self, AppError> {
        // Whatever stands in the way of writing them, reading may go on; where it may not, it says so itself.
        let _ = self.runner.catch_up(&|_, _| {}).await;
        let moment = self.over(Past::now(self.store.as_ref()).await?, self.environment.clone());
        moment.under_its_rulebook().await
    }

    /// The same under the rulebook that its log adopted last.
    async fn under_its_rulebook(self) -> Result<Self, AppError> {
        let own = self.own_events().await?;
        let adopted = own.iter().rev().find_map(|recorded| match &recorded.event {
            Event::Ledger(LedgerEvent::RulebookAdopted(adopted)) => Some(adopted),
            _ => None,
        });
        match adopted.filter(|adopted| adopted.sha256.0 != self.rulebook.digest()) {
            Some(adopted) => Ok(Self { rulebook: Rulebook::parse(&adopted.document)?, ..self }),
            None => Ok(self),
        }
    }

    /// The same ledger with another store.
    fn over(&self, store: Past, environment: Environment) -> Self {
        let store: Arc<dyn Store> = Arc::new(store);
        Self {
            runner: Self::runner(store.clone()),
            store,
            key: self.key.clone(),
            rulebook: self.rulebook.clone(),
            environment,
            actor: self.actor.clone(),
            checkpoints: None,
            verifier_key: self.verifier_key.clone(),
        }
    }

    /// The ledger as its log stood at a position, for asking it the same again: on the day of its last event, under the
    /// rulebook that was in force. Its read models are filled from the first event on.
    ///
    /// [`AppError::Usage`] if the log does not reach so far.
    pub(crate) async fn as_of(&self, position: u64) -> Result<Self, AppError> {
        let position = self.log_end(Some(position)).await?;
        let past = Past::of(self.store.clone(), position).await?;
        let last = past.read_log(position.saturating_sub(1), 1).await?.pop();
        let now = last.map_or(0, |last| last.recorded_at);
        self.over(past, Environment::new(move || now, OsEntropy)).under_its_rulebook().await
    }

    /// The rulebook in force.
    pub fn rulebook(&self) -> &Rulebook {
        &self.rulebook
    }

    /// The database underneath.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Brings another rulebook into force for the decisions from now on; where the present one asks for two people, only
    /// once somebody else has proposed it.
    pub async fn adopt(&mut self, rulebook: Rulebook) -> Result<Adoption, AppError> {
        let command_id = self.environment.new_id()?;
        for _ in 0..ATTEMPTS_MAX {
            let (by, guard) = self.by_and_guard().await?;
            let (event, version) = self.decide_adoption(&rulebook, &by).await?;
            let adoption = Adoption::of(event.as_ref());
            let Some(event) = event else { return Ok(adoption) };
            if let AppendOutcome::Appended { .. } | AppendOutcome::AlreadyDone { .. } =
                self.append_own_at(command_id, version, guard, Own::new(event)).await?
            {
                if adoption == Adoption::Now {
                    self.rulebook = rulebook;
                }
                return Ok(adoption);
            }
        }
        Err(AppError::always_second())
    }

    /// What would become of a rulebook that is to come into force.
    pub async fn would_adopt(&self, rulebook: &Rulebook) -> Result<Adoption, AppError> {
        let (by, _) = self.by_and_guard().await?;
        let (event, _) = self.decide_adoption(rulebook, &by).await?;
        Ok(Adoption::of(event.as_ref()))
    }

    /// The event that brings a rulebook into force or proposes it, if it is not in force already, and how often the ledger's
    /// own stream had changed before.
    async fn decide_adoption(
        &self,
        rulebook: &Rulebook,
        by: &By,
    ) -> Result<(Option<LedgerEvent>, u64), AppError> {
        let (rulebooks, own) = self.rulebooks_and_events().await?;
        let mut documents = own.iter().rev().filter_map(|recorded| match &recorded.event {
            Event::Ledger(LedgerEvent::RulebookAdopted(adopted)) => Some(&adopted.document),
            _ => None,
        });
        let present = documents.next().map(|document| Rulebook::parse(document)).transpose()?;
        let event = domain::ledger::adopt(&rulebooks, present.as_ref(), rulebook, by)?;
        Ok((event, own.len() as u64))
    }

    /// The rulebook that waits for a second person.
    pub async fn proposed_rulebook(&self) -> Result<Option<ProposedRulebook>, AppError> {
        Ok(self.rulebooks_and_events().await?.0.proposed().cloned())
    }

    async fn rulebooks_and_events(&self) -> Result<(Rulebooks, Vec<Recorded>), AppError> {
        let (mut rulebooks, own) = (Rulebooks::default(), self.own_events().await?);
        for recorded in &own {
            if let Event::Ledger(event) = &recorded.event {
                rulebooks.evolve(event);
            }
        }
        Ok((rulebooks, own))
    }

    /// The ledger as if another rulebook were in force: for showing what a command would do, never for writing.
    #[must_use]
    pub fn as_if_adopted(self, rulebook: Rulebook) -> Self {
        Self { rulebook, ..self }
    }

    /// The events of the ledger's own stream.
    pub(crate) async fn own_events(&self) -> Result<Vec<Recorded>, AppError> {
        let recorded = self.store.read_streams(&[domain::ledger::stream()]).await?;
        Ok(recorded.into_iter().map(Recorded::decode_checked).collect::<Result<_, _>>()?)
    }

    /// The ledger's own key for texts about no person.
    pub(crate) async fn own_key(&self) -> Result<SubjectKey, AppError> {
        let wrapped = self.store.subject_keys(&[LEDGER_SUBJECT.0]).await?.into_iter().flatten().next();
        let wrapped = wrapped.ok_or_else(|| {
            AppError::Store(event_log::StoreError::Damaged("the ledger's own text key is missing".into()))
        })?;
        Ok(self.key.unwrap(LEDGER_SUBJECT.0, &wrapped)?)
    }

    /// Appends an event to the ledger's own stream, wherever it ends; answers with its position, or with that of the
    /// one that reserved the same fact before.
    pub(crate) async fn append_own(&self, own: Own) -> Result<u64, AppError> {
        let command_id = self.environment.new_id()?;
        for _ in 0..ATTEMPTS_MAX {
            let version = self.store.read_streams(&[domain::ledger::stream()]).await?.len() as u64;
            match self.append_own_at(command_id, version, None, own.clone()).await? {
                AppendOutcome::Appended { last, .. } | AppendOutcome::AlreadyDone { last, .. } => {
                    return Ok(last);
                }
                AppendOutcome::Conflict(Conflict::Key { owner, .. }) => return Ok(owner.position),
                AppendOutcome::Conflict(Conflict::Version { .. }) => {}
                AppendOutcome::Conflict(Conflict::Fingerprint) => break,
            }
        }
        Err(AppError::always_second())
    }

    /// The same, if its stream has this version, and another one that it has.
    async fn append_own_at(
        &self,
        command_id: Uuid,
        version: u64,
        guard: Option<(StreamId, u64)>,
        own: Own,
    ) -> Result<AppendOutcome, AppError> {
        let Own { event, keys, texts, subject_keys } = own;
        let stream_id = domain::ledger::stream();
        let body = event.body()?;
        let append = Append {
            command_id,
            fingerprint: self.key.fingerprint(body.as_bytes()),
            actor: self.actor.as_str().to_owned(),
            recorded_at: self.environment.now(),
            expected: std::iter::once((stream_id.clone(), version)).chain(guard).collect(),
            after: Vec::new(),
            events: vec![NewEvent {
                stream_id,
                event_type: event.event_type(),
                schema_version: event.schema_version(),
                body,
                keys,
            }],
            subject_keys,
            texts,
        };
        self.append(vec![append]).await?.pop().ok_or_else(|| {
            AppError::Store(event_log::StoreError::Damaged("a command was not answered".into()))
        })
    }

    /// Digest of a unique fact under the ledger's key.
    pub(crate) fn digest(&self, scope: &str, parts: &[&str]) -> event_log::Hash {
        self.key.blind_index(scope, parts)
    }

    /// Today (UTC).
    pub(crate) fn today(&self) -> jiff::civil::Date {
        let now = jiff::Timestamp::from_microsecond(self.environment.now()).unwrap_or_default();
        now.to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// Whether a day is still to come; the next one is that of a place further east.
    pub fn is_to_come(&self, day: jiff::civil::Date) -> bool {
        (day - self.today()).get_days() > 1
    }

    /// The actor's name.
    pub fn actor(&self) -> &str {
        self.actor.as_str()
    }
}

/// An event of the ledger's own stream, with what is stored beside it.
#[derive(Clone)]
pub(crate) struct Own {
    /// What happened.
    pub event: LedgerEvent,
    /// Facts it reserves.
    pub keys: Vec<UniqueKey>,
    /// Encrypted texts it names.
    pub texts: Vec<SealedText>,
    /// Keys of the texts' owners.
    pub subject_keys: Vec<WrappedSubjectKey>,
}

impl Own {
    /// The event alone.
    pub fn new(event: LedgerEvent) -> Self {
        Self { event, keys: Vec::new(), texts: Vec::new(), subject_keys: Vec::new() }
    }
}

fn adopted(rulebook: &Rulebook) -> RulebookAdopted {
    RulebookAdopted {
        version: rulebook.version().to_owned(),
        sha256: FileDigest(rulebook.digest()),
        document: rulebook.document().to_owned(),
    }
}

/// The text form of a file's digest.
pub(crate) fn digest_text(digest: &[u8; 32]) -> String {
    hex::encode(digest)
}
