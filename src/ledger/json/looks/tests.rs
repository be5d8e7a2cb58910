use std::borrow::Cow;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::{ReadError, Reader};
use super::*;
use crate::ledger::testing::event;

/// A look at this time, as afresh writes it.
fn look(at: &str) -> String {
    let key = "a".repeat(64);
    format!(
        r#"{{"v":1,"event":"looked","identity":"runtime:/subscriptions/s/rg","address":"ingest/gateway-west","at":"{at}","keys":{{"authKey1":"{key}","authKey2":"{key}"}}}}"#
    )
}

const DAYS: [&str; 4] = [
    "2026-11-22T12:00:00Z",
    "2026-11-23T12:00:00.5Z",
    "2026-11-24T13:00:00+01:00",
    "2026-11-23T12:00:00Z",
];

type Read = Result<Option<Event>, ReadError>;

/// What each line says behind those before it, and what it says alone. Which of them were not read as a whole comes with it.
fn read<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Read>, Vec<Read>, Vec<bool>) {
    let mut reader = Reader::behind(1);
    let (mut behind, mut alone, mut repeats) = (Vec::new(), Vec::new(), Vec::new());
    for (number, line) in lines.into_iter().enumerate() {
        let read = reader.event(line);
        repeats.push(matches!(read, Ok(Some(Cow::Borrowed(_)))));
        behind.push(read.map(|event| event.map(Cow::into_owned)));
        let read = Reader::behind(1 + number)
            .event(line)
            .map(|event| event.map(Cow::into_owned));
        alone.push(read);
    }
    (behind, alone, repeats)
}

fn repeats(lines: &[String]) -> Vec<bool> {
    let (behind, alone, repeats) = read(lines.iter().map(String::as_bytes));
    assert_eq!(behind, alone);
    repeats
}

