//! A runtime's keys as text: what is replaced, and what each key's age rests on.

use super::hand_off;
use super::label::{labelled, when};
use super::nodes;
use super::row::{Page, letters};
use crate::escape::line;
use crate::model::birth::Birth;
use crate::model::key_service::KeyService;
use crate::model::runtime::{OnStarvation, RuntimeSpec, Slot, UnknownAge};
use crate::model::time::{Freeze, Span, Timestamp, minute};
use crate::model::trouble::Trouble;
use crate::model::verdict::{Hold, ReadOutcome, RuntimeFacts, SlotFacts, Target, Verdict};
use crate::model::window::Window;
use crate::review::paint::Ink;
use crate::review::words;

/// What a regeneration changes, as a small diff.
pub(super) fn slot_block(
    page: &Page,
    (slot, service): (Slot, KeyService),
    facts: &SlotFacts,
) -> Vec<String> {
    let (paint, age) = (page.paint, facts.age.to_string());
    let padding = " ".repeat(10_usize.saturating_sub(letters(&age)));
    let (sign, dyed) = (paint.dye(Ink::Old, "-"), paint.dye(Ink::Old, &age));
    let before = format!("    {sign}   age: {dyed}{padding} ");
    let at = letters("    -   age:  ") + letters(&age) + letters(&padding);
    let mut lines = vec![format!("      {}:", service.key_name(slot))];
    let evidence = format!("({})", words::birth(&facts.birth, service));
    lines.extend(page.flow(before, at, Ink::Faint, &evidence));
    lines.push(format!(
        "    {}   age: {}",
        paint.dye(Ink::New, "+"),
        paint.dye(Ink::New, "0d")
    ));
    lines
}

/// What the rule requires, both keys with their evidence, windows and overlap, and rights that are missing.
pub(super) fn why(
    facts: &RuntimeFacts,
    own: Option<&Target>,
    verdict: &Verdict,
    freezes: &[Freeze],
    now: Timestamp,
) -> Vec<String> {
    let service = own.map(Target::key_service).unwrap_or_default();
    let mut lines = requires(facts);
    if matches!(
        verdict,
        Verdict::Hold {
            why: Hold::NoKeys { .. },
            ..
        }
    ) {
        lines.push(labelled("keys", "none of its own"));
        return lines;
    }
    for slot in Slot::BOTH {
        lines.extend(slot_lines((slot, service), facts, now));
    }
    lines.extend(
        facts
            .outside
            .iter()
            .map(|change| labelled("outside", &words::outside(change, own))),
    );
    let corrected = facts.corrected.iter();
    let corrected = corrected.map(|one| words::correction(one, service));
    lines.extend(corrected.map(|text| labelled("evidence", &text)));
    lines.extend(windows(&facts.spec, freezes, now));
    let overlap = format!("at least {} between the two keys", facts.spec.overlap);
    lines.push(labelled("overlap", &overlap));
    lines.extend(hand_off::why(facts, service));
    lines.extend(nodes::why(facts, service));
    let read = match facts.read {
        ReadOutcome::Read { .. } => format!("the {} was read for this plan", service.resource()),
        ReadOutcome::NotRead => "not read (the ledger was enough, or --refresh none)".to_owned(),
        ReadOutcome::Failed => format!("the {} could not be read", service.resource()),
    };
    lines.push(labelled("read", &read));
    lines.extend(refusal("its status", facts.status_refused.as_ref()));
    lines.extend(refusal("its keys", facts.keys_refused.as_ref()));
    lines.extend(refusal("the Activity Log", facts.log_refused.as_ref()));
    lines
}

fn requires(facts: &RuntimeFacts) -> Vec<String> {
    let spec = &facts.spec;
    let drawn = if facts.jitter_share == Span::ZERO {
        String::new()
    } else {
        format!(
            ", and {} earlier by its share of the jitter of {}",
            facts.jitter_share, spec.jitter
        )
    };
    let judged = match spec.unknown_age {
        UnknownAge::Adopt => "unknownAge adopt: an uncertain age is judged by the least it can be",
        UnknownAge::Rotate => "unknownAge rotate: an uncertain age is judged by the most it can be",
        UnknownAge::Fail => "unknownAge fail: an uncertain age that matters needs attention",
    };
    let mut lines = vec![
        labelled(
            "requires",
            &format!(
                "no key older than {}; due from {} on (rotateBefore {}){drawn}",
                spec.age_max,
                spec.due_age(),
                spec.rotate_before
            ),
        ),
        labelled("", judged),
    ];
    let passes = if spec.ignore_windows {
        "; what that makes due passes over windows and the Project's freezes (ignoreWindows)"
    } else {
        ""
    };
    let leak = spec
        .born_after
        .map(|leak| format!("no key made before {} (bornAfter){passes}", minute(leak)));
    lines.extend(leak.map(|leak| labelled("", &leak)));
    lines
}

