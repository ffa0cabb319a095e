//! Who is in a year: how many of what kind there are in every [`PEOPLE`] people.

use jiff::civil::{Date, date};

use crate::PEOPLE;

/// One case, or several alike that belong together: a family.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Role {
    pub(crate) people: usize,
    pub(crate) kind: Kind,
    pub(crate) applied: Applied,
    pub(crate) journey: Journey,
    pub(crate) grant: GrantPlan,
    pub(crate) spend: SpendPlan,
}

/// What the application says and how it was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Voluntary, approved.
    Voluntary,
    /// With the police, approved.
    Forced,
    /// A child without a guardian, returning voluntarily, approved.
    Child,
    /// A child without a guardian, taken home by the police, approved.
    ForcedChild,
    /// Voluntary to this country, approved.
    To(&'static str),
    /// Approved by the authority although the rules forbid it.
    WronglyApproved(Flaw),
    /// Rejected by the authority, as the rules demand.
    Rejected(Flaw),
    /// Not decided yet.
    Undecided,
}

/// What stands against an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Forced to a country from which forced returns are excluded.
    ForcedTo(&'static str),
    CourtExpulsion,
    AsylumPending,
    AsylumGranted,
    NotCovered(&'static str),
    Paused,
    NotReceived,
    NoIntention,
    NotInSweden,
    Several,
}

/// When the application was filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    /// From May 2023 to September 2024, more often in 2024.
    AnyTime,
    /// So early that a year after the arrival is over at the closing.
    Summer2023,
    /// So early that the support is used up at the closing.
    UntilMay2024,
    /// Towards the end.
    Late,
    /// Before the pause for Palestine began, with time to decide.
    BeforePause,
    /// During that pause.
    DuringPause,
    /// On this day.
    On(Date),
}

/// How far the return has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Journey {
    Arrived,
    /// Departed, arrival not known.
    OnTheWay,
    /// Still in Sweden.
    NotDeparted,
}

/// The arrival grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GrantPlan {
    /// Paid within three days after arrival to eight of ten.
    Usual,
    Never,
    /// Five days after arrival.
    Late,
    /// Two days before arrival.
    BeforeArrival,
    /// In full, and once more.
    Twice,
    /// Although no support was approved, or nobody has arrived.
    Unfounded,
}

/// The in-kind support.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpendPlan {
    /// Well within the cap.
    Usual,
    Never,
    /// 90 to 100 % of the cap.
    NearCap,
    /// The cap, to the cent.
    WholeCap,
    /// The last receipt goes past the cap.
    OverCap,
    /// As `OverCap`, and more receipts follow.
    FarOverCap,
    /// One receipt from a partner that does not have the case.
    WrongPartner,
    /// One delivery before the arrival.
    BeforeArrival,
    /// Two receipts alike but for their numbers.
    Twins,
    /// One delivery later than a year after arrival.
    LateUse,
    /// Receipts although nothing was approved, or nobody has arrived.
    Unfounded,
    /// Part of a receipt comes back.
    PartReversed,
    /// A receipt comes back whole.
    Reversed,
    /// As `OverCap`, and the whole of the last receipt comes back: more than was accepted.
    ReversedBeyond,
    /// As `WrongPartner`, and part of that receipt comes back although nothing was accepted.
    RefusedReversed,
}

impl Role {
    const fn new(kind: Kind) -> Self {
        Self {
            people: 1,
            kind,
            applied: Applied::AnyTime,
            journey: Journey::Arrived,
            grant: GrantPlan::Usual,
            spend: SpendPlan::Usual,
        }
    }

    const fn family(self, people: usize) -> Self {
        Self { people, ..self }
    }

    const fn applied(self, applied: Applied) -> Self {
        Self { applied, ..self }
    }

    const fn journey(self, journey: Journey) -> Self {
        Self { journey, ..self }
    }

    const fn grant(self, grant: GrantPlan) -> Self {
        Self { grant, ..self }
    }

    const fn spend(self, spend: SpendPlan) -> Self {
        Self { spend, ..self }
    }

    /// With a plan for the support that needs most of the year.
    const fn using(self, spend: SpendPlan) -> Self {
        self.applied(Applied::UntilMay2024).spend(spend)
    }

    const fn without_support(self) -> Self {
        self.grant(GrantPlan::Never).spend(SpendPlan::Never)
    }

    /// Still in Sweden, so without support.
    const fn staying(self) -> Self {
        self.journey(Journey::NotDeparted).without_support()
    }
}

const VOLUNTARY: Role = Role::new(Kind::Voluntary);
const FORCED: Role = Role::new(Kind::Forced);

const fn approved_despite(flaw: Flaw) -> Role {
    Role::new(Kind::WronglyApproved(flaw)).staying()
}

const fn rejected_for(flaw: Flaw) -> Role {
    Role::new(Kind::Rejected(flaw)).staying()
}

