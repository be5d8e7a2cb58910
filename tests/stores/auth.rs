//! `afresh auth` about a ledger in a blob: the built binary against a real emulator.

use std::process::{Command, Output};

use super::blob::given;

/// `afresh auth` for a project whose ledger is this blob and that has no connection.
fn auth(address: &str, key: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "apiVersion: afresh/v1\nkind: Project\nmetadata: {{name: lab}}\nspec: {{ledger: {{blob: \"{address}\"}}}}\n"
    );
    std::fs::write(folder.path().join("afresh.yaml"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_afresh"));
    command
        .args(["auth", "."])
        .current_dir(folder.path())
        .env_clear()
        .env("AZURE_STORAGE_KEY", key)
        .env("AFRESH_ALLOW_LOOPBACK", "1")
        .output()
        .unwrap()
}

#[test]
fn the_ledger_says_who_reads_and_appends_to_it() {
    let Some(container) = given("AFRESH_TEST_BLOB") else {
        return;
    };
    let key = given("AZURE_STORAGE_KEY").unwrap_or_default();
    let address = format!("{container}/auth.jsonl");
    let output = auth(&address, &key);
    let said = String::from_utf8_lossy(&output.stdout);
    let told = format!(
        "ledger: the ledger {address}\n  credential  environment (AZURE_STORAGE_KEY)\n  until       not told by the token\n  \
         plan        yes      Storage Blob Data Reader\n  apply       yes      Storage Blob Data Contributor\n\
         Signed in to 1 of 1.  Plan: no right is missing.  Apply: no right is missing.\n"
    );
    assert_eq!(said, told, "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_ledger_that_takes_no_key_of_ours_lets_nobody_in() {
    let Some(container) = given("AFRESH_TEST_BLOB") else {
        return;
    };
    let output = auth(&format!("{container}/auth.jsonl"), "bm90IHRoZSBrZXk=");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("  no sign-in  cannot read the ledger"),
        "{said}"
    );
    assert!(!said.contains("bm90"), "{said}");
}
