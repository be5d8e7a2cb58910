//! Jobs: which one a rule means, what the ledger proves of it, and how far back its runs are read.

use std::collections::BTreeMap;

use super::*;
use crate::ledger::event::Event;
use crate::limits::JOBS_ONE_BY_ONE_MAX;
use crate::model::job::{
    ActivePhase, Inputs, JobId, JobSight, Phase, Run, RunId, RunResult, Token,
};
use crate::model::survey::Survey;
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{Action, Company, Receipt};
use crate::survey::jobs::look::date_own;

const LOOK: [&str; 3] = ["jobs.get", "runs.list-active", "runs.list-ended"];
/// The id of the first run of a world.
const FIRST: RunId = RunId(730_000_000_001_000);

/// `nightly`, whose id is 101, succeeded 2 hours ago.
fn nightly(rule: String) -> Estate {
    let jobs =
        "[{id: 101, name: nightly, runs: [{started: 3h ago, ended: 2h ago, result: SUCCESS}]}]";
    Estate::new(&workspace(jobs), &[rule])
}

/// The same, and the ledger knows of that success.
fn proved(rule: String) -> Estate {
    let mut estate = nightly(rule);
    let survey = estate.survey();
    let case = job(&survey, "analytics/nightly").clone();
    let asks = case.spec.asks.clone();
    estate.know(success(&estate, &Subject::Job(case), Some(asks)));
    estate.asked();
    estate
}

fn success(estate: &Estate, subject: &Subject, asks: Option<String>) -> Event {
    Event::RunSeen {
        subject: of(subject),
        name: Some("nightly".to_owned()),
        run: FIRST,
        ended: estate.ago("2h"),
        result: RunResult::Success,
        digest: None,
        asks,
    }
}

fn by_id() -> String {
    succeeded("nightly", "{id: 101}")
}

fn started(estate: &mut Estate, subject: &Subject, run: RunId) {
    let answered = estate.now();
    let receipt = Receipt::Started { run, answered };
    estate.acted(subject, start(), receipt);
}

fn start() -> Action {
    Action::Start {
        token: Token::parse("t").unwrap(),
        after: None,
        parameters: BTreeMap::new(),
        company: Company::Any,
    }
}

fn sight(survey: &Survey) -> &JobSight {
    seen(&job(survey, "analytics/nightly").sight)
}

#[test]
fn a_success_that_the_ledger_proves_is_not_read_until_a_run_may_be_wanted() {
    let mut estate = proved(by_id());
    let survey = estate.survey();
    assert_eq!(job(&survey, "analytics/nightly").sight, Looked::NotAsked);
    assert_eq!(estate.asked(), [""; 0]);
    estate.advance("21h59m");
    assert_eq!(estate.asks(), [""; 0]);
    estate.advance("1m");
    assert_eq!(estate.asks(), LOOK);
    // A name may have gone to another job, so that it is asked for; the runs of the one that bears it are still proved.
    let mut named = proved(succeeded("nightly", "{name: nightly}"));
    assert_eq!(named.asks(), ["jobs.list"]);
    named.refresh = Refresh::All;
    assert_eq!(
        named.asks(),
        ["jobs.list", "runs.list-active", "runs.list-ended"]
    );
}

/// Each of these asks for more than a past success.
#[test]
fn a_past_success_proves_nothing_to_a_rule_that_asks_for_more() {
    let wants = |more: &str| {
        let fields = format!("job: {{id: 101}}, {more}");
        job_run("nightly", &fields)
    };
    let fresh = "require: succeeded, freshness: {errorAfter: 24h}";
    for rule in [
        wants("require: running"),
        wants("require: notRunning"),
        wants(&format!("{fresh}, maxDuration: 1h")),
        wants("require: succeeded, freshness: {startAfter: 1h, errorAfter: 24h}"),
    ] {
        let mut estate = proved(rule.clone());
        assert_ne!(estate.asks(), [""; 0], "{rule}");
    }
    let mut other = nightly(by_id());
    let case = subject(&other.survey(), "analytics/nightly").clone();
    other.know(success(&other, &case, Some("of another rule".to_owned())));
    assert_eq!(other.asks(), LOOK);

    let mut doubted = proved(by_id());
    doubted.intend(&case, start());
    assert_eq!(doubted.asks(), LOOK);
}

