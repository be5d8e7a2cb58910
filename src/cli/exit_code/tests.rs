//! Every combination of what a plan can be and what is asked of it, and the table that people read.

use std::collections::BTreeMap;

use super::kinds::TABLE;
use super::*;
use crate::model::address::{Address, Name};
use crate::model::birth::{Birth, Evidence};
use crate::model::job::{RunId, RunResult, Token};
use crate::model::key_service::KeyService;
use crate::model::outcome::{Happened, Report};
use crate::model::promise::{Attention, BrokenPart, Promise};
use crate::model::runtime::{Fingerprint, OnStarvation, PerSlot, RuntimeSpec, Slot, UnknownAge};
use crate::model::survey::Refresh;
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{
    Action, Cause, Company, Facts, Keep, NonEmpty, Presumed, ReadOutcome, Receipt, RuntimeFacts,
    Settled, Settlement, SlotFacts, Wait,
};

fn now() -> Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

fn step(name: &str, promise: Promise, verdict: Verdict) -> Step {
    Step {
        address: Address::parse(name).unwrap(),
        rule: Name::parse("rule").unwrap(),
        target: None,
        promise,
        breaks_at: None,
        proved_until: None,
        attention: None,
        verdict,
        facts: Facts::None,
        changes_at: None,
        settlements: Vec::new(),
        wait: None,
        refused: None,
        candidate: None,
    }
}

fn plan_of(steps: Vec<Step>, refused: bool) -> Plan {
    Plan {
        at: now(),
        steps,
        skipped: Vec::new(),
        valid_until: Span::days(1).after(now()),
        freezes: Vec::new(),
        exceeded: Vec::new(),
        refused,
        logs: Vec::new(),
        requests: BTreeMap::new(),
        refresh: Refresh::Auto,
        part: None,
    }
}

fn start() -> Action {
    Action::Start {
        token: Token::parse("t").unwrap(),
        after: None,
        parameters: BTreeMap::new(),
        company: Company::Alone,
    }
}

fn act(action: Action) -> Verdict {
    Verdict::Act {
        actions: NonEmpty::one(action),
        because: Cause::NotRunning,
    }
}

fn hold(why: Hold) -> Verdict {
    Verdict::Hold { why, until: None }
}

const BROKEN: Promise = Promise::Broken {
    since: None,
    part: BrokenPart::Whole,
};
const PROMISES: [Promise; 4] = [Promise::Kept, BROKEN, Promise::Unproven, Promise::Unknown];

/// What can be done about a subject, and whether that is something for an apply to do.
fn doings() -> Vec<(Verdict, Option<Settlement>, Option<Wait>, bool)> {
    let settlement = Settlement {
        intent: "7".to_owned(),
        action: start(),
        settled: Settled::NotDone,
    };
    let wait = Wait {
        run: Some(RunId(7)),
        max: Some(Span::hours(2)),
        accept: vec![RunResult::Success],
    };
    let since = now();
    let action = start();
    let busy = Hold::Busy {
        action: action.clone(),
        since,
        by: None,
    };
    let freeze = Hold::Freeze {
        reason: "close".to_owned(),
    };
    vec![
        (Verdict::Keep(Keep::Idle), None, None, false),
        (hold(freeze), None, None, false),
        (act(start()), None, Some(wait.clone()), true),
        (Verdict::Keep(Keep::Idle), Some(settlement), None, true),
        (hold(Hold::Doubt { action, since }), None, None, true),
        (hold(busy), None, None, true),
        (
            hold(Hold::ActiveRun { run: RunId(7) }),
            None,
            Some(wait),
            true,
        ),
    ]
}

/// Every list that `--fail-on` takes, with what it is made of.
fn lists() -> Vec<(FailOn, Vec<Kind>)> {
    let mut lists = Vec::new();
    for bits in 0..16_u8 {
        let kinds: Vec<Kind> = Kind::ALL
            .into_iter()
            .enumerate()
            .filter(|(place, _)| bits & (1 << place) != 0)
            .map(|(_, kind)| kind)
            .collect();
        let words: Vec<&str> = kinds.iter().map(|kind| kind.word()).collect();
        let text = if words.is_empty() {
            "none".to_owned()
        } else {
            words.join(",")
        };
        lists.push((FailOn::parse(&text).unwrap(), kinds));
    }
    lists
}

