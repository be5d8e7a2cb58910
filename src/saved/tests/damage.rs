//! Plan files that are damaged, cut off, forged, or made to cost.

use super::*;
use crate::limits::{PLAN_BYTES_MAX, PLAN_LINE_BYTES_MAX, PLAN_LINE_VALUES_MAX};
use crate::model::job::JobId;
use crate::model::survey::{JobTarget, RuntimeTarget};
use crate::model::verdict::Facts;
use crate::saved::measure::values;

fn small() -> File {
    let mut one = file(samples::empty_plan());
    one.workspaces.retain(|called, _| called.as_str() == "w1");
    one.trust.truncate(1);
    one
}

/// A plan with a runtime and a job.
fn with_steps() -> File {
    let mut one = small();
    let step = |address: &str, target| Step {
        address: crate::model::address::Address::parse(address).unwrap(),
        rule: name("rule"),
        target: Some(target),
        promise: crate::model::promise::Promise::Kept,
        breaks_at: None,
        proved_until: None,
        attention: None,
        verdict: Verdict::Keep(Keep::Idle),
        facts: Facts::None,
        changes_at: None,
        settlements: Vec::new(),
        wait: None,
        refused: None,
        candidate: None,
    };
    let runtime = Target::Runtime(RuntimeTarget {
        connection: name("ingest"),
        id: factory("ingest").runtime("gateway"),
    });
    let job = Target::Job(JobTarget {
        workspace: name("w1"),
        host: "adb-1.7.azuredatabricks.net".to_owned(),
        job: JobId(7),
    });
    one.plan.steps = vec![step("ingest/gateway", runtime), step("w1/nightly", job)];
    one.sentences = vec!["idle".to_owned(), "idle".to_owned()];
    one
}

/// As a text with these lines and the seal that they ask for.
fn of_lines(lines: &[&str]) -> String {
    sealed(&lines.join("\n"))
}

fn place(path: &str, line: usize) -> Place {
    Place {
        line,
        column: None,
        path: path.to_owned(),
    }
}

