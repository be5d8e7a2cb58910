//! `afresh why`: the evidence behind one verdict.

use super::args::{Global, Printed, Why};
use super::deciding::{Look, decide};
use super::error::{Exit, Failure};
use super::screen::Screen;
use super::session::Session;
use crate::cloud::Width;
use crate::model::address::{Address, Name};
use crate::{escape, review};

/// Plans for one subject, and shows all that its verdict rests on.
pub async fn run(args: &Why, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let address = subject(&args.address, screen)?;
    let session = Session::open(&args.paths.or_here(), global, screen).await?;
    let look = Look {
        refresh: args.refresh.into(),
        keys: args.evidence.keys(false),
        targets: vec![address],
        shard: None,
        width: Width::READING,
        as_of: args.as_of,
    };
    let plan = decide(&session, look, global, screen).await?;
    let given = screen.typed.given();
    if args.format == Printed::Json {
        screen.say_json(&review::json::spread(&review::json::why(&plan, &given)));
        session.ground.close()?;
        return Ok(Exit::AsWanted);
    }
    for step in &plan.steps {
        screen.say(&review::text::why(step, &plan, &given));
    }
    for passed in &plan.skipped {
        screen.say(&format!(
            "{}  skipped: {}",
            escape::line(&passed.address.to_string()),
            escape::line(&passed.why)
        ));
    }
    session.ground.close()?;
    Ok(Exit::AsWanted)
}

/// Whoever names a connection alone asks what `auth` tells.
fn subject(text: &str, screen: &Screen) -> Result<Address, Failure> {
    Address::parse(text).map_err(|why| {
        let failure = Failure::new(why).with_exit(Exit::Usage);
        match Name::parse(text) {
            Ok(name) => failure.with_command(
                &format!("Is {name} a connection? Then this shows who it is signed in as, and what it may do:"),
                &screen.typed.command(["auth", "--connection", name.as_str()]),
            ),
            Err(_) => failure,
        }
    })
}
