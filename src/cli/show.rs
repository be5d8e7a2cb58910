//! `afresh show` and `afresh diff`: saved plans, anywhere, offline, also when they are stale.

use std::path::{Path, PathBuf};

use super::args::{Diff, Show};
use super::error::{Exit, Failure};
use super::plan;
use super::screen::{Screen, read_file};
use super::session::file_of;
use crate::limits::PLAN_BYTES_MAX;
use crate::{review, saved};

/// Shows one saved plan.
pub fn run(args: &Show, screen: &Screen) -> Result<Exit, Failure> {
    let file = load(&args.planfile, screen)?;
    let given = screen.typed.given_with(file_of(&file.ledger));
    plan::show(&file, &args.format, &given, screen)?;
    Ok(Exit::AsWanted)
}

/// Compares two.
pub fn diff(args: &Diff, screen: &Screen) -> Result<Exit, Failure> {
    let (old, new) = (load(&args.old, screen)?, load(&args.new, screen)?);
    screen.tell(&review::text::diff(&old.plan, &new.plan));
    Ok(Exit::AsWanted)
}

/// Reads a saved plan; one that was tampered with is refused (exit code 4).
pub fn load(path: &Path, screen: &Screen) -> Result<saved::File, Failure> {
    let text = read_file(path, PLAN_BYTES_MAX as u64)?;
    saved::read(&text).map_err(|error| {
        // What cannot be used may still say whose plan it was.
        let text: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let ledger = text
            .as_ref()
            .and_then(|plan| plan["ledger"]["file"].as_str());
        let ledger = ledger.map(PathBuf::from);
        let exit = if matches!(error, saved::SavedError::Tampered { .. }) {
            Exit::Stale
        } else {
            Exit::Error
        };
        Failure::because(&format!("{} cannot be used", path.display()), &error)
            .with_exit(exit)
            .with_command(
                "Make a new one:",
                &screen.typed.plan_again(path, ledger.as_deref()),
            )
    })
}
