//! Where people return to, who helps them there and what is bought. Partners are codes of organisations;
//! suppliers are invented, named after rivers, towns and trades, never after people.

use crate::dice::Dice;

/// A country of the programme.
#[derive(Debug)]
pub(crate) struct Place {
    /// ISO 3166-1 alpha-2, `XS` for Somaliland.
    pub(crate) code: &'static str,
    /// How many of a hundred returns go there.
    weight: u64,
    /// Partners with their share of the cases.
    pub(crate) partners: [(&'static str, u64); 2],
    /// By [`Trade`]. No name occurs twice, so a supplier's receipt numbers are one series.
    suppliers: [&'static str; 7],
}

/// What a supplier deals in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trade {
    Transport,
    Lodging,
    Tools,
    Stock,
    School,
    Office,
    Clinic,
}

/// A category of support.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Category {
    pub(crate) code: &'static str,
    /// Usual price in whole euros, of one delivery.
    pub(crate) price: (u64, u64),
    /// How often it is delivered, next to the others.
    pub(crate) weight: u64,
    pub(crate) trades: [Trade; 2],
    pub(crate) descriptions: &'static [&'static str],
}

pub(crate) const AIRPORT_RECEPTION: &Category = &Category {
    code: "airport-reception",
    price: (25, 80),
    weight: 0,
    trades: [Trade::Transport, Trade::Transport],
    descriptions: &["", "transfer from the airport", "taxi, two stops", "mottagande på flygplatsen"],
};

pub(crate) const TEMPORARY_HOUSING: &Category = &Category {
    code: "temporary-housing",
    price: (120, 420),
    weight: 16,
    trades: [Trade::Lodging, Trade::Lodging],
    descriptions: &[
        "",
        "rent, 1 month",
        "room; half board, 14 nights",
        "hyra och möbler",
        "deposit \"to be returned\"",
        "rent",
    ],
};

pub(crate) const BUSINESS_START_UP: &Category = &Category {
    code: "business-start-up",
    price: (300, 1200),
    weight: 0,
    trades: [Trade::Tools, Trade::Stock],
    descriptions: &[
        "sewing machine, fabric and thread",
        "welding set; protective gear",
        "first stock for a food shop",
        "refrigerator, scales, shelves",
        "verktyg för bilverkstad",
        "kitchen equipment \"starter kit\"",
        "poultry, feed and fencing",
        "hairdresser's chair; mirror",
        "",
    ],
};

pub(crate) const EDUCATION: &Category = &Category {
    code: "education",
    price: (120, 520),
    weight: 14,
    trades: [Trade::School, Trade::School],
    descriptions: &[
        "course fee",
        "vocational training, first term",
        "skolavgift och läromedel",
        "",
        "exam fee; books",
    ],
};

pub(crate) const MEDICAL_CARE: &Category = &Category {
    code: "medical-care",
    price: (25, 380),
    weight: 22,
    trades: [Trade::Clinic, Trade::Clinic],
    descriptions: &[
        "",
        "",
        "consultation",
        "consultation; medicine",
        "läkarbesök",
        "dental care, two visits",
    ],
};

pub(crate) const JOB_COUNSELLING: &Category = &Category {
    code: "job-counselling",
    price: (30, 110),
    weight: 16,
    trades: [Trade::Office, Trade::School],
    descriptions: &["", "three sessions", "jobbrådgivning, uppföljning", "session; follow-up by phone"],
};

const LABOUR_MARKET_HELP: &Category = &Category {
    code: "labour-market-help",
    price: (60, 260),
    weight: 12,
    trades: [Trade::School, Trade::Tools],
    descriptions: &[
        "work clothes, boots",
        "job placement",
        "driving licence; theory test",
        "arbetskläder",
        "",
    ],
};

const AUTHORITY_CONTACTS: &Category = &Category {
    code: "authority-contacts",
    price: (10, 75),
    weight: 12,
    trades: [Trade::Office, Trade::Office],
    descriptions: &[
        "identity card",
        "",
        "fee and stamps",
        "översättning av intyg",
        "registration \"new address\"",
    ],
};

const LEGAL_COUNSELLING: &Category = &Category {
    code: "legal-counselling",
    price: (60, 240),
    weight: 8,
    trades: [Trade::Office, Trade::Office],
    descriptions: &["", "consultation, property title", "power of attorney; notary", "juridisk rådgivning"],
};

