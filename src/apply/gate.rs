//! May anything be begun at this moment? Pure.

use std::fmt;

use super::Options;
use crate::model::time::{Timestamp, minute};
use crate::model::verdict::Plan;

/// Why an action is not begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Skip {
    /// The apply was interrupted.
    Stopped,
    /// The command's time is over.
    TimeOver,
    /// The plan holds no longer.
    Expired(Timestamp),
    /// A freeze covers this moment.
    Frozen(String),
    /// A guardrail refuses the whole plan.
    Refused,
    /// An action of the same subject that comes first was not done.
    Earlier,
    /// A cancelled run does not end.
    StillRuns(String),
    /// The ledger cannot be written: no request without a written intent.
    NoLedger(String),
    /// This machine's clock is too far off, in words.
    ClockOff(String),
    /// This process stood still for so long that the time for the request has passed.
    Overslept,
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("interrupted before it began"),
            Self::TimeOver => {
                f.write_str("the time of this command was over before it began (--timeout)")
            }
            Self::Expired(until) => write!(f, "the plan held until {}", minute(*until)),
            Self::Frozen(reason) => write!(f, "frozen: {reason}"),
            Self::Refused => f.write_str("a guardrail refuses this plan"),
            Self::Earlier => f.write_str("what comes before it was not done"),
            Self::StillRuns(why) | Self::NoLedger(why) | Self::ClockOff(why) => f.write_str(why),
            Self::Overslept => {
                f.write_str("this process was paused for too long before its request went out")
            }
        }
    }
}

/// Why nothing may be begun at `now`; `None`: it may.
pub(super) fn gate(plan: &Plan, options: &Options, now: Timestamp) -> Option<Skip> {
    if options.stop.is_raised() {
        return Some(Skip::Stopped);
    }
    if now >= options.ends_at {
        return Some(Skip::TimeOver);
    }
    if plan.refused {
        return Some(Skip::Refused);
    }
    if now >= options.not_after {
        return Some(Skip::Expired(options.not_after));
    }
    let freeze = plan.freezes.iter().find(|freeze| freeze.covers(now))?;
    Some(Skip::Frozen(freeze.reason.clone()))
}

#[cfg(test)]
mod tests {
    use super::super::StopFlag;
    use super::*;
    use crate::model::time::Freeze;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn nothing_begins_after_a_stop_after_the_plans_end_or_in_a_freeze() {
        let freeze = Freeze {
            from: at(50),
            to: at(60),
            reason: "year-end close".to_owned(),
        };
        let plan = Plan {
            at: at(0),
            steps: Vec::new(),
            skipped: Vec::new(),
            valid_until: at(100),
            freezes: vec![freeze],
            exceeded: Vec::new(),
            refused: false,
            logs: Vec::new(),
            requests: std::collections::BTreeMap::new(),
            refresh: crate::model::survey::Refresh::Auto,
        };
        let options = Options {
            parallelism: 1,
            apply_id: "a".to_owned(),
            by: None,
            wait: false,
            not_after: at(100),
            ends_at: at(200),
            stop: StopFlag::default(),
        };
        assert_eq!(gate(&plan, &options, at(49)), None);
        assert_eq!(
            gate(&plan, &options, at(50)).unwrap().to_string(),
            "frozen: year-end close"
        );
        assert_eq!(gate(&plan, &options, at(60)), None);
        assert_eq!(gate(&plan, &options, at(100)), Some(Skip::Expired(at(100))));
        let short = Options {
            ends_at: at(49),
            ..options.clone()
        };
        assert_eq!(gate(&plan, &short, at(48)), None);
        assert_eq!(gate(&plan, &short, at(49)), Some(Skip::TimeOver));
        options.stop.raise();
        assert_eq!(gate(&plan, &options, at(49)), Some(Skip::Stopped));
    }
}
