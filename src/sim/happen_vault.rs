//! What happens meanwhile to secrets of key vaults. It can happen only to what exists.

use jiff::Timestamp;

use super::meanwhile::{DisableSecret, OneSecret, WriteSecret};
use super::secret::{Secret, State, Vault};
use super::times::after;
use super::vault::place_of;
use super::world::World;

impl World {
    /// Somebody else writes a new version, or the first one.
    pub(super) fn write_secret(&mut self, what: &WriteSecret, at: Timestamp) -> Result<(), String> {
        let root = self.root();
        let vault = self.vault_named(&what.vault)?;
        let state = vault.secret(&what.secret).map(|one| vault.state(one, at));
        let is_free = matches!(state, None | Some(State::Present | State::Absent));
        if !is_free {
            return Err(format!(
                "the secret `{}` is deleted, so that it cannot be written",
                what.secret
            ));
        }
        let (name, place) = (vault.name.clone(), place_of(vault, &what.secret));
        let secret = &mut vault.secrets[place];
        if state == Some(State::Absent) {
            secret.purge();
        }
        let made = secret.make(&root, &name, at);
        made.enabled = what.enabled;
        made.content_type.clone_from(&what.content_type);
        made.tags.clone_from(&what.tags);
        made.expires = what.expires_in.map(|span| after(at, span.0).as_second());
        Ok(())
    }

    /// A version is no longer given out.
    pub(super) fn disable_secret(
        &mut self,
        what: &DisableSecret,
        at: Timestamp,
    ) -> Result<(), String> {
        let secret = self.secret_in(&what.vault, &what.secret, at, State::Present)?;
        let mut versions = secret.versions.iter_mut().rev();
        let version = versions.nth(what.back);
        let version = version.ok_or("it does not have so many versions")?;
        (version.enabled, version.updated) = (false, at);
        Ok(())
    }

    pub(super) fn delete_secret(&mut self, what: &OneSecret, at: Timestamp) -> Result<(), String> {
        let secret = self.secret_in(&what.vault, &what.secret, at, State::Present)?;
        (secret.deleted, secret.recovered) = (Some(at), None);
        Ok(())
    }

    pub(super) fn recover_secret(&mut self, what: &OneSecret, at: Timestamp) -> Result<(), String> {
        let secret = self.secret_in(&what.vault, &what.secret, at, State::Deleted)?;
        (secret.deleted, secret.recovered) = (None, Some(at));
        Ok(())
    }

    pub(super) fn purge_secret(&mut self, what: &OneSecret, at: Timestamp) -> Result<(), String> {
        let secret = self.secret_in(&what.vault, &what.secret, at, State::Deleted)?;
        secret.purge();
        Ok(())
    }

    pub(super) fn vault_named(&mut self, name: &str) -> Result<&mut Vault, String> {
        let mut all = self.vaults.iter_mut();
        all.find(|one| one.name.eq_ignore_ascii_case(name))
            .ok_or_else(|| format!("there is no vault `{name}`"))
    }

    /// The secret of this name, if that has become of it.
    fn secret_in(
        &mut self,
        vault: &str,
        name: &str,
        at: Timestamp,
        wanted: State,
    ) -> Result<&mut Secret, String> {
        let vault = self.vault_named(vault)?;
        let place = vault.secrets.place(&name.to_ascii_lowercase());
        let place = place.filter(|place| vault.state(&vault.secrets[*place], at) == wanted);
        let what = if wanted == State::Deleted {
            "deleted secret"
        } else {
            "secret"
        };
        place
            .and_then(|place| vault.secrets.get_mut(place))
            .ok_or_else(|| format!("there is no {what} `{name}`"))
    }
}
