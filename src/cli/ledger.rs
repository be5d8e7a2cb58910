//! `afresh ledger`: what it holds, and what a person adds to it or takes from it.

mod confirm;
mod confirm_hand_off;
mod declare;
mod forget;
mod json;
mod known;
mod list;
mod once;

use super::args::{Global, Ledger as Command, Paths, Printed};
use super::beside;
use super::error::{Exit, Failure};
use super::screen::Screen;
use super::session::Session;
pub use json::Document;

use crate::{escape, review};
use forget::Forget;

/// Does one of the `ledger` commands.
pub async fn run(command: &Command, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let session = Session::open(&paths(command).or_here(), global, screen).await?;
    match command {
        Command::List { format, .. } => {
            let memory = session.ground.ledger.memory();
            match format {
                Printed::Text => screen.tell(&list::list(&memory)),
                Printed::Json => {
                    let all = json::all(&memory, session.ground.now());
                    screen.say_json(&review::json::spread(&all));
                }
            }
            for note in session.ground.ledger.notes() {
                screen.remark(&escape::line(&note));
            }
            beside::warn_of_others(&session.ground, screen);
        }
        Command::Show {
            address, format, ..
        } => match format {
            Printed::Text => screen.say(&list::show(&session, address)?),
            Printed::Json => {
                let (memory, now) = (session.ground.ledger.memory(), session.ground.now());
                known::identity_of(&session, &memory, address)?;
                screen.say_json(&review::json::spread(&json::of(&memory, address, now)));
            }
        },
        Command::Export { .. } => {
            let tell = |lines: &[u8]| screen.say_json(&String::from_utf8_lossy(lines));
            session.ground.ledger.export(tell).await?;
        }
        Command::Declare { slot, born, .. } => {
            declare::declare(&session, slot, *born, screen).await?;
        }
        Command::Confirm {
            address,
            destination,
            reason,
            ..
        } => {
            let (to, reason) = (destination.as_deref(), reason.as_deref());
            if confirm_hand_off::is_of_keys(&session, address, to) {
                confirm_hand_off::confirm(&session, address, to, reason, screen).await?;
            } else {
                confirm::confirm(&session, address, reason, screen).await?;
            }
            session.ground.close()?;
        }
        Command::Forget {
            address,
            attempts,
            unresolved,
            may_run_twice,
            ..
        } => {
            let how = match (attempts, unresolved) {
                (true, _) => Forget::Attempts,
                (false, true) => Forget::Doubts {
                    may_run_twice: *may_run_twice,
                },
                (false, false) => Forget::All,
            };
            forget::forget(&session, address, how, screen).await?;
        }
        Command::Compact { .. } => {
            let compacted = session.ground.ledger.compact().await;
            screen.tell(&match compacted.map_err(Failure::of_ledger)? {
                Some(compacted) => compacted.to_string(),
                None => "There is nothing to drop.".to_owned(),
            });
        }
    }
    Ok(Exit::AsWanted)
}

fn paths(command: &Command) -> &Paths {
    match command {
        Command::List { paths, .. }
        | Command::Show { paths, .. }
        | Command::Declare { paths, .. }
        | Command::Confirm { paths, .. }
        | Command::Forget { paths, .. }
        | Command::Export { paths }
        | Command::Compact { paths } => paths,
    }
}
