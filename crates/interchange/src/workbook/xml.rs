//! A part of a workbook as elements and texts, none of them longer than allowed.

use std::borrow::Cow;
use std::io::{self, Read};

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesEnd, BytesRef, BytesStart, Event};
use quick_xml::{Error, Reader, XmlVersion};

use super::archive::{Damaged, Unpacked};
use super::fault::WorkbookProblem;
use crate::budget::{Budgeted, TooLong};
use crate::error::FileProblem;

/// Longest element or text, in bytes: a cell of 32 767 characters fits.
const TOKEN_BYTES_MAX: usize = 256 << 10;
/// Elements inside each other; sheets have about ten.
const DEPTH_MAX: usize = 32;
/// Attributes of one element that are looked at.
const ATTRIBUTES_MAX: usize = 64;

/// Something in a part.
pub(crate) enum Node<'a> {
    /// An element begins; an empty one ends at once.
    Open(Element<'a>),
    /// An element ends.
    Close(BytesEnd<'a>),
    /// Text inside an element, or a piece of it.
    Text(Cow<'a, str>),
    /// What says nothing: comments and declarations.
    Nothing,
    /// The end of the part.
    End,
}

/// The beginning of an element.
pub(crate) struct Element<'a> {
    start: BytesStart<'a>,
    place: Place,
}

/// Where in which part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    part: &'static str,
    offset: u64,
}

/// Reads one part.
#[derive(Debug)]
pub(crate) struct Xml<Rd: Read> {
    reader: Reader<Budgeted<Unpacked<Rd>>>,
    buffer: Vec<u8>,
    part: &'static str,
    depth: usize,
}

impl<Rd: Read> Xml<Rd> {
    /// `part` is what the part is called in errors.
    pub(crate) fn new(part: &'static str, unpacked: Unpacked<Rd>) -> Self {
        let mut reader = Reader::from_reader(Budgeted::new(unpacked));
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), part, depth: 0 }
    }

    /// Where the reader stands.
    pub(crate) fn place(&self) -> Place {
        Place { part: self.part, offset: self.reader.buffer_position() }
    }

    /// What comes next.
    pub(crate) fn next(&mut self) -> Result<Node<'_>, FileProblem> {
        let place = self.place();
        self.buffer.clear();
        self.reader.get_mut().allow(TOKEN_BYTES_MAX);
        let event = self.reader.read_event_into(&mut self.buffer).map_err(|error| place.failed(&error))?;
        Ok(match event {
            Event::Start(start) => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(place.wrong("elements stand too deep inside each other"));
                }
                Node::Open(Element { start, place })
            }
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                Node::Close(end)
            }
            Event::Text(text) => Node::Text(text.xml10_content()),
            Event::CData(text) => Node::Text(text.xml10_content()),
            Event::GeneralRef(reference) => Node::Text(referenced(&reference, place)?.into()),
            Event::Eof if self.depth > 0 => return Err(place.wrong("it is cut off")),
            Event::Eof => Node::End,
            Event::DocType(_) => return Err(place.wrong("a DOCTYPE is not allowed")),
            Event::Empty(_) | Event::Comment(_) | Event::PI(_) | Event::Decl(_) => Node::Nothing,
        })
    }
}

impl Element<'_> {
    /// Its name, without a prefix.
    pub(crate) fn name(&self) -> &str {
        self.start.name().local_name().into_inner()
    }

    /// An attribute by its name, without a prefix.
    pub(crate) fn attribute(&self, name: &str) -> Result<Option<String>, FileProblem> {
        // Looking for doubled attributes takes the square of their number, and no attribute is used that may be doubled.
        for attribute in self.start.attributes().with_checks(false).take(ATTRIBUTES_MAX) {
            let attribute = attribute.map_err(|_| self.wrong("an attribute is not well formed"))?;
            if attribute.key.local_name().into_inner() == name {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                let value = value.map_err(|_| self.wrong("an attribute is not well formed"))?;
                return Ok(Some(value.into_owned()));
            }
        }
        Ok(None)
    }

    /// An attribute that is a number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, FileProblem> {
        let text = self.attribute(name)?;
        let number = text.map(|text| text.parse().map_err(|_| self.wrong("an attribute is no number")));
        number.transpose()
    }

    /// Something wrong at this element.
    pub(crate) fn wrong(&self, what: &'static str) -> FileProblem {
        self.place.wrong(what)
    }
}

impl Place {
    /// Something wrong here.
    pub(crate) fn wrong(self, what: &'static str) -> FileProblem {
        let Self { part, offset } = self;
        WorkbookProblem::Part { part, offset, what }.into()
    }

    fn failed(self, error: &Error) -> FileProblem {
        let Error::Io(error) = error else {
            return self.wrong("it is no well-formed XML");
        };
        if TooLong::is(error) {
            return self.wrong("an element or a text is longer than 256 KiB");
        }
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Damaged>()) {
            Some(Damaged(what)) => WorkbookProblem::Archive(what).into(),
            None => FileProblem::Io { row: 1, source: io::Error::new(error.kind(), error.to_string()) },
        }
    }
}

/// A character, or one of the five entities that every XML has. A part cannot define others: it has no DOCTYPE.
fn referenced(reference: &BytesRef<'_>, place: Place) -> Result<String, FileProblem> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Ok(character.to_string()),
        Ok(None) => resolve_xml_entity(reference)
            .map(str::to_owned)
            .ok_or_else(|| place.wrong("an entity is not allowed")),
        Err(_) => Err(place.wrong("there is no such character")),
    }
}
