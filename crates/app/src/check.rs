//! Checks: verification of the log, replay of the read models, the state of the installation.

use std::collections::HashMap;

use domain::case::CaseEvent;
use domain::ledger::LedgerEvent;
use domain::{Event, SubjectId, TextId};
use event_log::verify::Verifier;
use event_log::watch::{CheckpointWatch, KnownCheckpoint};
use event_log::{Hash, RecordedEvent, StoreError, hex};
use projection_runner::{Progress, Replayed, RunnerError};
use serde::Serialize;
use uuid::Uuid;

use crate::error::AppError;
use crate::examine::{Differs, Examined, Page, examine, nothing_beyond};
use crate::import::IMPORT;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::session::{CASE_REFERENCE, EXTERNAL_REF};
use crate::texts::CaseText;

/// Pieces of files read at a time.
const FILE_PIECES: usize = 64;
/// Unique facts read at a time.
const PAGE_KEYS: u32 = 10_000;

/// The unique facts that events name, by kind, with the position of the event.
type Facts = HashMap<&'static str, HashMap<Hash, u64>>;

/// What a verification went through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Events checked: positions, versions, bytes, hashes, types.
    pub events: u64,
    /// Streams.
    pub streams: u64,
    /// Unique facts checked against the events that reserve them.
    pub keys: u64,
    /// Encrypted texts checked against the events that name them.
    pub texts: u64,
    /// Texts that were erased with their person's key.
    pub erased: u64,
    /// Root over all events, hexadecimal.
    pub root: String,
    /// Checkpoints that agree.
    pub checkpoints: u64,
    /// The position up to which they vouch for the history.
    pub vouched: u64,
}

/// One line of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: String,
    /// What was found.
    pub found: String,
    /// Whether it is as it must be.
    pub ok: bool,
}

impl Ledger {
    /// Checks the whole log: positions, versions, hashes and root; that every event can be read; that unique facts
    /// and encrypted texts are those the events name; that the history is the one the checkpoints in the folder know.
    pub async fn verify(&self, progress: Progress<'_>) -> Result<Verified, AppError> {
        self.verify_with(Vec::new(), progress).await
    }

