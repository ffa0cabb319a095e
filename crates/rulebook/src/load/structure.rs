//! One programme to assess applications for, with everything an assessment needs.

use super::report;
use crate::document::Document;
use crate::{Against, Cap, GrantedBy, RulebookError};

/// The index of the assessed programme, if there is exactly one.
pub(super) fn check(tables: &Document, errors: &mut Vec<RulebookError>) -> Option<usize> {
    let by_application = |programme: &str| {
        let programme = tables.programmes.iter().find(|candidate| candidate.id == programme);
        programme.map(|programme| programme.granted_by == GrantedBy::Application)
    };
    for (id, programme) in tables.assessments() {
        report(errors, by_application(programme) == Some(false), || RulebookError::NeverAssessed {
            id: id.to_owned(),
            programme: programme.to_owned(),
        });
    }
    for against in Against::ALL {
        let count = tables.checks.iter().filter(|check| check.against == *against).count();
        report(errors, count != 1, || RulebookError::CheckCount { against: *against, count });
    }
    for rule in &tables.entitlements {
        let line = tables.budget_lines.iter().find(|line| line.id == rule.budget_line);
        let Some(programme) = line.map(|line| &line.programme) else { continue };
        let fixed = rule.cap != Cap::PerAward;
        let other_kind = by_application(programme).is_some_and(|expected| fixed != expected);
        report(errors, other_kind, || RulebookError::CapOfOtherKind {
            id: rule.id.clone(),
            cap: rule.cap,
            programme: programme.clone(),
        });
    }

    let assessed: Vec<usize> = tables
        .programmes
        .iter()
        .enumerate()
        .filter(|(_, programme)| programme.granted_by == GrantedBy::Application)
        .map(|(index, _)| index)
        .collect();
    let [index] = assessed[..] else {
        let found = assessed.iter().map(|index| tables.programmes[*index].id.clone()).collect();
        errors.push(RulebookError::ProgrammesAssessed { found });
        return None;
    };
    let programme = &tables.programmes[index].id;
    let any = tables.budget_lines.iter().any(|line| line.covers_everyone && line.programme == *programme);
    report(errors, !any, || RulebookError::NothingCoversEveryone { programme: programme.clone() });
    Some(index)
}

impl Document {
    /// Id and programme of every entry that only an assessment uses.
    fn assessments(&self) -> impl Iterator<Item = (&str, &str)> {
        let destinations = self.destinations.iter().map(|entry| (&*entry.id, &*entry.programme));
        let conditions = self.conditions.iter().map(|entry| (&*entry.id, &*entry.programme));
        let checks = self.checks.iter().map(|entry| (&*entry.id, &*entry.programme));
        let exclusions = self.exclusions.iter().map(|entry| (&*entry.id, &*entry.programme));
        let pauses = self.pauses.iter().map(|entry| (&*entry.id, &*entry.programme));
        destinations.chain(conditions).chain(checks).chain(exclusions).chain(pauses)
    }

    /// Id and programme of every entry that names one.
    pub(super) fn programmes_named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.budget_lines.iter().map(|line| (&*line.id, &*line.programme)).chain(self.assessments())
    }
}
