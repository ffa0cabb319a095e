//! Files of exchange rates: published all together or not at all; then what waited for them is converted.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use domain::claim::{ClaimState, Exchange};
use domain::ids::FileDigest;
use domain::ledger::ImportCounts;
use domain::partner::FeeState;
use domain::rates::{self, Month, Publication, Publish, RateSource, RateTable, RatesEvent};
use domain::{CaseId, ClaimCommand, ClaimId, Event, FeeId, PartnerCode, PartnerCommand, Refusal};
use event_log::{Append, AppendOutcome, Conflict, NewEvent, hex};
use interchange::{RATE_FILE_BYTES_MAX, RateFile, RateForm, RowError, month_in_name, read_rates};
use jiff::civil::Date;
use money::{Currency, Eur};
use rulebook::FailedCondition;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::file_name;
use super::record::{EarlierImport, IMPORT};
use crate::command::BATCH;
use crate::error::AppError;
use crate::ledger::{ATTEMPTS_MAX, Ledger};
use crate::session::{Purpose, Session};

/// Which files are to be published, and how.
#[derive(Debug, Clone)]
pub struct RatesRequest {
    /// The files. All of them are read before anything is written.
    pub paths: Vec<PathBuf>,
    /// The month of InforEuro's table, where the name of the file does not say it.
    pub month: Option<Month>,
    /// Currencies whose rate may jump.
    pub allow_jumps: BTreeSet<Currency>,
    /// Decide everything, write nothing.
    pub dry_run: bool,
}

/// What publishing came to.
#[derive(Debug, Clone, Default)]
pub struct RatesReport {
    /// Each file.
    pub files: Vec<RatesFileReport>,
    /// Claims that waited for these rates and were converted.
    pub converted: u64,
    /// Claims that still wait.
    pub waiting: u64,
    /// Fees that waited for these rates and were converted.
    pub fees_converted: u64,
    /// Fees that still wait.
    pub fees_waiting: u64,
    /// Something was written.
    pub written: bool,
}

impl RatesReport {
    /// All errors; if there are any, nothing of any file was published.
    pub fn errors_total(&self) -> u64 {
        self.files.iter().map(|file| file.errors_total).sum()
    }
}

/// What came of one file.
#[derive(Debug, Clone)]
pub struct RatesFileReport {
    /// Its name, without the folder.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Whose rates.
    pub source: RateSource,
    /// The month used for a table that does not say it, and whether the name of the file said it.
    pub month: Option<(Month, MonthFrom)>,
    /// First and last day for which it has rates.
    pub days: Option<(Date, Date)>,
    /// Rates that were not known.
    pub new: u64,
    /// Rates that were known with another value.
    pub changed: u64,
    /// Rates that were known.
    pub known: u64,
    /// Codes that ISO 4217 does not have or nobody pays in.
    pub passed_over: BTreeMap<String, u64>,
    /// Currencies whose jump was let pass.
    pub jumps_allowed: BTreeSet<Currency>,
    /// The first errors.
    pub errors: Vec<RowError>,
    /// All errors.
    pub errors_total: u64,
    /// Where this very file was imported before.
    pub imported_before: Option<EarlierImport>,
}

/// Who said of which month a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MonthFrom {
    /// The name of the file.
    FileName,
    /// Whoever gave the command.
    Option,
}

/// One file, read.
struct Read {
    content: RateFile,
    digest: [u8; 32],
    /// What the import is recorded as; with the month, because the same bytes may be published for two.
    kind: String,
}

