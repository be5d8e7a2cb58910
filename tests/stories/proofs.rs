//! Proofs that a story can fail: the runner is given stories whose expectations are wrong, and has to notice.

use crate::retell;
use crate::story::fits;

/// A proof, by name.
pub type Proof = fn() -> Result<(), String>;

/// Every proof, played before the stories.
pub const ALL: [(&str, Proof); 6] = [
    ("runner::a_story_told_rightly_stays_as_it_is", right),
    ("runner::a_wrong_line_is_corrected", wrong_line),
    (
        "runner::a_missing_line_and_a_wrong_exit_code_are_seen",
        missing_line,
    ),
    ("runner::a_wildcard_holds_its_line_only", wildcard),
    (
        "runner::a_story_that_cannot_be_played_is_refused",
        unplayable,
    ),
    ("runner::files_change_as_told", files),
];

fn equal(actual: &str, expected: &str) -> Result<(), String> {
    if actual == expected {
        Ok(())
    } else {
        Err(format!("expected:\n{expected}\nbut it is:\n{actual}"))
    }
}

const RIGHT: &str = "A note.\n\n--- a/note.txt\none\n\n---\nthree\n--- end\n$ cat a/note.txt\n| one\n|\n| ---\n| three\n";

fn right() -> Result<(), String> {
    equal(&retell(RIGHT)?, RIGHT)
}

fn wrong_line() -> Result<(), String> {
    equal(&retell(&RIGHT.replace("| three", "| four"))?, RIGHT)
}

fn missing_line() -> Result<(), String> {
    equal(&retell(&RIGHT.replace("| one\n", ""))?, RIGHT)?;
    equal(&retell(&format!("{RIGHT}[exit 3]\n! oops\n"))?, RIGHT)
}

fn wildcard() -> Result<(), String> {
    let masked = RIGHT.replace("| three", "| t[..]e");
    equal(&retell(&masked)?, &masked)?;
    equal(&retell(&RIGHT.replace("| three", "| x[..]e"))?, RIGHT)?;
    let cases = [
        ("a[..]c[..]e", "abcde", true),
        ("[..]", "", true),
        ("a[..]", "b", false),
        ("a[..]c", "abcd", false),
        ("a", "a  ", true),
    ];
    let wrong = cases
        .iter()
        .find(|(pattern, line, expected)| fits(pattern, line) != *expected);
    wrong.map_or(Ok(()), |case| Err(format!("{case:?}")))
}

fn unplayable() -> Result<(), String> {
    let stories = [
        "Only prose.\n",
        "| output\n",
        "--- file\nwithout an end\n",
        "$ cat missing\n",
        "$ curl example.com\n",
        "$ cat ../../etc/passwd\n",
        "$ cat 'x\n",
    ];
    let played = stories.iter().find(|story| retell(story).is_ok());
    played.map_or(Ok(()), |story| Err(format!("was played: {story}")))
}

fn files() -> Result<(), String> {
    let story = "--- f\na/b\n--- end\n$ edit f s|a/b|c|\n$ cat f\n| c\n$ ls .\n| f\n$ rm f\n$ ls .\n--- f\nagain\n--- end\n$ cat f\n| again\n";
    equal(&retell(story)?, story)?;
    match retell(&story.replace("s|a/b|", "s|x|")) {
        Err(why) if why.contains("there is no `x`") => Ok(()),
        other => Err(format!("{other:?}")),
    }
}
