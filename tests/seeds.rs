//! What the fuzzer begins from, what it has found, and a little of what it makes of them, in every `cargo test`: `tests/fuzz/run` goes on
//! from here.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use afresh::saved;

#[path = "fuzz/answers.rs"]
mod answers;
#[path = "fuzz/properties.rs"]
mod properties;
#[path = "fuzz/seeds.rs"]
mod seeds;

/// So many changes of all seeds of a target together.
const CHANGES: usize = 600;

/// The next number of a sequence that is the same in every run.
fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 33).unwrap()
}

/// A seed with a piece of it, or of another one, somewhere else.
fn changed(seed: &[u8], other: &[u8], state: &mut u64) -> Vec<u8> {
    let mut text = seed.to_vec();
    let at = next(state) % (text.len() + 1);
    match next(state) % 4 {
        0 => text.truncate(at),
        1 => drop(text.drain(at..(at + next(state) % 16).min(text.len()))),
        2 => {
            let from = next(state) % (other.len() + 1);
            let piece = &other[from..(from + next(state) % 64).min(other.len())];
            drop(text.splice(at..at, piece.iter().copied()));
        }
        _ => text.insert(at, u8::try_from(next(state) % 256).unwrap()),
    }
    text
}

/// Says which text it was.
fn try_all(name: &str, property: properties::Property, texts: impl Iterator<Item = Vec<u8>>) {
    for text in texts {
        let held = std::panic::catch_unwind(|| property(&text));
        assert!(
            held.is_ok(),
            "{name} does not hold of {:?}",
            String::from_utf8_lossy(&text)
        );
    }
}

/// Otherwise no change of a plan file would get beyond its seal.
#[test]
fn a_plan_file_that_is_sealed_again_is_read() {
    let seed = String::from_utf8(seeds::of("plan-file").remove(0)).unwrap();
    let other = seed.replace("\"project\":\"fuzz\"", "\"project\":\"other\"");
    assert!(saved::read(other.as_bytes()).is_err());
    assert_eq!(
        saved::read(saved::sealed(&other).as_bytes())
            .unwrap()
            .project,
        "other"
    );
}

#[test]
fn what_holds_of_any_input_holds_of_these() {
    std::thread::scope(|scope| {
        for (name, property) in properties::ALL {
            scope.spawn(move || {
                let seeds = seeds::of(name);
                assert!(!seeds.is_empty(), "{name} begins from nothing");
                try_all(
                    name,
                    property,
                    seeds.iter().cloned().chain(seeds::found(name)),
                );
                let mut state = 0x9e37_79b9_7f4a_7c15;
                let changes = (0..CHANGES).map(|round| {
                    let other = &seeds[next(&mut state) % seeds.len()];
                    changed(&seeds[round % seeds.len()], other, &mut state)
                });
                try_all(name, property, changes);
            });
        }
    });
}
