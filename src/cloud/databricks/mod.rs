//! The Jobs API of a Databricks workspace: 2.2, and 2.1 where a workspace does not have that yet.
//!
//! Refuses: taking HTML or an unknown error shape for something else than a refusal.

mod host;
mod inputs;
pub(super) mod jobs;
mod number;
mod phase;
pub(super) mod runs;
pub(super) mod task;
mod trigger;

pub(super) use host::{Hosts, base, resolve};

use std::fmt::Display;

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::arm::elsewhere;
use super::call::{Call, Refusal, Who};
use super::session::Session;
use super::{ActFailure, Dated, request_id};
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
    let old = session.hosts.is_old(&base);
    match session.read(&ask.call(workspace, &base, old)).await {
        Err(trouble) if !old && is_bad_target(&trouble) => {
            let again = session.read(&ask.call(workspace, &base, true)).await;
            if !matches!(&again, Err(trouble) if is_bad_target(trouble)) {
                session.hosts.mark_old(&base);
            }
            again
        }
        other => other,
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
    let old = session.hosts.is_old(&base);
    match session.act_counted(&ask.call(workspace, &base, old)).await {
        Err(ActFailure::Refused(trouble)) if !old && is_bad_target(&trouble) => {
            let again = session.act_counted(&ask.call(workspace, &base, true)).await;
            if !matches!(&again, Err(ActFailure::Refused(trouble)) if is_bad_target(trouble)) {
                session.hosts.mark_old(&base);
            }
            again
        }
        other => other,
    }
}

/// Is the path itself not there? The service says `Bad Target`, others say 404 in words of their own or none. A job or a run that
/// is not there is called so.
fn is_bad_target(trouble: &Trouble) -> bool {
    let named = ["does not exist", "RESOURCE_DOES_NOT_EXIST"];
    trouble.kind == TroubleKind::NotFound
        && named.iter().all(|words| !trouble.message.contains(words))
}

/// All the shapes that errors of Databricks have.
#[derive(Default, Deserialize)]
struct ErrorBody {
    /// A word, or in old services a number.
    error_code: Option<Value>,
    message: Option<String>,
    error: Option<Value>,
    detail: Option<String>,
}

/// Reads an error, in JSON, HTML or no shape at all.
pub(super) fn refusal(response: &Response) -> Refusal {
    let body: Option<ErrorBody> = serde_json::from_slice(&response.body).ok();
    let (code, message) = match body {
        Some(body) => (
            body.error_code.map(|code| words(&code)),
            body.message
                .or(body.detail)
                .or_else(|| body.error.map(|error| words(&error))),
        ),
        None => (None, html_words(&response.body)),
    };
    let missing = match (response.status, code.as_deref(), message.as_deref()) {
        (404, code, _) => code != Some("FEATURE_DISABLED"),
        (400, Some("INVALID_PARAMETER_VALUE"), Some(said)) => said.contains("does not exist"),
        (400, Some("RESOURCE_DOES_NOT_EXIST"), _) => true,
        _ => false,
    };
    let said = match (code, message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) if response.is_page() => elsewhere(response),
        (None, None) => format!("status {}, without a reason", response.status),
    };
    Refusal {
        message: redact(&said),
        missing,
    }
}

fn words(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Gateways answer in HTML, with the reason between `<pre>` and `</pre>`.
fn html_words(body: &[u8]) -> Option<String> {
    const SHOWN_MAX: usize = 200;
    let text = String::from_utf8_lossy(body);
    let pre = text
        .split_once("<pre>")
        .and_then(|(_, rest)| rest.split_once("</pre>"));
    let said = match pre {
        Some((said, _)) => said,
        None if text.contains('<') => return None,
        None => &text,
    };
    let said: String = said.trim().chars().take(SHOWN_MAX).collect();
    (!said.is_empty()).then_some(said)
}
