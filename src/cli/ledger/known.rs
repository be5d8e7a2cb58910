//! What the ledger knows by an address, and the errors where it knows nothing or nothing could be recorded.

use super::super::deciding::holder_of_key;
use super::super::error::{Exit, Failure};
use super::super::session::Session;
use crate::ledger::IntendError;
use crate::model::address::{Address, Identity};
use crate::model::memory::Memory;

pub(super) fn unknown(session: &Session, address: &Address) -> Failure {
    if let Some(holder) = holder_of_key(address) {
        let summary =
            format!("{address} names a key, and the ledger knows both keys of {holder} together");
        let show = session.typed.command(["ledger", "show", &holder]);
        return Failure::new(summary).with_command("To see both:", &show);
    }
    Failure::new(format!("the ledger knows nothing of {address}")).with_command(
        "This is what it knows:",
        &session.typed.command(["ledger", "list"]),
    )
}

pub(super) fn identity_of<'a>(
    session: &Session,
    memory: &'a Memory,
    address: &Address,
) -> Result<&'a Identity, Failure> {
    let identity = memory.identity_of(address);
    identity.ok_or_else(|| unknown(session, address))
}

pub(super) fn not_written(session: &Session, address: &Address, error: IntendError) -> Failure {
    match error {
        IntendError::Ledger(error) => Failure::of_ledger(error),
        IntendError::Moved(_) | IntendError::Busy(_) => Failure::new(format!(
            "another apply worked on {address} meanwhile, so nothing was recorded"
        ))
        .with_exit(Exit::Busy)
        .with_command(
            "This is known now:",
            &session
                .typed
                .command(["ledger", "show", &address.to_string()]),
        ),
    }
}
