//! What an apply did, for programs: one JSON object for each event; and who we are to each connection.
//!
//! Every object of an apply has `at`, `address` and `event`; the rest depends on the event. Fields may be added, and are never renamed. A
//! plan as JSON is the plan file's business.
//!
//! A field without a value is left out; only `granted` may be null.

use serde_json::{Map, Value, json};

use super::text::{report as sentence, run_of};
use crate::model::access::{Access, Entry, Need, Place, Right, Standing};
use crate::model::key_service::KeyService;
use crate::model::kind::Kind;
use crate::model::outcome::{Happened, Report, RunEnd};
use crate::model::time::Timestamp;
use crate::model::verdict::{Action, Receipt};

/// One line's object: `{"at", "address", "event", "move", "slot", "run", "fingerprint", "result", "why", "url", "text", …}`.
pub fn report(report: &Report) -> Value {
    let mut fields = Map::new();
    fields.insert("at".to_owned(), report.at.to_string().into());
    fields.insert("address".to_owned(), report.address.to_string().into());
    fields.insert("event".to_owned(), event(&report.what).into());
    if let Some(action) = action(&report.what) {
        fields.extend(action_fields(action, report.service));
    }
    if let Some(run) = run_of(&report.what) {
        fields.insert("run".to_owned(), run.0.into());
    }
    fields.extend(details(&report.what));
    fields.insert("text".to_owned(), sentence(report).into());
    fields.retain(|_, value| !value.is_null());
    Value::Object(fields)
}

/// What `--refresh-only` wrote down: `{"at", "event": "recorded", "observations", "ledger", "text"}`.
pub fn recorded(at: Timestamp, observations: usize, ledger: &str) -> Value {
    json!({
        "at": at.to_string(), "event": "recorded", "observations": observations, "ledger": ledger,
        "text": super::text::recorded(observations, ledger),
    })
}

/// Who we are to one connection: `{"name", "kind", "place", "signedIn", "credential", "application", "user", "object", "tenant",
/// "audience", "until", "why", "rights": [{"for", "right", "on", "granted", "why"}]}`; `granted` is null where nobody can tell.
pub fn access(access: &Access) -> Value {
    let (kind, place) = match &access.place {
        Place::Factory(service, name) => (service.keys().kind().as_str(), name.as_str()),
        Place::Accounts(id) => (Kind::Subscription.as_str(), id.as_str()),
        Place::Workspace(host) => (Kind::DatabricksWorkspace.as_str(), host.as_str()),
        Place::Vault(name) => ("KeyVault", name.as_str()),
        Place::Ledger(address) => ("ledger", address.as_str()),
    };
    let mut fields = object(json!({
        "name": access.name, "kind": kind, "place": place, "signedIn": !access.is_closed(),
    }));
    let (identity, trouble) = match &access.entry {
        Entry::NoToken(trouble) => (None, Some(trouble)),
        Entry::Refused(identity, trouble) => (Some(identity), Some(trouble)),
        Entry::In(identity) => (Some(identity), None),
    };
    if let Some(identity) = identity {
        fields.extend(object(json!({
            "credential": identity.credential, "application": identity.application, "user": identity.user,
            "object": identity.object, "tenant": identity.tenant, "audience": identity.audience,
            "until": identity.until.map(|end| end.to_string()),
        })));
    }
    let why = trouble.map(ToString::to_string);
    fields.insert("why".to_owned(), why.into());
    fields.retain(|_, value| !value.is_null());
    let rights = access.rights.iter().map(right);
    fields.insert("rights".to_owned(), rights.collect());
    Value::Object(fields)
}

fn right(right: &Right) -> Value {
    let (granted, why) = match &right.standing {
        Standing::Granted => (Some(true), None),
        Standing::Missing => (Some(false), None),
        Standing::Unknown(why) => (None, Some(why)),
    };
    let need = match right.need {
        Need::Plan => "plan",
        Need::Apply => "apply",
    };
    let mut fields = object(json!({"for": need, "right": right.name, "on": right.on, "why": why}));
    fields.retain(|_, value| !value.is_null());
    fields.insert("granted".to_owned(), granted.into());
    Value::Object(fields)
}

