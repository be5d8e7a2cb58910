//! Ctrl-C and SIGTERM. While no action is under way, the first one ends the command at once. Otherwise the first one lets the actions in
//! flight finish and starts no new ones; the second one stops at once, and the next apply resolves what was interrupted.
//!
//! Once a command listens, no interrupt is lost, neither at the prompt nor after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::error::{Exit, Failure};
use super::screen::Screen;
use crate::apply::StopFlag;

/// What interrupts mean to one command. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Interrupts {
    stop: StopFlag,
    is_acting: Arc<AtomicBool>,
}

/// A file that would grow beyond `ulimit -f` is an error of whoever writes it, and ends no program in the middle of its work.
pub fn outlive_full_files() -> std::io::Result<()> {
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

impl Interrupts {
    /// Listens from now on.
    ///
    /// # Errors
    /// The system does not let this process listen.
    pub fn listen(screen: &Screen) -> Result<Self, Failure> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (interrupts, screen) = (Self::default(), screen.clone());
        let heard = interrupts.clone();
        tokio::spawn(async move {
            next(&mut interrupt, &mut terminate).await;
            if !heard.is_acting.load(Ordering::SeqCst) {
                end(&screen, "interrupted");
            }
            screen.complain(
                "interrupted: finishing what is in flight, starting nothing new; interrupt again to stop now",
            );
            heard.stop.raise();
            next(&mut interrupt, &mut terminate).await;
            end(
                &screen,
                "stopped: the next apply resolves interrupted operations",
            );
        });
        Ok(interrupts)
    }

    /// From now on actions may be under way. The first interrupt raises the flag.
    pub fn begin_acting(&self) -> StopFlag {
        self.is_acting.store(true, Ordering::SeqCst);
        self.stop.clone()
    }
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

fn end(screen: &Screen, why: &str) -> ! {
    screen.complain(why);
    std::process::exit(Exit::Interrupted as i32)
}