#[test]
fn a_name_is_one_job_or_none() {
    let world = workspace(
        "[{id: 1, name: twice}, {id: 2, name: twice}, {id: 3, name: Nightly}, {id: 4, name: \"load all\"}]",
    );
    let rules = [
        succeeded("twice", "{name: twice}"),
        succeeded("other-case", "{name: nightly}"),
        succeeded("odd-blank", "{name: \"load\u{a0}all\"}"),
        succeeded("gone", "{name: gone}"),
        succeeded("right", "{name: Nightly}"),
    ];
    let survey = Estate::new(&world, &rules).survey();
    let twice = trouble(&survey, "analytics/twice");
    assert_eq!(twice.kind, TroubleKind::Misfit);
    assert!(twice.message.contains("(1, 2)"), "{}", twice.message);
    for (of, said) in [
        ("analytics/other-case", "did you mean `Nightly`?"),
        ("analytics/odd-blank", "did you mean `load all`?"),
        ("analytics/gone", "or CAN VIEW on it is missing"),
    ] {
        let trouble = trouble(&survey, of);
        assert_eq!(trouble.kind, TroubleKind::NotFound, "{of}");
        assert!(trouble.message.contains(said), "{}", trouble.message);
    }
    assert_eq!(job(&survey, "analytics/right").target.job, JobId(3));
}

/// `j-1` and so on, each by its name.
fn by_name(count: usize) -> (String, Vec<String>) {
    by_name_with(count, |_| String::new())
}

/// The same with the one run of each.
fn by_name_with(count: usize, run: impl Fn(usize) -> String) -> (String, Vec<String>) {
    let numbers = || 1..=count;
    let jobs: Vec<String> = numbers()
        .map(|n| format!("{{id: {n}, name: j-{n}, runs: [{}]}}", run(n)))
        .collect();
    let rules = numbers().map(|n| succeeded(&format!("j-{n}"), &format!("{{name: j-{n}}}")));
    (
        workspace(&format!("[{}]", jobs.join(", "))),
        rules.collect(),
    )
}

/// How often jobs and their runs were listed: jobs, active runs, ended runs.
fn lists(estate: &mut Estate) -> [usize; 3] {
    let asked = estate.asked();
    ["jobs.list", "runs.list-active", "runs.list-ended"]
        .map(|kind| asked.iter().filter(|one| **one == kind).count())
}

/// Each by itself where they are few; one list of names and one of active runs where they are many.
#[test]
fn many_jobs_are_found_in_one_list() {
    // Where none has run, one page of the workspace's list tells that, and each is asked for how long it has not.
    for (count, wanted, swept) in [
        (JOBS_ONE_BY_ONE_MAX, JOBS_ONE_BY_ONE_MAX, 0),
        (JOBS_ONE_BY_ONE_MAX + 1, 1, 1),
    ] {
        let (world, rules) = by_name(count);
        let mut estate = Estate::new(&world, &rules);
        let survey = estate.survey();
        assert_eq!(lists(&mut estate), [wanted, wanted, count + swept]);
        for n in 1..=count {
            let case = job(&survey, &format!("analytics/j-{n}"));
            assert_eq!(usize::try_from(case.target.job.0).unwrap(), n);
            seen(&case.sight);
        }
    }
}

/// Forty jobs that ran today: their runs are on two pages of the workspace's list. One failed, and is asked for by itself.
#[test]
fn the_runs_of_many_jobs_are_read_from_one_list() {
    let result = |n: usize| if n == 7 { "FAILED" } else { "SUCCESS" };
    let run = |n: usize| {
        format!(
            "{{started: {n}m ago, ended: {n}m ago, result: {}}}",
            result(n)
        )
    };
    let (world, rules) = by_name_with(40, run);
    let mut estate = Estate::new(&world, &rules);
    let survey = estate.survey();
    assert_eq!(lists(&mut estate), [1, 1, 3]);
    for n in 1..=40 {
        let case = job(&survey, &format!("analytics/j-{n}"));
        let sight = seen(&case.sight);
        assert_eq!(sight.ended.len(), 1);
        let has_succeeded = sight.ended[0].has_succeeded(&case.spec.accept);
        assert_eq!(has_succeeded, n != 7);
        // Of the workspace's list only its part is known; the one that is asked for by itself is read as far as the service goes.
        let is_part = estate.ago("24h") < sight.history_since;
        assert_eq!(is_part, n != 7);
    }
}

