use jiff::SignedDuration;

use super::*;
use crate::model::runtime::{
    Declaration, Fingerprint, KeySight, LogSight, OwnKeys, Regeneration, Rotation, RuntimeMemory,
    RuntimeSight, SlotMemory,
};
use crate::model::timeline::{LogSpan, lag};

fn day(days: u64) -> Timestamp {
    Span::days(days).after(Timestamp::UNIX_EPOCH)
}

fn key(letter: char) -> Fingerprint {
    Fingerprint::parse(&letter.to_string().repeat(64)).unwrap()
}

fn held(letter: char, evidence: Evidence, last: u64) -> SlotMemory {
    SlotMemory {
        fingerprint: Some(key(letter)),
        last_seen: Some(day(last)),
        evidence: Some(evidence),
        former: Vec::new(),
        declared: None,
    }
}

fn first_seen(letter: char, at: u64) -> SlotMemory {
    held(letter, Evidence::FirstSeen { at: day(at) }, at)
}

fn event(at: u64, slot: Option<Slot>) -> Regeneration {
    Regeneration {
        at: day(at),
        slot,
        by: None,
    }
}

/// Created on day 0, first seen on day 300; its log was read on that day, back to day 210.
fn runtime(events: &[Regeneration]) -> RuntimeMemory {
    let mut memory = RuntimeMemory {
        slots: PerSlot {
            one: first_seen('a', 300),
            two: first_seen('b', 300),
        },
        created: Some(day(0)),
        ..RuntimeMemory::default()
    };
    let (since, until) = (day(210), day(300));
    memory.log.add(LogSpan { since, until }, events);
    memory
}

fn ages(memory: &RuntimeMemory) -> [String; 2] {
    let joint = memory.births();
    Slot::BOTH.map(|slot| joint.births.get(slot).age(day(300)).to_string())
}

#[test]
fn a_silent_log_proves_its_own_length() {
    assert_eq!(ages(&runtime(&[])), ["90d to 300d", "90d to 300d"]);
    let mut young = runtime(&[]);
    young.created = Some(day(250));
    assert_eq!(ages(&young), ["50d", "50d"]);
    // It may have been made at any time, with new keys, and no log of regenerations tells of that.
    young.created = None;
    assert_eq!(ages(&young), ["unknown", "unknown"]);
}

#[test]
fn one_event_is_of_one_key_so_the_other_is_old() {
    let memory = runtime(&[event(260, None)]);
    let joint = memory.births();
    assert_eq!(ages(&memory), ["40d to 300d", "40d to 300d"]);
    assert_eq!(joint.stories.len(), 2);
    assert_eq!(joint.broken_from(Span::days(90)), Some(day(300)));
    assert_eq!(joint.kept_until(Span::days(90)), Some(day(90)));
    // Two events may have been of both keys: then both are young.
    let two = runtime(&[event(260, None), event(270, None)]).births();
    assert_eq!(two.broken_from(Span::days(90)), Some(day(350)));
    let known = runtime(&[event(260, Some(Slot::Two))]);
    assert_eq!(ages(&known), ["90d to 300d", "40d"]);
}

#[test]
fn a_key_that_is_known_pins_the_other() {
    let mut memory = runtime(&[event(260, None)]);
    memory.slots.one = held(
        'a',
        Evidence::Rotated {
            sent: day(220),
            answered: day(220),
        },
        300,
    );
    assert_eq!(ages(&memory), ["80d", "40d"]);
    let mut declared = runtime(&[event(220, None), event(260, None)]);
    declared.slots.one.declared = Some(Declaration {
        born: day(220),
        said: day(290),
    });
    assert_eq!(ages(&declared), ["80d", "40d"]);
}

#[test]
fn an_event_after_a_declaration_may_be_of_either_key() {
    let mut memory = runtime(&[event(220, None), event(260, None), event(299, None)]);
    let said = |born| {
        Some(Declaration {
            born: day(born),
            said: day(290),
        })
    };
    memory.slots.one.declared = said(220);
    memory.slots.two.declared = said(260);
    assert_eq!(ages(&memory), ["24h to 80d", "24h to 40d"]);
    assert_eq!(memory.births().corrected, []);
}

