//! What a whole plan looks like.

use super::*;
use crate::model::job::RunId;

#[test]
fn a_plan_looks_as_promised() {
    let mut steps = vec![
        step("analytics/nightly-sales", act(vec![start(&[])], stale())),
        step("ingest/gateway-east", window_hold()),
        rotation("ingest/gateway-west"),
    ];
    steps.extend(kept(10));
    assert_eq!(
        plain(steps),
        "  ingest/gateway-west       regenerate authKey1   97d old, limit 90d
      authKey1:
    -   age: 97d        (rotated by afresh 2026-08-17 03:12 UTC)
    +   age: 0d
  analytics/nightly-sales   run now               last success 31h ago, wanted within 24h
  ingest/gateway-east       on hold until Sat 28 Nov 02:00 Europe/Paris: authKey2 is due, outside its window
  11 subjects up to date    next: ingest/lab#authKey1 in 6d

Plan: 1 to regenerate, 1 to run, 0 to cancel, 1 on hold, 11 up to date.  Promises: 14 kept, 0 broken, 0 unproven, 0 unknown.  Valid until 2026-11-24 03:00 UTC.  5 requests (5 ARM reads).
"
    );
}

#[test]
fn one_trouble_of_many_subjects_is_counted() {
    let trouble = |name: usize| {
        hold(Hold::Trouble(Trouble {
            kind: TroubleKind::Unauthenticated,
            doing: format!("find the job {name}"),
            message: "no credential".to_owned(),
            ids: Box::default(),
        }))
    };
    let steps: Vec<Step> = (0..9)
        .map(|name| Step {
            promise: Promise::Unknown,
            ..step(&format!("a/{name}"), trouble(name))
        })
        .collect();
    let shown = plain(steps.clone());
    assert_eq!(
        shown.split("\n\n").next(),
        Some(
            "  a/0   on hold, promise unknown, needs attention: cannot find the job 0: no credential
  a/1   on hold, promise unknown, needs attention: cannot find the job 1: no credential
  a/2   on hold, promise unknown, needs attention: cannot find the job 2: no credential
  and 6 more subjects   the same trouble; -v names each"
        )
    );
    let verbose = TextOptions {
        verbose: true,
        ..TextOptions::default()
    };
    assert_eq!(
        plan(&plan_of(steps), &verbose)
            .matches("no credential")
            .count(),
        9
    );
}

#[test]
fn nothing_to_do_is_said_first() {
    assert_eq!(
        plain(kept(0)),
        "  1 subject up to date   next: ingest/lab#authKey1 in 6d

Nothing to do.  0 on hold, 1 up to date.  Promises: 1 kept, 0 broken, 0 unproven, 0 unknown.  Valid until 2026-11-24 03:00 UTC.  5 requests (5 ARM reads).
"
    );
}

#[test]
fn with_verbose_what_is_up_to_date_is_listed_too() {
    let options = TextOptions {
        verbose: true,
        ..TextOptions::default()
    };
    let shown = plan(&plan_of(kept(1)), &options);
    assert!(
        shown.contains("\n  next            ingest/lab#authKey1 in 6d\n")
            && !shown.contains("subjects up to date"),
        "{shown}"
    );
    assert!(
        shown.starts_with("  ingest/kept-0   up to date: no key is due\n"),
        "{shown}"
    );
}

#[test]
fn guardrails_freezes_doubts_rights_and_what_was_passed_over_are_said() {
    let forbidden = Trouble {
        kind: TroubleKind::Forbidden {
            right: "Microsoft.Insights/eventtypes/values/read".to_owned(),
        },
        doing: "read the Activity Log".to_owned(),
        message: "no".to_owned(),
        ids: Box::default(),
    };
    let facts = RuntimeFacts {
        log_refused: Some(forbidden),
        ..runtime_facts()
    };
    let settled = Settlement {
        intent: "7".to_owned(),
        action: regenerate(),
        settled: Settled::Done(Receipt::Regenerated {
            slot: Slot::One,
            fingerprint: print('c'),
            sent: now(),
            answered: now(),
        }),
    };
    let mut plan_shown = plan_of(vec![Step {
        facts: Facts::Runtime(Box::new(facts)),
        settlements: vec![settled],
        ..step("ingest/lab", Verdict::Keep(Keep::Young))
    }]);
    plan_shown.exceeded.push(Exceeded {
        guardrail: "maxRuns.perApply".to_owned(),
        limit: 1,
        wanted: 2,
    });
    plan_shown.freezes.push(Freeze {
        from: at("2026-11-23T00:00:00Z"),
        to: at("2026-11-25T00:00:00Z"),
        reason: "year-end close".to_owned(),
        firm: false,
    });
    plan_shown.skipped.push(Skipped {
        address: Address::parse("ingest/azure").unwrap(),
        why: "managed by Azure: it has no keys".to_owned(),
    });
    assert_eq!(
        plan(&plan_shown, &TextOptions::default()),
        "  ingest/lab     up to date: no key is due
      resolved: the earlier \"regenerate authKey1\" did happen (new key cccccccc)
  ingest/azure   skipped: managed by Azure: it has no keys

Guardrail maxRuns.perApply is 1, and 2 are wanted: the least urgent ones wait.
Frozen from 2026-11-23 00:00 UTC to 2026-11-25 00:00 UTC: year-end close.
Not allowed to read the Activity Log of 1 resource; ages rest on the other evidence. To grant: Microsoft.Insights/eventtypes/values/read.
Plan: 0 to regenerate, 0 to run, 0 to cancel, 1 operation to resolve, 0 on hold, 1 up to date.  Promises: 1 kept, 0 broken, 0 unproven, 0 unknown.  Valid until 2026-11-24 03:00 UTC.  5 requests (5 ARM reads).
"
    );
}