#[test]
fn what_many_have_in_common_stands_once() {
    let text = write(&with_steps());
    assert_eq!(read(&text), Ok(with_steps()));
    for once in [
        "adb-1.7.azuredatabricks.net\"",
        "adf-ingest",
        "azuredatabricks.net\",\"databricksRes",
    ] {
        assert_eq!(text.matches(once).count(), 1, "{once}: {text}");
    }
    assert!(
        text.contains(r#""below":"integrationRuntimes/gateway""#),
        "{text}"
    );
    assert_eq!(text.matches(r#"{"rule":"#).count(), 1, "{text}");
    assert!(
        !text.contains("null") && !text.contains("[]") && !text.contains(": "),
        "{text}"
    );
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused_in_plain_words() {
    let text = write(&with_steps());
    let mut told = std::collections::BTreeSet::new();
    for end in 0..text.len() - 1 {
        let error = read(&text[..end]).unwrap_err();
        // A line is whole without its end.
        let lines = text[..=end].matches('\n').count();
        match &error {
            SavedError::NotAPlan => assert!(end < r#"{"format":"afresh-plan/2""#.len(), "{end}"),
            SavedError::Cut { line } => assert_eq!(*line, lines + 1, "{end}"),
            other => panic!("{end}: {other}"),
        }
        told.insert(error.to_string());
    }
    assert_eq!(told.len(), 1 + text.lines().count());
    let cut = "this plan file ends in the middle, in line 2: it was cut off, or not written to its end. Nothing of it is used";
    assert!(told.contains(cut), "{told:?}");
    // Nothing is lost with the line end that an editor took away.
    assert!(read(text.trim_end()).is_ok());
}

#[test]
fn lines_that_are_swapped_doubled_or_missing_are_refused() {
    let text = write(&with_steps());
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.len() - 1;
    for at in 0..last {
        let mut missing = lines.clone();
        missing.remove(at);
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        for other in [missing, doubled, swapped] {
            let told = read(&(other.join("\n") + "\n"));
            assert!(told.is_err(), "line {}: {other:?}", at + 1);
        }
    }
    let behind = format!("{text}{}\n", lines[1]);
    let told = read(&behind).unwrap_err();
    let wanted = format!(
        "this plan file is damaged at line {}: it stands behind the line that ends the plan",
        lines.len() + 1
    );
    assert_eq!(told.to_string(), wanted);
    let mut two = lines.clone();
    two.remove(last - 1);
    assert_eq!(
        read(&two.join("\n")),
        Err(SavedError::Tampered {
            mark: "number of lines"
        })
    );
}

/// Whoever can seal a plan can still not make it name what it does not have.
#[test]
fn what_is_named_and_not_there_is_told_with_its_place() {
    let text = write(&with_steps());
    let line = |begin: &str| {
        1 + text
            .lines()
            .position(|line| line.starts_with(begin))
            .unwrap()
    };
    let step = line(r#"{"step""#);
    let cases = [
        (
            r#""rule":"rule","target":{"runtime""#,
            r#""rule":"other","target":{"runtime""#,
            "step.rule",
            step,
            "rule `other`",
        ),
        (
            r#""connection":"ingest""#,
            r#""connection":"other""#,
            "step.target.runtime.connection",
            step,
            "connection `other`",
        ),
        (
            r#""workspace":"w1","job""#,
            r#""workspace":"w2","job""#,
            "step.target.job.workspace",
            step + 1,
            "workspace `w2`",
        ),
        (
            r#""cloud":"china","cred"#,
            r#""cloud":"other","cred"#,
            "factory.cloud",
            line(r#"{"factory""#),
            "cloud `other`",
        ),
        (
            r#""credential":"default""#,
            r#""credential":"other""#,
            "subscription.credential",
            line(r#"{"subscription""#),
            "credential `other`",
        ),
    ];
    for (from, to, path, line, what) in cases {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text, "{from}");
        let wanted = SavedError::Malformed {
            place: place(path, line),
            why: format!("no line before it says a {what}"),
        };
        assert_eq!(read(&sealed(&other)), Err(wanted), "{from}");
    }
    for begin in [
        r#"{"rule""#,
        r#"{"cloud""#,
        r#"{"workspace""#,
        r#"{"factory""#,
        r#"{"credential""#,
    ] {
        let mut lines: Vec<&str> = text.lines().collect();
        let at = line(begin);
        lines.insert(at, lines[at - 1]);
        let told = read(&of_lines(&lines)).unwrap_err().to_string();
        assert!(told.contains("of the same name"), "{told}");
    }
}

#[test]
fn damage_is_told_with_its_place() {
    let text = write(&with_steps()).replace(r#""promise":"kept""#, r#""promise":"held""#);
    let told = read(&text).unwrap_err().to_string();
    let line = 1 + text.lines().position(|line| line.contains("held")).unwrap();
    let start = format!("this plan file is damaged at step.promise (line {line}, column ");
    assert!(told.starts_with(&start), "{told}");
    assert!(told.contains("unknown variant `held`"), "{told}");
    let text = write(&small()).replace("\"2026-11-23T09:00:00Z\"", "\"tomorrow\"");
    let told = read(&text).unwrap_err().to_string();
    assert!(
        told.contains("damaged at validUntil (line 1, column "),
        "{told}"
    );
    assert!(told.contains("`tomorrow` is not an instant"), "{told}");
}

#[test]
fn evidence_that_is_not_there_cannot_be_repeated() {
    let slot = |evidence: &str| format!(r#"{{"birth":{{"evidence":{evidence}}}}}"#);
    let seen = r#"[{"firstSeen":{"at":"2026-11-22T09:00:00Z"}}]"#;
    let rule = r#"{"rule":{"name":"keys","promises":{"keyAge":{"maxAge":"90d","rotateBefore":"9d","overlap":"0s","unknownAge":"adopt","onWindowStarvation":"wait","jitter":"0s"}}}}"#;
    let read_with = |one: &str, two: &str| {
        let facts = format!(
            r#""facts":{{"runtime":{{"jitterShare":"0s","read":"notRead","slots":{{"authKey1":{},"authKey2":{}}}}}}}"#,
            slot(one),
            slot(two)
        );
        let step = format!(
            r#"{{"step":{{"address":"a/b","promise":"kept","verdict":{{"keep":"young"}},"rule":"keys","sentence":"",{facts}}}}}"#
        );
        let text = write(&small());
        let mut lines: Vec<&str> = text.lines().collect();
        let at = lines.len() - 1;
        lines.insert(at, &step);
        lines.insert(at, rule);
        read(&of_lines(&lines)).unwrap_err()
    };
    // It is read to the digest, which is not that of the step.
    assert_eq!(
        read_with(seen, "[0]"),
        SavedError::Tampered { mark: "digest" }
    );
    for (one, two, path) in [
        (
            seen,
            "[1]",
            "step.facts.runtime.slots.authKey2.birth.evidence[0]",
        ),
        (
            "[0]",
            seen,
            "step.facts.runtime.slots.authKey1.birth.evidence[0]",
        ),
    ] {
        let told = read_with(one, two);
        assert!(
            matches!(&told, SavedError::Malformed { place, .. } if place.path == path),
            "{told}"
        );
    }
}

#[test]
fn older_and_newer_formats_are_told_however_they_are_laid_out() {
    for (number, is_newer) in [(1, false), (3, true), (4_000_000, true)] {
        let format = format!("afresh-plan/{number}");
        let long = "x".repeat(100_000);
        for text in [
            format!("{{\"format\": \"{format}\", \"whatever\": 1}}"),
            format!(
                "{{\n  \"tool\": \"afresh\",\n  \"format\": \"{format}\",\n  \"x\": \"{long}\"\n}}\n"
            ),
        ] {
            let told = read(&text).unwrap_err();
            let wanted = if is_newer {
                SavedError::NewerVersion {
                    format: format.clone(),
                }
            } else {
                SavedError::OlderVersion {
                    format: format.clone(),
                }
            };
            assert_eq!(told, wanted, "{text:.60}");
        }
    }
}

#[test]
fn a_line_of_many_tiny_values_is_refused_before_they_are_made() {
    let text = write(&small());
    for tiny in ["{}", "[]", "0", "{\"a\":[0,1]}"] {
        let many = vec![tiny; PLAN_LINE_VALUES_MAX].join(",");
        let large = text.replacen("{\"use\":", &format!("{{\"use\":[{many}],\"x\":"), 1);
        let told = read(&large).unwrap_err();
        let excess = SavedError::TooLarge {
            excess: Excess::LineValues {
                line: 1 + text
                    .lines()
                    .position(|line| line.starts_with("{\"use\""))
                    .unwrap(),
            },
        };
        assert_eq!(told, excess, "{tiny}");
    }
}

/// Neither a line without an end nor a file without one is held.
#[test]
fn a_line_that_is_too_long_is_refused_as_far_as_it_may_go() {
    use std::io::{Read as _, repeat};
    let text = write(&small());
    let (first, _) = text.split_once('\n').unwrap();
    let begun = format!("{first}\n{{\"use\":\"");
    let endless = begun
        .as_bytes()
        .chain(std::io::BufReader::new(repeat(b'x')));
    let told = super::super::read(endless).unwrap_err().why;
    let excess = Excess::LineBytes { line: 2 };
    assert_eq!(told, SavedError::TooLarge { excess });
    assert!(
        told.to_string().contains(&PLAN_LINE_BYTES_MAX.to_string()),
        "{told}"
    );
}

/// A rule that many steps name is held as often in memory: it counts as often.
#[test]
fn a_long_line_that_many_others_name_is_refused_before_it_fills_the_memory() {
    let long = "x".repeat(8 * 1024 * 1024);
    let rule =
        format!(r#"{{"rule":{{"name":"large","promises":{{"submit":{{"digest":"{long}"}}}}}}}}"#);
    let step = r#"{"step":{"address":"a/b","promise":"kept","verdict":{"keep":"idle"},"rule":"large","sentence":""}}"#;
    let text = write(&small());
    let mut lines: Vec<&str> = text.lines().collect();
    let at = lines.len() - 1;
    let times = usize::try_from(PLAN_BYTES_MAX).unwrap() / long.len() + 1;
    lines.splice(
        at..at,
        std::iter::once(rule.as_str()).chain(std::iter::repeat_n(step, times)),
    );
    let told = read(&lines.join("\n")).unwrap_err();
    let excess = Excess::Bytes;
    assert_eq!(told, SavedError::TooLarge { excess });
}

/// What could not be read again is not written.
#[test]
fn a_plan_with_a_line_that_is_too_long_is_not_written() {
    let mut large = with_steps();
    large.sentences[0] = "x".repeat(PLAN_LINE_BYTES_MAX);
    let told = text(&large).unwrap_err().to_string();
    assert!(told.starts_with("the plan would have more than"), "{told}");
}

proptest! {
    #[test]
    fn values_are_counted_whatever_strings_hold(texts in proptest::collection::vec("[\\[\\]{},\"\\\\a]{0,6}", 0..8)) {
        let value = json!({"a": texts, "b": [texts, {"c": texts.len()}]});
        prop_assert_eq!(values(value.to_string().as_bytes()), 5 + 2 * texts.len().max(1));
    }
}
