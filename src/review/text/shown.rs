//! Which subjects of a plan get lines of their own, and in which order.

use crate::model::promise::Promise;
use crate::model::verdict::{Keep, Plan, Step, Verdict};
use crate::review::words;

/// How a plan is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextOptions<'a> {
    /// Colours are wanted.
    pub color: bool,
    /// Subjects that are up to date are listed one by one.
    pub verbose: bool,
    /// Columns of the terminal; `None`: lines are not wrapped.
    pub width: Option<usize>,
    /// What commands that are proposed end with, quoted for a shell: `estate --sim world.yaml`.
    pub given: &'a str,
}

/// The steps that are worth their own lines: acts, then holds, the ones that need attention first, then the rest.
pub(super) fn shown(plan: &Plan, verbose: bool) -> Vec<&Step> {
    let mut shown: Vec<(u8, &Step)> = plan
        .steps
        .iter()
        .filter_map(|step| Some((rank(step, verbose)?, step)))
        .collect();
    shown.sort_by_key(|(rank, _)| *rank);
    shown.into_iter().map(|(_, step)| step).collect()
}

/// What is up to date and has no row of its own, in words; `None`: there is none.
#[derive(Clone, Copy)]
pub(super) struct Unshown {
    /// How many subjects.
    pub subjects: usize,
    /// Others that are up to date have rows.
    pub beside_rows: bool,
}

impl Unshown {
    /// `11 subjects up to date`, `2 more subjects up to date`.
    pub fn words(self) -> Option<String> {
        let (one, many) = if self.beside_rows {
            ("more subject", "more subjects")
        } else {
            ("subject", "subjects")
        };
        let all = || words::count(self.subjects, one, many);
        (self.subjects > 0).then(|| format!("{} up to date", all()))
    }
}

pub(super) fn unshown(plan: &Plan, verbose: bool) -> Unshown {
    let subjects = plan
        .steps
        .iter()
        .filter(|step| rank(step, verbose).is_none());
    let subjects = subjects.count();
    Unshown {
        subjects,
        beside_rows: subjects < plan.counts().up_to_date,
    }
}

/// Where what is up to date stands, though its promise is not proved.
pub(super) const UNPROVEN_RANK: u8 = 5;

/// Where a step stands; `None`: it goes without saying.
pub(super) fn rank(step: &Step, verbose: bool) -> Option<u8> {
    match &step.verdict {
        Verdict::Act { actions, .. } if actions.first.regenerated().is_some() => Some(0),
        Verdict::Act { .. } => Some(1),
        Verdict::Hold { .. } | Verdict::Keep(_) if step.attention.is_some() => Some(2),
        Verdict::Keep(_) if step.promise.is_broken() => Some(2),
        Verdict::Hold { .. } => Some(3),
        Verdict::Keep(Keep::Fresh { warn: true, .. }) => Some(4),
        Verdict::Keep(_)
            if step.resumes()
                || !step.settlements.is_empty()
                || !words::runtime_notes(step).is_empty() =>
        {
            Some(4)
        }
        Verdict::Keep(_) if step.promise != Promise::Kept => Some(UNPROVEN_RANK),
        Verdict::Keep(_) if verbose => Some(6),
        Verdict::Keep(_) => None,
    }
}
