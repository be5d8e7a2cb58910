//! `afresh show` and `afresh diff`: saved plans, anywhere, offline, also when they are stale.

use std::path::{Path, PathBuf};

use super::args::{Diff, STDIN, Show};
use super::error::{Exit, Failure};
use super::screen::{Screen, read_file};
use super::session::file_of;
use super::{plan, uses};
use crate::limits::PLAN_BYTES_MAX;
use crate::{review, saved};

/// Shows one saved plan.
pub fn run(args: &Show, screen: &Screen) -> Result<Exit, Failure> {
    let file = load(&args.planfile, screen)?;
    let given = screen.typed.of_plan(file_of(&file.ledger)).given();
    plan::show(&file, &args.format, &args.comment, &given, screen)?;
    Ok(Exit::AsWanted)
}

/// Compares two.
pub fn diff(args: &Diff, screen: &Screen) -> Result<Exit, Failure> {
    let (old, new) = (load(&args.old, screen)?, load(&args.new, screen)?);
    let uses = review::text::uses_diff(plan::uses_of(&old), plan::uses_of(&new));
    screen.tell(&(uses + &review::text::diff(&old.plan, &new.plan)));
    Ok(Exit::AsWanted)
}

/// Reads a saved plan; one that was tampered with is refused (exit code 4).
pub fn load(path: &Path, screen: &Screen) -> Result<saved::File, Failure> {
    let text = read_file(path, PLAN_BYTES_MAX as u64)?;
    let file = saved::read(&text).map_err(|error| {
        // What cannot be used may still say whose plan it was.
        let ledger = saved::ledger_file(&text);
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
        let exit = if matches!(error, saved::SavedError::Tampered { .. }) {
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
