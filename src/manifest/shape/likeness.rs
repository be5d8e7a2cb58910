//! What a text looks like that is not what is wanted: the ARM id of a resource instead of its name, a date instead of an instant.
//!
//! Each tells what to write. Nothing is read in two ways.

use super::super::mask::clipped;

/// The part of an ARM id behind `segment`, as in `rg-data` behind `resourceGroups`.
pub fn part(text: &str, segment: &str) -> Option<String> {
    let mut parts = text.strip_prefix('/')?.split('/');
    parts.find(|part| part.eq_ignore_ascii_case(segment))?;
    let name = parts.next().filter(|name| !name.is_empty())?;
    Some(format!(
        "this is a resource's id, and its name is wanted: write `{}`",
        clipped(name)
    ))
}

/// The first label of a host, with or without a scheme.
pub fn host(text: &str) -> Option<String> {
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (name, rest) = bare.split_once('.')?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (is_name && rest.contains('.')).then(|| {
        format!(
            "this is an address, and a name is wanted: write `{}`",
            clipped(name)
        )
    })
}

/// For a storage account: its ARM id, its address, or its name in capitals.
pub fn account(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let fits = lower
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'*' || b == b'?');
    if fits && lower != text && lower.len() <= 24 {
        return Some(format!("write `{lower}`"));
    }
    part(text, "storageAccounts").or_else(|| host(text))
}

/// For a subscription's id: an ARM id that begins with it, its digits alone, or the subscription's name.
pub fn subscription(text: &str) -> String {
    let of_arm = text
        .strip_prefix('/')
        .and_then(|rest| rest.split('/').nth(1))
        .filter(|id| id.len() == 36);
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let others = text.chars().filter(|c| !c.is_ascii_hexdigit());
    let is_bare = digits.len() == 32 && others.into_iter().all(|c| "{}-".contains(c));
    if let Some(id) = of_arm {
        return format!("write `{}`", clipped(id));
    }
    if is_bare {
        let at = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        return format!(
            "write `{}-{}-{}-{}-{}`",
            at(0, 8),
            at(8, 12),
            at(12, 16),
            at(16, 20),
            at(20, 32)
        );
    }
    "a subscription's id is wanted, and not its name: it reads 12345678-1234-1234-1234-1234567890ab, and `az account list --output table` shows it"
        .to_owned()
}

/// For an instant: a date, or a time without a zone.
pub fn instant(text: &str) -> String {
    const READS: &str = "it reads 2026-12-20T00:00Z, with a Z or an offset such as +01:00";
    let date: Option<jiff::civil::Date> = (text.len() == 10).then(|| text.parse().ok()).flatten();
    let time: Option<jiff::civil::DateTime> = text.parse().ok();
    match (date, time) {
        (Some(date), _) => format!("write `{date}T00:00Z` if midnight UTC is meant: {READS}"),
        (None, Some(time)) => format!("write `{time}Z` if UTC is meant: {READS}"),
        (None, None) => READS.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "/subscriptions/12345678-1234-1234-1234-1234567890ab/resourcegroups/rg-data/providers/Microsoft.DataFactory/factories/adf-ingest";

    #[test]
    fn an_arm_id_has_the_name_that_is_wanted() {
        let wanted = |name: &str| {
            Some(format!(
                "this is a resource's id, and its name is wanted: write `{name}`"
            ))
        };
        assert_eq!(part(ID, "resourceGroups"), wanted("rg-data"));
        assert_eq!(part(ID, "factories"), wanted("adf-ingest"));
        for other in ["", "/", "rg/x", "/resourceGroups/"] {
            assert_eq!(part(other, "resourceGroups"), None, "{other}");
        }
        assert_eq!(part(ID, "workspaces"), None);
    }

    #[test]
    fn a_subscription_is_told_by_its_id_in_any_notation() {
        let id = "12345678-1234-1234-1234-1234567890ab";
        let bare = id.replace('-', "");
        for text in [ID, &format!("{{{id}}}"), &bare] {
            assert_eq!(subscription(text), format!("write `{id}`"), "{text}");
        }
        assert!(subscription("Production").contains("not its name"));
    }

    #[test]
    fn an_account_is_told_by_its_address_or_its_id() {
        let told = |text: &str| account(text).unwrap_or_default();
        assert_eq!(told("LakeRaw"), "write `lakeraw`");
        for text in [
            "https://lakeraw.blob.core.windows.net/",
            "lakeraw.dfs.core.windows.net",
        ] {
            assert!(told(text).ends_with("write `lakeraw`"), "{text}");
        }
        assert_eq!(account("lake_raw"), None);
    }

    #[test]
    fn a_date_becomes_an_instant() {
        assert!(instant("2026-12-20").starts_with("write `2026-12-20T00:00Z` if midnight"));
        assert!(instant("2026-12-20T18:30").starts_with("write `2026-12-20T18:30:00Z` if UTC"));
        assert!(instant("Christmas").starts_with("it reads"));
    }
}
