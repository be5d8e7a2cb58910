//! How long the second key may have to wait.

use proptest::prelude::*;

use super::super::testing::{ahead, freeze, now, runtime};
use super::*;
use crate::model::time::Window;

fn spec(windows: &[&str], overlap: &str) -> RuntimeSpec {
    let window = |cron: &&str| Window::new(cron, "Europe/Paris", Span::hours(4)).unwrap();
    RuntimeSpec {
        windows: windows.iter().map(window).collect(),
        overlap: overlap.parse().unwrap(),
        rotate_before: Span::days(9),
        ..runtime().spec
    }
}

fn waits(spec: &RuntimeSpec, freezes: &[Freeze]) -> String {
    longest(spec, &Rests::of(freezes), now())
        .unwrap()
        .to_string()
}

fn warned(spec: RuntimeSpec, freezes: &[Freeze]) -> Option<(String, String)> {
    let rule = KeyAgeRule {
        allow_empty: false,
        name: Name::parse("gateways").unwrap(),
        factory: Name::parse("ingest").unwrap(),
        select: Vec::new(),
        exclude: Vec::new(),
        spec,
        place: runtime().place,
    };
    warning(&rule, freezes, &Rests::of(freezes), now())
        .map(|warning| (warning.message, warning.help))
}

#[test]
fn the_second_key_waits_for_the_overlap_and_for_two_openings() {
    assert_eq!(waits(&spec(&[], "1d"), &[]), "1d");
    // Just after Saturday 06:00: the first goes in a week less four hours, the second a week later.
    assert_eq!(waits(&spec(&["0 2 * * 6"], "1d"), &[]), "13d20h");
    assert_eq!(waits(&spec(&["0 2 * * *"], "1d"), &[]), "1d20h");
    // The overlap ends within the window in which the first one went.
    assert_eq!(waits(&spec(&["0 2 * * 6"], "1h"), &[]), "6d21h");
}

#[test]
fn a_freeze_makes_it_longer() {
    let freezes = [
        freeze(ahead("30d"), ahead("40d")),
        freeze(ahead("40d"), ahead("44d")),
    ];
    // Both freezes are one; the first key goes an instant before them, or misses it and the second follows a day after.
    assert_eq!(waits(&spec(&[], "1d"), &freezes), "15d");
    assert_eq!(waits(&spec(&[], "20d"), &freezes), "34d");
    let past = [freeze(now(), now())];
    assert_eq!(waits(&spec(&[], "1d"), &past), "1d");
}

#[test]
fn a_rule_that_waits_too_long_is_told_what_to_write() {
    assert_eq!(warned(spec(&["0 2 * * *"], "1d"), &[]), None);
    let (message, help) = warned(spec(&["0 2 * * 6"], "1d"), &[]).unwrap();
    assert_eq!(
        message,
        "the rule `gateways` may break its promise: from due on up to 13d20h pass until the second key is rotated (window 0 2 * * 6 Europe/Paris for 4h, overlap 1d), and `rotateBefore` is 9d"
    );
    assert_eq!(help, "write `rotateBefore: 14d` or more");
    let (_, help) = warned(spec(&["0 2 1 6 *"], "1d"), &[]).unwrap();
    assert_eq!(
        help,
        "no `rotateBefore` within 90d is enough: open windows more often, shorten the freeze, or write `onWindowStarvation: rotate`"
    );
    let rotate = |before: &str| RuntimeSpec {
        on_starvation: OnStarvation::Rotate,
        rotate_before: before.parse().unwrap(),
        ..spec(&["0 2 1 6 *"], "1d")
    };
    assert_eq!(warned(rotate("9d"), &[]), None);
    let (_, help) = warned(rotate("1d"), &[]).unwrap();
    assert_eq!(help, "write `rotateBefore: 2d` or more");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whenever both keys fall due, the second one is done no later than the walk says, going in the first opening each time.
    #[test]
    fn nobody_waits_longer_than_the_walk_says(
        cron in prop::sample::select(&["0 2 * * 6", "0 2 * * *", "30 23 * * 2,5", "0 2 1 * *"][..]),
        overlap in prop::sample::select(&["0s", "1h", "4h", "1d", "8d"][..]),
        (from, days) in (0_u64..60, 1_u64..20),
        due in 0_u64..100 * 24 * 60,
    ) {
        let spec = spec(&[cron], overlap);
        let begins = Span::days(from).after(now());
        let freezes = [freeze(begins, Span::days(days).after(begins))];
        let rests = Rests::of(&freezes);
        let most = longest(&spec, &rests, now()).unwrap();
        let openings = Openings { windows: &spec.windows, rests: &rests };
        let due = Span::seconds(due * 60).after(now());
        let first = openings.first_from(due).unwrap();
        let second = openings.first_from(spec.overlap.after(first)).unwrap();
        prop_assert!(Span::between(due, second) <= most, "{} > {}", Span::between(due, second), most);
    }
}
