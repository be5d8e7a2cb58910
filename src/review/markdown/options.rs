//! The options of a comment.

use super::limit::{Limit, Link};
use crate::model::desired::Guardrails;
use crate::model::verdict::Plan;
use crate::review::pull::Pull;
use crate::review::uses::Uses;

/// How a comment is to look.
#[derive(Clone, Copy, Debug)]
pub struct MarkdownOptions<'a> {
    /// How long it may be; less than [`Limit::UNITS_MIN`] counts as that.
    pub limit: Limit,
    /// What the plan is called in its first line: `afresh` or the environment's name.
    pub title: &'a str,
    /// The name in the hidden marker `<!-- afresh-plan:NAME -->`. Letters, digits, `.` and `-`; others become `-`.
    pub marker: &'a str,
    /// The plan's digest, for comparing with the one that is applied.
    pub digest: &'a str,
    /// The digest of its actions, which an approval names; `None`: it has none.
    pub actions: Option<&'a str>,
    /// Pages with more: the first is where the whole plan can be read.
    pub links: &'a [Link],
    /// How much one apply may do; `None`: nothing tells.
    pub guardrails: Option<&'a Guardrails>,
    /// What a pull request changes; `None`: it is not about one.
    pub pull: Option<&'a Pull<'a>>,
    /// The plan that the comment showed before.
    pub previous: Option<&'a Plan>,
    /// Where its credentials come from and go to.
    pub uses: Uses<'a>,
    /// What commands that are proposed end with, quoted for a shell.
    pub given: &'a str,
}
