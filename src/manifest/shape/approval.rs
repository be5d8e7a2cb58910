//! The Approval: which actions somebody approved, carried by a commit.

use super::super::mark::At;
use super::declare::record;
use super::leaf::{DigestText, Filled, Instant, NameText};

record! {
    /// Actions of a plan that somebody approved: `afresh approve PLANFILE` writes it, and `afresh apply PATH --approved` does what it covers. It
    /// lies in a folder `approvals` of the manifests, and changes no plan.
    ApprovalSpec {
        /// The Project whose plan it is about.
        "project" project: At<NameText>,
        /// The digest over all of these actions, as the plan shows it.
        "digest" digest: At<DigestText>,
        /// Who approved.
        "by" by: Option<Filled>,
        /// The first instant at which it holds no longer. Default: it holds as long as it lies there.
        "until" until: Option<Instant>,
        /// The actions.
        "actions" actions: Vec<At<ApprovedText>>,
    }
}

record! {
    /// One of them.
    ApprovedText {
        /// Its digest: over its subject, what it does, what it presumes and why.
        "digest" digest: DigestText,
        /// Its subject, as the plan calls it.
        "subject" subject: String,
        /// What is done, as the plan says it.
        "action" action: String,
    }
}
