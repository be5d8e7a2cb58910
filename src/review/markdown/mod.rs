//! A plan as a pull-request comment that a reviewer can decide on.
//!
//! A hidden marker comes first, so that a pipeline can find its own comment and update it in place. The first six visible lines are enough
//! to decide: counts, promises, what needs attention, guardrails, validity, and what changed. Then come the changes as a table, what waits,
//! and the evidence, folded.
//!
//! A comment that is too long is never cut in the middle. It gets less detail instead: first no evidence, then only as many whole rows as
//! fit (those that need attention before all others), then counts alone.
//!
//! Whatever comes from Azure or from a manifest is escaped, so that a job's name cannot mention people, link or mark up.

mod escape;
mod fit;
mod head;
mod limit;
mod options;
mod rows;

#[cfg(test)]
mod tests;

use crate::model::verdict::Plan;

pub use limit::{Limit, Link, length};
pub use options::MarkdownOptions;

/// The comment, at most as long as its limit, with a line end at its end.
pub fn plan(plan: &Plan, options: &MarkdownOptions) -> String {
    let limit = options.limit.units().max(Limit::UNITS_MIN);
    fit::Level::ALL
        .into_iter()
        .map(|level| fit::comment(plan, options, level, limit))
        .find(|comment| length(comment) <= limit)
        .unwrap_or_else(|| head::lines(plan, options).join("\n") + "\n")
}