/// How often each role occurs in [`PEOPLE`] people.
const BLOCK: &[(usize, Role)] = &[
    (68, VOLUNTARY),
    (40, FORCED),
    (4, Role::new(Kind::Child)),
    (4, Role::new(Kind::ForcedChild)),
    // Families.
    (7, VOLUNTARY.family(2)),
    (7, VOLUNTARY.family(3)),
    (4, VOLUNTARY.family(4)),
    (2, VOLUNTARY.family(5)),
    (2, FORCED.family(3)),
    // The last and the first day outside the Iraq extension, and its first and last day.
    (1, Role::new(Kind::To("IQ")).applied(Applied::On(date(2023, 5, 31)))),
    (1, Role::new(Kind::To("IQ")).applied(Applied::On(date(2023, 6, 1)))),
    (1, Role::new(Kind::To("IQ")).applied(Applied::On(date(2024, 6, 30)))),
    (1, Role::new(Kind::To("IQ")).applied(Applied::On(date(2024, 7, 1)))),
    // Countries that chance could leave out.
    (1, Role::new(Kind::To("CD"))),
    (1, Role::new(Kind::To("SV"))),
    (1, Role::new(Kind::To("XS"))),
    // What was approved before the pause stands.
    (1, Role::new(Kind::To("PS")).applied(Applied::BeforePause)),
    // Under way.
    (14, Role::new(Kind::Undecided).applied(Applied::Late).staying()),
    (8, VOLUNTARY.applied(Applied::Late).staying()),
    (4, VOLUNTARY.applied(Applied::Late).journey(Journey::OnTheWay).without_support()),
    (1, FORCED.applied(Applied::Late).journey(Journey::OnTheWay).without_support()),
    // Approvals that the rules refuse.
    (1, approved_despite(Flaw::ForcedTo("AM"))),
    (1, approved_despite(Flaw::ForcedTo("AM")).journey(Journey::Arrived).spend(SpendPlan::Unfounded)),
    (2, approved_despite(Flaw::ForcedTo("MN"))),
    (2, approved_despite(Flaw::CourtExpulsion)),
    (2, approved_despite(Flaw::AsylumPending)),
    (1, approved_despite(Flaw::NotCovered("GE"))),
    (1, approved_despite(Flaw::NotCovered("AF"))),
    (2, approved_despite(Flaw::Paused).applied(Applied::DuringPause)),
    (1, approved_despite(Flaw::NoIntention)),
    (2, approved_despite(Flaw::Several)),
    // Proper rejections.
    (1, rejected_for(Flaw::ForcedTo("AM")).journey(Journey::Arrived).grant(GrantPlan::Unfounded)),
    (1, rejected_for(Flaw::ForcedTo("AM")).journey(Journey::Arrived).spend(SpendPlan::Unfounded)),
    (2, rejected_for(Flaw::ForcedTo("MN")).journey(Journey::Arrived)),
    (2, rejected_for(Flaw::CourtExpulsion)),
    (2, rejected_for(Flaw::AsylumPending)),
    (1, rejected_for(Flaw::AsylumGranted)),
    (2, rejected_for(Flaw::NotCovered("AF"))),
    (1, rejected_for(Flaw::NotCovered("SY"))),
    (1, rejected_for(Flaw::NotCovered("RS"))),
    (2, rejected_for(Flaw::Paused).applied(Applied::DuringPause)),
    (1, rejected_for(Flaw::NotReceived)),
    (1, rejected_for(Flaw::NoIntention)),
    (1, rejected_for(Flaw::NotInSweden)),
    // Grants that the rules refuse.
    (1, VOLUNTARY.grant(GrantPlan::Late)),
    (1, VOLUNTARY.grant(GrantPlan::BeforeArrival)),
    (1, VOLUNTARY.grant(GrantPlan::Twice)),
    (
        1,
        VOLUNTARY
            .applied(Applied::Late)
            .journey(Journey::OnTheWay)
            .without_support()
            .grant(GrantPlan::Unfounded),
    ),
    // Support at the cap, and what the rules cut, refuse or question.
    (20, VOLUNTARY.using(SpendPlan::NearCap)),
    (3, FORCED.using(SpendPlan::NearCap)),
    (2, VOLUNTARY.using(SpendPlan::WholeCap)),
    (9, VOLUNTARY.using(SpendPlan::OverCap)),
    (3, FORCED.using(SpendPlan::OverCap)),
    (4, VOLUNTARY.using(SpendPlan::FarOverCap)),
    (1, FORCED.using(SpendPlan::FarOverCap)),
    (3, VOLUNTARY.using(SpendPlan::WrongPartner)),
    (3, VOLUNTARY.using(SpendPlan::BeforeArrival)),
    (2, VOLUNTARY.using(SpendPlan::Twins)),
    (4, VOLUNTARY.applied(Applied::Summer2023).spend(SpendPlan::LateUse)),
    (1, VOLUNTARY.applied(Applied::Late).staying().spend(SpendPlan::Unfounded)),
    (
        1,
        VOLUNTARY
            .applied(Applied::Late)
            .journey(Journey::OnTheWay)
            .without_support()
            .spend(SpendPlan::Unfounded),
    ),
    // Reversals.
    (6, VOLUNTARY.using(SpendPlan::PartReversed)),
    (1, VOLUNTARY.using(SpendPlan::Reversed)),
    (1, VOLUNTARY.using(SpendPlan::ReversedBeyond)),
    (1, VOLUNTARY.using(SpendPlan::RefusedReversed)),
];

const _: () = assert!(people_of(BLOCK) == PEOPLE, "the block must have exactly PEOPLE people");

const fn people_of(block: &[(usize, Role)]) -> usize {
    let (mut at, mut people) = (0, 0);
    while at < block.len() {
        people += block[at].0 * block[at].1.people;
        at += 1;
    }
    people
}

/// The roles of [`PEOPLE`] people.
pub(crate) fn block() -> Vec<Role> {
    BLOCK.iter().flat_map(|(times, role)| std::iter::repeat_n(*role, *times)).collect()
}