#[test]
fn a_declaration_that_the_evidence_excludes_is_corrected() {
    let mut memory = runtime(&[]);
    memory.slots.two.declared = Some(Declaration {
        born: day(250),
        said: day(290),
    });
    let joint = memory.births();
    assert_eq!(ages(&memory), ["90d to 300d", "90d to 300d"]);
    let (slot, born) = (Slot::Two, day(250));
    assert_eq!(joint.corrected, [Correction::Declared { slot, born }]);
    memory.slots.two.declared = Some(Declaration {
        born: day(100),
        said: day(290),
    });
    assert_eq!(ages(&memory), ["90d to 300d", "200d"]);
}

#[test]
fn two_keys_that_changed_between_looks_need_two_events_or_one_for_both() {
    let changed = |events: &[Regeneration]| {
        let mut memory = runtime(events);
        let (after, by) = (day(100), day(310));
        memory.slots.one = held('c', Evidence::Changed { after, by }, 310);
        memory.slots.two = held('d', Evidence::Changed { after, by }, 310);
        let (since, until) = (day(90), day(320));
        memory.log.add(LogSpan { since, until }, &[]);
        memory.births()
    };
    let both = changed(&[event(260, None)]);
    assert_eq!(
        (both.births.one.latest, both.births.two.latest),
        (Some(day(260)), Some(day(260)))
    );
    assert_eq!(both.corrected, []);
    let two = changed(&[event(260, None), event(270, None)]);
    assert_eq!(two.stories.len(), 2);
    // No event at all: the runtime was created anew, which no log tells.
    let anew = changed(&[]);
    assert_eq!(anew.births.one.earliest, Some(day(100)));
    assert_eq!(anew.births.one.latest, Some(day(310)));
    let silence = |slot| Correction::Silence { slot };
    assert_eq!(anew.corrected, Slot::BOTH.map(silence));
}

#[test]
fn an_event_that_changed_neither_key_is_corrected() {
    let mut memory = runtime(&[event(305, None)]);
    memory.slots.one.last_seen = Some(day(310));
    memory.slots.two.last_seen = Some(day(310));
    let joint = memory.births();
    assert_eq!(joint.corrected, [Correction::Event { at: day(305) }]);
    assert_eq!(joint.births.one.latest, Some(day(210)));
}

#[test]
fn what_a_log_may_not_tell_yet_is_open_for_a_key_that_changed() {
    let mut memory = runtime(&[]);
    let (after, by) = (day(299), day(300));
    memory.slots.one = held('c', Evidence::Changed { after, by }, 300);
    let birth = memory.birth(Slot::One);
    assert_eq!(birth.earliest, Some(lag().before(day(300))));
    assert_eq!(birth.latest, Some(day(300)));
}

#[test]
fn our_own_rotation_is_one_event_and_the_next_one_is_of_somebody_else() {
    let at = day(305);
    let later = Span::seconds(30).after(at);
    let rotated = |events: &[Regeneration], twin: SlotMemory| {
        let mut memory = runtime(&[]);
        let (sent, answered) = (at, at);
        memory.slots.one = held('c', Evidence::Rotated { sent, answered }, 310);
        memory.slots.two = twin;
        memory.rotated(Rotation {
            slot: Slot::One,
            sent,
            answered,
        });
        let (since, until) = (day(300), day(311));
        memory.log.add(LogSpan { since, until }, events);
        memory.births()
    };
    let other = Regeneration {
        at: later,
        ..event(305, None)
    };
    // The only event is ours, a few seconds off.
    let first_seen = Evidence::FirstSeen { at: day(300) };
    let alone = rotated(std::slice::from_ref(&other), held('b', first_seen, 310));
    assert_eq!(alone.births.two.latest, Some(day(210)));
    assert_eq!(alone.corrected, []);
    // Of two events ours is the one that says so; the other one made the other key.
    let (after, by) = (day(300), day(310));
    let both = [event(305, Some(Slot::One)), other];
    let both = rotated(&both, held('d', Evidence::Changed { after, by }, 310));
    assert_eq!(both.births.two.latest, Some(later));
    assert_eq!(both.births.two.earliest, Some(later));
    assert_eq!(both.births.one.latest, Some(at));
}

