//! Does what an action presumes still hold? Pure: sights in, a yes or a sentence out.

use crate::ledger::event::Event;
use crate::model::job::{Phase, Run, RunId};
use crate::model::key_service::KeyService;
use crate::model::runtime::{Fingerprint, PerSlot, Slot};
use crate::model::time::{Timestamp, minute};
use crate::model::vault::NewVersion;
use crate::model::verdict::{Action, Company, Presumed};

/// What another look says of an action.
pub(super) enum Ground {
    /// It may be done.
    Firm {
        /// The action, naming what was seen where the plan was not allowed to see.
        action: Action,
        /// The service's time of the look.
        at: Timestamp,
        /// What was seen and the ledger does not know.
        news: Vec<Event>,
        /// What a new version of a secret is to have beside its value.
        version: Option<Box<NewVersion>>,
    },
    /// It is done already, by others.
    Already {
        /// The service's time of the look.
        at: Timestamp,
    },
    /// What it presumes holds no longer.
    Gone(String),
}

/// Both keys as they were seen right before an action.
#[derive(Clone, Copy)]
pub(super) struct KeysSeen<'a> {
    /// Whose they are.
    pub service: KeyService,
    /// Their fingerprints.
    pub keys: &'a PerSlot<Fingerprint>,
    /// When they were made, where the service tells.
    pub told: PerSlot<Option<Timestamp>>,
}

impl KeysSeen<'_> {
    /// Is a key another one than was presumed?
    fn differs(&self, slot: Slot, presumed: &Presumed) -> Option<String> {
        let (name, key) = (self.service.key_name(slot), self.keys.get(slot));
        match presumed {
            Presumed::Key(presumed) if presumed != key => Some(format!(
                "{name} is another key now: {} instead of {}",
                key.short(),
                presumed.short()
            )),
            Presumed::Made(made) if *self.told.get(slot) != Some(*made) => Some(format!(
                "{name} is another key now, and not the one of {}",
                minute(*made)
            )),
            Presumed::Key(_) | Presumed::Made(_) | Presumed::Unseen => None,
        }
    }
}

/// A regenerate with both keys named as `seen`, if none of them differs from what was presumed.
///
/// # Errors
/// Which key is another one now.
pub(super) fn regenerate(
    slot: Slot,
    replacing: &Presumed,
    beside: &Presumed,
    seen: KeysSeen<'_>,
) -> Result<Action, String> {
    let twin = slot.twin();
    let differs = seen.differs(slot, replacing);
    if let Some(why) = differs.or_else(|| seen.differs(twin, beside)) {
        return Err(why);
    }
    Ok(Action::Regenerate {
        slot,
        replacing: Presumed::Key(seen.keys.get(slot).clone()),
        beside: Presumed::Key(seen.keys.get(twin).clone()),
    })
}

/// What a start presumes, and what was seen.
#[derive(Clone, Copy)]
pub(super) struct StartSight<'a> {
    /// Whether other runs may be active.
    pub company: Company,
    /// The newest run at the time of the decision.
    pub after: Option<&'a Run>,
    /// Other runs that the decision knew, and those that this very step cancelled.
    pub known: &'a [RunId],
    /// What began before this is no news: it was there when the decision was made.
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
        sight.after.is_some_and(|after| after.id == run.id) || sight.known.contains(&run.id)
    };
    let mut runs = sight.active.iter().chain(sight.ended);
    match runs.find(|run| !known(run) && is_newer(run, sight.after, sight.since)) {
        Some(run) => Err(format!("run {} has begun since the decision", run.id)),
        None => Ok(()),
    }
}

/// Has a run that the decision did not know begun since? Runs compare by their start, or by their end where that is all that is
/// told. One without either may always have: it waits in a queue, or nobody says.
fn is_newer(run: &Run, after: Option<&Run>, since: Timestamp) -> bool {
    let followed = after.and_then(|after| Some((after.started_no_later_than()?, after.id)));
    run.started_no_later_than()
        .is_none_or(|at| at >= since && followed.is_none_or(|followed| (at, run.id) > followed))
}

