//! The register of applications: `cases.csv`.

use jiff::civil::{Date, date};

use crate::calendar::{after, some_day, weekday};
use crate::dice::Dice;
use crate::roles::{self, Applied, Flaw, GrantPlan, Journey, Kind, Role, SpendPlan};
use crate::sheet::{Sheet, optional, yes_no};
use crate::world::{self, Place};

/// One application, with what is to become of it.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) case_ref: String,
    pub(crate) applied_on: Date,
    /// Usually that of the place.
    pub(crate) destination: &'static str,
    /// Where suppliers and partners come from.
    pub(crate) place: &'static Place,
    pub(crate) forced: bool,
    asylum_outcome: &'static str,
    in_sweden: bool,
    likely_received: bool,
    intends_to_reestablish: bool,
    court_expulsion: bool,
    pub(crate) unaccompanied_child: bool,
    decision: Option<(Date, &'static str)>,
    pub(crate) departed_on: Option<Date>,
    pub(crate) arrived_on: Option<Date>,
    pub(crate) partner: Option<&'static str>,
    pub(crate) grant: GrantPlan,
    pub(crate) spend: SpendPlan,
}

impl Person {
    /// The most that in-kind support may come to, in cents, as the rules stood in the year.
    pub(crate) fn cap(&self) -> u64 {
        let extended =
            self.destination == "IQ" && (date(2023, 6, 1)..=date(2024, 6, 30)).contains(&self.applied_on);
        match (self.forced, self.unaccompanied_child) {
            (true, false) => 200_000,
            (false, _) if extended => 500_000,
            _ => 300_000,
        }
    }

    /// The day of the latest step of the return.
    pub(crate) fn latest(&self) -> Date {
        let decided = self.decision.map(|(day, _)| day);
        self.arrived_on.or(self.departed_on).or(decided).unwrap_or(self.applied_on)
    }
}

/// Invents so many people, in the order of their applications.
pub(crate) fn register(dice: &mut Dice, people: usize) -> Vec<Person> {
    let mut block = roles::block();
    // A case or family, and how many it has.
    let mut units: Vec<(Person, usize)> = Vec::new();
    let mut left = people;
    while left > 0 {
        dice.shuffle(&mut block);
        for role in &block {
            let members = role.people.min(left);
            if members == 0 {
                break;
            }
            left -= members;
            units.push((draw(dice, role), members));
        }
    }
    units.sort_by_key(|(person, _)| person.applied_on);

    let mut register: Vec<Person> = Vec::with_capacity(people);
    let (mut year, mut number) = (0, 0);
    for (person, members) in units {
        if person.applied_on.year() != year {
            (year, number) = (person.applied_on.year(), 0);
        }
        for _ in 0..members {
            number += 1;
            register.push(Person { case_ref: format!("MV-{year}-{number:05}"), ..person.clone() });
        }
    }
    register
}

fn draw(dice: &mut Dice, role: &Role) -> Person {
    let applied_on = applied_on(dice, role.applied);
    let forced = match role.kind {
        Kind::Forced | Kind::ForcedChild => true,
        Kind::WronglyApproved(flaw) | Kind::Rejected(flaw) => {
            matches!(flaw, Flaw::ForcedTo(_) | Flaw::Several | Flaw::CourtExpulsion)
        }
        Kind::Voluntary | Kind::Child | Kind::To(_) | Kind::Undecided => false,
    };
    let place = match role.kind {
        Kind::To(code)
        | Kind::WronglyApproved(Flaw::ForcedTo(code))
        | Kind::Rejected(Flaw::ForcedTo(code)) => world::place(code),
        Kind::WronglyApproved(Flaw::Paused) | Kind::Rejected(Flaw::Paused) => world::place("PS"),
        Kind::WronglyApproved(Flaw::Several) | Kind::Rejected(Flaw::Several) => world::place("MN"),
        _ => world::some_place(dice, forced),
    };
    let withdrawn = !forced && dice.percent(25);
    let mut person = Person {
        case_ref: String::new(),
        applied_on,
        destination: place.code,
        place,
        forced,
        asylum_outcome: if withdrawn { "withdrawn" } else { "refused" },
        in_sweden: true,
        likely_received: true,
        intends_to_reestablish: true,
        court_expulsion: false,
        unaccompanied_child: matches!(role.kind, Kind::Child | Kind::ForcedChild),
        decision: None,
        departed_on: None,
        arrived_on: None,
        partner: None,
        grant: role.grant,
        spend: role.spend,
    };
    let decision = match role.kind {
        Kind::WronglyApproved(flaw) => {
            spoil(&mut person, flaw);
            Some("approve")
        }
        Kind::Rejected(flaw) => {
            spoil(&mut person, flaw);
            Some("reject")
        }
        Kind::Undecided => None,
        _ => Some("approve"),
    };
    let decided_on = weekday(after(applied_on, dice.between(4, 25)));
    person.decision = decision.map(|decision| (decided_on, decision));
    travel(dice, &mut person, role.journey, decided_on);
    let supported = decision == Some("approve") || person.arrived_on.is_some();
    let partner = *dice.weighted(&place.partners, |(_, weight)| *weight);
    // Some of those who have not left have no partner yet.
    let waits = person.departed_on.is_none() && person.spend == SpendPlan::Never && dice.percent(30);
    person.partner = (supported && !waits && person.destination == place.code).then_some(partner.0);
    person
}

