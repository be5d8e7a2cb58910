//! `afresh ledger confirm`: a person says that a one-time run whose end was never seen has succeeded.
//!
//! What afresh can find out by itself cannot be confirmed.

use super::super::error::{Exit, Failure};
use super::super::screen::Screen;
use super::super::session::Session;
use super::super::surroundings;
use super::known::not_written;
use super::once::Once;
use crate::escape::line;
use crate::ledger::event::{Confirmation, Event, Subject};
use crate::model::address::Address;
use crate::model::job::{RunId, SubmissionMemory};
use crate::model::key_service::KeyService;
use crate::model::memory::Doubt;
use crate::model::time::minute;
use crate::model::trouble::TroubleKind;

/// Records that the lost run of `address` succeeded.
pub(super) async fn confirm(
    session: &Session,
    address: &Address,
    reason: Option<&str>,
    screen: &Screen,
) -> Result<(), Failure> {
    let Some(once) = Once::of(session, address).await? else {
        let why = format!(
            "no rule submits a one-time run called {address}: only the success of one can be confirmed"
        );
        return Err(Failure::new(why).with_command(
            "These are the subjects that rules cover:",
            &session.typed.command(["plan", "--verbose"]),
        ));
    };
    let ledger = &session.ground.ledger;
    let memory = ledger.memory();
    let contents = once.contents(&memory);
    let known = contents.memory(&once.identity, &once.digest);
    resolved(
        session,
        address,
        &contents.doubts(&once.identity, &once.digest),
    )?;
    let run = lost(session, address, &once, &known)?;
    not_found(session, address, run).await?;
    let said = Confirmation {
        subject: Subject {
            identity: once.identity.clone(),
            address: address.clone(),
        },
        digest: once.digest.clone(),
        run,
        at: session.ground.now(),
        by: surroundings::who(),
        reason: reason.map(str::to_owned),
    };
    let events = vec![Event::Confirmed(said)];
    let written = ledger.record_if_untouched(&once.identity, events).await;
    written.map_err(|error| not_written(session, address, error))?;
    screen.tell(&line(&format!(
        "Confirmed: run {run} of {address} succeeded. This content is not submitted again."
    )));
    Ok(())
}

fn resolved(session: &Session, address: &Address, doubts: &[Doubt]) -> Result<(), Failure> {
    let Some(doubt) = doubts.first() else {
        return Ok(());
    };
    // A one-time run has no keys.
    let title = doubt.action.title(KeyService::default());
    let since = minute(doubt.at);
    let summary = format!("`{title}` of {since} on {address} is unresolved");
    Err(Failure::new(summary).with_exit(Exit::Busy).with_command(
        "Let the next apply resolve it first:",
        &session.typed.command(["apply"]),
    ))
}

/// The newest run of the present content whose end is not known.
fn lost(
    session: &Session,
    address: &Address,
    once: &Once,
    known: &SubmissionMemory,
) -> Result<RunId, Failure> {
    if let Some(run) = known.success(&once.digest, &once.accept) {
        let why =
            format!("{address} has succeeded already, with run {run}: there is nothing to confirm");
        return Err(Failure::new(why));
    }
    let runs = known.runs_of(&once.digest);
    let mut unknown = runs.filter(|(run, _)| !known.has_ended(*run));
    if let Some((run, _)) = unknown.next_back() {
        return Ok(run);
    }
    let last = known.runs_of(&once.digest).next_back();
    let end = last.and_then(|(run, _)| Some((run, known.end_of(run)?)));
    Err(match end {
        Some((run, (at, result))) => Failure::new(format!(
            "run {run} of {address} ended {result} {}: only a run whose end was never seen can be confirmed",
            minute(at)
        )),
        None => Failure::new(format!(
            "the present content of {address} was never submitted: there is nothing to confirm"
        )),
    }
    .with_command("This is known of it:", &session.typed.command(["ledger", "show", &address.to_string()])))
}

/// What the service still shows needs no person.
async fn not_found(session: &Session, address: &Address, run: RunId) -> Result<(), Failure> {
    let Some(workspace) = session.desired.workspaces.get(&address.connection) else {
        return Ok(());
    };
    match session.ground.reader.run(workspace, run).await {
        Ok(seen) if seen.said.is_active() => Err(Failure::new(format!(
            "run {run} of {address} is still active"
        ))),
        Ok(_) => Err(Failure::new(format!(
            "run {run} of {address} is still there, so nobody needs to confirm how it ended"
        ))
        .with_command(
            "This records it, and changes nothing:",
            &session.typed.command(["apply", "--refresh-only"]),
        )),
        Err(trouble) if trouble.kind == TroubleKind::NotFound => Ok(()),
        Err(trouble) => Err(Failure::new(format!(
            "whether run {run} of {address} is still there is not known: {trouble}"
        ))),
    }
}
