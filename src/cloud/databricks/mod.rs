//! The Jobs API of a Databricks workspace: 2.2, and 2.1 where a workspace does not have that yet.
//!
//! Refuses: taking HTML or an unknown error shape for something else than a refusal.

mod host;
mod inputs;
pub(super) mod jobs;
pub(super) mod parts;
mod phase;
pub(super) mod runs;
pub(super) mod task;
mod trigger;

use host::Version;
pub(super) use host::{Hosts, base, resolve};

use std::fmt::Display;

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::arm::elsewhere;
use super::call::{Call, Refusal, Service, Who};
use super::denial::Denial;
use super::session::Session;
use super::{ActFailure, Dated, request_id, soft};
use crate::http::redact::redact;
use crate::http::{Repeat, Response};
use crate::model::access::{CAN_MANAGE_RUN, CAN_VIEW};
use crate::model::connection::Workspace;
use crate::model::time::Timestamp;
use crate::model::trouble::{Trouble, TroubleKind};

/// Largest page of `jobs/list` before API 2.2.
const OLD_PAGE_MAX: usize = 25;

/// What is asked of the Jobs API, whatever its version.
#[derive(Clone)]
struct Ask {
    doing: String,
    right: &'static str,
    kind: &'static str,
    method: Method,
    /// `jobs/runs/list`.
    path: &'static str,
    query: Vec<(&'static str, String)>,
    body: Option<Value>,
    repeat: Repeat,
    /// See [`Call::act_by`].
    act_by: Option<Timestamp>,
}

impl Ask {
    fn get(kind: &'static str, path: &'static str, doing: String) -> Self {
        Self {
            doing,
            right: CAN_VIEW,
            kind,
            method: Method::GET,
            path,
            query: Vec::new(),
            body: None,
            repeat: Repeat::Safe,
            act_by: None,
        }
    }

    /// Something that is not to be under way after `act_by`.
    fn effect(
        kind: &'static str,
        path: &'static str,
        doing: String,
        body: Value,
        act_by: Timestamp,
    ) -> Self {
        Self {
            right: CAN_MANAGE_RUN,
            method: Method::POST,
            body: Some(body),
            act_by: Some(act_by),
            ..Self::get(kind, path, doing)
        }
    }

    fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    fn call<'a>(&self, workspace: &'a Workspace, base: &Url, old: bool) -> Call<'a> {
        let mut url = base.clone();
        url.set_path(&format!(
            "/api/{}/{}",
            if old { "2.1" } else { "2.2" },
            self.path
        ));
        for (name, value) in &self.query {
            let too_many = |limit: usize| old && *name == "limit" && limit > OLD_PAGE_MAX;
            let value = match value.parse() {
                Ok(limit) if too_many(limit) => OLD_PAGE_MAX.to_string(),
                _ => value.clone(),
            };
            url.query_pairs_mut().append_pair(name, &value);
        }
        Call {
            who: Who::of_workspace(workspace),
            doing: self.doing.clone(),
            right: self.right,
            kind: self.kind,
            method: self.method.clone(),
            url,
            body: self.body.clone(),
            repeat: self.repeat,
            act_by: self.act_by,
            id: request_id::plain(),
        }
    }
}

/// Asks in the version that the workspace has.
async fn read<T: DeserializeOwned>(
    session: &Session,
    workspace: &Workspace,
    ask: &Ask,
) -> Result<Dated<T>, Trouble> {
    let base = host::base(session, workspace).await?;
    let version = session.hosts.version(&base);
    let first = session
        .read(&ask.call(workspace, &base, version == Some(Version::Old)))
        .await;
    let first = match first {
        Ok(answer) => {
            session
                .hosts
                .has_answered(&base, version.unwrap_or(Version::New));
            return Ok(answer);
        }
        Err(trouble) if version.is_none() && may_lack_version(&trouble) => trouble,
        Err(trouble) => return Err(trouble),
    };
    let second = session.read(&ask.call(workspace, &base, true)).await;
    match second {
        Ok(answer) => {
            session.hosts.has_answered(&base, Version::Old);
            Ok(answer)
        }
        Err(second) => Err(truer(first, second)),
    }
}

