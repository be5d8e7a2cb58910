use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::model::address::{Address, Name};
use crate::model::desired::LedgerPlace;
use crate::model::job::RunId;
use crate::model::promise::{BrokenPart, Promise};
use crate::model::requests::RequestClass;
use crate::model::samples;
use crate::model::time::{Freeze, Span};
use crate::model::trust::{Grounds, Host, Role, Source, Use, Used};
use crate::model::verdict::{Action, Cause, Exceeded, Facts, Hold, Keep, NonEmpty, Step, Verdict};
use crate::review::Uses;

fn options(limit: Limit) -> MarkdownOptions<'static> {
    static LINKS: LazyLock<[Link; 1]> =
        LazyLock::new(|| [Link::parse("the whole plan=https://ci.example/run/1").unwrap()]);
    MarkdownOptions {
        limit,
        title: "afresh",
        marker: "data-platform",
        digest: "0123456789abcdef0123",
        actions: Some("fedcba9876543210"),
        links: &*LINKS,
        guardrails: None,
        pull: None,
        previous: None,
        uses: Uses {
            ledger: &LEDGER,
            all: &[],
        },
        given: "",
    }
}

static LEDGER: LazyLock<LedgerPlace> = LazyLock::new(|| LedgerPlace::File("ledger.jsonl".into()));

/// As the planner would say it: a hold that only a person can end needs attention.
fn step(address: &str, verdict: Verdict) -> Step {
    let attention = match &verdict {
        Verdict::Hold { why, .. } => why.attention(),
        Verdict::Keep(_) | Verdict::Act { .. } => None,
    };
    Step {
        address: Address::parse(address).unwrap(),
        rule: Name::parse("rule").unwrap(),
        target: None,
        promise: Promise::Kept,
        breaks_at: None,
        proved_until: None,
        attention,
        verdict,
        facts: Facts::None,
        changes_at: None,
        settlements: Vec::new(),
        wait: None,
        refused: None,
        candidate: None,
    }
}

fn cancel(address: &str) -> Step {
    let actions = NonEmpty::one(Action::Cancel { run: RunId(7) });
    let because = Cause::TooLong {
        run: RunId(7),
        ran: Span::hours(5),
        limit: Span::hours(3),
    };
    step(address, Verdict::Act { actions, because })
}

fn plan_of(steps: Vec<Step>) -> Plan {
    Plan {
        at: "2026-11-22T09:00:00Z".parse().unwrap(),
        steps,
        skipped: Vec::new(),
        valid_until: "2026-11-24T03:00:00Z".parse().unwrap(),
        freezes: Vec::new(),
        exceeded: Vec::new(),
        refused: false,
        logs: Vec::new(),
        requests: BTreeMap::from([(
            RequestClass::Databricks,
            BTreeMap::from([("jobs.get".to_owned(), 5)]),
        )]),
        refresh: crate::model::survey::Refresh::Auto,
        part: None,
    }
}

