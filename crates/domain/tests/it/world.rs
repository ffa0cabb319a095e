//! A small ledger that is told random things: three people, two partners and the holds, with the whole log.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use domain::claim::{Shared, Spend};
use domain::hold::Scope;
use domain::ids::PaymentId;
use domain::ledger::{LedgerEvent, Rulebooks};
use domain::partner::{Agreement, FeeTerms, PaidFor, PartnerEvent, ReportedFee};
use domain::reconciliation::Settled;
use domain::{
    Actor, CaseCommand, CaseEvent, CaseId, CaseReference, Event, FeeId, HoldCommand, Holds, KeyDigest,
    Partner, PartnerCode, PartnerCommand, Recorded, Refusal, SubjectId,
};
use event_log::StreamId;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use money::{Amount, Currency, Eur, Rate};
use proptest::prelude::*;
use proptest::sample::select;
use rulebook::Rulebook;
use uuid::Uuid;

use crate::banking::{BankAct, Banking, bank_act};
use crate::sequences::{amount, case_command, claim_command, date, dinars, grant_command, name, quote, rate};
use crate::support::*;

pub const PARTNERS: [&str; 2] = ["caritas", "irara"];
/// Countries of the people.
const PEOPLE: [&str; 3] = ["GM", "IQ", "AM"];
/// Claims of one person have these numbers, from a hundred times the person's on; the last ones are shares of families.
const CLAIMS: u128 = 8;
const FAMILIES: u128 = 3;
/// No two things have one id, whatever they are.
const FEES: u128 = 1_000;
const PAYMENTS: u128 = 2_000;
const GRANTS: u128 = 3_000;
const DAY: i64 = 86_400_000_000;

/// The rules in force, and others that let one person decide more.
pub fn books() -> [&'static Rulebook; 2] {
    static LATER: OnceLock<Rulebook> = OnceLock::new();
    let later = LATER.get_or_init(|| {
        let version = format!("version = \"{}\"", rules().version());
        let document = rules_of_one().document().replace(&version, "version = \"later\"");
        Rulebook::parse(&document).unwrap()
    });
    [rules(), later]
}

/// Something that the ledger is told.
#[derive(Debug, Clone)]
pub enum Act {
    /// Of one person.
    On(usize, Box<Command>),
    /// Spend on the first of the people together.
    Family { number: u128, people: usize, spend: Box<Spend> },
    /// Of a partner.
    Partner(&'static str, Box<PartnerCommand>),
    /// Of the holds.
    Hold(HoldCommand),
    /// Other rules.
    Adopt(usize),
    /// Of the bank.
    Bank(BankAct),
}

/// An act, by whom, and how many days after the one before.
#[derive(Debug, Clone)]
pub struct Given {
    by: Actor,
    days: i64,
    pub act: Act,
}

pub fn acts() -> impl Strategy<Value = Vec<Given>> {
    let person = (0..PEOPLE.len()).prop_flat_map(|who| {
        let first = who as u128 * 100;
        let command = prop_oneof![
            3 => case_command().prop_map(Command::from),
            8 => claim_command(first..first + CLAIMS + FAMILIES),
            1 => grant_command(GRANTS + first..GRANTS + first + 5),
        ];
        command.prop_map(move |command| Act::On(who, Box::new(command)))
    });
    let hold = prop_oneof![
        (scope(), date()).prop_map(|(scope, from)| HoldCommand::Place { scope, from, reason: text(1) }),
        (1_u64..4, date()).prop_map(|(hold, released_on)| HoldCommand::Release {
            hold,
            released_on,
            reason: text(2)
        }),
    ];
    let of_partner = (0..PARTNERS.len()).prop_flat_map(|which| {
        partner_command(which as u128 * 100)
            .prop_map(move |command| Act::Partner(PARTNERS[which], Box::new(command)))
    });
    let act = prop_oneof![
        12 => person,
        2 => family(),
        4 => of_partner,
        1 => hold.prop_map(Act::Hold),
        2 => (0_usize..2).prop_map(Act::Adopt),
        8 => bank_act().prop_map(Act::Bank),
    ];
    let given = (name(), 0_i64..25, act).prop_map(|(by, days, act)| Given { by: by_of(&act, by), days, act });
    prop::collection::vec(given, 1..80)
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        select(&PARTNERS[..]).prop_map(|code| Scope::Partner(partner(code))),
        select(&PEOPLE[..]).prop_map(|code| Scope::Country(code.parse().unwrap())),
        Just(Scope::Programme("jrs".into())),
    ]
}