    /// The same, with more checkpoints than those in the folder.
    pub async fn verify_with(
        &self,
        given: Vec<KnownCheckpoint>,
        progress: Progress<'_>,
    ) -> Result<Verified, AppError> {
        let (known, bad_checkpoint) = self.folder_checkpoints()?;
        let mut watch = CheckpointWatch::new(known.into_iter().chain(given));
        let mut head = self.store.head().await?;
        let mut verifier = Verifier::new();
        let mut facts = Facts::new();
        let mut subjects: HashMap<event_log::StreamId, SubjectId> = HashMap::new();
        let (mut texts, mut erased) = (0, 0);
        let mut run_differs: Option<Differs> = None;
        watch.at(verifier.tree())?;
        // Others may be adding to the log: its head is read after its events, and what came meanwhile is read as well.
        loop {
            let before = verifier.events();
            let mut pages = examine(self.store.clone(), before);
            while let Some(Page { events, differs }) = pages.next().await? {
                let (mut named, mut files, mut applications) = (Vec::new(), Vec::new(), Vec::new());
                for Examined { event: recorded, computed, canonical, decoded } in events {
                    verifier.check_examined(&recorded, &computed, canonical)?;
                    if watch.next() == Some(verifier.events()) {
                        watch.at(verifier.tree())?;
                    }
                    match &decoded? {
                        Event::Case(event) => {
                            if let CaseEvent::ApplicationFiled(e) = event {
                                subjects.insert(recorded.stream_id.clone(), e.subject);
                                let digest = self.digest(CASE_REFERENCE, &[e.reference.as_str()]);
                                name(&mut facts, CASE_REFERENCE, digest, recorded.position);
                                applications.push((recorded.position, e.subject, e.external_ref));
                            }
                            if let Some((scope, digest, _)) = event.unique_fact() {
                                name(&mut facts, scope, digest.0, recorded.position);
                            }
                            if let (Some(text), Some(subject)) =
                                (event.text(), subjects.get(&recorded.stream_id))
                            {
                                named.push((recorded.position, recorded.stream_id.clone(), *subject, text.0));
                            }
                            if let (pieces @ [_, ..], Some(subject)) =
                                (event.file(), subjects.get(&recorded.stream_id))
                            {
                                let piece = |id: &TextId| {
                                    (recorded.position, recorded.stream_id.clone(), *subject, id.0)
                                };
                                files.extend(pieces.iter().map(piece));
                            }
                        }
                        Event::Ledger(LedgerEvent::FileImported(e)) => {
                            named.extend(own_text(&recorded, Some(e.details)));
                            if e.complete {
                                let digest = self.digest(IMPORT, &[&e.kind, &hex::encode(&e.sha256.0)]);
                                name(&mut facts, IMPORT, digest, recorded.position);
                            }
                        }
                        Event::Partner(event) => {
                            if let Some((scope, digest, _)) = event.unique_fact() {
                                name(&mut facts, scope, digest.0, recorded.position);
                            }
                            named.extend(own_text(&recorded, event.text()));
                            files.extend(event.file().iter().filter_map(|id| own_text(&recorded, Some(*id))));
                        }
                        Event::Hold(event) => named.extend(own_text(&recorded, event.text())),
                        Event::Closing(event) => named.extend(own_text(&recorded, event.text())),
                        Event::PaymentFile(event) => named.extend(own_text(&recorded, event.text())),
                        Event::Reconciliation(event) => named.extend(own_text(&recorded, event.text())),
                        Event::Bank(event) => {
                            if let Some((scope, digest, _)) = event.unique_fact() {
                                name(&mut facts, scope, digest.0, recorded.position);
                            }
                            named.extend(event.texts().filter_map(|text| own_text(&recorded, Some(text))));
                        }
                        Event::Line(event) => {
                            if let Some((scope, digest, _)) = event.unique_fact() {
                                name(&mut facts, scope, digest.0, recorded.position);
                            }
                            named.extend(own_text(&recorded, event.text()));
                        }
                        Event::Ledger(LedgerEvent::RulebookAdopted(_) | LedgerEvent::RulebookProposed(_))
                        | Event::Rates(_) => {}
                    }
                }
                run_differs = run_differs.or(differs);
                let mut gone = self.check_texts(&named).await?;
                // A piece of a file is as large as a text can be: few at a time.
                for pieces in files.chunks(FILE_PIECES) {
                    gone += self.check_texts(pieces).await?;
                }
                let named = named.len() + files.len();
                // The authority's keys stand in no event, so that an erased person leaves no trace in the log; they are
                // known from the texts that are there.
                let wanted: Vec<_> =
                    applications.iter().map(|(_, subject, text)| (*subject, *text)).collect();
                for ((position, ..), text) in applications.iter().zip(self.reveal::<CaseText>(&wanted).await?)
                {
                    if let Some(text) = text {
                        let digest = self.digest(EXTERNAL_REF, &[&text.external_ref]);
                        name(&mut facts, EXTERNAL_REF, digest, *position);
                    }
                }
                texts += named as u64 - gone;
                erased += gone;
                progress(verifier.events(), head.position);
            }
            head = self.store.head().await?;
            if head.position <= verifier.events() || verifier.events() == before {
                break;
            }
        }
        let (events, streams) = (verifier.events(), verifier.streams() as u64);
        let root = hex::encode(&verifier.finish(&head)?);
        let (checkpoints, agreed) = watch.finish(events)?;
        let vouched = agreed.map_or(0, |known| known.checkpoint.size);
        let keys = self.check_keys(facts, events).await?;
        if let Some(differs) = run_differs {
            return Err(differs.into());
        }
        nothing_beyond(self.store.as_ref(), events).await?;
        match bad_checkpoint {
            Some(error) => Err(error),
            None => Ok(Verified { events, streams, keys, texts, erased, root, checkpoints, vouched }),
        }
    }

    /// Every text named must be there, unchanged, unless its person's key was destroyed. Answers how many are gone.
    async fn check_texts(
        &self,
        named: &[(u64, event_log::StreamId, SubjectId, Hash)],
    ) -> Result<u64, AppError> {
        let ids: Vec<Hash> = named.iter().map(|(.., id)| *id).collect();
        let mut missing: Vec<usize> = Vec::new();
        for (index, text) in self.store.texts(&ids).await?.iter().enumerate() {
            let (position, stream, subject, id) = &named[index];
            match text {
                None => missing.push(index),
                Some(text) if vault::seal_id(&text.bytes) != *id || text.subject_id != subject.0 => {
                    return Err(damaged(format!(
                        "position {position}, stream {stream}: its encrypted text was exchanged or altered"
                    )));
                }
                Some(_) => {}
            }
        }
        let people: Vec<Uuid> = missing.iter().map(|index| named[*index].2.0).collect();
        for (index, key) in missing.iter().zip(self.store.subject_keys(&people).await?) {
            if key.is_some() {
                let (position, stream, ..) = &named[*index];
                return Err(damaged(format!(
                    "position {position}, stream {stream}: its encrypted text is missing"
                )));
            }
        }
        Ok(missing.len() as u64)
    }

