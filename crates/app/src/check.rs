//! Checks: replay of the read models, the state of the installation.

use event_log::hex;
use projection_runner::{Progress, Replayed, RunnerError};
use serde::Serialize;

use crate::error::AppError;
use crate::ledger::Ledger;

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
    /// Rebuilds the read models from position 1 and compares them with the live ones: with those of one moment, where
    /// others keep moving them. `repair` puts rebuilt rows in the place of those that differ.
    pub async fn replay(&self, repair: bool, progress: Progress<'_>) -> Result<Vec<Replayed>, AppError> {
        let replayed = self.runner.replay(repair, progress).await;
        let Err(RunnerError::Contended) = replayed else { return Ok(replayed?) };
        let moment = self.at_this_moment().await?;
        let replayed = moment.runner.replay(false, progress).await;
        moment.store.close().await?;
        let mut replayed = replayed?;
        if repair {
            let mut differing: Vec<&mut Replayed> =
                replayed.iter_mut().filter(|replayed| !replayed.is_equal()).collect();
            let names: Vec<&str> = differing.iter().map(|replayed| replayed.name).collect();
            self.runner.rebuild(&names, progress).await?;
            differing.iter_mut().for_each(|replayed| replayed.switched = true);
        }
        Ok(replayed)
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
