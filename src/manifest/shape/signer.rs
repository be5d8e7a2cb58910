//! Who signs plans: names, public keys, and how many there have to be.

use std::borrow::Cow;
use std::collections::HashMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::super::mark::{At, Mark};
use super::super::mask::clipped;
use super::super::problem::{Findings, Problem};
use super::declare::record;
use super::number::Count;
use super::spot::{Shape, Spot};
use crate::model::signing::{KeyError, PublicKey, Signer, Signing, check_name};

record! {
    /// Somebody who may sign plans.
    SignerText {
        /// Who it is. Whoever has several keys is listed with each, by the same name, and counts once.
        "name" name: SignerName,
        /// The line of a `.pub` file.
        "key" key: At<KeyText>,
    }
}

/// A signer's name, as in alice@example.com.
#[derive(Clone, Debug)]
pub struct SignerName(pub String);

impl Shape for SignerName {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        let name = String::read(spot, findings)?;
        if let Err(sentence) = check_name(&name) {
            let message = format!("`{}` is not a signer's name", clipped(&name));
            findings.add(Problem::at(spot.node.mark, message).help(sentence));
            return None;
        }
        Some(Self(name))
    }
}

impl JsonSchema for SignerName {
    fn schema_name() -> Cow<'static, str> {
        "SignerName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "pattern": "^[$%&()+\\-./0-9:;<=>@A-Z\\[\\]^_a-z{|}~]{1,128}$",
            "description": "A signer's name, as in alice@example.com."
        })
    }
}

/// A public key.
#[derive(Clone, Debug)]
pub struct KeyText(pub PublicKey);

impl Shape for KeyText {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        let line = String::read(spot, findings)?;
        let error = match PublicKey::parse(&line) {
            Ok(key) => return Some(Self(key)),
            Err(error) => error,
        };
        let problem =
            Problem::at(spot.node.mark, "this is not a public key of SSH").help(error.to_string());
        findings.add(match error {
            // Whatever it is, it may be a secret.
            KeyError::Private | KeyError::NotALine | KeyError::Damaged => problem.secret(),
            KeyError::Algorithm | KeyError::Size => problem,
        });
        None
    }
}

impl JsonSchema for KeyText {
    fn schema_name() -> Cow<'static, str> {
        "KeyText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^\\s*(ssh-ed25519|ecdsa-sha2-nistp(256|384)|ssh-rsa|sk-ssh-ed25519@openssh\\.com|sk-ecdsa-sha2-nistp256@openssh\\.com)\\s+AAAA[A-Za-z0-9+/]+=*(\\s.*)?$",
            "description": "A public key of SSH, as in the line of a `.pub` file: `ssh-ed25519 AAAA… comment`."
        })
    }
}

impl SignerText {
    /// What the model calls it.
    pub fn signer(&self) -> Signer {
        Signer {
            name: self.name.0.clone(),
            key: self.key.value.0.clone(),
        }
    }
}

/// Somebody has to be able to sign, each key is one person's, and as many people as are needed are there.
pub fn check(
    signers: Option<&At<Vec<SignerText>>>,
    signatures: Option<&At<Count>>,
    findings: &mut Findings,
) {
    let Some(signers) = signers else {
        if let Some(signatures) = signatures {
            let problem = Problem::at(signatures.mark, "nobody may sign: there are no `signers`");
            findings.add(problem.help("name those who may, or leave `signatures` out"));
        }
        return;
    };
    if signers.value.is_empty() {
        let problem = Problem::at(signers.mark, "`signers` names nobody");
        findings.add(
            problem
                .help("name those who may sign, or leave it out: then no plan needs a signature"),
        );
        return;
    }
    let mut seen: HashMap<&[u8], Mark> = HashMap::new();
    for signer in &signers.value {
        let key = &signer.key;
        if let Some(first) = seen.insert(key.value.0.blob(), key.mark) {
            let problem = Problem::at(key.mark, "this key is listed twice").label("again");
            findings.add(problem.also(first, "first"));
        }
    }
    let all: Vec<Signer> = signers.value.iter().map(SignerText::signer).collect();
    let people = Signing::people(&all);
    if let Some(needed) = signatures.filter(|at| usize_of(at.value) > people) {
        let (wanted, mark) = (needed.value.0, needed.mark);
        let message = format!("{wanted} have to sign, and there are only {people} signers");
        let problem = Problem::at(mark, message);
        findings.add(problem.help("whoever has several keys counts once"));
    }
}

/// A count of people.
pub fn usize_of(count: Count) -> usize {
    usize::try_from(count.0).unwrap_or(usize::MAX)
}
