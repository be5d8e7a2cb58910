//! The path to the field at a column of a line of JSON: `step.settlements[3].move`.
//!
//! The text may be damaged or cut off; then the path goes as far as could be read.

/// One level of nesting that is open.
enum Level {
    /// An object, with the key whose value is being read.
    Object(String),
    /// An array, with the index of the item that is being read.
    Array(usize),
}

/// The path to what stands at `column` (1-based, in bytes); empty, if that is the whole.
pub(super) fn path(text: &[u8], column: usize) -> String {
    let end = column.saturating_sub(1).min(text.len());
    let open = levels(text.get(..end).unwrap_or_default());
    let mut path = String::new();
    for level in &open {
        match level {
            Level::Object(key) if key.is_empty() => {}
            Level::Object(key) if path.is_empty() => path.push_str(key),
            Level::Object(key) => path = format!("{path}.{key}"),
            Level::Array(index) => path = format!("{path}[{index}]"),
        }
    }
    path
}

fn levels(bytes: &[u8]) -> Vec<Level> {
    let mut open = Vec::new();
    let mut last_string = String::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let length = string_length(bytes.get(at + 1..).unwrap_or_default());
                let content = bytes.get(at + 1..at + 1 + length).unwrap_or_default();
                last_string = String::from_utf8_lossy(content).into_owned();
                at += length + 1;
            }
            b'{' => open.push(Level::Object(String::new())),
            b'[' => open.push(Level::Array(0)),
            b'}' | b']' => drop(open.pop()),
            b':' => {
                if let Some(Level::Object(key)) = open.last_mut() {
                    key.clone_from(&last_string);
                }
            }
            b',' => match open.last_mut() {
                Some(Level::Array(index)) => *index += 1,
                Some(Level::Object(key)) => key.clear(),
                None => {}
            },
            _ => {}
        }
        at += 1;
    }
    open
}

/// Bytes up to the quote that ends the string, or to the end.
fn string_length(bytes: &[u8]) -> usize {
    let mut escaped = false;
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index,
            _ => {}
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn a_place_in_the_text_is_told_as_a_path() {
        let text = br#"{"a": 1, "steps": [{"x": "}]\""}, {"verdict": {"keep": 3}}]}"#;
        let at = |sign: &[u8]| {
            text.windows(sign.len())
                .position(|part| part == sign)
                .unwrap()
                + 1
        };
        assert_eq!(path(text, at(b"3")), "steps[1].verdict.keep");
        assert_eq!(path(text, at(b"1")), "a");
        assert_eq!(path(text, 1), "");
        assert_eq!(path(br#"{"cut": [1, 2"#, 13), "cut[1]");
    }
}
