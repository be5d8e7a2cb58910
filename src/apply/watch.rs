//! Waits for runs: by their id, never in a list, since lists lag.
//!
//! A wait with a limit ends at that limit. A single failed request does not end it, unless the sign-in has ended.

use super::hands::Hands;
use super::pause::{pause, time_left};
use super::skip::Skip;
use super::{proof, remember};
use crate::cloud::Dated;
use crate::ledger::event::Subject;
use crate::limits::{CANCEL_WAIT_MAX, POLL_FAILURES_MAX, POLL_PAUSE, POLL_PAUSE_MAX};
use crate::model::connection::Workspace;
use crate::model::job::{ActivePhase, Phase, Run, RunId, RunResult};
use crate::model::outcome::{Happened, RunEnd};
use crate::model::time::Span;
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::verdict::{Facts, Step, Target, Verdict, Wait};

/// Waits until all of `runs`, which were cancelled, have ended.
///
/// # Errors
/// Why they are waited for no longer.
pub(super) async fn until_ended(
    hands: &Hands<'_>,
    target: &Target,
    runs: &[RunId],
) -> Result<(), Skip> {
    let workspace = hands
        .connections
        .workspace(target)
        .map_err(|trouble| Skip::StillRuns(trouble.to_string()))?;
    let deadline = Span::seconds(CANCEL_WAIT_MAX.as_secs()).after(hands.clock.now());
    for run in runs {
        loop {
            let why = match hands.reader.run(workspace, *run).await {
                Ok(seen) if !seen.said.is_active() => break,
                Ok(_) => format!("run {run} was cancelled and has not ended yet"),
                Err(trouble) if trouble.kind == TroubleKind::SignedOut => {
                    return Err(Skip::StillRuns(trouble.to_string()));
                }
                Err(trouble) => trouble.to_string(),
            };
            if hands.clock.now() >= deadline {
                return Err(Skip::StillRuns(why));
            }
            pause(hands, POLL_PAUSE).await?;
        }
    }
    Ok(())
}

/// Waits for the end of the run that an earlier apply started for `step` and did not see end.
pub(super) async fn resume(hands: &Hands<'_>, step: &Step) {
    let run = step.wait.as_ref().and_then(|wait| wait.run);
    if let (Verdict::Hold { .. }, Some(target), Some(run)) = (&step.verdict, &step.target, run) {
        to_the_end(hands, step, target, run).await;
    }
}

/// Waits for the end of a run that `step` started, if it is to be waited for, and says how it went.
pub(super) async fn to_the_end(hands: &Hands<'_>, step: &Step, target: &Target, run: RunId) {
    let wait = wanted(step, hands.options.wait);
    if let (Some(wait), Ok(workspace)) = (wait, hands.connections.workspace(target)) {
        let watch = Watch {
            hands,
            step,
            target,
            workspace,
            run,
            wait,
        };
        watch.follow().await;
    }
}

/// Is the end of what `step` starts waited for?
pub(super) fn is_awaited(hands: &Hands<'_>, step: &Step) -> bool {
    wanted(step, hands.options.wait).is_some()
}

/// A wait without an end is one only under `--wait`.
fn wanted(step: &Step, always: bool) -> Option<Wait> {
    match &step.wait {
        Some(wait) if wait.max.is_some() || always => Some(wait.clone()),
        None if always => Some(Wait {
            max: None,
            accept: accepted(&step.facts).to_vec(),
            run: None,
        }),
        _ => None,
    }
}

fn accepted(facts: &Facts) -> &[RunResult] {
    match facts {
        Facts::Job(facts) => &facts.accept,
        Facts::Submission(facts) => &facts.accept,
        Facts::Runtime(_) | Facts::None => &[],
    }
}

/// One run that is waited for.
struct Watch<'a> {
    hands: &'a Hands<'a>,
    step: &'a Step,
    target: &'a Target,
    workspace: &'a Workspace,
    run: RunId,
    wait: Wait,
}

/// What the looks so far have shown.
#[derive(Default)]
struct Seen {
    phase: Option<String>,
    url: Option<String>,
    failures: u32,
    /// Why the last look failed, if it did.
    trouble: Option<Trouble>,
}

