//! Verification: that nothing was altered and nothing left out, of the log and of what stands beside it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use domain::case::CaseEvent;
use domain::ledger::LedgerEvent;
use domain::{CaseReference, Event, SubjectId, TextId};
use event_log::note::VerifierKey;
use event_log::verify::Verifier;
use event_log::watch::{CheckpointWatch, KnownCheckpoint};
use event_log::{Hash, RecordedEvent, Store, StoreError, hex};
use projection_runner::Progress;
use serde::Serialize;
use uuid::Uuid;

use crate::checkpoints::{Folder, Kept};
use crate::error::AppError;
use crate::examine::{Differs, Examined, Page, examine, nothing_beyond};
use crate::import::IMPORT;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::named::{Commands, Facts};
use crate::session::{CASE_REFERENCE, EXTERNAL_REF};
use crate::texts::CaseText;

/// Pieces of files read at a time.
const FILE_PIECES: usize = 64;
/// Unique facts, and commands, read at a time.
const PAGE_KEYS: u32 = 10_000;

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
    /// The cases of these persons. No command of this program destroys a key: whoever owns the database did.
    pub erased_cases: BTreeSet<String>,
    /// Root over all events, hexadecimal.
    pub root: String,
    /// Checkpoints that agree.
    pub checkpoints: u64,
    /// The position up to which they vouch for the history.
    pub vouched: u64,
}

impl Ledger {
    /// Checks the whole log: positions, versions, hashes and root; that every event can be read; that unique facts,
    /// commands and encrypted texts are those the events name; that the history is the one the checkpoints in the folder
    /// know.
    pub async fn verify(&self, progress: Progress<'_>) -> Result<Verified, AppError> {
        self.verify_with(Vec::new(), progress).await
    }

    /// The same, with more checkpoints than those in the folder.
    pub async fn verify_with(
        &self,
        given: Vec<KnownCheckpoint>,
        progress: Progress<'_>,
    ) -> Result<Verified, AppError> {
        let kept = match &self.checkpoints {
            Some(checkpoints) => checkpoints.folder().all(&self.verifier_key)?,
            None => Kept::default(),
        };
        // Nobody may erase that: names of files, accounts of partners.
        self.own_key().await?;
        Verification { store: &self.store, ledger: Some(self) }.run(kept, given, progress).await
    }
}

/// The same for who does not have the ledger's key: all but what is encrypted or digested under it. That no text was
/// altered or left out is seen of its encrypted bytes; which case an outsider's reference names is not seen.
///
/// # Errors
/// [`AppError::Usage`] if the public key is another ledger's; else as with the key.
pub async fn verify_without_key(
    store: &Arc<dyn Store>,
    key: &VerifierKey,
    folder: &Folder,
    given: Vec<KnownCheckpoint>,
    progress: Progress<'_>,
) -> Result<Verified, AppError> {
    let origin = event_log::checkpoint::origin(store.meta().await?.ledger_id);
    if key.name() != origin {
        let of = key.name();
        return Err(AppError::Usage(format!("this ledger is {origin}, the public key is that of {of}")));
    }
    Verification { store, ledger: None }.run(folder.all(key)?, given, progress).await
}

/// A verification of a whole log.
struct Verification<'v> {
    store: &'v Arc<dyn Store>,
    /// What has the key. Without it, digests under it are not computed and nothing encrypted is opened.
    ledger: Option<&'v Ledger>,
}

