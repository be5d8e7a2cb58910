//! A certificate made by openssl, and what its key signed, checked by openssl.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::*;
use crate::model::connection::Proof;

fn openssl(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let done = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    done.stdout
}

/// `both.pem`, `public.pem` and `cert.der` in a new folder.
fn made() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let key = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=afresh",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
    ];
    openssl(place, &key);
    openssl(
        place,
        &[
            "x509",
            "-in",
            "cert.pem",
            "-pubkey",
            "-noout",
            "-out",
            "public.pem",
        ],
    );
    openssl(
        place,
        &[
            "x509", "-in", "cert.pem", "-outform", "DER", "-out", "cert.der",
        ],
    );
    let both = [
        std::fs::read(place.join("key.pem")).unwrap(),
        std::fs::read(place.join("cert.pem")).unwrap(),
    ]
    .concat();
    std::fs::write(place.join("both.pem"), both).unwrap();
    folder
}

async fn asserted(file: &Path) -> Result<Vec<String>, String> {
    let fake = fake(|_, nth| {
        if nth == 1 {
            answer(401, "")
        } else {
            ok(json!({}))
        }
    });
    let asking = Factory {
        credential: Credential::ServicePrincipal {
            tenant: "tenant".to_owned(),
            client_id: "client".to_owned(),
            proof: Proof::Certificate(file.to_owned()),
        },
        ..factory()
    };
    let looked = reader_with(&fake, &[]).runtimes(&asking).await;
    looked.map_err(|trouble| trouble.message)?;
    let asked = fake.asked("entra.token");
    let form = asked.iter().map(|request| {
        url::form_urlencoded::parse(&request.body)
            .into_owned()
            .collect::<BTreeMap<_, _>>()
    });
    Ok(form.map(|form| form["client_assertion"].clone()).collect())
}

#[tokio::test]
async fn a_certificate_signs_a_fresh_assertion_for_every_token() {
    let folder = made();
    let place = folder.path();
    let assertions = asserted(&place.join("both.pem")).await.unwrap();
    assert_eq!(assertions.len(), 2);
    assert_ne!(assertions[0], assertions[1]);
    let (signed, signature) = assertions[0].rsplit_once('.').unwrap();
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let parts: Vec<Value> = signed
        .split('.')
        .map(|part| serde_json::from_slice(&decoded(part)).unwrap())
        .collect();
    let der = std::fs::read(place.join("cert.der")).unwrap();
    assert_eq!(
        parts[0],
        json!({"alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE_NO_PAD.encode(Sha256::digest(der))})
    );
    assert_eq!(
        parts[1]["aud"],
        "https://login.microsoftonline.com/tenant/oauth2/v2.0/token"
    );
    assert_eq!(
        (&parts[1]["iss"], &parts[1]["sub"]),
        (&json!("client"), &json!("client"))
    );
    let issued = now().as_second();
    assert_eq!(
        (&parts[1]["nbf"], &parts[1]["exp"]),
        (&json!(issued), &json!(issued + 600))
    );
    std::fs::write(place.join("signed"), signed).unwrap();
    std::fs::write(place.join("signature"), decoded(signature)).unwrap();
    let options = [
        "-sigopt",
        "rsa_padding_mode:pss",
        "-sigopt",
        "rsa_pss_saltlen:32",
    ];
    let files = ["-signature", "signature", "signed"];
    openssl(
        place,
        &[
            &["dgst", "-sha256", "-verify", "public.pem"][..],
            &options,
            &files,
        ]
        .concat(),
    );
}

#[tokio::test]
async fn what_a_certificate_file_lacks_is_said() {
    let folder = made();
    let place = folder.path();
    let only = asserted(&place.join("cert.pem")).await.unwrap_err();
    assert!(
        only.contains("it holds no private key in PEM") && only.contains("openssl pkcs12"),
        "{only}"
    );
    let key = asserted(&place.join("key.pem")).await.unwrap_err();
    assert!(key.contains("it holds no certificate in PEM"), "{key}");
    openssl(
        place,
        &[
            "pkcs8",
            "-topk8",
            "-in",
            "key.pem",
            "-passout",
            "pass:x",
            "-out",
            "locked.pem",
        ],
    );
    let cert = std::fs::read(place.join("cert.pem")).unwrap();
    let locked = [std::fs::read(place.join("locked.pem")).unwrap(), cert].concat();
    std::fs::write(place.join("locked.pem"), locked).unwrap();
    let locked = asserted(&place.join("locked.pem")).await.unwrap_err();
    assert!(
        locked.contains("locked with a password") && locked.contains("openssl pkey -in"),
        "{locked}"
    );
}
