//! Which actions were approved before an apply: those whose digests an approval lists.
//!
//! A digest over all actions tells only whether they are the same ones. Which of them it covers when some are gone or new, the list of their
//! digests tells, which the approved plan carries, and an Approval beside the manifests. Each thing that is given narrows what is done.

use std::collections::BTreeSet;
use std::path::Path;

use super::args::Apply as Args;
use super::error::{Exit, Failure};
use super::screen::Screen;
use super::signed::{load_signed, unsigned_manifests};
use crate::escape::line;
use crate::model::address::{Address, Name};
use crate::model::approval::{Approval, digest_over};
use crate::model::memory::Memory;
use crate::model::policy::Policy;
use crate::model::time::{Timestamp, minute};
use crate::model::verdict::{Plan, Step};
use crate::saved;

/// Steps that nobody approved, by their address and rule.
pub type Left = BTreeSet<(Address, Name)>;

/// Is there an approval, or has there to be one, so that nobody is asked?
pub const fn is_given(args: &Args, policy: &Policy) -> bool {
    args.approving.require_digest.is_some()
        || args.approving.approved_plan.is_some()
        || policy.signing.is_some()
        || looks_at_approvals(args, policy)
}

const fn looks_at_approvals(args: &Args, policy: &Policy) -> bool {
    args.approving.approved || policy.is_approval_required
}

/// What is to be done, and what may have been approved of it.
pub struct Asked<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What was known when it was decided.
    pub memory: &'a Memory,
    /// The manifests' project.
    pub project: &'a str,
    /// The approvals beside the manifests; `None`: no manifests are at hand.
    pub approvals: Option<&'a [Approval]>,
    /// The policy in force.
    pub policy: &'a Policy,
    /// The present.
    pub now: Timestamp,
}

impl Asked<'_> {
    /// The steps of a plan that was decided just now which the approvals leave out; `None`: it is not a matter of approvals.
    ///
    /// # Errors
    /// An approval cannot be used, none covers anything though the policy asks for one, or nothing tells what of the plan is covered.
    pub fn left(&self, args: &Args, screen: &Screen) -> Result<Option<Left>, Failure> {
        if !is_given(args, self.policy) {
            return Ok(None);
        }
        let proposed = self.proposed();
        let mut left = Left::new();
        if let Some(signing) = &self.policy.signing
            && args.approving.approved_plan.is_none()
            && !proposed.is_empty()
        {
            return Err(unsigned_manifests(self.policy, signing, screen));
        }
        if let Some(path) = &args.approving.approved_plan {
            let list = self.list_of(path, args, screen)?;
            left.extend(uncovered(&proposed, |digest| list.contains(digest)));
        }
        if looks_at_approvals(args, self.policy) {
            left.extend(self.left_by_approvals(&proposed, args, screen)?);
        } else if let (None, Some(digest)) = (
            &args.approving.approved_plan,
            &args.approving.require_digest,
        ) && !is_over_all(digest, &proposed)
        {
            return Err(changed(digest, self.plan));
        }
        Ok(Some(left))
    }

    /// The same of a saved plan: the approvals lie beside the manifests that it is held against.
    ///
    /// # Errors
    /// As of a fresh one, and where no manifests are named.
    pub fn left_of_saved(&self, args: &Args, screen: &Screen) -> Result<Left, Failure> {
        if !looks_at_approvals(args, self.policy) {
            return Ok(Left::new());
        }
        if self.approvals.is_none() {
            let exit = if self.policy.is_approval_required {
                Exit::Refused
            } else {
                Exit::Usage
            };
            let summary = "approvals lie beside the manifests, and none are named";
            return Err(Failure::new(summary)
                .with_exit(exit)
                .with_advice("Name the manifests with --against."));
        }
        self.left_by_approvals(&self.proposed(), args, screen)
    }

    fn left_by_approvals(
        &self,
        proposed: &[Proposed],
        args: &Args,
        screen: &Screen,
    ) -> Result<Left, Failure> {
        let required = args.approving.require_digest.as_ref();
        let wanted = |one: &&Approval| required.is_none_or(|digest| *digest == one.digest);
        let all = self.approvals.unwrap_or_default().iter().filter(wanted);
        let (valid, expired): (Vec<_>, Vec<_>) = all.partition(|one| one.holds(self.now));
        honest(&valid, proposed)?;
        let is_in = |all: &[&Approval], digest: &String| {
            all.iter().any(|one| one.actions.contains_key(digest))
        };
        let left = uncovered(proposed, |digest| is_in(&valid, digest));
        let missed = proposed.iter().filter(|one| left.contains(&one.step));
        let digests: Vec<&String> = missed.flat_map(Proposed::digests).collect();
        let expired = expired.iter().filter(|one| {
            digests
                .iter()
                .any(|digest| one.actions.contains_key(*digest))
        });
        let expired: Vec<String> = expired.map(|one| said_to_be_over(one)).collect();
        if self.policy.is_approval_required && !left.is_empty() && left.len() == proposed.len() {
            return Err(self.unapproved(&left, &expired));
        }
        for one in expired {
            screen.remark(&one);
        }
        Ok(left)
    }

    fn unapproved(&self, left: &Left, expired: &[String]) -> Failure {
        let mut summary =
            "the policy asks for an approval of each action, and none of these has one, so nothing was done:"
                .to_owned();
        let named = left.iter().map(|(address, _)| line(&address.to_string()));
        for one in named.chain(expired.iter().cloned()) {
            summary.push_str("\n  ");
            summary.push_str(&one);
        }
        let advice = "Save the plan, write its approval with `afresh approve PLANFILE --out approvals/NAME.yaml` beside the manifests, and have that reviewed.";
        let advice = match self.policy.told() {
            told if told.is_empty() => advice.to_owned(),
            told => format!("{advice}\n{}", crate::escape::paragraph(&told)),
        };
        Failure::new(summary)
            .with_exit(Exit::Refused)
            .with_advice(advice)
    }

    /// The digests of what a saved plan does, which was approved, however long ago it was made.
    fn list_of(
        &self,
        path: &Path,
        args: &Args,
        screen: &Screen,
    ) -> Result<BTreeSet<String>, Failure> {
        let file = load_signed(path, args, self.policy, screen)?;
        if file.project != self.project {
            let summary = format!(
                "{} is a plan of the project {}, and these manifests are of {}",
                path.display(),
                file.project,
                self.project
            );
            return Err(Failure::new(summary).with_exit(Exit::Stale));
        }
        check_digest(path, &file, args)?;
        Ok(saved::all_action_digests(&file.plan))
    }

    fn proposed(&self) -> Vec<Proposed> {
        let of = |step: &Step| {
            let known = self.memory.runtimes.get(&step.target.as_ref()?.identity());
            let unlisted = step.proposal_unlisted(|slot| {
                known.is_some_and(|known| known.slots.get(slot).fingerprint.is_some())
            });
            let proposal = step.proposal()?;
            let service = step.key_service();
            let titles = proposal.actions.iter().map(|action| action.title(service));
            Some(Proposed {
                step: (step.address.clone(), step.rule.clone()),
                titles: titles.collect(),
                listed: saved::action_digests(&proposal),
                unlisted: saved::action_digests(&unlisted?),
            })
        };
        self.plan.acts().filter_map(of).collect()
    }
}

