//! Signatures that `ssh-keygen` made once, with keys that nobody has any more: `tests/support/signatures`.

use std::io::Read as _;

use proptest::prelude::*;

use super::*;
use crate::model::signing::{KeyError, PublicKey, Signer, Signing};

macro_rules! kept {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/support/signatures/", $name)).as_slice()
    };
}

const MESSAGE: &[u8] = kept!("message");

fn key(line: &[u8]) -> Result<PublicKey, KeyError> {
    PublicKey::parse(std::str::from_utf8(line).unwrap())
}

fn signing(keys: &[&[u8]]) -> Signing {
    let signer = |line: &&[u8]| Signer {
        name: "alice@example.com".to_owned(),
        key: key(line).unwrap(),
    };
    Signing {
        signers: keys.iter().map(signer).collect(),
        needed: 1,
    }
}

fn hashes(message: &[u8]) -> Hashes {
    let mut input = Hashing::new(message);
    input.read_to_end(&mut Vec::new()).unwrap();
    input.finish()
}

fn counts(text: &[u8], message: &[u8], signing: &Signing) -> bool {
    read(text).is_ok_and(|sealed| check(&sealed, &hashes(message), signing).is_ok())
}

#[test]
fn what_ssh_keygen_signed_counts_with_every_accepted_algorithm() {
    for (public, signature) in [
        (kept!("ed25519.pub"), kept!("ed25519.sig")),
        (kept!("ed25519.pub"), kept!("ed25519-sha256.sig")),
        (kept!("p256.pub"), kept!("p256.sig")),
        (kept!("p384.pub"), kept!("p384.sig")),
        (kept!("rsa2048.pub"), kept!("rsa2048.sig")),
        (kept!("token-ed25519.pub"), kept!("token-ed25519.sig")),
        (kept!("token-p256.pub"), kept!("token-p256.sig")),
    ] {
        let signing = signing(&[public]);
        let sealed = read(signature).unwrap();
        let signer = check(&sealed, &hashes(MESSAGE), &signing).unwrap();
        assert_eq!(signer.name, "alice@example.com");
        assert_eq!(
            check(&sealed, &hashes(b"another plan"), &signing).unwrap_err(),
            Rejected::OtherBytes {
                name: signer.name.clone()
            }
        );
    }
}

#[test]
fn what_does_not_count_says_why() {
    let all = signing(&[
        kept!("ed25519.pub"),
        kept!("p256.pub"),
        kept!("token-ed25519.pub"),
    ]);
    let why = |text: &[u8]| {
        check(&read(text).unwrap(), &hashes(MESSAGE), &all)
            .unwrap_err()
            .to_string()
    };
    for (signature, told) in [
        (kept!("ed25519-of-a-file.sig"), "namespace `file`"),
        (kept!("rsa2048.sig"), "which no signer of the policy has"),
        (kept!("rsa1024.sig"), "too small"),
        (
            kept!("p521.sig"),
            "ecdsa-sha2-nistp521, which is not accepted",
        ),
        (kept!("token-untouched.sig"), "nobody touched"),
    ] {
        let why = why(signature);
        assert!(why.contains(told), "{why}");
    }
    assert_eq!(key(kept!("p521.pub")), Err(KeyError::Algorithm));
    assert_eq!(key(kept!("rsa1024.pub")), Err(KeyError::Size));
}

#[test]
fn sha_1_and_other_ways_to_sign_do_not_count() {
    let sealed = read(kept!("rsa2048.sig")).unwrap();
    let signing = signing(&[kept!("rsa2048.pub")]);
    for algorithm in ["ssh-rsa", "ssh-ed25519", "rsa-sha2-256", ""] {
        let algorithm = algorithm.to_owned();
        let changed = Sealed {
            algorithm,
            ..sealed.clone()
        };
        assert!(check(&changed, &hashes(MESSAGE), &signing).is_err());
    }
    for hash in ["sha1", "md5", "sha256", ""] {
        let hash = hash.to_owned();
        let changed = Sealed {
            hash,
            ..sealed.clone()
        };
        assert!(check(&changed, &hashes(MESSAGE), &signing).is_err());
    }
}

#[test]
fn a_fingerprint_is_what_ssh_keygen_prints() {
    let told = "SHA256:wMoL3Dt/Xa3JreqkiSO9sxFuzqVsWk9RZ/ssx28GhHQ";
    assert_eq!(fingerprint(key(kept!("ed25519.pub")).unwrap().blob()), told);
}

#[test]
fn what_is_no_public_key_is_told_apart() {
    let line = std::str::from_utf8(kept!("ed25519.pub")).unwrap().trim();
    let base64 = line.split(' ').nth(1).unwrap();
    for (text, why) in [
        ("", KeyError::NotALine),
        ("hunter2", KeyError::NotALine),
        ("no-touch-required", KeyError::NotALine),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA",
            KeyError::Private,
        ),
        ("ssh-ed25519 AAAA", KeyError::Damaged),
        (&format!("ssh-rsa {base64}"), KeyError::Damaged),
        (&format!("ssh-ed25519 {}", &base64[..40]), KeyError::Damaged),
        (&format!("{line}\n{line}"), KeyError::NotALine),
    ] {
        assert_eq!(PublicKey::parse(text).unwrap_err(), why, "{text}");
    }
    assert_eq!(
        key(kept!("ed25519.pub")),
        PublicKey::parse(&format!("ssh-ed25519 {base64}"))
    );
}

#[test]
fn a_file_that_is_no_signature_says_so() {
    let good = kept!("ed25519.sig");
    let without = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    assert!(without(b"").contains("not a signature"));
    assert!(without(MESSAGE).contains("not a signature"));
    assert!(without(&good[..good.len() - 10]).contains("the last line"));
    assert!(without(&[good, b"x\n"].concat()).contains("behind the last line"));
    assert!(without(&[good, good].concat()).contains("behind the last line"));
    // What an editor on Windows makes of it is the same signature.
    let text = std::str::from_utf8(good).unwrap().replace('\n', "\r\n");
    assert_eq!(read(text.as_bytes()), read(good));
}

proptest! {
    #[test]
    fn no_byte_of_a_signature_or_of_what_is_signed_can_be_changed(at in any::<prop::sample::Index>(), flip in 1_u8..) {
        for (public, signature) in [
            (kept!("ed25519.pub"), kept!("ed25519.sig")),
            (kept!("p384.pub"), kept!("p384.sig")),
            (kept!("rsa2048.pub"), kept!("rsa2048.sig")),
            (kept!("token-p256.pub"), kept!("token-p256.sig")),
        ] {
            let signing = signing(&[public]);
            prop_assert!(counts(signature, MESSAGE, &signing));
            let mut changed = signature.to_vec();
            changed[at.index(signature.len())] ^= flip;
            prop_assert!(!counts(&changed, MESSAGE, &signing));
            let mut changed = MESSAGE.to_vec();
            changed[at.index(MESSAGE.len())] ^= flip;
            prop_assert!(!counts(signature, &changed, &signing));
        }
    }

    #[test]
    fn no_text_makes_the_reader_fail(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&text);
        let armored = |bytes: &[u8]| {
            use base64::Engine as _;
            let base64 = base64::engine::general_purpose::STANDARD.encode(bytes);
            format!("-----BEGIN SSH SIGNATURE-----\n{base64}\n-----END SSH SIGNATURE-----\n")
        };
        let _ = read(armored(&text).as_bytes());
        let _ = read(armored(&[b"SSHSIG\0\0\0\x01", text.as_slice()].concat()).as_bytes());
        let _ = PublicKey::of_blob(text);
    }
}
