//! Recognises text in another form of Unicode than UTF-8, as some editors and shells of Windows save it, with or without a byte order mark.
//!
//! Such a file is not accepted as a manifest; it is recognised so that the problem can name the true cause.

/// The name of the encoding, and the text.
pub fn other_than_utf8(bytes: &[u8]) -> Option<(&'static str, String)> {
    let (name, units) = match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => ("UTF-32", Units::Four),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => ("UTF-16", Units::Two),
        _ => ("", Units::of_zeros(bytes)?),
    };
    let little = match units {
        Units::Two => zeros(bytes, 2, 1) > zeros(bytes, 2, 0),
        Units::Four => zeros(bytes, 4, 3) > zeros(bytes, 4, 0),
    };
    let name = match (name, units) {
        ("", Units::Two) => "UTF-16 without a byte order mark",
        ("", Units::Four) => "UTF-32 without a byte order mark",
        (marked, _) => marked,
    };
    Some((name, decoded(bytes, units, little)))
}

/// How many bytes make a unit.
#[derive(Clone, Copy)]
enum Units {
    Two,
    Four,
}

impl Units {
    /// Manifests are mostly ASCII: every other byte is then zero, or three of four.
    fn of_zeros(bytes: &[u8]) -> Option<Self> {
        let begins = &bytes[..bytes.len().min(1024)];
        let all = zeros(begins, 1, 0);
        let one_side = zeros(begins, 2, 0).max(zeros(begins, 2, 1));
        if begins.len() >= 4 && all * 10 > begins.len() * 6 {
            Some(Self::Four)
        } else if begins.len() >= 2 && one_side * 10 > begins.len() * 3 {
            Some(Self::Two)
        } else {
            None
        }
    }
}

/// How many bytes at `offset` in each `width` are zero.
fn zeros(bytes: &[u8], width: usize, offset: usize) -> usize {
    let at = bytes.iter().skip(offset).step_by(width);
    at.filter(|byte| **byte == 0).count()
}

fn decoded(bytes: &[u8], units: Units, little: bool) -> String {
    match units {
        Units::Two => {
            let pairs = bytes.chunks_exact(2).map(|pair| {
                let pair = [pair[0], pair[1]];
                if little {
                    u16::from_le_bytes(pair)
                } else {
                    u16::from_be_bytes(pair)
                }
            });
            char::decode_utf16(pairs)
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        Units::Four => bytes
            .chunks_exact(4)
            .map(|four| {
                let four = [four[0], four[1], four[2], four[3]];
                let code = if little {
                    u32::from_le_bytes(four)
                } else {
                    u32::from_be_bytes(four)
                };
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unicode_is_recognised_with_and_without_its_mark() {
        let text = "apiVersion: afresh/v1\n# é\n";
        let two = |little: bool, mark: &str| -> Vec<u8> {
            let units = format!("{mark}{text}");
            let units = units.encode_utf16();
            units
                .flat_map(|unit| {
                    if little {
                        unit.to_le_bytes()
                    } else {
                        unit.to_be_bytes()
                    }
                })
                .collect()
        };
        for little in [true, false] {
            let (name, found) = other_than_utf8(&two(little, "\u{feff}")).unwrap();
            assert_eq!(
                (name, found.trim_start_matches('\u{feff}')),
                ("UTF-16", text)
            );
            let (name, found) = other_than_utf8(&two(little, "")).unwrap();
            assert_eq!(
                (name, found.as_str()),
                ("UTF-16 without a byte order mark", text)
            );
        }
        let four: Vec<u8> = text
            .chars()
            .flat_map(|c| u32::from(c).to_le_bytes())
            .collect();
        assert_eq!(
            other_than_utf8(&four),
            Some(("UTF-32 without a byte order mark", text.to_owned()))
        );
        for plain in [text, "", "a", "\u{feff}a: 1"] {
            assert_eq!(other_than_utf8(plain.as_bytes()), None, "{plain}");
        }
    }
}
