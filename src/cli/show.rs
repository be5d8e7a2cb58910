//! `afresh show` and `afresh diff`: saved plans, anywhere, offline, also when they are stale.

use std::path::Path;

use super::args::{Diff, Show};
use super::error::{Exit, Failure};
use super::plan;
use super::screen::{Screen, read_file};
use crate::limits::PLAN_BYTES_MAX;
use crate::{review, saved};

/// Shows one saved plan.
pub fn run(args: &Show, screen: &Screen) -> Result<Exit, Failure> {
    plan::show(&load(&args.planfile)?, &args.format, screen)?;
    Ok(Exit::AsWanted)
}

/// Compares two.
pub fn diff(args: &Diff, screen: &Screen) -> Result<Exit, Failure> {
    let (old, new) = (load(&args.old)?, load(&args.new)?);
    screen.tell(&review::text::diff(&old.plan, &new.plan));
    Ok(Exit::AsWanted)
}

/// Reads a saved plan; one that was tampered with is refused (exit code 4).
pub fn load(path: &Path) -> Result<saved::File, Failure> {
    let text = read_file(path, PLAN_BYTES_MAX as u64)?;
    saved::read(&text).map_err(|error| {
        let exit = if matches!(error, saved::SavedError::Tampered { .. }) {
            Exit::Stale
        } else {
            Exit::Error
        };
        Failure::because(&format!("{} cannot be used", path.display()), &error)
            .with_exit(exit)
            .with_command("Make a new one:", "afresh plan --out FILE")
    })
}