fn family() -> impl Strategy<Value = Act> {
    let whole = prop_oneof![
        amount().prop_map(Amount::from),
        select(&["0.005", "1000.000", "12345.678", "1500000.000"][..]).prop_map(dinars),
    ];
    let said =
        (0..FAMILIES, 2..=PEOPLE.len(), select(&PARTNERS[..]), whole, date(), prop::option::of(rate()));
    said.prop_map(|(number, people, code, amount, delivered_on, rate)| {
        let quote = rate.filter(|_| amount.currency() != Currency::EUR).map(|rate| quote(rate, delivered_on));
        let spend = spend(0, "2024-04-01", "1.00");
        let spend =
            Spend { partner: partner(code), amount, delivered_on, reported_on: delivered_on, quote, ..spend };
        Act::Family { number, people, spend: Box::new(spend) }
    })
}

/// About the fees and payments that have these numbers, from `first` on.
fn partner_command(first: u128) -> impl Strategy<Value = PartnerCommand> {
    let fee = move || (FEES + first..FEES + first + 6).prop_map(|number| FeeId(Uuid::from_u128(number)));
    let charged = prop_oneof![
        (amount().prop_map(Amount::from), Just(None::<Rate>)),
        (select(&["0.004", "12345.678", "1500000.000"][..]).prop_map(dinars), prop::option::of(rate())),
    ];
    let reported = (fee(), date(), charged).prop_map(|(fee, on, (amount, rate))| {
        PartnerCommand::ReportFee(ReportedFee {
            fee,
            charged_on: on,
            reported_on: on,
            amount,
            quote: rate.map(|rate| quote(rate, on)),
            receipt_key: KeyDigest([1; 32]),
            receipt_sha256: None,
            details: text(5),
            file: None,
        })
    });
    let converted = (fee(), date(), rate())
        .prop_map(|(fee, on, rate)| PartnerCommand::ConvertFee { fee, quote: quote(rate, on) });
    let taken_back =
        (PAYMENTS + first..PAYMENTS + first + 12).prop_map(|number| PartnerCommand::ReversePaid {
            payment: PaymentId(Uuid::from_u128(number)),
            matched: None,
            shown: None,
            reason: text(7),
        });
    let paid = (any::<bool>(), select(&["0.01", "615.00", "2000.00"][..]), date());
    let paid =
        (PAYMENTS + first..PAYMENTS + first + 12, paid).prop_map(|(number, (advance, sum, paid_on))| {
            PartnerCommand::Pay {
                payment: PaymentId(Uuid::from_u128(number)),
                paid_for: if advance { PaidFor::Advance } else { PaidFor::Claims },
                amount: eur(sum),
                paid_on,
                payment_key: KeyDigest([2; 32]),
                details: text(8),
            }
        });
    let details = (0_u8..3, 1_u8..4, name()).prop_map(|(what, number, by)| match what {
        0 => PartnerCommand::ProposeDetails {
            details: text(number),
            digest: KeyDigest([number; 32]),
            proposed_by: actor(by),
        },
        1 => PartnerCommand::ApproveDetails { details: text(number), approved_by: actor(by) },
        _ => PartnerCommand::RejectDetails { reason: text(9) },
    });
    let signed = (select(&["a", "b"][..]), date()).prop_map(|(code, valid_from)| PartnerCommand::Sign {
        agreement: code.parse().unwrap(),
        terms: Agreement {
            programme: "jrs".into(),
            countries: PEOPLE.iter().map(|country| country.parse().unwrap()).collect(),
            valid_from,
            valid_until: None,
            fee: Some(FeeTerms::PerCase(eur("50.00"))),
        },
    });
    prop_oneof![
        6 => reported,
        3 => converted,
        6 => fee().prop_map(|fee| PartnerCommand::AcceptFee { fee }),
        1 => fee().prop_map(|fee| PartnerCommand::RefuseFee { fee, reason: text(6) }),
        1 => fee().prop_map(|fee| PartnerCommand::QueryFee { fee, details: text(6) }),
        1 => fee().prop_map(|fee| PartnerCommand::AnswerFee { fee, details: text(6) }),
        1 => fee().prop_map(|fee| PartnerCommand::ReopenFee { fee, reason: text(6) }),
        4 => (fee(), prop::option::of(amount())).prop_map(|(fee, amount)| {
            PartnerCommand::ReverseFee { fee, amount, reason: text(7) }
        }),
        1 => fee().prop_map(|fee| PartnerCommand::DropFeeReversal { fee, reason: text(7) }),
        2 => taken_back,
        2 => paid,
        2 => details,
        1 => signed,
    ]
}

