//! Patterns for names, such as `gateway-*`. They are compared without regard to case, as Azure compares names.

use globset::{Glob, GlobSet, GlobSetBuilder};

/// One pattern. `*` stands for any characters, `?` for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameGlob {
    text: String,
    folded: Glob,
}

impl NameGlob {
    /// A pattern as somebody wrote it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let folded = Glob::new(&text.to_ascii_lowercase());
        Ok(Self {
            folded: folded.map_err(|error| error.kind().to_string())?,
            text: text.to_owned(),
        })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Many patterns, ready to match names: as fast as one.
#[derive(Debug)]
pub struct NameGlobs(GlobSet);

impl NameGlobs {
    /// All of these, in this order.
    pub fn of<'a>(globs: impl IntoIterator<Item = &'a NameGlob>) -> Self {
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            set.add(glob.folded.clone());
        }
        // Each of them has been read already; together they are bounded by `GLOBS_OF_FACTORY_MAX`.
        Self(set.build().unwrap_or_default())
    }

    /// Does any of them match?
    pub fn match_any(&self, name: &str) -> bool {
        self.0.is_match(name.to_ascii_lowercase())
    }

    /// The indexes of those that match, in ascending order.
    pub fn matches(&self, name: &str) -> Vec<usize> {
        self.0.matches(name.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_whatever_their_case() {
        let globs = ["Gateway-*", "edge-?", "*"].map(|text| NameGlob::parse(text).unwrap());
        let set = NameGlobs::of(&globs);
        assert_eq!(set.matches("GATEWAY-west"), [0, 2]);
        assert_eq!(set.matches("edge-12"), [2]);
        assert_eq!(set.matches("Edge-1"), [1, 2]);
        assert!(set.match_any("other") && !NameGlobs::of(&globs[..2]).match_any("other"));
        assert!(!NameGlobs::of([]).match_any(""));
        assert_eq!(globs[0].as_str(), "Gateway-*");
        assert!(NameGlob::parse("a[").is_err());
    }
}
