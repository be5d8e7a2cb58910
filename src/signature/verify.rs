//! Checks a signature with the key of a signer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};
use thiserror::Error;

use super::armor::{Sealed, Token};
use super::hashing::Hashes;
use crate::model::signing::{Curve, KeyError, Material, PublicKey, Signer, Signing, Wire};

/// What plans are signed for.
pub const NAMESPACE: &str = "afresh-plan";

/// Said by a hardware token: somebody touched it.
const TOUCHED: u8 = 1;

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejected {
    /// It is for another purpose.
    #[error(
        "it was made for the namespace `{namespace}`, and plans are signed with `-n {NAMESPACE}`"
    )]
    Namespace {
        /// That purpose.
        namespace: String,
    },
    /// Nobody in the policy has this key.
    #[error("it was made with the key {fingerprint}, which no signer of the policy has")]
    Unknown {
        /// As `ssh-keygen -l` prints it.
        fingerprint: String,
    },
    /// Its key, or how it was made, does not count.
    #[error("it was made with {algorithm}, which is not accepted")]
    Algorithm {
        /// As OpenSSH calls it.
        algorithm: String,
    },
    /// The bytes of the file were hashed by a function that is not known.
    #[error("it hashes the file with {hash}, which is not accepted: sha512 and sha256 are")]
    Hash {
        /// As OpenSSH calls it.
        hash: String,
    },
    /// The key in it cannot be read.
    #[error("it is damaged: the key in it cannot be read")]
    Key,
    /// The hardware token signed without a person.
    #[error(
        "nobody touched the hardware token of {name}: a key with `no-touch-required` is not accepted"
    )]
    NotTouched {
        /// Whose it is.
        name: String,
    },
    /// It is of other bytes, or was changed.
    #[error(
        "it was made with the key of {name}, but not for these bytes: the plan or the signature is another one"
    )]
    OtherBytes {
        /// Whose key it is.
        name: String,
    },
}

/// Whose signature it is, of a file with these hashes.
///
/// # Errors
/// It does not count.
pub fn check<'a>(
    sealed: &Sealed,
    hashes: &Hashes,
    signing: &'a Signing,
) -> Result<&'a Signer, Rejected> {
    if sealed.namespace != NAMESPACE {
        let namespace = sealed.namespace.clone();
        return Err(Rejected::Namespace { namespace });
    }
    let hash = match sealed.hash.as_str() {
        "sha256" => &hashes.sha256,
        "sha512" => &hashes.sha512,
        hash => {
            return Err(Rejected::Hash {
                hash: hash.to_owned(),
            });
        }
    };
    let Some(signer) = signing.signer_of(&sealed.key) else {
        return Err(of_no_signer(&sealed.key));
    };
    if !fits(signer.key.material(), &sealed.algorithm) {
        let algorithm = sealed.algorithm.clone();
        return Err(Rejected::Algorithm { algorithm });
    }
    let name = || signer.name.clone();
    let is_touched = sealed.token.is_none_or(|token| token.flags & TOUCHED != 0);
    if !is_touched {
        return Err(Rejected::NotTouched { name: name() });
    }
    match is_of(sealed, &message(sealed, hash), signer.key.material()) {
        Some(()) => Ok(signer),
        None => Err(Rejected::OtherBytes { name: name() }),
    }
}

/// Somebody whom the policy does not know, or whom it could not.
fn of_no_signer(key: &[u8]) -> Rejected {
    match PublicKey::of_blob(key.to_vec()) {
        Err(KeyError::Algorithm) => Rejected::Algorithm {
            algorithm: Wire::new(key).text().unwrap_or_default().to_owned(),
        },
        Err(KeyError::Size) => Rejected::Algorithm {
            algorithm: "an RSA key that is too small or too large".to_owned(),
        },
        Err(KeyError::Damaged | KeyError::NotALine | KeyError::Private) => Rejected::Key,
        Ok(_) => Rejected::Unknown {
            fingerprint: fingerprint(key),
        },
    }
}

/// A key as people compare it: `SHA256:…`, as `ssh-keygen -l` prints it.
pub fn fingerprint(key: &[u8]) -> String {
    let hash = digest(&SHA256, key);
    format!("SHA256:{}", STANDARD_NO_PAD.encode(hash.as_ref()))
}

