//! Decisions about a case.

use jiff::civil::Date;
use rulebook::{Assessment, Facts, Rulebook};

use super::command::{CaseCommand, Decision};
use super::event::{
    ApplicationFiled, ApplicationWithdrawn, Approved, Arrived, CaseClosed, CaseEvent, Departed,
    EntitlementAdjusted, PartnerAssigned, Rejected, ReturnModeChanged,
};
use super::state::{Case, Stage};
use crate::by::By;
use crate::plan::ReleaseReason;
use crate::refusal::Refusal;

/// Decides a command on a case, or on none yet for [`CaseCommand::File`].
pub fn decide(
    case: Option<&Case>,
    command: &CaseCommand,
    by: &By,
    rulebook: &Rulebook,
) -> Result<Vec<CaseEvent>, Refusal> {
    match command {
        CaseCommand::AgreePlan { partner, .. } => by.may_speak_for(partner)?,
        _ => by.may_decide()?,
    }
    let case = match (case, command) {
        (None, CaseCommand::File { case, subject, reference, external_ref, facts }) => {
            return Ok(vec![
                ApplicationFiled {
                    case: *case,
                    subject: *subject,
                    reference: *reference,
                    external_ref: *external_ref,
                    facts: facts.clone(),
                }
                .into(),
            ]);
        }
        (Some(_), CaseCommand::File { .. }) => {
            return Err(Refusal::new("already-filed", "the application is filed already"));
        }
        (None, _) => return Err(Refusal::new("no-application", "no application has been filed")),
        (Some(case), _) => case,
    };
    match command {
        CaseCommand::File { .. } => Ok(Vec::new()),
        CaseCommand::Decide { decision, decided_on } => {
            authority_decision(case, *decision, *decided_on, rulebook)
        }
        CaseCommand::Withdraw { withdrawn_on } => withdraw(case, *withdrawn_on),
        CaseCommand::ChangeReturnMode { changed_on, return_mode, handled_by } => {
            in_progress(case)?;
            not_before_application(case, *changed_on)?;
            if case.facts.return_mode == *return_mode && case.facts.handled_by == *handled_by {
                return Err(Refusal::new(
                    "no-change",
                    format!("the return is {return_mode}, handled by {handled_by}, already"),
                ));
            }
            let changed = ReturnModeChanged {
                changed_on: *changed_on,
                return_mode: *return_mode,
                handled_by: *handled_by,
            };
            let facts = Facts { return_mode: *return_mode, handled_by: *handled_by, ..case.facts.clone() };
            let mut events = vec![changed.into()];
            if case.stage == Stage::Approved {
                // A pause stops new approvals, so it is judged on the day this person was approved.
                let approved_on = case.decision.map_or(*changed_on, |(_, day)| day);
                events.push(reassess(facts, *changed_on, approved_on, rulebook).into());
            }
            Ok(events)
        }
        CaseCommand::Depart { departed_on } => {
            in_progress(case)?;
            not_before_application(case, *departed_on)?;
            match case.departed_on {
                Some(day) => {
                    Err(Refusal::new("already-departed", format!("departure on {day} is recorded already")))
                }
                None => Ok(vec![Departed { departed_on: *departed_on }.into()]),
            }
        }
        CaseCommand::Arrive { arrived_on } => {
            in_progress(case)?;
            match (case.departed_on, case.arrived_on) {
                (_, Some(day)) => {
                    Err(Refusal::new("already-arrived", format!("arrival on {day} is recorded already")))
                }
                (None, None) => {
                    Err(Refusal::new("not-departed", "no departure is recorded: record it first"))
                }
                (Some(left), None) if *arrived_on < left => Err(Refusal::new(
                    "arrival-before-departure",
                    format!("arrival on {arrived_on} lies before departure on {left}"),
                )),
                (Some(_), None) => Ok(vec![Arrived { arrived_on: *arrived_on }.into()]),
            }
        }
        CaseCommand::AssignPartner { partner, assigned_on, told_on } => {
            in_progress(case)?;
            let current = match assigned_on {
                Some(day) => {
                    not_before_application(case, *day)?;
                    case.partner_on(*day)
                }
                None => case.partner(),
            };
            match current {
                Some(current) if current == partner => {
                    Err(Refusal::new("no-change", format!("{partner} has the case already")))
                }
                Some(current) if assigned_on.is_none() => Err(Refusal::new(
                    "transfer-without-day",
                    format!("{current} has the case: say from which day on {partner} has it"),
                )),
                _ => {
                    // A transfer that is told late takes nothing from the partner that has the case since, and one that
                    // is told before its day nothing yet.
                    let mut assignments = case.assignments.clone();
                    assignments.assign(partner.clone(), *assigned_on);
                    let mut events = crate::plan::release_gone(case, &assignments, *told_on);
                    let assigned = PartnerAssigned { partner: partner.clone(), assigned_on: *assigned_on };
                    events.push(assigned.into());
                    Ok(events)
                }
            }
        }
        CaseCommand::AgreePlan { partner, agreed_on, lines, told_on } => {
            in_progress(case)?;
            not_before_application(case, *agreed_on)?;
            crate::plan::agree(case, partner, [*agreed_on, *told_on], lines, rulebook)
        }
        CaseCommand::Close { closed_on } => {
            in_progress(case)?;
            not_before_application(case, *closed_on)?;
            match case.claims.values().filter(|claim| claim.is_open()).count() {
                0 => {
                    let mut events = crate::plan::release_all(case, ReleaseReason::CaseClosed);
                    events.push(CaseClosed { closed_on: *closed_on }.into());
                    Ok(events)
                }
                open => Err(Refusal::new(
                    "claims-undecided",
                    format!("{open} claims are not decided: accept or refuse them first"),
                )),
            }
        }
    }
}

