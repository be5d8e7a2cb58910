//! What an apply did: one JSON object for each event, and a last one that sums them up.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::key_service::KeyService;
use crate::model::outcome::{Happened, NodesEnd, Report, RunEnd};
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Plan, Receipt, Step, Verdict};
use crate::review::sentence::sentence;
use crate::review::tally::Tally;
use crate::review::text::{self, run_of};

/// One event of an apply. Which fields there are depends on the event.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "a line of afresh apply --format json")]
pub struct Line {
    /// When.
    at: String,
    /// Which subject; none: the event is about the whole apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    event: Event,
    /// What the action does.
    #[serde(skip_serializing_if = "Option::is_none")]
    r#move: Option<Move>,
    /// Which key, as the service calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<&'static str>,
    /// Where a key is handed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_token: Option<String>,
    /// The digest of a one-time run's content.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// The run that was started or cancelled, or is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<i64>,
    /// The new key's fingerprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_request_id: Option<String>,
    /// The service's word for how far a run is.
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
    /// What became of the nodes that were online before a key was regenerated.
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<Nodes>,
    /// How a run ended, in the service's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    /// Whether the rule accepts that.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    /// The run's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Why a run never ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
    /// The task that made a run fail,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    /// and its error.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// How much was written down (`recorded`).
    #[serde(skip_serializing_if = "Option::is_none")]
    observations: Option<usize>,
    /// Where to.
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger: Option<String>,
    /// How much of what there was (`summary`).
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Tally>,
    /// The subjects that the plan held (`summary`).
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<Vec<Held>>,
    /// The command's exit code (`summary`).
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
    /// The same in a sentence.
    text: String,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Event {
    /// The intent is in the ledger, and the request goes out.
    Intended,
    Done,
    /// Others did it, or an earlier apply.
    AlreadyDone,
    /// Its reason no longer holds, or the plan has expired.
    Stale,
    /// Another apply works on the same subject.
    Busy,
    /// The service refused.
    Refused,
    /// The service took it, and nothing came of it.
    NotDone,
    /// Something else happened besides.
    Besides,
    /// Nobody knows yet whether it happened.
    InDoubt,
    NotBegun,
    /// It is known now what became of an older operation.
    Settled,
    /// A run is waited for.
    Waiting,
    /// A run that was waited for has ended.
    Ended,
    /// A run that was waited for goes on.
    StillGoing,
    /// A run that was waited for cannot be looked at any more.
    OutOfSight,
    /// The nodes of a runtime were looked at after a key was regenerated.
    Nodes,
    /// What was seen was written down (`--refresh-only`).
    Recorded,
    /// The last line.
    Summary,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Move {
    Regenerate,
    HandOver,
    Start,
    Submit,
    Cancel,
}

/// A subject on which the plan held back.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Held {
    address: String,
    /// Why.
    text: String,
}

impl Line {
    const fn new(at: String, event: Event, text: String) -> Self {
        Self {
            at,
            address: None,
            event,
            r#move: None,
            slot: None,
            to: None,
            idempotency_token: None,
            digest: None,
            run: None,
            fingerprint: None,
            why: None,
            request_id: None,
            correlation_id: None,
            client_request_id: None,
            phase: None,
            nodes: None,
            result: None,
            accepted: None,
            url: None,
            skipped: None,
            task: None,
            error: None,
            observations: None,
            ledger: None,
            counts: None,
            held: None,
            exit_code: None,
            text,
        }
    }

    /// What it was about to do.
    fn of(mut self, action: &Action, service: KeyService) -> Self {
        self.r#move = Some(match action {
            Action::Regenerate { slot, .. } => {
                self.slot = Some(service.key_name(*slot));
                Move::Regenerate
            }
            Action::HandOver { to, slot, .. } => {
                self.slot = Some(service.key_name(*slot));
                self.to = Some(to.to_string());
                Move::HandOver
            }
            Action::Start { token, .. } => {
                self.idempotency_token = Some(token.as_str().to_owned());
                Move::Start
            }
            Action::Submit { token, digest } => {
                self.idempotency_token = Some(token.as_str().to_owned());
                self.digest = Some(digest.clone());
                Move::Submit
            }
            Action::Cancel { run } => {
                self.run = Some(run.0);
                Move::Cancel
            }
        });
        self
    }

    fn because(self, why: &str) -> Self {
        Self {
            why: Some(why.to_owned()),
            ..self
        }
    }
}

/// What became of the nodes that were online before a key was regenerated.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Nodes {
    /// All are online.
    Online,
    /// Some are not, and the rule allows that, or does not say.
    Lost,
    /// More are not than the rule allows.
    TooMany,
    /// Nobody knows.
    Unknown,
}

impl Nodes {
    const fn of(how: NodesEnd) -> Self {
        match how {
            NodesEnd::Online => Self::Online,
            NodesEnd::Lost => Self::Lost,
            NodesEnd::TooMany => Self::TooMany,
            NodesEnd::Unknown => Self::Unknown,
        }
    }
}

