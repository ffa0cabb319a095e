//! Payments to partners: loading what they rest on, deciding files of them.

use std::collections::{BTreeMap, HashMap};

use domain::ids::FileDigest;
use domain::payment::{
    self, NewPaymentFile, PaymentFileCommandRefused, PaymentFileEvent, PaymentFiles, PaymentState, Standing,
    StatusOfPayment,
};
use domain::{Case, CaseId, Event, PartnerCode, PartnerCommand, Recorded};
use jiff::civil::Date;

use super::{Decided, Draft, RefusedCommand, Session};
use crate::error::AppError;
use crate::ledger::Ledger;

/// All files of payments, as their stream has them.
pub(super) struct LoadedFiles {
    files: PaymentFiles,
    version: u64,
}

impl Ledger {
    /// All files of payments, and their events.
    pub(crate) async fn payment_files_and_events(&self) -> Result<(PaymentFiles, Vec<Recorded>), AppError> {
        let (mut files, mut events) = (PaymentFiles::default(), Vec::new());
        for recorded in self.store.read_streams(&[payment::stream()]).await? {
            let recorded = Recorded::decode_checked(recorded)?;
            if let Event::PaymentFile(event) = &recorded.event {
                files.evolve(event)?;
            }
            events.push(recorded);
        }
        Ok((files, events))
    }
}

impl Session<'_> {
    /// Loads what payments to these partners for these cases rest on; answers with how often all of it has changed.
    pub(crate) async fn load_payable(
        &mut self,
        codes: &[PartnerCode],
        cases: &[CaseId],
    ) -> Result<u64, AppError> {
        self.load_partners(codes.iter().cloned()).await?;
        self.load_cases(cases.iter().copied()).await?;
        self.load_own_key().await?;
        let holds = self.load_holds().await?;
        let partners = codes.iter().filter_map(|code| self.partner(code)).map(|partner| partner.revision);
        let cases = cases.iter().filter_map(|id| self.case(*id)).map(|case| case.revision);
        Ok(holds + partners.chain(cases).sum::<u64>())
    }

    /// The same for a command that has them paid: also what lines of the bank say of payments that were taken back.
    pub(crate) async fn load_to_pay(
        &mut self,
        codes: &[PartnerCode],
        cases: &[CaseId],
    ) -> Result<u64, AppError> {
        let revision = self.load_payable(codes, cases).await?;
        self.made.clear();
        let mut recalled = HashMap::new();
        for partner in codes.iter().filter_map(|code| self.partner(code)) {
            for (id, payment) in partner.payments.iter().filter(|(_, p)| p.state == PaymentState::Recalled) {
                let key = self.ledger.reference_key(payment.reference.as_str());
                recalled.insert(key, (partner.code.clone(), id));
            }
        }
        if recalled.is_empty() {
            return Ok(revision);
        }
        self.ledger.current().await?;
        self.load_all_of_bank().await?;
        for (line, references) in self.ledger.unanswered_lines().await? {
            for (code, id) in references.iter().filter_map(|key| recalled.get(key)) {
                self.made.entry(code.clone()).or_insert((*id, line));
            }
        }
        Ok(revision)
    }

    /// Has a command that pays a partner written only if nobody places a hold, and the bank tells of nothing more, meanwhile.
    pub(crate) fn rest_on_what_stops(&self, draft: &mut Draft) {
        self.rest_on_holds(draft);
        self.rest_on_accounts(draft);
    }

    /// Loads the files of payments, unless they are held here; answers with how many there are.
    pub(crate) async fn load_payment_files(&mut self) -> Result<u64, AppError> {
        let loaded = match self.payment_files.take() {
            Some(loaded) => loaded,
            None => {
                let (files, events) = self.ledger.payment_files_and_events().await?;
                LoadedFiles { files, version: events.len() as u64 }
            }
        };
        Ok(self.payment_files.insert(loaded).files.revision())
    }

    /// Has a command written only if no file of payments was made meanwhile.
    pub(super) fn rest_on_payment_files(&self, draft: &mut Draft) {
        let version = self.payment_files.as_ref().map(|loaded| (payment::stream(), loaded.version));
        draft.read.extend(version);
    }

    /// What a partner can be paid for on a day, of what was loaded.
    pub fn standing(&self, code: &PartnerCode, cases: &[CaseId], day: Date) -> Result<Standing, AppError> {
        let (Some(partner), Some(holds)) = (self.partner(code), self.holds()) else {
            return Ok(Standing::default());
        };
        let cases = cases.iter().filter_map(|id| self.case(*id)).collect::<Vec<&Case>>();
        let standing = payment::standing(partner, cases, holds, &self.ledger.rulebook, day)?;
        Ok(Standing { made: self.made.get(code).copied(), ..standing })
    }

    /// Decides whether these payments may stand in one file; a refusal is kept.
    pub fn on_payment_file(
        &mut self,
        draft: &mut Draft,
        new: &NewPaymentFile,
        cases: &[CaseId],
    ) -> Result<Decided, AppError> {
        let mut partners = BTreeMap::new();
        for (code, _) in &new.payments {
            if let (Some(partner), false) = (self.partner(code), partners.contains_key(code)) {
                partners.insert(code.clone(), (partner, self.standing(code, cases, new.execute_on)?));
            }
        }
        let Some(loaded) = &self.payment_files else {
            return Err(AppError::Usage("the files of payments were not loaded".into()));
        };
        let decided = payment::write_file(&loaded.files, &partners, new, &self.by()?);
        drop(partners);
        match decided {
            Ok((written, instructed)) => {
                self.rest_on_what_stops(draft);
                self.record_payment_file(draft, written.into())?;
                for (code, event) in instructed {
                    self.record_partner(draft, &code, event.into())?;
                }
                Ok(Ok(()))
            }
            Err(refusal) => {
                let refused = PaymentFileCommandRefused {
                    command: NewPaymentFile::NAME.to_owned(),
                    on: new.execute_on,
                    rulebook: self.ledger.rulebook.version().to_owned(),
                    reasons: refusal.reasons.clone(),
                };
                self.record_payment_file(draft, refused.into())?;
                Ok(Err(RefusedCommand { refusal, repeated: false }))
            }
        }
    }

    /// Notes what the bank says of payments of a file, and takes back what it does not make: all of it, or nothing is kept.
    pub(crate) fn on_payment_status(
        &mut self,
        draft: &mut Draft,
        report: (u64, FileDigest),
        payments: &[StatusOfPayment],
        recalls: &[(PartnerCode, PartnerCommand)],
    ) -> Result<Decided, AppError> {
        let Some(loaded) = &self.payment_files else {
            return Err(AppError::Usage("the files of payments were not loaded".into()));
        };
        let by = self.by()?;
        let reported = payment::report_status(&loaded.files, report, payments, &by)?;
        // The bank's word comes first: it is why one person is enough.
        self.record_payment_file(draft, reported.into())?;
        for (code, command) in recalls {
            let events = domain::partner::decide(self.partner(code), command, &by, &self.ledger.rulebook)?;
            for event in events {
                self.record_partner(draft, code, event)?;
            }
        }
        Ok(Ok(()))
    }

    fn record_payment_file(&mut self, draft: &mut Draft, event: PaymentFileEvent) -> Result<(), AppError> {
        let Some(loaded) = &mut self.payment_files else {
            return Err(AppError::Usage("the files of payments were not loaded".into()));
        };
        loaded.files.evolve(&event)?;
        let before = loaded.version;
        loaded.version += 1;
        draft.push(payment::stream(), before, &Event::PaymentFile(event), Vec::new())
    }
}
