//! Commands being decided and written.
//!
//! A session loads the streams it decides on, decides against what it holds, and gathers the events of many
//! commands into one append. A dry run does everything but the append, so it shows exactly what would happen; a
//! check decides nothing and holds rows only against the ledger and each other.
//! When somebody else wrote first, what was decided is forgotten, loaded again and decided again.

mod bank;
mod closings;
mod decide;
mod execute;
mod held;
mod holds;
mod partners;
mod payments;
mod rates;
mod reconciliation;

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use domain::ids::FileDigest;
use domain::rates::{RateSource, RateTable};
use domain::{Case, CaseId, Event, FeeId, PartnerCode, PaymentId, Refusal};
use event_log::{Append, AppendOutcome, Hash, StreamId};
use uuid::Uuid;
use vault::SubjectKey;

pub use decide::Draft;
pub(crate) use execute::{About, Executed, Repeated};

use bank::LoadedBank;
use closings::LoadedClosings;
use held::Held;
use holds::LoadedHolds;
use partners::LoadedPartner;
use payments::LoadedFiles;
use reconciliation::LoadedReconciliation;

use crate::error::AppError;
use crate::import::Preview;
use crate::ledger::Ledger;

/// Kind of unique fact: the authority's own key for a case.
pub const EXTERNAL_REF: &str = "external-ref";
/// Kind of unique fact: the reference outsiders know a case by.
pub const CASE_REFERENCE: &str = "case-reference";

/// Cases used before those that were not used for as long are forgotten, and loaded again when needed. An import goes
/// through the people of a year again and again; loading one costs more than all the rest of a row.
const HELD_CASES_MAX: usize = 30_000;
/// Unique facts held in memory before they are forgotten and loaded again when needed.
const HELD_KEYS_MAX: usize = 50_000;

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Find errors: nothing is decided; what rows would reserve is noted, so that a later row is held against it.
    Check,
    /// Decide everything, write nothing. Keeps all it has decided, because it can be read nowhere else; of a long file it
    /// decides only the beginning (`Session::trying`).
    DryRun,
    /// Decide and write.
    Write,
}

/// What a decision came to: done, or refused by a rule.
pub type Decided = Result<(), RefusedCommand>;

/// What an earlier row of a file said about the same fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// The same.
    Same,
    /// Something else.
    Different,
}

/// A refusal, and whether the same command was refused before for the same reasons.
#[derive(Debug, Clone)]
pub struct RefusedCommand {
    /// Why.
    pub refusal: Refusal,
    /// It stands in the log already; nothing is written again.
    pub repeated: bool,
}

/// Whose a unique fact is.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Stream.
    pub stream_id: StreamId,
    /// Claim, grant, case or fee.
    pub entity: Uuid,
}

impl Owner {
    /// The case whose stream it is.
    pub fn case(&self) -> Option<CaseId> {
        self.stream_id.id().parse().ok()
    }

    /// The partner whose stream it is.
    fn partner(&self) -> Option<PartnerCode> {
        (self.stream_id.noun() == "partner").then(|| self.stream_id.id().parse().ok()).flatten()
    }
}

struct Loaded {
    case: Option<Case>,
    version: u64,
    /// `None` once the person's key was destroyed.
    key: Option<SubjectKey>,
}

/// Streams, keys and commands held between loading and writing.
pub struct Session<'l> {
    ledger: &'l Ledger,
    purpose: Purpose,
    /// The file whose rows are decided, if they come from one.
    file: Option<FileDigest>,
    /// What is told of each row, if somebody asked.
    preview: Option<Preview>,
    /// So much more may be decided, where that is bounded.
    to_try: Option<usize>,
    noted: HashMap<Note, Note>,
    /// What the row being decided noted first.
    noted_by_row: Vec<Note>,
    cases: Held<Loaded>,
    keys: HashMap<(&'static str, Hash), Option<Owner>>,
    partners: HashMap<PartnerCode, LoadedPartner>,
    /// All partners, once somebody named one that is none.
    partner_codes: Option<Vec<PartnerCode>>,
    /// Partners that were met for the first time.
    registered: BTreeSet<PartnerCode>,
    holds: Option<LoadedHolds>,
    closings: Option<LoadedClosings>,
    payment_files: Option<LoadedFiles>,
    reconciliation: Option<LoadedReconciliation>,
    bank: LoadedBank,
    /// By partner a payment that was taken back, and the line that says that the bank made it all the same.
    made: HashMap<PartnerCode, (PaymentId, u64)>,
    own_key: Option<SubjectKey>,
    rates: HashMap<RateSource, RateTable>,
    batch: Vec<(usize, Append)>,
    /// The command of the batch that extended a stream last.
    extended_by: HashMap<StreamId, Uuid>,
}

