//! Why a look failed. A kind that this version does not know is an error.

use super::words;
use crate::saved::mirror::mirror;

mirror! {
    /// Why a look failed.
    struct Trouble { kind: TroubleKind, doing: String, message: String, ids: Box<RequestIds> }
}

mirror! {
    /// What a request goes by in logs.
    struct RequestIds {
        /// The service's own id.
        request: Option<String>,
        /// What groups the requests that one led to.
        correlation: Option<String>,
        /// Ours.
        client: Option<String>,
    }
}

mirror! {
    /// The kinds of trouble that are told apart.
    enum TroubleKind {
        Forbidden { right: String },
        Unauthenticated,
        SignedOut,
        Blocked,
        NotFound,
        Throttled,
        TimeOver,
        Unwanted,
        Unreachable,
        Unexpected,
        Misfit,
    }
}
