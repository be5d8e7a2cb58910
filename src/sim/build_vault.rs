//! From key vaults as written to live ones. A version made before the one in front of it, and a name that Azure would not take, are errors.

use super::build_ground::{Ground, unique};
use super::file::{SecretFile, SecretVersionFile, VaultFile};
use super::secret::{DAYS_MAX, Secret, Vault};
use super::vault::place_of;

/// The fewest days that a vault can keep a deleted secret.
const DAYS_MIN: u32 = 7;

pub(crate) fn vault(file: VaultFile, ground: &Ground) -> Result<Vault, String> {
    let wrong = |what: &str| format!("vaults[{}]: {what}", file.name);
    let is_usual = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-';
    if !(3..=24).contains(&file.name.len()) || !file.name.bytes().all(is_usual) {
        return Err(wrong(
            "the name of a vault is 3 to 24 letters, digits and hyphens",
        ));
    }
    let days = file.recoverable_days.unwrap_or(DAYS_MAX);
    if !(DAYS_MIN..=DAYS_MAX).contains(&days) {
        return Err(wrong("`recoverableDays` is 7 to 90"));
    }
    unique(
        &wrong("secrets"),
        file.secrets.iter().map(|one| one.name.as_str()),
    )?;
    let name = file.name.to_ascii_lowercase();
    let mut vault = Vault {
        id: format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.KeyVault/vaults/{name}",
            file.subscription, file.resource_group
        ),
        name,
        domain: file.domain,
        location: file.location,
        recoverable_days: days,
        purge_protection: file.purge_protection,
        access_policies: file.access_policies,
        forbidden: file.forbidden,
        secrets: Vec::new().into(),
    };
    for one in &file.secrets {
        secret(one, &mut vault, ground)?;
    }
    Ok(vault)
}

fn secret(file: &SecretFile, vault: &mut Vault, ground: &Ground) -> Result<(), String> {
    let name = &file.name;
    let at = format!("vaults[{}].secrets[{name}]", vault.name);
    let is_usual = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-';
    if !(1..=127).contains(&name.len()) || !name.bytes().all(is_usual) {
        return Err(format!(
            "{at}: the name of a secret is 1 to 127 letters, digits and hyphens"
        ));
    }
    let once = [SecretVersionFile::default()];
    let versions: &[SecretVersionFile] = match file.versions.as_slice() {
        [] => &once,
        all => all,
    };
    let deleted = file.deleted.map(|when| when.resolve(ground.beginning));
    let vault_name = vault.name.clone();
    let place = place_of(vault, name);
    let secret: &mut Secret = &mut vault.secrets[place];
    secret.forbidden.clone_from(&file.forbidden);
    let mut last = None;
    for one in versions {
        let created = one
            .created
            .map_or(ground.beginning, |when| when.resolve(ground.beginning));
        if last.is_some_and(|last| created < last)
            || deleted.is_some_and(|deleted| deleted < created)
            || created > ground.beginning
        {
            return Err(format!(
                "{at}: versions are in the order of their creation, which is past, and before the deletion"
            ));
        }
        last = Some(created);
        let time = |when: Option<super::times::When>| {
            when.map(|when| when.resolve(ground.beginning).as_second())
        };
        let version = secret.make(ground.root, &vault_name, created);
        version.enabled = one.enabled;
        version.expires = time(one.expires);
        version.not_before = time(one.not_before);
        version.content_type.clone_from(&one.content_type);
        version.tags.clone_from(&one.tags);
    }
    secret.deleted = deleted;
    Ok(())
}
