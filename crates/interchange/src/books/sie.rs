//! SIE 4I: vouchers for any Swedish accounting system to import (SIE format 4B, 2008-09-30).
//!
//! `#KSUMMA` is the CRC-32 of ISO 3309 (that of zlib) over labels and fields in their order, from after its first record to
//! before its last, in code page 437. Spaces inside a field count; what stands between fields does not, nor quotes, line ends
//! and the braces around objects and rows. So the example files of SIE-gruppen have it: that of Visma Compact 6.00
//! (`Sie1.se` of 2011) gives its sum 909685525 by this rule and by no other that was tried. It has no
//! objects; of those each number and code counts as a field.

use std::collections::BTreeSet;

use domain::books::{AccountKind, Entry, Object, Voucher};
use jiff::civil::Date;

use super::BooksDocument;
use super::pc8::Pc8;

/// A file, and what had to be written in other characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sie {
    /// The bytes, in code page 437.
    pub bytes: Vec<u8>,
    /// Characters that code page 437 does not have, with what stands in their place.
    pub replaced: Vec<(char, &'static str)>,
}

/// Writes the vouchers of a period. No balances: a file of transactions has none.
pub fn sie(document: &BooksDocument<'_>) -> Sie {
    let mut out = Pc8::default();
    let record = |out: &mut Pc8, label: &str, fields: &[&str]| {
        out.label(label);
        fields.iter().for_each(|field| out.field(field));
        out.end();
    };
    record(&mut out, "#FLAGGA", &["0"]);
    record(&mut out, "#KSUMMA", &[]);
    out.begin_sum();
    record(&mut out, "#PROGRAM", &["Svala", env!("CARGO_PKG_VERSION")]);
    record(&mut out, "#FORMAT", &["PC8"]);
    record(&mut out, "#GEN", &[&day(document.made_on)]);
    record(&mut out, "#SIETYP", &["4"]);
    if let Some(number) = document.organisation_number {
        record(&mut out, "#ORGNR", &[&number.to_string()]);
    }
    record(&mut out, "#FNAMN", &[document.company]);
    for (place, year) in years(document).rev().enumerate() {
        let place = match place {
            0 => "0".to_owned(),
            place => format!("-{place}"),
        };
        record(&mut out, "#RAR", &[&place, &format!("{year:04}0101"), &format!("{year:04}1231")]);
    }
    record(&mut out, "#VALUTA", &["EUR"]);
    for account in document.chart.accounts() {
        record(&mut out, "#KONTO", &[&account.number, &account.name]);
        record(&mut out, "#KTYP", &[&account.number, kind(account.kind)]);
    }
    for dimension in document.chart.dimensions() {
        record(&mut out, "#DIM", &[&dimension.number.to_string(), &dimension.name]);
    }
    for object in objects(document.vouchers) {
        record(&mut out, "#OBJEKT", &[&object.dimension.to_string(), &object.code, &object.code]);
    }
    // Numbered vouchers ascend within their series.
    let mut vouchers: Vec<&Voucher> = document.vouchers.iter().collect();
    vouchers.sort_by_key(|voucher| (voucher.year, &voucher.series, voucher.number));
    for voucher in vouchers {
        let number = voucher.number.to_string();
        let (on, registered) = (day(voucher.day), day(voucher.recorded_on));
        record(&mut out, "#VER", &[&voucher.series, &number, &on, &voucher.text, &registered]);
        out.brace(b'{');
        voucher.entries.iter().for_each(|entry| transaction(&mut out, entry));
        out.brace(b'}');
    }
    let sum = out.end_sum();
    record(&mut out, "#KSUMMA", &[&sum.to_string()]);
    Sie { bytes: out.bytes, replaced: out.replaced.into_iter().collect() }
}

fn transaction(out: &mut Pc8, entry: &Entry) {
    out.label("#TRANS");
    out.field(&entry.account);
    out.objects(entry.objects.iter().map(|object| (object.dimension, object.code.as_str())));
    out.field(&entry.amount.to_string());
    // Of the day of its voucher.
    out.field("");
    out.field(&entry.text);
    out.end();
}

fn objects(vouchers: &[Voucher]) -> BTreeSet<&Object> {
    vouchers.iter().flat_map(|voucher| &voucher.entries).flat_map(|entry| &entry.objects).collect()
}

/// The calendar years from the first to the last in which something was booked: they are numbered by how long ago they
/// were, so none is left out.
fn years(document: &BooksDocument<'_>) -> std::ops::RangeInclusive<i16> {
    let last = document.period.last().year();
    let booked = || document.vouchers.iter().map(|voucher| voucher.year);
    booked().min().unwrap_or(last)..=booked().max().unwrap_or(last)
}

fn day(day: Date) -> String {
    day.strftime("%Y%m%d").to_string()
}

/// T tillgång, S skuld, I intäkt, K kostnad.
fn kind(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Asset => "T",
        AccountKind::Liability => "S",
        AccountKind::Income => "I",
        AccountKind::Expense => "K",
    }
}
