//! Windows on ordinary days, and on those on which clocks change.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use jiff::civil::DateTime;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn window(cron: &str, zone: &str, length: Span) -> Window {
    Window::new(cron, zone, length).unwrap()
}

#[test]
fn a_window_is_open_from_its_firing_until_its_length_has_passed() {
    let window = window("0 2 * * 6", "Europe/Paris", Span::hours(4));
    assert_eq!(window.closes(at("2026-11-28T00:59:59Z")), None);
    let closes = Some(at("2026-11-28T05:00:00Z"));
    for open in ["01:00:00", "01:00:30", "04:59:59.999"] {
        let now = at(&format!("2026-11-28T{open}Z"));
        assert_eq!(window.closes(now), closes, "{open}");
    }
    assert_eq!(window.closes(at("2026-11-28T05:00:00Z")), None);
    assert_eq!(
        window.next_opening(at("2026-11-22T09:00:00Z")),
        Some(at("2026-11-28T01:00:00Z"))
    );
    assert_eq!(
        window.next_opening(at("2026-11-28T01:00:00.5Z")),
        Some(at("2026-12-05T01:00:00Z"))
    );
}

#[test]
fn a_day_of_another_year_shows_the_year_as_it_is_there() {
    let paris = window("0 0 1 1 *", "Europe/Paris", Span::hours(4));
    let opens = at("2026-12-31T23:00:00Z");
    let said = |now: &str| paris.local(opens, at(now));
    assert_eq!(
        said("2026-11-28T01:00:00Z"),
        "Fri 1 Jan 2027 00:00 Europe/Paris"
    );
    // It is New Year in Paris already.
    assert_eq!(said("2026-12-31T23:30:00Z"), "Fri 1 Jan 00:00 Europe/Paris");
    assert_eq!(
        paris.local(at("2026-11-28T01:00:00Z"), at("2026-11-22T09:00:00Z")),
        "Sat 28 Nov 02:00 Europe/Paris"
    );
}

#[test]
fn a_window_needs_a_real_zone_and_a_real_cron() {
    assert!(Window::new("0 2 * *", "UTC", Span::hours(1)).is_err());
    assert!(Window::new("0 2 * * 6", "Mars/Olympus", Span::hours(1)).is_err());
}

/// A plan file may say what no manifest may.
#[test]
fn a_cron_that_never_comes_is_none() {
    let long = format!("{} * * * *", vec!["0"; 200].join(","));
    for cron in [
        ",,,, * * * *",
        ", * * * *",
        "* , * * *",
        "* * * , *",
        "0 0 31 2 *",
        "0 0 30 2 *",
        &long,
    ] {
        assert!(Window::new(cron, "UTC", Span::hours(1)).is_err(), "{cron}");
    }
    for cron in [
        "0 0 29 2 *",
        "59 23 31 12 *",
        "0 0 L 2 *",
        "0 0 * * 1#5",
        "0 0 29 2 MON#5",
        "*/7 * * JAN SUN",
    ] {
        let window = window(cron, "UTC", Span::hours(1));
        assert!(
            window.next_opening(at("2026-11-28T00:00:00Z")).is_some(),
            "{cron}"
        );
    }
}

/// What is expected around one clock change: the openings of one local day, in order.
fn opens(cron: &str, zone: &str, after: &str, expected: &[&str]) {
    let window = window(cron, zone, Span::seconds(600));
    let mut now = at(after);
    for opening in expected {
        let opens = window.next_opening(now).unwrap();
        assert_eq!(opens, at(opening), "{cron} {zone} after {now}");
        assert_eq!(window.closes(opens), Some(Span::seconds(600).after(opens)));
        assert_eq!(window.closes(Span::seconds(600).after(opens)), None);
        now = opens;
    }
}

#[test]
fn the_repeated_hour_opens_a_window_once() {
    opens(
        "30 2 * * *",
        "Europe/Paris",
        "2026-10-24T12:00:00Z",
        &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
    );
    opens(
        "0,30 1,2 * * *",
        "America/New_York",
        "2026-11-01T04:00:00Z",
        &[
            "2026-11-01T05:00:00Z",
            "2026-11-01T05:30:00Z",
            "2026-11-01T07:00:00Z",
        ],
    );
    // Half an hour: 02:00 becomes 01:30.
    opens(
        "45 1 * * *",
        "Australia/Lord_Howe",
        "2026-04-04T12:00:00Z",
        &["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"],
    );
    // The first 02:30 is over and the second one is no opening.
    let paris = window("30 2 * * *", "Europe/Paris", Span::seconds(1800));
    assert_eq!(paris.closes(at("2026-10-25T01:30:00Z")), None);
    assert_eq!(
        paris.next_opening(at("2026-10-25T01:00:00Z")),
        Some(at("2026-10-26T01:30:00Z"))
    );
}

#[test]
fn a_window_of_every_hour_opens_in_both() {
    opens(
        "0 * * * *",
        "Europe/Paris",
        "2026-10-24T23:30:00Z",
        &[
            "2026-10-25T00:00:00Z",
            "2026-10-25T01:00:00Z",
            "2026-10-25T02:00:00Z",
        ],
    );
    opens(
        "*/20 1 * * *",
        "America/New_York",
        "2026-11-01T05:30:00Z",
        &[
            "2026-11-01T05:40:00Z",
            "2026-11-01T06:00:00Z",
            "2026-11-01T06:20:00Z",
        ],
    );
}

#[test]
fn a_skipped_time_of_day_opens_behind_the_gap() {
    opens(
        "30 2 * * *",
        "Europe/Paris",
        "2027-03-27T12:00:00Z",
        &["2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z"],
    );
    opens(
        "0 2 * * 0",
        "America/New_York",
        "2027-03-10T12:00:00Z",
        &["2027-03-14T07:00:00Z", "2027-03-21T06:00:00Z"],
    );
    opens(
        "15 2 * * *",
        "Australia/Lord_Howe",
        "2026-10-02T20:00:00Z",
        &["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"],
    );
}

