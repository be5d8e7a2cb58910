//! The true cause of what looks like something else: blanks that are none, other encodings, values that need quotes.

use super::*;

fn error_of(document: &str) -> Vec<String> {
    told(&format!("{BASE}apiVersion: afresh/v1\n{document}"))
}

#[test]
fn a_no_break_space_is_the_only_problem_of_its_document() {
    let told = shown_after_base(&key_age("\u{a0}\u{a0}maxAge: 90d").replace("  \u{a0}", "\u{a0}"));
    assert_eq!(
        told,
        "\
error: a no-break space (U+00A0) stands where YAML wants a space
  --> a.yaml:26:1
   |
26 | \u{a0}\u{a0}maxAge: 90d
   | ^^
   |
   = help: replace it with an ordinary space
"
    );
}

#[test]
fn blanks_that_are_none_to_yaml() {
    let rule = key_age("maxAge: 90d\nexclude: [lab-1]").replace("gateway-west", "\"*\"");
    for (blank, name) in [
        ('\u{a0}', "no-break space (U+00A0)"),
        ('\u{202f}', "narrow no-break space (U+202F)"),
        ('\u{2003}', "wide or narrow space (U+2003)"),
        ('\u{3000}', "wide or narrow space (U+3000)"),
        ('\u{200b}', "character without width (U+200B)"),
    ] {
        let instead =
            |of: &str, by: &str| error_of(&rule.replace(of, &by.replace('~', &blank.to_string())));
        let wants = format!("a {name} stands where YAML wants a space");
        assert_eq!(instead("  maxAge", "~ maxAge"), [format!("26:1 {wants}")]);
        assert_eq!(instead("  maxAge", " ~maxAge"), [format!("26:2 {wants}")]);
        assert_eq!(
            instead("maxAge: 90d", "maxAge:~90d"),
            [format!("26:10 {wants}")]
        );
        assert_eq!(
            instead("maxAge: 90d", "maxAge~: 90d"),
            [format!("26:9 {wants}")]
        );
        let note = format!("this line holds a {name} in column 14");
        let told = shown_after_base(&rule.replace("90d", &format!("90d{blank}")));
        assert!(told.contains(&note), "{told}");
    }
    let told = shown_after_base(&rule.replace("kind: KeyAge", "kind: KeyAge\u{a0}"));
    assert!(
        told.contains("this line holds a no-break space (U+00A0) in column 13"),
        "{told}"
    );
    let job = job_run("job: {name: \"nightly\u{a0}\"}\nrequire: running");
    assert_eq!(
        error_of(&job),
        ["25:15 this text ends with a no-break space (U+00A0), which nobody sees"]
    );
    let inside = job_run("job: {name: \"nightly\u{a0}sales\"}\nrequire: running");
    assert!(warnings_after_base(&inside).trim().is_empty());
}

#[test]
fn a_value_that_needs_quotes() {
    for (line, message, quoted) in [
        (
            "name: [dev someone] nightly",
            "a value that begins with `[` is a list, and more text follows it",
            "[dev someone] nightly",
        ),
        (
            "name: {env} nightly",
            "a value that begins with `{` is a mapping, and more text follows it",
            "{env} nightly",
        ),
        (
            "name: *-west",
            "a value that begins with `*` is an alias",
            "*-west",
        ),
        (
            "name: &x y: z",
            "a colon and a space inside a value begin a mapping",
            "&x y: z",
        ),
        ("name: @daily", "a value cannot begin with `@`", "@daily"),
        ("name: `x` y", "a value cannot begin with ```", "`x` y"),
        ("name: %x", "a value cannot begin with `%`", "%x"),
        (
            "name: |nightly",
            "a value that begins with `|` or `>` is a block of lines",
            "|nightly",
        ),
        (
            "name: nightly: sales",
            "a colon and a space inside a value begin a mapping",
            "nightly: sales",
        ),
        (
            "name: \"nightly\" sales",
            "text stands behind the closing quote",
            "nightly sales",
        ),
        (
            "name: - nightly",
            "a list item cannot stand on the line of its key",
            "- nightly",
        ),
    ] {
        let told = shown_after_base(&job_run(&format!("job:\n  {line}\nrequire: running")));
        assert!(
            told.contains(&format!("error: this is not YAML: {message}\n")),
            "{line}\n{told}"
        );
        let help = format!("= help: put the whole value in quotes: `\"{quoted}\"`");
        assert!(told.contains(&help), "{line}\n{told}");
    }
    for line in [
        "job: {name: [dev a] nightly}",
        "job: {name: [dev a] nightly, id: 5}",
    ] {
        let told = shown_after_base(&job_run(&format!("{line}\nrequire: running")));
        assert!(told.contains("`\"[dev a] nightly\"`"), "{told}");
    }
    let told = shown_after_base(&key_age("exclude: [*-west]\nmaxAge: 90d"));
    assert!(
        told.contains("is an alias") && told.contains("`\"*-west\"`"),
        "{told}"
    );
    let told = shown_after_base(&job_run("job: {name: [nightly, sales]}\nrequire: running"));
    assert!(told.contains("`\"[nightly, sales]\"`"), "{told}");
    let told = shown_after_base(&job_run("job:\n  name:nightly\nrequire: running"));
    assert!(told.contains("write a space after the colon"), "{told}");
    // An address has its colon where it belongs.
    let told = shown_after_base(&job_run(
        "job: https://adb-1.azuredatabricks.net/jobs/7\nrequire: running",
    ));
    assert!(
        told.contains("`job` wants") && !told.contains("a space after"),
        "{told}"
    );
}