/// Its answer was lost, and the log tells of it no more when that is found out.
#[test]
fn what_others_do_after_our_request_was_over_is_no_rotation_of_ours() {
    let mut memory = runtime(&[event(280, None)]);
    let (sent, answered) = (day(200), day(290));
    memory.slots.one = held('a', Evidence::Rotated { sent, answered }, 290);
    memory.rotated(Rotation {
        slot: Slot::One,
        sent,
        answered,
    });
    let (after, by) = (day(200), day(290));
    memory.slots.two = held('b', Evidence::Changed { after, by }, 290);
    assert_eq!(memory.birth(Slot::Two).latest, Some(day(280)));
}

#[test]
fn an_event_of_ours_that_made_a_key_before_this_one_did_not_make_this_one() {
    let made = day(305) + SignedDuration::from_millis(133);
    let (looked, changed) = (day(305), day(307));
    let births = |ours_is_known: bool| {
        let ours = Regeneration {
            at: made,
            ..event(305, Some(Slot::One))
        };
        let mut memory = runtime(&[]);
        let (after, by) = (looked, changed);
        memory.slots.one = held('d', Evidence::Changed { after, by }, 307);
        memory.slots.one.former = vec![(day(300), looked)];
        if ours_is_known {
            memory.slots.one.former.push((looked, looked));
            memory.rotated(Rotation {
                slot: Slot::One,
                sent: looked,
                answered: looked,
            });
        }
        let (since, until) = (day(300), day(310));
        memory.log.add(LogSpan { since, until }, &[ours]);
        memory.births()
    };
    // Looked at, regenerated and answered in one second; somebody else changed it later, which no log tells.
    let replaced = births(true);
    assert_eq!(replaced.births.one.latest, Some(changed));
    assert_ne!(replaced.births.one.earliest, Some(made));
    // The answer was lost: the next look shows what our request made.
    let lost = births(false);
    assert_eq!(lost.births.one.latest, Some(made));
}

/// A storage account tells when it made a key: then nothing else is asked, and an event of that instant is of that key.
#[test]
fn what_the_service_tells_of_one_key_leaves_the_other_to_the_log() {
    let memory = runtime(&[event(270, None)]);
    assert_eq!(ages(&memory), ["30d to 300d", "30d to 300d"]);
    let mut told = memory.clone();
    told.slots.two = held('b', Evidence::Told { at: day(270) }, 300);
    assert_eq!(ages(&told), ["90d to 300d", "30d"]);
    // Two events: the other one may be of the first key.
    let mut two = runtime(&[event(240, None), event(270, None)]);
    two.slots.two = held('b', Evidence::Told { at: day(270) }, 300);
    assert_eq!(ages(&two), ["60d to 300d", "30d"]);
}

#[test]
fn our_own_rotation_says_more_than_an_answer_that_is_older() {
    let (sent, answered) = (day(290), day(290));
    let mut memory = runtime(&[]);
    memory.slots.one = held('a', Evidence::Rotated { sent, answered }, 290);
    let looked = |one: u64| RuntimeSight {
        nodes: crate::model::nodes::NodesSight::NotAsked,
        at: day(300),
        kind: OwnKeys::Yes,
        created: Some(day(0)),
        status_refused: None,
        keys: KeySight::NotAsked,
        told: PerSlot {
            one: Some(day(one)),
            two: Some(day(100)),
        },
        told_ahead: PerSlot::default(),
        log: LogSight::NotAsked,
    };
    let age = |one: u64| {
        let joint = Timeline::of(&memory, Some(&looked(one))).births();
        Slot::BOTH.map(|slot| joint.births.get(slot).age(day(300)).to_string())
    };
    assert_eq!(age(290), ["10d", "200d"]);
    // A list that still tells of the key before.
    assert_eq!(age(200), ["10d", "200d"]);
    // Somebody else has made another since.
    assert_eq!(age(295), ["5d", "200d"]);
}