/// A list that fails says nothing of any job: each is asked for.
#[test]
fn a_sweep_that_fails_is_made_up_for_one_by_one() {
    let (world, rules) = by_name_with(40, |_| {
        "{started: 2h ago, ended: 1h ago, result: SUCCESS}".to_owned()
    });
    // The first is of the active runs.
    let faults = "faults: [{on: runs/list, nth: 2, times: 1, do: error, status: 400}]\n";
    let mut estate = Estate::new(&(world + faults), &rules);
    let survey = estate.survey();
    for n in 1..=40 {
        seen(&job(&survey, &format!("analytics/j-{n}")).sight);
    }
    assert_eq!(lists(&mut estate)[2], 41);
}

/// What an id names needs no list; all else that was to be found in it is in trouble, also what its first page showed.
#[test]
fn half_a_list_of_jobs_is_none() {
    let (world, mut rules) = by_name(JOBS_ONE_BY_ONE_MAX + 1);
    rules.push(succeeded("by-id", "{id: 1}"));
    rules.push(job_run(
        "by-tags",
        "job: {tags: {tier: gold}}, require: notRunning",
    ));
    let faults = "paging: {jobs: 6}\nfaults: [{on: jobs/list, nth: 2, times: 100, do: error, status: 400}]\n";
    let mut estate = Estate::new(&(world + faults), &rules);
    let survey = estate.survey();
    seen(&job(&survey, "analytics/by-id").sight);
    let others = addresses(&survey);
    assert_eq!(others.len(), JOBS_ONE_BY_ONE_MAX + 3);
    for of in others.iter().filter(|of| *of != "analytics/by-id") {
        assert_eq!(trouble(&survey, of).kind, TroubleKind::Unexpected);
    }
    assert_eq!(
        estate.asked(),
        [
            "jobs.get",
            "jobs.list",
            "jobs.list",
            "runs.list-active",
            "runs.list-ended"
        ]
    );
}

/// A list that is read anyway shows it. What it does not show may only be hidden from us: that is no missing job.
#[test]
fn a_job_by_id_is_asked_for_only_where_no_list_shows_it() {
    let world = workspace(
        "[{id: 1, name: shown, tags: {tier: gold}}, {id: 2, name: hidden, forbidden: [jobs/get]}]",
    );
    let rules = [
        job_run("gold", "job: {tags: {tier: gold}}, require: running"),
        job_run("one", "job: {id: 2}, require: notRunning"),
    ];
    let mut estate = Estate::new(&world, &rules);
    let survey = estate.survey();
    assert!(trouble(&survey, "analytics/one").kind.is_forbidden());
    assert!(estate.asked().contains(&"jobs.get"));
    let one = job_run("one", "job: {id: 1}, require: notRunning");
    estate.rule(&[rules[0].clone(), one]);
    assert!(!estate.asks().contains(&"jobs.get"));
}

#[test]
fn tags_that_select_no_job_are_held_unless_that_may_be() {
    let mut estate = nightly(job_run(
        "gold",
        "job: {tags: {tier: gold}}, require: notRunning",
    ));
    let survey = estate.survey();
    let said = &trouble(&survey, "analytics/gold").message;
    assert!(said.contains("write `allowEmpty: true`"), "{said}");
    estate.rule(&[job_run(
        "gold",
        "job: {tags: {tier: gold}}, require: notRunning, allowEmpty: true",
    )]);
    let survey = estate.survey();
    assert_eq!(addresses(&survey), [""; 0]);
    assert_eq!(skipped(&survey).len(), 1);
}

/// Runs are read newest first, until one is a fresh success: then all newer ones are known.
#[test]
fn history_is_read_until_a_success_that_counts() {
    let runs = |first: &str| {
        format!(
            "[{{id: 101, name: nightly, parameters: {{day: today}}, runs: [{{started: 200h ago, ended: 199h ago, result: SUCCESS}}, {{started: 8h ago, ended: 7h ago, result: SUCCESS}}, {{started: 6h ago, ended: 5h ago, result: FAILED}}, {{started: 3h ago, ended: 2h ago, {first}}}]}}]"
        )
    };
    let read = |first: &str, rule: String| {
        let world = workspace(&runs(first)) + "paging: {runs: 1}\n";
        let mut estate = Estate::new(&world, &[rule]);
        let survey = estate.survey();
        let sight = sight(&survey);
        let pages = estate.asked();
        let pages = pages
            .iter()
            .filter(|kind| **kind == "runs.list-ended")
            .count();
        assert_eq!(sight.ended.len(), pages);
        (pages, Span::between(sight.history_since, estate.now()))
    };
    assert_eq!(read("result: SUCCESS", by_id()), (1, Span::hours(3)));
    assert_eq!(read("result: FAILED", by_id()), (3, Span::hours(8)));
    // A success with other parameters than the rule's is none for it.
    let fields = "job: {id: 101}, require: succeeded, freshness: {errorAfter: 24h}, parameters: {day: today}";
    let asks = || job_run("nightly", fields);
    let other = "result: SUCCESS, parameters: {day: 2019-01-01}";
    assert_eq!(read(other, asks()), (3, Span::hours(8)));
    // Nothing fresh: as far back as the service remembers.
    let hour = "job: {id: 101}, require: succeeded, freshness: {errorAfter: 1h}";
    let all = Span::days(60);
    assert_eq!(read("result: SUCCESS", job_run("nightly", hour)), (4, all));
}