impl Ledger {
    /// Publishes files of exchange rates, and converts what waited for them.
    pub async fn import_rates(&self, request: &RatesRequest) -> Result<RatesReport, AppError> {
        self.may_decide().await?;
        let mut report = RatesReport::default();
        let mut files = Vec::new();
        for path in &request.paths {
            let (read, file) = self.read_rate_file(path, request.month).await?;
            report.files.push(file);
            files.push(read);
        }
        if report.errors_total() > 0 {
            return Ok(report);
        }
        let tables = self.publish(request, &files, &mut report).await?;
        let purpose = if request.dry_run { Purpose::DryRun } else { Purpose::Write };
        let mut session = Session::new(self, purpose);
        if request.dry_run {
            tables.into_values().for_each(|table| session.suppose_rates(table));
        }
        let (claims, fees) = (self.claims_waiting_for_rate().await?, self.fees_waiting_for_rate().await?);
        report.converted = self.convert_with(&mut session, &claims).await?;
        report.waiting = claims.len() as u64 - report.converted;
        report.fees_converted = self.convert_fees_with(&mut session, &fees).await?;
        report.fees_waiting = fees.len() as u64 - report.fees_converted;
        if !request.dry_run {
            // Recorded last: whoever was cut short before imports the file again, and goes on.
            for (file, Read { kind, digest, .. }) in report.files.iter().zip(&files) {
                // A file that was imported before brings back what another has changed since.
                let published = file.new + file.changed > 0;
                if file.imported_before.is_none() || published {
                    let counts = ImportCounts {
                        rows: file.new + file.changed + file.known,
                        applied: file.new + file.changed,
                        recognised: file.known,
                        ..ImportCounts::default()
                    };
                    let rules = BTreeMap::from([("rates.passed-over", file.passed_over.values().sum())]);
                    let rules = rules.into_iter().filter(|(_, times)| *times > 0).collect();
                    let key = self.digest(IMPORT, &[kind, &hex::encode(digest)]);
                    let key = file.imported_before.is_none().then_some(key);
                    self.record_import(kind, *digest, &file.file, counts, &rules, key).await?;
                    report.written = true;
                }
            }
            report.written |= report.converted + report.fees_converted > 0;
            if report.written {
                self.checkpoint_what_is_written().await;
            }
        }
        Ok(report)
    }

    /// Converts all claims and fees that wait for a rate that is published by now; answers with their number.
    pub async fn convert_waiting(&self) -> Result<u64, AppError> {
        let (claims, fees) = (self.claims_waiting_for_rate().await?, self.fees_waiting_for_rate().await?);
        Ok(self.convert_claims(&claims).await? + self.convert_fees(&fees).await?)
    }

    /// Converts those of some claims that wait for a rate that is published by now; answers with their number.
    pub async fn convert_claims(&self, claims: &[(u64, CaseId, ClaimId)]) -> Result<u64, AppError> {
        self.convert_with(&mut Session::new(self, Purpose::Write), claims).await
    }

    /// The same for fees.
    pub async fn convert_fees(&self, fees: &[(PartnerCode, FeeId)]) -> Result<u64, AppError> {
        self.convert_fees_with(&mut Session::new(self, Purpose::Write), fees).await
    }

    /// What those of some claims would be worth, by number, that wait for a rate that is published by now.
    pub async fn would_convert(
        &self,
        claims: &[(u64, CaseId, ClaimId)],
    ) -> Result<BTreeMap<u64, Eur>, AppError> {
        let mut session = Session::new(self, Purpose::DryRun);
        self.convert_with(&mut session, claims).await?;
        let eur = |case: &CaseId, claim: &ClaimId| session.case(*case)?.claims.get(claim)?.eur;
        Ok(claims.iter().filter_map(|(number, case, claim)| Some((*number, eur(case, claim)?))).collect())
    }

    async fn read_rate_file(
        &self,
        path: &Path,
        option: Option<Month>,
    ) -> Result<(Read, RatesFileReport), AppError> {
        let name = file_name(path, "rates");
        let named = month_in_name(&name);
        if let (Some(named), Some(option)) = (named, option)
            && named != option
        {
            return Err(AppError::Usage(format!(
                "{name} is named after {named}, and --month says {option}: leave one of them out"
            )));
        }
        let month = named.map(|month| (month, MonthFrom::FileName));
        let month = month.or(option.map(|month| (month, MonthFrom::Option)));
        let reader = File::open(path).map_err(AppError::io(format!("{name} cannot be opened")))?;
        // The bytes that are read are those that are recorded, whoever changes the file meanwhile.
        let mut bytes = Vec::new();
        let mut reader = reader.take(RATE_FILE_BYTES_MAX + 1);
        reader.read_to_end(&mut bytes).map_err(AppError::io(format!("{name} cannot be read")))?;
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        let content = read_rates(&name, bytes.as_slice(), month.map(|(month, _)| month))?;
        if content.form != RateForm::InforEuroMonth && option.is_some() {
            let message = format!("{name} says itself for which days its rates are: leave --month out");
            return Err(AppError::Usage(message));
        }
        let month = month.filter(|_| content.form == RateForm::InforEuroMonth);
        let source = content.form.source();
        let kind = match month {
            Some((month, _)) => format!("rates {source} {month}"),
            None => format!("rates {source}"),
        };
        let key = self.digest(IMPORT, &[&kind, &hex::encode(&digest)]);
        let days = content.tables.keys().next().copied().zip(content.tables.keys().next_back().copied());
        let report = RatesFileReport {
            file: name,
            sha256: hex::encode(&digest),
            source,
            month,
            days,
            new: 0,
            changed: 0,
            known: 0,
            passed_over: content.passed_over.clone(),
            jumps_allowed: BTreeSet::new(),
            errors: content.errors.clone(),
            errors_total: content.errors_total,
            imported_before: self.imported_before(key).await?,
        };
        Ok((Read { content, digest, kind }, report))
    }

