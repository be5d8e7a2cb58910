//! Who enters device codes, what they do with them, and the codes that they may enter. Plain data.

use serde::{Deserialize, Serialize};

/// Who enters codes, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) name: String,
    /// Questions that are answered with "pending" before the person decides.
    pub(crate) polls: u32,
    pub(crate) answer: Answer,
}

impl Default for Person {
    fn default() -> Self {
        Self {
            name: "ada@example.com".to_owned(),
            polls: 1,
            answer: Answer::Accepts,
        }
    }
}

/// What a person does with a code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Answer {
    #[default]
    Accepts,
    Declines,
    /// Is at lunch: the code ends by itself.
    Nothing,
}

/// A code that somebody may enter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    /// In seconds since 1970.
    pub(crate) end: i64,
    pub(crate) polls: u32,
    /// What its token will be for.
    pub(crate) scope: String,
}
