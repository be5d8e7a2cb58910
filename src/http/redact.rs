//! Removes secrets from text that goes into an error or a log. Auth keys, bearer tokens, Databricks tokens and storage signatures are found
//! by their form, and what a request sent is found by its value; both also if escaped, encoded, in another case, or broken by whitespace.
//!
//! This is a second line of defence: no secret is meant to come here, but services quote requests in their errors.
//! No secret is kept here; the caller passes in those to look for.

mod form;
mod view;

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use uuid::Uuid;
use zeroize::Zeroizing;

use view::View;

use crate::limits::REQUEST_ID_CHARS_MAX;

const MARK: &str = "[redacted]";
/// Fewest characters of a secret that is looked for by itself as it is.
const SHOWN_MIN: usize = 8;
/// Fewest characters of a secret that is looked for in other casing and between blanks, too.
const DISGUISED_MIN: usize = 16;
/// Fewest characters of a base64 text that may hold a secret.
const ENCODED_MIN: usize = 16;

/// `text` with every integration runtime key (`IR@...`), bearer token, JSON web token, Databricks token and signature replaced by a mark.
pub fn redact(text: &str) -> String {
    let found = found_in(text, &By::Form, 1);
    marked(text, found)
}

/// `body` without these secrets, whatever they look like: a service may quote what it was shown. Of one that is too short to be
/// told from a word nothing is taken out. `None`: there are none.
pub fn without<'a>(body: &[u8], secrets: impl IntoIterator<Item = &'a str>) -> Option<Vec<u8>> {
    let text = Zeroizing::new(String::from_utf8_lossy(body).into_owned());
    let secrets = that_fit(&text, secrets);
    if secrets.is_empty() {
        return None;
    }
    let found = found_in(&text, &By::Value(&secrets), 1);
    (!found.is_empty()).then(|| marked(&text, found).into_bytes())
}

/// Is there one of these secrets in `text`, or anything that looks like one? Ids of requests are asked about with every answer, and most are
/// GUIDs: the forms of secrets are not looked for in one.
pub fn holds<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> bool {
    let secrets = that_fit(text, secrets);
    let is_guid = Uuid::try_parse(text).is_ok();
    (!secrets.is_empty() && !found_in(text, &By::Value(&secrets), 1).is_empty())
        || (!is_guid && !found_in(text, &By::Form, 1).is_empty())
}

/// The secrets that `text` has room for: encodings make them longer, and only blanks can be missing. Most texts are ids, and most secrets
/// are long tokens.
fn that_fit<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let letters = |secret: &str| secret.split_whitespace().map(str::len).sum::<usize>();
    let secrets = secrets.into_iter();
    secrets.filter(|one| letters(one) <= text.len()).collect()
}

/// Can this be the id of a request or the code of an error? It is short and printable, has no blanks, and holds no secret.
pub fn is_id(text: &str) -> bool {
    let is_plain = text.len() <= REQUEST_ID_CHARS_MAX && text.bytes().all(|b| b.is_ascii_graphic());
    is_plain && !text.is_empty() && !holds(text, [])
}

/// What is looked for.
enum By<'a> {
    Form,
    Value(&'a [&'a str]),
}

impl By<'_> {
    /// In a text as it was written.
    fn written(&self, text: &str) -> Vec<Range<usize>> {
        match self {
            Self::Form => form::written(text),
            Self::Value(secrets) => {
                let secrets = secrets.iter().filter(|one| one.len() >= SHOWN_MIN);
                secrets.flat_map(|secret| places(text, secret)).collect()
            }
        }
    }

    /// In a text in lower case without blanks.
    fn squeezed(&self, view: &View) -> Vec<Range<usize>> {
        let text = view.text();
        match self {
            Self::Form => form::squeezed(text, view.gaps()),
            Self::Value(secrets) => {
                let secrets = secrets.iter().filter(|one| one.len() >= DISGUISED_MIN);
                secrets
                    .flat_map(|secret| places(text, View::of(secret).squeezed().text()))
                    .collect()
            }
        }
    }
}

