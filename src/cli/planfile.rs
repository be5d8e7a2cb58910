//! Reads a saved plan.
//!
//! A plan that was tampered with is an error, which proposes the command for a new one.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use super::args::STDIN;
use super::error::{Exit, Failure};
use super::screen::{Screen, open_file};
use super::uses;
use crate::limits::PLAN_BYTES_MAX;
use crate::saved::{self, SavedError, Unread};

/// Reads a saved plan; one that was tampered with is refused (exit code 4).
pub fn load(path: &Path, screen: &Screen) -> Result<saved::File, Failure> {
    read(path, open_file(path, PLAN_BYTES_MAX)?, screen)
}

/// The same of a file that is open.
pub fn read(path: &Path, input: impl BufRead, screen: &Screen) -> Result<saved::File, Failure> {
    // What cannot be used may still say whose plan it was.
    let file = saved::read(input).map_err(|Unread { why: error, ledger }| {
        let is_stream = path == Path::new(STDIN) || path.starts_with("/dev");
        let out = match (is_stream, error.may_be_replaced()) {
            (true, _) => PathBuf::from("plan.json"),
            (false, true) => path.to_owned(),
            (false, false) => beside(path),
        };
        let name = if path == Path::new(STDIN) {
            "stdin".into()
        } else {
            path.to_string_lossy()
        };
        let exit = if matches!(error, SavedError::Tampered { .. }) {
            Exit::Stale
        } else {
            Exit::Error
        };
        Failure::because(&format!("{name} cannot be used"), &error)
            .with_exit(exit)
            .with_command(
                "Make a new one:",
                &screen.typed.of_plan(ledger.as_deref()).plan_again(&out),
            )
    })?;
    uses::check(&file)?;
    Ok(file)
}

/// `plan.new.json` beside `plan.json`: a name for a plan that is to leave this file as it is.
fn beside(path: &Path) -> PathBuf {
    path.with_extension("new.json")
}