/// Whoever a command names is the one who gives it.
fn by_of(act: &Act, name: &str) -> Actor {
    match act {
        Act::On(_, command) => match &**command {
            Command::By(by, _) => by.actor().clone(),
            _ => actor(name),
        },
        Act::Partner(_, command) => match &**command {
            PartnerCommand::ProposeDetails { proposed_by: by, .. }
            | PartnerCommand::ApproveDetails { approved_by: by, .. } => by.clone(),
            _ => actor(name),
        },
        _ => actor(name),
    }
}

/// The ledger as it stands, and all that led there.
#[derive(Debug, Clone)]
pub struct World {
    pub people: Vec<History>,
    pub partners: BTreeMap<PartnerCode, Partner>,
    pub holds: Holds,
    pub rulebooks: Rulebooks,
    pub log: Vec<Recorded>,
    pub rules: &'static Rulebook,
    pub banking: Banking,
    /// Microseconds since 1970.
    pub at: i64,
}

impl World {
    /// Everybody approved and at home with Caritas; IRARA is known.
    pub fn new() -> Self {
        let at = "2024-01-01T12:00:00Z".parse::<Timestamp>().unwrap().as_microsecond();
        let people = (0..PEOPLE.len()).map(|_| History { events: Vec::new(), case: None, rules: rules() });
        let mut world = Self {
            people: people.collect(),
            partners: BTreeMap::new(),
            holds: Holds::default(),
            rulebooks: Rulebooks::default(),
            log: Vec::new(),
            rules: rules(),
            banking: Banking::default(),
            at,
        };
        world.adopt(&actor("finance"), None, 0).unwrap();
        for code in PARTNERS {
            let register = PartnerCommand::Register { partner: partner(code), name: code.parse().unwrap() };
            world.give(&Given::by_finance(Act::Partner(code, Box::new(register)))).unwrap();
        }
        for (who, country) in PEOPLE.iter().enumerate() {
            let file = CaseCommand::File {
                case: CaseId(Uuid::from_u128(who as u128 + 1)),
                subject: SubjectId(Uuid::from_u128(who as u128 + 11)),
                reference: CaseReference::from_random(who as u64),
                external_ref: text(4),
                facts: to(country, facts()),
            };
            for command in
                [file, approve("2024-02-20"), assign("caritas"), depart("2024-03-10"), arrive("2024-03-11")]
            {
                world.give(&Given::by_finance(Act::On(who, Box::new(command.into())))).unwrap();
            }
        }
        world
    }

    /// Does what is asked, or keeps the refusal.
    pub fn give(&mut self, given: &Given) -> Result<(), Refusal> {
        self.at += given.days * DAY;
        let by = &given.by;
        match &given.act {
            Act::On(who, command) => self.tell(by, *who, Command::clone(command)),
            Act::Family { number, people, spend } => self.share(by, *number, *people, spend),
            Act::Partner(code, command) => {
                let (code, mut command) = (partner(code), PartnerCommand::clone(command));
                // What the bank has shown is known to whoever takes it back.
                if let PartnerCommand::ReversePaid { payment, matched, .. } = &mut command {
                    let of = Settled::PaidOutside { partner: code.clone(), payment: *payment };
                    *matched = self.banking.reconciliation.of_item(&of).map(|of| of.matched.number);
                }
                self.on_partner(by, &code, &command)
            }
            Act::Hold(command) => domain::hold::decide(&self.holds, command, &who(by.as_str()), self.rules)
                .map(|event| {
                    self.holds.evolve(&event).unwrap();
                    self.record(by, domain::hold::stream(), self.holds.revision, Event::Hold(event));
                }),
            Act::Adopt(book) => self.adopt(by, Some(self.rules), *book),
            Act::Bank(act) => self.bank(by.as_str(), act),
        }
    }