    /// The reserved facts must be exactly those of the events up to `end`. Others may be adding to the log: what is
    /// reserved for a later event must be in the log by the time all are read.
    async fn check_keys(&self, mut facts: Facts, end: u64) -> Result<u64, AppError> {
        let mut checked = 0;
        let mut after = None;
        let mut later: Option<(u64, String)> = None;
        loop {
            let page = self.store.scan_keys(after, PAGE_KEYS).await?;
            let Some((scope, digest, _)) = page.last() else { break };
            after = Some((scope.clone(), *digest));
            for (scope, digest, owner) in page {
                if owner.position > end {
                    later = later.max(Some((owner.position, scope)));
                    continue;
                }
                checked += 1;
                let named = facts.get_mut(scope.as_str()).and_then(|facts| facts.remove(&digest));
                if named != Some(owner.position) {
                    let position = owner.position;
                    return Err(damaged(format!(
                        "a unique {scope} is reserved for position {position}, whose event does not name it"
                    )));
                }
            }
        }
        if let Some((position, scope)) = later
            && position > self.store.head().await?.position
        {
            return Err(damaged(format!(
                "a unique {scope} is reserved for position {position}, which the log does not reach"
            )));
        }
        let left =
            facts.iter().flat_map(|(scope, facts)| facts.values().map(move |position| (scope, position)));
        if let Some((scope, position)) = left.min_by_key(|(_, position)| **position) {
            return Err(damaged(format!(
                "position {position}: the reservation of its unique {scope} is missing, so it could be recorded twice"
            )));
        }
        Ok(checked)
    }

    /// Rebuilds the read models from position 1 and compares them with the live ones: with those of one moment, where
    /// others keep moving them.
    pub async fn replay(&self, repair: bool, progress: Progress<'_>) -> Result<Vec<Replayed>, AppError> {
        match self.runner.replay(repair, progress).await {
            Err(RunnerError::Contended) if !repair => {
                let moment = self.at_this_moment().await?;
                let replayed = moment.runner.replay(false, progress).await;
                moment.store.close().await?;
                Ok(replayed?)
            }
            replayed => Ok(replayed?),
        }
    }

    /// The same without hashing the events and without repairing: faster, and only as good as the sealed runs are.
    pub async fn replay_trusting_runs(&self, progress: Progress<'_>) -> Result<Vec<Replayed>, AppError> {
        Ok(self.runner.replay_trusting_runs(progress).await?)
    }

    /// Looks at everything that must be so for the ledger to be safe.
    pub async fn doctor(&self) -> Result<Vec<Finding>, AppError> {
        let mut findings: Vec<Finding> = Vec::new();
        for (check, found, ok) in self.store.assertions().await? {
            findings.push(Finding { check, found, ok });
        }
        let (meta, head) = (self.store.meta().await?, self.store.head().await?);
        let finding = |check: &str, found: String, ok| Finding { check: check.into(), found, ok };
        findings.push(finding("ledger", meta.ledger_id.to_string(), true));
        findings.push(finding("key file", "opens this ledger".into(), meta.key_id == self.key.key_id()));
        findings.push(finding(
            "log",
            format!("{} events, root {}", head.position, hex::encode(&head.root)),
            true,
        ));
        findings.push(self.checkpoint_finding().await);
        let embedded = rulebook::Rulebook::embedded()?;
        let newer = if embedded.digest() == self.rulebook.digest() {
            "the one in this program"
        } else {
            "not the one in this program: `svala rulebook adopt` would take that"
        };
        findings.push(finding("rulebook", format!("{}, {newer}", self.rulebook.version()), true));
        for (name, state) in self.runner.states().await? {
            let (found, ok) = match state {
                None => ("not built yet: the next query builds it".to_owned(), true),
                Some(state) => match state.stopped {
                    Some(why) => (format!("stands still: {why}"), false),
                    None => (
                        format!(
                            "version {}, at position {} of {}",
                            state.version, state.position, head.position
                        ),
                        state.position <= head.position,
                    ),
                },
            };
            findings.push(Finding { check: format!("read model {name}"), found, ok });
        }
        Ok(findings)
    }
}

/// A text about no person that an event names.
fn own_text(
    recorded: &RecordedEvent,
    text: Option<TextId>,
) -> Option<(u64, event_log::StreamId, SubjectId, Hash)> {
    text.map(|text| (recorded.position, recorded.stream_id.clone(), LEDGER_SUBJECT, text.0))
}

fn name(facts: &mut Facts, scope: &'static str, digest: Hash, position: u64) {
    facts.entry(scope).or_default().insert(digest, position);
}

fn damaged(what: String) -> AppError {
    AppError::Store(StoreError::Damaged(what))
}
