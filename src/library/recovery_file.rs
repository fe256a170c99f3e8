//! Remembers the recovery file as it was written, so that a replaced one is detected. Only its owner can open it.

use crate::catalog::{CatalogError, ReadTx, WriteTx};
use crate::vault::keys::KeyFileHash;

/// Name of the setting with the SHA-256 of the recovery file.
const RECOVERY_FILE: &str = "recovery-file";

/// Remembers the recovery file as it is, the first time.
pub(crate) fn remember(tx: &WriteTx<'_>, found: Option<KeyFileHash>) -> Result<(), CatalogError> {
    match found {
        Some(KeyFileHash(hash)) if tx.setting(RECOVERY_FILE)?.is_none() => {
            tx.set_setting(RECOVERY_FILE, &data_encoding::HEXLOWER.encode(&hash))
        }
        _ => Ok(()),
    }
}

/// Forgets the recovery file, before another one replaces it.
pub(crate) fn forget(tx: &WriteTx<'_>) -> Result<(), CatalogError> {
    tx.touches_only([]);
    tx.remove_setting(RECOVERY_FILE)
}

/// The remembered hash of the recovery file.
pub(crate) fn remembered(tx: &ReadTx<'_>) -> Result<Option<KeyFileHash>, CatalogError> {
    let hash =
        tx.setting(RECOVERY_FILE)?.and_then(|kept| data_encoding::HEXLOWER.decode(kept.as_bytes()).ok());
    Ok(hash.and_then(|hash| hash.try_into().ok()).map(KeyFileHash))
}
