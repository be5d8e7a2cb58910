//! Does what a move presumes still hold? Pure: sights in, a yes or a sentence out.

use crate::model::job::{Run, RunId};
use crate::model::runtime::{Fingerprint, PerSlot, Slot};
use crate::model::time::Timestamp;
use crate::model::verdict::{Company, Move, Presumed};

/// A regenerate with both keys named as `seen`, if none of them differs from what was presumed.
///
/// # Errors
/// Which key is another one now.
pub(super) fn regenerate(
    slot: Slot,
    replacing: &Presumed,
    beside: &Presumed,
    seen: &PerSlot<Fingerprint>,
) -> Result<Move, String> {
    let (key, other) = (seen.get(slot), seen.get(slot.twin()));
    for (slot, presumed, seen) in [(slot, replacing, key), (slot.twin(), beside, other)] {
        match presumed {
            Presumed::Key(presumed) if presumed != seen => {
                return Err(format!(
                    "{slot} is another key now: {} instead of {}",
                    seen.short(),
                    presumed.short()
                ));
            }
            Presumed::Key(_) | Presumed::Unseen => {}
        }
    }
    Ok(Move::Regenerate {
        slot,
        replacing: Presumed::Key(key.clone()),
        beside: Presumed::Key(other.clone()),
    })
}

/// What a start presumes, and what was seen.
#[derive(Clone, Copy)]
pub(super) struct StartSight<'a> {
    /// Whether other runs may be active.
    pub company: Company,
    /// The newest run at the time of the decision.
    pub after: Option<&'a Run>,
    /// Runs that this very step cancelled.
    pub cancelled: &'a [RunId],
    /// Without `after`: no run had started at this time or later.
    pub since: Timestamp,
    /// Active runs. Complete.
    pub active: &'a [Run],
    /// Ended runs, at least the newest.
    pub ended: &'a [Run],
}

/// May a run be started?
///
/// # Errors
/// Which run stands in the way.
pub(super) fn start(sight: StartSight<'_>) -> Result<(), String> {
    if let (Company::Alone, Some(run)) = (sight.company, sight.active.first()) {
        return Err(format!("run {} is active", run.id));
    }
    let known = |run: &Run| {
        sight.after.is_some_and(|after| after.id == run.id) || sight.cancelled.contains(&run.id)
    };
    let mut runs = sight.active.iter().chain(sight.ended);
    match runs.find(|run| !known(run) && is_newer(run, sight.after, sight.since)) {
        Some(run) => Err(format!("run {} has begun since the decision", run.id)),
        None => Ok(()),
    }
}

/// Runs compare by their start; one that waits in a queue has none, and compares by its number.
fn is_newer(run: &Run, after: Option<&Run>, since: Timestamp) -> bool {
    match (run.started, after) {
        (Some(started), None) => started >= since,
        (None, None) => run.is_active(),
        (started, Some(after)) => match (started, after.started) {
            (Some(started), Some(known)) => (started, run.id) > (known, after.id),
            _ => run.id > after.id,
        },
    }
}

/// May a one-time run be submitted, when the decision knew of the runs `known`?
///
/// # Errors
/// Which run it did not know of.
pub(super) fn submit(known: &[Run], seen: &[Run]) -> Result<(), String> {
    let unknown = |run: &&Run| known.iter().all(|known| known.id != run.id);
    match seen.iter().find(unknown) {
        Some(run) => Err(format!("run {} was submitted since the decision", run.id)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::job::{ActivePhase, Phase, RunResult};

    fn key(digit: char) -> Fingerprint {
        Fingerprint::parse(&digit.to_string().repeat(64)).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn run(id: RunId, started: Option<i64>, ended: Option<i64>) -> Run {
        Run {
            id,
            phase: ended.map_or(Phase::Active(ActivePhase::Running), |ended| Phase::Ended {
                at: Some(at(ended)),
                result: RunResult::Failed,
            }),
            started: started.map(at),
            url: None,
            message: None,
        }
    }

    #[test]
    fn a_regenerate_holds_while_both_keys_are_what_was_seen() {
        let seen = PerSlot {
            one: key('1'),
            two: key('2'),
        };
        let presume = |one, two| {
            let [one, two] = [one, two].map(|digit: Option<char>| {
                digit.map_or(Presumed::Unseen, |digit| Presumed::Key(key(digit)))
            });
            regenerate(Slot::Two, &two, &one, &seen)
        };
        let concrete = Ok(Move::Regenerate {
            slot: Slot::Two,
            replacing: Presumed::Key(key('2')),
            beside: Presumed::Key(key('1')),
        });
        assert_eq!(presume(Some('1'), Some('2')), concrete);
        assert_eq!(presume(None, None), concrete);
        assert_eq!(
            presume(Some('3'), Some('2')),
            Err("authKey1 is another key now: 11111111 instead of 33333333".to_owned())
        );
        assert!(presume(Some('1'), Some('3')).is_err());
    }

    fn sight<'a>(after: Option<&'a Run>, active: &'a [Run], ended: &'a [Run]) -> StartSight<'a> {
        StartSight {
            company: Company::Alone,
            after,
            cancelled: &[],
            since: at(100),
            active,
            ended,
        }
    }

    #[test]
    fn a_start_holds_while_the_newest_run_is_the_one_it_follows() {
        let (old, last, new) = (
            run(5, Some(50), Some(55)),
            run(7, Some(70), Some(75)),
            run(8, Some(80), Some(85)),
        );
        assert_eq!(
            start(sight(Some(&last), &[], &[last.clone(), old.clone()])),
            Ok(())
        );
        // Lists lag: the run that it follows may be missing from them.
        assert_eq!(start(sight(Some(&last), &[], &[old])), Ok(()));
        assert_eq!(
            start(sight(Some(&last), &[], &[new.clone(), last.clone()])),
            Err("run 8 has begun since the decision".to_owned())
        );
        let replaced = StartSight {
            cancelled: &[8],
            ..sight(Some(&last), &[], std::slice::from_ref(&new))
        };
        assert_eq!(start(replaced), Ok(()));
    }

    #[test]
    fn a_first_start_holds_while_nothing_has_begun_since_the_look() {
        let (before, since) = (run(5, Some(99), Some(99)), run(6, Some(100), Some(101)));
        assert_eq!(start(sight(None, &[], &[before])), Ok(()));
        assert!(start(sight(None, &[], &[since])).is_err());
    }

    #[test]
    fn who_starts_alone_needs_all_runs_ended() {
        let active = [run(7, Some(70), None)];
        assert_eq!(
            start(sight(Some(&active[0]), &active, &[])),
            Err("run 7 is active".to_owned())
        );
        let beside = StartSight {
            company: Company::Any,
            ..sight(Some(&active[0]), &active, &[])
        };
        assert_eq!(start(beside), Ok(()));
        let queued = [run(9, None, None), active[0].clone()];
        assert!(
            start(StartSight {
                active: &queued,
                ..beside
            })
            .is_err()
        );
    }

    #[test]
    fn a_submit_holds_while_no_unknown_run_has_its_name() {
        let (one, two) = (run(1, Some(1), Some(2)), run(2, Some(3), None));
        assert_eq!(
            submit(std::slice::from_ref(&one), std::slice::from_ref(&one)),
            Ok(())
        );
        assert_eq!(
            submit(std::slice::from_ref(&one), &[two, one.clone()]),
            Err("run 2 was submitted since the decision".to_owned())
        );
    }
}