#[test]
fn replacing_a_run_takes_two_lines() {
    let actions = vec![
        Action::Cancel { run: RunId(7) },
        start(&[("day", "yesterday")]),
    ];
    let because = Cause::TooLong {
        run: RunId(7),
        ran: Span::hours(5),
        limit: Span::hours(3),
    };
    let shown = plain(vec![step("a/b", act(actions, because))]);
    assert!(
        shown.starts_with(
            "  a/b   cancel run 7   run 7 has been active for 5h, limit 3h
        then run now
    +   parameter day: yesterday
"
        ),
        "{shown}"
    );
}

#[test]
fn colours_are_there_only_if_wanted() {
    let steps = || vec![rotation("a/b"), step("a/c", window_hold())];
    let color = TextOptions {
        color: true,
        ..TextOptions::default()
    };
    let dyed = plan(&plan_of(steps()), &color);
    assert!(
        dyed.contains("    \u{1b}[31m-\u{1b}[0m   age: \u{1b}[31m97d\u{1b}[0m"),
        "{dyed:?}"
    );
    assert!(
        dyed.contains("\u{1b}[33mon hold until Sat 28 Nov"),
        "{dyed:?}"
    );
    assert!(!plain(steps()).contains('\u{1b}'));
}

#[test]
fn a_narrow_terminal_wraps_reasons_below_themselves() {
    let options = TextOptions {
        width: Some(60),
        ..TextOptions::default()
    };
    let shown = plan(&plan_of(vec![step("a/b", window_hold())]), &options);
    assert!(
        shown.starts_with(
            "  a/b   on hold until Sat 28 Nov 02:00 Europe/Paris:
        authKey2 is due, outside its window
"
        ),
        "{shown}"
    );
    assert!(
        shown.lines().all(|line| line.chars().count() <= 60),
        "{shown}"
    );
}

fn unknown(address: &str) -> Step {
    let trouble = Trouble {
        kind: TroubleKind::Unreachable,
        doing: "read it".to_owned(),
        message: "no answer".to_owned(),
        ids: Box::default(),
    };
    Step {
        promise: Promise::Unknown,
        ..step(address, hold(Hold::Trouble(trouble)))
    }
}

fn last_line(plan_shown: &Plan, width: Option<usize>) -> String {
    let options = TextOptions {
        width,
        ..TextOptions::default()
    };
    let text = plan(plan_shown, &options);
    text.rsplit_once("\n\n").unwrap().1.to_owned()
}

#[test]
fn what_could_not_be_read_is_never_nothing_to_do() {
    let mut shown = plan_of(vec![unknown("a/b"), unknown("a/c"), kept(0).remove(0)]);
    let tail = "2 on hold, 1 up to date.  Promises: 1 kept, 0 broken, 0 unproven, 2 unknown.";
    assert_eq!(
        last_line(&shown, None),
        format!(
            "Could not read 2 of 3 resources; nothing was decided about them.  {tail}  Valid until 2026-11-24 03:00 UTC.  5 requests (5 ARM reads).\n"
        )
    );
    shown.refresh = Refresh::None;
    assert_eq!(
        last_line(&shown, None),
        format!(
            "The ledger is not enough for 2 of 3 resources; nothing was decided about them.  {tail}  Nothing was read (--refresh none): all of this is as of the last read.  Valid until 2026-11-24 03:00 UTC.  5 requests (5 ARM reads).\n"
        )
    );
    let shown = plan_of(vec![rotation("a/a"), unknown("a/b")]);
    assert!(
        last_line(&shown, None).starts_with(
            "Plan: 1 to regenerate, 0 to run, 0 to cancel, 1 on hold, 0 up to date.  Could not read 1 of 2 resources; nothing was decided about it.  Promises: "
        )
    );
}

#[test]
fn a_reason_without_room_beside_its_action_stands_below_it() {
    let options = TextOptions {
        width: Some(60),
        ..TextOptions::default()
    };
    let shown = plan(&plan_of(vec![rotation("ingest/gateway-west")]), &options);
    assert!(
        shown.starts_with(
            "  ingest/gateway-west   regenerate authKey1
      97d old, limit 90d
      authKey1:
    -   age: 97d        (rotated by afresh 2026-08-17 03:12
                        UTC)
    +   age: 0d
"
        ),
        "{shown}"
    );
}

