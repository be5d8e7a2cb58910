//! Hostile text: a clear problem, quickly, and never a panic.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

/// The problems of `text`, which must be told within `seconds` (on a machine that has other things to do as well).
fn told_within(seconds: u64, text: &str) -> String {
    let before = Instant::now();
    let told = shown(text);
    assert!(
        before.elapsed() < Duration::from_secs(seconds),
        "took {:?}",
        before.elapsed()
    );
    told
}

/// A key on each line, as far to the right as `levels` says.
fn indented(levels: impl Iterator<Item = usize>) -> String {
    let lines: Vec<_> = levels
        .map(|level| format!("{}a:\n", " ".repeat(level)))
        .collect();
    lines.concat()
}

#[test]
fn deep_nesting() {
    for text in [
        "[".repeat(200_000),
        "{a: ".repeat(200_000),
        indented((0..10_000).map(|level| level % 500)),
        indented(0..2_000),
        "- ".repeat(10_000),
    ] {
        let told = told_within(20, &text);
        assert!(
            told.contains("nested more than 64 levels deep") || told.contains("nested too deeply"),
            "{told}"
        );
    }
    let exactly = format!("{BASE}apiVersion: {}x{}\n", "[".repeat(63), "]".repeat(63));
    assert!(!shown(&exactly).contains("nested"));
    let chain: String = (1..60).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n} [[*a{}]]\n", n - 1)
    });
    assert!(shown(&chain).contains("nested more than 64 levels deep"));
}

#[test]
fn alias_bombs() {
    let nine = |name: &str| vec![format!("*{name}"); 9].join(", ");
    let bomb: String = (b'b'..=b'j').fold(
        "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned(),
        |text, letter| {
            let (name, before) = (char::from(letter), char::from(letter - 1));
            format!("{text}{name}: &{name} [{}]\n", nine(&before.to_string()))
        },
    );
    assert!(told_within(20, &bomb).contains("too much YAML"));
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(100_000),
        "*a, ".repeat(20_000)
    );
    assert!(told_within(20, &long).contains("too much YAML"));
    assert!(shown("a: &a [*a]\n").contains("this alias stands inside what it names"));
    assert!(shown("a: *b\n").contains("this is not YAML"));
}

/// The limit follows the size: what is written out is never too much, and padding lets no bomb through.
#[test]
fn only_aliases_can_be_too_much() {
    // Three values for every two bytes, which is the most that YAML can hold: 1,200,000 of them.
    let dense = format!("a: [{}]\n", "?,".repeat(400_000));
    assert!(!told_within(60, &dense).contains("too much YAML"));
    let padding = format!("# {}\n", "x".repeat(1_000_000));
    let repeated = "*a, ".repeat(250_000);
    let bomb = format!("{padding}a: &a [{}]\nb: [{repeated}]\n", "x,".repeat(20));
    assert!(told_within(60, &bomb).contains("too much YAML"));
}

#[test]
fn many_keys_documents_and_problems() {
    let keys: Vec<_> = (0..50_000)
        .map(|number| {
            format!(
                "k{number}: 1
"
            )
        })
        .collect();
    let keys = keys.concat();
    assert!(told_within(20, &keys).ends_with("more problems\n"));
    let same = "a: 1\n".repeat(50_000);
    assert!(told_within(20, &same).contains("stands twice"));
    let documents = "---\na: [\n".repeat(10_000);
    assert!(told_within(20, &documents).ends_with("and 9900 more problems\n"));
}

#[test]
fn aliases_within_the_budget_mean_what_they_name() {
    let text = format!(
        "{BASE}apiVersion: afresh/v1\nkind: JobRun\nmetadata: {{name: &n rule}}\nspec: {{workspace: analytics, job: {{name: *n}}, require: running}}\n"
    );
    assert!(read_text(&text).is_ok());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = read_text(&text).map_err(|problems| (problems.render(false), rows(&problems)));
    }

    #[test]
    fn no_damage_to_a_manifest_makes_it_panic(at in 0..2_000_usize, length in 0..40_usize, with in "[\\[\\]{}:,&*!|>'\"%@`# \t\r\n\\-a-z0-9é\u{feff}]{0,8}") {
        let whole = format!("{BASE}apiVersion: afresh/v1\n{}", key_age("maxAge: 90d\nwindows: [{cron: \"0 2 * * 6\", timezone: Europe/Paris, duration: 4h}]"));
        let characters: Vec<char> = whole.chars().collect();
        let at = at % characters.len();
        let text: String = characters[..at].iter().copied().chain(with.chars()).chain(characters.iter().copied().skip(at + length)).collect();
        let _ = read_text(&text).map_err(|problems| (problems.render(true), rows(&problems)));
    }
}
