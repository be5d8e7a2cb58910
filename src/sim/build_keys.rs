//! From two keys as written to a pair with its history. A key made before what has it is an error, and so is one made in the future.

use std::time::Duration;

use jiff::Timestamp;

use super::build_ground::Ground;
use super::digest;
use super::file::KeyFile;
use super::happen::OPERATOR;
use super::key::{Key, Making, Pair};
use super::times::{When, before};

/// Age of what the file gives no birth: older than every log reaches.
const LONG_AGO: Duration = Duration::from_hours(400 * 24);

/// When something with two keys was created, and the keys. `place` is where it stands in the file: what looks random derives from it.
pub(crate) fn pair(
    created: Option<When>,
    files: [&KeyFile; 2],
    place: &[&str],
    ground: &Ground,
) -> Result<(Timestamp, Pair), String> {
    let resolve = |when: When| when.resolve(ground.beginning);
    let made = files.map(|file| file.made.map(resolve));
    let oldest = made.iter().flatten().copied().min();
    let oldest = oldest.unwrap_or(ground.beginning);
    let default = before(ground.beginning, LONG_AGO).min(oldest);
    let created = created.map_or(default, resolve);
    for made in made.iter().flatten() {
        if *made < created || *made > ground.beginning {
            return Err(format!(
                "a key made {made} must lie between the creation of what has it and now"
            ));
        }
    }
    let key = |slot: usize| {
        let number = slot.to_string();
        let parts = [&[ground.root], place, &[number.as_str()]].concat();
        key(created, made[slot], files[slot].by.as_deref(), &parts)
    };
    Ok((created, Pair::of([key(0), key(1)])))
}

fn key(created: Timestamp, made: Option<Timestamp>, by: Option<&str>, parts: &[&str]) -> Key {
    let making = |at: Timestamp, what: &str, caller: &str| Making {
        at,
        caller: caller.to_owned(),
        client_request: None,
        correlation: digest::guid(&[parts, &[what]].concat()),
        value: None,
        silent: false,
    };
    let mut makings = vec![making(created, "created", OPERATOR)];
    makings.extend(
        made.filter(|made| *made > created)
            .map(|made| making(made, "regenerated", by.unwrap_or(OPERATOR))),
    );
    Key { makings }
}
