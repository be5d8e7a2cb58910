//! What a new run follows: the newest run that is known, and every run that may be newer.
//!
//! Ended runs without any time cannot be put in order, since not every server's run ids are ascending. So a new run follows all of them.

use std::collections::BTreeSet;

use crate::model::job::{Run, RunId};
use crate::model::time::Timestamp;

/// The runs that a new one follows. Whoever sees the same runs follows the same ones, and a run more makes it another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Followed {
    /// The newest run, as far as anybody can tell.
    pub(super) newest: Option<RunId>,
    /// What a token is made of: the newest, those that are as new, the ended ones without a time, and the last of our own. As
    /// each of our tokens has the run in it that the one before it made, none of them comes twice in one ledger while the service's
    /// clock goes forward.
    pub(super) ids: BTreeSet<RunId>,
}

/// `own`: the last run that afresh started, listed or not, and when.
pub(super) fn followed<'a>(
    runs: impl Iterator<Item = &'a Run>,
    own: Option<(RunId, Timestamp)>,
) -> Followed {
    let mut known: Vec<(Option<Timestamp>, RunId)> =
        runs.map(|run| (newness(run), run.id)).collect();
    let unlisted = own.filter(|(own, _)| known.iter().all(|(_, id)| id != own));
    known.extend(unlisted.map(|(id, at)| (Some(at), id)));
    let newest = known.iter().copied().max();
    let frontier = known
        .into_iter()
        .filter(|(at, _)| at.is_none() || newest.is_some_and(|(newest, _)| newest == *at));
    let ids = frontier.map(|(_, id)| id);
    Followed {
        newest: newest.map(|(_, id)| id),
        ids: ids.chain(own.map(|(id, _)| id)).collect(),
    }
}

/// By what runs compare. An active one without a start waits in a queue, or on a server that tells none: it is the newest. An
/// ended one counts from its end then; `None`: it has none either.
fn newness(run: &Run) -> Option<Timestamp> {
    let queued = run.is_active().then_some(Timestamp::MAX);
    run.started_no_later_than().or(queued)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::testing::{active, ago, ended, untold};
    use super::super::token::token;
    use super::*;
    use crate::model::job::{ActivePhase, Phase, RunResult, Token};

    /// A run on a server that tells what it likes: of each run its start, its end, both or neither.
    fn run(id: RunId, minutes: u8, told: u8) -> Run {
        let mut run = ended(id.0, &format!("{minutes}m"), RunResult::Failed);
        if told & 1 == 0 {
            run.started = None;
        }
        if told & 2 == 0 {
            run.phase = untold(id.0, RunResult::Failed).phase;
        }
        run
    }

    fn token_of(runs: &[Run], own: Option<(RunId, Timestamp)>) -> Token {
        token(&["law"], &followed(runs.iter(), own))
    }

    #[test]
    fn the_newest_run_is_an_active_one_then_the_last_that_began() {
        let newest = |runs: &[Run], own| followed(runs.iter(), own).newest;
        let (old, late) = (
            ended(9, "3h", RunResult::Success),
            ended(2, "1h", RunResult::Failed),
        );
        let untold = untold(7, RunResult::Failed);
        assert_eq!(newest(&[], None), None);
        assert_eq!(newest(std::slice::from_ref(&untold), None), Some(RunId(7)));
        let all = [untold.clone(), old.clone(), late.clone()];
        assert_eq!(newest(&all, None), Some(RunId(2)));
        assert_eq!(newest(&all, Some((RunId(4), ago("5m")))), Some(RunId(4)));
        let mut queued = active(1, "1m");
        (queued.started, queued.phase) = (None, Phase::Active(ActivePhase::Queued));
        assert_eq!(newest(&[old, late, untold, queued], None), Some(RunId(1)));
    }

    /// The tokens of attempt after attempt, the newest last: the id of each run, what is told of it, whether others started it, and whether
    /// the ledger dates it as the service does.
    fn attempts(told: impl IntoIterator<Item = (i16, u8, bool, bool)>) -> Vec<Token> {
        let mut runs: BTreeMap<RunId, Run> = BTreeMap::new();
        let (mut own, mut tokens, mut now) = (None, Vec::new(), 60_u8);
        for (id, told, others, dated) in told {
            let id = RunId(i64::from(id));
            if runs.contains_key(&id) {
                continue;
            }
            now -= 1;
            let new = run(id, now, told);
            if !others {
                let seen: Vec<Run> = runs.values().cloned().collect();
                tokens.push(token_of(&seen, own));
                // The ledger has whole seconds of the service's clock, which may lie before what the run tells.
                let answered = ago(&format!("{}m", if dated { now } else { now + 3 }));
                own = Some((new.id, answered));
            }
            runs.insert(new.id, new);
        }
        tokens
    }

    /// Once found by the law below: nothing is told of any run, and ids go down.
    #[test]
    fn runs_without_times_whose_ids_go_down_have_tokens_of_their_own() {
        let tokens = attempts([0, -1, -2].map(|id| (id, 0, false, false)));
        let different: BTreeSet<&Token> = tokens.iter().collect();
        assert_eq!((tokens.len(), different.len()), (3, 3));
    }

    proptest! {
        #[test]
        fn the_same_runs_have_one_token_in_whatever_order(told in prop::collection::vec((0_u8..60, 0_u8..4), 0..6)) {
            let mut runs: Vec<Run> = (1..).zip(&told).map(|(id, (minutes, told))| run(RunId(id), *minutes, *told)).collect();
            let first = token_of(&runs, None);
            runs.reverse();
            prop_assert_eq!(first, token_of(&runs, None));
        }

        /// Attempt after attempt, on a server that numbers as it likes and tells what it likes of each run, with other hands' runs in
        /// between: no token comes twice.
        #[test]
        fn no_attempt_gets_the_token_of_another(told in prop::collection::vec((any::<i16>(), 0_u8..4, any::<bool>(), any::<bool>()), 1..12)) {
            let tokens = attempts(told);
            let different: BTreeSet<&Token> = tokens.iter().collect();
            prop_assert_eq!(different.len(), tokens.len());
        }
    }
}
