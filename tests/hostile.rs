//! Files made to exhaust the program: each is refused with a rule, in little memory, and nothing is applied.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::process::Stdio;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::support::Ledger;

const SPEND: &str =
    "partner,case_ref,category,delivered_on,amount,currency,supplier,receipt_no,receipt_sha256,description\n";
const ROW: &str = "irara,FX-2041,education,2024-02-01,10.00,EUR,Lempa Night School,R-1,,\n";

/// How much the program may need above what it needs to read a file of one row.
const GROWTH_KIB_MAX: u64 = 64 * 1024;

/// A ledger on which hostile files are tried.
struct Trial {
    ledger: Ledger,
    root: (u64, String),
    start_kib: u64,
}

/// Ways to run an import of a file that is good for nothing.
const WAYS: [&str; 2] = [" --dry-run", ""];

impl Trial {
    fn new() -> Self {
        let ledger = Ledger::small("grants");
        let root = ledger.root();
        ledger.write("small.csv", format!("{SPEND}{ROW}"));
        let mut trial = Self { ledger, root, start_kib: 0 };
        let (code, error, kib) = trial.run("small.csv", "");
        assert_eq!(code, Some(0), "{error}");
        trial.start_kib = kib;
        // From here on nothing more may be applied, though no file is only tried.
        trial.root = trial.ledger.root();
        trial
    }

