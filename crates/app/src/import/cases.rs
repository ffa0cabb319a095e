//! `cases.csv`: the authority's register of applications.
//!
//! A newer register may fill in what was empty (decision, departure, arrival, partner). What the ledger knows
//! already is never overwritten by a file: a row that says something else is an error in that column.

use domain::{Case, CaseCommand, CaseId, PartnerCode};
use interchange::{CaseRow, RowError};
use jiff::civil::Date;

use super::{At, Importer, Refused, RowOutcome, rows};
use crate::error::AppError;
use crate::session::{EXTERNAL_REF, Session};

/// Imports applications.
pub struct Cases;

impl Importer for Cases {
    type Row = CaseRow;

    /// A later row of the same register may fill in what an earlier one left empty.
    const CHECKS_BY_DECIDING: bool = true;

    async fn load(&self, session: &mut Session<'_>, rows: &[&CaseRow]) -> Result<(), AppError> {
        let ledger = session.ledger();
        let digests: Vec<_> = rows.iter().map(|row| ledger.digest(EXTERNAL_REF, &[&row.case_ref])).collect();
        session.load_keys(EXTERNAL_REF, &digests).await?;
        let known: Vec<CaseId> = digests
            .iter()
            .filter_map(|digest| session.owner(EXTERNAL_REF, *digest))
            .map(|o| CaseId(o.entity))
            .collect();
        session.load_cases(known).await?;
        session
            .load_partners(rows.iter().filter_map(|row| row.partner.as_deref()?.parse::<PartnerCode>().ok()))
            .await
    }

    fn apply(&self, session: &mut Session<'_>, at: At, row: &CaseRow) -> Result<RowOutcome, AppError> {
        let digest = session.ledger().digest(EXTERNAL_REF, &[&row.case_ref]);
        let known = session.owner(EXTERNAL_REF, digest).map(|owner| CaseId(owner.entity));
        let partner = match row.partner.as_deref().map(str::parse::<PartnerCode>).transpose() {
            Ok(partner) => partner,
            Err(error) => {
                let value = row.partner.as_deref();
                return Ok(RowOutcome::Errors(vec![at.error(
                    "partner",
                    value,
                    "code.pattern",
                    error.to_string(),
                )]));
            }
        };
        if let Some(partner) = &partner
            && let Some(error) = rows::not_met(session, at, partner)?
        {
            return Ok(RowOutcome::Errors(vec![error]));
        }
        let case = known.and_then(|id| session.case(id));
        if let Some(case) = case {
            let conflicts = conflicts(at, row, partner.as_ref(), case);
            if !conflicts.is_empty() {
                return Ok(RowOutcome::Errors(conflicts));
            }
        }
        let commands = commands(row, partner.clone(), case, session.ledger().today());
        let revision = case.map_or(0, |case| case.revision);
        let request = format!("{:?}", (&row.facts, &commands));
        let mut draft = session.draft(at.tag, &["import-case", &row.case_ref, &request], revision);
        let id = match known {
            Some(id) => id,
            None => session.file(&mut draft, &row.case_ref, row.facts.clone())?,
        };
        let (mut refused, mut waiting) = (Vec::new(), false);
        for command in &commands {
            if let (CaseCommand::AssignPartner { .. }, Some(partner)) = (command, &partner) {
                session.register_partner(&mut draft, partner)?;
            }
            if let Err(refusal) = session.on_case(&mut draft, id, command)? {
                waiting = true;
                let reasons = refusal.refusal.reasons.into_iter().filter(|_| !refusal.repeated);
                refused.extend(reasons.map(|reason| Refused { reason: reason.id, amount: None }));
            }
        }
        let changes = session.events(&draft) > 0;
        session.commit(draft);
        Ok(match (waiting, changes) {
            (true, _) => RowOutcome::Waiting(refused),
            (false, true) => RowOutcome::Applied(refused),
            (false, false) => RowOutcome::Recognised,
        })
    }
}

