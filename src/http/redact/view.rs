//! A text as somebody reads it who undoes what it was wrapped in: escapes of JSON, percent-encoding, other casing, blanks put in between.
//! Each character knows which bytes of the text it came from.

use std::ops::Range;

use zeroize::Zeroize as _;

/// How often one encoding may be wrapped in another.
const LAYERS_MAX: usize = 4;

/// Characters, and the bytes of the original that each stands for.
pub(super) struct View {
    text: String,
    /// Of each byte of `text`, where the original's bytes begin and end.
    from: Vec<(usize, usize)>,
    /// The bytes of `text` before which something was left out.
    gaps: Vec<usize>,
}

impl Drop for View {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl View {
    pub fn of(text: &str) -> Self {
        let mut view = Self::empty(text.len());
        for (at, c) in text.char_indices() {
            view.push(c, (at, at + c.len_utf8()));
        }
        view
    }

    fn empty(room: usize) -> Self {
        Self {
            text: String::with_capacity(room),
            from: Vec::with_capacity(room),
            gaps: Vec::new(),
        }
    }

    fn push(&mut self, c: char, from: (usize, usize)) {
        self.text.push(c);
        self.from.resize(self.text.len(), from);
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn gaps(&self) -> &[usize] {
        &self.gaps
    }

    /// The bytes of the original behind these of the view.
    pub fn origin(&self, range: &Range<usize>) -> Range<usize> {
        let begin = self.from.get(range.start).map_or(0, |from| from.0);
        let last = range
            .end
            .checked_sub(1)
            .and_then(|last| self.from.get(last));
        begin..last.map_or(begin, |from| from.1)
    }

    /// This view and what is behind its encodings, until there is none.
    pub fn layers(self) -> Vec<Self> {
        let mut all = vec![self];
        for _ in 1..LAYERS_MAX {
            match all.last().and_then(Self::decoded) {
                Some(next) => all.push(next),
                None => break,
            }
        }
        all
    }

    /// With each escape as the character that it means; `None`: there is no escape.
    fn decoded(&self) -> Option<Self> {
        if !self.text.contains(['\\', '%']) {
            return None;
        }
        let mut view = Self::empty(self.text.len());
        let (mut rest, mut at, mut is_changed) = (self.text.as_str(), 0, false);
        while let Some(c) = rest.chars().next() {
            let (meant, length) = match escaped(rest) {
                Some(escape) => {
                    is_changed = true;
                    escape
                }
                None => (c, c.len_utf8()),
            };
            let origin = self.origin(&(at..at + length));
            view.push(meant, (origin.start, origin.end));
            at += length;
            rest = &rest[length..];
        }
        is_changed.then_some(view)
    }

    /// In lower case, without what takes no room in a word: blanks, line ends, invisible characters.
    pub fn squeezed(&self) -> Self {
        let mut view = Self::empty(self.text.len());
        for (at, c) in self.text.char_indices() {
            if !c.is_whitespace() && !c.is_control() && !is_invisible(c) {
                view.push(c.to_ascii_lowercase(), self.from[at]);
            } else if view.gaps.last() != Some(&view.text.len()) {
                view.gaps.push(view.text.len());
            }
        }
        view
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// The character that an escape at the beginning of `text` means, and the escape's length. Only ASCII counts: secrets are.
fn escaped(text: &str) -> Option<(char, usize)> {
    let bytes = text.as_bytes();
    let code = |digits: Range<usize>| {
        let digits = text.get(digits)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
        char::from_u32(code).filter(char::is_ascii)
    };
    match (bytes.first()?, bytes.get(1)?) {
        (b'%', _) => Some((code(1..3)?, 3)),
        (b'\\', b'u' | b'U') => Some((code(2..6)?, 6)),
        (b'\\', b'x') => Some((code(2..4)?, 4)),
        (b'\\', b'n' | b'r' | b't') => Some((' ', 2)),
        (b'\\', one @ (b'/' | b'"' | b'\\' | b'\'')) => Some((char::from(*one), 2)),
        _ => None,
    }
}
