//! How long the second key may have to wait.

use proptest::prelude::*;

use super::super::testing::{ahead, freeze, now, runtime};
use super::*;
use crate::model::window::Window;

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
        connection: Name::parse("ingest").unwrap(),
        tags: std::collections::BTreeMap::new(),
        select: Vec::new(),
        exclude: Vec::new(),
        spec,
        born_after_at: None,
        suspend: None,
        place: runtime().place,
    };
    warning(&rule, freezes, &Rests::of(freezes), now())
        .map(|warning| (warning.message, warning.help))
}

#[test]
fn the_second_key_waits_for_the_overlap_and_for_two_openings() {
    // A day until the next apply, the overlap, and a day again.
    assert_eq!(waits(&spec(&[], "1d"), &[]), "3d");
    // Just after an apply at Saturday 02:00: the first goes by 06:00 a week later, the second a week after that.
    assert_eq!(waits(&spec(&["0 2 * * 6"], "1d"), &[]), "14d3h59m59s");
    assert_eq!(waits(&spec(&["0 2 * * *"], "1d"), &[]), "3d3h59m59s");
    // The apply of the window in which the overlap ends may be over.
    assert_eq!(waits(&spec(&["0 2 * * 6"], "1h"), &[]), "14d3h59m59s");
}

#[test]
fn a_freeze_makes_it_longer() {
    let freezes = [
        freeze(ahead("30d"), ahead("40d")),
        freeze(ahead("40d"), ahead("44d")),
    ];
    // Both freezes are one. The last apply before them was just over; the first key goes a day after them, the second two days later.
    assert_eq!(waits(&spec(&[], "1d"), &freezes), "17d23h59m59s");
    assert_eq!(waits(&spec(&[], "20d"), &freezes), "36d23h59m59s");
    let past = [freeze(now(), now())];
    assert_eq!(waits(&spec(&[], "1d"), &past), "3d");
}

#[test]
fn a_rule_that_waits_too_long_is_told_what_to_write() {
    assert_eq!(warned(spec(&["0 2 * * *"], "1d"), &[]), None);
    let (message, help) = warned(spec(&["0 2 * * 6"], "1d"), &[]).unwrap();
    assert_eq!(
        message,
        "the rule `gateways` may break its promise: from due on up to 14d4h pass until the second key is rotated (window 0 2 * * 6 Europe/Paris for 4h, overlap 1d, an apply each day and in each window), and `rotateBefore` is 9d"
    );
    assert_eq!(help, "write `rotateBefore: 15d` or more");
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
    assert_eq!(help, "write `rotateBefore: 3d` or more");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whenever both keys fall due, the second one is done no later than the walk says, if each opening has an apply at any time in it and
    /// one every day from then on. The walk says so of a time that is not reached.
    #[test]
    fn nobody_waits_longer_than_the_walk_says(
        cron in prop::sample::select(&["", "0 2 * * 6", "0 2 * * *", "30 23 * * 2,5", "0 2 1 * *"][..]),
        overlap in prop::sample::select(&["0s", "1h", "4h", "1d", "8d"][..]),
        (from, days) in (0_u64..60, 1_u64..20),
        due in 0_u64..100 * 24 * 60,
        beats in prop::collection::vec(0_u64..86_400, 8),
    ) {
        let crons: Vec<&str> = (!cron.is_empty()).then_some(cron).into_iter().collect();
        let spec = spec(&crons, overlap);
        let begins = Span::days(from).after(now());
        let freezes = [freeze(begins, Span::days(days).after(begins))];
        let rests = Rests::of(&freezes);
        let most = longest(&spec, &rests, now()).unwrap();
        let openings = Openings { windows: &spec.windows, rests: &rests };
        let applies = applies(&openings, &beats);
        let apply_from = |at: Timestamp| applies[applies.partition_point(|apply| *apply < at)];
        let due = Span::seconds(due * 60).after(now());
        let second = apply_from(spec.overlap.after(apply_from(due)));
        prop_assert!(Span::between(due, second) <= most, "{} > {}", Span::between(due, second), most);
    }
}

/// An apply in each opening of the next 400 days, and less than a day from one to the next in those that are longer.
fn applies(openings: &Openings, beats: &[u64]) -> Vec<Timestamp> {
    let mut beats = beats.iter().copied().cycle();
    let mut beat = || Span::seconds(beats.next().unwrap_or_default());
    let (mut applies, mut at) = (Vec::new(), now());
    while let Some(opens) = openings
        .first_from(at)
        .filter(|at| *at < Span::days(400).after(now()))
    {
        let ends = openings
            .ends(opens)
            .unwrap_or_else(|| Span::days(400).after(opens));
        let length = Span::between(opens, ends).as_secs();
        let mut apply = Span::seconds(beat().as_secs() % length).after(opens);
        while apply < ends {
            applies.push(apply);
            apply = Span::seconds(beat().as_secs().max(1)).after(apply);
        }
        at = ends;
    }
    applies
}