fn places(text: &str, secret: &str) -> Vec<Range<usize>> {
    let found = text.match_indices(secret);
    found.map(|(at, one)| at..at + one.len()).collect()
}

/// The bytes of `text` that are secret. Base64 is looked into `deep` times.
fn found_in(text: &str, by: &By<'_>, deep: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for layer in View::of(text).layers() {
        found.extend(
            by.written(layer.text())
                .iter()
                .map(|range| layer.origin(range)),
        );
        let squeezed = layer.squeezed();
        found.extend(
            by.squeezed(&squeezed)
                .iter()
                .map(|range| squeezed.origin(range)),
        );
        if deep > 0 {
            let encoded = runs(layer.text()).into_iter();
            let encoded = encoded.filter(|run| hides(&layer.text()[run.clone()], by, deep - 1));
            found.extend(encoded.map(|run| layer.origin(&run)));
        }
    }
    found.retain(|range| !range.is_empty());
    found
}

/// The stretches of a text that may be base64, of either alphabet.
fn runs(text: &str) -> Vec<Range<usize>> {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    let mut all = Vec::new();
    let mut start = 0;
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        if !is_part(byte) {
            if at - start >= ENCODED_MIN {
                all.push(start..at);
            }
            start = at + 1;
        }
    }
    all
}

/// Is a secret behind this base64? Where it begins within the run nobody knows: letters may stand before it.
fn hides(run: &str, by: &By<'_>, deep: usize) -> bool {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engines = [&STANDARD, &URL_SAFE].map(|alphabet| GeneralPurpose::new(alphabet, config));
    (0..4).any(|skipped| {
        let rest = &run[skipped..];
        // One letter at the end is too few for a byte.
        let whole = &rest[..rest.len() - usize::from(rest.len() % 4 == 1)];
        let decoded = engines.iter().find_map(|engine| engine.decode(whole).ok());
        decoded.map(Zeroizing::new).is_some_and(|bytes| {
            let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
            !found_in(&text, by, deep).is_empty()
        })
    })
}

fn marked(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_by_key(|range| (range.start, range.end));
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    for range in found {
        if range.start >= done {
            clean.push_str(&text[done..range.start]);
            clean.push_str(MARK);
        }
        done = done.max(range.end);
    }
    clean.push_str(&text[done..]);
    clean
}

#[cfg(test)]
mod tests {
    use super::{holds, redact, without};
    use crate::costs::in_proportion;

    #[test]
    fn a_secret_of_any_shape_is_taken_out_wherever_it_is_quoted() {
        let clean = |body: &str| {
            without(body.as_bytes(), ["opaque-token", "other-token", "short"])
                .map(|clean| String::from_utf8(clean).unwrap())
        };
        assert_eq!(
            clean("'opaque-token' is no opaque-token, but other-token is; in short").as_deref(),
            Some("'[redacted]' is no [redacted], but [redacted] is; in short")
        );
        assert_eq!(clean("nothing here, in short"), None);
    }

