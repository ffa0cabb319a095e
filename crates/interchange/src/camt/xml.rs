//! A message of ISO 20022 as a walk through its elements, none of them longer or deeper than allowed.

use std::io::{self, Chain, Cursor, Read, Take};

use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{Error, NsReader, XmlVersion};

use super::StatementProblem;
use crate::budget::{Budgeted, TooLong};
use crate::dialect;
use crate::error::FileProblem;

/// Largest file, in bytes: some 300 000 entries.
pub const STATEMENT_FILE_BYTES_MAX: u64 = 512 << 20;
/// Longest element or text, in bytes; no field of a message has more than 500 characters.
const TOKEN_BYTES_MAX: usize = 64 << 10;
/// Elements inside each other; messages have about fifteen.
const DEPTH_MAX: usize = 32;
/// Longest name of an element, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// Attributes of one element that are looked at.
const ATTRIBUTES_MAX: usize = 16;
/// What the namespace of a message begins with; its name and version follow.
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";
/// Stands in the path for an element of another namespace, so that nothing in it is taken for the message's.
const FOREIGN: &str = "~";

/// Where the walk came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The element at the end of the path begins.
    Open,
    /// It ends; its text is complete.
    Close,
    /// The end of the message.
    End,
}

type Input<Rd> = Take<Chain<Cursor<Vec<u8>>, Rd>>;

pub(crate) struct Xml<Rd: Read> {
    reader: NsReader<Budgeted<Input<Rd>>>,
    buffer: Vec<u8>,
    /// The names of the open elements below `Document`, each with a slash before it.
    path: String,
    /// How long the path was before each of them.
    lengths: Vec<usize>,
    text: String,
    currency: Option<String>,
    namespace: Option<String>,
    /// The element at the end of the path has ended.
    ended: bool,
}

impl<Rd: Read> Xml<Rd> {
    pub(crate) fn open(mut reader: Rd) -> Result<Self, FileProblem> {
        let start = dialect::open(&mut reader)?.text;
        if start.is_empty() {
            return Err(FileProblem::Empty);
        }
        // One byte more tells a file that is too large from one that just fits.
        let input = Cursor::new(start).chain(reader).take(STATEMENT_FILE_BYTES_MAX + 1);
        let mut reader = NsReader::from_reader(Budgeted::new(input));
        reader.config_mut().expand_empty_elements = true;
        Ok(Self {
            reader,
            buffer: Vec::new(),
            path: String::new(),
            lengths: Vec::new(),
            text: String::new(),
            currency: None,
            namespace: None,
            ended: false,
        })
    }

    /// The names of the open elements below `Document`, such as `/BkToCstmrStmt/Stmt/Id`.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The text of the element at the end of the path, once it has ended; white space is one space each.
    pub(crate) fn text(&self) -> String {
        self.text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Its attribute `Ccy`.
    pub(crate) fn currency(&self) -> Option<&str> {
        self.currency.as_deref()
    }

    /// Name and version of the message, such as `camt.053.001.08`, once `Document` has begun.
    pub(crate) fn message(&self) -> &str {
        self.namespace.as_deref().and_then(|name| name.strip_prefix(NAMESPACE)).unwrap_or_default()
    }

    /// Goes on to the next beginning or end of an element below `Document`.
    pub(crate) fn next(&mut self) -> Result<Step, FileProblem> {
        if std::mem::take(&mut self.ended) {
            self.path.truncate(self.lengths.pop().unwrap_or_default());
            self.text.clear();
        }
        loop {
            self.buffer.clear();
            self.reader.get_mut().allow(TOKEN_BYTES_MAX);
            let offset = self.reader.buffer_position();
            if offset > STATEMENT_FILE_BYTES_MAX {
                return Err(StatementProblem::TooLarge.into());
            }
            let wrong = |what| FileProblem::Xml { offset, what };
            let (namespace, event) = self
                .reader
                .read_resolved_event_into(&mut self.buffer)
                .map_err(|error| failed(&error, offset))?;
            match event {
                Event::Start(start) => {
                    let name = match &namespace {
                        ResolveResult::Bound(name) => Some(name.0),
                        ResolveResult::Unbound | ResolveResult::Unknown(_) => None,
                    };
                    let local = start.local_name();
                    let Some(ours) = &self.namespace else {
                        let name =
                            name.filter(|name| local.as_ref() == "Document" && name.starts_with(NAMESPACE));
                        let name = name.ok_or(StatementProblem::NotCamt)?;
                        self.namespace = Some(name.to_owned());
                        continue;
                    };
                    if self.lengths.len() >= DEPTH_MAX {
                        return Err(wrong("elements stand too deep inside each other"));
                    }
                    let local = if name == Some(ours.as_str()) { local.as_ref() } else { FOREIGN };
                    if local.len() > NAME_BYTES_MAX {
                        return Err(wrong("the name of an element is too long"));
                    }
                    self.lengths.push(self.path.len());
                    self.path.push('/');
                    self.path.push_str(local);
                    self.text.clear();
                    self.currency =
                        if local.ends_with("Amt") { currency(&start).map_err(wrong)? } else { None };
                    return Ok(Step::Open);
                }
                Event::End(_) if self.lengths.is_empty() => {}
                Event::End(_) => {
                    self.ended = true;
                    return Ok(Step::Close);
                }
                Event::Text(text) => self.text.push_str(&text.xml10_content()),
                Event::CData(text) => self.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => self.text.push_str(&referenced(&reference).map_err(wrong)?),
                Event::DocType(_) => return Err(wrong("a DOCTYPE is not allowed")),
                Event::Eof if !self.lengths.is_empty() => return Err(wrong("the file is cut off")),
                Event::Eof if self.namespace.is_none() => return Err(StatementProblem::NotCamt.into()),
                Event::Eof => return Ok(Step::End),
                Event::Empty(_) | Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            }
            if self.text.len() > TOKEN_BYTES_MAX {
                return Err(wrong(TOO_LONG));
            }
        }
    }
}

const NOT_UTF8: &str = "this is not UTF-8, as messages of ISO 20022 are: get it so from the bank, or convert it (iconv -f ISO-8859-1 -t UTF-8)";
const TOO_LONG: &str = "an element or a text is longer than 64 KiB";

fn currency(start: &BytesStart<'_>) -> Result<Option<String>, &'static str> {
    for (nth, attribute) in start.attributes().with_checks(false).enumerate() {
        let attribute = attribute.map_err(|_| "an attribute is not well formed")?;
        if nth >= ATTRIBUTES_MAX {
            return Err("an element has too many attributes");
        }
        if attribute.key.local_name().as_ref() == "Ccy" {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            return value
                .map(|value| Some(value.into_owned()))
                .map_err(|_| "an attribute is not well formed");
        }
    }
    Ok(None)
}

/// A character, or one of the five entities that every XML has.
fn referenced(reference: &BytesRef<'_>) -> Result<String, &'static str> {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => Ok(character.to_string()),
        Ok(None) => resolve_xml_entity(reference).map(str::to_owned).ok_or("an entity is not allowed"),
        Err(_) => Err("there is no such character"),
    }
}

fn failed(error: &Error, offset: u64) -> FileProblem {
    match error {
        Error::Io(error) if TooLong::is(error) => FileProblem::Xml { offset, what: TOO_LONG },
        Error::Io(error) => {
            FileProblem::Io { row: 1, source: io::Error::new(error.kind(), error.to_string()) }
        }
        Error::Encoding(_) => FileProblem::Xml { offset, what: NOT_UTF8 },
        _ => FileProblem::Xml { offset, what: "this is no well-formed XML" },
    }
}