#[test]
fn a_comment_decides_in_its_first_lines() {
    let hold = |why| Verdict::Hold { why, until: None };
    let broken = Promise::Broken {
        since: Some("2026-11-22T07:00:00Z".parse().unwrap()),
        part: BrokenPart::Whole,
    };
    let shown = plan_of(vec![
        Step {
            promise: broken,
            ..cancel("analytics/long")
        },
        step("analytics/loop", hold(Hold::PauseFirst)),
        step("analytics/nightly", Verdict::Keep(Keep::Idle)),
        Step {
            breaks_at: Some("2026-11-22T11:00:00Z".parse().unwrap()),
            ..step("analytics/waits", hold(Hold::ActiveRun { run: RunId(9) }))
        },
    ]);
    let before = plan_of(vec![Step {
        promise: broken,
        ..cancel("analytics/long")
    }]);
    let options = MarkdownOptions {
        previous: Some(&before),
        ..options(Limit::GitHub)
    };
    assert_eq!(
        plan(&shown, &options),
        "<!-- afresh-plan:data-platform -->
### afresh: 0 to regenerate, 0 to run, 1 to cancel, 2 on hold, 1 up to date
- **Promises:** 3 kept, 1 broken, 0 unproven, 0 unknown
- **Needs attention:** 1: analytics/loop
- **Guardrails:** none reached
- **Validity:** valid until 2026-11-24 03:00 UTC; made for 2026-11-22 09:00 UTC; 5 requests (5 Databricks)
- **Decisions:** since the last plan: 3 added, 0 removed, 0 decided differently; actions digest <code>fedcba9876543210</code>; plan digest <code>0123456789ab</code>
- **Links:** [the whole plan](https://ci.example/run/1)

| needs attention | until | promise | why |
|---|---|---|---|
| <code>analytics/loop</code> |  | kept | a continuous job restarts itself: pause it in its settings |

| cancel | action | promise | why |
|---|---|---|---|
| <code>analytics/long</code> | cancel run 7 | broken since 2026-11-22 07:00 UTC | run 7 has been active for 5h, limit 3h |

| on hold | until | promise | why |
|---|---|---|---|
| <code>analytics/waits</code> |  | kept; breaks at 2026-11-22 11:00 UTC (in 2h), if nothing happens until then | run 9 is active and must end first |

<details><summary>Since the last plan</summary>

- new: <code>analytics/loop</code>: on hold, needs attention: a continuous job restarts itself: pause it in its settings
- new: <code>analytics/nightly</code>: up to date: no run is active
- new: <code>analytics/waits</code>: on hold, breaks at 2026-11-22 11:00 UTC: run 9 is active and must end first

</details>

<details><summary>Evidence for <code>analytics/loop</code></summary>

```text
analytics/loop: on hold, needs attention: a continuous job restarts itself: pause it in its settings
  promise     kept
  attention   the settings of the job do not allow it
              pause the job in its settings
  rule        rule, judged for 2026-11-22 09:00 UTC
  facts       none: it could not be read
  changes     neither the verdict nor the promise changes by the passing of time
```

</details>

<details><summary>Evidence for <code>analytics/long</code></summary>

```text
analytics/long: cancel run 7: run 7 has been active for 5h, limit 3h; broken since 2026-11-22 07:00 UTC
  promise     broken since 2026-11-22 07:00 UTC
  rule        rule, judged for 2026-11-22 09:00 UTC
  facts       none: it could not be read
  changes     neither the verdict nor the promise changes by the passing of time
```

</details>

<details><summary>Evidence for <code>analytics/waits</code></summary>

```text
analytics/waits: on hold, breaks at 2026-11-22 11:00 UTC: run 9 is active and must end first
  promise     kept; breaks at 2026-11-22 11:00 UTC (in 2h), if nothing happens until then
  rule        rule, judged for 2026-11-22 09:00 UTC
  facts       none: it could not be read
  changes     neither the verdict nor the promise changes by the passing of time
```

</details>

<details><summary>1 subject up to date</summary>

- <code>analytics/nightly</code>: up to date: no run is active

</details>
"
    );
}

/// Of different ages and reasons, some of which need a person, wait or are up to date; most are acted on.
fn mixed(count: usize) -> Plan {
    let hold = |why| Verdict::Hold { why, until: None };
    let one = |n: usize| match n % 10 {
        0 => step(&format!("analytics/loop-{n}"), hold(Hold::PauseFirst)),
        1 => step(
            &format!("analytics/waits-{n}"),
            hold(Hold::ActiveRun { run: RunId(9) }),
        ),
        2 => step(&format!("analytics/idle-{n}"), Verdict::Keep(Keep::Idle)),
        _ => {
            let run = i64::try_from(n).unwrap();
            let because = Cause::TooLong {
                run: RunId(run),
                ran: Span::hours(4 + run.unsigned_abs() % 50),
                limit: Span::hours(3),
            };
            let actions = NonEmpty::one(Action::Cancel { run: RunId(run) });
            step(
                &format!("analytics/job-{n}"),
                Verdict::Act { actions, because },
            )
        }
    };
    plan_of((0..count).map(one).collect())
}

#[test]
fn each_forge_s_room_is_filled_and_nothing_is_left_uncounted() {
    let forges = [
        Limit::GitHub,
        Limit::GitLab,
        Limit::AzureDevOps,
        Limit::Bitbucket,
        Limit::GitHubSummary,
    ];
    for count in [1, 40, 700, 5_000, 50_000] {
        let shown = mixed(count);
        for limit in forges {
            let comment = plan(&shown, &options(limit));
            let used = limit.measure(&comment);
            assert!(used <= limit.units(), "{count} {limit:?}: {used}");
            let is_short = comment.contains("_Shortened to fit");
            assert!(
                !is_short || used * 10 >= limit.units() * 9,
                "{count} {limit:?}: {used}"
            );
            assert!(is_short || count < 5_000, "{count} {limit:?}");
            for table in ["| needs attention |", "| cancel |", "| on hold |"] {
                let there = count >= 40 || table == "| needs attention |";
                assert_eq!(comment.contains(table), there, "{count} {limit:?} {table}");
            }
            if count >= 700 {
                let acts = shown.acts().count();
                assert!(
                    comment.contains(&format!("| **{acts}:** ")),
                    "{count} {limit:?}"
                );
            }
            assert!(
                comment.ends_with(">\n") || comment.ends_with("_\n"),
                "{count} {limit:?}"
            );
        }
    }
}

#[test]
fn names_are_kept_before_evidence_and_evidence_before_what_is_up_to_date() {
    let at = |count, limit| plan(&mixed(count), &options(limit));
    let all = at(40, Limit::GitHub);
    assert!(
        all.contains("Evidence for <code>analytics/job-39</code>"),
        "{all}"
    );
    assert!(
        all.contains("<code>analytics/idle-32</code>: up to date"),
        "{all}"
    );
    let names = at(700, Limit::GitHub);
    assert!(
        names.contains("All 490 names: cancel run 3, run 3 has been active for"),
        "{names}"
    );
    assert!(names.contains("<code>analytics/job-699</code>") && names.contains("Evidence for"));
    assert!(
        names.contains("evidence of ") && names.contains(" up-to-date subjects"),
        "{names}"
    );
    let some = at(5_000, Limit::Bitbucket);
    let listed = some.matches("/job-").count();
    assert!(
        some.contains(" of 3500 names: cancel run 3") && listed > 350,
        "{listed} {some}"
    );
    assert!(
        some.contains("names of ") && !some.contains("Evidence for"),
        "{some}"
    );
}

#[test]
fn rows_that_say_the_same_are_one() {
    let shown = plan_of(
        (0..5)
            .map(|n| cancel(&format!("analytics/job-{n}")))
            .collect(),
    );
    let comment = plan(&shown, &options(Limit::GitHub));
    assert!(comment.contains("| **5:** <code>analytics/job-0</code>, <code>analytics/job-1</code>, <code>analytics/job-2</code> and 2 more | cancel run 7 | kept | run 7 has been active for 5h, limit 3h |"), "{comment}");
    assert!(comment.contains("<details><summary>All 5 names: cancel run 7, run 7 has been active for 5h, limit 3h</summary>"), "{comment}");
}

#[test]
fn rows_that_cannot_be_one_are_kept_by_urgency_and_the_rest_is_counted() {
    let words = |n: usize| -> String {
        n.to_string()
            .bytes()
            .map(|b| char::from(b - b'0' + b'a'))
            .collect()
    };
    let hold = |n| Verdict::Hold {
        why: Hold::Freeze {
            reason: words(n).repeat(20),
        },
        until: None,
    };
    let mut steps: Vec<Step> = (0..2_000)
        .map(|n| step(&format!("ingest/r-{n}"), hold(n)))
        .collect();
    steps.push(step(
        "ingest/zz",
        Verdict::Hold {
            why: Hold::PauseFirst,
            until: None,
        },
    ));
    let comment = plan(&plan_of(steps), &options(Limit::Bitbucket));
    let used = length(&comment);
    assert!(used * 10 >= Limit::Bitbucket.units() * 9, "{used}");
    assert!(comment.contains("<code>ingest/zz</code>"), "{comment}");
    assert!(comment.contains("rows of 2001 ("), "{comment}");
}

#[test]
fn that_nothing_bounds_an_apply_is_a_warning() {
    let of = |guardrails: &crate::model::desired::Guardrails| {
        let shown = MarkdownOptions {
            guardrails: Some(guardrails),
            ..options(Limit::GitHub)
        };
        plan(&plan_of(Vec::new()), &shown)
    };
    let none = crate::model::desired::Guardrails::default();
    assert!(
        of(&none)
            .contains("- **Guardrails:** ⚠️ **none set**: nothing bounds what one apply does\n")
    );
    let some = crate::model::desired::Guardrails {
        runs_per_apply: Some(5),
        ..none
    };
    assert!(of(&some).contains("- **Guardrails:** maxRuns.perApply 5; none reached\n"));
}

#[test]
fn a_failure_takes_the_place_of_the_comment_and_fits() {
    let details = "error in `estate/x.yaml` ```\n".repeat(9_000);
    let failed = Failed {
        what: "no plan could be made",
        summary: "the manifests have @problems, listed above",
        details: &details,
        advice: Some("mend them"),
    };
    let comment = failure(&failed, "data-platform", &[], Limit::GitHub);
    assert!(comment.starts_with("<!-- afresh-plan:data-platform -->\n### data-platform: no plan could be made\n- **Error:** the manifests have &#64;<!-- -->problems"), "{comment}");
    assert!(length(&comment) <= Limit::GitHub.units());
    assert!(comment.contains("lines omitted._"), "{comment}");
    outside_fences(&comment);
}

#[test]
fn a_hostile_name_stays_a_name() {
    let name = "a/x|`y` <script> @team #1 [l](https://e.example) ```";
    let comment = plan(&plan_of(vec![cancel(name)]), &options(Limit::GitHub));
    let row = comment
        .lines()
        .find(|line| line.starts_with("| <code>"))
        .unwrap();
    assert_eq!(
        row,
        "| <code>a/x&#124;&#96;y&#96; &lt;script&gt; &#64;<!-- -->team &#35;<!-- -->1 &#91;l&#93;(https:<!-- -->//e.example) &#96;&#96;&#96;</code> | cancel run 7 | kept | run 7 has been active for 5h, limit 3h |"
    );
    assert!(comment.contains("\n````text\n"), "{comment}");
}

#[test]
fn a_marker_cannot_be_left() {
    let options = MarkdownOptions {
        marker: "x --> <b>",
        ..options(Limit::GitHub)
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
            firm: false,
        });
    }
    let options = MarkdownOptions {
        title: &name,
        marker: &name,
        links: &[],
        ..options(Limit::Units(0))
    };
    let comment = plan(&shown, &options);
    assert!(length(&comment) <= Limit::UNITS_MIN);
    assert!(comment.contains("**This plan cannot be applied**"));
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