/// What is delivered now and then, for smaller amounts.
pub(crate) const SERVICES: &[&Category] = &[
    TEMPORARY_HOUSING,
    EDUCATION,
    MEDICAL_CARE,
    JOB_COUNSELLING,
    LABOUR_MARKET_HELP,
    AUTHORITY_CONTACTS,
    LEGAL_COUNSELLING,
];

/// A place that a person can return to with support; a forced return has none where those are excluded.
pub(crate) fn some_place(dice: &mut Dice, forced: bool) -> &'static Place {
    dice.weighted(PLACES, |place| if forced && matches!(place.code, "AM" | "MN") { 0 } else { place.weight })
}

/// The place with a code; the first one if there is none such.
pub(crate) fn place(code: &str) -> &'static Place {
    PLACES.iter().find(|place| place.code == code).unwrap_or(&PLACES[0])
}

impl Place {
    pub(crate) fn supplier(&self, trade: Trade) -> &'static str {
        self.suppliers[trade as usize]
    }

    /// A partner that does not work there.
    pub(crate) fn foreign_partner(&self, dice: &mut Dice) -> &'static str {
        let works_here = |code: &str| self.partners.iter().any(|(partner, _)| *partner == code);
        let partner: &&str = dice.weighted(PARTNERS, |code| u64::from(!works_here(code)));
        partner
    }
}

/// Every receipt number series: its place in this list decides style and first number.
pub(crate) fn suppliers() -> impl Iterator<Item = &'static str> {
    PLACES.iter().flat_map(|place| place.suppliers)
}

/// Partners that work in more than one place, or might.
const PARTNERS: &[&str] = &["caritas", "ettc", "irara", "weldo"];

