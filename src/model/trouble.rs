//! Why a look at the cloud failed. One subject's trouble never stops the others.

use std::fmt;

/// A failed request, in the words a person needs. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind, for deciding.
    pub kind: TroubleKind,
    /// What was asked: `list the keys of gateway-west`.
    pub doing: String,
    /// The service's own words, or what happened to the request.
    pub message: String,
    /// The service's request id, if it gave one.
    pub request_id: Option<String>,
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
    /// The subject does not exist.
    NotFound,
    /// Still throttled after all patience.
    Throttled,
    /// No answer, not even after repeating.
    Unreachable,
    /// An answer that cannot be understood, or a status that should not be.
    Unexpected,
    /// A name or a rule that cannot be right: two jobs of one name, a runtime without keys of its own.
    Misfit,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.doing, self.message)?;
        if let TroubleKind::Forbidden { right } = &self.kind {
            write!(f, "; the right to {right} is missing")?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl Trouble {
    /// To be deleted with the last placeholder.
    pub fn placeholder() -> Self {
        Self {
            kind: TroubleKind::Unexpected,
            doing: "look".to_owned(),
            message: "not built".to_owned(),
            request_id: None,
        }
    }
}
