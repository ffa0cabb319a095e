//! Which rulebooks a ledger had and has, and how another one comes into force.

use std::collections::BTreeMap;

use rulebook::Rulebook;

use super::event::{LedgerEvent, RulebookAdopted, RulebookProposed};
use crate::by::By;
use crate::ids::{Actor, FileDigest};
use crate::refusal::Refusal;

/// A rulebook that somebody would bring into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedRulebook {
    /// The version it calls itself.
    pub version: String,
    /// SHA-256 of the document.
    pub sha256: FileDigest,
    /// Who proposed it.
    pub proposed_by: Actor,
}

/// The rulebooks of a ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rulebooks {
    /// Every version that was adopted, with its document's digest.
    adopted: BTreeMap<String, FileDigest>,
    in_force: Option<FileDigest>,
    proposed: Option<ProposedRulebook>,
}

impl Rulebooks {
    /// Applies an event of the ledger's own stream.
    pub fn evolve(&mut self, event: &LedgerEvent) {
        match event {
            LedgerEvent::RulebookAdopted(e) => {
                self.adopted.insert(e.version.clone(), e.sha256);
                (self.in_force, self.proposed) = (Some(e.sha256), None);
            }
            LedgerEvent::RulebookProposed(e) => {
                let (version, sha256, proposed_by) = (e.version.clone(), e.sha256, e.proposed_by.clone());
                self.proposed = Some(ProposedRulebook { version, sha256, proposed_by });
            }
            LedgerEvent::FileImported(_) => {}
        }
    }

    /// The one that waits for a second person.
    pub fn proposed(&self) -> Option<&ProposedRulebook> {
        self.proposed.as_ref()
    }
}

/// Decides to bring a rulebook into force in place of the one that is, if there is one; `None` where it is already.
///
/// Where the present one asks for two people anywhere, so does its change, whatever changes: who could change it alone
/// could first raise the limit and then decide alone. The first proposes, another one adopts the same document.
///
/// # Errors
/// `rulebook-version-used` where other contents had this version; `second-person-needed` if `by` proposed it.
pub fn adopt(
    rulebooks: &Rulebooks,
    present: Option<&Rulebook>,
    new: &Rulebook,
    by: &By,
) -> Result<Option<LedgerEvent>, Refusal> {
    by.may_decide()?;
    let (version, sha256) = (new.version().to_owned(), FileDigest(new.digest()));
    if rulebooks.in_force == Some(sha256) {
        return Ok(None);
    }
    if rulebooks.adopted.get(&version).is_some_and(|known| *known != sha256) {
        let detail = format!(
            "version {version} was adopted before with other contents: give the changed rulebook a version of its own"
        );
        return Err(Refusal::new("rulebook-version-used", detail));
    }
    let proposed = rulebooks.proposed.as_ref().filter(|proposed| proposed.sha256 == sha256);
    let takes_two = present.is_some_and(|book| book.parameters().second_approval_from.is_some());
    match proposed {
        Some(proposed) if takes_two && proposed.proposed_by == *by.actor() => {
            let detail = format!("{} proposed rulebook {version}: somebody else must adopt it", by.actor());
            Err(Refusal::new("second-person-needed", detail))
        }
        None if takes_two => {
            let proposed_by = by.actor().clone();
            Ok(Some(RulebookProposed { version, sha256, proposed_by }.into()))
        }
        _ => {
            let document = new.document().to_owned();
            Ok(Some(RulebookAdopted { version, sha256, document }.into()))
        }
    }
}
