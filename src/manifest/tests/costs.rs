//! What a few megabytes of manifests may cost: time in proportion, counted as the processor spends it on this thread alone. Each took
//! minutes, or grew with the square.

use super::*;
use crate::costs::in_proportion;

fn document(kind: &str, name: usize, spec: &str) -> String {
    format!("apiVersion: afresh/v1\nkind: {kind}\nmetadata: {{name: n{name}}}\nspec: {spec}\n---\n")
}

/// The problems of documents behind [`BASE`]; nothing where there are none.
fn told(documents: impl Iterator<Item = String>) -> String {
    let text = format!("{BASE}{}", documents.collect::<String>());
    read_text(&text).map_or_else(|problems| problems.render(false), |_| String::new())
}

fn keys(select: &str) -> String {
    format!("{{factory: ingest, maxAge: 90d, integrationRuntimes: [{select}]}}")
}

#[test]
fn many_globs_are_one_problem() {
    let globs: Vec<String> = (0..20_000).map(|n| format!("'g{n}*a'")).collect();
    let told = told(std::iter::once(document(
        "KeyAge",
        0,
        &keys(&globs.join(",")),
    )));
    assert!(
        told.contains("the rules of ingest have more than 1000 patterns"),
        "{told}"
    );
    assert_eq!(told.matches("more than").count(), 2, "{told}");
}

#[test]
fn globs_of_many_factories_are_bounded_together() {
    let globs: Vec<String> = (0..900).map(|n| format!("'g{n}*'")).collect();
    let factory = |n| {
        let factory = format!(
            "{{subscription: 12345678-1234-1234-1234-1234567890ab, resourceGroup: rg, factory: adf-{n}}}"
        );
        let rule = keys(&globs.join(",")).replace("ingest", &format!("n{n}"));
        document("DataFactory", n, &factory) + &document("KeyAge", n, &rule)
    };
    let told = told((0..12).map(factory));
    assert!(
        told.contains("the rules of this project have more than 10000 patterns"),
        "{told}"
    );
}

#[test]
fn many_names_against_many_globs() {
    let globs: Vec<String> = (0..500).map(|n| format!("'g{n}*a?b*c'")).collect();
    let made = |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("g{n}xaxbxd")).collect();
        let rules = [&globs, &names].map(|all| keys(&all.join(",")));
        let rules = rules.iter().enumerate();
        told(rules.map(|(n, rule)| document("KeyAge", n, rule)))
    };
    assert_eq!(in_proportion(4_000, made), "");
}

#[test]
fn many_promises_of_jobs_by_name() {
    let rule = |n| {
        let spec = format!(
            "{{workspace: analytics, job: {{name: nightly-{n}}}, require: succeeded, freshness: {{startAfter: 22h, errorAfter: 24h}}}}"
        );
        document("JobRun", n, &spec)
    };
    let told = in_proportion(8_000, |count| told((0..count).map(rule)));
    assert_eq!(told, "");
}

#[test]
fn many_references_to_nothing() {
    let rule = |n| {
        document(
            "KeyAge",
            n,
            &keys("'*'").replace("ingest", &format!("x{n}")),
        )
    };
    let told = in_proportion(8_000, |count| told((0..count).map(rule)));
    assert!(told.contains("there is no DataFactory `x0`"), "{told}");
    assert!(told.contains("and 7900 more problems"), "{told}");
}

#[test]
fn many_references_to_nothing_beside_many_connections() {
    let pair = |n: usize| {
        let factory = format!(
            "{{subscription: 12345678-1234-1234-1234-1234567890ab, resourceGroup: rg, factory: adf-{n}}}"
        );
        let rule = keys("'*'").replace("ingest", &format!("x{n}"));
        [
            document("DataFactory", n, &factory),
            document("KeyAge", n, &rule),
        ]
    };
    let told = in_proportion(4_000, |count| told((0..count).flat_map(pair)));
    assert!(told.contains("there is no DataFactory `x0`"), "{told}");
}

#[test]
fn many_patterns_beside_many_that_are_left_out() {
    let told = in_proportion(480, |count| {
        let patterns = |end: &str| -> String {
            let all: Vec<String> = (0..count).map(|n| format!("'g{n}*{end}'")).collect();
            all.join(",")
        };
        let rule = keys(&patterns("a")).replace('}', &format!(", exclude: [{}]}}", patterns("b")));
        told(std::iter::once(document("KeyAge", 0, &rule)))
    });
    assert_eq!(told, "");
}