/// Half a digest: enough to tell rows of one file apart, and small enough to keep for each of a million.
type Note = [u8; 16];

impl<'l> Session<'l> {
    /// An empty session.
    pub fn new(ledger: &'l Ledger, purpose: Purpose) -> Self {
        Self {
            ledger,
            purpose,
            file: None,
            preview: None,
            to_try: None,
            noted: HashMap::new(),
            noted_by_row: Vec::new(),
            cases: Held::new(),
            keys: HashMap::new(),
            partners: HashMap::new(),
            partner_codes: None,
            registered: BTreeSet::new(),
            holds: None,
            closings: None,
            payment_files: None,
            reconciliation: None,
            bank: LoadedBank::default(),
            made: HashMap::new(),
            own_key: None,
            rates: HashMap::new(),
            batch: Vec::new(),
            extended_by: HashMap::new(),
        }
    }

    /// The same, for the rows of a file with this SHA-256.
    #[must_use]
    pub fn of_file(self, file: FileDigest) -> Self {
        Self { file: Some(file), ..self }
    }

    /// The same, gathering what is to be told of each row.
    #[must_use]
    pub(crate) fn telling(self, wanted: bool) -> Self {
        Self { preview: wanted.then(Preview::default), ..self }
    }

    /// The same, deciding at most so much, where that is bounded: what is decided and not written is all held.
    #[must_use]
    pub(crate) fn trying(self, most: Option<usize>) -> Self {
        Self { to_try: most, ..self }
    }

    /// How many of the next rows, each about so many people, are decided. If not all are, none of those after them is.
    pub(crate) fn tries(&mut self, people: impl Iterator<Item = usize>) -> usize {
        let Some(most) = &mut self.to_try else { return people.count() };
        let mut tried = 0;
        for people in people {
            match most.checked_sub(people) {
                Some(rest) => *most = rest,
                None => {
                    *most = 0;
                    break;
                }
            }
            tried += 1;
        }
        tried
    }

    /// From here on rows are only checked. What was decided is forgotten; what the rows said of facts that may exist once
    /// stays noted, so that later rows are held against it.
    pub(crate) fn only_check(&mut self) {
        if self.purpose == Purpose::DryRun {
            self.purpose = Purpose::Check;
            self.discard();
            // Emptied they would keep their size.
            (self.cases, self.keys) = (Held::new(), HashMap::new());
        }
    }

    /// What is told of each row, if somebody asked.
    pub(crate) fn preview(&mut self) -> Option<&mut Preview> {
        self.preview.as_mut()
    }

    /// Takes what is told of the rows.
    pub(crate) fn take_preview(&mut self) -> Option<Preview> {
        self.preview.take()
    }

    /// The file whose rows are decided, if they come from one.
    pub fn source(&self) -> Option<FileDigest> {
        self.file
    }

