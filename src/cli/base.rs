//! `plan --base PATH`: the manifests before a pull request, decided from the same survey at the same instant.
//!
//! Where they cannot be used (they have problems, break the policy, or ask for what nobody allowed) the plan is made all the same, and says that
//! what the pull request changes is not known.

use std::path::{Path, PathBuf};

use super::args::Global;
use super::deciding::audited;
use super::error::Failure;
use super::screen::Screen;
use super::session::Session;
use super::shown::uses_of;
use super::{policy, surroundings, trust, uses};
use crate::manifest;
use crate::model::desired::Desired;
use crate::model::survey::Survey;
use crate::model::trust::Use;
use crate::model::verdict::Plan;
use crate::review::{Pull, Side, Uses};
use crate::{plan, saved, survey};

/// What was decided by the manifests of the base, or why that is not known.
pub struct Base(Result<Decided, String>);

struct Decided {
    plan: Plan,
    desired: Desired,
    uses: Vec<Use>,
    ledger: crate::model::desired::LedgerPlace,
}

impl Base {
    /// The difference between this and what is planned.
    pub fn pull<'a>(&'a self, file: &'a saved::File, desired: &'a Desired) -> Pull<'a> {
        match &self.0 {
            Err(why) => Pull::Unknown { why },
            Ok(base) => Pull::Compared {
                before: Side {
                    plan: &base.plan,
                    desired: &base.desired,
                    uses: Uses {
                        ledger: &base.ledger,
                        all: &base.uses,
                    },
                },
                after: Side {
                    plan: &file.plan,
                    desired,
                    uses: uses_of(file),
                },
            },
        }
    }
}

/// Decides by the manifests in `path` from what was gathered for those of the pull request.
///
/// # Errors
/// The policy cannot be used for them, or the plan breaks its own laws.
pub async fn decide(
    path: &Path,
    session: &Session,
    (first, options): (&Survey, &survey::Options),
    global: &Global,
    screen: &Screen,
) -> Result<Base, Failure> {
    let paths = [PathBuf::from(path)];
    let policy = policy::find(global, &paths, screen)?;
    let manifests = match manifest::read_under(&paths, policy) {
        Ok(manifests) => manifests,
        Err(problems) => {
            screen.remark(&problems.render(screen.color_errors));
            return Ok(unknown("the manifests of the base have problems", screen));
        }
    };
    if !trust::denied(&session.trust, &manifests.asks).is_empty() {
        let why = "the manifests of the base name what is not trusted (see afresh validate)";
        return Ok(unknown(why, screen));
    }
    let mut desired = manifests.desired;
    if global.sim.is_some() {
        surroundings::without_account(&mut desired);
    }
    let ground = &session.ground;
    if ground.is_unmetered() {
        surroundings::without_limits(&mut desired);
    }
    let both = session.desired.workspaces.values();
    ground.reader.among(both.chain(desired.workspaces.values()));
    let memory = ground.ledger.memory();
    let survey = survey::gather_beside(first, &desired, &memory, &ground.reader, options).await;
    let plan = plan::decide(&survey, &desired.project, options.now);
    let plan = audited(&survey, &desired, plan)?;
    let uses = uses::of_desired(&desired, &session.trust, &ground.place, &plan);
    Ok(Base(Ok(Decided {
        plan,
        desired,
        uses,
        ledger: ground.place.clone(),
    })))
}

fn unknown(why: &str, screen: &Screen) -> Base {
    screen.remark(&format!(
        "warning: {why}, so nothing tells what this pull request changes"
    ));
    Base(Err(why.to_owned()))
}
