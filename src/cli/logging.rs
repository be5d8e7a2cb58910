//! Logs, to stderr: nothing by default, each exchange under `-vv`. No secret reaches a log: what carries one cannot be shown.

use std::io::{self, Write};

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::args::{Global, LogFormat};
use super::screen::Screen;
use crate::escape;

/// Starts logging as the command line says.
pub fn start(global: &Global, screen: &Screen) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => Level::WARN,
        (false, 1) => Level::INFO,
        (false, 2) => Level::DEBUG,
        (false, _) => Level::TRACE,
    };
    // Only our own events: what libraries log is not known to be free of secrets.
    let filter = Targets::new().with_target("afresh", level);
    let writer = Harmless {
        format: global.log_format,
        color: screen.color_errors,
    };
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(move || writer)
        .with_target(false);
    let registry = tracing_subscriber::registry().with(filter);
    match global.log_format {
        LogFormat::Text => registry.with(layer.with_ansi(screen.color_errors)).init(),
        LogFormat::Json => registry.with(layer.json()).init(),
    }
}

/// Stderr, through the escape of the log's format.
#[derive(Clone, Copy)]
struct Harmless {
    format: LogFormat,
    color: bool,
}

impl Write for Harmless {
    /// Takes an event, which comes whole and ends with its line.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let clean = match self.format {
            LogFormat::Text => escape::page(&text.trim_end().replace('\n', " "), self.color) + "\n",
            LogFormat::Json => escape::json(&text),
        };
        io::stderr().lock().write_all(clean.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}
