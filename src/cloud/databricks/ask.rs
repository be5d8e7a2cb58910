//! Sends requests to the Jobs API in the version that the workspace has: 2.2, and 2.1 where it does not have that yet.
//!
//! A 404 for a path that the version lacks is not mistaken for a job or run that does not exist: the other version is tried first.

use std::fmt::Display;

use http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::super::answer::{ActFailure, Dated};
use super::super::call::{Body, Call};
use super::super::request_id;
use super::super::session::Session;
use super::super::who::Who;
use super::host;
use super::hosts::Version;
use crate::http::Repeat;
use crate::model::access::{CAN_MANAGE_RUN, CAN_VIEW};
use crate::model::connection::Workspace;
use crate::model::time::Timestamp;
use crate::model::trouble::{Trouble, TroubleKind};

/// Largest page of `jobs/list` before API 2.2.
const OLD_PAGE_MAX: usize = 25;

/// What is asked of the Jobs API, whatever its version.
#[derive(Clone)]
pub(super) struct Ask {
    pub doing: String,
    pub right: &'static str,
    pub kind: &'static str,
    pub method: Method,
    /// `jobs/runs/list`.
    pub path: &'static str,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
    pub repeat: Repeat,
    /// See [`Call::act_by`].
    pub act_by: Option<Timestamp>,
}

impl Ask {
    pub fn get(kind: &'static str, path: &'static str, doing: String) -> Self {
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
    pub fn effect(
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

    pub fn with(mut self, name: &'static str, value: impl Display) -> Self {
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
            body: self.body.clone().map(Body::Json),
            repeat: self.repeat,
            act_by: self.act_by,
            storage: None,
            id: request_id::plain(),
        }
    }
}

/// Asks in the version that the workspace has.
pub(super) async fn read<T: DeserializeOwned>(
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
pub(super) async fn act<T: DeserializeOwned>(
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