/// What the row asks for beyond what the case has.
fn commands(
    row: &CaseRow,
    partner: Option<PartnerCode>,
    case: Option<&Case>,
    today: Date,
) -> Vec<CaseCommand> {
    let decided = case.is_some_and(|case| case.decision.is_some());
    let departed = case.is_some_and(|case| case.departed_on.is_some());
    let arrived = case.is_some_and(|case| case.arrived_on.is_some());
    let assigned = case.is_some_and(|case| case.partner().is_some());
    let mut commands = Vec::new();
    if let (Some(decision), Some(decided_on), false) = (row.decision, row.decided_on, decided) {
        commands.push(CaseCommand::Decide { decision, decided_on });
    }
    if let (Some(partner), false) = (partner, assigned) {
        commands.push(CaseCommand::AssignPartner { partner, assigned_on: None, told_on: today });
    }
    if let (Some(departed_on), false) = (row.departed_on, departed) {
        commands.push(CaseCommand::Depart { departed_on });
    }
    if let (Some(arrived_on), false) = (row.arrived_on, arrived) {
        commands.push(CaseCommand::Arrive { arrived_on });
    }
    commands
}

/// Every column in which the row contradicts what the ledger knows.
fn conflicts(at: At, row: &CaseRow, partner: Option<&PartnerCode>, case: &Case) -> Vec<RowError> {
    let mut errors = Vec::new();
    let mut differs = |column: &'static str, in_file: String, known: String, how: &str| {
        let message = format!("The ledger has {known} for this case. {how}.");
        errors.push(at.error(column, Some(&in_file), "case.conflict", message));
    };
    const REGISTERED: &str = "What was registered is never overwritten by a file";
    let yes_no = |value: bool| if value { "yes" } else { "no" }.to_owned();
    let (facts, filed) = (&row.facts, &case.filed_facts);
    if facts.applied_on != filed.applied_on {
        differs("applied_on", facts.applied_on.to_string(), filed.applied_on.to_string(), REGISTERED);
    }
    if facts.destination != filed.destination {
        differs("destination", facts.destination.to_string(), filed.destination.to_string(), REGISTERED);
    }
    // The return may have changed since: the register may say what was filed or what holds now.
    let now = &case.facts;
    let modes = [(filed.return_mode, filed.handled_by), (now.return_mode, now.handled_by)];
    if !modes.contains(&(facts.return_mode, facts.handled_by)) {
        let known = format!("{}, {}", now.return_mode, now.handled_by);
        let how = "Record the change with `svala case change-mode`, which takes its day";
        differs("return_mode", format!("{}, {}", facts.return_mode, facts.handled_by), known, how);
    }
    if facts.asylum_outcome != filed.asylum_outcome {
        differs(
            "asylum_outcome",
            facts.asylum_outcome.to_string(),
            filed.asylum_outcome.to_string(),
            REGISTERED,
        );
    }
    for (column, in_file, known) in [
        ("in_sweden", facts.in_sweden, filed.in_sweden),
        ("likely_received", facts.likely_received, filed.likely_received),
        ("intends_to_reestablish", facts.intends_to_reestablish, filed.intends_to_reestablish),
        ("court_expulsion", facts.court_expulsion, filed.court_expulsion),
        ("unaccompanied_child", facts.unaccompanied_child, filed.unaccompanied_child),
    ] {
        if in_file != known {
            differs(column, yes_no(in_file), yes_no(known), REGISTERED);
        }
    }
    if let (Some(decision), Some(day), Some((known, known_day))) =
        (row.decision, row.decided_on, case.decision)
        && (decision, day) != (known, known_day)
    {
        let how = "A decision cannot be changed; a new application may be filed";
        differs("decision", format!("{decision} {day}"), format!("{known} {known_day}"), how);
    }
    let mut date = |column, in_file: Option<Date>, known: Option<Date>| {
        if let (Some(in_file), Some(known)) = (in_file, known)
            && in_file != known
        {
            differs(column, in_file.to_string(), known.to_string(), REGISTERED);
        }
    };
    date("departed_on", row.departed_on, case.departed_on);
    date("arrived_on", row.arrived_on, case.arrived_on);
    if let (Some(in_file), Some(known)) = (partner, case.partner())
        && in_file != known
    {
        differs(
            "partner",
            in_file.to_string(),
            known.to_string(),
            "Hand the case over with `svala case assign`",
        );
    }
    errors
}
