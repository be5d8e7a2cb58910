//! Ids of our own requests. The one of a regenerate tells later, from the Activity Log alone, which key it was.
//!
//! Azure's log says that *a* key of a runtime was regenerated, not which; but it keeps `x-ms-client-request-id`. Half of such an
//! id is random, the other half is a tag: SHA-256 over runtime, slot and the random half, cut off. Whoever knows the
//! runtime can compute the tag of both slots and compare. An id that fits neither is somebody else's.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::model::address::ResourceId;
use crate::model::runtime::Slot;

/// The tag's place in the 16 bytes; before it lies the nonce.
const TAG_AT: usize = 8;

/// An id for a request that needs none to be recognised.
pub(super) fn plain() -> Uuid {
    Uuid::new_v4()
}

/// An id for one `regenerateAuthKey` of `slot` of `runtime`: a UUID of version 8.
pub(super) fn marked(runtime: &ResourceId, slot: Slot) -> Uuid {
    let mut bytes = Uuid::new_v4().into_bytes();
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    let tag = tag(runtime, slot, &bytes[..TAG_AT]);
    bytes[TAG_AT..].copy_from_slice(&tag);
    Uuid::from_bytes(bytes)
}

/// Which slot of `runtime` a request with this id regenerated, if the id is one of ours.
pub(super) fn slot_of(id: Uuid, runtime: &ResourceId) -> Option<Slot> {
    let (nonce, found) = id.as_bytes().split_at(TAG_AT);
    Slot::BOTH
        .into_iter()
        .find(|slot| tag(runtime, *slot, nonce) == found)
}

fn tag(runtime: &ResourceId, slot: Slot, nonce: &[u8]) -> [u8; 16 - TAG_AT] {
    let hash = Sha256::new()
        .chain_update("afresh regenerate\0")
        .chain_update(runtime.folded())
        .chain_update("\0")
        .chain_update(slot.on_the_wire())
        .chain_update("\0")
        .chain_update(nonce)
        .finalize();
    let mut tag = [0; 16 - TAG_AT];
    tag.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    // The two bits that say "a UUID of RFC 9562".
    tag[0] = (tag[0] & 0x3f) | 0x80;
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_slot_to_whoever_knows_the_runtime() {
        let runtime = ResourceId::new("/subscriptions/s/factories/f/integrationRuntimes/West");
        let same = ResourceId::new("/subscriptions/s/FACTORIES/f/integrationruntimes/west");
        let other = ResourceId::new("/subscriptions/s/factories/f/integrationRuntimes/east");
        for slot in Slot::BOTH {
            let id = marked(&runtime, slot);
            assert_eq!(slot_of(id, &same), Some(slot));
            assert_eq!(slot_of(id, &other), None);
            assert_eq!(
                (id.get_version_num(), id.get_variant()),
                (8, uuid::Variant::RFC4122)
            );
        }
        assert_eq!(slot_of(plain(), &runtime), None);
        assert_ne!(marked(&runtime, Slot::One), marked(&runtime, Slot::One));
    }
}
