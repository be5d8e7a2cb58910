//! From storage accounts as written to live ones. A name that Azure would not take is an error.

use super::account::Account;
use super::build_ground::{Ground, copies};
use super::build_keys;
use super::file::AccountFile;

/// All accounts that one entry of the file stands for. `at` is the subscription that they are in.
pub(crate) fn accounts(
    file: &AccountFile,
    at: &str,
    ground: &Ground,
) -> Result<Vec<Account>, String> {
    let mut all = Vec::new();
    // Names of accounts have no hyphens.
    copies(&file.name, "", file.copies, |name, _| {
        all.push(account(file, name, at, ground)?);
        Ok(())
    })?;
    Ok(all)
}

fn account(file: &AccountFile, name: String, at: &str, ground: &Ground) -> Result<Account, String> {
    let wrong = |what: String| format!("{at}.storageAccounts[{name}]: {what}");
    let is_usual = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    if !(3..=24).contains(&name.len()) || !name.bytes().all(is_usual) {
        return Err(wrong(
            "the name of a storage account is 3 to 24 of a-z and 0-9".to_owned(),
        ));
    }
    let files = [&file.key1, &file.key2];
    let place = [at, "storageAccounts", &name];
    let (created, keys) = build_keys::pair(file.created, files, &place, ground).map_err(wrong)?;
    Ok(Account {
        resource_group: file.resource_group.clone(),
        location: file.location.clone(),
        created,
        tags: file.tags.clone(),
        allow_shared_key_access: file.allow_shared_key_access,
        key_times: file.key_times,
        keys,
        forbidden: file.forbidden.clone(),
        life: 0,
        deleted: None,
        name,
    })
}
