use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::address::{Address, Name};
use crate::model::promise::Promise;
use crate::model::requests::RequestClass;
use crate::model::samples;
use crate::model::time::{Freeze, Span};
use crate::model::verdict::{Cause, Exceeded, Facts, Hold, Keep, Move, NonEmpty, Step, Verdict};

fn options(limit_chars: usize) -> MarkdownOptions<'static> {
    MarkdownOptions {
        limit_chars,
        title: "afresh",
        marker: "data-platform",
        digest: "0123456789abcdef0123",
        artifact_url: Some("https://ci.example/run/1"),
        previous: None,
    }
}

fn step(address: &str, verdict: Verdict) -> Step {
    Step {
        address: Address::parse(address).unwrap(),
        rule: Name::parse("rule").unwrap(),
        target: None,
        promise: Promise::Kept,
        breaks_at: None,
        attention: None,
        verdict,
        facts: Facts::None,
        changes_at: None,
        settlements: Vec::new(),
        wait: None,
    }
}

fn cancel(address: &str) -> Step {
    let moves = NonEmpty::one(Move::Cancel { run: 7 });
    let because = Cause::TooLong {
        run: 7,
        ran: Span::hours(5),
        limit: Span::hours(3),
    };
    step(address, Verdict::Act { moves, because })
}

fn plan_of(steps: Vec<Step>) -> Plan {
    Plan {
        at: "2026-11-22T09:00:00Z".parse().unwrap(),
        steps,
        passed_over: Vec::new(),
        valid_until: "2026-11-24T03:00:00Z".parse().unwrap(),
        freezes: Vec::new(),
        exceeded: Vec::new(),
        refused: false,
        logs: Vec::new(),
        requests: BTreeMap::from([(
            RequestClass::Databricks,
            BTreeMap::from([("jobs.get".to_owned(), 5)]),
        )]),
    }
}

#[test]
fn a_comment_decides_in_its_first_lines() {
    let hold = |why| Verdict::Hold { why, until: None };
    let shown = plan_of(vec![
        cancel("analytics/long"),
        step("analytics/loop", hold(Hold::PauseFirst)),
        step("analytics/nightly", Verdict::Keep(Keep::Idle)),
        step("analytics/waits", hold(Hold::ActiveRun { run: 9 })),
    ]);
    let before = plan_of(vec![cancel("analytics/long")]);
    let options = MarkdownOptions {
        previous: Some(&before),
        ..options(GITHUB_CHARS_MAX)
    };
    assert_eq!(
        plan(&shown, &options),
        "<!-- afresh-plan:data-platform -->
### afresh: 0 to regenerate, 0 to run, 1 to cancel, 2 on hold (1 needs a person), 1 in order
- **Validity:** same until 2026-11-24 03:00 UTC; made for 2026-11-22 09:00 UTC; 5 requests (5 Databricks)
- **Guardrails:** none reached
- **Needs a person:** analytics/loop
- **Decisions:** since the last plan: 3 added, 0 removed, 0 decided differently; digest <code>0123456789ab</code>

| subject | change | why |
|---|---|---|
| <code>analytics/long</code> | cancel run 7 | run 7 has been active for 5h, limit 3h |

| needs a person | until | why |
|---|---|---|
| <code>analytics/loop</code> |  | a continuous job restarts itself: pause it in its settings |

| on hold | until | why |
|---|---|---|
| <code>analytics/waits</code> |  | run 9 is active and must end first |

<details><summary>Since the last plan</summary>

- new: <code>analytics/loop</code>: hold: a continuous job restarts itself: pause it in its settings
- new: <code>analytics/nightly</code>: in order: no run is active
- new: <code>analytics/waits</code>: hold: run 9 is active and must end first

</details>

<details><summary>Evidence for <code>analytics/long</code></summary>

```text
analytics/long: cancel run 7: run 7 has been active for 5h, limit 3h
  rule        rule, judged for 2026-11-22 09:00 UTC
  facts       nothing could be found out
  changes     this verdict does not change by the passing of time
```

</details>

<details><summary>Evidence for <code>analytics/loop</code></summary>

```text
analytics/loop: hold: a continuous job restarts itself: pause it in its settings
  rule        rule, judged for 2026-11-22 09:00 UTC
  facts       nothing could be found out
  changes     this verdict does not change by the passing of time
```

</details>

<details><summary>Evidence for <code>analytics/waits</code></summary>

```text
analytics/waits: hold: run 9 is active and must end first
  rule        rule, judged for 2026-11-22 09:00 UTC
  facts       nothing could be found out
  changes     this verdict does not change by the passing of time
```

</details>

<details><summary>1 subject in order</summary>

- <code>analytics/nightly</code>: no run is active

</details>
"
    );
}