/// What a submit presumes, and what was seen.
#[derive(Clone, Copy)]
pub(super) struct SubmitSight<'a> {
    /// Runs of its content that the decision saw.
    pub known: &'a [RunId],
    /// Those that it knew from the ledger.
    pub failed: &'a [RunId],
    /// Runs of earlier contents that it knew.
    pub beside: &'a [RunId],
    /// Those that this very step cancelled.
    pub cancelled: &'a [RunId],
    /// Runs of its content now.
    pub seen: &'a [Run],
    /// Active runs of the rule's other contents now.
    pub former: &'a [Run],
}

/// May a one-time run be submitted?
///
/// # Errors
/// Which run the decision did not know of.
pub(super) fn submit(sight: SubmitSight<'_>) -> Result<(), String> {
    let unknown = |run: &&Run| !sight.known.contains(&run.id) && !sight.failed.contains(&run.id);
    if let Some(run) = sight.seen.iter().find(unknown) {
        return Err(format!("run {} was submitted since the decision", run.id));
    }
    let beside = |run: &&Run| !sight.beside.contains(&run.id) || sight.cancelled.contains(&run.id);
    match sight.former.iter().find(beside) {
        Some(run) => Err(format!("run {} of another content is active", run.id)),
        None => Ok(()),
    }
}