    /// The ledger it writes to.
    pub fn ledger(&self) -> &'l Ledger {
        self.ledger
    }

    /// Loads the owners of unique facts that are not held yet.
    pub async fn load_keys(&mut self, scope: &'static str, digests: &[Hash]) -> Result<(), AppError> {
        let missing: Vec<Hash> =
            distinct(digests.iter().filter(|d| !self.keys.contains_key(&(scope, **d))).copied());
        if missing.is_empty() {
            return Ok(());
        }
        let owners = self.ledger.store.find_keys(scope, &missing).await?;
        for (digest, owner) in missing.into_iter().zip(owners) {
            let owner = owner.map(|o| Owner { stream_id: o.stream_id, entity: o.entity });
            // A case that does not know what it owns was loaded before somebody else added it: it is loaded again.
            if let Some(id) = owner.as_ref().and_then(Owner::case)
                && let (Some(case), Some(owner)) = (self.case(id), &owner)
                && !case.owns(owner.entity)
            {
                self.cases.remove(id);
            }
            // So is a partner that does not know its fee.
            if let Some(code) = owner.as_ref().and_then(Owner::partner)
                && let (Some(partner), Some(owner)) = (self.partner(&code), &owner)
                && !partner.fees.contains_key(&FeeId(owner.entity))
            {
                self.partners.remove(&code);
            }
            self.keys.insert((scope, digest), owner);
        }
        Ok(())
    }

    /// The owner of a unique fact that was loaded or written in this session.
    pub fn owner(&self, scope: &'static str, digest: Hash) -> Option<&Owner> {
        self.keys.get(&(scope, digest)).and_then(Option::as_ref)
    }

    /// Loads the cases that are not held yet.
    pub async fn load_cases(&mut self, ids: impl IntoIterator<Item = CaseId>) -> Result<(), AppError> {
        self.load_partners([]).await?;
        let missing: Vec<CaseId> = distinct(ids.into_iter().filter(|id| !self.cases.touch(*id)));
        if missing.is_empty() {
            return Ok(());
        }
        let streams: Vec<StreamId> = missing.iter().map(|id| id.stream()).collect();
        let mut folded: HashMap<StreamId, (Option<Case>, u64)> = HashMap::new();
        for recorded in self.ledger.store.read_streams(&streams).await? {
            let Event::Case(event) = Event::decode_checked(&recorded)? else { continue };
            match folded.entry(recorded.stream_id) {
                Entry::Occupied(mut held) => {
                    let (case, version) = held.get_mut();
                    *case = Some(Case::evolve(case.take(), &event)?);
                    *version = recorded.stream_version;
                }
                Entry::Vacant(place) => {
                    place.insert((Some(Case::evolve(None, &event)?), recorded.stream_version));
                }
            }
        }
        let found: Vec<(CaseId, Option<Case>, u64)> = missing
            .into_iter()
            .zip(streams)
            .map(|(id, stream)| {
                let (case, version) = folded.remove(&stream).unwrap_or((None, 0));
                (id, case, version)
            })
            .collect();
        let subjects: Vec<Uuid> =
            found.iter().filter_map(|(_, case, _)| case.as_ref().map(|c| c.subject.0)).collect();
        let mut wrapped = self.ledger.store.subject_keys(&subjects).await?.into_iter();
        for (id, case, version) in found {
            let key = match &case {
                Some(case) => wrapped
                    .next()
                    .flatten()
                    .map(|w| self.ledger.key.unwrap(case.subject.0, &w))
                    .transpose()?,
                None => None,
            };
            self.cases.insert(id, Loaded { case, version, key });
        }
        Ok(())
    }

    /// A case that was loaded or filed in this session.
    pub fn case(&self, id: CaseId) -> Option<&Case> {
        self.cases.get(id).and_then(|loaded| loaded.case.as_ref())
    }

    /// Loads the ledger's own key, for texts about no person.
    pub async fn load_own_key(&mut self) -> Result<(), AppError> {
        if self.own_key.is_none() {
            self.own_key = Some(self.ledger.own_key().await?);
        }
        Ok(())
    }

    /// Puts a command into the batch; one without events is dropped, and one that is not written.
    pub fn commit(&mut self, draft: Draft) {
        if draft.events.is_empty() || !self.writes() {
            return;
        }
        let mut after = Vec::new();
        for (stream_id, _) in &draft.expected {
            after.extend(self.extended_by.insert(stream_id.clone(), draft.command_id));
        }
        // What was only read must not have changed either, but the command does not extend it.
        let mut expected: Vec<(StreamId, u64)> = draft.expected.into_iter().chain(draft.read).collect();
        if let Some((stream_id, version)) = self.acts_for_no_partner()
            && !expected.iter().any(|(known, _)| *known == stream_id)
        {
            expected.push((stream_id, version));
        }
        let append = Append {
            after,
            command_id: draft.command_id,
            fingerprint: draft.fingerprint,
            actor: self.ledger.actor().to_owned(),
            recorded_at: self.ledger.environment.now(),
            expected,
            events: draft.events,
            subject_keys: draft.subject_keys,
            texts: draft.texts,
        };
        self.batch.push((draft.tag, append));
    }

    /// Takes the batch: the tag of each command, and the commands.
    pub fn take_batch(&mut self) -> (Vec<usize>, Vec<Append>) {
        self.extended_by.clear();
        std::mem::take(&mut self.batch).into_iter().unzip()
    }

    /// Writes the batch; answers with each command's tag and outcome. After any conflict everything held is
    /// forgotten, because it was decided on what is not so.
    pub async fn flush(&mut self) -> Result<Vec<(usize, AppendOutcome)>, AppError> {
        let (tags, appends) = self.take_batch();
        let outcomes = match self.writes() {
            true => self.ledger.append(appends).await?,
            false => vec![AppendOutcome::Appended { first: 0, last: 0 }; appends.len()],
        };
        if outcomes.iter().any(|outcome| !matches!(outcome, AppendOutcome::Appended { .. })) {
            self.forget();
        }
        Ok(tags.into_iter().zip(outcomes).collect())
    }

    /// Whether what is decided here is written.
    pub fn writes(&self) -> bool {
        self.purpose == Purpose::Write
    }

    /// Forgets everything held and everything decided on it.
    pub fn discard(&mut self) {
        self.batch.clear();
        self.extended_by.clear();
        self.forget();
    }

    /// Forgets everything held; it will be loaded again.
    pub fn forget(&mut self) {
        self.cases.clear();
        self.keys.clear();
        self.partners.clear();
        self.partner_codes = None;
        self.holds = None;
        self.payment_files = None;
        self.reconciliation = None;
        self.bank = LoadedBank::default();
        self.made.clear();
        self.rates.clear();
    }

    /// Whether much is held, of which some can be loaded again.
    pub fn is_full(&self) -> bool {
        let many_cases = self.cases.young() > HELD_CASES_MAX && self.purpose != Purpose::DryRun;
        many_cases || self.keys.len() > HELD_KEYS_MAX
    }

    /// Forgets what was not used lately and can be loaded again, when it has become much; only when nothing is being
    /// written.
    pub fn make_room(&mut self) {
        match self.purpose {
            _ if !self.is_full() => {}
            // Whose a fact is may have been decided here; that it is nobody's can be asked again.
            Purpose::DryRun => self.keys.retain(|_, owner| owner.is_some()),
            Purpose::Check | Purpose::Write => self.keys.clear(),
        }
        if self.cases.young() > HELD_CASES_MAX && self.purpose != Purpose::DryRun {
            self.cases.turn();
        }
    }

    /// Whether commands are decided here, or rows only checked.
    pub fn decides(&self) -> bool {
        self.purpose != Purpose::Check
    }

    /// Notes what a row says about a fact that may exist once. Answers what an earlier row of the file said: the
    /// same, or something else. A file that is being written was checked like this before.
    pub fn note(&mut self, scope: &str, fact: Hash, said: &[&str]) -> Option<Earlier> {
        if self.purpose == Purpose::Write {
            return None;
        }
        let half = |digest: Hash| -> Note { digest.first_chunk().copied().unwrap_or_default() };
        let fact = half(self.ledger.digest(scope, &[&event_log::hex::encode(&fact)]));
        let said = half(self.ledger.digest("row", said));
        match self.noted.entry(fact) {
            Entry::Vacant(place) => {
                place.insert(said);
                self.noted_by_row.push(fact);
                None
            }
            Entry::Occupied(earlier) if *earlier.get() == said => Some(Earlier::Same),
            Entry::Occupied(_) => Some(Earlier::Different),
        }
    }

    /// Ends a row. What an unusable row noted is forgotten: it is left out of what is written, so a later row is not
    /// held against it.
    pub fn end_row(&mut self, usable: bool) {
        for fact in self.noted_by_row.drain(..).filter(|_| !usable) {
            self.noted.remove(&fact);
        }
    }

    fn known(&self, id: CaseId) -> Result<&Case, AppError> {
        self.case(id).ok_or_else(|| AppError::Usage("there is no such case".into()))
    }
}

fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.dedup();
    items
}