fn applied_on(dice: &mut Dice, applied: Applied) -> Date {
    let (first, last) = match applied {
        Applied::On(day) => return day,
        Applied::AnyTime if dice.percent(37) => (date(2023, 5, 1), date(2023, 12, 31)),
        Applied::AnyTime => (date(2024, 1, 1), date(2024, 9, 30)),
        Applied::Summer2023 => (date(2023, 5, 1), date(2023, 7, 31)),
        Applied::UntilMay2024 => (date(2023, 5, 1), date(2024, 5, 31)),
        Applied::Late => (date(2024, 8, 15), date(2024, 9, 30)),
        Applied::BeforePause => (date(2023, 5, 1), date(2023, 8, 31)),
        Applied::DuringPause => (date(2023, 10, 9), date(2024, 9, 30)),
    };
    weekday(some_day(dice, first, last))
}

fn spoil(person: &mut Person, flaw: Flaw) {
    match flaw {
        // The destination is what is wrong.
        Flaw::ForcedTo(_) | Flaw::Paused => {}
        Flaw::CourtExpulsion => person.court_expulsion = true,
        Flaw::AsylumPending => person.asylum_outcome = "pending",
        Flaw::AsylumGranted => person.asylum_outcome = "granted",
        Flaw::NotCovered(code) => person.destination = code,
        Flaw::NotReceived => person.likely_received = false,
        Flaw::NoIntention => person.intends_to_reestablish = false,
        Flaw::NotInSweden => person.in_sweden = false,
        Flaw::Several => {
            person.asylum_outcome = "pending";
            person.intends_to_reestablish = false;
            person.court_expulsion = true;
        }
    }
}

fn travel(dice: &mut Dice, person: &mut Person, journey: Journey, decided_on: Date) {
    if journey == Journey::NotDeparted {
        return;
    }
    let days = if person.forced { dice.between(3, 20) } else { dice.between(7, 45) };
    let departed_on = after(decided_on, days);
    person.departed_on = Some(departed_on);
    if journey == Journey::Arrived {
        let days = *dice.weighted(&[(0, 60), (1, 35), (2, 5)], |(_, weight)| *weight);
        person.arrived_on = Some(after(departed_on, days.0));
    }
}

/// `cases.csv`.
pub(crate) fn to_csv(people: &[Person]) -> String {
    let mut sheet = Sheet::new(&[
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
    ]);
    for person in people {
        sheet.row(&[
            &person.case_ref,
            &person.applied_on.to_string(),
            person.destination,
            if person.forced { "forced" } else { "voluntary" },
            if person.forced { "police" } else { "migration-agency" },
            person.asylum_outcome,
            yes_no(person.in_sweden),
            yes_no(person.likely_received),
            yes_no(person.intends_to_reestablish),
            yes_no(person.court_expulsion),
            yes_no(person.unaccompanied_child),
            &optional(person.decision.map(|(day, _)| day)),
            person.decision.map_or("", |(_, decision)| decision),
            &optional(person.departed_on),
            &optional(person.arrived_on),
            person.partner.unwrap_or(""),
        ]);
    }
    sheet.into_text()
}