impl Watch<'_> {
    async fn follow(&self) {
        let clock = &self.hands.clock;
        let deadline = self.wait.max.map(|max| max.after(clock.now()));
        let mut seen = Seen::default();
        let mut length = POLL_PAUSE;
        loop {
            match self.hands.reader.run(self.workspace, self.run).await {
                Ok(Dated { said: run, .. }) => match run.phase {
                    Phase::Ended { .. } => return self.ended(&run).await,
                    Phase::Active(ref phase) => self.active(&mut seen, &run, phase),
                },
                Err(trouble) => {
                    if let Some(why) = lost_track(&mut seen, &trouble) {
                        return self.lost(seen, why);
                    }
                }
            }
            let Some(left) = time_left(deadline, clock.now()) else {
                let max = self.wait.max.unwrap_or_default();
                return self.over(seen, format!("it has not ended within {max}"));
            };
            if let Err(skip) = pause(self.hands, length.min(left)).await {
                self.hands.interrupted();
                let why = match skip {
                    Skip::TimeOver => "the time of this command is over (--timeout)",
                    _ => "interrupted while waiting",
                };
                return self.over(seen, why.to_owned());
            }
            length = (length * 3 / 2).min(POLL_PAUSE_MAX);
        }
    }

    fn active(&self, seen: &mut Seen, run: &Run, phase: &ActivePhase) {
        (seen.failures, seen.trouble) = (0, None);
        seen.url.clone_from(&run.url);
        let word = word(phase);
        if seen.phase.as_deref() != Some(word) {
            seen.phase = Some(word.to_owned());
            self.tell(Happened::Waiting {
                run: self.run,
                phase: word.to_owned(),
            });
        }
    }

    async fn ended(&self, run: &Run) {
        let Phase::Ended { result, .. } = &run.phase else {
            return;
        };
        let accepted = self.wait.accept.contains(result);
        let failure = if accepted {
            None
        } else {
            // Which task it was is a help, not a condition.
            let failure = self.hands.reader.failure(self.workspace, self.run).await;
            failure.unwrap_or_default()
        };
        self.remember(run).await;
        self.tell(Happened::Ended(RunEnd {
            run: self.run,
            result: result.clone(),
            accepted,
            url: run.url.clone(),
            skipped: proof::why_it_never_ran(run),
            failure,
        }));
    }

    /// A success that the ledger misses costs the next plan one request, no more: an error here changes nothing.
    async fn remember(&self, run: &Run) {
        let subject = Subject {
            identity: self.target.identity(),
            address: self.step.address.clone(),
        };
        let now = self.hands.clock.now();
        let event = remember::end(self.step, &subject, run, &self.wait.accept, now);
        let _ = self.hands.ledger.record(event.into_iter().collect()).await;
    }

    /// The wait is over. If its last look failed, nobody knows whether the run goes on.
    fn over(&self, mut seen: Seen, why: String) {
        if let Some(trouble) = seen.trouble.take() {
            return self.lost(seen, format!("{why}, and {trouble}"));
        }
        self.tell(Happened::StillGoing {
            run: self.run,
            url: seen.url,
            why,
        });
    }

    fn lost(&self, seen: Seen, why: String) {
        self.tell(Happened::OutOfSight {
            run: self.run,
            url: seen.url,
            why,
        });
    }

    fn tell(&self, what: Happened) {
        self.hands.tell(self.step, what);
    }
}

/// One more failed look; why to give up, if it was one too many, or if no look can succeed until a person does something.
fn lost_track(seen: &mut Seen, trouble: &Trouble) -> Option<String> {
    seen.failures += 1;
    seen.trouble = Some(trouble.clone());
    let is_over = seen.failures >= POLL_FAILURES_MAX || trouble.kind == TroubleKind::SignedOut;
    is_over.then(|| trouble.to_string())
}

fn word(phase: &ActivePhase) -> &str {
    match phase {
        ActivePhase::Queued => "QUEUED",
        ActivePhase::Pending => "PENDING",
        ActivePhase::Running => "RUNNING",
        ActivePhase::Terminating => "TERMINATING",
        ActivePhase::Waiting => "WAITING",
        ActivePhase::Unknown(word) => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_lost_track_of_only_after_many_failed_looks_in_a_row() {
        let trouble = Trouble {
            kind: TroubleKind::Unreachable,
            doing: "look at run 7".to_owned(),
            message: "connection reset".to_owned(),
            ids: Box::default(),
        };
        let mut seen = Seen::default();
        let patience = (1..POLL_FAILURES_MAX).all(|_| lost_track(&mut seen, &trouble).is_none());
        assert!(patience);
        assert_eq!(
            lost_track(&mut seen, &trouble),
            Some("cannot look at run 7: connection reset".to_owned())
        );
        let ended = Trouble {
            kind: TroubleKind::SignedOut,
            ..trouble
        };
        assert!(lost_track(&mut Seen::default(), &ended).is_some());
    }
}
