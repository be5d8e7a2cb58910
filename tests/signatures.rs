//! Signatures both ways: whatever afresh accepts, `ssh-keygen -Y verify` accepts, and what `ssh-keygen -Y sign` has just made, afresh accepts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use afresh::model::signing::{PublicKey, Signer, Signing};
use afresh::signature::{self, Hashes, Hashing, NAMESPACE};

const PERSON: &str = "alice@example.com";
/// So many changes of each signature are shown to both.
const CHANGES: usize = 40;

/// The real one, which has to be there.
fn ssh_keygen(folder: &Path, words: &[&str]) -> Output {
    let ran = Command::new("ssh-keygen")
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::from(File::open(folder.join("plan.json")).unwrap()))
        .output();
    ran.unwrap_or_else(|why| panic!("`ssh-keygen` (OpenSSH, openssh-client) cannot be run: {why}"))
}

fn signing(folder: &Path) -> Signing {
    let line = fs::read_to_string(folder.join("key.pub")).unwrap();
    let name = PERSON.to_owned();
    let key = PublicKey::parse(&line).unwrap();
    Signing {
        signers: vec![Signer { name, key }],
        needed: 1,
    }
}

fn hashes(folder: &Path) -> Hashes {
    let mut input = Hashing::new(File::open(folder.join("plan.json")).unwrap());
    io::copy(&mut input, &mut io::sink()).unwrap();
    input.finish()
}

fn counts(folder: &Path) -> bool {
    let text = fs::read(folder.join("sig")).unwrap();
    let sealed = signature::read(&text);
    sealed.is_ok_and(|sealed| signature::check(&sealed, &hashes(folder), &signing(folder)).is_ok())
}

fn counts_for_ssh_keygen(folder: &Path) -> bool {
    let words = [
        "-Y", "verify", "-f", "signers", "-I", PERSON, "-n", NAMESPACE, "-s", "sig",
    ];
    ssh_keygen(folder, &words).status.success()
}

/// A key of this kind, and the signature of a plan.
fn signed(folder: &Path, kind: &[&str], how: &[&str]) {
    fs::write(folder.join("plan.json"), "a plan\n").unwrap();
    let words = [&["-q", "-N", "", "-f", "key", "-t"], kind].concat();
    let made = ssh_keygen(folder, &words);
    assert!(made.status.success(), "{made:?}");
    let line = fs::read_to_string(folder.join("key.pub")).unwrap();
    fs::write(folder.join("signers"), format!("{PERSON} {line}")).unwrap();
    let words = [&["-q", "-Y", "sign", "-f", "key", "-n", NAMESPACE], how].concat();
    let made = ssh_keygen(folder, &words);
    assert!(made.status.success(), "{made:?}");
    fs::write(folder.join("sig"), made.stdout).unwrap();
}

#[test]
fn both_agree_on_what_was_signed_and_nothing_counts_here_that_does_not_there() {
    for (kind, how) in [
        (&["ed25519"][..], &[][..]),
        (&["ed25519"], &["-O", "hashalg=sha256"]),
        (&["ecdsa", "-b", "256"], &[]),
        (&["ecdsa", "-b", "384"], &[]),
        (&["rsa", "-b", "2048"], &[]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        signed(folder, kind, how);
        assert!(counts(folder) && counts_for_ssh_keygen(folder), "{kind:?}");
        let text = fs::read(folder.join("sig")).unwrap();
        for number in 0..CHANGES {
            let mut changed = text.clone();
            // Spread over all of it, and of every kind: another bit, another letter, a byte less.
            let at = number * changed.len() / CHANGES;
            match number % 3 {
                0 => changed[at] ^= 1,
                1 => changed[at] = b'A',
                _ => drop(changed.remove(at)),
            }
            if changed == text {
                continue;
            }
            fs::write(folder.join("sig"), changed).unwrap();
            assert!(
                !counts(folder) || counts_for_ssh_keygen(folder),
                "{kind:?} {number}"
            );
        }
        fs::write(folder.join("sig"), text).unwrap();
        fs::write(folder.join("plan.json"), "another plan\n").unwrap();
        assert!(
            !counts(folder) && !counts_for_ssh_keygen(folder),
            "{kind:?}"
        );
    }
}
