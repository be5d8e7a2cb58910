//! Lines with a label, and times with their distance from now. They have no colours.

use std::cmp::Ordering;

use crate::model::time::{Span, Timestamp, minute};

/// A labelled line: `  promise     no key older than 90d`.
pub(super) fn labelled(label: &str, text: &str) -> String {
    format!("  {label:<10}  {text}").trim_end().to_owned()
}

/// `2026-11-24 03:00 UTC (in 42h)`, or how long ago.
pub(super) fn when(at: Timestamp, now: Timestamp) -> String {
    let distance = match at.cmp(&now) {
        Ordering::Equal => "now".to_owned(),
        Ordering::Greater => format!("in {}", Span::between(now, at).rounded()),
        Ordering::Less => format!("{} ago", Span::between(at, now).rounded()),
    };
    format!("{} ({distance})", minute(at))
}