#[test]
fn what_does_not_fit_is_said_with_fewer_words() {
    let many = |n: usize| {
        plan_of(
            (0..n)
                .map(|n| cancel(&format!("analytics/job-{n}")))
                .collect(),
        )
    };
    let at = |n| plan(&many(n), &options(GITHUB_CHARS_MAX));
    assert!(at(10).contains("<summary>Evidence for"));
    let rows = at(600);
    assert!(rows.contains("| <code>analytics/job-599</code> |") && !rows.contains("<details>"));
    assert!(rows.ends_with("_Left out, since a comment has its limit: evidence and subjects in order. See [the whole plan](https://ci.example/run/1)._\n"));
    let groups = at(3_000);
    assert!(groups.contains("| <code>analytics</code> | 0 | 0 | 3000 | 0 | 0 | 0 |"));
    assert!(!groups.contains("job-7"));
}

#[test]
fn a_hostile_name_stays_a_name() {
    let name = "a/x|`y` <script> @team #1 [l](https://e.example) ```";
    let comment = plan(&plan_of(vec![cancel(name)]), &options(GITHUB_CHARS_MAX));
    let row = comment
        .lines()
        .find(|line| line.starts_with("| <code>"))
        .unwrap();
    assert_eq!(
        row,
        "| <code>a/x&#124;&#96;y&#96; &lt;script&gt; &#64;<!-- -->team &#35;<!-- -->1 &#91;l&#93;(https:<!-- -->//e.example) &#96;&#96;&#96;</code> | cancel run 7 | run 7 has been active for 5h, limit 3h |"
    );
    assert!(comment.contains("\n````text\n"), "{comment}");
}

#[test]
fn a_marker_cannot_be_left() {
    let options = MarkdownOptions {
        marker: "x --> <b>",
        ..options(GITHUB_CHARS_MAX)
    };
    let comment = plan(&plan_of(Vec::new()), &options);
    assert!(
        comment.starts_with("<!-- afresh-plan:x------b- -->\n"),
        "{comment}"
    );
}

#[test]
fn the_longest_head_fits_the_least_limit() {
    let name = format!("a/{}", "@".repeat(300));
    let hold = || Verdict::Hold {
        why: Hold::PauseFirst,
        until: None,
    };
    let mut shown = plan_of((0..500).map(|_| step(&name, hold())).collect());
    shown.refused = true;
    for _ in 0..5 {
        shown.exceeded.push(Exceeded {
            guardrail: name.clone(),
            limit: u32::MAX,
            wanted: u32::MAX,
        });
        shown.freezes.push(Freeze {
            from: shown.at,
            to: shown.valid_until,
            reason: name.clone(),
        });
    }
    let options = MarkdownOptions {
        title: &name,
        marker: &name,
        artifact_url: Some("javascript:alert(1)"),
        ..options(0)
    };
    let comment = plan(&shown, &options);
    assert!(comment.chars().count() <= CHARS_MIN);
    assert!(comment.contains("**This plan may not be applied**"));
    assert!(comment.contains("; and 497 more"));
    assert!(
        comment.ends_with("See the saved plan with `afresh show`._\n"),
        "{comment}"
    );
}

/// Text outside fences: where markup counts.
fn outside_fences(comment: &str) -> String {
    let (mut outside, mut fence) = (String::new(), None::<String>);
    for line in comment.lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if ticks.len() >= open.len() && ticks == line => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => outside.extend([line, "\n"]),
        }
    }
    assert_eq!(fence, None, "a fence stays open: {comment}");
    outside
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_comment_keeps_its_limit_and_its_form(shown in samples::plan(0..30), before in samples::plan(0..3), limit in CHARS_MIN..60_000) {
        let options = MarkdownOptions { previous: Some(&before), ..options(limit) };
        let comment = plan(&shown, &options);
        prop_assert!(comment.chars().count() <= limit);
        prop_assert!(comment.starts_with("<!-- afresh-plan:data-platform -->\n### afresh: "));
        let on_hold = format!("{} on hold", shown.counts().on_hold);
        prop_assert!(comment.lines().nth(1).unwrap().contains(&on_hold));
        let outside = outside_fences(&comment);
        for (open, close) in [("<details>", "</details>"), ("<summary>", "</summary>"), ("<code>", "</code>")] {
            prop_assert_eq!(outside.matches(open).count(), outside.matches(close).count(), "{}", comment);
        }
        prop_assert!(!outside.contains("<script") && !outside.contains("https://evil"), "{}", comment);
        prop_assert!(!outside.contains("@everyone"), "{}", comment);
    }

    #[test]
    fn every_table_row_has_the_cells_of_its_head(shown in samples::plan(1..8)) {
        let comment = outside_fences(&plan(&shown, &options(GITHUB_CHARS_MAX)));
        let mut columns = 0;
        for line in comment.lines() {
            if !line.starts_with('|') {
                columns = 0;
                continue;
            }
            let cells = line.matches('|').count();
            prop_assert!(columns == 0 || cells == columns, "{}", comment);
            columns = cells;
        }
    }
}
