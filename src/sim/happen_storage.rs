//! What happens meanwhile to storage accounts. It can happen only to what exists.

use jiff::Timestamp;

use super::account::Account;
use super::happen::OPERATOR;
use super::key::Pair;
use super::meanwhile::MoveAccount;
use super::world::World;

/// Where an account is: subscription, account.
type Place = (usize, usize);

impl World {
    pub(super) fn account_named(&mut self, name: &str) -> Result<&mut Account, String> {
        let (subscription, account) = self.account_place(name)?;
        Ok(&mut self.subscriptions[subscription].storage_accounts[account])
    }

    fn account_place(&self, name: &str) -> Result<Place, String> {
        for (place, subscription) in self.subscriptions.iter().enumerate() {
            let mut accounts = subscription.storage_accounts.iter();
            let own = accounts.position(|one| one.name.eq_ignore_ascii_case(name));
            if let Some(own) = own {
                return Ok((place, own));
            }
        }
        Err(format!("there is no storage account `{name}`"))
    }

    /// Takes an account out of the world and leaves its log. Gives the account, and where it was.
    pub(super) fn delete_account(
        &mut self,
        name: &str,
        at: Timestamp,
    ) -> Result<(usize, Account), String> {
        let (subscription, place) = self.account_place(name)?;
        let deleted = self.making(&format!("storage:{name} deleted"), at, OPERATOR);
        let own = &mut self.subscriptions[subscription];
        let account = own.storage_accounts.remove(place);
        let mut past = account.clone().until(at);
        past.deleted = Some(deleted);
        own.gone_accounts.push(past);
        Ok((subscription, account))
    }

    pub(super) fn recreate_account(&mut self, name: &str, at: Timestamp) -> Result<(), String> {
        let (subscription, old) = self.delete_account(name, at)?;
        let made = self.making(&format!("storage:{name}"), at, OPERATOR);
        let account = Account {
            created: at,
            life: old.life.saturating_add(1),
            keys: Pair::new(&made),
            ..old
        };
        let own = &mut self.subscriptions[subscription];
        own.storage_accounts.push(account);
        Ok(())
    }

    pub(super) fn move_account(&mut self, what: &MoveAccount, at: Timestamp) -> Result<(), String> {
        let (from, place) = self.account_place(&what.storage_account)?;
        let into = match &what.subscription {
            None => from,
            Some(id) => self.subscription_place(id)?,
        };
        let past = self.subscriptions[from].storage_accounts.remove(place);
        let mut moved = past.clone();
        if let Some(group) = &what.resource_group {
            moved.resource_group.clone_from(group);
        }
        // The log of what was stays where it was written.
        moved.keys.silence(at);
        self.subscriptions[from].gone_accounts.push(past.until(at));
        self.subscriptions[into].storage_accounts.push(moved);
        Ok(())
    }
}
