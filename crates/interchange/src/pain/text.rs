//! Names in the characters that every bank takes: letters without marks, digits, `/-?:().,'+` and the space.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest name of an account's holder that banks pass on, in characters; the schema would take 140.
const NAME_MAX: usize = 70;
/// Longest name of a town in the schema, in characters.
const TOWN_MAX: usize = 35;

/// A name as it stands in the file.
pub(super) fn plain_name(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' => plain.push(c),
            '/' | '-' | '?' | ':' | '(' | ')' | '.' | ',' | '\'' | '+' => plain.push(c),
            other => plain.push_str(instead_of(other)),
        }
    }
    let short: String = plain.chars().take(NAME_MAX).collect();
    match short.trim() {
        // The schema takes no empty name.
        "" => "NOTPROVIDED".to_owned(),
        short => short.to_owned(),
    }
}

/// Whether a name has letters or digits for which banks have none: they would become dots, and it another name.
pub fn is_lost(name: &str) -> bool {
    let mut letters = name.nfd().filter(|c| !is_combining_mark(*c) && c.is_alphanumeric());
    letters.any(|c| !c.is_ascii() && instead_of(c) == ".")
}

/// The same of a town, which has at most 35 characters.
pub(super) fn plain_town(name: &str) -> String {
    plain_name(name).chars().take(TOWN_MAX).collect::<String>().trim().to_owned()
}

/// What stands for a character that is no letter with a mark.
fn instead_of(c: char) -> &'static str {
    match c {
        'ß' => "ss",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'ł' => "l",
        'Ł' => "L",
        'þ' => "th",
        'Þ' => "Th",
        'ı' => "i",
        '&' => "+",
        '’' | '‘' | 'ʼ' | '`' | '"' | '“' | '”' | '„' => "'",
        '–' | '—' | '‐' | '‑' | '−' | '_' => "-",
        '[' | '{' => "(",
        ']' | '}' => ")",
        ';' => ",",
        c if c.is_whitespace() => " ",
        _ => ".",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swedish_and_other_letters_lose_their_marks() {
        for (name, written) in [
            ("Rådgivningsbyrån i Malmö", "Radgivningsbyran i Malmo"),
            ("ÅÄÖ åäö é", "AAO aao e"),
            ("A\u{30a}", "A"),
            ("Strauß & Søn – “Æsop”", "Strauss + Son - 'AEsop'"),
            ("Łódź Đà ćilim ı", "Lodz Da cilim i"),
            ("Կարիտաս", "......."),
            ("a\u{a0}b;c[d]@", "a b,c(d)."),
            ("Caritas (Armenia), O'Neill +1/2?", "Caritas (Armenia), O'Neill +1/2?"),
        ] {
            assert_eq!(plain_name(name), written);
        }
    }

    #[test]
    fn what_banks_have_no_letters_for_is_lost() {
        for name in ["Կարիտաս", "جمعية الهلال الأحمر", "ካሪታስ ኢትዮጵያ", "Caritas 東京", "Ελλάς", "Ibrahim ٣"]
        {
            assert!(is_lost(name), "{name}");
        }
        for name in
            ["Rådgivningsbyrån", "Łódź & Đà – “Æsop”", "O’Neill [1]", "Caritas @ home", "ʼn", "a\u{a0}b"]
        {
            assert!(!is_lost(name), "{name}");
        }
    }

    #[test]
    fn a_long_name_is_cut_and_does_not_end_with_a_space() {
        let name = format!("{} and more", "x".repeat(69));
        assert_eq!(plain_name(&name), "x".repeat(69));
    }
}
