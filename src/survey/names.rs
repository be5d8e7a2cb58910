//! Names that are all but the one that was written: another case, blanks around them, a blank that looks like another. Pure.

use std::collections::{BTreeSet, HashMap};

use crate::escape;

/// Most names that are suggested.
const SHOWN_MAX: usize = 3;

/// A name with plain blanks: none around it, and each run of odd ones inside as a single space.
pub fn plain(name: &str) -> String {
    let words = name.split(escape::is_blank).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// The names that there are, found by what was meant.
pub struct Suggestions(HashMap<String, BTreeSet<String>>);

impl Suggestions {
    /// Of these names.
    pub fn of<'a>(known: impl Iterator<Item = &'a str>) -> Self {
        let mut all: HashMap<String, BTreeSet<String>> = HashMap::new();
        for name in known {
            all.entry(folded(name)).or_default().insert(name.to_owned());
        }
        Self(all)
    }

    /// `did you mean `nightly`?`, of the names that differ from `wanted` in case and blanks only; `None`: there is none.
    pub fn suggestion(&self, wanted: &str) -> Option<String> {
        let near = self.0.get(&folded(wanted))?;
        let shown: Vec<String> = near
            .iter()
            .take(SHOWN_MAX)
            .map(|name| format!("`{}`", escape::exact(name)))
            .collect();
        Some(format!("did you mean {}?", shown.join(" or ")))
    }
}

fn folded(name: &str) -> String {
    plain(name).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_another_case_or_with_other_blanks_is_suggested() {
        let suggested = |wanted: &str, known: &[&str]| {
            Suggestions::of(known.iter().copied()).suggestion(wanted)
        };
        let said = |text: &str| Some(text.to_owned());
        assert_eq!(
            suggested("Nightly", &["nightly", "weekly"]),
            said("did you mean `nightly`?")
        );
        assert_eq!(
            suggested("nightly sales", &["Nightly\u{a0}sales ", "NIGHTLY SALES"]),
            said("did you mean `NIGHTLY SALES` or `Nightly\\u{a0}sales `?")
        );
        assert_eq!(suggested(" ÜBER", &["über"]), said("did you mean `über`?"));
        assert_eq!(suggested("nightly", &["night"]), None);
    }

    #[test]
    fn odd_blanks_are_made_plain() {
        assert_eq!(plain(" a\u{a0}\u{a0}b\u{200b}\t"), "a b");
    }
}
