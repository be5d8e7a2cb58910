//! `afresh show` and `afresh diff`: saved plans, anywhere, offline, also when they are stale.

use super::args::{Diff, Printed, Show};
use super::error::{Exit, Failure};
use super::places::file_of;
use super::planfile::load;
use super::screen::Screen;
use super::shown::{show, uses_of};
use crate::review;

/// Shows one saved plan.
pub fn run(args: &Show, screen: &Screen) -> Result<Exit, Failure> {
    let file = load(&args.planfile, screen)?;
    let given = screen.typed.of_plan(file_of(&file.ledger)).given();
    show(&file, &args.format, &args.comment, None, &given, screen)?;
    Ok(Exit::AsWanted)
}

/// Compares two.
pub fn diff(args: &Diff, screen: &Screen) -> Result<Exit, Failure> {
    let (old, new) = (load(&args.old, screen)?, load(&args.new, screen)?);
    match args.format {
        Printed::Text => {
            let uses = review::text::uses_diff(uses_of(&old), uses_of(&new));
            screen.tell(&(uses + &review::text::diff(&old.plan, &new.plan)));
        }
        Printed::Json => {
            let (old, new) = ((&old.plan, uses_of(&old)), (&new.plan, uses_of(&new)));
            screen.say_json(&review::json::spread(&review::json::diff(old, new)));
        }
    }
    Ok(Exit::AsWanted)
}