#[test]
fn a_plan_ends_with_the_first_code_that_applies() {
    let mut seen = BTreeMap::new();
    for promise in PROMISES {
        for attention in [None, Some(Attention::Access)] {
            for (verdict, settlement, wait, pending) in doings() {
                for beside in [None, Some(Promise::Kept), Some(Promise::Unknown)] {
                    let mut one = step("a/b", promise, verdict.clone());
                    one.attention = attention;
                    one.settlements = settlement.clone().into_iter().collect();
                    one.wait.clone_from(&wait);
                    let kept = |promise| step("a/c", promise, Verdict::Keep(Keep::Idle));
                    let steps: Vec<Step> = std::iter::once(one).chain(beside.map(kept)).collect();
                    for (refused, detailed) in
                        [(false, false), (false, true), (true, false), (true, true)]
                    {
                        let plan = plan_of(steps.clone(), refused);
                        for (fail_on, kinds) in lists() {
                            let unknown = promise == Promise::Unknown;
                            let named = kinds.iter().any(|kind| match kind {
                                Kind::Unknown => unknown || beside == Some(Promise::Unknown),
                                Kind::Attention => attention.is_some(),
                                Kind::Broken => promise == BROKEN,
                                Kind::Unproven => promise == Promise::Unproven,
                            });
                            let order = [
                                (1, unknown && beside != Some(Promise::Kept)),
                                (5, refused),
                                (2, detailed && pending),
                                (3, named),
                                (0, true),
                            ];
                            let wanted = order.iter().find(|(_, applies)| *applies).unwrap().0;
                            let code = of_plan(&plan, detailed, &fail_on) as u8;
                            assert_eq!(code, wanted, "{plan:?} {detailed} {kinds:?}");
                            *seen.entry(code).or_insert(0) += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(seen.keys().copied().collect::<Vec<u8>>(), [0, 1, 2, 3, 5]);
}

#[test]
fn a_plan_without_subjects_is_no_error() {
    let all = FailOn::parse("unknown,attention,broken,unproven").unwrap();
    assert_eq!(
        of_plan(&plan_of(Vec::new(), false), true, &all),
        Exit::AsWanted
    );
}

#[test]
fn an_apply_ends_with_what_was_done_and_then_with_what_is_left() {
    let done = [
        (apply::Exit::PartlyOrDoubt, 3),
        (apply::Exit::Stale, 4),
        (apply::Exit::Busy, 6),
        (apply::Exit::RunNotSucceeded, 7),
        (apply::Exit::Interrupted, 8),
    ];
    for promise in PROMISES {
        for attention in [None, Some(Attention::GivenUp)] {
            for (verdict, ..) in doings() {
                let mut one = step("a/b", promise, verdict.clone());
                one.attention = attention;
                let plan = plan_of(vec![one.clone()], false);
                let left = left(&plan, &[]);
                assert_eq!(left, [Standing::of(&one)]);
                for (fail_on, kinds) in lists() {
                    for beside in [false, true] {
                        let code = |exit| of_apply(exit, &plan, &left, beside, &fail_on) as u8;
                        for (exit, wanted) in done {
                            assert_eq!(code(exit), wanted);
                        }
                        let named = kinds.iter().any(|kind| kind.is(&left[0]));
                        let held = |wanted: fn(&Hold) -> bool| matches!(&verdict, Verdict::Hold { why, .. } if wanted(why));
                        let order = [
                            (1, promise == Promise::Unknown),
                            (
                                3,
                                beside || held(|why| matches!(why, Hold::Doubt { .. })) || named,
                            ),
                            (6, held(|why| matches!(why, Hold::Busy { .. }))),
                            (0, true),
                        ];
                        let wanted = order.iter().find(|(_, applies)| *applies).unwrap().0;
                        assert_eq!(code(apply::Exit::AllDone), wanted, "{verdict:?} {kinds:?}");
                        // `--refresh-only` ends as a plan does: where no operation is open, so does an apply that does nothing.
                        if !matches!(wanted, 6)
                            && !beside
                            && !held(|why| matches!(why, Hold::Doubt { .. }))
                        {
                            assert_eq!(of_plan(&plan, false, &fail_on) as u8, wanted);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_list_is_read_or_refused() {
    for text in [
        "",
        "none,broken",
        "broken,none",
        "brokn",
        "broken,",
        "all",
        "Broken",
    ] {
        assert!(FailOn::parse(text).is_err(), "{text}");
    }
    assert_eq!(FailOn::parse("broken, broken"), FailOn::parse("broken"));
}

fn key(born_after_days_ago: u64, print: char) -> SlotFacts {
    let at = Span::days(born_after_days_ago).before(now());
    let birth = Birth {
        earliest: Some(at),
        latest: None,
        evidence: vec![Evidence::RuntimeCreated { at }],
    };
    SlotFacts {
        fingerprint: Fingerprint::parse(&print.to_string().repeat(64)),
        age: birth.age(now()),
        birth,
        due_at: None,
        limit_at: None,
    }
}

fn runtime(promise: Promise, twin_days: u64) -> Step {
    let regenerate = Action::Regenerate {
        slot: Slot::One,
        replacing: Presumed::Unseen,
        beside: Presumed::Unseen,
    };
    let facts = RuntimeFacts {
        nodes: crate::model::nodes::NodeFacts::default(),
        spec: RuntimeSpec {
            nodes: crate::model::nodes::NodeRule::default(),
            age_max: Span::days(90),
            rotate_before: Span::days(14),
            overlap: Span::days(1),
            jitter: Span::ZERO,
            hand_offs: Vec::new(),
            serves: crate::model::hand_off::Serves::default(),
            unknown_age: UnknownAge::Adopt,
            windows: Vec::new(),
            on_starvation: OnStarvation::Wait,
            born_after: None,
            ignore_windows: false,
        },
        jitter_share: Span::ZERO,
        slots: PerSlot {
            one: key(300, 'a'),
            two: key(twin_days, 'b'),
        },
        read: ReadOutcome::Read { at: now() },
        seen_at: None,
        created: None,
        told: PerSlot::default(),
        corrected: Vec::new(),
        hand_offs: Vec::new(),
        outside: Vec::new(),
        status_refused: None,
        keys_refused: None,
        log_refused: None,
    };
    Step {
        facts: Facts::Runtime(Box::new(facts)),
        attention: Some(Attention::Unattributed),
        ..step("a/b", promise, act(regenerate))
    }
}

fn done(action: Action) -> Report {
    Report {
        address: Address::parse("a/b").unwrap(),
        service: KeyService::default(),
        at: now(),
        what: Happened::Done(
            action,
            Receipt::Started {
                run: RunId(7),
                answered: now(),
            },
        ),
    }
}

#[test]
fn a_rotated_key_is_mended_and_its_twin_is_not() {
    let broken = |part| Promise::Broken { since: None, part };
    let rotated = Action::Regenerate {
        slot: Slot::One,
        replacing: Presumed::Unseen,
        beside: Presumed::Unseen,
    };
    let still = Promise::Broken {
        since: None,
        part: BrokenPart::Key(Slot::Two),
    };
    for (found, twin_days, after) in [
        (broken(BrokenPart::Key(Slot::One)), 10, Promise::Kept),
        (broken(BrokenPart::Key(Slot::One)), 300, Promise::Unproven),
        (broken(BrokenPart::BothKeys), 300, still),
        (broken(BrokenPart::EitherKey), 300, Promise::Unproven),
        (broken(BrokenPart::Key(Slot::Two)), 300, still),
        (Promise::Kept, 80, Promise::Kept),
        (Promise::Unproven, 80, Promise::Kept),
        (Promise::Unproven, 300, Promise::Unproven),
    ] {
        let plan = plan_of(vec![runtime(found, twin_days)], false);
        let after_it = left(&plan, &[done(rotated.clone())]);
        assert_eq!(after_it[0].promise, after, "{found:?} {twin_days}");
        assert_eq!(after_it[0].attention.is_some(), after.is_broken());
        assert_eq!(left(&plan, &[])[0].promise, found);
    }
}

#[test]
fn a_run_that_was_started_is_something_being_done() {
    let actions = NonEmpty {
        first: Action::Cancel { run: RunId(7) },
        rest: vec![start()],
    };
    let because = Cause::NotRunning;
    let plan = plan_of(
        vec![step("a/b", BROKEN, Verdict::Act { actions, because })],
        false,
    );
    let cancelled = done(Action::Cancel { run: RunId(7) });
    assert_eq!(
        left(&plan, std::slice::from_ref(&cancelled))[0].promise,
        BROKEN
    );
    assert_eq!(
        left(&plan, &[cancelled, done(start())])[0].promise,
        Promise::Kept
    );
}

/// The rows of a table, each as code and meaning: `--help` breaks lines, the README does not.
fn rows_of_help() -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = Vec::new();
    for line in TABLE.lines().skip(1) {
        let (code, text) = line.split_at(5);
        match (code.trim(), rows.last_mut()) {
            ("", Some((_, meaning))) => {
                meaning.push(' ');
                meaning.push_str(text);
            }
            (code, _) => rows.push((code.to_owned(), text.to_owned())),
        }
    }
    rows
}

#[test]
fn the_readme_has_the_same_table() {
    let readme = include_str!("../../../README.md");
    let table: Vec<(String, String)> = readme
        .lines()
        .skip_while(|line| !line.starts_with("| exit code |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            let plain = |cell: &str| cell.trim().replace('`', "");
            (plain(cells[0]), plain(cells[1]))
        })
        .collect();
    assert_eq!(table, rows_of_help());
}
