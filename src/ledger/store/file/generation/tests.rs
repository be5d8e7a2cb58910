use std::collections::BTreeMap;

use super::super::super::{Position, Store};
use super::super::FileStore;
use super::*;

fn place() -> (tempfile::TempDir, FileStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path().join("ledger.jsonl"));
    (folder, store)
}

/// What lies beside the lock, by its name.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let read = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        (name, text)
    };
    let is_lock = |name: &str| Path::new(name).extension() == Some("lock".as_ref());
    entries
        .map(read)
        .filter(|(name, _)| !is_lock(name))
        .collect()
}

fn are(wanted: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    wanted.iter().map(owned).collect()
}

async fn appended(store: &FileStore, line: &str) -> Position {
    let end = store.read(Position::default()).await.unwrap().position;
    store.append(end, line.into()).await.unwrap()
}

#[tokio::test]
async fn a_person_keeps_every_generation_and_a_ledger_that_compacts_itself_the_last_one() {
    let (folder, store) = place();
    appended(&store, "{1}\n").await;
    for number in 2..4 {
        let end = appended(&store, "{}\n").await;
        let next = format!("{{{number}}}\n");
        let (_, kept) = store.replace(end, next.into()).await.unwrap();
        assert!(
            kept.ends_with(&format!("ledger.jsonl.{}", number - 1)),
            "{kept}"
        );
    }
    for number in 4..7 {
        let end = appended(&store, "{}\n").await;
        let next = format!("{{{number}}}\n");
        let (_, kept) = store.supersede(end, next.into()).await.unwrap();
        assert!(kept.ends_with("ledger.jsonl.older"), "{kept}");
    }
    let wanted = are(&[
        ("ledger.jsonl", "{6}\n"),
        ("ledger.jsonl.1", "{1}\n{}\n"),
        ("ledger.jsonl.2", "{2}\n{}\n"),
        ("ledger.jsonl.older", "{5}\n{}\n"),
    ]);
    assert_eq!(files(folder.path()), wanted);
}

/// How far a process came that died while the ledger compacted itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Died {
    Written,
    Named,
    /// On a file system without hard links.
    Copied,
    Placed,
    PassedOn,
}

/// Does the steps up to that one, as [`begin`] does them.
fn die(path: &Path, folder: &Path, next: &str, at: Died) {
    let written = written(next.as_bytes(), &fs::metadata(path).unwrap(), folder);
    let next = written.ok().unwrap();
    finish(path).unwrap();
    let passing = passing(path);
    match at {
        Died::Written => {}
        Died::Copied => copied(path, folder, &passing).unwrap(),
        Died::Named | Died::Placed | Died::PassedOn => {
            second_name(path, folder, &passing).unwrap();
        }
    }
    if at < Died::Placed {
        next.keep().unwrap();
        return;
    }
    put(next, path, folder).unwrap();
    if at == Died::PassedOn {
        pass_on(path).unwrap();
    }
}

#[tokio::test]
async fn wherever_a_process_dies_both_generations_are_whole_and_the_ledger_goes_on() {
    for at in [
        Died::Written,
        Died::Named,
        Died::Copied,
        Died::Placed,
        Died::PassedOn,
    ] {
        let (folder, store) = place();
        let path = store.path();
        appended(&store, "{1}\n").await;
        let end = appended(&store, "{}\n").await;
        store.supersede(end, b"{2}\n".to_vec()).await.unwrap();
        appended(&store, "{20}\n").await;
        die(path, folder.path(), "{3}\n", at);
        let (present, before) = if at < Died::Placed {
            ("{2}\n{20}\n", "{1}\n{}\n")
        } else {
            ("{3}\n", "{2}\n{20}\n")
        };
        let left = files(folder.path());
        assert_eq!(left["ledger.jsonl"], present, "{at:?}");
        assert!(left.values().any(|text| text == before), "{at:?}: {left:?}");
        // Who comes next appends, and compacts it in turn: then the last two are there, and nothing in between.
        let end = appended(&store, "{30}\n").await;
        let (_, kept) = store.supersede(end, b"{4}\n".to_vec()).await.unwrap();
        assert!(kept.ends_with("ledger.jsonl.older"), "{at:?}: {kept}");
        let mut left = files(folder.path());
        left.retain(|name, _| !name.starts_with(".afresh-ledger-"));
        let wanted = [
            ("ledger.jsonl", "{4}\n"),
            ("ledger.jsonl.older", &format!("{present}{{30}}\n")),
        ];
        assert_eq!(left, are(&wanted), "{at:?}");
    }
}

