//! A plan as a pull-request comment that a reviewer can decide on.
//!
//! A hidden marker comes first, so that a pipeline can find its own comment and update it in place. The first visible lines are enough to
//! decide: counts, promises, what the pull request changes, what needs attention, guardrails, validity, and what an approval names. Then come
//! tables, in which one row stands for all subjects of which the same is said, their names, and the evidence, folded.
//!
//! A comment is never cut in the middle. Its room is filled, the most important first, and what is left out is counted.
//!
//! Whatever comes from Azure or from a manifest is escaped, so that a job's name cannot mention people, link or mark up.

mod entry;
mod escape;
mod failure;
mod fit;
mod group;
mod head;
mod inventory;
mod limit;
mod options;
mod pull;
mod rows;

#[cfg(test)]
mod tests;

use crate::model::verdict::Plan;

pub use failure::{Failed, failure};
pub use inventory::inventory;
pub use limit::{Limit, Link, length};
pub use options::MarkdownOptions;

/// The comment, at most as long as its limit, with a line end at its end.
pub fn plan(plan: &Plan, options: &MarkdownOptions) -> String {
    let limit = match options.limit {
        Limit::Units(units) => Limit::Units(units.max(Limit::UNITS_MIN)),
        forge => forge,
    };
    fit::comment(plan, &MarkdownOptions { limit, ..*options })
}
