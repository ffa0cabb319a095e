//! Putting one command together: deciding it, and keeping what was decided.

use std::collections::HashSet;

use domain::case::{ApplicationFiled, CommandRefused};
use domain::{
    By, Case, CaseCommand, CaseEvent, CaseId, CaseReference, ClaimCommand, Event, GrantCommand, Refusal,
    SubjectId, TextId,
};
use event_log::{Hash, NewEvent, SealedText, StreamId, UniqueKey, WrappedSubjectKey};
use jiff::civil::Date;
use money::Eur;
use rulebook::Facts;
use serde::Serialize;
use uuid::Uuid;
use vault::{SubjectKey, TEXT_BYTES_MAX};

use super::{CASE_REFERENCE, Decided, EXTERNAL_REF, Loaded, Owner, RefusedCommand, Session};
use crate::error::AppError;
use crate::ledger::LEDGER_SUBJECT;
use crate::texts::CaseText;

/// One command being put together. Its events are written all together or not at all.
pub struct Draft {
    /// What the caller calls it; comes back with the outcome.
    pub tag: usize,
    pub(super) command_id: Uuid,
    pub(super) fingerprint: Hash,
    /// A row that comes again is the same request; a person who asks again asks anew.
    pub(super) by_person: bool,
    pub(super) expected: Vec<(StreamId, u64)>,
    /// The streams that are expected: of a file of statements there are as many as lines.
    extended: HashSet<StreamId>,
    /// Streams the decision rests on and does not extend.
    pub(super) read: Vec<(StreamId, u64)>,
    pub(super) events: Vec<NewEvent>,
    pub(super) subject_keys: Vec<WrappedSubjectKey>,
    pub(super) texts: Vec<SealedText>,
}