/// Acts in the version that the workspace has; a version that it does not have surely did nothing. Also gives whether the request
/// may have reached the service more than once.
async fn act<T: DeserializeOwned>(
    session: &Session,
    workspace: &Workspace,
    ask: &Ask,
) -> Result<(Dated<T>, bool), ActFailure> {
    let base = host::base(session, workspace)
        .await
        .map_err(ActFailure::Refused)?;
    let version = session.hosts.version(&base);
    let first = session
        .act_counted(&ask.call(workspace, &base, version == Some(Version::Old)))
        .await;
    let first = match first {
        Ok(answer) => {
            session
                .hosts
                .has_answered(&base, version.unwrap_or(Version::New));
            return Ok(answer);
        }
        Err(ActFailure::Refused(trouble)) if version.is_none() && may_lack_version(&trouble) => {
            trouble
        }
        Err(failure) => return Err(failure),
    };
    let second = session.act_counted(&ask.call(workspace, &base, true)).await;
    match second {
        Ok(answer) => {
            session.hosts.has_answered(&base, Version::Old);
            Ok(answer)
        }
        Err(ActFailure::Refused(second)) => Err(ActFailure::Refused(truer(first, second))),
        Err(lost) => Err(lost),
    }
}

/// Is the path itself not there? The service says `Bad Target`, others say 404 in words of their own or none: as of a job that
/// does not exist. So only an answer of the other version tells.
fn may_lack_version(trouble: &Trouble) -> bool {
    let named = ["does not exist", "RESOURCE_DOES_NOT_EXIST"];
    trouble.kind == TroubleKind::NotFound
        && named.iter().all(|words| !trouble.message.contains(words))
}

/// Which of two refusals is about what was asked for. Where API 2.2 does not say that it lacks the path, a 2.1 that knows nothing
/// either, or is not there, adds nothing.
fn truer(first: Trouble, second: Trouble) -> Trouble {
    let adds_nothing = matches!(second.kind, TroubleKind::NotFound | TroubleKind::Unexpected);
    if adds_nothing && !first.message.contains("Bad Target") {
        first
    } else {
        second
    }
}

/// All the shapes that errors of Databricks have.
#[derive(Default, Deserialize)]
struct ErrorBody {
    /// A word, or in old services a number.
    #[serde(default, deserialize_with = "soft::text")]
    error_code: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    message: Option<String>,
    error: Option<Value>,
    #[serde(default, deserialize_with = "soft::text")]
    detail: Option<String>,
}

/// Reads an error, in JSON, HTML or no shape at all.
pub(super) fn refusal(response: &Response) -> Refusal {
    let body: Option<ErrorBody> = serde_json::from_slice(&response.body).ok();
    let (code, message) = match body {
        Some(body) => (
            // Only the status again, in old services.
            body.error_code.filter(|code| code.parse::<u16>().is_err()),
            body.message
                .or(body.detail)
                .or_else(|| body.error.map(|error| words(&error))),
        ),
        None => (None, html_words(&response.body)),
    };
    let said = message.as_deref().unwrap_or_default();
    let refusal = Refusal {
        message: String::new(),
        missing: is_missing(response.status, code.as_deref(), said),
        denial: Denial::of(Service::Databricks(None), response, code.as_deref(), said),
    };
    let said = match (code, message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) if response.is_page() => elsewhere(response),
        (None, None) => format!("status {}, without a reason", response.status),
    };
    Refusal {
        message: redact(&said),
        ..refusal
    }
}

/// Does what was asked about not exist? The service says it with 404, or with 400 and words.
fn is_missing(status: u16, code: Option<&str>, said: &str) -> bool {
    match (status, code) {
        (404, code) => code != Some("FEATURE_DISABLED"),
        (400, Some("RESOURCE_DOES_NOT_EXIST" | "NOT_FOUND")) => true,
        (400, Some("INVALID_PARAMETER_VALUE") | None) => said.contains("does not exist"),
        _ => false,
    }
}

fn words(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Gateways answer in HTML, with the reason between `<pre>` and `</pre>`; else their title begins with the status.
fn html_words(body: &[u8]) -> Option<String> {
    const SHOWN_MAX: usize = 200;
    let text = String::from_utf8_lossy(body);
    let between = |opens: &str, closes: &str| {
        let (_, rest) = text.split_once(opens)?;
        rest.split_once(closes).map(|(said, _)| said)
    };
    let titled = || {
        let rest = between("<title>", "</title>")?
            .trim()
            .strip_prefix("Error ")?;
        Some(rest.trim_start_matches(|c: char| c.is_ascii_digit()))
    };
    let said = match between("<pre>", "</pre>").or_else(titled) {
        Some(said) => said,
        None if text.contains('<') => return None,
        None => &text,
    };
    let said: String = said.trim().chars().take(SHOWN_MAX).collect();
    (!said.is_empty()).then_some(said)
}
