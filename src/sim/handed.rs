//! Which keys lie in secrets: what a test compares a hand-off with.

use std::collections::BTreeMap;

use super::secret::State;
use super::world::World;

/// The names of the two keys of a runtime, and of an account.
const RUNTIME_KEYS: [&str; 2] = ["authKey1", "authKey2"];
const ACCOUNT_KEYS: [&str; 2] = ["key1", "key2"];

impl World {
    /// For each secret that is there, by `vault/secret`: the keys that consumers get from its newest version, as they are now:
    /// `adf/gateway-0#authKey1`. None: it holds no key that is still good.
    pub fn keys_in_secrets(&self) -> BTreeMap<String, Vec<String>> {
        let (root, now) = (self.root(), self.clock.now());
        let keys = self.live_keys();
        let mut all = BTreeMap::new();
        for vault in &self.vaults {
            for secret in &vault.secrets {
                if vault.state(secret, now) != State::Present {
                    continue;
                }
                let newest = secret.versions.last().filter(|version| version.enabled);
                let value = newest.map(|version| version.value(&root));
                let held = keys.iter().filter(|(_, key)| Some(key) == value.as_ref());
                let held = held.map(|(name, _)| name.clone()).collect();
                all.insert(format!("{}/{}", vault.name, secret.name), held);
            }
        }
        all
    }

    fn live_keys(&self) -> Vec<(String, String)> {
        let (root, now) = (self.root(), self.clock.now());
        let mut all = Vec::new();
        for subscription in &self.subscriptions {
            for factory in &subscription.factories {
                for runtime in &factory.runtimes {
                    for (slot, key) in RUNTIME_KEYS.iter().enumerate() {
                        let name = format!("{}/{}#{key}", factory.name, runtime.name);
                        let value = self.key_value(&subscription.id, factory, runtime, slot, now);
                        all.push((name, value));
                    }
                }
            }
            for account in &subscription.storage_accounts {
                for (slot, key) in ACCOUNT_KEYS.iter().enumerate() {
                    let name = format!("storage:{}#{key}", account.name);
                    all.push((name, account.key_value(&root, slot, now)));
                }
            }
        }
        all
    }
}
