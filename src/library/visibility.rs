//! How much of a content a viewer may see: the one function that decides it.
//!
//! ```text
//!                the author   the owner's commands   others   workers
//! visible        full         full                   full     full
//! held           listed       listed                 hidden   full
//! quarantined    listed       listed                 hidden   full
//! restricted     hidden       hidden                 hidden   full
//! ```
//! To a person to whom a held or quarantined content was handed out it is full.
//!
//! The author continues to see the name, so that a sync client neither deletes the local file nor sends it again.
//! The owner of the data directory sees it in order to restore it from the trash or to remove it permanently.
//!
//! A file is as visible as its current content. A hidden one is answered like a missing one, but its name stays
//! taken ([`LibraryError::Withheld`]). Folders are visible to everyone who may read the space.

use super::{Library, LibraryError};
use crate::catalog::{EntryRow, TrashRow, VersionRow, Withheld};
use crate::model::{VersionId, VersionState, Viewer};

/// How much of a content a viewer may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Nothing: for reading, the file or version does not exist.
    Hidden,
    /// Name, size and ETag, but no content.
    Listed,
    /// Everything.
    Full,
}

/// What `viewer` may see of a content in this state.
fn visibility(viewer: Viewer, content: &Withheld) -> Visibility {
    use VersionState::{Held, Quarantined, Restricted, Visible};
    match (content.state, viewer) {
        (Visible, _) | (_, Viewer::Worker(_)) => Visibility::Full,
        (Held | Quarantined, Viewer::Owner) => Visibility::Listed,
        (Held | Quarantined, Viewer::User(user)) if content.handed_to.contains(&user) => Visibility::Full,
        (Held | Quarantined, Viewer::User(user)) if content.author == Some(user) => Visibility::Listed,
        (Held | Quarantined | Restricted, Viewer::User(_) | Viewer::Guest(_) | Viewer::Owner) => {
            Visibility::Hidden
        }
    }
}

/// An item with a content, or a content itself.
pub(super) trait Shows {
    /// The withheld content, if it is one.
    fn withheld(&self) -> Option<Withheld>;

    /// How much of it `viewer` may see.
    fn seen_by(&self, viewer: Viewer) -> Visibility {
        self.withheld().map_or(Visibility::Full, |content| visibility(viewer, &content))
    }

    /// Whether it does not exist for `viewer`.
    fn is_hidden_from(&self, viewer: Viewer) -> bool {
        self.seen_by(viewer) == Visibility::Hidden
    }

    /// Fails unless `viewer` may see all of it.
    ///
    /// Errors: `Withheld`.
    fn require_full(&self, viewer: Viewer) -> Result<(), LibraryError> {
        match self.seen_by(viewer) {
            Visibility::Full => Ok(()),
            Visibility::Listed | Visibility::Hidden => Err(LibraryError::Withheld),
        }
    }

    /// Whether everyone may see all of it, so that any viewer can be answered from memory.
    fn is_for_everybody(&self) -> bool {
        self.withheld().is_none()
    }
}

impl Library {
    /// How much a viewer may see now of a content that was opened or stored earlier, which may have been withheld
    /// since. One that was removed since is still `Full`.
    pub async fn visibility(&self, viewer: Viewer, version: VersionId) -> Result<Visibility, LibraryError> {
        let row = self.catalog().read(move |tx| Ok::<_, LibraryError>(tx.version(version)?)).await?;
        Ok(row.map_or(Visibility::Full, |row| row.seen_by(viewer)))
    }
}

impl Shows for Withheld {
    fn withheld(&self) -> Option<Withheld> {
        Some(self.clone())
    }
}

impl Shows for EntryRow {
    fn withheld(&self) -> Option<Withheld> {
        self.withheld.clone()
    }
}

impl Shows for TrashRow {
    fn withheld(&self) -> Option<Withheld> {
        self.withheld.clone()
    }
}

impl Shows for VersionRow {
    fn withheld(&self) -> Option<Withheld> {
        let is_withheld = self.state != VersionState::Visible;
        is_withheld.then(|| Withheld {
            state: self.state,
            author: self.author,
            handed_to: self.handed_to.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{LinkId, UserId, Worker};
    use Visibility::{Full, Hidden, Listed};

    #[test]
    fn each_viewer_sees_what_the_table_says() {
        let (author, other) = (UserId(1), UserId(2));
        let viewers = [
            Viewer::User(author),
            Viewer::Owner,
            Viewer::User(other),
            Viewer::Guest(LinkId(1)),
            Viewer::Worker(Worker::Upkeep),
        ];
        let table = [
            (VersionState::Visible, [Full, Full, Full, Full, Full]),
            (VersionState::Held, [Listed, Listed, Hidden, Hidden, Full]),
            (VersionState::Quarantined, [Listed, Listed, Hidden, Hidden, Full]),
            (VersionState::Restricted, [Hidden, Hidden, Hidden, Hidden, Full]),
        ];
        assert_eq!(table.map(|(state, _)| state), VersionState::ALL);
        for (state, seen) in table {
            let content = |author, handed_to| Withheld { state, author, handed_to };
            let by_author = content(Some(author), Vec::new());
            assert_eq!(viewers.map(|viewer| visibility(viewer, &by_author)), seen, "{state}");
            // A content from a guest, or from an account that was removed, has no author.
            let of_nobody = if state == VersionState::Visible { Full } else { Hidden };
            let by_nobody = content(None, Vec::new());
            assert_eq!(visibility(Viewer::User(author), &by_nobody), of_nobody, "{state}");
            // Handed out to one person, it is for that person alone, and never if it may not be used at all.
            let handed_out = content(Some(author), vec![UserId(7), other]);
            let to_other = if state == VersionState::Restricted { Hidden } else { Full };
            let seen = [seen[0], seen[1], to_other, seen[3], seen[4]];
            assert_eq!(viewers.map(|viewer| visibility(viewer, &handed_out)), seen, "{state}");
        }
    }
}
