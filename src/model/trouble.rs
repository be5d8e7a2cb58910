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
    /// The token has ended or was refused, and there is no other one until a person does something.
    SignedOut,
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
        write!(f, "cannot {}: ", self.doing)?;
        match &self.kind {
            TroubleKind::Forbidden { right } => {
                let said = without_the_right(&self.message);
                write!(f, "{said}; the right to {right} is missing")?;
            }
            _ => f.write_str(&self.message)?,
        }
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
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
            request_id: Some("r".to_owned()),
        };
        assert_eq!(
            trouble.to_string(),
            "cannot look: AuthorizationFailed: The client 'c' does not have authorization; the right to a/read is missing (request r)"
        );
    }
}
