//! What a ledger makes of the files, as far as these tests need it: the rulebook's own assessment, and the
//! order of reasons that the format page gives.

use std::collections::{HashMap, HashSet};

use domain::case::Decision;
use interchange::{CaseRow, GrantRow, ReversalRow, Row, SpendRow, Table};
use jiff::ToSpan;
use money::{Eur, Locale};
use rulebook::{Assessment, Rulebook};

use demo::DemoYear;

/// The four files, every row of which was read without an error.
pub struct Files {
    pub cases: Vec<CaseRow>,
    pub grants: Vec<GrantRow>,
    pub spend: Vec<SpendRow>,
    pub reversals: Vec<ReversalRow>,
}

/// What becomes of the rows.
pub struct Outcomes {
    /// Conditions that fail, of approvals that the rules refuse.
    pub refused_approvals: Vec<(CaseRow, Vec<String>)>,
    /// Caps by case and budget line.
    pub caps: HashMap<(String, String), Eur>,
    pub grants: Vec<&'static str>,
    /// Reason, and what is accepted.
    pub spend: Vec<(&'static str, Eur)>,
    pub reversals: Vec<&'static str>,
}

pub fn read(year: &DemoYear) -> Files {
    let files = Files {
        cases: rows("cases.csv", &year.cases),
        grants: rows("grants.csv", &year.grants),
        spend: rows("spend.csv", &year.spend),
        reversals: rows("reversals.csv", &year.reversals),
    };
    let cases: HashSet<&str> = files.cases.iter().map(|case| case.case_ref.as_str()).collect();
    assert_eq!(cases.len(), files.cases.len(), "a case stands twice in the register");
    assert!(files.grants.iter().all(|grant| cases.contains(grant.case_ref.as_str())));
    assert!(files.spend.iter().all(|spend| cases.contains(spend.case_refs[0].as_str())));

    let receipts: HashSet<_> = files.spend.iter().map(|s| (&s.partner, &s.supplier, &s.receipt_no)).collect();
    assert_eq!(receipts.len(), files.spend.len(), "two receipts clash");
    assert!(files.reversals.iter().all(|r| receipts.contains(&(&r.partner, &r.supplier, &r.receipt_no))));
    let payments: HashSet<_> = files.grants.iter().map(|grant| &grant.payment_ref).collect();
    assert_eq!(payments.len(), files.grants.len(), "two payments clash");
    files
}

fn rows<R: Row>(file: &str, text: &str) -> Vec<R> {
    let table = Table::<R, _>::open(file, text.as_bytes(), Locale::Strict).unwrap();
    assert_eq!(table.layout().columns(), R::COLUMNS);
    table.map(|record| record.unwrap().parsed.unwrap()).collect()
}

pub fn run(files: &Files) -> Outcomes {
    let rulebook = Rulebook::embedded().unwrap();
    let cases: HashMap<&str, &CaseRow> = files.cases.iter().map(|c| (c.case_ref.as_str(), c)).collect();
    let mut caps = HashMap::new();
    let mut refused_approvals = Vec::new();
    for case in &files.cases {
        let (Some(Decision::Approve), Some(decided_on)) = (case.decision, case.decided_on) else { continue };
        match rulebook.assess(&case.facts, decided_on) {
            Assessment::Eligible(entitlements) => {
                caps.extend(entitlements.into_iter().map(|e| ((case.case_ref.clone(), e.budget_line), e.cap)))
            }
            Assessment::Ineligible(failed) => {
                refused_approvals.push((case.clone(), failed.into_iter().map(|f| f.id).collect()));
            }
        }
    }

    let mut paid: HashMap<(String, String), Eur> = HashMap::new();
    let grants = files.grants.iter().map(|grant| {
        let line = (grant.case_ref.clone(), "arrival-grant".to_owned());
        let amount = grant.amount.to_eur_exact().unwrap();
        let total = paid.get(&line).copied().unwrap_or(Eur::ZERO).checked_add(amount).unwrap();
        match (caps.get(&line), cases[grant.case_ref.as_str()].arrived_on) {
            (None, _) => "no-entitlement",
            (_, None) => "not-arrived",
            (_, Some(arrived_on)) if grant.paid_on < arrived_on => "before-arrival",
            (_, Some(arrived_on)) if grant.paid_on > arrived_on + 3.days() => "after-grant-days",
            (Some(cap), _) if total > *cap => "over-cap",
            _ => {
                paid.insert(line, total);
                "paid"
            }
        }
    });
    let grants = grants.collect();

    let mut accepted: HashMap<_, Eur> = HashMap::new();
    let spend: Vec<_> = files
        .spend
        .iter()
        .map(|spend| {
            assert!(
                rulebook
                    .category(&spend.category, spend.delivered_on)
                    .is_some_and(|c| c.budget_line == "reintegration")
            );
            let line = (spend.case_refs[0].clone(), "reintegration".to_owned());
            let case = cases[spend.case_refs[0].as_str()];
            let amount = spend.amount.to_eur_exact().unwrap();
            let (reason, eligible) = match (caps.get(&line), case.arrived_on) {
                (None, _) => ("no-entitlement", Eur::ZERO),
                _ if case.partner.as_ref() != Some(&spend.partner) => ("wrong-partner", Eur::ZERO),
                (_, None) => ("not-arrived", Eur::ZERO),
                (_, Some(arrived_on)) if spend.delivered_on < arrived_on => ("before-arrival", Eur::ZERO),
                (_, Some(arrived_on)) if spend.delivered_on > arrived_on + 12.months() => {
                    ("late-use", Eur::ZERO)
                }
                (Some(cap), _) => {
                    let used = paid.get(&line).copied().unwrap_or(Eur::ZERO);
                    let eligible = amount.min(cap.checked_sub(used).unwrap());
                    paid.insert(line, used.checked_add(eligible).unwrap());
                    match eligible {
                        eligible if eligible == amount => ("accepted", eligible),
                        Eur::ZERO => ("over-cap", eligible),
                        _ => ("cut", eligible),
                    }
                }
            };
            accepted.insert((&spend.partner, &spend.supplier, &spend.receipt_no), eligible);
            (reason, eligible)
        })
        .collect();

    let reversals = files.reversals.iter().map(|reversal| {
        let eligible = accepted[&(&reversal.partner, &reversal.supplier, &reversal.receipt_no)];
        let amount = reversal.amount.to_eur_exact().unwrap();
        match () {
            () if eligible.is_zero() => "not-accepted",
            () if amount > eligible => "more-than-accepted",
            () if amount == eligible => "whole",
            () => "part",
        }
    });
    let reversals = reversals.collect();
    Outcomes { refused_approvals, caps, grants, spend, reversals }
}