impl Session<'_> {
    /// Begins a command. The request's parts, the rulebook in force and the state it meets name it, so the same
    /// request on the same state is the same command, however often it is sent.
    pub fn draft(&self, tag: usize, request: &[&str], revision: u64) -> Draft {
        let mut draft = Draft {
            tag,
            command_id: Uuid::nil(),
            fingerprint: Hash::default(),
            by_person: false,
            expected: Vec::new(),
            extended: HashSet::new(),
            read: Vec::new(),
            events: Vec::new(),
            subject_keys: Vec::new(),
            texts: Vec::new(),
        };
        self.name(&mut draft, request, revision);
        draft
    }

    /// Gives a draft the id and fingerprint of a request at a revision.
    pub(super) fn name(&self, draft: &mut Draft, request: &[&str], revision: u64) {
        let revision = revision.to_string();
        let rulebook = self.ledger.rulebook.version();
        let parts: Vec<&str> = request.iter().copied().chain([rulebook, &revision]).collect();
        let id = self.ledger.key.blind_index("command-id", &parts);
        let mut id_bytes = [0; 16];
        id_bytes.copy_from_slice(&id[..16]);
        draft.command_id = uuid::Builder::from_custom_bytes(id_bytes).into_uuid();
        draft.fingerprint = self.ledger.key.blind_index("request", &parts);
    }

    /// Files an application under a new case; answers with its id.
    pub fn file(&mut self, draft: &mut Draft, external_ref: &str, facts: Facts) -> Result<CaseId, AppError> {
        let environment = &self.ledger.environment;
        let (case, subject) = (CaseId(environment.new_id()?), SubjectId(environment.new_id()?));
        let reference = CaseReference::from_random(environment.random_bits()?);
        let (key, wrapped) = self.ledger.key.new_subject_key(subject.0, &mut environment.entropy())?;
        draft.subject_keys.push(WrappedSubjectKey { subject_id: subject.0, wrapped: wrapped.into_bytes() });
        self.cases.insert(case, Loaded { case: None, version: 0, key: Some(key) });
        let text = CaseText { external_ref: external_ref.to_owned() };
        let external_ref_id = self.seal_for(draft, case, subject, &text)?;
        let filed = ApplicationFiled { case, subject, reference, external_ref: external_ref_id, facts };
        let keys = vec![
            UniqueKey {
                scope: EXTERNAL_REF,
                digest: self.ledger.digest(EXTERNAL_REF, &[external_ref]),
                entity: case.0,
            },
            UniqueKey {
                scope: CASE_REFERENCE,
                digest: self.ledger.digest(CASE_REFERENCE, &[reference.as_str()]),
                entity: case.0,
            },
        ];
        self.record(draft, case, filed.into(), keys)?;
        Ok(case)
    }

    /// Decides a command on a case.
    pub fn on_case(
        &mut self,
        draft: &mut Draft,
        id: CaseId,
        command: &CaseCommand,
    ) -> Result<Decided, AppError> {
        let decided = domain::case::decide(self.case(id), command, &self.by()?, &self.ledger.rulebook);
        self.settle(
            draft,
            id,
            decided,
            Asked { command: command.name(), about: None, on: command.on(), amount: None },
        )
    }

    /// Decides a command about a claim of a case.
    pub fn on_claim(
        &mut self,
        draft: &mut Draft,
        id: CaseId,
        command: &ClaimCommand,
    ) -> Result<Decided, AppError> {
        let by = self.by()?;
        self.on_claim_by(draft, id, command, &by)
    }

    /// The same as if somebody else gave it: for showing what they would come to, never for writing.
    pub fn on_claim_by(
        &mut self,
        draft: &mut Draft,
        id: CaseId,
        command: &ClaimCommand,
        by: &By,
    ) -> Result<Decided, AppError> {
        let decided = domain::claim::decide(self.known(id)?, command, by, &self.ledger.rulebook);
        let amount = command.amount(self.known(id)?);
        let about = Some(command.about());
        self.settle(draft, id, decided, Asked { command: command.name(), about, on: command.on(), amount })
    }

    /// Whether a rule refuses a command about a claim, as things stand.
    pub fn refuses(&self, id: CaseId, command: &ClaimCommand) -> Result<bool, AppError> {
        let (case, by) = (self.case(id), self.by()?);
        Ok(case.is_none_or(|case| domain::claim::decide(case, command, &by, &self.ledger.rulebook).is_err()))
    }

    /// Decides a command about an arrival grant of a case.
    pub fn on_grant(
        &mut self,
        draft: &mut Draft,
        id: CaseId,
        command: &GrantCommand,
    ) -> Result<Decided, AppError> {
        let decided = domain::grant::decide(self.known(id)?, command, &self.by()?, &self.ledger.rulebook);
        let about = Some(command.about());
        self.settle(
            draft,
            id,
            decided,
            Asked { command: command.name(), about, on: command.on(), amount: command.amount() },
        )
    }

    /// Encrypts a text about the person of a case.
    pub fn seal(&self, draft: &mut Draft, id: CaseId, text: &impl Serialize) -> Result<TextId, AppError> {
        let subject = self.known(id)?.subject;
        self.seal_for(draft, id, subject, text)
    }

    /// Encrypts a file about the person of a case, in pieces that each are as long as a text may be.
    pub fn seal_file(&self, draft: &mut Draft, id: CaseId, bytes: &[u8]) -> Result<Vec<TextId>, AppError> {
        let subject = self.known(id)?.subject;
        bytes.chunks(TEXT_BYTES_MAX).map(|piece| self.seal_bytes(draft, id, subject, piece)).collect()
    }

    /// Decrypts what was encrypted about the person of a case; `None` if the person's key was destroyed.
    pub(crate) fn open(&self, id: CaseId, sealed: &[u8]) -> Result<Option<Vec<u8>>, AppError> {
        let subject = self.known(id)?.subject;
        let key = self.cases.get(id).and_then(|loaded| loaded.key.as_ref());
        Ok(key.map(|key| key.open(subject.0, sealed)).transpose()?)
    }

    fn seal_for(
        &self,
        draft: &mut Draft,
        id: CaseId,
        subject: SubjectId,
        text: &impl Serialize,
    ) -> Result<TextId, AppError> {
        let bytes = event_log::canonical::to_bytes(text)?;
        self.seal_bytes(draft, id, subject, &bytes)
    }

    fn seal_bytes(
        &self,
        draft: &mut Draft,
        id: CaseId,
        subject: SubjectId,
        bytes: &[u8],
    ) -> Result<TextId, AppError> {
        let key = self.cases.get(id).and_then(|loaded| loaded.key.as_ref());
        let key = key.ok_or_else(|| {
            AppError::Usage("the person of this case was erased: nothing can be added".into())
        })?;
        self.seal_under(draft, key, subject, bytes)
    }

    /// Encrypts a file about no person, in pieces that each are as long as a text may be, under the ledger's own key,
    /// which was loaded.
    pub fn seal_own_file(&self, draft: &mut Draft, bytes: &[u8]) -> Result<Vec<TextId>, AppError> {
        let key = self.own_key()?;
        bytes.chunks(TEXT_BYTES_MAX).map(|piece| self.seal_under(draft, key, LEDGER_SUBJECT, piece)).collect()
    }

    /// Encrypts a text about no person, under the ledger's own key, which was loaded; of no command yet.
    pub fn seal_apart(&self, text: &impl Serialize) -> Result<SealedText, AppError> {
        let key = self.own_key()?;
        let bytes = event_log::canonical::to_bytes(text)?;
        let sealed = key.seal(LEDGER_SUBJECT.0, &bytes, &mut self.ledger.environment.entropy())?;
        Ok(SealedText { id: sealed.id, subject_id: LEDGER_SUBJECT.0, bytes: sealed.bytes })
    }

    fn own_key(&self) -> Result<&SubjectKey, AppError> {
        self.own_key.as_ref().ok_or_else(|| AppError::Usage("the ledger's own key was not loaded".into()))
    }

    /// Encrypts a text about no person, under the ledger's own key, which was loaded.
    pub fn seal_own(&self, draft: &mut Draft, text: &impl Serialize) -> Result<TextId, AppError> {
        let sealed = self.seal_apart(text)?;
        let id = TextId(sealed.id);
        draft.texts.push(sealed);
        Ok(id)
    }

    fn seal_under(
        &self,
        draft: &mut Draft,
        key: &SubjectKey,
        subject: SubjectId,
        bytes: &[u8],
    ) -> Result<TextId, AppError> {
        let sealed = key.seal(subject.0, bytes, &mut self.ledger.environment.entropy())?;
        draft.texts.push(SealedText { id: sealed.id, subject_id: subject.0, bytes: sealed.bytes });
        Ok(TextId(sealed.id))
    }

    /// The events of this command so far.
    pub fn events(&self, draft: &Draft) -> usize {
        draft.events.len()
    }

    /// Records what was decided, or the refusal.
    fn settle(
        &mut self,
        draft: &mut Draft,
        id: CaseId,
        decided: Result<Vec<CaseEvent>, Refusal>,
        asked: Asked,
    ) -> Result<Decided, AppError> {
        match decided {
            Ok(events) => {
                for event in events {
                    self.record(draft, id, event, Vec::new())?;
                }
                Ok(Ok(()))
            }
            Err(refusal) => {
                let refused = CommandRefused {
                    command: asked.command.to_owned(),
                    about: asked.about,
                    on: asked.on,
                    amount: asked.amount,
                    rulebook: self.ledger.rulebook.version().to_owned(),
                    reasons: refusal.reasons.clone(),
                };
                let repeated = self.known(id)?.already_refused(&refused);
                if draft.by_person || !repeated {
                    self.record(draft, id, refused.into(), Vec::new())?;
                }
                Ok(Err(RefusedCommand { refusal, repeated }))
            }
        }
    }

    fn record(
        &mut self,
        draft: &mut Draft,
        id: CaseId,
        event: CaseEvent,
        mut keys: Vec<UniqueKey>,
    ) -> Result<(), AppError> {
        let loaded = self.cases.get_mut(id).ok_or_else(|| AppError::Usage("there is no such case".into()))?;
        if let Some((scope, digest, entity)) = event.unique_fact() {
            keys.push(UniqueKey { scope, digest: digest.0, entity });
        }
        for key in &keys {
            let owner = Owner { stream_id: id.stream(), entity: key.entity };
            self.keys.insert((key.scope, key.digest), Some(owner));
        }
        loaded.case = Some(Case::evolve(loaded.case.take(), &event)?);
        let before = loaded.version;
        loaded.version += 1;
        draft.push(id.stream(), before, &Event::Case(event), keys)
    }
}

