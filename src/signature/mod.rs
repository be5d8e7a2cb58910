//! Detached signatures of plan files, as `ssh-keygen -Y sign` makes and `ssh-keygen -Y verify` checks them (SSHSIG, see `PROTOCOL.sshsig` of
//! OpenSSH). They are checked offline, against the keys of a policy.
//!
//! - The bytes that are checked are those that were read: a file is hashed while it is read ([`Hashing`]), and not read again, so nobody can
//!   put another in its place in between.
//! - A signature counts for this purpose only: the namespace is signed with it ([`NAMESPACE`]).
//! - There is one way to write a signature. What has anything before, behind or between is damaged, so no byte of it can be changed.
//! - Whatever `ssh-keygen` would refuse is refused here. Less is accepted: no SHA-1, no DSA, no RSA below 2048 bits, no P-521, no
//!   certificates, and no hardware token that nobody touched.

mod armor;
mod hashing;
mod verify;

#[cfg(test)]
mod tests;

pub use armor::{Sealed, Unread, read};
pub use hashing::{Hashes, Hashing};
pub use verify::{NAMESPACE, Rejected, check, fingerprint};
