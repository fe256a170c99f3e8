//! Small age files in memory and large ones as streams, with the age crate alone.

use std::io::{self, BufRead, Read, Write};

use age::stream::{StreamReader, StreamWriter};
use age::{DecryptError, Decryptor, Encryptor, Identity, Recipient};
use zeroize::Zeroizing;

/// Longest secret that is opened, in bytes.
const MAX_LEN: u64 = super::super::disk::SMALL_FILE_LIMIT;

/// Seals `bytes` to all of `recipients`: either X25519 ones, or one passphrase alone.
pub(super) fn to(recipients: &[&dyn Recipient], bytes: &[u8]) -> Vec<u8> {
    let encryptor = Encryptor::with_recipients(recipients.iter().copied())
        .expect("native recipients, never a passphrase beside another, always wrap");
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).expect("a Vec takes every byte");
    writer.write_all(bytes).expect("a Vec takes every byte");
    writer.finish().expect("a Vec takes every byte");
    sealed
}

/// Starts an age file of any length. It is complete only after `finish`.
pub(super) fn stream<W: Write>(recipients: &[&dyn Recipient], to: W) -> io::Result<StreamWriter<W>> {
    Encryptor::with_recipients(recipients.iter().copied())
        .expect("native recipients, never a passphrase beside another, always wrap")
        .wrap_output(to)
}

/// Reads an age file of any length: each chunk is authenticated before its bytes are returned, and a truncated file
/// ends in an error.
pub(super) fn open_stream<R: BufRead>(
    from: R,
    identity: &dyn Identity,
) -> Result<StreamReader<R>, DecryptError> {
    Decryptor::new_buffered(from)?.decrypt(std::iter::once(identity))
}

/// Opens an age file with one of `identities`; the buffer is wiped on drop.
pub(super) fn open(sealed: &[u8], identities: &[&dyn Identity]) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let decryptor = Decryptor::new_buffered(sealed)?;
    let reader = decryptor.decrypt(identities.iter().copied())?;
    // Reserved at once, because a growing buffer would leave copies of the secret in memory.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.take(MAX_LEN).read_to_end(&mut plain)?;
    Ok(plain)
}