fn slot_lines(
    (slot, service): (Slot, KeyService),
    runtime: &RuntimeFacts,
    now: Timestamp,
) -> Vec<String> {
    let facts = runtime.slots.get(slot);
    let lead = runtime.spec.rotate_before.plus(runtime.jitter_share);
    let key = match (&facts.fingerprint, runtime.told.get(slot)) {
        (Some(print), _) => format!(", fingerprint {}", print.short()),
        // A key that the service dates need not be seen.
        (None, Some(_)) => String::new(),
        (None, None) => ", never seen".to_owned(),
    };
    let mut lines = vec![labelled(
        service.key_name(slot),
        &format!("{}{key}", words::old(facts.age)),
    )];
    lines.push(labelled("", &bounds(&facts.birth)));
    for evidence in &facts.birth.evidence {
        lines.push(labelled(
            "",
            &format!("- {}", words::evidence(evidence, service)),
        ));
    }
    let leaked = words::made_before(runtime, slot);
    lines.extend(leaked.map(|made| labelled("", &format!("due at once: {made}"))));
    lines.push(match (facts.due_at, facts.limit_at) {
        (Some(due), Some(limit)) => labelled(
            "",
            &format!(
                "due at {}{}; limit at {}",
                when(due, now),
                if due < lead.before(limit) {
                    ", early so that both keys keep their limit"
                } else {
                    ""
                },
                when(limit, now)
            ),
        ),
        _ => labelled("", "due at an unknown time"),
    });
    lines
}

fn bounds(birth: &Birth) -> String {
    match (birth.earliest, birth.latest) {
        (Some(earliest), Some(latest)) if minute(earliest) == minute(latest) => {
            format!("made {}", minute(latest))
        }
        (Some(earliest), Some(latest)) => {
            format!("made between {} and {}", minute(earliest), minute(latest))
        }
        (Some(earliest), None) => format!("made after {}", minute(earliest)),
        (None, Some(latest)) => format!("made before {}", minute(latest)),
        (None, None) => "no evidence of when it was made".to_owned(),
    }
}

fn windows(spec: &RuntimeSpec, freezes: &[Freeze], now: Timestamp) -> Vec<String> {
    if spec.windows.is_empty() {
        return vec![labelled("windows", "none: at any time")];
    }
    let mut lines: Vec<String> = spec
        .windows
        .iter()
        .map(|window| labelled("window", &opening(window, freezes, now)))
        .collect();
    let starving = match spec.on_starvation {
        OnStarvation::Wait => {
            "wait: the window is kept, even if the limit is exceeded before it opens"
        }
        OnStarvation::Rotate => "rotate: the limits of both keys are kept, even outside the window",
        OnStarvation::Fail => "fail: needs attention if the limit is exceeded before it opens",
    };
    lines.push(labelled("", &format!("onWindowStarvation {starving}")));
    lines
}

fn opening(window: &Window, freezes: &[Freeze], now: Timestamp) -> String {
    let (cron, zone) = (line(window.cron_text()), line(window.zone_name()));
    let next = match (window.closes(now), window.next_opening(now)) {
        (Some(closes), _) => format!("open until {}", line(&window.local(closes, now))),
        (None, Some(opens)) => {
            let frozen = freezes.iter().any(|freeze| freeze.covers(opens));
            let frozen = if frozen { ", inside a freeze" } else { "" };
            format!("opens {}{frozen}", line(&window.local(opens, now)))
        }
        (None, None) => "never opens".to_owned(),
    };
    format!("{cron} {zone} for {}: {next}", window.length())
}

fn refusal(what: &str, refused: Option<&Trouble>) -> Vec<String> {
    let Some(trouble) = refused else {
        return Vec::new();
    };
    let mut lines = vec![labelled(
        "not read",
        &format!("{what}: {}", line(&trouble.to_string())),
    )];
    if let Some(right) = words::missing_right(trouble) {
        lines.push(labelled("", &format!("to read it, grant {right}")));
    }
    lines
}
