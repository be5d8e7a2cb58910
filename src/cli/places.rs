//! Where ledgers lie, the real ones and those of simulated clouds, and how people call that. No ledger is opened here.

use std::path::{Path, PathBuf};

use super::args::Global;
use crate::escape;
use crate::model::desired::LedgerPlace;

/// The lineage of a simulated cloud's ledger begins with this.
pub const SIM_LINEAGE: &str = "sim-";

/// The folder beside the real ledger that holds everything of the simulated cloud.
const SIM_FOLDER: &str = "sim";

/// Where the ledger of a project lies; with `--sim`, the simulated cloud's own beside it.
pub fn place_of(project: &LedgerPlace, global: &Global) -> LedgerPlace {
    match &global.sim {
        None => project.clone(),
        Some(_) => LedgerPlace::File(simulated_ledger(project)),
    }
}

/// Where the ledger of a simulated cloud lies beside a project's own.
pub fn simulated_ledger(project: &LedgerPlace) -> PathBuf {
    sim_folder(project).join("ledger.jsonl")
}

/// The file of a ledger that is one.
pub fn file_of(place: &LedgerPlace) -> Option<&Path> {
    match place {
        LedgerPlace::File(path) => Some(path),
        LedgerPlace::Blob(_) => None,
    }
}

/// How people call a place.
pub fn named(place: &LedgerPlace) -> String {
    match place {
        LedgerPlace::File(path) => escape::line(&path.display().to_string()),
        LedgerPlace::Blob(address) => escape::line(address),
    }
}

/// Where everything of the simulated cloud lies.
pub fn sim_folder(project: &LedgerPlace) -> PathBuf {
    let folder = match project {
        LedgerPlace::File(path) => path.parent().unwrap_or(Path::new("")).to_owned(),
        LedgerPlace::Blob(_) => PathBuf::from(".afresh"),
    };
    folder.join(SIM_FOLDER)
}

/// The world that lives on beside a ledger.
pub fn world_beside(ledger: &Path) -> PathBuf {
    ledger.with_file_name("world.json")
}
