//! Whether a service lets the caller in. Only a 403 says something about rights; any other failure leaves them unknown.

use super::super::credential::token::Want;
use super::super::session::Session;
use super::claims;
use crate::model::access::{Entry, Identity};
use crate::model::trouble::{RequestIds, Trouble, TroubleKind};

/// Signs in, and reads what the token says of itself.
pub(super) async fn sign_in(session: &Session, want: &Want<'_>) -> Result<Identity, Trouble> {
    match session.vault().token(want).await {
        Ok(held) => Ok(claims::identity(&held)),
        Err(failure) => Err(Trouble {
            kind: TroubleKind::Unauthenticated,
            doing: format!("sign in to {}", want.who.connection),
            message: failure.message,
            ids: Box::new(RequestIds::of(failure.request_id)),
        }),
    }
}

/// The place did not take the token, is not there, or did not answer: no right can be told from that. Only a 403 is an answer.
pub(super) const fn is_shut(trouble: &Trouble) -> bool {
    !trouble.kind.is_forbidden()
}

/// The entry that one read's outcome proves.
pub(super) fn entry<T>(identity: Identity, outcome: &Result<T, Trouble>) -> Entry {
    match outcome {
        Err(trouble) if is_shut(trouble) => Entry::Refused(identity, trouble.clone()),
        _ => Entry::In(identity),
    }
}
