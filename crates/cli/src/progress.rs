//! Progress bars: to stderr, on a terminal, for work long enough to wonder about.

use app::import::ImportProgress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Files below this length (a few thousand rows) are done before a bar is drawn.
const FILE_BYTES_MIN: u64 = 300_000;
/// Runs over fewer events than this need no bar.
const EVENTS_MIN: u64 = 50_000;

fn bar(template: &str) -> ProgressBar {
    // Draws only if stderr is a terminal.
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// The bar of an import.
pub struct ImportBar(ProgressBar);

impl ImportBar {
    /// A bar that shows itself only for a long file.
    pub fn new() -> Self {
        Self(bar("{msg:9} {bar:40} {percent:>3}%  {elapsed} (about {eta} left)"))
    }
}

impl ImportProgress for ImportBar {
    fn at(&self, writing: bool, bytes: u64, length: u64) {
        if length < FILE_BYTES_MIN {
            return;
        }
        self.0.set_length(length);
        self.0.set_message(if writing { "importing" } else { "checking" });
        self.0.set_position(bytes);
        if bytes >= length && writing {
            self.0.finish_and_clear();
        }
    }
}

impl Drop for ImportBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The bar of a run over the log.
pub struct LogBar(ProgressBar);

impl LogBar {
    /// A bar that shows itself only for a long log.
    pub fn new() -> Self {
        Self(bar("{human_pos:>11} of {human_len} events {bar:40} {elapsed} (about {eta} left)"))
    }

    /// Shows how far the run has come.
    pub fn at(&self, position: u64, last: u64) {
        if last >= EVENTS_MIN {
            self.0.set_length(last);
            self.0.set_position(position);
        }
    }
}

impl Drop for LogBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
