//! A certificate in place of a secret: an assertion that the private key signs, made anew for every token.
//!
//! The key must be RSA, since Entra ID accepts no other signatures, and must not be encrypted with a password.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PSS_SHA256;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::surroundings::read_bytes;
use super::token::TokenFailure;
use crate::limits::SECRET_BYTES_MAX;
use crate::model::time::Timestamp;

/// How long an assertion holds, in seconds. It is used at once.
const LIFETIME: i64 = 600;

/// Who asserts it, and to whom.
pub(super) struct Claims<'a> {
    /// The application's id.
    pub client_id: &'a str,
    /// The token endpoint.
    pub audience: &'a str,
    /// The present.
    pub now: Timestamp,
}

/// Signs an assertion with the key in a PEM file that also holds its certificate.
///
/// # Errors
/// The file cannot be read, or does not hold both.
pub(super) async fn assertion(
    path: &Path,
    claims: &Claims<'_>,
) -> Result<SecretString, TokenFailure> {
    let fault = |what: String| TokenFailure::new(format!("{}: {what}", path.display()));
    let pem = read_bytes(path, SECRET_BYTES_MAX).await;
    let pem = pem.map_err(TokenFailure::new)?;
    let certificate = CertificateDer::from_pem_slice(&pem)
        .map_err(|_| fault("it holds no certificate in PEM".to_owned()))?;
    let key = private_key(&pem, path).map_err(fault)?;
    let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate));
    let head = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint});
    let issued = claims.now.as_second();
    let body = json!({
        "aud": claims.audience,
        "iss": claims.client_id,
        "sub": claims.client_id,
        "jti": uuid::Uuid::new_v4().to_string(),
        "nbf": issued,
        "iat": issued,
        "exp": issued + LIFETIME,
    });
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&head), part(&body));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PSS_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .map_err(|_| fault("its key cannot sign".to_owned()))?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
}

fn private_key(pem: &[u8], path: &Path) -> Result<KeyPair, String> {
    if pem.windows(9).any(|window| window == b"ENCRYPTED") {
        return Err(format!(
            "its key is locked with a password; unlock it into a file that only this user can read:\n    (umask 077; openssl pkey -in {0}; openssl x509 -in {0}) > {0}.unlocked",
            path.display()
        ));
    }
    let key = match PrivateKeyDer::from_pem_slice(pem) {
        Ok(PrivateKeyDer::Pkcs8(key)) => KeyPair::from_pkcs8(key.secret_pkcs8_der()),
        Ok(PrivateKeyDer::Pkcs1(key)) => KeyPair::from_der(key.secret_pkcs1_der()),
        Ok(_) => return Err("its key is not RSA".to_owned()),
        Err(_) => {
            return Err(format!(
                "it holds no private key in PEM; from a PFX file make one with both:\n    openssl pkcs12 -in FILE.pfx -nodes -out {}",
                path.display()
            ));
        }
    };
    key.map_err(|rejected| format!("its key cannot be used: {rejected}"))
}
