//! THE EDGE: one file per command; the only place that prints, asks, reads argv and environment, and exits.

mod against;
mod apply;
mod approve;
mod approved;
mod args;
mod auth;
mod base;
mod beside;
mod comment;
mod deciding;
mod declared;
mod error;
mod exit_code;
mod explain;
mod forge;
mod inventory;
mod inventory_args;
mod leak;
mod ledger;
mod links;
mod logging;
mod meant;
mod merge;
mod output;
mod patience;
mod places;
mod plan;
mod planfile;
mod policy;
mod progress;
mod refresh_only;
mod remembered;
mod schema;
mod screen;
mod session;
mod shard;
mod shard_of;
mod show;
mod shown;
mod signals;
mod signed;
mod sim;
mod surroundings;
mod terms;
mod tip;
mod trust;
mod typed;
mod uses;
mod validate;
mod why;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use tokio::runtime::Runtime;

use args::{Afresh, Command, Sim};
use error::{Exit, Failure};
use screen::Screen;
use signals::Interrupts;
use typed::Typed;

/// Reads argv, does what it says, and gives the exit code.
pub fn main() -> ExitCode {
    no_core_dumps();
    // For every command, as it also outlives files that may not grow. One that needs none does without where there is none.
    let runtime = runtime();
    let afresh = match Afresh::try_parse() {
        Ok(afresh) => afresh,
        Err(error) => {
            let error = tip::of_values(error, &std::env::args_os().collect::<Vec<_>>());
            let exit = match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::AsWanted,
                _ => Exit::Usage,
            };
            if error.use_stderr() {
                screen::complain_of(&error);
                return exit.into();
            }
            return screen::explain(&error, exit).into();
        }
    };
    let typed = Typed::new(&afresh, std::env::args_os());
    let screen = Screen::new(&afresh.global, typed);
    logging::start(&afresh.global, &screen);
    match run(&afresh, &screen, runtime) {
        Ok(exit) => screen.ended(exit).into(),
        Err(failure) => {
            let failure = failure.completed(&screen.typed);
            screen.complain(&failure.message());
            failure.exit.into()
        }
    }
}

fn run(
    afresh: &Afresh,
    screen: &Screen,
    runtime: std::io::Result<Runtime>,
) -> Result<Exit, Failure> {
    let global = &afresh.global;
    all_heeded(afresh)?;
    match &afresh.command {
        Command::Validate(args) => validate::run(args, global, screen),
        Command::Plan(args) => wait(screen, &runtime?, async |_| {
            plan::run(args, global, screen).await
        }),
        Command::Apply(args) => wait(screen, &runtime?, async |interrupts| {
            apply::run(args, global, screen, &interrupts).await
        }),
        Command::Approve(args) => approve::run(args, screen),
        Command::Merge(args) => merge::run(args, screen),
        Command::Show(args) => show::run(args, screen),
        Command::Diff(args) => show::diff(args, screen),
        Command::Why(args) => wait(screen, &runtime?, async |_| {
            why::run(args, global, screen).await
        }),
        Command::Auth(args) => wait(screen, &runtime?, async |_| {
            auth::run(args, global, screen).await
        }),
        Command::Inventory(args) => wait(screen, &runtime?, async |_| {
            inventory::run(args, global, screen).await
        }),
        Command::Ledger(command) => wait(screen, &runtime?, async |_| {
            ledger::run(command, global, screen).await
        }),
        Command::Sim(command) => runtime?.block_on(sim::run(command, global, screen)),
        Command::Explain(args) => explain::run(args, screen),
        Command::Schema(args) => schema::run(args, screen),
        Command::Completions { shell } => Ok(schema::completions(*shell, screen)),
        Command::Man => schema::man(screen),
    }
}

/// A flag that says what is trusted is refused where nothing heeds it: whoever gives it takes it for heeded.
fn all_heeded(afresh: &Afresh) -> Result<(), Failure> {
    const SAVED: Option<&str> = Some("A saved plan is held to the policy when it is applied.");
    let (command, advice) = match &afresh.command {
        Command::Approve(_) => ("approve", SAVED),
        Command::Merge(_) => ("merge", SAVED),
        Command::Show(_) => ("show", SAVED),
        Command::Diff(_) => ("diff", SAVED),
        Command::Explain(_) => ("explain", None),
        Command::Schema(_) => ("schema", None),
        Command::Completions { .. } => ("completions", None),
        Command::Man => ("man", None),
        Command::Sim(Sim::Serve { .. }) => ("sim serve", None),
        Command::Sim(Sim::Advance { .. } | Sim::Reset { .. })
        | Command::Validate(_)
        | Command::Plan(_)
        | Command::Apply(_)
        | Command::Why(_)
        | Command::Auth(_)
        | Command::Inventory(_)
        | Command::Ledger(_) => return Ok(()),
    };
    let global = &afresh.global;
    let flags = [
        ("--policy", global.policy.is_some()),
        ("--allow-loopback", global.allow_loopback),
        ("--allow-commands", global.allow_commands),
    ];
    let Some((flag, _)) = flags.into_iter().find(|(_, is_given)| *is_given) else {
        return Ok(());
    };
    let summary = format!(
        "{flag} has no effect on `{command}`, which reads no manifests and sends no credentials"
    );
    let failure = Failure::new(summary).with_exit(Exit::Usage);
    Err(match advice {
        Some(advice) => failure.with_advice(advice),
        None => failure,
    })
}

/// A core dump would hold every token that is held then. One that is piped to a program heeds no limit, and neither does somebody who reads
/// this process's memory: on Linux both are refused.
fn no_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let none = Rlimit {
            current: Some(0),
            ..getrlimit(Resource::Core)
        };
        // Less than before is always allowed.
        let _ = setrlimit(Resource::Core, none);
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Does what takes time, and listens for interrupts meanwhile.
fn wait(
    screen: &Screen,
    runtime: &Runtime,
    work: impl AsyncFnOnce(Interrupts) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    runtime.block_on(async { work(Interrupts::listen(screen)?).await })
}

fn runtime() -> std::io::Result<Runtime> {
    enough_files()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async { signals::outlive_full_files() })?;
    Ok(runtime)
}

/// Files that a runtime opens at once: it panics where one of them cannot be opened.
const FILES_MIN: usize = 8;

fn enough_files() -> std::io::Result<()> {
    let open = |_| {
        // An empty root has not even /dev/null.
        std::fs::File::open(if cfg!(windows) { "NUL" } else { "/" })
    };
    let all: std::io::Result<Vec<_>> = (0..FILES_MIN).map(open).collect();
    all.map(drop)
}
