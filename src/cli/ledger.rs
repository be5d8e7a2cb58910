//! `afresh ledger`: what it holds, and what a person adds to it or takes from it.

mod confirm;
mod declare;
mod forget;
mod list;
mod once;

use super::args::{Global, Ledger as Command, Paths};
use super::beside;
use super::deciding::runtime_of_key;
use super::error::{Exit, Failure};
use super::screen::Screen;
use super::session::Session;
use crate::escape;
use crate::ledger::IntendError;
use crate::model::address::{Address, Identity};
use crate::model::memory::Memory;
use forget::Forget;

/// Does one of the `ledger` commands.
pub async fn run(command: &Command, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let session = Session::open(&paths(command).or_here(), global, screen).await?;
    match command {
        Command::List { .. } => {
            screen.tell(&list::list(&session.ground.ledger.memory()));
            for note in session.ground.ledger.notes() {
                screen.remark(&escape::line(&note));
            }
            beside::warn_of_others(&session.ground, screen);
        }
        Command::Show { address, .. } => screen.say(&list::show(&session, address)?),
        Command::Export { .. } => screen.say_json(&String::from_utf8_lossy(
            &session.ground.ledger.export().await?,
        )),
        Command::Declare { slot, born, .. } => {
            declare::declare(&session, slot, *born, screen).await?;
        }
        Command::Confirm {
            address, reason, ..
        } => {
            confirm::confirm(&session, address, reason.as_deref(), screen).await?;
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
        Command::List { paths }
        | Command::Show { paths, .. }
        | Command::Declare { paths, .. }
        | Command::Confirm { paths, .. }
        | Command::Forget { paths, .. }
        | Command::Export { paths }
        | Command::Compact { paths } => paths,
    }
}

fn unknown(session: &Session, address: &Address) -> Failure {
    if let Some(runtime) = runtime_of_key(address) {
        let summary = format!(
            "{address} names a key, and the ledger knows the two keys of a runtime together"
        );
        let show = session.typed.command(["ledger", "show", &runtime]);
        return Failure::new(summary).with_command("To see both:", &show);
    }
    Failure::new(format!("the ledger knows nothing of {address}")).with_command(
        "This is what it knows:",
        &session.typed.command(["ledger", "list"]),
    )
}

fn identity_of<'a>(
    session: &Session,
    memory: &'a Memory,
    address: &Address,
) -> Result<&'a Identity, Failure> {
    let identity = memory.identity_of(address);
    identity.ok_or_else(|| unknown(session, address))
}

fn not_written(session: &Session, address: &Address, error: IntendError) -> Failure {
    match error {
        IntendError::Ledger(error) => Failure::of_ledger(error),
        IntendError::Moved(_) | IntendError::Busy(_) => Failure::new(format!(
            "another apply worked on {address} meanwhile, so nothing was recorded"
        ))
        .with_exit(Exit::Busy)
        .with_command(
            "This is known now:",
            &session
                .typed
                .command(["ledger", "show", &address.to_string()]),
        ),
    }
}
