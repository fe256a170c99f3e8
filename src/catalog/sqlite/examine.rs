//! Examines a catalogue that is not open.

use std::path::Path;

use super::open::{self, CatalogKey};
use super::{migrate, soundness};
use crate::catalog::CatalogError;

/// Examines the database at `path` without changing it: key, every page, format, references.
///
/// Errors: `Empty`, `WrongKey`, `Damaged`, `Newer`, `Io`.
pub(super) fn examine(path: &Path, key: &CatalogKey) -> Result<(), CatalogError> {
    open::check_sqlite_version()?;
    open::require_content(path)?;
    let connection = open::open(path, key)?;
    soundness::untouched(&connection, || {
        migrate::check_format(&connection)?;
        soundness::check(&connection)?;
        soundness::check_references(&connection)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> CatalogKey {
        CatalogKey::new([3; 32])
    }

    fn filled() -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.db");
        open::create(&path, &key()).unwrap();
        let mut connection = open::open(&path, &key()).unwrap();
        migrate::fill(&mut connection).unwrap();
        for user in 0..200 {
            let name = format!("{user:0100}");
            connection
                .execute(
                    "INSERT INTO users (name, name_key, role, created_at) VALUES (?1, ?1, 'staff', 0)",
                    [name],
                )
                .unwrap();
        }
        drop(connection);
        let bytes = std::fs::read(&path).unwrap();
        (dir, path, bytes)
    }

    #[expect(clippy::disallowed_methods, reason = "a disk that loses a bit does not ask")]
    fn put(path: &Path, bytes: &[u8]) {
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn a_flipped_bit_in_any_page_is_found_and_nothing_is_changed() {
        let (_dir, path, sound) = filled();
        examine(&path, &key()).unwrap();
        for page in 0..sound.len() / 4096 {
            let mut bytes = sound.clone();
            bytes[page * 4096 + 1234] ^= 1;
            put(&path, &bytes);
            let error = examine(&path, &key()).unwrap_err();
            assert!(matches!(error, CatalogError::Damaged | CatalogError::WrongKey), "{page}: {error:?}");
            let error = crate::catalog::Catalog::open(&path, &key()).err().unwrap();
            assert!(matches!(error, CatalogError::Damaged | CatalogError::WrongKey), "{page}: {error:?}");
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
    }

    #[test]
    fn a_file_that_was_cut_or_overwritten_is_no_catalogue() {
        let (_dir, path, sound) = filled();
        // A zero at the end is read as one when it is gone, too: of 256 files one ends so.
        let zeros = sound.iter().rev().take_while(|byte| **byte == 0).count();
        for len in [0, 1, 100, 4096, sound.len() - 4096, sound.len() - 1 - zeros] {
            put(&path, &sound[..len]);
            let error = examine(&path, &key()).unwrap_err();
            assert!(
                !matches!(error, CatalogError::Database(_) | CatalogError::Io { .. }),
                "{len}: {error:?}"
            );
        }
        put(&path, &vec![0x55; sound.len()]);
        assert!(matches!(examine(&path, &key()), Err(CatalogError::WrongKey)));
    }
}
