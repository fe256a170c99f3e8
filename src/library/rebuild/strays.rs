//! What lies on the disk without a name that says what it is.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;

use super::found::Found;
use crate::catalog::CatalogError;
use crate::library::error::disk_error;
use crate::library::{Library, LibraryError};
use crate::model::{ContainerId, PackId, PackedPlace, Place};
use crate::vault::disk::Stray;
use crate::vault::reader::ContainerReader;

impl Library {
    /// Containers in packs whose header is damaged, under the names they had if these can still be read; and what
    /// in packs is no container as it is. What rows place is neither.
    pub(super) async fn pick_up_strays(&self) -> Result<(Vec<Found>, Vec<Stray>), LibraryError> {
        let library = self.clone();
        self.catalog()
            .read(move |tx| {
                let mut strays = Vec::new();
                library
                    .storage()
                    .housekeeping
                    .each_stray(&mut |stray| {
                        strays.push(stray);
                        Ok(())
                    })
                    .map_err(disk_error("look through the packs"))?;
                let mut placed: HashMap<PackId, Vec<u64>> = HashMap::new();
                let (mut found, mut left) = (Vec::new(), Vec::new());
                for stray in strays {
                    let offsets = match placed.entry(stray.pack) {
                        MapEntry::Occupied(known) => known.into_mut(),
                        MapEntry::Vacant(free) => free.insert(tx.offsets_in(stray.pack)?),
                    };
                    if offsets.contains(&stray.offset) {
                        continue;
                    }
                    let named = stray.id.map(|id| Ok::<_, CatalogError>((id, tx.is_known_container(id)?)));
                    let id = match named.transpose()? {
                        Some((id, false)) => id,
                        _ => ContainerId::random(),
                    };
                    match library.read_stray(&stray, id) {
                        Some(container) => found.push(container),
                        None => left.push(stray),
                    }
                }
                Ok((found, left))
            })
            .await
    }

    /// The container that begins where a stray does: it opens at its own length only.
    fn read_stray(&self, stray: &Stray, id: ContainerId) -> Option<Found> {
        let key = self.shared.keys.space_key(stray.space).ok()?;
        let reader = stray.lengths.clone().find_map(|length| {
            let place = Place::Packed(PackedPlace { pack: stray.pack, offset: stray.offset, length });
            ContainerReader::open_untracked(self.containers(), &key, stray.space, id, place).ok()
        })?;
        Some(Found::of(stray.space, &reader))
    }

    /// What lies among the containers and is none.
    pub(super) async fn strangers(&self) -> Result<Vec<String>, LibraryError> {
        let library = self.clone();
        let listed = tokio::task::spawn_blocking(move || {
            let mut strangers = Vec::new();
            let listed = library.storage().housekeeping.each_stranger(&mut |path| {
                strangers.push(path.display().to_string());
                Ok(())
            });
            listed.map(|()| strangers)
        });
        listed.await?.map_err(disk_error("look through spaces/"))
    }
}