fn authority_decision(
    case: &Case,
    decision: Decision,
    decided_on: Date,
    rulebook: &Rulebook,
) -> Result<Vec<CaseEvent>, Refusal> {
    if case.stage != Stage::Applied {
        let detail = format!(
            "the case is {} already; a decision cannot be appealed, a new application may be filed",
            case.stage
        );
        return Err(Refusal::new("already-decided", detail));
    }
    not_before_application(case, decided_on)?;
    let (rulebook_version, facts, decided_by) =
        (rulebook.version().to_owned(), case.facts.clone(), case.facts.handled_by);
    match (decision, rulebook.assess(&facts, decided_on)) {
        (Decision::Approve, Assessment::Eligible(entitlements)) => Ok(vec![
            Approved { decided_on, decided_by, rulebook: rulebook_version, facts, entitlements }.into(),
        ]),
        (Decision::Approve, Assessment::Ineligible(reasons)) => Err(Refusal { reasons }),
        (Decision::Reject, assessment) => {
            let failed = match assessment {
                Assessment::Ineligible(failed) => failed,
                Assessment::Eligible(_) => Vec::new(),
            };
            Ok(vec![Rejected { decided_on, decided_by, rulebook: rulebook_version, facts, failed }.into()])
        }
    }
}

fn withdraw(case: &Case, withdrawn_on: Date) -> Result<Vec<CaseEvent>, Refusal> {
    in_progress(case)?;
    not_before_application(case, withdrawn_on)?;
    if case.balances.iter().any(|(_, line)| !line.disbursed.is_zero()) {
        let detail = "support has been paid: close the case instead, so that what was paid keeps its cap";
        return Err(Refusal::new("already-disbursed", detail));
    }
    let mut events = crate::plan::release_all(case, ReleaseReason::ApplicationWithdrawn);
    events.push(ApplicationWithdrawn { withdrawn_on }.into());
    Ok(events)
}

/// What the person may receive after a change. A change that takes the entitlement away leaves what was paid.
fn reassess(facts: Facts, adjusted_on: Date, approved_on: Date, rulebook: &Rulebook) -> EntitlementAdjusted {
    let (entitlements, failed) = match rulebook.assess(&facts, approved_on) {
        Assessment::Eligible(entitlements) => (entitlements, Vec::new()),
        Assessment::Ineligible(failed) => (Vec::new(), failed),
    };
    EntitlementAdjusted { adjusted_on, rulebook: rulebook.version().to_owned(), facts, entitlements, failed }
}

fn in_progress(case: &Case) -> Result<(), Refusal> {
    match case.stage {
        Stage::Applied | Stage::Approved => Ok(()),
        // A rejected person still travels, and a new application may follow; only ended cases are fixed.
        Stage::Rejected => Ok(()),
        Stage::Withdrawn => Err(Refusal::new("case-withdrawn", "the application was withdrawn")),
        Stage::Closed => Err(Refusal::new("case-closed", "the case is closed")),
    }
}

fn not_before_application(case: &Case, day: Date) -> Result<(), Refusal> {
    let applied_on = case.facts.applied_on;
    if day < applied_on {
        return Err(Refusal::new(
            "before-application",
            format!("{day} lies before the application on {applied_on}"),
        ));
    }
    Ok(())
}
