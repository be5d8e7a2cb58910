//! How long a comment may be where it is going to stand, and pages that it links to.
//!
//! Forges say "characters" of a comment and count code points or UTF-16 units. The latter are never fewer, so they are what is counted here for
//! all. A step summary is counted in bytes.

use super::escape;

/// Longest address that is linked to: a short comment has to have room for it.
const URL_CHARS_MAX: usize = 300;
/// Longest name of a link.
const NAME_CHARS_MAX: usize = 30;

/// Most of a comment or a summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limit {
    /// 65,536: what its error message says ("maximum is 65536 characters"); its documentation has no number.
    #[default]
    GitHub,
    /// 1,000,000: documented for notes.
    GitLab,
    /// 150,000: what others have found; its documentation has no number.
    AzureDevOps,
    /// 32,767: "less than 32768 characters", says its error message; its documentation has no number.
    Bitbucket,
    /// 1 MiB: documented for the summary of a step of GitHub Actions.
    GitHubSummary,
    /// So many.
    Units(usize),
}

impl Limit {
    /// The least that may be asked for: a head full of names that have to be escaped may need nearly as much.
    pub const UNITS_MIN: usize = 10_000;

    /// Reads the name of a forge, or a number.
    ///
    /// # Errors
    /// It is neither, or too small.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "github" => Self::GitHub,
            "githubSummary" => Self::GitHubSummary,
            "gitlab" => Self::GitLab,
            "azureDevOps" => Self::AzureDevOps,
            "bitbucket" => Self::Bitbucket,
            number => match number.parse() {
                Ok(units) if units >= Self::UNITS_MIN => Self::Units(units),
                Ok(_) => return Err(format!("at least {}", Self::UNITS_MIN)),
                Err(_) => {
                    return Err(format!(
                        "`{number}` is not a number of characters, nor one of github, githubSummary, gitlab, azureDevOps, bitbucket"
                    ));
                }
            },
        })
    }

    /// How many.
    pub const fn units(self) -> usize {
        match self {
            Self::GitHub => 65_536,
            Self::GitLab => 1_000_000,
            Self::AzureDevOps => 150_000,
            Self::Bitbucket => 32_767,
            Self::GitHubSummary => 1_048_576,
            Self::Units(units) => units,
        }
    }
}

impl Limit {
    /// How much of it a text takes: bytes of a summary, UTF-16 units of a comment.
    pub fn measure(self, text: &str) -> usize {
        match self {
            Self::GitHubSummary => text.len(),
            Self::GitHub | Self::GitLab | Self::AzureDevOps | Self::Bitbucket | Self::Units(_) => {
                length(text)
            }
        }
    }
}

/// How long a text is, in UTF-16 units.
pub fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// A page with more: the run, the commit, the whole plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    name: String,
    url: String,
}

impl Link {
    /// Reads `NAME=URL`.
    ///
    /// # Errors
    /// It has no name, or its address is no plain `https` one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, url) = text
            .split_once('=')
            .filter(|(name, _)| !name.trim().is_empty())
            .ok_or("a name, `=` and an address, as in plan=https://ci.example/run/1")?;
        if name.trim().chars().count() > NAME_CHARS_MAX {
            return Err(format!(
                "a link's name has at most {NAME_CHARS_MAX} characters"
            ));
        }
        if url.len() > URL_CHARS_MAX {
            return Err(format!("an address has at most {URL_CHARS_MAX} characters"));
        }
        if escape::link("", url).is_none() {
            return Err(format!(
                "`{url}` cannot be linked to: it has to begin with https:// and to have no blanks, brackets or quotes"
            ));
        }
        Ok(Self {
            name: name.trim().to_owned(),
            url: url.to_owned(),
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As Markdown.
    pub(super) fn shown(&self) -> Option<String> {
        escape::link(&escape::inline(&self.name), &self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_forge_or_a_number_that_is_large_enough() {
        for (text, units) in [
            ("github", Some(65_536)),
            ("gitlab", Some(1_000_000)),
            ("azureDevOps", Some(150_000)),
            ("bitbucket", Some(32_767)),
            ("10000", Some(10_000)),
            ("9999", None),
            ("-1", None),
            ("gitea", None),
            ("", None),
        ] {
            assert_eq!(Limit::parse(text).ok().map(Limit::units), units, "{text}");
        }
        assert_eq!(length("a🌈"), 3);
    }

    #[test]
    fn only_a_named_https_address_is_a_link() {
        let shown = |text| Link::parse(text).ok().and_then(|link| link.shown());
        assert_eq!(
            shown("run [1]=https://ci.example/a?b=1").as_deref(),
            Some("[run &#91;1&#93;](https://ci.example/a?b=1)")
        );
        for bad in [
            "https://ci.example",
            "=https://ci.example",
            "plan=http://ci.example",
            "plan=javascript:alert(1)",
            "plan=https://x y",
            "plan",
        ] {
            assert_eq!(shown(bad), None, "{bad}");
        }
    }
}
