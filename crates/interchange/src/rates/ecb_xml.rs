//! The European Central Bank's reference rates as XML: `Cube` of days, `Cube` of one day, `Cube` of one currency.

use jiff::civil::Date;
use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

use super::RateForm;
use super::gathered::{Gathered, Place};
use crate::cell::iso_date;
use crate::error::FileProblem;

/// The namespace of the cubes.
const NAMESPACE: &str = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref";
/// Elements inside each other: the file needs four.
const DEPTH_MAX: usize = 8;
/// Attributes of one element: the file needs two.
const ATTRIBUTES_MAX: usize = 8;

pub(super) fn read(text: &str, gathered: &mut Gathered) -> Result<RateForm, FileProblem> {
    let mut reader = NsReader::from_str(text);
    let (mut day, mut row, mut depth, mut cubes) = (None, 0, 0_usize, 0_u64);
    loop {
        let offset = reader.buffer_position();
        let wrong = |what| FileProblem::Xml { offset, what };
        let (namespace, event) =
            reader.read_resolved_event().map_err(|_| wrong("this is no well-formed XML"))?;
        let ours = matches!(&namespace, ResolveResult::Bound(name) if name.0 == NAMESPACE);
        match event {
            Event::Start(element) => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err(wrong("elements stand too deep inside each other"));
                }
                if ours && element.local_name().as_ref() == "Cube" {
                    cubes += 1;
                    cube(&element, &mut day, &mut row, gathered).map_err(wrong)?;
                }
            }
            Event::Empty(element) if ours && element.local_name().as_ref() == "Cube" => {
                cubes += 1;
                cube(&element, &mut day, &mut row, gathered).map_err(wrong)?;
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::DocType(_) => return Err(wrong("a DOCTYPE is not allowed")),
            Event::GeneralRef(_) => return Err(wrong("an entity is not allowed")),
            Event::Eof if depth > 0 => return Err(wrong("the file is cut off")),
            Event::Eof if cubes == 0 => return Err(FileProblem::NoRates),
            Event::Eof => return Ok(RateForm::EcbXml),
            _ => {}
        }
    }
}

/// `<Cube time="2024-06-28">` or `<Cube currency="SEK" rate="11.3595"/>`; the outermost has neither.
fn cube(
    element: &BytesStart<'_>,
    day: &mut Option<Date>,
    row: &mut u64,
    gathered: &mut Gathered,
) -> Result<(), &'static str> {
    let (mut time, mut currency, mut rate) = (None, None, None);
    for (nth, attribute) in element.attributes().enumerate() {
        let attribute = attribute.map_err(|_| "an attribute is not well formed")?;
        if nth >= ATTRIBUTES_MAX {
            return Err("an element has too many attributes");
        }
        match attribute.key.as_ref() {
            "time" => time = Some(attribute.value),
            "currency" => currency = Some(attribute.value),
            "rate" => rate = Some(attribute.value),
            _ => {}
        }
    }
    if let Some(time) = time {
        *day = iso_date(&time).ok();
        if let Err(message) = iso_date(&time) {
            gathered.refuse(*row + 1, "time", Some(&time), "date.iso", message);
        }
    }
    let (Some(currency), Some(rate)) = (&currency, &rate) else {
        return if currency.is_none() && rate.is_none() {
            Ok(())
        } else {
            Err("a rate without its currency")
        };
    };
    *row += 1;
    let place = Place { row: *row, currency: "currency", rate: "rate" };
    match *day {
        Some(day) => {
            if let Some(currency) = gathered.currency(place, currency) {
                gathered.rate(place, day, currency, rate);
            }
            Ok(())
        }
        None => {
            gathered.refuse(*row, "time", None, "rates.day", "The rate has no day of its own.");
            Ok(())
        }
    }
}