    fn tell(&mut self, by: &Actor, who: usize, command: Command) -> Result<(), Refusal> {
        let person = &mut self.people[who];
        let before = person.events.len();
        let done = person.give(crate::support::by(by.as_str(), command));
        let stream = person.case().id.stream();
        let new: Vec<CaseEvent> = person.events[before..].to_vec();
        for (version, event) in (before as u64 + 1..).zip(new) {
            self.record(by, stream.clone(), version, Event::Case(event));
        }
        done.map(drop)
    }

    /// All shares, or none: if the report of one is refused, that refusal is all that is kept.
    fn share(&mut self, by: &Actor, number: u128, people: usize, spend: &Spend) -> Result<(), Refusal> {
        let id = |who: usize| claim(who as u128 * 100 + CLAIMS + number);
        let share = |who: usize| {
            let (part, parts) = (who as u32 + 1, people as u32);
            let shared = Shared { of: id(0), part, parts, whole: spend.amount };
            let amount = shared.amount().unwrap();
            Command::from(Spend { claim: id(who), amount, shared: Some(shared), ..spend.clone() })
        };
        let by_them = |who| crate::support::by(by.as_str(), share(who));
        let refuses = |who: &usize| self.people[*who].decide(&by_them(*who)).is_err();
        match (0..people).find(refuses) {
            Some(who) => self.tell(by, who, share(who)),
            None => (0..people).try_for_each(|who| self.tell(by, who, share(who))),
        }
    }

    pub fn on_partner(
        &mut self,
        by: &Actor,
        code: &PartnerCode,
        command: &PartnerCommand,
    ) -> Result<(), Refusal> {
        let by_them = who(by.as_str());
        let events = domain::partner::decide(self.partners.get(code), command, &by_them, self.rules)?;
        events.into_iter().for_each(|event| self.note_partner(by, code, event));
        Ok(())
    }

    pub fn note_partner(&mut self, by: &Actor, code: &PartnerCode, event: PartnerEvent) {
        let partner = Partner::evolve(self.partners.remove(code), &event).unwrap();
        let version = partner.revision;
        self.partners.insert(code.clone(), partner);
        self.record(by, code.stream(), version, Event::Partner(event));
    }

    pub fn today(&self) -> Date {
        Timestamp::from_microsecond(self.at).unwrap().to_zoned(TimeZone::UTC).date()
    }

    fn adopt(&mut self, by: &Actor, present: Option<&Rulebook>, book: usize) -> Result<(), Refusal> {
        let new = books()[book];
        let decided = domain::ledger::adopt(&self.rulebooks, present, new, &who(by.as_str()))?;
        if let Some(event) = decided {
            self.rulebooks.evolve(&event);
            if matches!(event, LedgerEvent::RulebookAdopted(_)) {
                self.rules = new;
                self.people.iter_mut().for_each(|person| person.rules = new);
            }
            let version = self.log.len() as u64 + 1;
            self.record(by, domain::ledger::stream(), version, Event::Ledger(event));
        }
        Ok(())
    }

    pub fn record(&mut self, by: &Actor, stream_id: StreamId, stream_version: u64, event: Event) {
        let position = self.log.len() as u64 + 1;
        self.log.push(Recorded {
            position,
            stream_id,
            stream_version,
            command_id: Uuid::from_u128(u128::from(position)),
            actor: by.to_string(),
            recorded_at: self.at,
            event,
        });
    }

    /// The euros of all claims of a partner that are `of` interest.
    pub fn claimed(&self, code: &str, of: impl Fn(&domain::claim::Claim) -> Eur) -> Eur {
        let claims = self.people.iter().flat_map(|person| person.case().claims.values());
        Eur::sum(claims.filter(|claim| claim.partner == partner(code)).map(of)).unwrap()
    }
}

impl Given {
    fn by_finance(act: Act) -> Self {
        Self { by: by_of(&act, "finance"), days: 0, act }
    }
}
