//! Takes secrets out of text that goes into an error or a log: auth keys, bearer tokens, Databricks tokens, storage signatures.
//!
//! Refuses: being the only guard. Nothing secret is meant to come here; services quote requests in their errors.

const MARK: &str = "[redacted]";
/// Fewest characters after `eyJ` that make it a token rather than a word.
const TOKEN_TAIL_MIN: usize = 20;
/// Fewest characters after a lower-case `bearer` that make it a token rather than a word.
const BEARER_TAIL_MIN: usize = 20;
/// Fewest characters of a secret that is looked for by itself.
const SHOWN_MIN: usize = 8;
/// Digits of a Databricks token after `dapi`.
const DAPI_DIGITS_MIN: usize = 16;

/// `text` with every integration runtime key (`IR@...`), bearer token, JSON web token and `dapi` token replaced by a mark.
pub fn redact(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((kept, secret)) = secret_at(rest) {
            clean.push_str(&rest[..kept]);
            clean.push_str(MARK);
            rest = &rest[kept + secret..];
        } else {
            clean.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    clean
}

/// `body` without these secrets, whatever they look like: a service may quote what it was shown. Of one that is too short to be
/// told from a word nothing is taken out.
pub fn without<'a>(body: &[u8], secrets: impl IntoIterator<Item = &'a str>) -> Option<Vec<u8>> {
    let secrets = secrets.into_iter().filter(|one| one.len() >= SHOWN_MIN);
    let mut clean = None;
    for secret in secrets.map(str::as_bytes) {
        let dirty = clean.as_deref().unwrap_or(body);
        let mut rest = dirty;
        let mut kept = Vec::new();
        while let Some(at) = rest.windows(secret.len()).position(|part| part == secret) {
            kept.extend_from_slice(&rest[..at]);
            kept.extend_from_slice(MARK.as_bytes());
            rest = &rest[at + secret.len()..];
        }
        if rest.len() < dirty.len() {
            kept.extend_from_slice(rest);
            clean = Some(kept);
        }
    }
    clean
}

/// If a secret begins at the start of `text`: bytes of its harmless prefix, and bytes to take out after it.
fn secret_at(text: &str) -> Option<(usize, usize)> {
    secret_after(text, "IR@", 1, |c| {
        !c.is_whitespace() && !matches!(c, '"' | '\'' | '<' | '>' | ',' | '\\')
    })
    .or_else(|| secret_after(text, "Bearer ", 1, is_token))
    .or_else(|| secret_after(text, "sig=", 1, |c| is_token(c) || c == '%'))
    .or_else(|| secret_after(text, "bearer ", BEARER_TAIL_MIN, is_token))
    .or_else(|| {
        secret_after(text, "dapi", DAPI_DIGITS_MIN, |c| {
            c.is_ascii_hexdigit() || c == '-'
        })
    })
    .or_else(|| secret_after(text, "eyJ", TOKEN_TAIL_MIN, is_token))
}

fn secret_after(
    text: &str,
    prefix: &str,
    length_min: usize,
    belongs: impl Fn(char) -> bool,
) -> Option<(usize, usize)> {
    let tail = text.strip_prefix(prefix)?;
    let length = tail.find(|c| !belongs(c)).unwrap_or(tail.len());
    (length >= length_min).then_some((prefix.len(), length))
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~' | '+' | '/' | '=')
}

#[cfg(test)]
mod tests {
    use super::{redact, without};

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
                "the dapifier of their@x reads eyJunk; a bearer token; Größe ☃",
                "the dapifier of their@x reads eyJunk; a bearer token; Größe ☃",
            ),
        ];
        for (dirty, clean) in cases {
            assert_eq!(redact(dirty), clean);
        }
    }
}
