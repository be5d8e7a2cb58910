//! What a plain word means: by the core schema of YAML 1.2, and where YAML 1.1 tools read something else.
//!
//! A plain word that tools read differently is `Disputed`: it has to be quoted, and its meaning is not guessed.

/// A word or a number as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// Its text without quotes, escapes resolved.
    pub text: String,
    /// Written without quotes, so that YAML may see more in it than text.
    pub plain: bool,
}

/// What a scalar is under the core schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `~`, `null`, or nothing.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// `12`, `-3`.
    Integer,
    /// `1.5`, `1e3`, `.inf`, `0x1F`, `0o17`.
    Number,
    /// Text in YAML 1.2, something else in YAML 1.1.
    Disputed(Dispute),
    /// Text everywhere.
    Text,
}

/// What YAML 1.1 tools read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispute {
    /// `no`, `off`: false.
    No,
    /// `yes`, `on`: true.
    Yes,
    /// `012`: the octal number 10.
    Octal,
    /// `1:30`: the number 90, to the base of 60.
    Sixties,
    /// `1_000`: the number 1000.
    Underscores,
}

impl Dispute {
    /// What the tools read, as a half sentence.
    pub const fn reading(self) -> &'static str {
        match self {
            Self::No => "YAML 1.1 tools read it as `false`",
            Self::Yes => "YAML 1.1 tools read it as `true`",
            Self::Octal => "YAML 1.1 tools read it as an octal number",
            Self::Sixties => "YAML 1.1 tools read it as a number to the base of 60",
            Self::Underscores => "YAML 1.1 tools read it as a number",
        }
    }
}

impl Scalar {
    /// What it is under the core schema.
    pub fn class(&self) -> Class {
        if !self.plain {
            return Class::Text;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Class::Null,
            "true" | "True" | "TRUE" => Class::Bool(true),
            "false" | "False" | "FALSE" => Class::Bool(false),
            "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Class::Disputed(Dispute::Yes),
            "no" | "No" | "NO" | "off" | "Off" | "OFF" => Class::Disputed(Dispute::No),
            text => number_class(text),
        }
    }

    /// The text as it would be quoted.
    pub fn quoted(&self) -> String {
        serde_json::Value::from(self.text.as_str()).to_string()
    }
}

fn number_class(text: &str) -> Class {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let all =
        |text: &str, fits: fn(&u8) -> bool| !text.is_empty() && text.bytes().all(|b| fits(&b));
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Class::Text;
    }
    if all(digits, u8::is_ascii_digit) {
        let octal = digits.len() > 1 && digits.starts_with('0');
        return if octal {
            Class::Disputed(Dispute::Octal)
        } else {
            Class::Integer
        };
    }
    let based = |prefix: &str, fits: fn(&u8) -> bool| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| all(rest, fits))
    };
    if based("0x", u8::is_ascii_hexdigit) || based("0o", |b| (b'0'..=b'7').contains(b)) {
        return Class::Number;
    }
    if matches!(digits, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return Class::Number;
    }
    if is_float(digits) {
        return Class::Number;
    }
    if is_sixties(digits) {
        return Class::Disputed(Dispute::Sixties);
    }
    if digits.contains('_') && all(digits, |b| b.is_ascii_digit() || *b == b'_' || *b == b'.') {
        return Class::Disputed(Dispute::Underscores);
    }
    Class::Text
}

/// `[0-9]*(\.[0-9]*)?([eE][-+]?[0-9]+)?` with a digit before the exponent.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    });
    let dots = mantissa.bytes().filter(|b| *b == b'.').count();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    exponent_fits && dots <= 1 && digits > 0 && digits + dots == mantissa.len()
}

/// `[0-9]+(:[0-5]?[0-9])+`
fn is_sixties(text: &str) -> bool {
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    let mut count = 0;
    let rest = parts.all(|part| {
        count += 1;
        matches!(part.len(), 1 | 2) && part.parse::<u8>().is_ok_and(|number| number < 60)
    });
    rest && count > 0 && !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_mean_what_the_core_schema_says_and_disputed_ones_are_seen() {
        for (text, class) in [
            ("", Class::Null),
            ("~", Class::Null),
            ("true", Class::Bool(true)),
            ("no", Class::Disputed(Dispute::No)),
            ("On", Class::Disputed(Dispute::Yes)),
            ("nO", Class::Text),
            ("0", Class::Integer),
            ("-17", Class::Integer),
            ("012", Class::Disputed(Dispute::Octal)),
            ("1.10", Class::Number),
            ("1e3", Class::Number),
            ("0x1F", Class::Number),
            (".inf", Class::Number),
            (".", Class::Text),
            ("1:30", Class::Disputed(Dispute::Sixties)),
            ("12:99", Class::Text),
            ("1_000", Class::Disputed(Dispute::Underscores)),
            ("90d", Class::Text),
            ("2026-12-20", Class::Text),
            ("2026-12-20T00:00Z", Class::Text),
            ("12345678-1234-1234-1234-1234567890ab", Class::Text),
            ("0 2 * * 6", Class::Text),
        ] {
            let plain = Scalar {
                text: text.to_owned(),
                plain: true,
            };
            assert_eq!(plain.class(), class, "{text:?}");
            let quoted = Scalar {
                plain: false,
                ..plain
            };
            assert_eq!(quoted.class(), Class::Text, "{text:?} in quotes");
        }
    }
}
