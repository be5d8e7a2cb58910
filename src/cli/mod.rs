//! THE EDGE: one file per command; the only place that prints, asks, reads argv and environment, and exits.

mod against;
mod apply;
mod args;
mod auth;
mod beside;
mod deciding;
mod error;
mod ledger;
mod logging;
mod patience;
mod plan;
mod progress;
mod schema;
mod screen;
mod session;
mod show;
mod signals;
mod sim;
mod surroundings;
mod validate;
mod why;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Afresh, Command};
use error::{Exit, Failure};
use screen::Screen;
use signals::Interrupts;

/// Reads argv, does what it says, and gives the exit code.
pub fn main() -> ExitCode {
    let afresh = match Afresh::try_parse() {
        Ok(afresh) => afresh,
        Err(error) => {
            let exit = match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::AsWanted,
                _ => Exit::Usage,
            };
            // A broken pipe under `--help` is success too.
            let _ = error.print();
            return exit.into();
        }
    };
    let screen = Screen::new(&afresh.global);
    logging::start(&afresh.global, &screen);
    match run(&afresh, &screen) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            screen.complain(&failure.message());
            failure.exit.into()
        }
    }
}

fn run(afresh: &Afresh, screen: &Screen) -> Result<Exit, Failure> {
    let global = &afresh.global;
    match &afresh.command {
        Command::Validate(args) => Ok(validate::run(args, screen)),
        Command::Plan(args) => wait(screen, async |_| plan::run(args, global, screen).await),
        Command::Apply(args) => wait(screen, async |interrupts| {
            apply::run(args, global, screen, &interrupts).await
        }),
        Command::Show(args) => show::run(args, screen),
        Command::Diff(args) => show::diff(args, screen),
        Command::Why(args) => wait(screen, async |_| why::run(args, global, screen).await),
        Command::Auth(args) => wait(screen, async |_| auth::run(args, global, screen).await),
        Command::Ledger(command) => {
            wait(screen, async |_| ledger::run(command, global, screen).await)
        }
        Command::Sim(command) => runtime()?.block_on(sim::run(command, global, screen)),
        Command::Schema(args) => schema::run(args, screen),
        Command::Completions { shell } => Ok(schema::completions(*shell, screen)),
        Command::Man => schema::man(screen),
    }
}

/// Does what takes time, and listens for interrupts meanwhile.
fn wait(
    screen: &Screen,
    work: impl AsyncFnOnce(Interrupts) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    runtime()?.block_on(async { work(Interrupts::listen(screen)?).await })
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}
