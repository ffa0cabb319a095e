//! A case being told what happens to it.

use std::sync::OnceLock;

use domain::case::{CommandRefused, Decision};
use domain::claim::{Cut, Spend};
use domain::grant::PaymentMethod;
use domain::{
    Actor, By, Case, CaseCommand, CaseEvent, CaseId, CaseReference, ClaimCommand, ClaimId, GrantCommand,
    GrantId, KeyDigest, PartnerCode, Refusal, SubjectId, TextId,
};
use jiff::civil::Date;
use money::Eur;
use rulebook::{AsylumOutcome, Authority, Facts, ReturnMode, Rulebook};
use uuid::Uuid;

pub const SUPPORT: &str = "reintegration";
pub const GRANT: &str = "arrival-grant";

pub fn rules() -> &'static Rulebook {
    static RULES: OnceLock<Rulebook> = OnceLock::new();
    RULES.get_or_init(|| Rulebook::embedded().unwrap())
}

/// The same, where one person decides whatever is claimed.
pub fn rules_of_one() -> &'static Rulebook {
    static RULES: OnceLock<Rulebook> = OnceLock::new();
    RULES.get_or_init(|| {
        let limit = "id = \"second_approval_from\"\nvalue = \"";
        assert!(rules().document().contains(limit));
        Rulebook::parse(&rules().document().replace(limit, &format!("{limit}9000000000"))).unwrap()
    })
}

pub fn plan(on: &str, lines: &[(&str, &str)]) -> CaseCommand {
    let lines = lines.iter().map(|(category, amount)| ((*category).to_owned(), eur(amount))).collect();
    CaseCommand::AgreePlan { partner: partner("caritas"), agreed_on: day(on), lines, told_on: day(on) }
}

pub fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub fn eur(text: &str) -> Eur {
    text.parse().unwrap()
}

pub fn partner(code: &str) -> PartnerCode {
    code.parse().unwrap()
}

pub fn text(number: u8) -> TextId {
    TextId([number; 32])
}

pub fn claim(number: u128) -> ClaimId {
    ClaimId(Uuid::from_u128(number))
}

pub fn grant(number: u128) -> GrantId {
    GrantId(Uuid::from_u128(number))
}

/// Eligible: voluntary, to the Gambia, applied on 1 February 2024.
pub fn facts() -> Facts {
    Facts {
        applied_on: day("2024-02-01"),
        destination: "GM".parse().unwrap(),
        return_mode: ReturnMode::Voluntary,
        handled_by: Authority::MigrationAgency,
        asylum_outcome: AsylumOutcome::Refused,
        in_sweden: true,
        likely_received: true,
        intends_to_reestablish: true,
        court_expulsion: false,
        unaccompanied_child: false,
    }
}

pub fn forced(facts: Facts) -> Facts {
    Facts { return_mode: ReturnMode::Forced, handled_by: Authority::Police, ..facts }
}

pub fn to(country: &str, facts: Facts) -> Facts {
    Facts { destination: country.parse().unwrap(), ..facts }
}

pub fn applied(on: &str, facts: Facts) -> Facts {
    Facts { applied_on: day(on), ..facts }
}

pub fn file(facts: Facts) -> CaseCommand {
    CaseCommand::File {
        case: CaseId(Uuid::from_u128(1)),
        subject: SubjectId(Uuid::from_u128(2)),
        reference: CaseReference::from_random(3),
        external_ref: text(4),
        facts,
    }
}

pub fn approve(on: &str) -> CaseCommand {
    CaseCommand::Decide { decision: Decision::Approve, decided_on: day(on) }
}

pub fn reject(on: &str) -> CaseCommand {
    CaseCommand::Decide { decision: Decision::Reject, decided_on: day(on) }
}

pub fn withdraw(on: &str) -> CaseCommand {
    CaseCommand::Withdraw { withdrawn_on: day(on) }
}

pub fn depart(on: &str) -> CaseCommand {
    CaseCommand::Depart { departed_on: day(on) }
}

pub fn arrive(on: &str) -> CaseCommand {
    CaseCommand::Arrive { arrived_on: day(on) }
}

pub fn assign(code: &str) -> CaseCommand {
    CaseCommand::AssignPartner { partner: partner(code), assigned_on: None, told_on: day("2024-01-01") }
}

pub fn hand_over(code: &str, on: &str) -> CaseCommand {
    hand_over_told(code, on, on)
}

/// The same, told on another day than that of the transfer.
pub fn hand_over_told(code: &str, on: &str, told_on: &str) -> CaseCommand {
    let (assigned_on, told_on) = (Some(day(on)), day(told_on));
    CaseCommand::AssignPartner { partner: partner(code), assigned_on, told_on }
}

