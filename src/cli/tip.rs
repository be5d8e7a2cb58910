//! What to type where a value begins with a dash: the parser takes it for an option, and its own tip would make it a path.
//!
//! Only the tip changes, and not what is accepted.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Command, CommandFactory};

use super::args::Afresh;

/// The same error, with a tip that works: `--out=-x.json`.
pub fn of_values(mut error: Error, words: &[OsString]) -> Error {
    let is_about_options = matches!(
        error.kind(),
        ErrorKind::UnknownArgument | ErrorKind::InvalidValue | ErrorKind::TooFewValues
    );
    if let (true, Some((option, value))) = (is_about_options, dashed(words)) {
        let tip = format!("to pass '{value}' as a value, use '{option}={value}'");
        let tips = vec![StyledStr::from(tip)];
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}

/// The first option that takes a value and is followed by a word that begins with a dash.
fn dashed(words: &[OsString]) -> Option<(String, String)> {
    let command = Afresh::command();
    let before_paths = words.iter().position(|word| word == "--");
    let words: Vec<String> = words[..before_paths.unwrap_or(words.len())]
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    words.windows(2).find_map(|pair| match pair {
        [option, value] if value.starts_with('-') && takes_value(&command, option) => {
            Some((option.clone(), value.clone()))
        }
        _ => None,
    })
}

fn takes_value(command: &Command, word: &str) -> bool {
    let Some(long) = word.strip_prefix("--") else {
        return false;
    };
    let own = command
        .get_arguments()
        .any(|arg| arg.get_long() == Some(long) && arg.get_action().takes_values());
    own || command
        .get_subcommands()
        .any(|command| takes_value(command, word))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn told(line: &[&str]) -> String {
        let words: Vec<OsString> = line.iter().map(OsString::from).collect();
        let error = Afresh::try_parse_from(&words).unwrap_err();
        of_values(error, &words).to_string()
    }

    #[test]
    fn a_value_that_begins_with_a_dash_is_given_with_an_equals_sign() {
        for (option, value) in [
            ("--out", "-x.json"),
            ("--sim", "-world.yaml"),
            ("--target", "-a/b"),
        ] {
            let shown = told(&["afresh", "plan", option, value]);
            let tip = format!("use '{option}={value}'");
            assert!(shown.contains(&tip) && !shown.contains("'-- -"), "{shown}");
            let given = format!("{option}={value}");
            let parsed = Afresh::try_parse_from(["afresh", "plan", &given]);
            let is_address = option == "--target";
            assert_eq!(
                parsed.is_err(),
                is_address,
                "an address does not begin with a dash"
            );
        }
        let path = told(&["afresh", "plan", "-x"]);
        assert!(path.contains("use '-- -x'"), "{path}");
    }
}