/// One that did not get as far as the name that stays, and a person who compacted it next.
#[tokio::test]
async fn what_a_process_that_died_left_is_kept_if_it_is_a_generation_of_its_own() {
    let (folder, store) = place();
    appended(&store, "{1}\n").await;
    die(store.path(), folder.path(), "{2}\n", Died::Placed);
    let end = appended(&store, "{}\n").await;
    // Here nothing is known of the passing name, as in an older afresh.
    let (end, _) = store.replace(end, b"{3}\n".to_vec()).await.unwrap();
    finish(store.path()).unwrap();
    assert_eq!(store.read(Position::default()).await.unwrap().position, end);
    let wanted = are(&[
        ("ledger.jsonl", "{3}\n"),
        ("ledger.jsonl.1", "{2}\n{}\n"),
        ("ledger.jsonl.older", "{1}\n"),
    ]);
    assert_eq!(files(folder.path()), wanted);
}

/// `ledger.jsonl.1` as a second name of the ledger that is still in use.
#[tokio::test]
async fn a_person_s_compaction_that_died_halfway_is_in_nobodys_way() {
    let (folder, store) = place();
    appended(&store, "{1}\n").await;
    let left = numbered(store.path(), folder.path()).unwrap();
    fs::write(folder.path().join(".afresh-ledger-x"), "{9}").unwrap();
    let end = appended(&store, "{2}\n").await;
    let (end, kept) = store.replace(end, b"{3}\n".to_vec()).await.unwrap();
    assert_ne!(kept, left.display().to_string());
    assert_eq!(fs::read(kept).unwrap(), b"{1}\n{2}\n");
    store.append(end, b"{4}\n".to_vec()).await.unwrap();
    let stored = store.read(Position::default()).await.unwrap();
    assert_eq!(stored.bytes, b"{3}\n{4}\n");
}

/// What stands in the way is named, and everything is as it was.
#[tokio::test]
async fn a_compaction_that_cannot_be_done_changes_nothing() {
    let (folder, store) = place();
    let end = appended(&store, "{1}\n").await;
    fs::create_dir(passing(store.path())).unwrap();
    let refused = store.supersede(end, b"{2}\n".to_vec()).await.unwrap_err();
    let told = format!("{refused:?}");
    assert!(
        told.contains("ledger.jsonl.older.next: it is a folder"),
        "{told}"
    );
    fs::remove_dir(passing(store.path())).unwrap();
    assert_eq!(files(folder.path()), are(&[("ledger.jsonl", "{1}\n")]));
    // The name that stays is in the way: the generation before is kept under the other one.
    fs::create_dir(beside(store.path(), ".older")).unwrap();
    let (end, kept) = store.supersede(end, b"{2}\n".to_vec()).await.unwrap();
    assert_eq!(fs::read(&kept).unwrap(), b"{1}\n");
    let refused = store.supersede(end, b"{3}\n".to_vec()).await;
    refused.unwrap_err();
    assert_eq!(fs::read(&kept).unwrap(), b"{1}\n");
    assert_eq!(fs::read(store.path()).unwrap(), b"{2}\n");
}

#[cfg(unix)]
#[tokio::test]
async fn who_may_read_it_may_read_its_next_generations_too() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    let (_folder, store) = place();
    let known = || {
        let known = fs::metadata(store.path()).unwrap();
        (known.mode() & 0o777, known.uid(), known.gid())
    };
    let end = appended(&store, "{1}\n").await;
    let (_, user, group) = known();
    fs::set_permissions(store.path(), fs::Permissions::from_mode(0o640)).unwrap();
    let (end, _) = store.replace(end, b"{2}\n".to_vec()).await.unwrap();
    assert_eq!(known(), (0o640, user, group));
    // Only root may give it to somebody else, and can try this.
    let given = chown(store.path(), Some(user + 1), Some(group + 1)).is_ok();
    let (user, group) = if given {
        (user + 1, group + 1)
    } else {
        (user, group)
    };
    let (_, kept) = store.supersede(end, b"{3}\n".to_vec()).await.unwrap();
    assert_eq!(known(), (0o640, user, group));
    assert_eq!(fs::metadata(kept).unwrap().uid(), user);
}

/// A link that somebody put there is not followed: what it leads to stays as it is.
#[cfg(unix)]
#[tokio::test]
async fn a_link_where_a_generation_is_to_stay_is_not_followed() {
    let (folder, store) = place();
    let precious = folder.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    for name in [".1", ".older", ".older.next"] {
        std::os::unix::fs::symlink(&precious, beside(store.path(), name)).unwrap();
    }
    let end = appended(&store, "{1}\n").await;
    let (end, kept) = store.replace(end, b"{2}\n".to_vec()).await.unwrap();
    assert!(kept.ends_with("ledger.jsonl.2"), "{kept}");
    store.supersede(end, b"{3}\n".to_vec()).await.unwrap();
    assert_eq!(fs::read(&precious).unwrap(), b"precious");
    assert_eq!(fs::read(store.path()).unwrap(), b"{3}\n");
    let older = beside(store.path(), ".older");
    assert!(!older.is_symlink());
    assert_eq!(fs::read(older).unwrap(), b"{2}\n");
}