const PLACES: &[Place] = &[
    Place {
        code: "IQ",
        weight: 33,
        partners: [("ettc", 75), ("iraqi-red-crescent", 25)],
        suppliers: [
            "Tigris Airport Taxi",
            "Zab River Guest House",
            "Rafidain Tools & Equipment",
            "Two Rivers Wholesale, Erbil",
            "Citadel Vocational Centre",
            "Shatt Legal and Translation Office",
            "Palm Polyclinic",
        ],
    },
    Place {
        code: "ET",
        weight: 9,
        partners: [("irara", 80), ("caritas", 20)],
        suppliers: [
            "Bole Transfer Service",
            "Entoto Guest House",
            "Abay Machinery PLC",
            "Merkato Trade Hub",
            "Awash Technical College",
            "Piazza Documents & Advice",
            "Tana Health Centre",
        ],
    },
    Place {
        code: "PK",
        weight: 8,
        partners: [("weldo", 85), ("irara", 15)],
        suppliers: [
            "Ravi Cabs",
            "Margalla Lodge",
            "Indus Tools, Motors & Spares",
            "Chenab Cloth Market",
            "Sutlej Skills Institute",
            "Kohsar Advice Bureau",
            "Jhelum Medical Store",
        ],
    },
    Place {
        code: "SO",
        weight: 8,
        partners: [("caritas", 60), ("irara", 40)],
        suppliers: [
            "Shabelle Transport",
            "Lido Rooms",
            "Jubba Hardware",
            "Xamar Weyne Wholesale",
            "Benadir Training Centre",
            "Afgooye Services Office",
            "Indian Ocean Clinic",
        ],
    },
    Place {
        code: "MA",
        weight: 6,
        partners: [("caritas", 90), ("irara", 10)],
        suppliers: [
            "Atlas Navette",
            "Résidence Bouregreg",
            "Outillage du Détroit",
            "Grossiste \"La Médina\"",
            "Institut Sebou de Formation",
            "Bureau Conseil Oum Er-Rbia",
            "Clinique de l'Océan",
        ],
    },
    Place {
        code: "NG",
        weight: 6,
        partners: [("irara", 85), ("caritas", 15)],
        suppliers: [
            "Lagoon Shuttle Ltd",
            "Ogun Suites",
            "Benue Power Tools Ltd",
            "Idumota Market Supplies",
            "Niger Delta Skills Academy",
            "Kaduna Advisory Desk",
            "Cross River Hospital",
        ],
    },
    Place {
        code: "AM",
        weight: 5,
        partners: [("caritas", 90), ("irara", 10)],
        suppliers: [
            "Zvartnots Transfer",
            "Hrazdan Apartments",
            "Ararat Stanok LLC",
            "Sevan Wholesale",
            "Lori Craft School",
            "Kentron Legal Aid",
            "Dilijan Medical Centre",
        ],
    },
    Place {
        code: "EG",
        weight: 5,
        partners: [("caritas", 90), ("irara", 10)],
        suppliers: [
            "Delta Limousine",
            "Nile View Pension",
            "Helwan Workshop Supplies",
            "Ataba Trading; Cairo",
            "Rosetta Training Institute",
            "Corniche Services Office",
            "Damietta Clinic",
        ],
    },
    Place {
        code: "JO",
        weight: 4,
        partners: [("caritas", 80), ("ettc", 20)],
        suppliers: [
            "Queen Road Taxi",
            "Jabal Hostel",
            "Zarqa Industrial Tools",
            "Downtown Souq Supplies",
            "Yarmouk Learning Centre",
            "Petra Street Advisers",
            "Balqa Pharmacy",
        ],
    },
    Place {
        code: "MN",
        weight: 4,
        partners: [("caritas", 70), ("irara", 30)],
        suppliers: [
            "Tuul Taxi",
            "Blue Sky Ger & Rooms",
            "Orkhon Tools XXK",
            "Naran Tuul Market Stall 114",
            "Selenge Vocational School",
            "Sükhbaatar Square Notary Office",
            "Khangai Clinic",
        ],
    },
    Place {
        code: "BD",
        weight: 4,
        partners: [("caritas", 75), ("weldo", 25)],
        suppliers: [
            "Padma Car Service",
            "Meghna Rest House",
            "Jamuna Engineering Works",
            "Karwan Bazar Stores",
            "Surma Technical Institute",
            "Buriganga Help Desk",
            "Teesta Diagnostic Centre",
        ],
    },
    Place {
        code: "GM",
        weight: 3,
        partners: [("irara", 80), ("caritas", 20)],
        suppliers: [
            "Kombo Taxi Union",
            "Atlantic Road Compound",
            "Banjul Port Tools",
            "Serekunda Market Supplies",
            "Brikama Skills Centre",
            "Westfield Office Services",
            "Kanifing Clinic",
        ],
    },
    Place {
        code: "CD",
        weight: 2,
        partners: [("caritas", 95), ("irara", 5)],
        suppliers: [
            "Taxi du Fleuve",
            "Maison Lukunga",
            "Matériel Kasaï SARL",
            "Comptoir du Grand Marché",
            "École des Métiers de Limete",
            "Bureau d'Appui Gombe",
            "Centre Médical Ngaliema",
        ],
    },
    Place {
        code: "SV",
        weight: 2,
        partners: [("caritas", 95), ("irara", 5)],
        suppliers: [
            "Transportes Izalco",
            "Hostal El Boquerón",
            "Ferretería Lempa, S.A.",
            "Mayoreo del Centro",
            "Instituto Técnico Ilopango",
            "Asesoría Cuscatlán",
            "Clínica Las Flores",
        ],
    },
    Place {
        code: "XS",
        weight: 1,
        partners: [("irara", 80), ("caritas", 20)],
        suppliers: [
            "Golis Transport",
            "Laas Geel Rooms",
            "Berbera Hardware",
            "Togdheer Wholesale",
            "Sheikh Mountain Institute",
            "Maroodi Jeex Office",
            "Burao Road Clinic",
        ],
    },
    // Only by name: the programme there is paused.
    Place {
        code: "PS",
        weight: 0,
        partners: [("caritas", 100), ("ettc", 0)],
        suppliers: [
            "Jericho Road Taxi",
            "Olive Terrace Rooms",
            "Nablus Soap & Tools",
            "Ramallah Wholesale",
            "Hebron Glass School",
            "Manger Square Office",
            "Wadi Clinic",
        ],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_suppliers_have_one_name() {
        let names: Vec<&str> = suppliers().collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    }

    #[test]
    fn the_weights_are_percent() {
        assert_eq!(PLACES.iter().map(|place| place.weight).sum::<u64>(), 100);
    }
}