#[test]
fn a_headline_breaks_between_its_sentences() {
    let shown = plan_of(vec![
        rotation("a/a"),
        step("a/b", hold(Hold::PauseFirst)),
        kept(0).remove(0),
    ]);
    assert_eq!(
        last_line(&shown, Some(80)),
        "Plan: 1 to regenerate, 0 to run, 0 to cancel, 1 on hold, 1 up to date.
Promises: 3 kept, 0 broken, 0 unproven, 0 unknown.  1 needs attention.
Valid until 2026-11-24 03:00 UTC.  5 requests (5 ARM reads).
"
    );
    assert_eq!(last_line(&shown, Some(200)).lines().count(), 2);
    assert_eq!(last_line(&shown, None).lines().count(), 1);
}

#[test]
fn a_broken_promise_without_an_action_is_no_subject_up_to_date() {
    let either = Step {
        promise: Promise::Broken {
            since: Some(at("2026-11-22T08:00:00Z")),
            part: BrokenPart::EitherKey,
        },
        attention: Some(Attention::Unattributed),
        facts: Facts::Runtime(Box::new(runtime_facts())),
        ..step("a/b", Verdict::Keep(Keep::Young))
    };
    let shown = plan_of(vec![either, kept(0).remove(0)]);
    assert_eq!(
        plan(&shown, &TextOptions::default()),
        "  a/b                    broken since 2026-11-22 08:00 UTC, needs attention: one of the two keys is older than 90d (nobody can tell which)
      record when one of them was created, if you know:
          afresh ledger declare a/b#authKey1 --born DATE
      or let the rule rotate both in turn: `unknownAge: rotate`
  1 subject up to date   next: ingest/lab#authKey1 in 6d

Nothing to do.  0 on hold, 1 broken without an action, 1 up to date.  Promises: 1 kept, 1 broken, 0 unproven, 0 unknown.  1 needs attention.  Valid until 2026-11-24 03:00 UTC.  5 requests (5 ARM reads).
"
    );
}

#[test]
fn what_has_a_row_of_its_own_is_not_counted_below_it() {
    let warned = Keep::Fresh {
        age: Span::hours(21),
        warn: true,
    };
    let mut steps = kept(2);
    steps.push(step("a/b", Verdict::Keep(warned)));
    let shown = plain(steps);
    assert!(
        shown.contains("\n  3 more subjects up to date   next: ingest/lab#authKey1 in 6d\n"),
        "{shown}"
    );
    assert!(shown.contains(" 4 up to date."), "{shown}");
}

#[test]
fn many_promises_that_are_not_proved_are_counted() {
    let steps: Vec<Step> = (10..40)
        .map(|n| Step {
            promise: Promise::Unproven,
            ..step(&format!("a/{n}"), Verdict::Keep(Keep::Young))
        })
        .collect();
    let shown = plain(steps);
    assert_eq!(shown.matches(": no key is due").count(), 20);
    assert!(
        shown.contains("  and 10 more subjects   promise unproven; -v names each\n"),
        "{shown}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn foreign_words_never_reach_the_terminal_raw(shown in samples::plan(1..5), other in samples::plan(0..3), verbose: bool) {
        let options = TextOptions { color: false, verbose, width: Some(80), given: "" };
        let mut texts = vec![plan(&shown, &options), diff(&other, &shown)];
        texts.extend(shown.steps.iter().map(|step| why(step, &shown, "")));
        for text in texts {
            let raw = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
            prop_assert_eq!(raw, None, "{}", text);
        }
    }

    #[test]
    fn every_step_that_is_not_up_to_date_and_kept_is_shown(shown in samples::plan(1..6)) {
        let text = plan(&shown, &TextOptions::default());
        for step in shown.steps.iter().filter(|step| !matches!(step.verdict, Verdict::Keep(_)) || step.promise != Promise::Kept || step.attention.is_some()) {
            prop_assert!(text.contains(&line(&step.address.to_string())), "{}", text);
        }
        prop_assert!(text.trim_end().ends_with('.') && text.contains("Valid until "));
    }

    #[test]
    fn rows_headline_and_why_say_the_same(shown in samples::plan(1..6)) {
        let counts = shown.counts();
        let text = plan(&shown, &TextOptions::default());
        let promises = format!("Promises: {}.", words::promises(counts));
        prop_assert!(text.contains(&promises));
        prop_assert_eq!(counts.kept + counts.broken + counts.unproven + counts.unknown, shown.steps.len());
        for step in &shown.steps {
            let (said, behind) = (super::super::sentence(step), why(step, &shown, ""));
            let word = match step.promise {
                Promise::Kept => "",
                Promise::Broken { .. } => "broken",
                Promise::Unproven => "promise unproven",
                Promise::Unknown => "promise unknown",
            };
            prop_assert!(said.contains(word), "{}", said);
            prop_assert!(step.attention.is_none() || said.contains("needs attention"), "{}", said);
            prop_assert!(behind.contains(&format!("\n  promise     {}", step.promise)), "{}", behind);
            prop_assert_eq!(behind.contains("\n  attention   "), step.attention.is_some(), "{}", behind);
        }
    }
}
