//! Page tokens: opaque to the client, checked when they come back. A token of another list, or a made-up one, is rejected.

use super::digest;

/// One page of a list and how to get the next.
pub(crate) struct Page<T> {
    pub(crate) entries: Vec<T>,
    pub(crate) next: Option<String>,
    pub(crate) previous: Option<String>,
}

/// Cuts `all` at the place that `token` names. `list` is what the token must belong to. `None`: not a token of this list.
pub(crate) fn cut<T>(all: Vec<T>, list: &str, token: Option<&str>, size: usize) -> Option<Page<T>> {
    let start = match token.filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => read(list, token)?,
    };
    let total = all.len();
    let entries: Vec<T> = all.into_iter().skip(start).take(size).collect();
    let end = start.saturating_add(entries.len());
    Some(Page {
        entries,
        next: (end < total).then(|| write(list, end)),
        previous: (start > 0).then(|| write(list, start.saturating_sub(size))),
    })
}

fn write(list: &str, place: usize) -> String {
    digest::base64url(format!("{place}:{}", seal(list, place)).as_bytes())
}

fn read(list: &str, token: &str) -> Option<usize> {
    let text = String::from_utf8(digest::from_base64url(token)?).ok()?;
    let (place, sealed) = text.split_once(':')?;
    let place = place.parse().ok()?;
    (sealed == seal(list, place)).then_some(place)
}

fn seal(list: &str, place: usize) -> String {
    digest::hex(&digest::digest(&["page", &list.to_ascii_lowercase(), &place.to_string()])[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let first = cut((0..5).collect(), "list", None, 2).unwrap();
        let second = cut((0..5).collect(), "list", first.next.as_deref(), 2).unwrap();
        let third = cut((0..5).collect(), "list", second.next.as_deref(), 2).unwrap();
        assert_eq!(
            (first.entries, second.entries, third.entries),
            (vec![0, 1], vec![2, 3], vec![4])
        );
        assert!(third.next.is_none() && first.previous.is_none());
    }

    #[test]
    fn a_token_of_another_list_is_refused() {
        let page = cut(vec![1, 2], "one", None, 1).unwrap();
        assert!(cut(vec![1, 2], "other", page.next.as_deref(), 1).is_none());
        assert!(cut(vec![1, 2], "one", Some("made up"), 1).is_none());
    }
}
