//! What secrets look like: where one begins in a text, and how long it is.

use std::ops::Range;

/// Fewest characters after `eyJ` that make it a token rather than a word.
const TOKEN_TAIL_MIN: usize = 20;
/// Fewest characters after a lower-case `bearer` that make it a token rather than a word.
const BEARER_TAIL_MIN: usize = 20;
/// Digits of a Databricks token after `dapi`.
const DAPI_DIGITS_MIN: usize = 16;
/// Characters of a Databricks OAuth secret after `dose`, and of a whole token after `dapi`.
const DATABRICKS_DIGITS: usize = 32;
/// Fewest characters of the secret part at the end of a key of a runtime.
const KEY_TAIL_MIN: usize = 20;

/// The secrets in a text as it was written.
pub(super) fn written(text: &str) -> Vec<Range<usize>> {
    each(text, written_at)
}

/// The secrets in a text in lower case without blanks: only forms that no words take then.
pub(super) fn squeezed(text: &str) -> Vec<Range<usize>> {
    each(text, squeezed_at)
}

/// All places where `find` sees a secret: bytes of its harmless prefix, and bytes to take out after it.
fn each(text: &str, find: impl Fn(&str) -> Option<(usize, usize)>) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        match find(&text[at..]) {
            Some((kept, secret)) => {
                all.push(at + kept..at + kept + secret);
                at += kept + secret;
            }
            None => at += first.len_utf8(),
        }
    }
    all
}

fn written_at(text: &str) -> Option<(usize, usize)> {
    // Most places begin nothing.
    if !matches!(
        text.as_bytes().first(),
        Some(b'I' | b'B' | b'b' | b's' | b'd' | b'e')
    ) {
        return None;
    }
    after(text, "IR@", 1, |c| {
        !c.is_whitespace() && !matches!(c, '"' | '\'' | '<' | '>' | ',' | '\\')
    })
    .or_else(|| after(text, "Bearer ", 1, is_token))
    .or_else(|| after(text, "sig=", 1, |c| is_token(c) || c == '%'))
    .or_else(|| after(text, "bearer ", BEARER_TAIL_MIN, is_token))
    .or_else(|| {
        after(text, "dapi", DAPI_DIGITS_MIN, |c| {
            c.is_ascii_hexdigit() || c == '-'
        })
    })
    .or_else(|| after(text, "dose", DATABRICKS_DIGITS, |c| c.is_ascii_hexdigit()))
    .or_else(|| after(text, "eyJ", TOKEN_TAIL_MIN, is_token))
}

fn squeezed_at(text: &str) -> Option<(usize, usize)> {
    if !matches!(text.as_bytes().first(), Some(b'i' | b's' | b'd' | b'e')) {
        return None;
    }
    runtime_key(text)
        .or_else(|| after(text, "sig=", KEY_TAIL_MIN, |c| is_token(c) || c == '%'))
        .or_else(|| {
            after(text, "dapi", DATABRICKS_DIGITS, |c| {
                c.is_ascii_hexdigit() || c == '-'
            })
        })
        .or_else(|| after(text, "dose", DATABRICKS_DIGITS, |c| c.is_ascii_hexdigit()))
        .or_else(|| json_web_token(text))
}

/// `ir@GUID@FACTORY@ServiceEndpoint=HOST@SECRET`, of which some parts may be missing in the middle.
fn runtime_key(text: &str) -> Option<(usize, usize)> {
    let (prefix, guid) = ("ir@".len(), 36);
    let tail = text.strip_prefix("ir@")?;
    let is_guid = |part: &str| part.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let mut length = tail.get(..guid).filter(|part| is_guid(part))?.len();
    let mut is_whole = false;
    while let Some(part) = tail.get(length..)?.strip_prefix('@') {
        let size = part.find(|c| !is_token(c)).unwrap_or(part.len());
        length += 1 + size;
        is_whole |= size >= KEY_TAIL_MIN;
    }
    is_whole.then_some((prefix, length))
}

/// Header, claims and signature.
fn json_web_token(text: &str) -> Option<(usize, usize)> {
    let (kept, length) = after(text, "eyj", TOKEN_TAIL_MIN, is_token)?;
    let is_long = |part: &str| part.len() >= TOKEN_TAIL_MIN;
    let whole = &text[..kept + length];
    (whole.split('.').filter(|part| is_long(part)).count() >= 2).then_some((kept, length))
}

fn after(
    text: &str,
    prefix: &str,
    length_min: usize,
    belongs: impl Fn(char) -> bool,
) -> Option<(usize, usize)> {
    let tail = text.strip_prefix(prefix)?;
    let length = tail.find(|c| !belongs(c)).unwrap_or(tail.len());
    (length >= length_min).then_some((prefix.len(), length))
}

pub(super) fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~' | '+' | '/' | '=')
}