/// May a key of this kind sign so? SHA-1 (`ssh-rsa`) may not.
fn fits(material: &Material, algorithm: &str) -> bool {
    match material {
        Material::Ed25519(_) => algorithm == "ssh-ed25519",
        Material::Ecdsa(Curve::P256, _) => algorithm == "ecdsa-sha2-nistp256",
        Material::Ecdsa(Curve::P384, _) => algorithm == "ecdsa-sha2-nistp384",
        Material::Rsa { .. } => matches!(algorithm, "rsa-sha2-256" | "rsa-sha2-512"),
        Material::SkEd25519 { .. } => algorithm == "sk-ssh-ed25519@openssh.com",
        Material::SkEcdsa { .. } => algorithm == "sk-ecdsa-sha2-nistp256@openssh.com",
    }
}

/// What was signed: what the signature is for, and the hash of the file.
fn message(sealed: &Sealed, hash: &[u8]) -> Vec<u8> {
    let mut message = b"SSHSIG".to_vec();
    for field in [
        sealed.namespace.as_bytes(),
        &sealed.reserved,
        sealed.hash.as_bytes(),
        hash,
    ] {
        // No field is longer than the file that it was read from.
        message.extend(u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        message.extend(field);
    }
    message
}

/// Is it a signature of this message? `None`: it is not.
fn is_of(sealed: &Sealed, message: &[u8], material: &Material) -> Option<()> {
    let signature = sealed.signature.as_slice();
    let by_token = |application: &[u8]| Some(of_token(application, sealed.token?, message));
    let checked = match material {
        Material::SkEd25519 { application, key } => {
            let message = by_token(application)?;
            return ed25519(key, &message, signature);
        }
        Material::SkEcdsa { application, point } => {
            let message = by_token(application)?;
            return ecdsa(Curve::P256, point, &message, signature);
        }
        Material::Ed25519(key) => ed25519(key, message, signature),
        Material::Ecdsa(curve, point) => ecdsa(*curve, point, message, signature),
        Material::Rsa { n, e } => rsa(n, e, &sealed.algorithm, message, signature),
    };
    // Only a hardware token has anything to say beside the signature.
    checked.filter(|()| sealed.token.is_none())
}

/// What a hardware token signs.
fn of_token(application: &[u8], token: Token, message: &[u8]) -> Vec<u8> {
    let mut signed = digest(&SHA256, application).as_ref().to_vec();
    signed.push(token.flags);
    signed.extend(token.counter.to_be_bytes());
    signed.extend(digest(&SHA256, message).as_ref());
    signed
}

fn ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = UnparsedPublicKey::new(&ED25519, key);
    key.verify(message, signature).ok()
}

/// The two numbers of the signature, each as wide as the curve.
fn ecdsa(curve: Curve, point: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let mut wire = Wire::new(signature);
    let (r, s) = (wire.positive()?, wire.positive()?);
    let mut fixed = padded(r, curve.width())?;
    fixed.extend(padded(s, curve.width())?);
    let how = match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED,
    };
    let key = UnparsedPublicKey::new(how, point);
    let is_over = wire.is_over();
    key.verify(message, &fixed).ok().filter(|()| is_over)
}

fn rsa(n: &[u8], e: &[u8], algorithm: &str, message: &[u8], signature: &[u8]) -> Option<()> {
    let how = match algorithm {
        "rsa-sha2-256" => &RSA_PKCS1_2048_8192_SHA256,
        "rsa-sha2-512" => &RSA_PKCS1_2048_8192_SHA512,
        _ => return None,
    };
    // Some agents leave out zeros in front.
    let signature = padded(signature, n.len())?;
    let key = RsaPublicKeyComponents { n, e };
    key.verify(how, message, &signature).ok()
}

/// A number with zeros before it; `None`: it is wider than that.
fn padded(number: &[u8], width: usize) -> Option<Vec<u8>> {
    let mut padded = vec![0; width.checked_sub(number.len())?];
    padded.extend(number);
    Some(padded)
}