    /// Decides all files, each on what those before it publish, and writes them in one append.
    async fn publish(
        &self,
        request: &RatesRequest,
        files: &[Read],
        report: &mut RatesReport,
    ) -> Result<HashMap<RateSource, RateTable>, AppError> {
        for _ in 0..ATTEMPTS_MAX {
            let mut tables: HashMap<RateSource, RateTable> = HashMap::new();
            let (mut events, mut reasons) = (Vec::new(), Vec::new());
            let mut expected: Vec<_> = self.may_decide().await?.into_iter().collect();
            for (Read { content, digest, .. }, file) in files.iter().zip(&mut report.files) {
                let table = match tables.entry(file.source) {
                    Entry::Occupied(held) => held.into_mut(),
                    Entry::Vacant(place) => {
                        let table = self.rate_table(file.source).await?;
                        expected.push((rates::stream(file.source), table.version()));
                        place.insert(table)
                    }
                };
                let command = Publish {
                    tables: content.tables.clone(),
                    allow_jumps: request.allow_jumps.clone(),
                    file: FileDigest(*digest),
                };
                match rates::decide(table, &command) {
                    Ok(Publication { events: published, new, changed, known }) => {
                        (file.new, file.changed, file.known) = (new, changed, known);
                        file.jumps_allowed =
                            published.iter().flat_map(|event| event.jumps_allowed.iter().copied()).collect();
                        published.iter().try_for_each(|event| table.evolve(event))?;
                        events.extend(published);
                    }
                    Err(refusal) => reasons.extend(refusal.reasons.into_iter().map(|reason| {
                        FailedCondition { detail: format!("{}: {}", file.file, reason.detail), ..reason }
                    })),
                }
            }
            if !reasons.is_empty() {
                return Err(AppError::Refused(Refusal { reasons }));
            }
            if request.dry_run || events.is_empty() {
                return Ok(tables);
            }
            let mut bodies = Vec::new();
            let events: Vec<NewEvent> = events
                .into_iter()
                .map(|event| {
                    let stream_id = rates::stream(event.source);
                    let event = Event::Rates(RatesEvent::RatesPublished(event));
                    let body = event.body()?;
                    bodies.extend_from_slice(body.as_bytes());
                    let (event_type, schema_version) = (event.event_type(), event.schema_version());
                    Ok(NewEvent { stream_id, event_type, schema_version, body, keys: Vec::new() })
                })
                .collect::<Result<_, AppError>>()?;
            let append = Append {
                command_id: self.environment.new_id()?,
                fingerprint: self.key.fingerprint(&bodies),
                actor: self.actor().to_owned(),
                recorded_at: self.environment.now(),
                expected,
                after: Vec::new(),
                events,
                subject_keys: Vec::new(),
                texts: Vec::new(),
            };
            match self.append(vec![append]).await?.pop() {
                Some(AppendOutcome::Appended { .. } | AppendOutcome::AlreadyDone { .. }) => {
                    report.written = true;
                    return Ok(tables);
                }
                // Somebody else published meanwhile: what is new is found out again.
                Some(AppendOutcome::Conflict(Conflict::Version { .. })) => {}
                Some(AppendOutcome::Conflict(_)) | None => break,
            }
        }
        Err(AppError::always_second())
    }