pub fn close(on: &str) -> CaseCommand {
    CaseCommand::Close { closed_on: day(on) }
}

pub fn become_forced(on: &str) -> CaseCommand {
    CaseCommand::ChangeReturnMode {
        changed_on: day(on),
        return_mode: ReturnMode::Forced,
        handled_by: Authority::Police,
    }
}

pub fn become_voluntary(on: &str) -> CaseCommand {
    CaseCommand::ChangeReturnMode {
        changed_on: day(on),
        return_mode: ReturnMode::Voluntary,
        handled_by: Authority::MigrationAgency,
    }
}

pub fn spend(number: u128, delivered_on: &str, amount: &str) -> Spend {
    Spend {
        claim: claim(number),
        partner: partner("caritas"),
        category: "temporary-housing".into(),
        budget_line: SUPPORT.into(),
        delivered_on: day(delivered_on),
        reported_on: day(delivered_on),
        amount: eur(amount).into(),
        quote: None,
        newest: None,
        receipt_key: KeyDigest([number as u8; 32]),
        receipt_sha256: None,
        details: text(5),
        shared: None,
        file: None,
        beside: None,
        alike: None,
    }
}

pub fn actor(name: &str) -> Actor {
    name.parse().unwrap()
}

/// Somebody in a ledger in which these partners are registered.
pub fn who(name: &str) -> By {
    By::of(actor(name), |code| ["caritas", "ettc", "irara"].contains(&code.as_str()))
}

pub fn accept(number: u128) -> ClaimCommand {
    ClaimCommand::Accept { claim: claim(number), by_name: false, cut: None }
}

pub fn accept_by_name(number: u128) -> ClaimCommand {
    ClaimCommand::Accept { claim: claim(number), by_name: true, cut: None }
}

pub fn accept_at_most(number: u128, at_most: &str) -> ClaimCommand {
    let cut = Some(Cut { at_most: eur(at_most), details: text(12) });
    ClaimCommand::Accept { claim: claim(number), by_name: true, cut }
}

pub fn refuse(number: u128) -> ClaimCommand {
    ClaimCommand::Refuse { claim: claim(number), details: text(6) }
}

pub fn query(number: u128) -> ClaimCommand {
    ClaimCommand::Query { claim: claim(number), details: text(10) }
}

pub fn answer(number: u128) -> ClaimCommand {
    ClaimCommand::Answer { claim: claim(number), details: text(11) }
}

pub fn reopen(number: u128) -> ClaimCommand {
    ClaimCommand::Reopen { claim: claim(number), details: text(6) }
}

/// The same command given by somebody else.
pub fn by(name: &str, command: impl Into<Command>) -> Command {
    Command::By(who(name), Box::new(command.into()))
}

pub fn reverse(number: u128, on: &str, amount: &str) -> ClaimCommand {
    ClaimCommand::Reverse {
        claim: claim(number),
        amount: eur(amount).into(),
        reversed_on: day(on),
        reversal_key: KeyDigest([7; 32]),
        details: text(7),
    }
}

pub fn undo_reversal(number: u128) -> ClaimCommand {
    ClaimCommand::UndoReversal { claim: claim(number), reversal_key: KeyDigest([7; 32]), details: text(7) }
}

pub fn pay(number: u128, on: &str, amount: &str) -> GrantCommand {
    GrantCommand::Pay {
        grant: grant(number),
        paid_on: day(on),
        amount: eur(amount),
        method: PaymentMethod::Bank,
        payment_key: KeyDigest([number as u8; 32]),
        details: text(8),
    }
}

pub fn allow(number: u128) -> GrantCommand {
    GrantCommand::Allow { grant: grant(number), details: text(9) }
}

pub fn give_back(number: u128, on: &str, amount: &str) -> GrantCommand {
    GrantCommand::Return { grant: grant(number), amount: eur(amount), returned_on: day(on), details: text(9) }
}

/// Any command on one case.
#[derive(Debug, Clone)]
pub enum Command {
    Case(CaseCommand),
    Claim(ClaimCommand),
    Grant(GrantCommand),
    /// Given by somebody else than finance.
    By(By, Box<Command>),
}

impl Command {
    /// What is asked, and by whom.
    pub fn given(&self) -> (&Self, By) {
        match self {
            Self::By(by, command) => (command.given().0, by.clone()),
            _ => (self, who("finance")),
        }
    }
}

impl From<CaseCommand> for Command {
    fn from(command: CaseCommand) -> Self {
        Self::Case(command)
    }
}

impl From<ClaimCommand> for Command {
    fn from(command: ClaimCommand) -> Self {
        Self::Claim(command)
    }
}