#[test]
fn a_job_that_should_or_should_not_run_is_read_no_further_than_that_needs() {
    let jobs = "[{id: 101, name: nightly, runs: [{started: 10d ago, ended: 9d ago, result: FAILED}, {started: 2d ago, ended: 1d ago, result: FAILED}, {started: 1h ago}]}]";
    let estate = |require: &str| {
        let rule = job_run("nightly", &format!("job: {{id: 101}}, require: {require}"));
        Estate::new(&workspace(jobs), &[rule])
    };
    let mut stopped = estate("notRunning");
    let survey = stopped.survey();
    assert_eq!(
        (sight(&survey).active.len(), sight(&survey).ended.len()),
        (1, 0)
    );
    assert_eq!(stopped.asked(), ["jobs.get", "runs.list-active"]);
    let running = estate("running");
    let week = running.ago("7d");
    let survey = running.survey();
    assert_eq!(
        (sight(&survey).active.len(), sight(&survey).ended.len()),
        (1, 1)
    );
    assert_eq!(sight(&survey).history_since, week);
}

/// Lists lag behind: what afresh started is asked for by its id, unless the service keeps it no longer.
#[test]
fn a_run_of_ours_that_no_list_shows_is_asked_for() {
    let stale = "faults: [{on: runs/list, times: 1000, do: staleList, by: 12h}]\n";
    let jobs = "[{id: 101, name: nightly, runs: [{started: 2h ago, ended: 1h ago, result: FAILED}, {started: 30m ago}]}]";
    let estate = || Estate::new(&(workspace(jobs) + stale), &[by_id()]);
    let case = subject(&estate().survey(), "analytics/nightly").clone();
    for (run, active, ended) in [
        (RunId(FIRST.0 + 1_000), 1, 0),
        (FIRST, 0, 1),
        (RunId(77), 0, 0),
    ] {
        let mut ours = estate();
        started(&mut ours, &case, run);
        let survey = ours.survey();
        let sight = sight(&survey);
        assert_eq!(
            (sight.active.len(), sight.ended.len()),
            (active, ended),
            "{run}"
        );
        assert!(ours.asked().contains(&"runs.get"));
    }
    let mut old = estate();
    started(&mut old, &case, FIRST);
    old.advance("61d");
    assert!(!old.asks().contains(&"runs.get"));

    // An answer that says nothing of it is no answer that it is not there.
    let outage = "- {on: runs/get, times: 100, do: error, status: 400}\n";
    let faults = stale.replace("[{", "\n- {").replace("}]", "}");
    let mut shut = Estate::new(&(workspace(jobs) + &faults + outage), &[by_id()]);
    started(&mut shut, &case, FIRST);
    let survey = shut.survey();
    assert_eq!(
        trouble(&survey, "analytics/nightly").kind,
        TroubleKind::Unexpected
    );
}

/// Starts that nobody wrote an end of count as attempts: they are asked for where the list does not reach back so far.
#[test]
fn an_older_run_of_ours_is_asked_for_only_beyond_the_list() {
    let mut estate = nightly(by_id());
    let case = subject(&estate.survey(), "analytics/nightly").clone();
    for run in [71, 72] {
        started(&mut estate, &case, RunId(run));
        estate.advance("1h");
    }
    let looked_up = |estate: &mut Estate| {
        let asked = estate.asks();
        asked.iter().filter(|kind| **kind == "runs.get").count()
    };
    // The list is read to its end here, so that it would show the first. The last one may only lag.
    estate.rule(&[job_run(
        "nightly",
        "job: {id: 101}, require: succeeded, freshness: {errorAfter: 2h}",
    )]);
    assert_eq!(looked_up(&mut estate), 1);
}

