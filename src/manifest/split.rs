//! Cuts a file at its `---` lines, so that a broken document does not hide the ones after it.
//!
//! It also finds YAML directives (`%YAML`, `%TAG`), which are an error: they would change what the same text means.

/// A stretch of a file with one document, and the 1-based line that it begins on.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Its first line.
    pub line: u32,
    /// Its text, with the `---` line.
    pub text: &'a str,
}

/// The pieces of `text`. In YAML a line that begins with `---` always begins a document, whatever stands around it.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut cuts = vec![(1, 0)];
    for (number, (start, line)) in (1..).zip(lines(text)) {
        if start > 0 && begins_document(line) {
            cuts.push((number, start));
        }
    }
    let ends = cuts
        .iter()
        .skip(1)
        .map(|(_, start)| *start)
        .chain([text.len()]);
    cuts.iter()
        .zip(ends)
        .map(|((line, start), end)| Piece {
            line: *line,
            text: &text[*start..end],
        })
        .collect()
}

fn begins_document(line: &str) -> bool {
    // Files that were put together with `cat` have their byte order marks in the middle.
    line.trim_start_matches('\u{feff}')
        .strip_prefix("---")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// The lines of `text` with the byte at which each begins. As in YAML, a line ends with `\n`, `\r\n` or `\r`.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let rest = &text[start..];
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let ending = if rest[length..].starts_with("\r\n") {
            2
        } else {
            1
        };
        next = (length < rest.len()).then_some(start + length + ending);
        Some((start, &rest[..length]))
    })
}

/// The line of the first directive, counted from the piece's first line, if the piece has one.
pub fn directive(piece: &Piece<'_>) -> Option<u32> {
    (piece.line..)
        .zip(lines(piece.text))
        .take_while(|(_, (_, line))| line.is_empty() || line.starts_with(['#', '%']))
        .find(|(_, (_, line))| line.starts_with('%'))
        .map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_at_its_document_lines_whatever_ends_its_lines() {
        let text = "a: 1\r\n--- # two\rb: 2\n----\n---\n";
        let cut: Vec<_> = pieces(text)
            .into_iter()
            .map(|piece| (piece.line, piece.text))
            .collect();
        assert_eq!(
            cut,
            [
                (1, "a: 1\r\n"),
                (2, "--- # two\rb: 2\n----\n"),
                (5, "---\n")
            ]
        );
        assert_eq!(pieces("---\na: 1").len(), 1);
        assert_eq!(pieces("").len(), 1);
    }

    #[test]
    fn a_directive_is_found_before_the_document_begins() {
        let found = |text: &str| pieces(text).iter().find_map(directive);
        assert_eq!(found("# words\n%YAML 1.1\n---\na: 1\n"), Some(2));
        assert_eq!(found("a: 1\n%b: 2\n"), None);
    }
}
