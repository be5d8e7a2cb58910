//! An error of the token service. `entra` turns it into a response.

/// An AADSTS error: number, HTTP status, OAuth code, text.
pub(crate) struct Denial(
    pub(crate) u32,
    pub(crate) u16,
    pub(crate) &'static str,
    pub(crate) String,
);

impl Denial {
    pub(crate) fn of(number: u32, status: u16, word: &'static str, text: &str) -> Self {
        Self(number, status, word, text.to_owned())
    }
}