/// Is the run that the service returned for a start one that began after the look before it? An active one is: had it been active
/// then, nothing would have been started. Where one has ended and nobody tells when, its start must say so.
///
/// # Errors
/// Which run it is instead, or may be.
pub(super) fn started(returned: &Run, looked: Timestamp) -> Result<(), String> {
    let run = returned.id;
    match &returned.phase {
        Phase::Ended {
            at: Some(at),
            result,
        } if *at < looked => Err(format!(
            "not started: the service returned run {run}, which ended {result} at {}",
            minute(*at)
        )),
        Phase::Ended { at: None, result } if returned.started.is_none_or(|at| at < looked) => {
            Err(format!(
                "perhaps not started: the service returned run {run}, which has ended {result}, and does not tell when"
            ))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::job::{ActivePhase, Inputs, Phase, RunResult};

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
            queued_since: None,
            inputs: Inputs::default(),
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
            let seen = KeysSeen {
                service: KeyService::DataFactory,
                keys: &seen,
                told: PerSlot::default(),
            };
            regenerate(Slot::Two, &two, &one, seen)
        };
        let concrete = Ok(Action::Regenerate {
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
            known: &[],
            since: at(100),
            active,
            ended,
        }
    }

    #[test]
    fn a_start_holds_while_the_newest_run_is_the_one_it_follows() {
        let (old, last, new) = (
            run(RunId(5), Some(50), Some(55)),
            run(RunId(107), Some(170), Some(175)),
            run(RunId(108), Some(180), Some(185)),
        );
        assert_eq!(
            start(sight(Some(&last), &[], &[last.clone(), old.clone()])),
            Ok(())
        );
        // Lists lag: the run that it follows may be missing from them.
        assert_eq!(start(sight(Some(&last), &[], &[old])), Ok(()));
        assert_eq!(
            start(sight(Some(&last), &[], &[new.clone(), last.clone()])),
            Err("run 108 has begun since the decision".to_owned())
        );
        let replaced = StartSight {
            known: &[RunId(108)],
            ..sight(Some(&last), &[], std::slice::from_ref(&new))
        };
        assert_eq!(start(replaced), Ok(()));
    }

    #[test]
    fn a_first_start_holds_while_nothing_has_begun_since_the_look() {
        let (before, since) = (
            run(RunId(5), Some(99), Some(99)),
            run(RunId(6), Some(100), Some(101)),
        );
        assert_eq!(start(sight(None, &[], &[before])), Ok(()));
        assert!(start(sight(None, &[], &[since])).is_err());
    }

    #[test]
    fn who_starts_alone_needs_all_runs_ended() {
        let active = [run(RunId(7), Some(70), None)];
        assert_eq!(
            start(sight(Some(&active[0]), &active, &[])),
            Err("run 7 is active".to_owned())
        );
        let beside = StartSight {
            company: Company::Any,
            ..sight(Some(&active[0]), &active, &[])
        };
        assert_eq!(start(beside), Ok(()));
        let queued = [run(RunId(9), None, None), active[0].clone()];
        assert!(
            start(StartSight {
                active: &queued,
                ..beside
            })
            .is_err()
        );
    }

    #[test]
    fn a_run_without_times_is_news_unless_the_decision_knew_it() {
        let (own, untold) = (
            run(RunId(40), Some(150), None),
            run(RunId(50), None, Some(160)),
        );
        let mut untold_end = untold.clone();
        untold_end.phase = Phase::Ended {
            at: None,
            result: RunResult::Failed,
        };
        let ended = [untold_end];
        for id in [50, 30] {
            let ended = [Run {
                id: RunId(id),
                ..ended[0].clone()
            }];
            let news = sight(Some(&own), &[], &ended);
            assert!(start(news).is_err(), "ids are no order on every server");
            let known = StartSight {
                known: &[RunId(id)],
                ..news
            };
            assert_eq!(start(known), Ok(()));
        }
        // Of one that tells its end, that is what counts.
        assert!(start(sight(Some(&own), &[], std::slice::from_ref(&untold))).is_err());
        let before = run(RunId(60), None, Some(140));
        assert_eq!(start(sight(Some(&own), &[], &[before])), Ok(()));
    }

    #[test]
    fn what_began_before_the_plan_looked_is_no_news() {
        // It follows its own start of long ago; since then others ran the job, longer ago than the plan looked back.
        let (own, other) = (
            run(RunId(5), Some(50), Some(55)),
            run(RunId(8), Some(80), Some(85)),
        );
        assert_eq!(start(sight(Some(&own), &[], &[other])), Ok(()));
    }

    #[test]
    fn a_returned_run_that_has_ended_is_new_only_if_a_time_proves_it() {
        let untold = |from: Option<i64>| Run {
            phase: Phase::Ended {
                at: None,
                result: RunResult::Failed,
            },
            ..run(RunId(7), from, Some(0))
        };
        let looked = at(100);
        assert_eq!(started(&run(RunId(7), None, None), looked), Ok(()));
        assert_eq!(
            started(&run(RunId(7), Some(100), Some(101)), looked),
            Ok(())
        );
        assert_eq!(started(&run(RunId(7), None, Some(101)), looked), Ok(()));
        assert_eq!(started(&untold(Some(100)), looked), Ok(()));
        assert_eq!(
            started(&untold(None), looked),
            Err("perhaps not started: the service returned run 7, which has ended FAILED, and does not tell when".to_owned())
        );
        assert!(started(&untold(Some(99)), looked).is_err());
        assert!(started(&run(RunId(7), Some(90), Some(99)), looked).is_err());
    }

    #[test]
    fn a_submit_holds_while_every_run_is_one_that_the_decision_knew() {
        let (one, two) = (
            run(RunId(1), Some(1), Some(2)),
            run(RunId(2), Some(3), None),
        );
        let sight = SubmitSight {
            known: &[RunId(1)],
            failed: &[],
            beside: &[],
            cancelled: &[],
            seen: std::slice::from_ref(&one),
            former: &[],
        };
        assert_eq!(submit(sight), Ok(()));
        let both = [two.clone(), one.clone()];
        let more = SubmitSight {
            seen: &both,
            ..sight
        };
        assert_eq!(
            submit(more),
            Err("run 2 was submitted since the decision".to_owned())
        );
        assert_eq!(
            submit(SubmitSight {
                failed: &[RunId(2)],
                ..more
            }),
            Ok(())
        );
        let former = SubmitSight {
            former: std::slice::from_ref(&two),
            ..sight
        };
        assert_eq!(
            submit(former),
            Err("run 2 of another content is active".to_owned())
        );
        let allowed = SubmitSight {
            beside: &[RunId(2)],
            ..former
        };
        assert_eq!(submit(allowed), Ok(()));
        let cancelled = SubmitSight {
            cancelled: &[RunId(2)],
            ..allowed
        };
        assert!(submit(cancelled).is_err(), "it was to have ended");
    }
}