/// What was asked, as kept with a refusal.
struct Asked {
    command: &'static str,
    about: Option<Uuid>,
    on: Option<Date>,
    amount: Option<Eur>,
}

impl Draft {
    /// Adds an event; `before` is the stream's version before it.
    pub(super) fn push(
        &mut self,
        stream_id: StreamId,
        before: u64,
        event: &Event,
        keys: Vec<UniqueKey>,
    ) -> Result<(), AppError> {
        if self.extended.insert(stream_id.clone()) {
            // What was only read until now had the same version.
            self.read.retain(|(stream, _)| *stream != stream_id);
            self.expected.push((stream_id.clone(), before));
        }
        self.add(stream_id, event, keys)
    }

    /// Has the command written only if a stream has this version; what it extends itself is held to that already.
    pub(super) fn rest_on(&mut self, stream_id: StreamId, version: u64) {
        let is_read = self.read.iter().any(|(stream, _)| *stream == stream_id);
        if !is_read && !self.extended.contains(&stream_id) {
            self.read.push((stream_id, version));
        }
    }

    fn add(&mut self, stream_id: StreamId, event: &Event, keys: Vec<UniqueKey>) -> Result<(), AppError> {
        let (event_type, schema_version, body) = (event.event_type(), event.schema_version(), event.body()?);
        self.events.push(NewEvent { stream_id, event_type, schema_version, body, keys });
        Ok(())
    }
}
