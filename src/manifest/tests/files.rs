//! Files and folders.

use std::path::Path;

use super::*;
use crate::manifest::read;

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn shown_of(path: &Path) -> String {
    read(&[path.to_owned()])
        .expect_err("problems are wanted")
        .render(false)
}

#[test]
fn a_folder_is_read_with_all_below_and_without_what_is_not_ours() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.yaml", BASE);
    write(
        folder.path(),
        "below/b.yml",
        format!("apiVersion: afresh/v1\n{}", key_age("maxAge: 90d")),
    );
    write(
        folder.path(),
        "world.yaml",
        "clock: 2026-11-22T09:00Z\nfactories: {\n",
    );
    write(
        folder.path(),
        "values.yaml",
        "apiVersion: apps/v1\nkind: Deployment\n",
    );
    write(
        folder.path(),
        ".hidden/c.yaml",
        "apiVersion: afresh/v1\nkind: Nonsense\n",
    );
    write(folder.path(), "notes.txt", "{{{");
    let manifests = read(&[folder.path().to_owned()])
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    let desired = manifests.desired;
    assert_eq!(desired.key_ages.len(), 1);
    assert_eq!(
        desired.key_ages[0].place.file,
        folder.path().join("below/b.yml").display().to_string()
    );
    let again = [folder.path().to_owned(), folder.path().join("a.yaml")];
    assert!(
        read(&again).is_ok(),
        "a file that is named twice is read once"
    );
}

#[test]
fn what_was_meant_for_afresh_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.yaml", BASE);
    write(folder.path(), "b.yaml", key_age("maxAge: 90d"));
    assert!(shown_of(folder.path()).starts_with("error: the field `apiVersion` is missing"));
    write(
        folder.path(),
        "b.yaml",
        format!("apiVersion: afresh/v2\n{}", key_age("maxAge: 90d")),
    );
    let told = shown_of(folder.path());
    assert!(
        told.starts_with("error: `afresh/v2` is not a version that this afresh reads"),
        "{told}"
    );
    write(folder.path(), "b.yaml", "apiVersion: afresh/v1\nkind: {\n");
    assert!(shown_of(folder.path()).starts_with("error: this is not YAML"));
}

#[test]
fn a_broken_file_is_told_of_where_nothing_else_could_be_meant() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.yaml", "kind: {\n");
    assert!(shown_of(folder.path()).starts_with("error: this is not YAML"));
    write(folder.path(), "b.yaml", BASE);
    assert!(crate::manifest::read(&[folder.path().to_owned()]).is_ok());
}

#[test]
fn a_file_that_was_named_must_be_a_manifest() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "world.yaml", "clock: 2026-11-22T09:00Z\n");
    let told = shown_of(&folder.path().join("world.yaml"));
    assert!(told.contains("the field `apiVersion` is missing"), "{told}");
    write(folder.path(), "empty.yaml", "");
    let told = shown_of(&folder.path().join("empty.yaml"));
    assert!(told.contains("empty.yaml` holds no document"), "{told}");
}

#[test]
fn what_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    assert!(shown_of(folder.path()).starts_with("error: no manifest in `"));
    assert!(shown_of(&folder.path().join("missing")).contains("missing` does not exist\n"));
}

#[test]
fn what_is_not_utf8_is_told_with_the_first_bad_byte() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "a.yaml",
        b"apiVersion: afresh/v1\nkind: \xe9t\xe9\n",
    );
    let told = shown_of(folder.path());
    assert!(
        told.contains("a.yaml` is not UTF-8: byte 28 (0xe9) fits no character"),
        "{told}"
    );
    assert!(told.contains("a.yaml:2:7"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_leads_back_into_itself() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "below/a.yaml", BASE);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("below/up")).unwrap();
    let told = shown_of(folder.path());
    assert!(told.contains("below/up` leads back into itself"), "{told}");
}

#[test]
fn a_large_file_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("a.yaml")).unwrap();
    file.set_len(50 * 1024 * 1024 * 1024).unwrap();
    let before = std::time::Instant::now();
    assert!(shown_of(folder.path()).contains("a.yaml` is larger than 8 MB"));
    assert!(before.elapsed().as_millis() < 500);
}