/// The service answers `nobody knows` where it does not tell a start, and the ledger only knows of its own.
#[test]
fn a_run_is_dated_by_the_ledger_only_where_the_service_does_not_tell() {
    let at = |second: i64| Timestamp::from_second(second).unwrap();
    let run = |id: RunId, phase: ActivePhase, started: Option<i64>| Run {
        id,
        phase: Phase::Active(phase),
        started: started.map(at),
        queued_since: None,
        inputs: Inputs::default(),
        url: None,
        message: None,
    };
    let mut runs = [
        run(RunId(1), ActivePhase::Running, None),
        run(RunId(2), ActivePhase::Running, Some(20)),
        run(RunId(3), ActivePhase::Queued, None),
        run(RunId(4), ActivePhase::Running, None),
    ];
    let own = [(1, at(1)), (2, at(2)), (3, at(3))].map(|(run, at)| (RunId(run), at));
    date_own(runs.iter_mut(), own.into_iter());
    let dates = runs.map(|run| run.started);
    assert_eq!(dates, [Some(at(1)), Some(at(20)), None, None]);
}

#[test]
fn refresh_none_judges_the_job_that_was_meant_last() {
    let mut estate = proved(by_id());
    estate.refresh = Refresh::None;
    estate.advance("100d");
    let remembered = |estate: &Estate| match subject(&estate.survey(), "analytics/nightly") {
        Subject::Job(case) => {
            assert_eq!(case.sight, Looked::NotAsked);
            Some(case.target.job.0)
        }
        Subject::Unresolved { .. } => None,
        other => panic!("{other:?}"),
    };
    assert_eq!(remembered(&estate), Some(101));
    for (selector, job) in [
        ("{name: nightly}", Some(101)),
        ("{name: renamed}", None),
        ("{id: 102}", None),
        ("{tags: {tier: gold}}", None),
    ] {
        estate.rule(&[succeeded("nightly", selector)]);
        assert_eq!(remembered(&estate), job, "{selector}");
    }
    // Of two jobs that were meant by this address only a look tells which bears the name now.
    estate.rule(&[succeeded("nightly", "{id: 102}")]);
    estate.refresh = Refresh::Auto;
    let mut other = subject(&proved(by_id()).survey(), "analytics/nightly").clone();
    if let Subject::Job(case) = &mut other {
        case.target.job = JobId(102);
    }
    estate.know(success(&estate, &other, None));
    estate.refresh = Refresh::None;
    assert_eq!(remembered(&estate), Some(102));
    estate.rule(&[succeeded("nightly", "{name: nightly}")]);
    assert_eq!(remembered(&estate), None);
    assert_eq!(estate.asked(), [""; 0]);
}

/// A past success stays past. But a job that is not there is not the one that succeeded.
#[test]
fn a_job_that_cannot_be_read_is_what_the_ledger_knows_and_one_that_is_gone_is_not() {
    for selector in ["{id: 101}", "{name: nightly}"] {
        let known = proved(succeeded("nightly", selector));
        let memory = || known.survey().cases.remove(0);
        let told = success(&known, &memory(), None);
        let faults = |fault: &str| {
            let faults = format!(
                "faults: [{{on: jobs/get, times: 100, {fault}}}, {{on: jobs/list, times: 100, {fault}}}]\n"
            );
            let mut estate = Estate::new(
                &(workspace("[]") + &faults),
                &[succeeded("nightly", selector)],
            );
            estate.know(told.clone());
            estate
        };
        let shut = faults("do: error, status: 400").survey();
        let case = job(&shut, "analytics/nightly");
        assert!(matches!(case.sight, Looked::Failed(_)), "{selector}");
        assert!(case.memory.last_success.is_some());

        let gone = faults("do: slow, by: 1s").survey();
        let is_case = subject(&gone, "analytics/nightly").identity().is_some();
        assert!(!is_case, "{selector}");
        assert_eq!(
            trouble(&gone, "analytics/nightly").kind,
            TroubleKind::NotFound
        );
    }
}

/// Nothing is concluded from active runs that were not read.
#[test]
fn an_outage_of_active_runs_fails_every_job() {
    let faults = "faults: [{on: runs/list, nth: 1, times: 1000, do: error, status: 400}]\n";
    for count in [2, JOBS_ONE_BY_ONE_MAX + 1] {
        let (world, rules) = by_name(count);
        let survey = Estate::new(&(world + faults), &rules).survey();
        for of in addresses(&survey) {
            assert_eq!(trouble(&survey, &of).kind, TroubleKind::Unexpected);
        }
        assert_eq!(survey.cases.len(), count);
    }
}
