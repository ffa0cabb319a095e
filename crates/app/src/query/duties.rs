//! Separation of duties over the whole log.

use std::collections::BTreeMap;

use domain::Recorded;
use domain::duties::{Duties, Violation};
use projection_runner::Progress;

use crate::error::AppError;
use crate::ledger::Ledger;

/// Events read at a time.
const PAGE: u32 = 5_000;

impl Ledger {
    /// Every place in the log where somebody decided what they reported, or agreed to what they proposed; and how many
    /// events were looked at. Rests on who gave the commands, not on what the events say of it.
    pub async fn duties(&self, progress: Progress<'_>) -> Result<(u64, Vec<Violation>), AppError> {
        let books = self.rulebooks().await?;
        let limits: BTreeMap<_, _> = books
            .into_iter()
            .map(|(version, book)| (version, book.parameters().second_approval_from))
            .collect();
        let mut duties = Duties::under(limits);
        let (mut after, mut violations) = (0, Vec::new());
        let last = self.store.head().await?.position;
        loop {
            let page = self.store.read_log(after, PAGE).await?;
            let Some(end) = page.last().map(|event| event.position) else { break };
            for recorded in page {
                violations.extend(duties.observe(&Recorded::decode_checked(recorded)?));
            }
            after = end;
            progress(after, last.max(after));
        }
        Ok((after, violations))
    }
}