#[test]
fn of_looks_that_say_the_same_only_the_first_is_read_as_a_whole() {
    let mut lines = DAYS.map(look).to_vec();
    assert_eq!(repeats(&lines), [false, true, true, true]);
    // One of another subject is in nobody's way, and neither is another event.
    lines.insert(2, lines[0].replace("/rg", "/other"));
    lines.insert(3, r#"{"v":1,"event":"declared","identity":"runtime:/subscriptions/s/rg","address":"other/name","slot":"authKey1","born":"2026-11-01T12:00:00Z","at":"2026-11-24T12:00:00Z","by":"ada"}"#.to_owned());
    lines.push(lines[2].clone());
    let wanted = [false, true, false, false, true, true, true];
    assert_eq!(repeats(&lines), wanted);
    // Another key takes the place of the one before.
    let other = |day| look(day).replace(&"a".repeat(64), &"b".repeat(64));
    let lines = [look(DAYS[0]), other(DAYS[1]), other(DAYS[2]), look(DAYS[3])];
    assert_eq!(repeats(&lines), [false, false, true, false]);
}

/// Where another text could be taken for the time of the look.
#[test]
fn a_look_whose_time_is_not_certain_is_read_as_a_whole() {
    let spelled = [r#""at" :""#, r#""at": ""#, r#""\u0061t":""#];
    for at in spelled {
        let lines = DAYS.map(|day| look(day).replace(r#""at":""#, at));
        assert_eq!(repeats(&lines), [false; 4]);
        for front in [r#""identity""#, r#""keys""#] {
            let inner = |day| format!(r#""later":{{"at":"{day}"}},{front}"#);
            let lines = DAYS.map(|day| {
                let own = look(DAYS[0]).replace(r#""at":""#, at);
                own.replace(front, &inner(day))
            });
            assert_eq!(repeats(&lines), [false; 4]);
            let lines = DAYS.map(|day| look(DAYS[0]).replace(front, &inner(day)));
            assert_eq!(repeats(&lines), [false; 4]);
        }
    }
    let long = |day| {
        look(day).replace(
            r#""keys""#,
            &format!(r#""x":"{}","keys""#, "x".repeat(4_096)),
        )
    };
    assert_eq!(repeats(&DAYS.map(long)), [false; 4]);
}

#[test]
fn what_is_no_time_is_told_as_of_a_line_that_is_read_as_a_whole() {
    for no_time in [
        "",
        "noon",
        "2026-11-26T12:00:00",
        "2026-11-26T12:00:00Z\u{1}",
        " 2026-11-26T12:00:00Z",
        r"2026-11-26T12:00:00Z\",
    ] {
        let lines = [look(DAYS[0]), look(no_time), look(DAYS[1])];
        let (behind, alone, repeats) = read(lines.iter().map(String::as_bytes));
        assert!(matches!(behind[1], Err(ReadError::Damaged { line: 3, .. })));
        assert_eq!((behind, repeats), (alone, vec![false, false, true]));
    }
}

#[test]
fn no_more_looks_are_held_than_there_are_subjects_and_no_more_than_a_limit() {
    let held = |subjects: usize, days: usize| {
        let mut looks = Looks::default();
        for number in 0..subjects * days {
            let line = look(DAYS[number % 4]).replace("/rg", &format!("/rg-{}", number % subjects));
            if looks.repeated(line.as_bytes()).is_none() {
                let event = Reader::behind(1)
                    .event(line.as_bytes())
                    .unwrap()
                    .unwrap()
                    .into_owned();
                looks.keep(line.as_bytes(), &event);
            }
        }
        assert_eq!(looks.places.len(), looks.all.len());
        looks.all.len()
    };
    assert_eq!((held(10, 2), held(10, 20)), (10, 10));
    assert_eq!(held(LEDGER_LOOKS_MAX + 10, 1), LEDGER_LOOKS_MAX);
}

/// What is put into a line, or takes the place of some of its letters.
fn put() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        r#""at":"2026-11-22T12:00:00Z","#,
        r#""later":{"at":"2026-11-25T12:00:00Z"},"#,
        r#""at":{"at":"2026-11-25T12:00:00Z"},"#,
        r"\u0061t",
        "2026-11-25T12:00:00+01:00",
        "\"",
        "\\",
        "\\\"",
        "\u{1}",
        " ",
        "",
        "}",
        "Z",
        "9",
    ];
    prop_oneof![
        3 => select(known.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|letter| vec![letter]),
    ]
}

fn damaged(line: &mut Vec<u8>, (place, removed, put): (Index, usize, Vec<u8>)) {
    // Nearly always around what matters here.
    let around = line.windows(5).position(|five| five == br#""at":"#);
    let place = match around {
        Some(around) if removed % 4 > 0 => around + place.index(40),
        _ => place.index(line.len()),
    };
    let place = place.min(line.len());
    let end = (place + removed / 4).min(line.len());
    let put = put.into_iter().filter(|letter| *letter != b'\n');
    line.splice(place..end, put);
}

/// Lines of a few looks, again and again at other times, and of any other event. Some of them are damaged.
fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let is_its_name = |event: &Event| matches!(event, Event::Opened { .. });
    let any_event = event().prop_filter("a ledger has one name", move |event| !is_its_name(event));
    let some = prop_oneof![
        1 => any_event.prop_map(|event| event.line().unwrap().trim_end().to_owned()),
        1 => Just(look(DAYS[0])),
    ];
    let damage = proptest::option::weighted(0.4, (any::<Index>(), 0_usize..24, put()));
    let again = vec((any::<Index>(), select(&DAYS[..]), damage), 1..30);
    (vec(some, 1..4), again).prop_map(|(some, again)| {
        let again = again.into_iter().map(|(which, day, damage)| {
            let mut line = which.get(&some).clone().into_bytes();
            if let Some((front, _, rest)) = split(&line) {
                line = [front, b"\"", day.as_bytes(), b"\"", rest].concat();
            }
            if let Some(damage) = damage {
                damaged(&mut line, damage);
            }
            line
        });
        again.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    /// A line says the same, and is refused alike, whatever was read before it.
    #[test]
    fn a_line_says_the_same_behind_any_others(lines in lines()) {
        let (behind, alone, _) = read(lines.iter().map(Vec::as_slice));
        prop_assert_eq!(behind, alone);
    }
}
