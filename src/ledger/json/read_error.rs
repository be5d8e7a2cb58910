//! Why the text of a ledger cannot be read, in the words a person needs.

/// A ledger that cannot be read as a whole, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A newer afresh wrote here.
    #[error(
        "line {line} was written by a newer afresh ({what}): use that version or a later one; nothing was lost or changed"
    )]
    Newer {
        /// 1-based.
        line: usize,
        /// `version 2`, `event "moved"`.
        what: String,
    },
    /// An editor saved it in its own way.
    #[error(
        "it begins with a mark of UTF-16 or of a byte order, so an editor saved it anew: save it as plain UTF-8, or restore it from a copy"
    )]
    Encoded,
    /// Another ledger was put behind it.
    #[error(
        "at line {line} another ledger begins ({lineage}): restore the one that this project has had from a copy"
    )]
    Two {
        /// 1-based.
        line: usize,
        /// The other one's name.
        lineage: String,
    },
    /// The line that names the ledger, which is not an event. Without it a ledger gets another name, and no saved plan was made for that one.
    #[error(
        "line {line}, which names the ledger, is damaged ({why}): restore that line or the ledger from a copy, and do not remove it"
    )]
    Unnamed {
        /// 1-based.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// It is not an event.
    #[error(
        "line {line} is damaged ({why}): restore the ledger from a copy, or remove that line if you know what it said"
    )]
    Damaged {
        /// 1-based.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
}
