//! Feeds one target with what libFuzzer makes up. `AFRESH_FUZZ` names the target. With `AFRESH_FUZZ_SEEDS` it writes what that target begins
//! from into this folder, and is done.
#![no_main]

mod answers;
mod properties;
mod seeds;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

use properties::Property;

static CHOSEN: OnceLock<Property> = OnceLock::new();

fn chosen() -> Property {
    let name = std::env::var("AFRESH_FUZZ").unwrap_or_default();
    let named = properties::ALL.into_iter().find(|(known, _)| *known == name);
    named.unwrap_or_else(|| panic!("AFRESH_FUZZ names no target: `{name}`")).1
}

fn write_seeds(folder: &std::path::Path) {
    let name = std::env::var("AFRESH_FUZZ").unwrap_or_default();
    std::fs::create_dir_all(folder).unwrap();
    let all = seeds::of(&name).into_iter().chain(seeds::found(&name));
    for (number, seed) in all.enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
    }
}

fuzz_target!(
    init: {
        // Made by the program itself, so that they are never out of date.
        if let Some(folder) = std::env::var_os("AFRESH_FUZZ_SEEDS") {
            write_seeds(std::path::Path::new(&folder));
            std::process::exit(0);
        }
        CHOSEN.get_or_init(chosen);
    },
    |input: &[u8]| CHOSEN.get_or_init(chosen)(input)
);