#[test]
fn a_secret_is_not_repeated_where_it_needs_quotes() {
    for parameters in ["db_password: [hunter2] x", "db_password:\n    [hunter2] x"] {
        let document = job_run(&format!(
            "job: {{id: 1}}\nrequire: running\nparameters:\n  {parameters}"
        ));
        let told = shown_after_base(&document);
        assert!(
            told.contains("in quotes\n") && !told.contains("hunter2"),
            "{told}"
        );
    }
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let units = text.encode_utf16();
    units
        .flat_map(|unit| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        })
        .collect()
}

#[test]
fn a_file_that_is_not_utf8_but_unicode() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    let text = BASE.trim_end_matches("---\n");
    for little in [true, false] {
        for (mark, name) in [
            ("", "UTF-16 without a byte order mark"),
            ("\u{feff}", "UTF-16"),
        ] {
            std::fs::write(&file, utf16(&format!("{mark}{text}"), little)).unwrap();
            for path in [file.as_path(), folder.path()] {
                let told = crate::manifest::read(&[path.to_owned()]).unwrap_err();
                let told = rows(&told);
                let all = told.as_array().unwrap();
                assert_eq!(all.len(), 1, "{told}");
                let message = all[0]["message"].as_str().unwrap();
                assert!(
                    message.ends_with(&format!("a.yaml` is saved as {name}")),
                    "{message}"
                );
            }
        }
    }
    std::fs::write(&file, text).unwrap();
    for foreign in ["apiVersion: apps/v1\nkind: Deployment\n", "a: ä\n"] {
        std::fs::write(folder.path().join("b.yaml"), utf16(foreign, true)).unwrap();
        assert!(crate::manifest::read(&[folder.path().to_owned()]).is_ok());
    }
    std::fs::write(folder.path().join("b.yaml"), b"a: \xe9\n").unwrap();
    assert!(crate::manifest::read(&[folder.path().to_owned()]).is_ok());
}

#[test]
fn what_a_document_that_cannot_be_read_may_hold_is_not_missed() {
    let text = format!("{BASE}apiVersion: afresh/v1\n{}", key_age("maxAge: 90d"));
    assert!(read_text(&text).is_ok());
    for (readable, broken) in [
        ("  resourceGroup: rg-data", "\tresourceGroup: rg-data"),
        ("  resourceGroup: rg-data", " \tresourceGroup: [rg-data"),
        ("  resourceGroup: rg-data", "  resourceGroup: [rg-data"),
        ("spec: {}", "spec: {"),
        ("spec:\n  subscription", "%YAML 1.1\nspec:\n  subscription"),
    ] {
        let told = told(&text.replace(readable, broken));
        let follows = told.iter().any(|one| one.contains("there is no"));
        assert!(!told.is_empty() && !follows, "{broken}: {told:?}");
    }
    let wrong = text.replace("factory: ingest", "factory: elsewhere");
    assert_eq!(told(&wrong), ["24:12 there is no DataFactory `elsewhere`"]);
}