impl Verification<'_> {
    /// The digest of a fact, for who has the key.
    fn digest(&self, scope: &str, parts: &[&str]) -> Option<Hash> {
        self.ledger.map(|ledger| ledger.digest(scope, parts))
    }

    async fn run(
        &self,
        kept: Kept,
        given: Vec<KnownCheckpoint>,
        progress: Progress<'_>,
    ) -> Result<Verified, AppError> {
        let Kept { known, bad } = kept;
        let mut watch = CheckpointWatch::new(known.into_iter().chain(given));
        let mut head = self.store.head().await?;
        let mut verifier = Verifier::new();
        let (mut facts, mut commands) = (Facts::default(), Commands::default());
        let mut subjects: HashMap<event_log::StreamId, SubjectId> = HashMap::new();
        let (mut texts, mut erased) = (0, 0);
        let mut cases: HashMap<SubjectId, CaseReference> = HashMap::new();
        let mut erased_cases = BTreeSet::new();
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
                    commands.name(&recorded);
                    let (position, stream_id) = (recorded.position, &recorded.stream_id);
                    let decoded = decoded?;
                    if let Some((scope, digest, entity)) = decoded.unique_fact() {
                        facts.name(position, stream_id, scope, Some(digest.0), entity);
                    }
                    match &decoded {
                        Event::Case(event) => {
                            if let CaseEvent::ApplicationFiled(e) = event {
                                subjects.insert(stream_id.clone(), e.subject);
                                cases.insert(e.subject, e.reference);
                                let digest = self.digest(CASE_REFERENCE, &[e.reference.as_str()]);
                                facts.name(position, stream_id, CASE_REFERENCE, digest, e.case.0);
                                applications.push((
                                    position,
                                    stream_id.clone(),
                                    e.case,
                                    e.subject,
                                    e.external_ref,
                                ));
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
                                facts.name(position, stream_id, IMPORT, digest, Uuid::nil());
                            }
                        }
                        Event::Partner(event) => {
                            named.extend(own_text(&recorded, event.text()));
                            files.extend(event.file().iter().filter_map(|id| own_text(&recorded, Some(*id))));
                        }
                        Event::Hold(event) => named.extend(own_text(&recorded, event.text())),
                        Event::Closing(event) => named.extend(own_text(&recorded, event.text())),
                        Event::PaymentFile(event) => named.extend(own_text(&recorded, event.text())),
                        Event::Reconciliation(event) => named.extend(own_text(&recorded, event.text())),
                        Event::Bank(event) => {
                            named.extend(event.texts().filter_map(|text| own_text(&recorded, Some(text))));
                        }
                        Event::Line(event) => {
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
                    gone.extend(self.check_texts(pieces).await?);
                }
                let named = named.len() + files.len();
                // The authority's keys stand in no event, so that an erased person leaves no trace in the log; they are
                // known from the texts that are there.
                let wanted: Vec<_> =
                    applications.iter().map(|(.., subject, text)| (*subject, *text)).collect();
                let texts_of = match self.ledger {
                    Some(ledger) => match ledger.reveal::<CaseText>(&wanted).await {
                        Ok(texts) => texts,
                        Err(error) => {
                            for (position, stream_id, _, subject, text) in &applications {
                                if let Err(error) = ledger.reveal::<CaseText>(&[(*subject, *text)]).await {
                                    return Err(damaged(format!(
                                        "position {position}, stream {stream_id}: {error}"
                                    )));
                                }
                            }
                            return Err(error);
                        }
                    },
                    None => Vec::new(),
                };
                for (index, (position, stream_id, case, ..)) in applications.iter().enumerate() {
                    let text = texts_of.get(index).map(Option::as_ref);
                    // Of somebody who was erased nothing is reserved.
                    if !matches!(text, Some(None)) {
                        let digest =
                            text.flatten().and_then(|t| self.digest(EXTERNAL_REF, &[&t.external_ref]));
                        facts.name(*position, stream_id, EXTERNAL_REF, digest, case.0);
                    }
                }
                texts += (named - gone.len()) as u64;
                erased += gone.len() as u64;
                erased_cases
                    .extend(gone.iter().filter_map(|subject| cases.get(subject)).map(ToString::to_string));
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
        self.check_commands(commands, events).await?;
        if let Some(differs) = run_differs {
            return Err(differs.into());
        }
        nothing_beyond(self.store.as_ref(), events).await?;
        match bad {
            Some(error) => Err(error),
            None => Ok(Verified {
                events,
                streams,
                keys,
                texts,
                erased,
                root,
                checkpoints,
                vouched,
                erased_cases,
            }),
        }
    }

    /// Every text named must be there, unchanged, unless its person's key was destroyed. Answers whose are gone, one for each text.
    async fn check_texts(
        &self,
        named: &[(u64, event_log::StreamId, SubjectId, Hash)],
    ) -> Result<Vec<SubjectId>, AppError> {
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
            // The ledger's own key is nobody's to destroy.
            if key.is_some() || named[*index].2 == LEDGER_SUBJECT {
                let (position, stream, ..) = &named[*index];
                return Err(damaged(format!(
                    "position {position}, stream {stream}: its encrypted text is missing"
                )));
            }
        }
        Ok(people.into_iter().map(SubjectId).collect())
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
                facts.reserved(&scope, &digest, &owner).map_err(damaged)?;
            }
        }
        if let Some((position, scope)) = later
            && position > self.store.head().await?.position
        {
            return Err(damaged(format!(
                "a unique {scope} is reserved for position {position}, which the log does not reach"
            )));
        }
        if let Some((scope, position)) = facts.unreserved(EXTERNAL_REF) {
            return Err(damaged(format!(
                "position {position}: the reservation of its unique {scope} is missing, so it could be recorded twice"
            )));
        }
        Ok(checked)
    }

    /// The recorded commands must be exactly those that wrote the events up to `end`: an append believes them. Others may
    /// be adding to the log, as with [`check_keys`](Self::check_keys).
    async fn check_commands(&self, mut commands: Commands, end: u64) -> Result<(), AppError> {
        let (mut after, mut later) = (None, None);
        loop {
            let page = self.store.scan_commands(after, PAGE_KEYS).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for row in &page {
                if row.first > end {
                    later = later.max(Some(row.last));
                    continue;
                }
                commands.recorded(row).map_err(damaged)?;
            }
        }
        commands.ended().map_err(damaged)?;
        match later {
            Some(position) if position > self.store.head().await?.position => Err(damaged(format!(
                "a command is recorded with position {position}, which the log does not reach: it would be taken for done"
            ))),
            _ => Ok(()),
        }
    }
}

/// A text about no person that an event names.
fn own_text(
    recorded: &RecordedEvent,
    text: Option<TextId>,
) -> Option<(u64, event_log::StreamId, SubjectId, Hash)> {
    text.map(|text| (recorded.position, recorded.stream_id.clone(), LEDGER_SUBJECT, text.0))
}

fn damaged(what: String) -> AppError {
    AppError::Store(StoreError::Damaged(what))
}