    #[test]
    fn secrets_are_taken_out_and_the_words_around_them_stay() {
        let cases = [
            (
                r#"{"authKey1":"IR@a9a706fd-86c1-4717-9b1d-8c451e820276@f@ServiceEndpoint=f.eu@5lRI/T5Z=","x":1}"#,
                r#"{"authKey1":"IR@[redacted]","x":1}"#,
            ),
            (
                "Authorization: Bearer abc.def-ghi was refused",
                "Authorization: Bearer [redacted] was refused",
            ),
            (
                "token dapi0123456789abcdef0123456789abcdef-2 is old",
                "token dapi[redacted] is old",
            ),
            (
                "for url (https://a.blob.core.windows.net/c/n?sp=rw&sig=aB%2Fc%3D)",
                "for url (https://a.blob.core.windows.net/c/n?sp=rw&sig=[redacted])",
            ),
            (
                "got eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln here",
                "got eyJ[redacted] here",
            ),
            (
                "key1 is 1FTfTo6dgu+VhDYIH6lMWlSFjIP1wMmbNOkSNHp4HzXqSNZ7hS06nWN6wlXJ5/Vk8z84rjAhpd61HBGGiIKhNQ== now",
                "key1 is [redacted] now",
            ),
            (
                "the dapifier of their@x reads eyJunk; a bearer token; Größe ☃",
                "the dapifier of their@x reads eyJunk; a bearer token; Größe ☃",
            ),
        ];
        for (dirty, clean) in cases {
            assert_eq!(redact(dirty), clean);
        }
    }

    const KEY: &str = "IR@a9a706fd-86c1-4717-9b1d-8c451e820276@adf-ingest@ServiceEndpoint=adf-ingest.westeurope.datafactory.azure.net@5lRI/T5Zk+3vbX0c2p9mQwErTyUiOpAsDfGhJkLzXcV=";
    const ACCOUNT_KEY: &str =
        "1FTfTo6dgu+VhDYIH6lMWlSFjIP1wMmbNOkSNHp4HzXqSNZ7hS06nWN6wlXJ5/Vk8z84rjAhpd61HBGGiIKhNQ==";
    const HELD: &str = "Opaque-Token_Of.Somebody~1234567890";

    /// What a service may do to something that it quotes.
    fn disguises(secret: &str) -> Vec<String> {
        use base64::Engine as _;
        use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
        let each = |shown: fn(char) -> String| secret.chars().map(shown).collect::<String>();
        let percent = each(|c| format!("%{:02x}", u32::from(c)));
        let blanks = |blank: &str| {
            let (one, two) = secret.split_at(secret.len() / 2);
            format!("{one}{blank}{two}")
        };
        vec![
            secret.to_owned(),
            secret.to_uppercase(),
            secret.to_lowercase(),
            each(|c| format!("\\u{:04x}", u32::from(c))),
            each(|c| format!("\\U{:04X}", u32::from(c))),
            secret.replace('/', "\\/").replace('=', "\\u003d"),
            percent.replace('%', "%25"),
            percent,
            secret
                .replace('/', "%2F")
                .replace('=', "%3D")
                .replace('@', "%40"),
            blanks(" "),
            blanks("\r\n  "),
            blanks("\\n"),
            blanks("%20"),
            blanks("\u{200b}"),
            STANDARD.encode(secret),
            STANDARD.encode(format!("client:{secret}")),
            URL_SAFE_NO_PAD.encode(format!("x{secret}")),
            STANDARD.encode(secret).replace('=', "%3D"),
            format!("token{}", STANDARD.encode(secret)),
        ]
    }

    #[test]
    fn a_key_is_known_by_its_form_in_every_disguise() {
        for disguise in disguises(KEY) {
            let clean = redact(&format!("the key '{disguise}' was refused"));
            assert!(clean.contains("[redacted]"), "{disguise}: {clean}");
            assert!(
                clean.starts_with("the key '") && clean.contains("was refused"),
                "{clean}"
            );
            let tail = ["t5zk+3vbx0c2p9m", "xc2p9mqwertyu"];
            let left = clean.to_lowercase().replace([' ', '\u{200b}'], "");
            assert!(
                !tail.iter().any(|part| left.contains(part)),
                "{disguise}: {clean}"
            );
            assert!(clean.len() < 120, "{disguise}: {clean}");
        }
    }

