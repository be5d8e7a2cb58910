//! Why a look at the cloud failed. One subject's trouble never stops the others.

use std::fmt;

use super::promise::{Attention, Promise};

/// A failed request, in the words a person needs. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind, for deciding.
    pub kind: TroubleKind,
    /// What was asked: `list the keys of gateway-west`.
    pub doing: String,
    /// The service's own words, or what happened to the request.
    pub message: String,
    /// What the request goes by in logs.
    pub ids: Box<RequestIds>,
}

/// The ids of a request: who asks for help at the service is asked for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestIds {
    /// The service's own: `x-ms-request-id`, `x-request-id` of Databricks, the trace id of Entra ID.
    pub request: Option<String>,
    /// `x-ms-correlation-request-id`: what groups the requests that one led to.
    pub correlation: Option<String>,
    /// Ours, `x-ms-client-request-id`: all there is where no answer came.
    pub client: Option<String>,
}

impl RequestIds {
    /// Only the service's own, if it gave one.
    pub fn of(request: Option<String>) -> Self {
        Self {
            request,
            ..Self::default()
        }
    }
}

impl fmt::Display for RequestIds {
    /// `request 7c…, correlation 9d…`; without those, `our request 3f…`; empty if there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.request, &self.correlation, &self.client) {
            (Some(request), Some(correlation), _) if request != correlation => {
                write!(f, "request {request}, correlation {correlation}")
            }
            (Some(request), _, _) => write!(f, "request {request}"),
            (None, Some(correlation), _) => write!(f, "correlation {correlation}"),
            (None, None, Some(client)) => write!(f, "our request {client}"),
            (None, None, None) => Ok(()),
        }
    }
}

/// The kinds of trouble that are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// 403: the right that is missing, as an RBAC action or a Databricks permission.
    Forbidden {
        /// `Microsoft.DataFactory/factories/integrationRuntimes/listAuthKeys/action`, or `CAN MANAGE RUN`.
        right: String,
    },
    /// No token, or it was refused.
    Unauthenticated,
    /// The token has ended or was refused, and there is no other one until a person does something.
    SignedOut,
    /// Not let in from here, or forbidden by a policy: an address list, network rules, an Azure Policy. No right is missing.
    Blocked,
    /// The subject does not exist.
    NotFound,
    /// Still throttled after all patience.
    Throttled,
    /// Not asked: the command's time was over.
    TimeOver,
    /// Not asked, as the command line wants it (`--evidence status`).
    Unwanted,
    /// No answer, not even after repeating.
    Unreachable,
    /// An answer that cannot be understood, or a status that should not be.
    Unexpected,
    /// A name or a rule that cannot be right: two jobs of one name, a runtime without keys of its own.
    Misfit,
}

impl TroubleKind {
    /// Is a right missing?
    pub const fn is_forbidden(&self) -> bool {
        matches!(self, Self::Forbidden { .. })
    }

    /// Why only a person can end it; `None`: another time may be better.
    pub const fn attention(&self) -> Option<Attention> {
        match self {
            Self::Forbidden { .. } | Self::Unauthenticated | Self::SignedOut | Self::Blocked => {
                Some(Attention::Access)
            }
            Self::NotFound => Some(Attention::NotFound),
            Self::Misfit => Some(Attention::Rule),
            Self::Throttled
            | Self::TimeOver
            | Self::Unwanted
            | Self::Unreachable
            | Self::Unexpected => None,
        }
    }

    /// What it leaves known of a promise: of a subject that is not there, or that a rule names in two ways, somebody did look.
    pub const fn promise(&self) -> Promise {
        match self {
            Self::NotFound | Self::Misfit => Promise::Unproven,
            Self::Forbidden { .. }
            | Self::Unauthenticated
            | Self::SignedOut
            | Self::Blocked
            | Self::Throttled
            | Self::TimeOver
            | Self::Unwanted
            | Self::Unreachable
            | Self::Unexpected => Promise::Unknown,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match &self.kind {
            TroubleKind::Unwanted => "did not",
            TroubleKind::Forbidden { .. }
            | TroubleKind::Unauthenticated
            | TroubleKind::SignedOut
            | TroubleKind::Blocked
            | TroubleKind::NotFound
            | TroubleKind::Throttled
            | TroubleKind::TimeOver
            | TroubleKind::Unreachable
            | TroubleKind::Unexpected
            | TroubleKind::Misfit => "cannot",
        };
        write!(f, "{verb} {}: ", self.doing)?;
        match &self.kind {
            TroubleKind::Forbidden { right } => {
                let said = without_the_right(&self.message);
                write!(f, "{said}; the permission {right} is missing")?;
                if self.message.contains("recently granted") {
                    f.write_str("; if it was granted just now, wait a few minutes and try again")?;
                }
            }
            _ => f.write_str(&self.message)?,
        }
        match self.ids.to_string() {
            ids if ids.is_empty() => Ok(()),
            ids => write!(f, " ({ids})"),
        }
    }
}

/// A refusal up to where Resource Manager names action and scope: the right is named behind it anyway.
fn without_the_right(message: &str) -> &str {
    message
        .split_once(" to perform action ")
        .map_or(message, |(who, _)| who)
        .trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_missing_right_once() {
        let trouble = Trouble {
            kind: TroubleKind::Forbidden {
                right: "a/read".to_owned(),
            },
            doing: "look".to_owned(),
            message: "AuthorizationFailed: The client 'c' does not have authorization to perform action 'a/read' over scope '/s' or the \
                      scope is invalid. If access was recently granted, please refresh your credentials."
                .to_owned(),
            ids: Box::new(RequestIds {
                request: Some("r".to_owned()),
                correlation: Some("c".to_owned()),
                client: Some("o".to_owned()),
            }),
        };
        assert_eq!(
            trouble.to_string(),
            "cannot look: AuthorizationFailed: The client 'c' does not have authorization; the permission a/read is missing; if it was granted just now, wait a few minutes and try again (request r, correlation c)"
        );
    }
}
