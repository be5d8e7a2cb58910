//! A public key as OpenSSH writes it in a line: `ssh-ed25519 AAAA… comment`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::wire::Wire;

/// Fewest bits of an RSA key whose signatures count.
pub const RSA_BITS_MIN: usize = 2048;
/// Most bits: more cost time, and prove nothing.
pub const RSA_BITS_MAX: usize = 8192;

/// A public key of a kind whose signatures can be checked.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// As it stands in signatures.
    blob: Vec<u8>,
    material: Material,
}

/// What a signature is checked with.
#[derive(Clone, PartialEq, Eq)]
pub enum Material {
    /// `ssh-ed25519`: 32 bytes.
    Ed25519(Vec<u8>),
    /// `ecdsa-sha2-nistp256` or `ecdsa-sha2-nistp384`: a point without compression.
    Ecdsa(Curve, Vec<u8>),
    /// `ssh-rsa`, without zeros before the numbers.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// `sk-ssh-ed25519@openssh.com`, in a hardware token.
    SkEd25519 {
        /// What its owner registered it for: `ssh:`.
        application: Vec<u8>,
        /// 32 bytes.
        key: Vec<u8>,
    },
    /// `sk-ecdsa-sha2-nistp256@openssh.com`, in a hardware token.
    SkEcdsa {
        /// What its owner registered it for: `ssh:`.
        application: Vec<u8>,
        /// A point of P-256 without compression.
        point: Vec<u8>,
    },
}

/// A curve of NIST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-256.
    P256,
    /// P-384.
    P384,
}

impl Curve {
    /// Bytes of a coordinate.
    pub const fn width(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::P256 => "nistp256",
            Self::P384 => "nistp384",
        }
    }
}

/// Why a text is not a public key that can be used. It may hold a secret, so nothing of it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It is the secret half.
    #[error(
        "this is a private key: take it out, replace the key, and write the line of its `.pub` file"
    )]
    Private,
    /// It is no line of a `.pub` file.
    #[error(
        "write the line of a `.pub` file: the algorithm, the key in base64, and a comment if you like"
    )]
    NotALine,
    /// The algorithm before the base64 is not that in it, or what is in it is damaged.
    #[error("the key is damaged: copy the line of the `.pub` file anew")]
    Damaged,
    /// Its signatures cannot be checked.
    #[error(
        "keys of this algorithm cannot be used: take one of ssh-ed25519, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ssh-rsa, sk-ssh-ed25519@openssh.com and sk-ecdsa-sha2-nistp256@openssh.com"
    )]
    Algorithm,
    /// It is too small, or too large.
    #[error("an RSA key has {RSA_BITS_MIN} to {RSA_BITS_MAX} bits")]
    Size,
}

impl PublicKey {
    /// Reads the line of a `.pub` file.
    ///
    /// # Errors
    /// It is something else, or of an algorithm that is not known.
    pub fn parse(line: &str) -> Result<Self, KeyError> {
        if line.contains("PRIVATE KEY") {
            return Err(KeyError::Private);
        }
        let mut words = line.split_ascii_whitespace();
        let (Some(algorithm), Some(base64)) = (words.next(), words.next()) else {
            return Err(KeyError::NotALine);
        };
        let is_line = |c: char| c == '\n' || c == '\r';
        if line.trim_end().contains(is_line) || !is_algorithm(algorithm) {
            return Err(KeyError::NotALine);
        }
        let blob = STANDARD.decode(base64).map_err(|_| KeyError::Damaged)?;
        if Wire::new(&blob).text() != Some(algorithm) {
            return Err(KeyError::Damaged);
        }
        Self::of_blob(blob)
    }

    /// Reads a key as it stands in signatures.
    ///
    /// # Errors
    /// As of [`Self::parse`].
    pub fn of_blob(blob: Vec<u8>) -> Result<Self, KeyError> {
        let mut wire = Wire::new(&blob);
        let algorithm = wire.text().ok_or(KeyError::Damaged)?;
        let read = match algorithm {
            "ssh-ed25519" => ed25519(&mut wire).map(Material::Ed25519),
            "ecdsa-sha2-nistp256" => point(&mut wire, Curve::P256),
            "ecdsa-sha2-nistp384" => point(&mut wire, Curve::P384),
            "ssh-rsa" => rsa(&mut wire),
            "sk-ssh-ed25519@openssh.com" => sk_ed25519(&mut wire),
            "sk-ecdsa-sha2-nistp256@openssh.com" => sk_ecdsa(&mut wire),
            _ => return Err(KeyError::Algorithm),
        };
        let material = read.filter(|_| wire.is_over()).ok_or(KeyError::Damaged)?;
        if let Material::Rsa { n, .. } = &material
            && !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits(n))
        {
            return Err(KeyError::Size);
        }
        Ok(Self { blob, material })
    }

    /// As it stands in signatures.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// What a signature is checked with.
    pub const fn material(&self) -> &Material {
        &self.material
    }
}

/// A public key is no secret, and still nothing to fill a log with.
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithm = Wire::new(&self.blob).text().unwrap_or_default();
        f.debug_tuple("PublicKey").field(&algorithm).finish()
    }
}

/// Does it look like the name of an algorithm? Options before it, as in `authorized_keys`, are not read.
fn is_algorithm(word: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-@.".contains(c);
    word.contains('-') && word.chars().all(fits)
}

fn ed25519(wire: &mut Wire<'_>) -> Option<Vec<u8>> {
    let key = wire.string()?;
    (key.len() == 32).then(|| key.to_vec())
}

/// A curve's name, and a point of it.
fn point_bytes(wire: &mut Wire<'_>, curve: Curve) -> Option<Vec<u8>> {
    let named = wire.text()?;
    let point = wire.string()?;
    let is_whole = point.len() == 1 + 2 * curve.width() && point.starts_with(&[4]);
    (named == curve.name() && is_whole).then(|| point.to_vec())
}

fn point(wire: &mut Wire<'_>, curve: Curve) -> Option<Material> {
    Some(Material::Ecdsa(curve, point_bytes(wire, curve)?))
}

fn rsa(wire: &mut Wire<'_>) -> Option<Material> {
    let e = wire.positive()?.to_vec();
    let n = wire.positive()?.to_vec();
    Some(Material::Rsa { n, e })
}

fn sk_ed25519(wire: &mut Wire<'_>) -> Option<Material> {
    let key = ed25519(wire)?;
    let application = wire.string()?.to_vec();
    Some(Material::SkEd25519 { application, key })
}

fn sk_ecdsa(wire: &mut Wire<'_>) -> Option<Material> {
    let point = point_bytes(wire, Curve::P256)?;
    let application = wire.string()?.to_vec();
    Some(Material::SkEcdsa { application, point })
}

fn bits(n: &[u8]) -> usize {
    let unused = n.first().map_or(0, |first| first.leading_zeros());
    8 * n.len() - usize::try_from(unused).unwrap_or_default()
}
