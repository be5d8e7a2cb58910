//! Reads header fields of a response. An id is dropped unless it looks like one.

use crate::http::{Response, patience, redact};
use crate::model::time::{Span, Timestamp};

/// `; it asks to wait 5s`, if it does. A date without the service's own time to reckon from says nothing.
pub(super) fn asks_to_wait(response: &Response) -> Option<String> {
    let pause = patience::retry_after(response, Timestamp::MAX).filter(|pause| !pause.is_zero())?;
    let pause = Span::seconds(pause.as_secs());
    Some(format!("; it asks to wait {pause}"))
}

/// The first of these header fields that is there.
pub(super) fn header(response: &Response, names: &[&str]) -> Option<String> {
    names
        .iter()
        .filter_map(|name| response.headers.get(*name)?.to_str().ok())
        .map(str::to_owned)
        .next()
}

pub(super) fn id_in(response: &Response, names: &[&str]) -> Option<String> {
    header(response, names).filter(|id| redact::is_id(id))
}
