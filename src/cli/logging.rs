//! Logs, to stderr: nothing by default, each exchange under `-vv`. No secret reaches a log: what carries one cannot be shown.

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::args::{Global, LogFormat};
use super::screen::Screen;

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
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false);
    let registry = tracing_subscriber::registry().with(filter);
    match global.log_format {
        LogFormat::Text => registry.with(layer.with_ansi(screen.color_errors)).init(),
        LogFormat::Json => registry.with(layer.json()).init(),
    }
}
