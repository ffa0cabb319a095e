//! Workbooks made part by part, so that each can be wrong in its own way.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use interchange::{FileError, GrantRow, Record, Row, Table};
use money::Locale;

/// One part of an archive.
pub struct Part {
    pub name: &'static str,
    pub content: Vec<u8>,
}

/// The parts of a workbook with one sheet that has these rows, as XML.
pub fn parts(rows: &str) -> Vec<Part> {
    let part = |name, content: &str| Part { name, content: content.as_bytes().to_vec() };
    vec![
        part("xl/workbook.xml", WORKBOOK),
        part("xl/_rels/workbook.xml.rels", RELATIONS),
        part("xl/worksheets/sheet1.xml", &format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")),
        part("xl/styles.xml", STYLES),
        part("xl/sharedStrings.xml", STRINGS),
    ]
}

pub const WORKBOOK: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns:r="r"><workbookPr/><sheets><sheet name="Blad1" sheetId="1" r:id="rId1"/></sheets></workbook>"#;

const RELATIONS: &str = r#"<Relationships>
<Relationship Id="rId1" Type="http://x/relationships/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="rId2" Type="http://x/relationships/styles" Target="/xl/styles.xml"/>
<Relationship Id="rId3" Type="http://x/relationships/sharedStrings" Target="sharedStrings.xml"/>
</Relationships>"#;

/// Format 1 is a day of the program's own kind, 2 one of somebody's, 3 a sum of money.
const STYLES: &str = r##"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/>
<numFmt numFmtId="165" formatCode="#,##0.00 &quot;day&quot;"/></numFmts>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>"##;

/// The columns of a file of grants, and some values.
const STRINGS: &str = r#"<sst count="99999999" uniqueCount="4000000000"><si><t>case_ref</t></si><si><t>paid_on</t></si>
<si><t>amount</t></si><si><t>currency</t></si><si><t>method</t></si><si><t>payment_ref</t></si>
<si><t>EUR</t></si><si><t>card</t></si>
<si><r><t>MV</t></r><r><t xml:space="preserve">-1 &amp; </t></r><r><t>2</t></r><rPh><t>em vee</t></rPh></si><si/></sst>"#;

/// The header of a file of grants, by shared strings.
pub const HEADER: &str = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c>
<c r="D1" t="s"><v>3</v></c><c r="E1" t="s"><v>4</v></c><c r="F1" t="s"><v>5</v></c></row>"#;

/// A row of grants with these cells for the day and the amount, as XML without their places.
pub fn grant(row: u64, day: &str, amount: &str) -> String {
    format!(
        r#"<row r="{row}"><c t="inlineStr"><is><t>MV-1</t></is></c>{day}{amount}<c t="s"><v>6</v></c><c t="s"><v>7</v></c><c t="str"><v>AG{row}</v></c></row>"#
    )
}

pub const DAY: &str = r#"<c s="1"><v>45292</v></c>"#;
pub const AMOUNT: &str = "<c><v>615</v></c>";

/// An archive of these parts, packed.
pub fn archive(parts: &[Part]) -> Vec<u8> {
    archive_claiming(parts, |size| size)
}

/// The same, with other sizes claimed for what the parts unpack to.
pub fn archive_claiming(parts: &[Part], claimed: impl Fn(u32) -> u32) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for Part { name, content } in parts {
        let at = bytes.len() as u32;
        let mut packing = DeflateEncoder::new(Vec::new(), Compression::default());
        packing.write_all(content).unwrap();
        let packed = packing.finish().unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let mut common = Vec::new();
        for half in [20_u16, 0, 8, 0, 0] {
            common.extend(half.to_le_bytes());
        }
        for word in [crc.sum(), packed.len() as u32, claimed(content.len() as u32)] {
            common.extend(word.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(packed);
        directory.extend(b"PK\x01\x02");
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (count, start, size) = (parts.len() as u16, bytes.len() as u32, directory.len() as u32);
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// Reads a workbook; the name in errors is `<kind>.xlsx`.
pub fn read<R: Row>(bytes: &[u8], locale: Locale) -> Result<Vec<Record<R>>, FileError> {
    Table::open_file(&format!("{}.xlsx", R::KIND), Cursor::new(bytes), locale)?.collect()
}

/// Reads a workbook of grants whose sheet has these rows below the header.
pub fn grants(rows: &str) -> Result<Vec<Record<GrantRow>>, FileError> {
    read(&archive(&parts(&format!("{HEADER}{rows}"))), Locale::Strict)
}
