//! When the Activity Log is read, for which time, and for whom.

use super::*;
use crate::limits::ACTIVITY_LOG_DAYS;
use crate::model::runtime::{Fingerprint, PerSlot};
use crate::model::time::Span;

const OUTAGE: &str = "faults: [{on: activityLog, times: 100, do: error, status: 400}]\n";

fn estate(runtimes: &str, more: &str) -> Estate {
    let rule = key_age("gateways", "factory: ingest, integrationRuntimes: [\"*\"]");
    Estate::new(&(factory(runtimes) + more), &[rule])
}

fn west(more: &str) -> Estate {
    estate("[{name: west, created: 400d ago}]", more)
}

fn shown(estate: &Estate) -> PerSlot<Fingerprint> {
    let survey = estate.survey();
    match &seen(&runtime(&survey, "ingest/west").sight).keys {
        KeySight::Shown(keys) => keys.clone(),
        other => panic!("they are not shown: {other:?}"),
    }
}

/// afresh regenerated both keys of `west` just now.
fn rotated(estate: &mut Estate, keys: &PerSlot<Fingerprint>) {
    let case = subject(&estate.survey(), "ingest/west").clone();
    estate.rotated_both(&case, keys);
    estate.refresh = Refresh::All;
}

#[test]
fn one_reading_is_for_all_runtimes_of_a_factory() {
    let runtimes = "[{name: west, created: 400d ago, authKey1: {made: 5d ago}}, {name: east, created: 400d ago}]";
    let mut shared = estate(runtimes, "");
    let survey = shared.survey();
    let asked = shared.asked();
    assert_eq!(asked.iter().filter(|kind| **kind == "log.list").count(), 1);
    let events = |of: &str| match &seen(&runtime(&survey, of).sight).log {
        LogSight::Read { events, .. } => events.len(),
        other => panic!("it was read: {other:?}"),
    };
    assert_eq!((events("ingest/west"), events("ingest/east")), (1, 0));
    assert_eq!(survey.logs.len(), 1);
}

/// By the earlier of the two clocks, a silent log proves no less than its 90 days.
#[test]
fn a_log_is_read_for_its_90_days_before_the_earlier_clock() {
    for (ours, earlier) in [("-1m", true), ("1m", false)] {
        let mut estate = west("");
        let service = estate.now();
        let minute = Span::seconds(60);
        estate.now = Some(if earlier {
            minute.before(service)
        } else {
            minute.after(service)
        });
        let survey = estate.survey();
        let span = survey.logs[0].span;
        let from = service.min(estate.now());
        let reach = Span::days(ACTIVITY_LOG_DAYS.unsigned_abs());
        assert_eq!(span.since, reach.before(from), "{ours}");
        assert_eq!(span.until, service, "{ours}");
    }
}

/// What our own rotations prove no log can add to, unless other keys are there now, or none are shown.
#[test]
fn a_log_is_not_read_where_afresh_made_both_keys() {
    let mut ours = west("");
    let keys = shown(&ours);
    rotated(&mut ours, &keys);
    assert_eq!(
        ours.asks(),
        ["adf.getStatus", "adf.list", "adf.listAuthKeys"]
    );

    let mut replaced = west("");
    let other = PerSlot {
        one: keys.one,
        two: key('2'),
    };
    rotated(&mut replaced, &other);
    let survey = replaced.survey();
    let sight = seen(&runtime(&survey, "ingest/west").sight);
    assert!(matches!(sight.log, LogSight::Read { .. }));
    assert_eq!(survey.logs.len(), 1);

    let mut hidden = estate(
        "[{name: west, created: 400d ago, forbidden: [listAuthKeys]}]",
        "",
    );
    rotated(&mut hidden, &other);
    let survey = hidden.survey();
    let sight = seen(&runtime(&survey, "ingest/west").sight);
    assert!(matches!(sight.log, LogSight::Read { .. }));
}

/// Without the log a key would look younger than it is.
#[test]
fn an_outage_of_the_log_fails_what_rests_on_it() {
    let survey = west(OUTAGE).survey();
    assert_eq!(
        trouble(&survey, "ingest/west").kind,
        TroubleKind::Unexpected
    );
    assert_eq!(survey.logs, []);

    // What does not rest on it is seen all the same, also beside what does.
    let keys = shown(&west(""));
    let runtimes = "[{name: west, created: 400d ago}, {name: east, created: 400d ago}]";
    let mut ours = estate(runtimes, OUTAGE);
    rotated(&mut ours, &keys);
    let survey = ours.survey();
    seen(&runtime(&survey, "ingest/west").sight);
    trouble(&survey, "ingest/east");

    // Where the log has to tell of what replaced our key, it is missed after all.
    let mut replaced = west(OUTAGE);
    let other = PerSlot {
        one: key('1'),
        ..keys
    };
    rotated(&mut replaced, &other);
    trouble(&replaced.survey(), "ingest/west");
}

#[test]
fn a_log_that_may_not_be_read_is_told_and_lived_with() {
    let world = format!(
        "subscriptions: [{{id: {SUBSCRIPTION}, activityLog: forbidden, factories: [{{name: adf, resourceGroup: rg, runtimes: [{{name: west, created: 400d ago}}]}}]}}]"
    );
    let rule = key_age("gateways", "factory: ingest, integrationRuntimes: [west]");
    let survey = Estate::new(&world, &[rule]).survey();
    let sight = seen(&runtime(&survey, "ingest/west").sight);
    assert!(matches!(&sight.log, LogSight::Refused(trouble) if trouble.kind.is_forbidden()));
    assert_eq!(survey.logs, []);
}

/// Factories of one resource group share its log. Read once, it is not read again, but for its last day.
#[test]
fn factories_of_one_group_share_its_log() {
    let runtimes = "runtimes: [{name: west, created: 400d ago, authKey1: {made: 5d ago}}]";
    let world = format!(
        "subscriptions: [{{id: {SUBSCRIPTION}, factories: [{{name: adf, resourceGroup: rg, {runtimes}}}, {{name: adf-2, resourceGroup: RG, {runtimes}}}]}}]"
    );
    let mut estate = Estate::new(
        &world,
        &[
            key_age("gateways", "factory: ingest, integrationRuntimes: [\"*\"]"),
            key_age("others", "factory: second, integrationRuntimes: [\"*\"]"),
            format!(
                "---\napiVersion: afresh/v1\nkind: DataFactory\nmetadata: {{name: second}}\nspec: {{subscription: {SUBSCRIPTION}, resourceGroup: RG, factory: adf-2}}\n"
            ),
        ],
    );
    let survey = estate.survey();
    let logs = |asked: &[&str]| asked.iter().filter(|kind| **kind == "log.list").count();
    assert_eq!(logs(&estate.asked()), 1);
    for of in ["ingest/west", "second/west"] {
        let LogSight::Read { since, events, .. } = &seen(&runtime(&survey, of).sight).log else {
            panic!("it was read")
        };
        assert_eq!(
            (*since, events.len()),
            (survey.logs[0].span.since, 1),
            "{of}"
        );
    }

    // What the ledger has of it by then is told as before.
    estate.know(crate::ledger::event::Event::LogRead(survey.logs[0].clone()));
    estate.advance("3d");
    let later = estate.survey();
    assert_eq!(later.logs[0].events.len(), 2);
    assert_eq!(logs(&estate.asked()), 1);
    let reach = Span::days(ACTIVITY_LOG_DAYS.unsigned_abs());
    assert_eq!(later.logs[0].span.since, reach.before(estate.now()));
}