fn allowed(host: &str) -> Use {
    Use {
        what: Used::Host {
            role: Role::Databricks,
            host: Host::named(host),
        },
        allowed_by: Grounds::Policy,
    }
}

#[test]
fn what_somebody_had_to_allow_is_named_whole() {
    let long = format!("{}.{}.lab.example.com", "a".repeat(60), "b".repeat(60));
    let all: Vec<Use> = (0..9)
        .map(|number| allowed(&format!("{number}.{long}")))
        .collect();
    let uses = Uses {
        ledger: &LEDGER,
        all: &all,
    };
    let shown = MarkdownOptions {
        uses,
        ..options(Limit::GitHub)
    };
    let comment = plan(&plan_of(Vec::new()), &shown);
    let trust = comment
        .lines()
        .find(|line| line.starts_with("- **Trust:**"))
        .unwrap();
    for one in &all {
        assert!(trust.contains(&one.to_string()), "{trust}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_comment_keeps_its_limit_and_its_form(shown in samples::plan(0..30), before in samples::plan(0..3), hosts in 0..200_usize, limit in Limit::UNITS_MIN..60_000) {
        let hosts: Vec<Use> = (0..hosts).map(|number| allowed(&format!("{number}.{}.lab.example.com", "x".repeat(60)))).collect();
        let uses = Uses { ledger: &LEDGER, all: &hosts };
        let options = MarkdownOptions { previous: Some(&before), uses, ..options(Limit::Units(limit)) };
        let comment = plan(&shown, &options);
        let all_named = hosts.iter().all(|one| comment.contains(&one.to_string()));
        prop_assert!(all_named || comment.contains("hosts and credential sources"), "hosts are dropped silently: {}", comment);
        prop_assert!(comment.encode_utf16().count() <= limit);
        prop_assert!(comment.starts_with("<!-- afresh-plan:data-platform -->\n### afresh: "));
        let counts = shown.counts();
        let on_hold = format!("{} on hold", counts.on_hold);
        prop_assert!(comment.lines().nth(1).unwrap().contains(&on_hold));
        let promises = format!("{} kept, {} broken, {} unproven, {} unknown", counts.kept, counts.broken, counts.unproven, counts.unknown);
        prop_assert!(comment.lines().nth(2).unwrap().contains(&promises));
        let outside = outside_fences(&comment);
        for (open, close) in [("<details>", "</details>"), ("<summary>", "</summary>"), ("<code>", "</code>")] {
            prop_assert_eq!(outside.matches(open).count(), outside.matches(close).count(), "{}", comment);
        }
        prop_assert!(!outside.contains("<script") && !outside.contains("https://evil"), "{}", comment);
        prop_assert!(!outside.contains("@everyone"), "{}", comment);
    }

    #[test]
    fn every_table_row_has_the_cells_of_its_head(shown in samples::plan(1..8)) {
        let comment = outside_fences(&plan(&shown, &options(Limit::GitHub)));
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

#[test]
fn what_somebody_had_to_allow_is_in_the_head_and_all_hosts_are_folded() {
    let host = |role, host: &str, allowed_by| Use {
        what: Used::Host {
            role,
            host: Host::named(host),
        },
        allowed_by,
    };
    let credential = Use {
        what: Used::Credential {
            method: "default".to_owned(),
            source: None,
        },
        allowed_by: Grounds::BuiltIn,
    };
    let own = host(
        Role::Authority,
        "login.microsoftonline.com",
        Grounds::BuiltIn,
    );
    let shown = |all: &[Use]| {
        let options = MarkdownOptions {
            uses: Uses {
                ledger: &LEDGER,
                all,
            },
            ..options(Limit::GitHub)
        };
        plan(&plan_of(Vec::new()), &options)
    };
    let of_azure = shown(&[own.clone(), credential.clone()]);
    assert!(
        of_azure.ends_with(
            "<details><summary>Hosts, ledger and credentials</summary>\n\n\
             - Hosts: <code>login.microsoftonline.com</code>\n\
             - Ledger: <code>ledger.jsonl</code>\n\
             - Credentials: <code>default</code>\n\n</details>\n"
        ),
        "{of_azure}"
    );
    assert!(!of_azure.contains("**Trust:**"), "{of_azure}");
    let lab = host(
        Role::ResourceManager,
        "arm.lab.example.com",
        Grounds::Policy,
    );
    let secret = Use {
        what: Used::Credential {
            method: "servicePrincipal".to_owned(),
            source: Some(Source::Variable("NPM_TOKEN".to_owned())),
        },
        allowed_by: Grounds::Policy,
    };
    let of_lab = shown(&[own, lab, credential, secret]);
    let head = of_lab.lines().find(|line| line.starts_with("- **Trust:**"));
    assert_eq!(
        head,
        Some(
            "- **Trust:** beyond Azure's own: arm.lab.example.com (Resource Manager, allowed by policy); servicePrincipal (variable NPM&#95;TOKEN, allowed by policy)"
        )
    );
    assert_eq!(shown(&[]).matches("Ledger").count(), 0);
}