#[test]
fn a_window_across_a_clock_change_stays_open_for_its_length() {
    let night = window("0 0 * * *", "Europe/Paris", Span::hours(4));
    for (opened, closes) in [
        ("2026-10-24T22:00:00Z", "2026-10-25T02:00:00Z"),
        ("2027-03-27T23:00:00Z", "2027-03-28T03:00:00Z"),
    ] {
        let last = Span::seconds(1).before(at(closes));
        assert_eq!(night.closes(at(opened)), Some(at(closes)));
        assert_eq!(night.closes(last), Some(at(closes)));
        assert_eq!(night.closes(at(closes)), None);
    }
}

const ZONES: [&str; 6] = [
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
    "UTC",
];

/// The openings of a year by another way: every minute of its local days is put on the time line by jiff.
fn openings(window: &Window, hours: &[i8], minutes: &[i8], day: DateTime) -> BTreeSet<Timestamp> {
    let zone = TimeZone::get(window.zone_name()).unwrap();
    let days = (0..20).map(|n| day + n.days());
    days.flat_map(|day| {
        let times = hours
            .iter()
            .flat_map(|hour| minutes.iter().map(move |minute| (*hour, *minute)));
        times
            .map(|(hour, minute)| day.date().at(hour, minute, 0, 0))
            .map(|civil| {
                let ambiguous = zone.to_ambiguous_timestamp(civil);
                let AmbiguousOffset::Gap { .. } = ambiguous.offset() else {
                    return ambiguous.earlier().unwrap();
                };
                // Before the gap by the clock that would have gone on, then on to the change.
                let early = ambiguous.earlier().unwrap();
                zone.following(early).next().unwrap().timestamp()
            })
            .collect::<Vec<_>>()
    })
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fixed_times_are_those_of_jiff(
        zone in prop::sample::select(&ZONES[..]),
        hours in prop::collection::btree_set(0_i8..5, 1..3),
        minutes in prop::collection::btree_set(prop::sample::select(&[0_i8, 15, 30, 45][..]), 1..3),
        day in prop::sample::select(&["2026-03-01T00:00:00", "2026-03-20T00:00:00", "2026-10-20T00:00:00", "2026-09-25T00:00:00", "2026-11-01T00:00:00", "2011-12-20T00:00:00", "2026-02-10T00:00:00"][..]),
        length in prop::sample::select(&[300_u64, 1800, 3600, 5400, 20_000][..]),
        offset in 0_u64..8 * 86_400,
    ) {
        let join = |set: &BTreeSet<i8>| set.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let window = window(&format!("{} {} * * *", join(&minutes), join(&hours)), zone, Span::seconds(length));
        let day: DateTime = day.parse().unwrap();
        let (hours, minutes): (Vec<_>, Vec<_>) = (hours.into_iter().collect(), minutes.into_iter().collect());
        let all = openings(&window, &hours, &minutes, day);
        let first = day.to_zoned(TimeZone::get(zone).unwrap()).unwrap().timestamp();
        let now = Span::seconds(5 * 86_400 + offset).after(first);
        prop_assert_eq!(window.next_opening(now), all.range(Span::seconds(1).after(now)..).next().copied());
        let closes = all.range(..=now).next_back().map(|opened| Span::seconds(length).after(*opened)).filter(|end| now < *end);
        prop_assert_eq!(window.closes(now), closes);
    }

    #[test]
    fn every_hour_is_open_at_each_matching_minute(
        zone in prop::sample::select(&ZONES[..]),
        start in prop::sample::select(&["2026-03-28T20:00:00Z", "2026-10-24T20:00:00Z", "2026-11-01T00:00:00Z", "2026-10-03T12:00:00Z", "2026-04-04T12:00:00Z", "2026-03-08T04:00:00Z"][..]),
        step in prop::sample::select(&[15_i8, 20, 30][..]),
        minute in 0_u64..1440,
    ) {
        let window = window(&format!("*/{step} * * * *"), zone, Span::seconds(600));
        let there = TimeZone::get(zone).unwrap();
        let now = Span::seconds(minute * 60).after(at(start));
        let fires = |at: &Timestamp| there.to_datetime(*at).minute() % step == 0;
        let minutes = |first: u64| (first..first + 200).map(|n| Span::seconds(n * 60).after(now));
        prop_assert_eq!(window.next_opening(now), minutes(1).find(fires));
        let open = (0..10).map(|n| Span::seconds(n * 60).before(now)).find(fires);
        prop_assert_eq!(window.closes(now), open.map(|at| Span::seconds(600).after(at)));
    }
}

#[test]
fn the_field_that_is_wrong_is_named() {
    for (cron, told) in [
        ("61 2 * * 6", "its minute is `61`, and takes 0 to 59"),
        ("0 24 * * *", "its hour is `24`, and takes 0 to 23"),
        (
            "0 2 32 * *",
            "its day of the month is `32`, and takes 1 to 31",
        ),
        (
            "0 2 * 13 *",
            "its month is `13`, and takes 1 to 12, or JAN to DEC",
        ),
        (
            "0 2 * * FOO",
            "its day of the week is `FOO`, and takes 0 to 7, or SUN to SAT",
        ),
        ("0 2-x * * 1", "its hour is `2-x`, and takes 0 to 23"),
    ] {
        let error = Window::new(cron, "UTC", Span::hours(1)).unwrap_err();
        assert_eq!(error, format!("`{cron}` is not a cron expression: {told}"));
    }
}