    #[test]
    fn a_key_of_a_storage_account_is_known_by_its_form_in_every_disguise() {
        for disguise in disguises(ACCOUNT_KEY) {
            let clean = redact(&format!("the key '{disguise}' was refused"));
            assert!(clean.contains("[redacted]"), "{disguise}: {clean}");
            let left = clean.to_lowercase().replace([' ', '\u{200b}'], "");
            let parts = ["tfto6dgu", "wn6wlxj5", "gikhnq"];
            assert!(
                !parts.iter().any(|part| left.contains(part)),
                "{disguise}: {clean}"
            );
        }
        // A digest is shorter, and a longer text in base64 is none: only its end has the form.
        let digest = "ad+VhDYIH6lMWlSFjIP1wMmbNOkSNHp4HzXqSNZ7hS06==";
        assert_eq!(redact(digest), digest);
    }

    /// A token that blanks cut is a token by its three parts.
    #[test]
    fn a_token_is_known_where_its_parts_stand_apart() {
        let (header, claims) = (
            "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ",
            "eyJhdWQiOiJodHRwczovL2V4YW1wbGUifQ",
        );
        let signature = "c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2lnbmF0dXJl";
        let clean = redact(&format!("got {header}.\n  {claims}.\n  {signature} here"));
        assert!(
            !clean.contains(claims) && !clean.contains(signature),
            "{clean}"
        );
        assert!(
            clean.starts_with("got ") && clean.ends_with(" here"),
            "{clean}"
        );
    }

    #[test]
    fn what_was_shown_is_known_by_its_value_in_every_disguise() {
        for disguise in disguises(HELD) {
            let body = format!("{{\"message\": \"'{disguise}' was refused\"}}");
            let clean =
                without(body.as_bytes(), [HELD]).map(|clean| String::from_utf8(clean).unwrap());
            let clean = clean.unwrap_or_else(|| panic!("{disguise}"));
            assert!(
                clean.starts_with("{\"message\": \"'") && clean.ends_with("' was refused\"}"),
                "{clean}"
            );
            assert!(clean.len() < 60, "{disguise}: {clean}");
            assert!(holds(&body, [HELD]) && !holds(&body, []), "{disguise}");
        }
    }

    #[test]
    fn what_is_said_behind_a_secret_stays() {
        let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJhdWQiOiJodHRwczovL2V4YW1wbGUifQ.c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2ln";
        for secret in [KEY, token] {
            let said = format!(
                "The secret {secret} has expired at noon. Sign in again, and then try once more"
            );
            let clean = redact(&said);
            assert!(
                clean.ends_with(
                    "[redacted] has expired at noon. Sign in again, and then try once more"
                ),
                "{clean}"
            );
        }
    }

    #[test]
    fn what_only_begins_like_secrets_is_read_in_proportion() {
        for unit in [
            "eyJ.",
            "ir@",
            "IR@ ",
            "%25252541",
            "QUJD",
            "\\\\n",
            "sig=",
            "dapi",
            "dose ",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
            "==",
        ] {
            let clean = in_proportion(160_000, |bytes| redact(&unit.repeat(bytes / unit.len())));
            assert!(!clean.is_empty());
        }
        let cut = "eyJhbGciOiJSUzI1NiIsImtpZCI6.";
        in_proportion(160_000, |bytes| {
            redact(&format!("{cut}{}", "a ".repeat(bytes)))
        });
    }

    #[test]
    fn words_in_any_disguise_stay() {
        for text in [
            "Job cluster key job_cluster_nightly is not defined. Define it in job_clusters of the settings of this job. Then start it again.",
            "They may not, since they just left the group of operators. Ask an administrator of this workspace to add them. Until then nothing starts.",
            "The client '00000000-0000-0000-0000-00000000bbbb' does not have authorization to perform action over scope '/subscriptions/1/x'",
            "amir@example.com and IR at 100%, \\u00e9 %zz \\",
            "QXp1cmVEYXRhRmFjdG9yeUludGVncmF0aW9uUnVudGltZQ==",
            "bearer of the token, sig=1 of two, dosed",
        ] {
            assert_eq!(redact(text).replace("sig=[redacted]", "sig=1"), text);
        }
    }
}
