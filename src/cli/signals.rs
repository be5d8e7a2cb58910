//! First Ctrl-C or SIGTERM: finish what is in flight, start nothing. Second: stop now; the next run settles the doubts.

use tokio::signal::unix::{SignalKind, signal};

use super::error::{Exit, Failure};
use super::screen::Screen;
use crate::apply::StopFlag;

/// A flag that the first interrupt raises. The second ends the process where it stands.
pub fn stop_on_interrupt(screen: &Screen) -> Result<StopFlag, Failure> {
    let (flag, screen) = (StopFlag::default(), screen.clone());
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let raised = flag.clone();
    tokio::spawn(async move {
        wait(&mut interrupt, &mut terminate).await;
        screen.complain("interrupted: finishing what is in flight, starting nothing more; once more to stop now");
        raised.raise();
        wait(&mut interrupt, &mut terminate).await;
        screen.complain("stopped: the next apply settles what is in doubt");
        std::process::exit(Exit::Interrupted as i32);
    });
    Ok(flag)
}

async fn wait(
    interrupt: &mut tokio::signal::unix::Signal,
    terminate: &mut tokio::signal::unix::Signal,
) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
