//! Which sheet of a workbook holds the rows, and what its cells need to be read.

use std::io::{Read, Seek};

use money::Locale;

use super::archive::{Archive, Unpacked};
use super::fault::WorkbookProblem;
use super::sheet::{Meanings, Sheet};
use super::strings::Strings;
use super::styles::Styles;
use super::xml::{Node, Xml};
use crate::error::FileProblem;
use crate::template::{self, Template};

/// Where every program puts the list of sheets, and where what it refers to is found.
const BOOK: &str = "xl/workbook.xml";
const RELATIONS: &str = "xl/_rels/workbook.xml.rels";
/// Most sheets; the first of them are read.
const SHEETS_MAX: usize = 256;

/// A sheet as the list of sheets has it.
#[derive(Debug, Clone)]
struct Listed {
    name: String,
    visible: bool,
    relation: String,
}

/// What the list of sheets says.
#[derive(Debug, Default)]
struct Book {
    sheets: Vec<Listed>,
    from_1904: bool,
}

/// A part that the workbook refers to.
#[derive(Debug, Clone)]
struct Relation {
    id: String,
    kind: String,
    target: String,
}

/// Opens the sheet of a workbook that holds rows of a kind: the one called like the kind, or the only one that is
/// visible. A template says whose it is.
pub(crate) fn open<Rd: Read + Seek>(
    reader: Rd,
    kind: &'static str,
    locale: Locale,
) -> Result<(Sheet<Rd>, Option<Template>), FileProblem> {
    let mut archive = Archive::open(reader)?;
    let book =
        book(xml(&mut archive, "workbook.xml", BOOK)?.ok_or_else(|| no_workbook("it has no workbook.xml"))?)?;
    let relations = match xml(&mut archive, "workbook.xml.rels", RELATIONS)? {
        Some(xml) => relations(xml)?,
        None => return Err(no_workbook("it does not say where its sheets are")),
    };
    let of_kind = |kind: &str| relations.iter().find(|relation| relation.kind == kind);
    let mut meanings = Meanings { from_1904: book.from_1904, ..Meanings::default() };
    if let Some(relation) = of_kind("sharedStrings")
        && let Some(xml) = xml(&mut archive, "sharedStrings.xml", &relation.target)?
    {
        meanings.strings = Strings::read(xml)?;
    }
    if let Some(relation) = of_kind("styles")
        && let Some(xml) = xml(&mut archive, "styles.xml", &relation.target)?
    {
        meanings.styles = Styles::read(xml)?;
    }
    let target = |sheet: &Listed| {
        let relation = relations.iter().find(|relation| relation.id == sheet.relation);
        relation.map(|relation| relation.target.clone()).unwrap_or_default()
    };

    let mut template = None;
    if let Some(stamped) = book.sheets.iter().find(|sheet| sheet.name == template::SHEET) {
        let xml = xml(&mut archive, "the sheet svala", &target(stamped))?.ok_or_else(missing)?;
        let mut sheet = Sheet::new(xml, meanings, Locale::Strict);
        template = Some(template::read(&mut sheet)?);
        meanings = sheet.into_meanings();
    }
    let part = archive.last_part(&target(rows_of(&book, kind)?))?.ok_or_else(missing)?;
    Ok((Sheet::new(Xml::new("the sheet", part), meanings, locale), template))
}

fn rows_of<'b>(book: &'b Book, kind: &'static str) -> Result<&'b Listed, FileProblem> {
    let visible: Vec<&Listed> = book.sheets.iter().filter(|sheet| sheet.visible).collect();
    let named = visible.iter().find(|sheet| sheet.name.eq_ignore_ascii_case(kind));
    match (named, visible.as_slice()) {
        (Some(sheet), _) | (None, [sheet]) => Ok(sheet),
        _ => Err(WorkbookProblem::WhichSheet { visible: visible.len(), kind }.into()),
    }
}

fn xml<'a, Rd: Read + Seek>(
    archive: &'a mut Archive<Rd>,
    called: &'static str,
    name: &str,
) -> Result<Option<Xml<&'a mut Rd>>, FileProblem> {
    let part: Option<Unpacked<_>> = archive.part(name)?;
    Ok(part.map(|part| Xml::new(called, part)))
}

fn book<Rd: Read>(mut xml: Xml<Rd>) -> Result<Book, FileProblem> {
    let mut book = Book::default();
    loop {
        match xml.next()? {
            Node::Open(element) => match element.name() {
                "sheet" if book.sheets.len() < SHEETS_MAX => {
                    let state = element.attribute("state")?;
                    book.sheets.push(Listed {
                        name: element.attribute("name")?.unwrap_or_default(),
                        visible: state.is_none_or(|state| state == "visible"),
                        relation: element.attribute("id")?.unwrap_or_default(),
                    });
                }
                "workbookPr" => {
                    let from_1904 = element.attribute("date1904")?;
                    book.from_1904 = from_1904.is_some_and(|yes| yes == "1" || yes == "true");
                }
                _ => {}
            },
            Node::End => return Ok(book),
            _ => {}
        }
    }
}

fn relations<Rd: Read>(mut xml: Xml<Rd>) -> Result<Vec<Relation>, FileProblem> {
    let mut relations = Vec::new();
    loop {
        match xml.next()? {
            Node::Open(element) if element.name() == "Relationship" && relations.len() <= 2 * SHEETS_MAX => {
                let kind = element.attribute("Type")?.unwrap_or_default();
                let target = element.attribute("Target")?.unwrap_or_default();
                relations.push(Relation {
                    id: element.attribute("Id")?.unwrap_or_default(),
                    kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                    target: match target.strip_prefix('/') {
                        Some(absolute) => absolute.to_owned(),
                        None => format!("xl/{target}"),
                    },
                });
            }
            Node::End => return Ok(relations),
            _ => {}
        }
    }
}

fn no_workbook(what: &'static str) -> FileProblem {
    WorkbookProblem::NoWorkbook(what).into()
}

fn missing() -> FileProblem {
    WorkbookProblem::Archive("a sheet of it is missing").into()
}
