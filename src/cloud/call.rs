//! One request to a service: who asks, where, for what; and what an answer that is no success means.
//!
//! Refuses: a token for a host outside the cloud it was made for.

use http::Method;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use super::{arm, databricks};
use crate::http::{Failure, Repeat, Response, patience, wire};
use crate::model::address::{Name, ResourceId};
use crate::model::connection::{Cloud, Credential, Factory, Workspace};
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};

/// The service that is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Service<'a> {
    /// Azure Resource Manager.
    Arm,
    /// A Databricks workspace, with its ARM id if that is known.
    Databricks(Option<&'a ResourceId>),
}

/// Who asks, of which cloud.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who<'a> {
    pub connection: &'a Name,
    pub credential: &'a Credential,
    pub cloud: &'a Cloud,
    pub service: Service<'a>,
}

impl<'a> Who<'a> {
    pub fn of_factory(factory: &'a Factory) -> Self {
        Self {
            connection: &factory.name,
            credential: &factory.credential,
            cloud: &factory.cloud,
            service: Service::Arm,
        }
    }

    pub fn of_workspace(workspace: &'a Workspace) -> Self {
        Self {
            connection: &workspace.name,
            credential: &workspace.credential,
            cloud: &workspace.cloud,
            service: Service::Databricks(workspace.resource_id.as_ref()),
        }
    }

    /// The same asking Resource Manager.
    pub fn at_arm(self) -> Self {
        Self {
            service: Service::Arm,
            ..self
        }
    }
}

/// One request, before it has a token.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    pub who: Who<'a>,
    /// `list the keys of gateway-west`: completes the sentence "cannot ...".
    pub doing: String,
    /// What the caller must be allowed to do: an RBAC action or a Databricks permission.
    pub right: &'static str,
    /// What counts call it.
    pub kind: &'static str,
    pub method: Method,
    pub url: Url,
    pub body: Option<Value>,
    pub repeat: Repeat,
    /// It is not sent if it could still be under way after this.
    pub act_by: Option<Timestamp>,
    pub id: Uuid,
}

/// What a service said when it refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Its own words, or the status if it had none.
    pub message: String,
    /// Its request id.
    pub request_id: Option<String>,
    /// What was asked about does not exist.
    pub missing: bool,
}

impl Call<'_> {
    /// May a token of this caller go to this address?
    pub fn permitted(&self) -> Result<(), Trouble> {
        let owned = match self.who.service {
            Service::Arm => Url::parse(&self.who.cloud.resource_manager)
                .is_ok_and(|manager| manager.origin() == self.url.origin()),
            Service::Databricks(_) => self
                .who
                .cloud
                .owns_databricks_host(&host_and_port(&self.url)),
        };
        let fault = match wire::permitted(&self.url) {
            Err(fault) => fault,
            Ok(()) if owned => return Ok(()),
            Ok(()) => format!(
                "{} is no host of the cloud {}, and tokens go nowhere else",
                host_and_port(&self.url),
                self.who.cloud.name
            ),
        };
        Err(self.trouble(TroubleKind::Misfit, fault, None))
    }

    pub fn trouble(
        &self,
        kind: TroubleKind,
        message: impl Into<String>,
        request_id: Option<String>,
    ) -> Trouble {
        Trouble {
            kind,
            doing: self.doing.clone(),
            message: message.into(),
            request_id,
        }
    }

    /// No answer came.
    pub fn unanswered(&self, failure: &Failure) -> Trouble {
        let host = host_and_port(&self.url);
        self.trouble(
            TroubleKind::Unreachable,
            format!("{host} gave no answer: {failure}"),
            None,
        )
    }

    /// An answer came, and it is not a success.
    pub fn refused(&self, response: &Response) -> Trouble {
        let refusal = match self.who.service {
            Service::Arm => arm::refusal(response),
            Service::Databricks(_) => databricks::refusal(response),
        };
        let kind = match response.status {
            401 => TroubleKind::Unauthenticated,
            403 => TroubleKind::Forbidden {
                right: self.right.to_owned(),
            },
            429 => TroubleKind::Throttled,
            _ if refusal.missing => TroubleKind::NotFound,
            _ => TroubleKind::Unexpected,
        };
        let asked = patience::retry_after(response, Timestamp::MIN).map(|pause| {
            let pause = Span::seconds(pause.as_secs());
            format!("{}; it asks to wait {pause}", refusal.message)
        });
        let message = asked.unwrap_or(refusal.message);
        self.trouble(kind, message, refusal.request_id)
    }
}

/// `host` or `host:port` in lower case, as people write it.
pub(super) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The first of these header fields that is there.
pub(super) fn header(response: &Response, names: &[&str]) -> Option<String> {
    names
        .iter()
        .filter_map(|name| response.headers.get(*name)?.to_str().ok())
        .map(str::to_owned)
        .next()
}
