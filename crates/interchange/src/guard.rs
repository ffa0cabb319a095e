//! Text that a spreadsheet must not run.

use std::borrow::Cow;

/// Text that a spreadsheet program would take for a formula, with an apostrophe in front; other text as it is.
pub fn guarded(text: &str) -> Cow<'_, str> {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}").into(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_a_spreadsheet_would_run_is_guarded() {
        for text in ["=1+1", "+46", "-x", "@a", "\tx", "\rx"] {
            assert_eq!(guarded(text), format!("'{text}"));
        }
        for text in ["a=b", "", "'=1", "5-3"] {
            assert_eq!(guarded(text), text);
        }
    }
}
