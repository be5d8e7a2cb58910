use proptest::prelude::*;

use super::*;
use crate::ledger::testing::event;

fn intended() -> String {
    let print = "a".repeat(64);
    format!(
        r#"{{"v":1,"event":"intended","identity":"runtime:/subscriptions/s/rg","address":"ingest/gateway-west","intent":"i1","apply":"a1","move":{{"do":"regenerate","slot":"authKey1","replacing":"{print}","beside":"{print}"}},"at":"2026-11-22T09:00:00Z","actBy":"2026-11-22T09:02:00Z"}}"#
    )
}

#[test]
fn a_line_is_what_its_schema_shows() {
    let events = read((intended() + "\n").as_bytes(), 0).unwrap();
    assert_eq!(events[0].line().unwrap(), intended() + "\n");
}

#[test]
fn unknown_fields_are_left_alone() {
    let line = intended().replace(r#""v":1,"#, r#""v":1,"mood":{"a":[1]},"#) + "\n";
    assert_eq!(read(line.as_bytes(), 0).unwrap().len(), 1);
}

#[test]
fn a_newer_ledger_is_not_guessed_at() {
    let events = format!(
        "{}\n{}\n",
        intended(),
        r#"{"v":1,"event":"moved","from":"a"}"#
    );
    assert_eq!(
        read(events.as_bytes(), 0),
        Err(ReadError::Newer {
            line: 2,
            what: "event `moved`".to_owned()
        })
    );
    let line = intended().replace(r#""v":1"#, r#""v":2"#) + "\n";
    let error = read(line.as_bytes(), 7).unwrap_err().to_string();
    assert!(
        error.starts_with("line 8 was written by a newer afresh (version 2)"),
        "{error}"
    );
}

#[test]
fn a_damaged_line_in_the_middle_is_said_and_not_skipped() {
    let text = format!("{}\nrubbish\n{}\n", intended(), intended());
    let error = read(text.as_bytes(), 0).unwrap_err();
    assert!(
        matches!(error, ReadError::Damaged { line: 2, .. }),
        "{error}"
    );
    let text = intended().replace(&"a".repeat(64), "secret") + "\n";
    let error = read(text.as_bytes(), 0).unwrap_err().to_string();
    assert!(error.contains("`secret` is not a fingerprint"), "{error}");
}

#[test]
fn a_torn_last_line_is_not_data() {
    let whole = intended() + "\n";
    let torn = whole.clone() + &intended()[..50];
    assert_eq!(read(torn.as_bytes(), 0), read(whole.as_bytes(), 0));
}

#[test]
fn what_an_editor_or_a_second_ledger_made_of_it_is_said() {
    let opened = |name: &str| {
        format!(
            "{{\"v\":1,\"event\":\"opened\",\"lineage\":\"{name}\",\"at\":\"2026-11-22T09:00:00Z\",\"tool\":\"afresh 0.1.0\"}}\n"
        )
    };
    let marked = format!("\u{feff}{}", opened("a"));
    assert_eq!(read(marked.as_bytes(), 0), Err(ReadError::Encoded));
    let wide: Vec<u8> = std::iter::once(0xfeff)
        .chain(opened("a").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(read(&wide, 0), Err(ReadError::Encoded));
    let two = opened("a") + &intended() + "\n\n" + &opened("b");
    let lineage = "b".to_owned();
    assert_eq!(
        read(two.as_bytes(), 0),
        Err(ReadError::Two { line: 4, lineage })
    );
    let again = opened("a") + &opened("a");
    assert_eq!(read(again.as_bytes(), 0).map(|events| events.len()), Ok(2));
}

/// Whoever removed it would get a ledger of another name.
#[test]
fn the_line_that_names_the_ledger_is_not_to_be_removed() {
    let text = format!("\n{{\"v\":1,\"event\":\"opened\"}}\n{}\n", intended());
    let error = read(text.as_bytes(), 0).unwrap_err();
    assert!(
        matches!(error, ReadError::Unnamed { line: 2, .. }),
        "{error}"
    );
    // What comes behind lines that were read before names nothing.
    let error = read(b"rubbish\n", 1).unwrap_err();
    assert!(
        matches!(error, ReadError::Damaged { line: 2, .. }),
        "{error}"
    );
}

#[test]
fn a_move_of_a_later_version_is_not_called_damaged() {
    let later = intended().replace("\"regenerate\"", "\"rotateBoth\"") + "\n";
    assert_ne!(later, intended() + "\n");
    assert!(matches!(
        read(later.as_bytes(), 0),
        Err(ReadError::Newer { line: 1, .. })
    ));
}

#[test]
fn the_published_schema_is_the_one_that_is_written() {
    let published: serde_json::Value =
        serde_json::from_str(include_str!("../../../schema/events.json")).unwrap();
    assert_eq!(
        published,
        schema(),
        "run: afresh schema events > schema/events.json"
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read_again_and_fits_the_schema(event in event()) {
        let line = event.line().unwrap();
        prop_assert_eq!(line.matches('\n').count(), 1);
        let value = serde_json::from_str(&line).unwrap();
        prop_assert!(validator().is_valid(&value), "{}", line);
        prop_assert_eq!(read(line.as_bytes(), 0), Ok(vec![event]));
    }
}

fn validator() -> &'static jsonschema::Validator {
    static VALIDATOR: std::sync::LazyLock<jsonschema::Validator> =
        std::sync::LazyLock::new(|| jsonschema::validator_for(&schema()).unwrap());
    &VALIDATOR
}
