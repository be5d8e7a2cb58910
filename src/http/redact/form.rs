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
/// Characters of 32 bytes in base64, as the secret parts of keys, signatures and most tokens are, without their `=`.
const SECRET_DIGITS: usize = 43;
/// So many blanks may have been put into any secret,
const CUTS_MIN: usize = 2;
/// and one more for each so many of its characters, as where lines are wrapped. Words are shorter.
const LETTERS_BETWEEN_CUTS: usize = 32;
/// Most blanks that are looked at within one secret: a token of many groups, wrapped at 64 columns, has a few hundred.
const CUTS_MAX: usize = 1_000;
/// Fewest characters of the secret part at the end of a key of a runtime.
const KEY_TAIL_MIN: usize = 20;

/// Characters of a storage account's key, 64 bytes in base64, without its `==`.
const ACCOUNT_KEY_DIGITS: usize = 86;

/// The secrets in a text as it was written.
pub(super) fn written(text: &str) -> Vec<Range<usize>> {
    let mut all = each(text, written_at);
    all.extend(account_keys(text));
    all
}

/// The secrets in a text in lower case without blanks, which were before the bytes in `gaps`: only forms that no words take then.
pub(super) fn squeezed(text: &str, gaps: &[usize]) -> Vec<Range<usize>> {
    let is_long = |secret: &str| secret.len() >= SECRET_DIGITS || secret.ends_with('=');
    let keys = each(text, runtime_key).into_iter();
    let keys = keys.filter_map(|key| {
        between(text, key, gaps, |key| {
            key.rsplit('@').next().is_some_and(is_long)
        })
    });
    let others = each(text, squeezed_at).into_iter();
    let others = others.filter_map(|found| between(text, found, gaps, is_long));
    let tokens = json_web_tokens(text).into_iter();
    let tokens = tokens.filter_map(|token| {
        between(text, token, gaps, |token| {
            token.split('.').nth(2).is_some_and(is_long)
        })
    });
    let accounts = account_keys(text).into_iter();
    let accounts = accounts.filter_map(|key| between(text, key, gaps, |key| key.ends_with("==")));
    keys.chain(others).chain(tokens).chain(accounts).collect()
}

/// A secret that may have been cut by blanks: up to the first of them behind a whole one. `None`: it has as many as words have.
fn between(
    text: &str,
    found: Range<usize>,
    gaps: &[usize],
    is_whole: impl Fn(&str) -> bool,
) -> Option<Range<usize>> {
    let first = gaps.partition_point(|gap| *gap <= found.start);
    let inside = gaps
        .get(first..)?
        .iter()
        .take_while(|gap| **gap < found.end);
    let end = inside
        .clone()
        .take(CUTS_MAX)
        .find(|gap| is_whole(&text[found.start..**gap]));
    let end = end.copied().unwrap_or(found.end);
    let cuts = inside.filter(|gap| **gap < end).count();
    (cuts <= CUTS_MIN + (end - found.start) / LETTERS_BETWEEN_CUTS).then_some(found.start..end)
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
    if !matches!(text.as_bytes().first(), Some(b's' | b'd')) {
        return None;
    }
    after(text, "sig=", KEY_TAIL_MIN, |c| is_token(c) || c == '%')
        .or_else(|| {
            after(text, "dapi", DATABRICKS_DIGITS, |c| {
                c.is_ascii_hexdigit() || c == '-'
            })
        })
        .or_else(|| after(text, "dose", DATABRICKS_DIGITS, |c| c.is_ascii_hexdigit()))
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

/// Keys of storage accounts, which begin with nothing of their own and end with `==`. What stands before one in the same stretch stays.
fn account_keys(text: &str) -> Vec<Range<usize>> {
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let ends = text.match_indices("==").map(|(at, _)| at);
    let whole = ends.filter(|end| {
        let digits = text.as_bytes()[..*end]
            .iter()
            .rev()
            .take_while(|b| is_digit(b));
        digits.take(ACCOUNT_KEY_DIGITS).count() == ACCOUNT_KEY_DIGITS
    });
    whole
        .map(|end| end - ACCOUNT_KEY_DIGITS..end + "==".len())
        .collect()
}

/// Header, claims and signature. Of each stretch of a token's characters only the first beginning counts: what it holds too little of, later
/// ones hold no more of, so that a text is read once however many beginnings it has.
fn json_web_tokens(text: &str) -> Vec<Range<usize>> {
    let is_long = |part: &&str| part.len() >= TOKEN_TAIL_MIN;
    let mut all = Vec::new();
    let mut start = 0;
    for run in text.split(|c| !is_token(c)) {
        if let Some(at) = run.find("eyj")
            && run[at..].split('.').filter(is_long).count() >= 2
        {
            all.push(start + at + "eyj".len()..start + run.len());
        }
        let end = start + run.len();
        start = end + text[end..].chars().next().map_or(0, char::len_utf8);
    }
    all
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
