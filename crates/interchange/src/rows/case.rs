//! `cases.csv`: applications, how they were decided, and how the return went.

use domain::case::Decision;
use jiff::civil::Date;
use rulebook::Facts;

use crate::{Fields, Row};

/// One application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// The authority's own key for the case.
    pub case_ref: String,
    /// What the rules look at.
    pub facts: Facts,
    /// Day of the decision. Present exactly if there is a decision.
    pub decided_on: Option<Date>,
    /// The decision, if there is one yet.
    pub decision: Option<Decision>,
    /// Day of departure from Sweden.
    pub departed_on: Option<Date>,
    /// Day of arrival in the country of destination.
    pub arrived_on: Option<Date>,
    /// Code of the partner organisation that supports the person there.
    pub partner: Option<String>,
}

impl Row for CaseRow {
    const KIND: &'static str = "cases";
    const COLUMNS: &'static [&'static str] = &[
        "case_ref",
        "applied_on",
        "destination",
        "return_mode",
        "handled_by",
        "asylum_outcome",
        "in_sweden",
        "likely_received",
        "intends_to_reestablish",
        "court_expulsion",
        "unaccompanied_child",
        "decided_on",
        "decision",
        "departed_on",
        "arrived_on",
        "partner",
    ];

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let case_ref = fields.reference("case_ref");
        let applied_on = fields.date("applied_on");
        let facts = read_facts(fields, applied_on);
        let decided_on = fields.optional("decided_on", Fields::date);
        let decision = fields.optional("decision", Fields::code);
        let departed_on = fields.optional("departed_on", Fields::date);
        let arrived_on = fields.optional("arrived_on", Fields::date);
        let partner = fields.optional("partner", Fields::slug);

        check_decision(fields);
        check_order(
            fields,
            ["applied_on", "decided_on"],
            applied_on,
            decided_on,
            "case.decided-before-applied",
        );
        check_order(
            fields,
            ["applied_on", "departed_on"],
            applied_on,
            departed_on,
            "case.departed-before-applied",
        );
        check_order(
            fields,
            ["departed_on", "arrived_on"],
            departed_on,
            arrived_on,
            "case.arrived-before-departed",
        );
        if fields.is_empty("departed_on") && !fields.is_empty("arrived_on") {
            fields.refuse(
                "arrived_on",
                "case.arrived-not-departed",
                "Who arrived has departed; departed_on is missing.",
            );
        }
        Some(Self {
            case_ref: case_ref?,
            facts: facts?,
            decided_on,
            decision,
            departed_on,
            arrived_on,
            partner,
        })
    }
}

fn read_facts(fields: &mut Fields<'_>, applied_on: Option<Date>) -> Option<Facts> {
    // All cells are read before the first `?`, so that all their errors are noted.
    let destination = fields.code("destination");
    let return_mode = fields.code("return_mode");
    let handled_by = fields.code("handled_by");
    let asylum_outcome = fields.code("asylum_outcome");
    let in_sweden = fields.yes_no("in_sweden");
    let likely_received = fields.yes_no("likely_received");
    let intends_to_reestablish = fields.yes_no("intends_to_reestablish");
    let court_expulsion = fields.yes_no("court_expulsion");
    let unaccompanied_child = fields.yes_no("unaccompanied_child");
    Some(Facts {
        applied_on: applied_on?,
        destination: destination?,
        return_mode: return_mode?,
        handled_by: handled_by?,
        asylum_outcome: asylum_outcome?,
        in_sweden: in_sweden?,
        likely_received: likely_received?,
        intends_to_reestablish: intends_to_reestablish?,
        court_expulsion: court_expulsion?,
        unaccompanied_child: unaccompanied_child?,
    })
}

/// A decision and its day come together. Compared by the cells, so that a misspelt one counts as present.
fn check_decision(fields: &mut Fields<'_>) {
    const RULE: &str = "case.decision-date";
    match (fields.is_empty("decision"), fields.is_empty("decided_on")) {
        (false, true) => fields.refuse("decision", RULE, "A decision has a day; decided_on is missing."),
        (true, false) => fields.refuse("decided_on", RULE, "Only a decision has a day; decision is missing."),
        _ => {}
    }
}

fn check_order(
    fields: &mut Fields<'_>,
    [first, then]: [&'static str; 2],
    earlier: Option<Date>,
    later: Option<Date>,
    rule: &'static str,
) {
    if let (Some(earlier), Some(later)) = (earlier, later)
        && later < earlier
    {
        fields.refuse(then, rule, format!("The date is before {first}, {earlier}."));
    }
}
