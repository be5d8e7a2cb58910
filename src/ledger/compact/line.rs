//! A line that may be left, while it is not known yet.

/// A line and what it says.
#[derive(Debug)]
pub(super) struct Line<T> {
    /// How many came before it.
    pub number: usize,
    /// To the letter as it was written, with whatever a later afresh wrote beside what this one reads. Without its end.
    pub text: Box<[u8]>,
    pub says: T,
}

impl<T> Line<T> {
    pub fn new(number: usize, text: &[u8], says: T) -> Self {
        Self {
            number,
            text: text.into(),
            says,
        }
    }
}
