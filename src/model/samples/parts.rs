//! The small things that plans are made of.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::model::address::{Address, Name};
use crate::model::birth::AgeRange;
use crate::model::job::{RunId, RunResult, Token};
use crate::model::runtime::{Fingerprint, Slot};
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::{RequestIds, Trouble, TroubleKind};

const HOSTILE: [&str; 8] = [
    "gateway-west",
    "</details><script>alert(1)</script>",
    "@everyone | #1 `x` ```\n# head",
    "\u{1b}[2J\u{1b}]8;;https://evil.example\u{7}",
    "<!-- afresh-plan:other -->",
    "\u{202e}abc --> https://evil.example www.evil.example a@b.c",
    "größe 東京 🚀",
    "\"quoted\\\"",
];

/// Words that a foreign hand may have written.
pub(super) fn text() -> BoxedStrategy<String> {
    let any_text = vec(any::<char>(), 1..12).prop_map(String::from_iter);
    prop_oneof![3 => select(&HOSTILE[..]).prop_map(str::to_owned), 1 => any_text].boxed()
}

pub(super) fn instant() -> BoxedStrategy<Timestamp> {
    (1_700_000_000_i64..2_000_000_000, 0_i32..1_000_000_000)
        .prop_map(|(second, nanos)| Timestamp::new(second, nanos).unwrap())
        .boxed()
}

pub(super) fn span() -> BoxedStrategy<Span> {
    prop_oneof![0_u64..400 * 86_400, Just(70_000 * 86_400 + 5)]
        .prop_map(Span::seconds)
        .boxed()
}

pub(super) fn name() -> BoxedStrategy<Name> {
    select(&["ingest", "analytics", "a.b-c", "x"][..])
        .prop_map(|name| Name::parse(name).unwrap())
        .boxed()
}

pub(super) fn address() -> BoxedStrategy<Address> {
    (name(), text())
        .prop_map(|(connection, subject)| Address::new(connection, subject))
        .boxed()
}

pub(super) fn fingerprint() -> BoxedStrategy<Fingerprint> {
    hex_digits()
        .prop_map(|text| Fingerprint::parse(&text).unwrap())
        .boxed()
}

pub(super) fn hex_digits() -> BoxedStrategy<String> {
    any::<(u128, u128)>()
        .prop_map(|(high, low)| format!("{high:032x}{low:032x}"))
        .boxed()
}

pub(super) fn token() -> BoxedStrategy<Token> {
    (hex_digits(), 1_usize..=64)
        .prop_map(|(text, length)| Token::parse(&text[..length]).unwrap())
        .boxed()
}

pub(super) fn slot() -> BoxedStrategy<Slot> {
    select(&Slot::BOTH[..]).boxed()
}

pub(super) fn run_id() -> BoxedStrategy<RunId> {
    (1..i64::MAX).prop_map(RunId).boxed()
}

pub(super) fn result() -> BoxedStrategy<RunResult> {
    select(
        &[
            "SUCCESS",
            "SUCCESS_WITH_FAILURES",
            "FAILED",
            "TIMEDOUT",
            "CANCELED",
            "SKIPPED",
            "NEW|ONE",
        ][..],
    )
    .prop_map(RunResult::parse)
    .boxed()
}

pub(super) fn age() -> BoxedStrategy<AgeRange> {
    (span(), of(span()))
        .prop_map(|(at_least, at_most)| AgeRange { at_least, at_most })
        .boxed()
}

pub(super) fn trouble() -> BoxedStrategy<Trouble> {
    let kind = prop_oneof![
        text().prop_map(|right| TroubleKind::Forbidden { right }),
        Just(TroubleKind::Unauthenticated),
        Just(TroubleKind::Blocked),
        Just(TroubleKind::NotFound),
        Just(TroubleKind::Throttled),
        Just(TroubleKind::TimeOver),
        Just(TroubleKind::Unwanted),
        Just(TroubleKind::Unreachable),
        Just(TroubleKind::Unexpected),
        Just(TroubleKind::Misfit),
    ];
    let ids = (of(text()), of(text()), of(text())).prop_map(|(request, correlation, client)| {
        Box::new(RequestIds {
            request,
            correlation,
            client,
        })
    });
    (kind, text(), text(), ids)
        .prop_map(|(kind, doing, message, ids)| Trouble {
            kind,
            doing,
            message,
            ids,
        })
        .boxed()
}
