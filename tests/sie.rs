//! A reader of SIE 4 that shares no code with the writer: bytes in, vouchers and check sum out.

use std::collections::BTreeMap;

/// What a file says.
#[derive(Debug, Default)]
pub struct Sie {
    /// The fields of every record, by label, in the order of the file; vouchers and rows aside.
    pub records: Vec<(String, Vec<String>)>,
    pub vouchers: Vec<Voucher>,
    /// The check sum that the file states, and the one it has.
    pub check_sums: Option<(u32, u32)>,
}

#[derive(Debug, Default)]
pub struct Voucher {
    pub series: String,
    pub number: u64,
    pub day: String,
    pub text: String,
    pub rows: Vec<Row>,
}

#[derive(Debug)]
pub struct Row {
    pub account: String,
    pub objects: BTreeMap<String, String>,
    pub cents: i64,
    pub text: String,
}

/// The upper half of code page 437, as far as Swedish needs it.
fn decoded(byte: u8) -> char {
    match byte {
        0x20..=0x7e => char::from(byte),
        0x84 => 'ä',
        0x86 => 'å',
        0x94 => 'ö',
        0x8e => 'Ä',
        0x8f => 'Å',
        0x99 => 'Ö',
        0x82 => 'é',
        0x90 => 'É',
        _ => panic!("byte {byte:#x} is not expected in code page 437"),
    }
}

/// The fields of a line: separated by spaces or tabs, quoted or not; an object list is one field, in braces.
fn fields(line: &[u8]) -> Vec<Vec<u8>> {
    let (mut fields, mut at) = (Vec::new(), 0);
    while at < line.len() {
        match line[at] {
            b' ' | b'\t' => at += 1,
            b'{' => {
                let end = at + line[at..].iter().position(|b| *b == b'}').unwrap();
                fields.push(line[at..=end].to_vec());
                at = end + 1;
            }
            b'"' => {
                let mut field = Vec::new();
                at += 1;
                while line[at] != b'"' {
                    if line[at] == b'\\' && line[at + 1] == b'"' {
                        at += 1;
                    }
                    field.push(line[at]);
                    at += 1;
                }
                fields.push(field);
                at += 1;
            }
            _ => {
                let end =
                    line[at..].iter().position(|b| matches!(b, b' ' | b'\t')).map_or(line.len(), |n| at + n);
                fields.push(line[at..end].to_vec());
                at = end;
            }
        }
    }
    fields
}

fn text(field: &[u8]) -> String {
    field.iter().map(|byte| decoded(*byte)).collect()
}

fn cents(amount: &str) -> i64 {
    let (euros, cents) = amount.split_once('.').unwrap();
    assert_eq!(cents.len(), 2, "{amount}");
    let sign = if euros.starts_with('-') { -1 } else { 1 };
    euros.parse::<i64>().unwrap() * 100 + sign * cents.parse::<i64>().unwrap()
}

/// The check sum of zlib, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

pub fn read(bytes: &[u8]) -> Sie {
    let mut sie = Sie::default();
    let (mut covered, mut counts, mut inside) = (Vec::new(), false, false);
    for line in bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)) {
        match line {
            b"" => continue,
            b"{" => {
                inside = true;
                continue;
            }
            b"}" => {
                inside = false;
                continue;
            }
            _ => {}
        }
        let fields = fields(line);
        let label = text(&fields[0]);
        if label == "#KSUMMA" {
            match fields.get(1) {
                None => counts = true,
                Some(stated) => {
                    sie.check_sums = Some((text(stated).parse().unwrap(), crc32(&covered)));
                    counts = false;
                }
            }
            continue;
        }
        if counts {
            // As in files of other programs: separators do not count, and an object list is separated inside; what stands
            // between quotes does, spaces too.
            for field in &fields {
                let list = field.starts_with(b"{");
                let left_out = |b: u8| matches!(b, b'{' | b'}' | b'"' | b'\\') || (list && b == b' ');
                covered.extend(field.iter().copied().filter(|b| !left_out(*b)));
            }
        }
        let told: Vec<String> = fields[1..].iter().map(|field| text(field)).collect();
        match label.as_str() {
            "#VER" => {
                assert!(!inside, "a voucher in a voucher");
                sie.vouchers.push(Voucher {
                    series: told[0].clone(),
                    number: told[1].parse().unwrap(),
                    day: told[2].clone(),
                    text: told[3].clone(),
                    rows: Vec::new(),
                });
            }
            "#TRANS" => {
                assert!(inside, "a row outside of a voucher");
                let list = told[1].strip_prefix('{').and_then(|list| list.strip_suffix('}')).unwrap();
                let words: Vec<&str> = list.split_whitespace().map(|word| word.trim_matches('"')).collect();
                let objects = words.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect();
                let text = told[4].clone();
                let row = Row { account: told[0].clone(), objects, cents: cents(&told[2]), text };
                sie.vouchers.last_mut().unwrap().rows.push(row);
            }
            _ => sie.records.push((label, told)),
        }
    }
    assert!(!inside, "a voucher without an end");
    sie
}
