//! The faults that a world file asks for, triggered by counting requests. Nothing is random: the same requests always meet the same faults.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::operation::Operation;
use super::shelf::Shelf;

/// What goes wrong, as the world file names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Lie {
    /// The request is acted on and its answer never arrives.
    LoseAnswer,
    /// The request never arrives; the client cannot tell the difference from a lost answer.
    DropRequest,
    /// The answer never arrives, and the request arrives late, `by` so much: when the client has long given up.
    DelayRequest,
    /// 429, with `retryAfter`.
    Throttle,
    /// An error `status` and nothing done.
    Error,
    /// An error `status` although it was done.
    ErrorAfterActing,
    /// The right answer, late `by` so much.
    Slow,
    /// The answer of so long ago, `by`: what lists and caches do after a change.
    StaleList,
    /// A refusal in the service's own words, of the kind that `as` names, and nothing done.
    Refuse,
    /// A regenerate that answers with the value it should have replaced.
    ChangeNothing,
    /// A regenerate that changes both keys and answers with one.
    ChangeBoth,
    /// The Activity Log does not say who it was.
    HideCaller,
}

/// One fault and how far its counting has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub(crate) on: Operation,
    /// Only requests whose path or body names this; absent: all.
    pub(crate) subject: Option<String>,
    /// The first matching request that meets it, from 1.
    pub(crate) nth: u32,
    /// How many meet it.
    pub(crate) times: u32,
    pub(crate) lie: Lie,
    pub(crate) by: Duration,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    /// What an error says; absent: that it was wanted.
    #[serde(default)]
    pub(crate) message: Option<String>,
    /// Which refusal.
    #[serde(default)]
    pub(crate) kind: Option<Kind>,
    /// Matching requests so far.
    pub(crate) seen: u32,
}

impl Fault {
    fn speaks_of(&self, operation: Operation, subject: &str) -> bool {
        let named = self
            .subject
            .as_ref()
            .is_none_or(|wanted| subject.contains(wanted.as_str()));
        self.on.covers(operation) && named && operation != Operation::Unknown
    }

    fn is_spent(&self) -> bool {
        self.seen.saturating_add(1) >= self.nth.saturating_add(self.times)
    }

    fn strikes(&mut self) -> bool {
        self.seen = self.seen.saturating_add(1);
        self.seen >= self.nth
    }
}

/// Counts this request against the faults that speak of it, up to the first that strikes. Also tells whether a count changed.
/// One request meets one fault: the faults after it wait their turn.
pub(crate) fn strike(
    faults: &mut Shelf<Fault>,
    operation: Operation,
    subject: &str,
) -> (Option<Fault>, bool) {
    let mut counted = false;
    for place in 0..faults.len() {
        let fault = &faults[place];
        if !fault.speaks_of(operation, subject) || fault.is_spent() {
            continue;
        }
        counted = true;
        if faults[place].strikes() {
            return (Some(faults[place].clone()), true);
        }
    }
    (None, counted)
}

/// The kinds of refusal that a fault can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    /// Databricks, 403: the token ends within 30 seconds.
    TokenExpired,
    /// Databricks, 403: the token was revoked.
    InvalidToken,
    /// The same as a page of HTML.
    InvalidTokenPage,
    /// Databricks, 403: the caller's address is on no list; Key Vault: it is not let in by the firewall.
    AddressBlocked,
    /// Any service, 403: a right is missing.
    MissingRight,
    /// Azure, 403: a right is missing, or it was granted a moment ago.
    RecentlyGranted,
    /// Databricks, 400: somebody else holds the lock.
    Lock,
    /// Databricks, 404: RESOURCE_DOES_NOT_EXIST; Azure: ResourceNotFound; Key Vault: SecretNotFound.
    NotFound,
    /// Databricks, 404 and nothing but NOT_FOUND, as foreign servers say it.
    NotFoundShort,
    /// Databricks, 404: what this server does not do.
    NotFoundFeature,
    /// Any service, 404: an answer without a body.
    NotFoundEmpty,
}

impl Kind {
    /// Can this kind be an answer of the service that `operation` belongs to?
    pub(crate) fn fits(self, operation: Operation) -> bool {
        let vault = operation.is_of_vaults();
        let azure = !operation.action().is_empty() && !vault;
        let databricks = operation.is_of_jobs();
        match self {
            Self::RecentlyGranted => azure,
            Self::MissingRight | Self::NotFound | Self::NotFoundEmpty => {
                azure || databricks || vault
            }
            Self::AddressBlocked => databricks || vault,
            Self::TokenExpired
            | Self::InvalidToken
            | Self::InvalidTokenPage
            | Self::Lock
            | Self::NotFoundShort
            | Self::NotFoundFeature => databricks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(nth: u32, times: u32) -> Fault {
        Fault {
            on: Operation::RunNow,
            subject: None,
            nth,
            times,
            lie: Lie::DropRequest,
            by: Duration::ZERO,
            retry_after: None,
            status: 500,
            code: None,
            message: None,
            kind: None,
            seen: 0,
        }
    }

    #[test]
    fn a_fault_strikes_the_nth_request_and_is_then_spent() {
        let mut faults = vec![fault(2, 2)].into();
        let hits: Vec<(bool, bool)> = (0..5)
            .map(|_| strike(&mut faults, Operation::RunNow, ""))
            .map(|(struck, counted)| (struck.is_some(), counted))
            .collect();
        assert_eq!(
            hits,
            [
                (false, true),
                (true, true),
                (true, true),
                (false, false),
                (false, false)
            ]
        );
    }

    #[test]
    fn other_operations_and_subjects_do_not_count() {
        let mut faults = vec![Fault {
            subject: Some("gateway".to_owned()),
            ..fault(1, 1)
        }]
        .into();
        assert!(
            strike(&mut faults, Operation::RunsGet, "gateway")
                .0
                .is_none()
        );
        assert!(strike(&mut faults, Operation::RunNow, "lab").0.is_none());
        assert!(
            strike(&mut faults, Operation::RunNow, "gateway")
                .0
                .is_some()
        );
    }
}
