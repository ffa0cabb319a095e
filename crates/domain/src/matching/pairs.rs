//! One line and one item that have each other alone.

/// The lines and items of a run, by their places in order of their ids, and which of them are still free.
pub(super) struct Free {
    pub(super) lines: Vec<bool>,
    pub(super) items: Vec<bool>,
}

/// What a rule found: for each line the items that fit.
#[derive(Default)]
pub(super) struct Candidates {
    /// By line: the first items that fit, and whether there are more.
    found: Vec<(usize, Vec<usize>, bool)>,
    /// Items that fit a line which others fit as well.
    contested: Vec<usize>,
}

/// Items of one line that are listed; more are a tie all the same.
pub(super) const LISTED_MAX: usize = 8;

/// What came of a rule.
#[derive(Default)]
pub(super) struct Resolved {
    /// A line and an item that have each other alone.
    pub(super) pairs: Vec<(usize, usize)>,
    /// Lines that fit more than one item, or an item that fits more than one line; with some of the items.
    pub(super) ties: Vec<(usize, Vec<usize>)>,
    /// Items in ties that are not listed there.
    pub(super) contested: Vec<usize>,
}

impl Candidates {
    /// Notes the items that fit a line; `items` has all of them, or [`LISTED_MAX`] and `more`.
    pub(super) fn note(&mut self, line: usize, items: Vec<usize>, more: bool) {
        if !items.is_empty() {
            self.found.push((line, items, more));
        }
    }

    /// Notes items that fit a line which others fit as well: each once is enough, however many lines there are.
    pub(super) fn contest(&mut self, items: impl IntoIterator<Item = usize>) {
        self.contested.extend(items);
    }

    /// Tells pairs and ties apart. `lines_of` says how many lines fit an item.
    pub(super) fn resolve(self, lines_of: impl Fn(usize) -> usize) -> Resolved {
        let mut resolved = Resolved { contested: self.contested, ..Resolved::default() };
        for (line, items, more) in self.found {
            match items.as_slice() {
                [item] if !more && lines_of(*item) == 1 => resolved.pairs.push((line, *item)),
                _ => resolved.ties.push((line, items)),
            }
        }
        resolved
    }
}
