//! Paths in any order, stdin, and a part of a whole.

use std::path::{Path, PathBuf};

use super::*;
use crate::manifest::{Input, check, read};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn rule(fields: &str) -> String {
    format!("apiVersion: afresh/v1\n{}", key_age(fields))
}

fn outcome(paths: &[PathBuf]) -> String {
    match read(paths) {
        Ok(manifests) => format!("{} rules", manifests.desired.key_ages.len()),
        Err(problems) => problems.render(false),
    }
}

#[test]
fn it_does_not_matter_in_which_order_paths_are_given_or_how_often() {
    let good = rule("maxAge: 90d");
    let broken = good.replace("90d", "90");
    for rules in [&good, &broken] {
        let folder = folder(&[
            ("a.yaml", BASE),
            ("below/r.yaml", rules),
            ("world.yaml", "clock: x\n"),
        ]);
        let whole = folder.path().to_owned();
        let at = |name: &str| folder.path().join(name);
        let once = outcome(std::slice::from_ref(&whole));
        for paths in [
            vec![whole.clone(), at("a.yaml")],
            vec![at("a.yaml"), whole.clone()],
            vec![at("below"), whole.clone()],
            vec![whole.clone(), at("below")],
            vec![at("a.yaml"), at("a.yaml"), at("below/r.yaml")],
            vec![at("below/r.yaml"), at("a.yaml")],
            vec![whole.clone(), whole.clone(), at("below/../a.yaml")],
        ] {
            assert_eq!(outcome(&paths), once, "{paths:?}");
        }
        let both = [
            vec![whole.clone(), at("world.yaml")],
            vec![at("world.yaml"), whole],
        ];
        assert_eq!(outcome(&both[0]), outcome(&both[1]));
        assert!(outcome(&both[0]).contains("the field `apiVersion` is missing"));
    }
    let folder = folder(&[("a.yaml", BASE), ("empty/x.txt", "")]);
    let paths = [folder.path().to_owned(), folder.path().join("empty")];
    assert!(outcome(&paths).contains("no manifest in `"));
}

fn checked(named: &[&Path], stdin: Option<&str>, with: &[&Path]) -> Result<usize, String> {
    let owned = |paths: &[&Path]| paths.iter().map(|path| (*path).to_owned()).collect();
    let input = Input {
        paths: owned(named),
        stdin: stdin.map(|text| text.as_bytes().to_owned()),
        with: owned(with),
        ..Input::default()
    };
    check(&input)
        .map(|checked| checked.basis.documents)
        .map_err(|problems| problems.render(false))
}

#[test]
fn a_part_is_checked_with_what_it_refers_to() {
    let good = rule("maxAge: 90d");
    let folder = folder(&[
        ("a.yaml", BASE),
        ("r.yaml", &good),
        ("b/broken.yaml", "apiVersion: afresh/v1\nkind: Nonsense\n"),
    ]);
    let at = |name: &str| folder.path().join(name);
    let (whole, r) = (folder.path(), at("r.yaml"));
    assert!(
        checked(&[&r], None, &[])
            .is_err_and(|told| told.contains("there is no DataFactory `ingest`"))
    );
    assert_eq!(checked(&[&r], None, &[whole]), Ok(1));
    assert_eq!(checked(&[&r], None, &[&at("a.yaml")]), Ok(1));
    assert_eq!(checked(&[], Some(&good), &[&at("a.yaml")]), Ok(1));
    let stdin = checked(&[], Some(&good.replace("90d", "90")), &[&at("a.yaml")]).unwrap_err();
    assert!(
        stdin.contains("--> <stdin>:7:11") && !stdin.contains("Nonsense"),
        "{stdin}"
    );
    let missing = checked(&[&r], None, &[&at("none")]).unwrap_err();
    assert!(missing.contains("none` does not exist"), "{missing}");
    let dangling = checked(&[], Some(&good.replace("ingest", "ingset")), &[whole]).unwrap_err();
    assert!(dangling.contains("did you mean `ingest`?"), "{dangling}");
    let twice = checked(&[], Some(&good), &[whole]).unwrap_err();
    assert!(
        twice.contains("two KeyAge documents are called `rule`"),
        "{twice}"
    );
}

#[test]
fn a_reference_to_a_broken_document_elsewhere_is_no_problem_of_the_part() {
    let broken = BASE.replace(
        "subscription: 12345678-1234-1234-1234-1234567890ab",
        "subscription: x",
    );
    let folder = folder(&[("a.yaml", &broken), ("r.yaml", &rule("maxAge: 90d"))]);
    let r = folder.path().join("r.yaml");
    assert_eq!(checked(&[&r], None, &[folder.path()]), Ok(1));
    assert!(checked(&[folder.path()], None, &[]).is_err());
}

#[test]
fn stdin_alone_is_a_whole() {
    let whole = format!("{BASE}{}", rule("maxAge: 90d"));
    assert_eq!(checked(&[], Some(&whole), &[]), Ok(4));
    assert!(
        checked(&[], Some(""), &[]).is_err_and(|told| told.contains("`<stdin>` holds no document"))
    );
}
