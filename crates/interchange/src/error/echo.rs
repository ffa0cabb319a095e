//! Text from a file, made safe to show.

/// Most characters of a cell or a header name that are shown.
const ECHO_CHARACTERS_MAX: usize = 32;

/// Shows text from a file on one line: control and invisible characters, the no-break spaces among them,
/// appear as escapes, so that they can be seen and cannot forge a line of a log. Long text is cut.
pub(crate) fn echo(text: &str) -> String {
    let mut shown: String = text.chars().take(ECHO_CHARACTERS_MAX).map(escape).collect();
    if text.chars().nth(ECHO_CHARACTERS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// The same without the cut, for file names.
pub(crate) fn escaped(text: &str) -> String {
    text.chars().map(escape).collect()
}

fn escape(character: char) -> String {
    match character {
        '\'' => character.to_string(),
        _ => character.escape_debug().collect(),
    }
}