impl From<GrantCommand> for Command {
    fn from(command: GrantCommand) -> Self {
        Self::Grant(command)
    }
}

impl From<Spend> for Command {
    fn from(report: Spend) -> Self {
        Self::Claim(ClaimCommand::Report(report.into()))
    }
}

/// The stream of one case: what happened, and what that made of the case.
#[derive(Debug, Clone)]
pub struct History {
    pub events: Vec<CaseEvent>,
    pub case: Option<Case>,
    pub rules: &'static Rulebook,
}

impl History {
    pub fn new(facts: Facts) -> Self {
        Self::under(rules_of_one(), facts)
    }

    pub fn under(rules: &'static Rulebook, facts: Facts) -> Self {
        let mut history = Self { events: Vec::new(), case: None, rules };
        history.done(file(facts));
        history
    }

    pub fn approved(facts: Facts) -> Self {
        Self::approved_under(rules_of_one(), facts)
    }

    pub fn approved_under(rules: &'static Rulebook, facts: Facts) -> Self {
        let mut history = Self::under(rules, facts);
        history.done(approve("2024-02-20"));
        history
    }

    /// Approved, with Caritas, home on 11 March 2024.
    pub fn arrived(facts: Facts) -> Self {
        Self::arrived_under(rules_of_one(), facts)
    }

    pub fn arrived_under(rules: &'static Rulebook, facts: Facts) -> Self {
        let mut history = Self::approved_under(rules, facts);
        for command in [assign("caritas"), depart("2024-03-10"), arrive("2024-03-11")] {
            history.done(command);
        }
        history
    }

    pub fn case(&self) -> &Case {
        self.case.as_ref().unwrap()
    }

    pub fn decide(&self, command: &Command) -> Result<Vec<CaseEvent>, Refusal> {
        let (command, by) = command.given();
        match command {
            Command::Case(command) => domain::case::decide(self.case.as_ref(), command, &by, self.rules),
            Command::Claim(command) => domain::claim::decide(self.case(), command, &by, self.rules),
            Command::Grant(command) => domain::grant::decide(self.case(), command, &by, self.rules),
            Command::By(..) => panic!("nobody gives a command twice"),
        }
    }

    /// Gives a command; its events happen, or its refusal is kept.
    pub fn give(&mut self, command: impl Into<Command>) -> Result<Vec<CaseEvent>, Refusal> {
        let command = command.into();
        let decided = self.decide(&command);
        match &decided {
            Ok(events) => events.iter().for_each(|event| self.happen(event.clone())),
            Err(refusal) => {
                let refused = refused(self.case.as_ref(), &command, refusal);
                if self.case.as_ref().is_some_and(|case| !case.already_refused(&refused)) {
                    self.happen(refused.into());
                }
            }
        }
        decided
    }

    /// Gives a command that no rule refuses.
    pub fn done(&mut self, command: impl Into<Command>) -> Vec<CaseEvent> {
        let command = command.into();
        self.give(command.clone()).unwrap_or_else(|refusal| panic!("{command:?}: {refusal}"))
    }

    /// The ids of the reasons for which a command is refused.
    pub fn refused(&mut self, command: impl Into<Command>) -> String {
        let command = command.into();
        match self.give(command.clone()) {
            Err(refusal) => refusal.codes(),
            Ok(events) => panic!("{command:?} was not refused: {events:?}"),
        }
    }

    fn happen(&mut self, event: CaseEvent) {
        self.case = Some(Case::evolve(self.case.take(), &event).unwrap());
        self.events.push(event);
    }

    /// `cap disbursed pending disallowed remaining` of a line.
    pub fn figures(&self, budget_line: &str) -> String {
        let line = self.case().balances.line(budget_line);
        let remaining = line.remaining().unwrap();
        format!("{} {} {} {} {remaining}", line.cap, line.disbursed, line.pending, line.disallowed)
    }
}

fn refused(case: Option<&Case>, command: &Command, refusal: &Refusal) -> CommandRefused {
    let (command, about, on, amount) = match command.given().0 {
        Command::Case(c) => (c.name(), None, c.on(), None),
        Command::Claim(c) => (c.name(), Some(c.about()), c.on(), case.and_then(|case| c.amount(case))),
        Command::Grant(c) => (c.name(), Some(c.about()), c.on(), c.amount()),
        Command::By(..) => panic!("nobody gives a command twice"),
    };
    let (command, rulebook, reasons) =
        (command.to_owned(), rules().version().to_owned(), refusal.reasons.clone());
    CommandRefused { command, about, on, amount, rulebook, reasons }
}

/// The type names of events.
pub fn names(events: &[CaseEvent]) -> Vec<&'static str> {
    events.iter().map(CaseEvent::event_type).collect()
}