/// What happened.
pub fn report(report: &Report) -> Line {
    let (what, service) = (&report.what, report.service);
    let line = |event| Line {
        address: Some(report.address.to_string()),
        ..Line::new(report.at.to_string(), event, text::report(report))
    };
    let about = |event, action| line(event).of(action, service);
    let told = match what {
        Happened::Intended(action) => about(Event::Intended, action),
        Happened::Done(action, receipt) => Line {
            fingerprint: fingerprint(receipt),
            ..about(Event::Done, action)
        },
        Happened::Already(action, _) => about(Event::AlreadyDone, action),
        Happened::Stale(action, why) => about(Event::Stale, action).because(why),
        Happened::Busy(action, why) => about(Event::Busy, action).because(why),
        Happened::NotDone(action, why) => about(Event::NotDone, action).because(why),
        Happened::Besides(action, why) => about(Event::Besides, action).because(why),
        Happened::InDoubt(action, why) => about(Event::InDoubt, action).because(why),
        Happened::NotBegun(action, why) => about(Event::NotBegun, action).because(why),
        Happened::Settled(action, why) => about(Event::Settled, action).because(why),
        Happened::Refused(action, trouble) => Line {
            request_id: trouble.ids.request.clone(),
            correlation_id: trouble.ids.correlation.clone(),
            client_request_id: trouble.ids.client.clone(),
            ..about(Event::Refused, action).because(&trouble.to_string())
        },
        Happened::Waiting { phase, .. } => Line {
            phase: Some(phase.clone()),
            ..line(Event::Waiting)
        },
        Happened::Ended(end) => ended(end, line(Event::Ended)),
        Happened::StillGoing { url, why, .. } => Line {
            url: url.clone(),
            ..line(Event::StillGoing).because(why)
        },
        Happened::Nodes { slot, text, how } => Line {
            slot: Some(service.key_name(*slot)),
            nodes: Some(Nodes::of(*how)),
            ..line(Event::Nodes).because(text)
        },
        Happened::OutOfSight { url, why, .. } => Line {
            url: url.clone(),
            ..line(Event::OutOfSight).because(why)
        },
    };
    Line {
        run: run_of(what).map(|run| run.0).or(told.run),
        ..told
    }
}

fn fingerprint(receipt: &Receipt) -> Option<String> {
    match receipt {
        Receipt::Regenerated { fingerprint, .. } => Some(fingerprint.as_str().to_owned()),
        Receipt::HandedOver { .. } | Receipt::Started { .. } | Receipt::Cancelled { .. } => None,
    }
}

fn ended(end: &RunEnd, line: Line) -> Line {
    let failure = end.failure.as_ref();
    Line {
        result: Some(end.result.as_str().to_owned()),
        accepted: Some(end.accepted),
        url: end.url.clone(),
        skipped: end.skipped.clone(),
        task: failure.map(|failure| failure.task.clone()),
        error: failure.map(|failure| failure.error.clone()),
        ..line
    }
}

/// What `--refresh-only` wrote down.
pub fn recorded(at: Timestamp, observations: usize, ledger: &str) -> Line {
    Line {
        observations: Some(observations),
        ledger: Some(ledger.to_owned()),
        ..Line::new(
            at.to_string(),
            Event::Recorded,
            text::recorded(observations, ledger),
        )
    }
}

/// What an apply came to, and which subjects its plan held.
pub fn summary(at: Timestamp, plan: &Plan, reports: &[Report], exit_code: u8) -> Line {
    let tally = Tally::of(reports);
    let held = plan.steps.iter().filter_map(held).collect();
    Line {
        counts: Some(tally),
        held: Some(held),
        exit_code: Some(exit_code),
        ..Line::new(at.to_string(), Event::Summary, tally.sentence())
    }
}

fn held(step: &Step) -> Option<Held> {
    match &step.verdict {
        Verdict::Hold { .. } => Some(Held {
            address: step.address.to_string(),
            text: sentence(step),
        }),
        Verdict::Act { .. } | Verdict::Keep(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::address::Address;
    use crate::model::job::{RunId, RunResult, Token};
    use crate::model::outcome::TaskFailure;

    fn shown(what: Happened) -> Value {
        let line = report(&Report {
            address: Address::parse("w/nightly").unwrap(),
            service: KeyService::default(),
            at: "2026-11-22T09:00:00Z".parse().unwrap(),
            what,
        });
        serde_json::to_value(line).unwrap()
    }

    #[test]
    fn an_object_tells_the_event_and_what_belongs_to_it() {
        let submit = Action::Submit {
            token: Token::parse("t-1").unwrap(),
            digest: "d".to_owned(),
        };
        let receipt = Receipt::Started {
            run: RunId(7),
            answered: "2026-11-22T09:00:00Z".parse().unwrap(),
        };
        assert_eq!(
            shown(Happened::Done(submit, receipt)),
            json!({
                "at": "2026-11-22T09:00:00Z", "address": "w/nightly", "event": "done",
                "move": "submit", "idempotencyToken": "t-1", "digest": "d", "run": 7,
                "text": "w/nightly  submit: done (run 7)",
            })
        );
        assert_eq!(
            shown(Happened::Stale(
                Action::Cancel { run: RunId(3) },
                "it ended".to_owned()
            )),
            json!({
                "at": "2026-11-22T09:00:00Z", "address": "w/nightly", "event": "stale",
                "move": "cancel", "run": 3, "why": "it ended",
                "text": "w/nightly  cancel run 3: stale, not done: it ended",
            })
        );
    }

    #[test]
    fn the_end_of_a_run_has_its_page_task_and_error() {
        let end = RunEnd {
            skipped: None,
            run: RunId(7),
            result: RunResult::Failed,
            accepted: false,
            url: Some("https://h/#job/1/run/7".to_owned()),
            failure: Some(TaskFailure {
                task: "load".to_owned(),
                error: "two\nlines".to_owned(),
            }),
        };
        let object = shown(Happened::Ended(end));
        assert_eq!(
            [
                &object["event"],
                &object["result"],
                &object["task"],
                &object["error"]
            ],
            ["ended", "FAILED", "load", "two\nlines"]
        );
        assert_eq!(
            (&object["run"], &object["accepted"]),
            (&json!(7), &json!(false))
        );
        assert!(object.get("phase").is_none());
    }
}