    /// Runs the program on a file; answers with its exit code, what it said, and its peak of memory.
    fn run(&self, name: &str, how: &str) -> (Option<i32>, String, u64) {
        let kind = if name.ends_with(".xml") { "statement" } else { "spend" };
        let mut command = self.ledger.command(&format!("import {kind} {name}{how}"));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        let ended = loop {
            // The peak only grows, so what was read last before the end is the peak but for the last moment.
            if let Some(kib) = fs::read_to_string(&status).ok().as_deref().and_then(peak_kib) {
                peak = peak.max(kib);
            }
            if let Some(ended) = child.try_wait().unwrap() {
                break ended;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        };
        let mut error = String::new();
        child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        (ended.code(), error, peak)
    }

    fn refuses(&self, name: &str, rule: &str) {
        for how in WAYS {
            let (code, error, kib) = self.run(name, how);
            assert_eq!(code, Some(2), "{name}{how}: {error}");
            assert!(error.contains(&format!("(rule {rule})")), "{name}{how}: {error}");
            assert!(error.len() < 2_000, "{name}{how}: {} bytes of message", error.len());
            self.grew_little(name, how, kib);
        }
        fs::remove_file(self.ledger.path(name)).unwrap();
    }

    fn grew_little(&self, name: &str, how: &str, kib: u64) {
        let growth = kib.saturating_sub(self.start_kib);
        eprintln!("{name}{how}: {growth} KiB above the start");
        assert!(growth < GROWTH_KIB_MAX, "{name}{how}: the peak grew by {growth} KiB");
    }

    fn file(&self, name: &str) -> BufWriter<File> {
        BufWriter::new(File::create(self.ledger.path(name)).unwrap())
    }

    fn nothing_was_applied(self) {
        assert_eq!(self.ledger.root(), self.root);
    }
}

fn peak_kib(status: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// So many bytes of the same.
fn copies(byte: u8, bytes: u64, out: &mut impl Write) {
    io::copy(&mut io::repeat(byte).take(bytes), out).unwrap();
}

#[test]
fn texts_that_exhaust_are_refused_in_little_memory() {
    let trial = Trial::new();
    let (line, rows) = if store_testing::long() { (500 << 20, 1_u64 << 30) } else { (40 << 20, 80 << 20) };
    let with = |name: &str, write: &dyn Fn(&mut BufWriter<File>)| {
        let mut file = trial.file(name);
        file.write_all(SPEND.as_bytes()).unwrap();
        write(&mut file);
        file.flush().unwrap();
    };
    with("long-line.csv", &|file| copies(b'x', line, file));
    trial.refuses("long-line.csv", "file.row-too-long");
    with("unclosed.csv", &|file| {
        file.write_all(b"\"").unwrap();
        copies(b'\n', line, file);
    });
    trial.refuses("unclosed.csv", "file.row-too-long");
    with("wide.csv", &|file| copies(b',', 1_000_000, file));
    trial.refuses("wide.csv", "file.too-many-columns");
    with("blank.csv", &|file| copies(b'\n', rows.min(2_000_000), file));
    trial.refuses("blank.csv", "file.too-many-rows");
    with("rows.csv", &|file| {
        // Short rows that are no rows: each has an error, and not all of them are kept.
        for _ in 0..rows / 4 {
            file.write_all(b"a,b\n").unwrap();
        }
    });
    trial.refuses_with_many_errors("rows.csv");
    with("nul.csv", &|file| copies(0, line, file));
    trial.refuses("nul.csv", "file.nul");
    with("latin-1.csv", &|file| file.write_all(b"irara,\xe5,\n").unwrap());
    trial.refuses("latin-1.csv", "file.not-utf-8");
    trial.ledger.write("utf-16.csv", b"\xff\xfep\0a\0");
    trial.refuses("utf-16.csv", "file.utf-16");
    trial.nothing_was_applied();
}

impl Trial {
    /// More rows than a file may have, each with an error: the file is refused for their number.
    fn refuses_with_many_errors(&self, name: &str) {
        for how in WAYS {
            let (code, error, kib) = self.run(name, how);
            assert_eq!(code, Some(2), "{name}{how}");
            assert!(error.contains("(rule file.too-many-rows)"), "{}", &error[..error.len().min(2_000)]);
            self.grew_little(name, how, kib);
        }
        fs::remove_file(self.ledger.path(name)).unwrap();
    }
}

/// Nothing is wrong with such a file but its end, so all of it is read and what a dry run decides adds up.
#[test]
fn a_long_file_that_is_bad_at_its_end_is_refused_in_little_memory() {
    let trial = Trial::new();
    let rows = 150_000;
    let mut file = trial.file("long.csv");
    file.write_all(SPEND.as_bytes()).unwrap();
    for row in 2..=rows {
        let case = if row % 3 == 0 { "FX-2052" } else { "FX-2041" };
        writeln!(file, "irara,{case},education,2024-02-01,0.01,EUR,Lempa Night School,L-{row},,").unwrap();
    }
    file.write_all(b"irara,FX-9999,education,2024-02-01,0.01,EUR,Lempa Night School,L-1,,\n").unwrap();
    file.flush().unwrap();
    for how in [" --dry-run", " --accept --dry-run", " --accept"] {
        let (code, error, kib) = trial.run("long.csv", how);
        assert_eq!(code, Some(2), "{how}: {error}");
        assert!(error.contains(&format!("row {}, column case_ref", rows + 1)), "{how}: {error}");
        trial.grew_little("long.csv", how, kib);
    }
    trial.nothing_was_applied();
}

/// What makes an archive's directory lie.
#[derive(Clone, Copy)]
struct Claims {
    unpacked: fn(u32) -> u32,
    entries: fn(u16) -> u16,
}

const TRUE: Claims = Claims { unpacked: |size| size, entries: |count| count };

/// Writes the content of a part.
type Content<'a> = dyn Fn(&mut dyn Write) + 'a;
/// The name of a part, and its content.
type Part<'a> = (&'a str, &'a Content<'a>);

/// An archive of these parts, each written piece by piece.
fn archive(out: &mut impl Write, parts: &[Part<'_>], claims: Claims) {
    let (mut at, mut directory) = (0_u32, Vec::new());
    for (name, write) in parts {
        let mut counted =
            Counted { crc: flate2::Crc::new(), inner: DeflateEncoder::new(Vec::new(), Compression::best()) };
        write(&mut counted);
        let (crc, packed) = (counted.crc, counted.inner.finish().unwrap());
        let mut common = Vec::new();
        [20_u16, 0, 8, 0, 0].iter().for_each(|half| common.extend(half.to_le_bytes()));
        for word in [crc.sum(), packed.len() as u32, (claims.unpacked)(crc.amount())] {
            common.extend(word.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        for bytes in [b"PK\x03\x04".as_slice(), &common, name.as_bytes(), &packed] {
            out.write_all(bytes).unwrap();
        }
        for bytes in [b"PK\x01\x02\x14\0".as_slice(), &common, &[0; 10], &at.to_le_bytes(), name.as_bytes()] {
            directory.extend_from_slice(bytes);
        }
        at += (4 + common.len() + name.len() + packed.len()) as u32;
    }
    let count = (claims.entries)(parts.len() as u16).to_le_bytes();
    let size = (directory.len() as u32).to_le_bytes();
    for bytes in
        [&directory, b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &size, &at.to_le_bytes(), &[0, 0]]
    {
        out.write_all(bytes).unwrap();
    }
}

struct Counted {
    crc: flate2::Crc,
    inner: DeflateEncoder<Vec<u8>>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write_all(bytes)?;
        self.crc.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const BOOK: &str = "<workbook xmlns:r=\"r\"><sheets><sheet name=\"Spend\" r:id=\"a\"/></sheets></workbook>";
const RELATIONS: &str = "<Relationships><Relationship Id=\"a\" Type=\"x/worksheet\" Target=\"s.xml\"/>\
                         <Relationship Id=\"b\" Type=\"x/sharedStrings\" Target=\"t.xml\"/></Relationships>";

/// A workbook whose sheet and shared texts are written by these.
fn workbook(trial: &Trial, name: &str, sheet: &Content<'_>, texts: &Content<'_>, claims: Claims) {
    let plain = |text: &'static str| move |out: &mut dyn Write| out.write_all(text.as_bytes()).unwrap();
    let mut file = trial.file(name);
    let parts: [Part<'_>; 4] = [
        ("xl/workbook.xml", &plain(BOOK)),
        ("xl/_rels/workbook.xml.rels", &plain(RELATIONS)),
        ("xl/s.xml", sheet),
        ("xl/t.xml", texts),
    ];
    archive(&mut file, &parts, claims);
    file.flush().unwrap();
}

fn header(out: &mut dyn Write) {
    let cells: String =
        SPEND.trim_end().split(',').map(|name| format!("<c t=\"str\"><v>{name}</v></c>")).collect();
    write!(out, "<worksheet><sheetData><row>{cells}</row>").unwrap();
}

/// Text that does not pack well.
fn noise(seed: &mut u64) -> String {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    format!("{seed:016x}")
}

#[test]
fn workbooks_that_exhaust_are_refused_in_little_memory() {
    let trial = Trial::new();
    let nothing = |out: &mut dyn Write| out.write_all(b"<sst/>").unwrap();
    let spaces = |out: &mut dyn Write| {
        header(out);
        for _ in 0..256 {
            out.write_all(&[b' '; 1 << 20]).unwrap();
        }
    };
    workbook(&trial, "ratio.xlsx", &spaces, &nothing, TRUE);
    trial.refuses("ratio.xlsx", "workbook.too-large");
    let small = Claims { unpacked: |size| size.min(1_000), ..TRUE };
    workbook(&trial, "says-it-is-small.xlsx", &spaces, &nothing, small);
    trial.refuses("says-it-is-small.xlsx", "workbook.archive");
    let huge = Claims { unpacked: |_| u32::MAX - 1, ..TRUE };
    workbook(&trial, "says-it-is-huge.xlsx", &|out| header(out), &nothing, huge);
    trial.refuses("says-it-is-huge.xlsx", "workbook.too-large");
    let many = Claims { entries: |_| u16::MAX, ..TRUE };
    workbook(&trial, "says-it-has-many-parts.xlsx", &|out| header(out), &nothing, many);
    trial.refuses("says-it-has-many-parts.xlsx", "workbook.too-large");

    let corner = |out: &mut dyn Write| {
        header(out);
        out.write_all(b"<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row></sheetData></worksheet>")
            .unwrap();
    };
    workbook(&trial, "corner.xlsx", &corner, &nothing, TRUE);
    trial.refuses("corner.xlsx", "file.too-many-columns");
    let bottom = |out: &mut dyn Write| {
        header(out);
        out.write_all(b"<row r=\"1048576\"><c r=\"A1048576\"><v>1</v></c></row></sheetData></worksheet>")
            .unwrap();
    };
    workbook(&trial, "bottom.xlsx", &bottom, &nothing, TRUE);
    trial.refuses("bottom.xlsx", "file.too-many-rows");

    // Texts that pack badly and are more than may be held; and a count of them that is a lie.
    let texts = |out: &mut dyn Write| {
        out.write_all(b"<sst count=\"1\" uniqueCount=\"18446744073709551615\">").unwrap();
        let mut seed = 1;
        for _ in 0..1_200_000 {
            write!(out, "<si><t>{}</t></si>", noise(&mut seed)).unwrap();
        }
        out.write_all(b"</sst>").unwrap();
    };
    workbook(&trial, "texts.xlsx", &|out| header(out), &texts, TRUE);
    trial.refuses("texts.xlsx", "workbook.too-large");
    let one_text = |out: &mut dyn Write| {
        out.write_all(b"<sst><si><t>").unwrap();
        let mut seed = 1;
        for _ in 0..4_000_000 {
            out.write_all(noise(&mut seed).as_bytes()).unwrap();
        }
    };
    workbook(&trial, "one-text.xlsx", &|out| header(out), &one_text, TRUE);
    trial.refuses("one-text.xlsx", "workbook.part");
    let deep = |out: &mut dyn Write| {
        header(out);
        let mut seed = 1;
        for _ in 0..1_000_000 {
            write!(out, "<x{}>", noise(&mut seed)).unwrap();
        }
    };
    workbook(&trial, "deep.xlsx", &deep, &nothing, TRUE);
    trial.refuses("deep.xlsx", "workbook.part");
    let attributes = |out: &mut dyn Write| {
        header(out);
        let mut seed = 1;
        out.write_all(b"<row").unwrap();
        for _ in 0..1_000_000 {
            write!(out, " x{}=\"\"", noise(&mut seed)).unwrap();
        }
        out.write_all(b">").unwrap();
    };
    workbook(&trial, "attributes.xlsx", &attributes, &nothing, TRUE);
    trial.refuses("attributes.xlsx", "workbook.part");
    let entities = |out: &mut dyn Write| {
        out.write_all(b"<!DOCTYPE w [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><worksheet>&b;</worksheet>").unwrap();
    };
    workbook(&trial, "entities.xlsx", &entities, &nothing, TRUE);
    trial.refuses("entities.xlsx", "workbook.part");
    trial.nothing_was_applied();
}

/// A directory of very many parts is refused before it is read.
#[test]
fn an_archive_of_very_many_parts_is_refused_in_little_memory() {
    let trial = Trial::new();
    let mut file = trial.file("parts.xlsx");
    let names: Vec<String> = (0..60_000).map(|n| format!("xl/{n}")).collect();
    let empty: &Content<'_> = &|_| {};
    let parts: Vec<Part<'_>> = names.iter().map(|name| (name.as_str(), empty)).collect();
    archive(&mut file, &parts, TRUE);
    file.flush().unwrap();
    trial.refuses("parts.xlsx", "workbook.too-large");
    let mut file = trial.file("few-parts.xlsx");
    archive(&mut file, &parts, Claims { entries: |_| 4, ..TRUE });
    file.flush().unwrap();
    trial.refuses("few-parts.xlsx", "workbook.too-large");
    trial.nothing_was_applied();
}

#[test]
fn bank_statements_that_exhaust_are_refused_in_little_memory() {
    let trial = Trial::new();
    let head =
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt><Id>S</Id>";
    let times = if store_testing::long() { 1_000_000 } else { 120_000 };
    let with = |name: &str, inside: &str, again: &str| {
        let mut file = trial.file(name);
        file.write_all(head.as_bytes()).unwrap();
        file.write_all(inside.as_bytes()).unwrap();
        for _ in 0..times {
            file.write_all(again.as_bytes()).unwrap();
        }
        file.flush().unwrap();
    };
    with("deep.xml", "", "<a>");
    trial.refuses("deep.xml", "file.xml");
    with("doctype.xml", "<!DOCTYPE a [<!ENTITY b \"cc\">]>", "&b;");
    trial.refuses("doctype.xml", "file.xml");
    with("one-text.xml", "<Ntry>", "words and words ");
    trial.refuses("one-text.xml", "file.xml");
    with("attributes.xml", "<Ntry><Amt ", "a=\"1\" ");
    trial.refuses("attributes.xml", "file.xml");
    with("transactions.xml", "<Ntry><NtryDtls>", "<TxDtls></TxDtls>");
    trial.refuses("transactions.xml", "file.too-large");
    let entry = "<Ntry><Amt Ccy=\"EUR\">1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts></Ntry>";
    with("entries.xml", "", entry);
    trial.refuses("entries.xml", "file.too-large");
    let long =
        format!("<Ntry><NtryDtls><TxDtls><AddtlTxInf>{}</AddtlTxInf></TxDtls></NtryDtls>", "x".repeat(490));
    let long = format!("{long}{}", entry.trim_start_matches("<Ntry>"));
    with("texts.xml", "", &long);
    trial.refuses("texts.xml", "file.too-large");
    trial.nothing_was_applied();
}
