//! The digests that an approval names: one for each action, and one over all of them.
//!
//! The digest of an action is over what it is about, what it does, what it presumes and why, as [`Proposal`] says it; not over ages, instants,
//! nor anything else in the plan. So the same action has the same digest in each plan that proposes it, and an approval that lists digests
//! tells which actions of a later plan it covers. The digest over all of them alone tells only whether they are the same.

use std::collections::BTreeSet;

use super::digest::Digest;
use crate::model::approval::digest_over;
use crate::model::verdict::{Plan, Proposal, Step};

/// What an approval of a proposal names: for each of its actions, in their order, SHA-256 in lower-case hex.
pub fn action_digests(proposal: &Proposal) -> Vec<String> {
    let Proposal {
        address,
        rule,
        target,
        actions,
        because,
    } = proposal;
    let of = |action| {
        let mut digest = Digest::empty();
        digest.subject(&address.to_string(), rule.as_str(), target.as_ref());
        digest.action(action);
        digest.cause(because);
        digest.finish()
    };
    actions.iter().map(of).collect()
}

/// The digest over all actions of a plan; `None`: it has none.
pub fn actions_digest(plan: &Plan) -> Option<String> {
    let all = all_action_digests(plan);
    (!all.is_empty()).then(|| digest_over(&all))
}

/// Those of all actions of a plan.
pub fn all_action_digests(plan: &Plan) -> BTreeSet<String> {
    let proposals = plan.acts().filter_map(Step::proposal);
    proposals
        .flat_map(|proposal| action_digests(&proposal))
        .collect()
}
