//! `afresh why`: the evidence behind one verdict.

use super::args::{Global, Why};
use super::deciding::{Look, decide};
use super::error::{Exit, Failure};
use super::screen::Screen;
use super::session::Session;
use crate::limits::PARALLELISM_DEFAULT;
use crate::review;

/// Plans for one subject, and shows all that its verdict rests on.
pub async fn run(args: &Why, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let session = Session::open(&args.paths.or_here(), global, screen).await?;
    let look = Look {
        refresh: args.refresh.into(),
        targets: vec![args.address.clone()],
        parallelism: PARALLELISM_DEFAULT,
        as_of: args.as_of,
    };
    let plan = decide(&session, look, global, screen).await?;
    for step in &plan.steps {
        screen.say(&review::text::why(step, &plan));
    }
    for passed in &plan.passed_over {
        screen.say(&format!("{}  skipped: {}", passed.address, passed.why));
    }
    session.ground.close()?;
    Ok(Exit::AsWanted)
}