/// A step that acts, with the digests of its actions.
struct Proposed {
    step: (Address, Name),
    /// What people call each action.
    titles: Vec<String>,
    /// As the present plan says them.
    listed: Vec<String>,
    /// As a plan says them that was made without listing keys.
    unlisted: Vec<String>,
}

impl Proposed {
    fn digests(&self) -> impl Iterator<Item = &String> {
        self.listed.iter().chain(&self.unlisted)
    }
}

/// The steps with an action that is not covered. A step is done whole or not at all.
fn uncovered(proposed: &[Proposed], covers: impl Fn(&String) -> bool) -> Left {
    let is_covered = |one: &&Proposed| {
        let mut both = one.listed.iter().zip(&one.unlisted);
        both.all(|(listed, unlisted)| covers(listed) || covers(unlisted))
    };
    let left = proposed.iter().filter(|one| !is_covered(one));
    left.map(|one| one.step.clone()).collect()
}

/// Is this the digest over all that is proposed? Where nothing is, nothing is left that it would have to cover.
fn is_over_all(digest: &str, proposed: &[Proposed]) -> bool {
    let over = |of: fn(&Proposed) -> &Vec<String>| digest_over(proposed.iter().flat_map(of));
    proposed.is_empty() || over(|one| &one.listed) == digest || over(|one| &one.unlisted) == digest
}

/// Whoever reviewed an approval read what it calls its actions, so that has to be what they are.
fn honest(approvals: &[&Approval], proposed: &[Proposed]) -> Result<(), Failure> {
    for one in proposed {
        let subject = one.step.0.to_string();
        let titles = one.titles.iter().chain(&one.titles);
        for (digest, title) in one.digests().zip(titles) {
            let named = approvals
                .iter()
                .filter_map(|approval| Some((approval, approval.actions.get(digest)?)));
            for (approval, named) in named {
                if named.subject != subject || named.action != *title {
                    let summary = format!(
                        "the approval {} says \"{}: {}\" of the digest {digest}, which is that of \"{subject}: {title}\"",
                        approval.place, named.subject, named.action
                    );
                    return Err(Failure::new(line(&summary)).with_exit(Exit::Refused));
                }
            }
        }
    }
    Ok(())
}

fn said_to_be_over(approval: &Approval) -> String {
    let until = approval.until.map(minute).unwrap_or_default();
    line(&format!(
        "the approval {} held until {until}: it approves nothing any more",
        approval.place
    ))
}

/// Holds a saved plan that is to be applied to the digest that was approved.
///
/// # Errors
/// It is another one, or another plan is named beside it.
pub fn check_saved(path: &Path, file: &saved::File, args: &Args) -> Result<(), Failure> {
    if args.approving.approved_plan.is_some() {
        let summary =
            "--approved-plan goes with manifests: a saved plan says itself what is to be done";
        return Err(Failure::new(summary).with_exit(Exit::Usage));
    }
    check_digest(path, file, args)
}

fn check_digest(path: &Path, file: &saved::File, args: &Args) -> Result<(), Failure> {
    let Some(required) = &args.approving.require_digest else {
        return Ok(());
    };
    let own = saved::actions_digest(&file.plan);
    if own.as_ref() == Some(required) {
        return Ok(());
    }
    let own = own.map_or_else(
        || "has no actions".to_owned(),
        |own| format!("has the actions digest {own}"),
    );
    let summary = format!(
        "this is not the plan that was approved: {} {own}, and --require-digest is {required}",
        path.display()
    );
    Err(Failure::new(summary).with_exit(Exit::Stale))
}

fn changed(required: &str, plan: &Plan) -> Failure {
    let now = saved::actions_digest(plan).unwrap_or_default();
    let summary = format!(
        "the actions are not those that were approved, and a digest alone does not tell which of them it covers, so nothing was done\n  approved  {required}\n  now       {now}"
    );
    Failure::new(summary).with_exit(Exit::Stale).with_advice(
        "Give the plan that was approved with --approved-plan, so that what is left of it is done; or review the plan again and approve its digest.",
    )
}