#[test]
fn many_rules_with_the_same_tags_or_with_some() {
    let rule = |tags: &str, n| {
        let spec = format!("{{workspace: analytics, require: running, job: {{tags: {{{tags}}}}}}}");
        document("JobRun", n, &spec)
    };
    let same = in_proportion(4_000, |count| {
        told((0..count).map(|n| rule("tier: gold", n)))
    });
    assert!(same.contains("and 3899 more problems"), "{same}");
    let crossed = |n: usize| rule(&format!("a: x{}, b: y{}", n % 64, n / 64), n);
    assert_eq!(
        in_proportion(4_000, |count| told((0..count).map(crossed))),
        ""
    );
}

#[test]
fn of_two_rules_with_tags_within_each_other_both_are_told() {
    for (narrow, wide) in [
        ("a: x, b: y", "b: y"),
        ("b: y", "a: x, b: y, c: z"),
        ("a: x", "a: x"),
    ] {
        let rule = |(n, tags): (usize, &str)| {
            let spec =
                format!("{{workspace: analytics, require: running, job: {{tags: {{{tags}}}}}}}");
            document("JobRun", n, &spec)
        };
        let told = told([narrow, wide].into_iter().enumerate().map(rule));
        assert!(
            told.contains("the JobRuns `n0` and `n1` both claim jobs with the same tags"),
            "{told}"
        );
    }
}

/// Each is shown with a part of the line, which is as long as they are many.
#[test]
fn many_problems_on_one_long_line() {
    let told = in_proportion(2_000, |count| {
        let window = "{cron: '0 0 31 2 *', timeZone: UTC, duration: 1h, password: geheim}";
        let windows = vec![window; count].join(", ");
        let rule = keys("'*'").replace('}', &format!(", windows: [{windows}]}}"));
        told(std::iter::once(document("KeyAge", 0, &rule)))
    });
    assert!(told.contains("more problems"), "{told}");
    assert!(
        told.lines().all(|line| line.chars().count() < 400),
        "{told}"
    );
    assert!(!told.contains("geheim"), "{told}");
}

#[test]
fn windows_that_never_come_and_windows_without_number() {
    let rule = |cron: &str, count: usize| {
        let window = format!("{{cron: '{cron}', timeZone: UTC, duration: 1h}}");
        let windows = vec![window; count].join(",\n  ");
        let rule = keys("'*'").replace('}', &format!(", windows: [{windows}]}}"));
        told(std::iter::once(document("KeyAge", 0, &rule)))
    };
    for never in ["0 0 31 2 *", "0 0 31 4,6,9,11 *", "0 0 30 2 *"] {
        let told = in_proportion(1_000, |count| rule(never, count));
        assert!(told.contains("never comes"), "{told}");
    }
    let told = rule("0 0 29 2 *", 101);
    assert!(told.contains("a rule has at most 100 windows"), "{told}");
    for commas in [
        ",,,, * * * *",
        ", * * * *",
        "* * , * *",
        "0,,5 * * * *",
        "0, * * * *",
        "* * * * ,1",
    ] {
        let told = rule(commas, 100);
        assert!(
            told.contains("has a comma with nothing before or after it"),
            "{commas}: {told}"
        );
    }
    let long = format!("{} * * * *", vec!["0"; 200].join(","));
    let told = rule(&long, 1);
    assert!(
        told.contains("a cron expression has at most 256 characters"),
        "{told}"
    );
}

#[test]
fn a_zone_that_depends_on_the_machine() {
    for zone in [
        "localtime",
        "posixrules",
        "right/UTC",
        "posix/Europe/Paris",
        "EST5EDT4,M3.2.0,M11.1.0",
        "../etc/localtime",
    ] {
        let windows =
            format!(", windows: [{{cron: '0 2 * * 6', timeZone: '{zone}', duration: 1h}}]}}");
        let rule = keys("'*'").replace('}', &windows);
        let told = told(std::iter::once(document("KeyAge", 0, &rule)));
        assert!(told.contains("is not an IANA timezone"), "{zone}: {told}");
    }
}