fn event(what: &Happened) -> &'static str {
    match what {
        Happened::Intended(_) => "intended",
        Happened::Done(..) => "done",
        Happened::Already(..) => "alreadyDone",
        Happened::Stale(..) => "stale",
        Happened::Busy(..) => "busy",
        Happened::Refused(..) => "refused",
        Happened::NotDone(..) => "notDone",
        Happened::Besides(..) => "besides",
        Happened::InDoubt(..) => "inDoubt",
        Happened::NotBegun(..) => "notBegun",
        Happened::Settled(..) => "settled",
        Happened::Waiting { .. } => "waiting",
        Happened::Ended(_) => "ended",
        Happened::StillGoing { .. } => "stillGoing",
        Happened::OutOfSight { .. } => "outOfSight",
    }
}

fn action(what: &Happened) -> Option<&Action> {
    match what {
        Happened::Intended(action)
        | Happened::Done(action, _)
        | Happened::Already(action, _)
        | Happened::Stale(action, _)
        | Happened::Busy(action, _)
        | Happened::Refused(action, _)
        | Happened::NotDone(action, _)
        | Happened::Besides(action, _)
        | Happened::InDoubt(action, _)
        | Happened::NotBegun(action, _)
        | Happened::Settled(action, _) => Some(action),
        Happened::Waiting { .. }
        | Happened::Ended(_)
        | Happened::StillGoing { .. }
        | Happened::OutOfSight { .. } => None,
    }
}

fn action_fields(action: &Action, service: KeyService) -> Map<String, Value> {
    object(match action {
        Action::Regenerate { slot, .. } => {
            json!({"move": "regenerate", "slot": service.key_name(*slot)})
        }
        Action::HandOver { to, slot, .. } => {
            json!({"move": "handOver", "slot": service.key_name(*slot), "to": to.to_string()})
        }
        Action::Start { token, .. } => json!({"move": "start", "idempotencyToken": token.as_str()}),
        Action::Submit { token, digest } => {
            json!({"move": "submit", "idempotencyToken": token.as_str(), "digest": digest})
        }
        Action::Cancel { run } => json!({"move": "cancel", "run": run.0}),
    })
}

fn details(what: &Happened) -> Map<String, Value> {
    object(match what {
        Happened::Done(_, Receipt::Regenerated { fingerprint, .. }) => {
            json!({"fingerprint": fingerprint.as_str()})
        }
        Happened::Stale(_, why)
        | Happened::Busy(_, why)
        | Happened::InDoubt(_, why)
        | Happened::NotBegun(_, why)
        | Happened::NotDone(_, why)
        | Happened::Besides(_, why)
        | Happened::Settled(_, why) => json!({"why": why}),
        Happened::Refused(_, trouble) => {
            json!({
                "why": trouble.to_string(), "requestId": trouble.ids.request,
                "correlationId": trouble.ids.correlation, "clientRequestId": trouble.ids.client,
            })
        }
        Happened::Waiting { phase, .. } => json!({"phase": phase}),
        Happened::StillGoing { url, why, .. } | Happened::OutOfSight { url, why, .. } => {
            json!({"url": url, "why": why})
        }
        Happened::Ended(end) => ended(end),
        Happened::Intended(_) | Happened::Done(..) | Happened::Already(..) => json!({}),
    })
}

fn ended(end: &RunEnd) -> Value {
    json!({
        "result": end.result.as_str(),
        "accepted": end.accepted,
        "url": end.url,
        "skipped": end.skipped,
        "task": end.failure.as_ref().map(|failure| &failure.task),
        "error": end.failure.as_ref().map(|failure| &failure.error),
    })
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::address::Address;
    use crate::model::job::{RunId, RunResult, Token};
    use crate::model::outcome::TaskFailure;

    fn shown(what: Happened) -> Value {
        report(&Report {
            address: Address::parse("w/nightly").unwrap(),
            service: KeyService::default(),
            at: "2026-11-22T09:00:00Z".parse().unwrap(),
            what,
        })
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