    /// Converts claims as far as they wait, and writes it if the session writes.
    pub(crate) async fn convert_with(
        &self,
        session: &mut Session<'_>,
        claims: &[(u64, CaseId, ClaimId)],
    ) -> Result<u64, AppError> {
        let mut converted = 0;
        for chunk in claims.chunks(BATCH) {
            session.load_cases(chunk.iter().map(|(_, case, _)| *case)).await?;
            let waiting: Vec<_> = chunk
                .iter()
                .filter(|(_, case, claim)| waits(session, *case, *claim).is_some())
                .copied()
                .collect();
            // Without one the rates need not be read.
            if waiting.is_empty() {
                continue;
            }
            self.decide_claims(session, &waiting, RateSource::ALL, |session, tag, case, claim| {
                let Some((revision, currency, exchange)) = waits(session, case, claim) else { return Ok(()) };
                let Some(quote) = session.rate(exchange.rule, currency, exchange.day) else { return Ok(()) };
                let about = claim.to_string();
                let mut draft = session.draft(tag, &["convert-claim", &about], revision);
                session.rest_on_rates(&mut draft, exchange.rule);
                // What no rate can make bookable is refused, once for all to see, and goes on waiting for a person.
                let _ = session.on_claim(&mut draft, case, &ClaimCommand::Convert { claim, quote })?;
                session.commit(draft);
                Ok(())
            })
            .await?;
            session.load_cases(waiting.iter().map(|(_, case, _)| *case)).await?;
            let done = |(_, case, claim): &&(u64, CaseId, ClaimId)| waits(session, *case, *claim).is_none();
            converted += waiting.iter().filter(done).count() as u64;
        }
        Ok(converted)
    }

    async fn convert_fees_with(
        &self,
        session: &mut Session<'_>,
        fees: &[(PartnerCode, FeeId)],
    ) -> Result<u64, AppError> {
        let partners = || fees.iter().map(|(code, _)| code.clone());
        session.load_partners(partners()).await?;
        let waiting = |session: &Session<'_>| {
            fees.iter().filter(|(code, fee)| fee_waits(session, code, *fee).is_some()).count() as u64
        };
        let before = waiting(session);
        // Without one the rates need not be read.
        if before == 0 {
            return Ok(0);
        }
        for _ in 0..ATTEMPTS_MAX {
            session.load_partners(partners()).await?;
            session.load_rates(RateSource::ALL.iter().copied()).await?;
            for (tag, (code, fee)) in fees.iter().enumerate() {
                let Some((revision, currency, exchange)) = fee_waits(session, code, *fee) else { continue };
                let Some(quote) = session.rate(exchange.rule, currency, exchange.day) else { continue };
                let convert = PartnerCommand::ConvertFee { fee: *fee, quote };
                // What no rate can make bookable goes on waiting for a person.
                if session.partner_refuses(code, &convert)? {
                    continue;
                }
                let mut draft = session.draft(tag, &["convert-fee", &fee.to_string()], revision);
                session.rest_on_rates(&mut draft, exchange.rule);
                let _ = session.on_partner(&mut draft, code, &convert)?;
                session.commit(draft);
            }
            let outcomes = session.flush().await?;
            if !outcomes.iter().any(|(_, outcome)| matches!(outcome, AppendOutcome::Conflict(_))) {
                session.load_partners(partners()).await?;
                return Ok(before - waiting(session));
            }
        }
        Err(AppError::always_second())
    }
}

/// The case's revision, the currency, and which rate a claim asks for, if it waits for it.
fn waits(session: &Session<'_>, case: CaseId, claim: ClaimId) -> Option<(u64, Currency, Exchange)> {
    let case = session.case(case)?;
    let claim = case.claims.get(&claim).filter(|claim| claim.state == ClaimState::WaitingForRate)?;
    Some((case.revision, claim.amount.currency(), claim.exchange.clone()?))
}

/// The same of a fee, with the partner's revision.
fn fee_waits(session: &Session<'_>, code: &PartnerCode, fee: FeeId) -> Option<(u64, Currency, Exchange)> {
    let partner = session.partner(code)?;
    let fee = partner.fees.get(&fee).filter(|fee| fee.state == FeeState::WaitingForRate)?;
    Some((partner.revision, fee.amount.currency(), fee.exchange.clone()?))
}
