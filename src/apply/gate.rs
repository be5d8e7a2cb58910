//! May anything be begun at this moment? Pure.

use super::options::Options;
use super::skip::Skip;
use crate::model::time::Timestamp;
use crate::model::verdict::{Plan, Step};

/// Why nothing of `step` may be begun at `now`; `None`: it may.
pub(super) fn gate(plan: &Plan, step: &Step, options: &Options, now: Timestamp) -> Option<Skip> {
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
    let mut freezes = plan.freezes.iter();
    let freeze = freezes.find(|freeze| freeze.covers(now) && !step.passes(freeze))?;
    Some(Skip::Frozen(freeze.reason.clone()))
}

#[cfg(test)]
mod tests {
    use super::super::stop::StopFlag;
    use super::*;
    use crate::model::address::{Address, Name};
    use crate::model::promise::Promise;
    use crate::model::time::Freeze;
    use crate::model::verdict::{Facts, Keep, Verdict};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn step() -> Step {
        Step {
            address: Address::parse("ingest/west").unwrap(),
            rule: Name::parse("gateways").unwrap(),
            target: None,
            promise: Promise::Kept,
            breaks_at: None,
            proved_until: None,
            attention: None,
            verdict: Verdict::Keep(Keep::Young),
            facts: Facts::None,
            changes_at: None,
            settlements: Vec::new(),
            wait: None,
            refused: None,
            candidate: None,
        }
    }

    #[test]
    fn nothing_begins_after_a_stop_after_the_plans_end_or_in_a_freeze() {
        let freeze = Freeze {
            from: at(50),
            to: at(60),
            reason: "year-end close".to_owned(),
            firm: false,
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
            part: None,
        };
        let options = Options {
            width: crate::cloud::Width::of(1),
            apply_id: "a".to_owned(),
            by: None,
            wait: false,
            not_after: at(100),
            ends_at: at(200),
            unapproved: std::collections::BTreeSet::new(),
            stop: StopFlag::default(),
        };
        assert_eq!(gate(&plan, &step(), &options, at(49)), None);
        assert_eq!(
            gate(&plan, &step(), &options, at(50)).unwrap().to_string(),
            "frozen: year-end close"
        );
        assert_eq!(gate(&plan, &step(), &options, at(60)), None);
        assert_eq!(
            gate(&plan, &step(), &options, at(100)),
            Some(Skip::Expired(at(100)))
        );
        let short = Options {
            ends_at: at(49),
            ..options.clone()
        };
        assert_eq!(gate(&plan, &step(), &short, at(48)), None);
        assert_eq!(gate(&plan, &step(), &short, at(49)), Some(Skip::TimeOver));
        options.stop.raise();
        assert_eq!(gate(&plan, &step(), &options, at(49)), Some(Skip::Stopped));
    }
}
