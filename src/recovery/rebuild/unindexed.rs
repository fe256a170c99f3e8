//! Data on the disk without a readable name.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;

use super::found::Found;
use crate::catalog::CatalogError;
use crate::library::LibraryError;
use crate::library::error::disk_error;
use crate::model::{ContainerId, PackId, PackedPlace, Place};
use crate::recovery::Recovery;
use crate::vault::disk::UnindexedMember;
use crate::vault::reader::ContainerReader;

impl Recovery {
    /// Containers in packs whose header is damaged, under their old names if these can still be read; and data in
    /// packs that cannot be opened as a container. Skips places that rows refer to.
    pub(super) async fn pick_up_unindexed(&self) -> Result<(Vec<Found>, Vec<UnindexedMember>), LibraryError> {
        let recovery = self.clone();
        self.library
            .catalog()
            .read(move |tx| {
                let mut unindexed = Vec::new();
                recovery
                    .library
                    .storage()
                    .housekeeping
                    .each_unindexed(&mut |member| {
                        unindexed.push(member);
                        Ok(())
                    })
                    .map_err(disk_error("look through the packs"))?;
                let mut placed: HashMap<PackId, Vec<u64>> = HashMap::new();
                let (mut found, mut left) = (Vec::new(), Vec::new());
                for member in unindexed {
                    let offsets = match placed.entry(member.pack) {
                        MapEntry::Occupied(known) => known.into_mut(),
                        MapEntry::Vacant(free) => free.insert(tx.offsets_in(member.pack)?),
                    };
                    if offsets.contains(&member.offset) {
                        continue;
                    }
                    let named = member.id.map(|id| Ok::<_, CatalogError>((id, tx.is_known_container(id)?)));
                    let id = match named.transpose()? {
                        Some((id, false)) => id,
                        _ => ContainerId::random(),
                    };
                    match recovery.read_unindexed(&member, id) {
                        Some(container) => found.push(container),
                        None => left.push(member),
                    }
                }
                Ok((found, left))
            })
            .await
    }

    /// The container that begins where a member does: it can be opened only at its own length.
    fn read_unindexed(&self, member: &UnindexedMember, id: ContainerId) -> Option<Found> {
        let key = self.library.keys().space_key(member.space).ok()?;
        let reader = member.lengths.clone().find_map(|length| {
            let place = Place::Packed(PackedPlace { pack: member.pack, offset: member.offset, length });
            ContainerReader::open_untracked(self.library.containers(), &key, member.space, id, place).ok()
        })?;
        Some(Found::of(member.space, &reader))
    }

    /// Foreign files among the containers.
    pub(super) async fn foreign(&self) -> Result<Vec<String>, LibraryError> {
        let library = self.library.clone();
        let listed = tokio::task::spawn_blocking(move || {
            let mut foreign = Vec::new();
            let listed = library.storage().housekeeping.each_stranger(&mut |path| {
                foreign.push(path.display().to_string());
                Ok(())
            });
            listed.map(|()| foreign)
        });
        listed.await?.map_err(disk_error("look through spaces/"))
    }
}
