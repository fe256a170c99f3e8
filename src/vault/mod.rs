//! Sealed bytes at rest: keys, age containers and the disk under them. Does not know tables, users or requests.
//!
//! [`keys`] opens with a passphrase, key file or recovery identity and provides everything derived from the root
//! secret. [`writer`] and [`reader`] turn plaintext into one container on [`disk`] and back, [`small`] seals
//! content of one chunk in memory; [`container`] is the header, [`stream`] the payload. All of it blocks: async
//! callers wrap it.
//!
//! Invariant: a container is never changed after it got its final name, and no plaintext reaches the disk.

pub mod container;
pub mod disk;
pub mod keys;
pub mod reader;
pub mod rewrap;
pub mod small;
pub mod stream;
pub mod sweep;
pub mod writer;

mod buffer;
mod error;
#[cfg(test)]
mod tests;

pub use error::{VaultError, key_file_remedy};
