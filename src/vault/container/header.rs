//! Writes a header: text form and MAC by the age v1 spec, stanzas by the age crate.

use age_core::format::Stanza;
use data_encoding::BASE64_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::file_key::FileKey;
use super::{ContainerMeta, HeaderHash, MAX_HEADER_LEN, MetaError, NONCE_LEN, hash};
use crate::model::random_bytes;
use crate::vault::keys::SpaceRecipient;
use crate::vault::stream::PayloadKey;

/// Label of the age v1 spec for the header's MAC.
const MAC_LABEL: &[u8] = b"header";
/// Columns of a stanza's body.
const BODY_COLUMNS: usize = 64;

/// A header ready to be written in front of its payload.
#[derive(Debug)]
pub struct SealedHeader {
    /// Header, followed by the payload nonce.
    pub bytes: Vec<u8>,
    /// SHA-256 over [`Self::bytes`].
    pub hash: HeaderHash,
    /// The key to seal the payload with.
    pub payload_key: PayloadKey,
}

/// A header with a fresh file key and nonce.
pub(in crate::vault) fn seal(
    recipient: &SpaceRecipient,
    meta: &ContainerMeta,
) -> Result<SealedHeader, MetaError> {
    let nonce = random_bytes::<NONCE_LEN>();
    reseal(&FileKey::random(), nonce, recipient, meta)
}

/// A header for an existing file key and nonce. Only copies of the same sealed payload may follow it; nothing may
/// be sealed again under this key and nonce.
pub(super) fn reseal(
    file_key: &FileKey,
    nonce: [u8; NONCE_LEN],
    recipient: &SpaceRecipient,
    meta: &ContainerMeta,
) -> Result<SealedHeader, MetaError> {
    let (mut stanzas, _labels) = recipient
        .as_age()
        .wrap_file_key(&age_core::format::FileKey::new(Box::new(*file_key.expose())))
        .expect("the system's random source answers");
    stanzas.push(meta.seal(file_key)?);

    let mut text = String::from("age-encryption.org/v1\n");
    for stanza in &stanzas {
        push_stanza(&mut text, stanza);
    }
    text.push_str("---");
    let mac = BASE64_NOPAD.encode(&mac(file_key, text.as_bytes()));
    text.push(' ');
    text.push_str(&mac);
    text.push('\n');

    let mut bytes = text.into_bytes();
    bytes.extend(nonce);
    if bytes.len() > MAX_HEADER_LEN {
        return Err(MetaError::TooLong);
    }
    Ok(SealedHeader { hash: hash(&bytes), payload_key: file_key.payload_key(&nonce), bytes })
}

fn mac(file_key: &FileKey, header: &[u8]) -> [u8; 32] {
    let mut key = Zeroizing::new([0; 32]);
    file_key.derive(&[], MAC_LABEL, &mut key);
    Hmac::<Sha256>::new_from_slice(key.as_slice())
        .expect("HMAC takes keys of any length")
        .chain_update(header)
        .finalize()
        .into_bytes()
        .into()
}

/// `-> tag args…`, then the body in lines of 64 columns, the last one shorter (empty if need be).
fn push_stanza(text: &mut String, stanza: &Stanza) {
    text.push_str("-> ");
    text.push_str(&stanza.tag);
    for arg in &stanza.args {
        text.push(' ');
        text.push_str(arg);
    }
    text.push('\n');
    let body = BASE64_NOPAD.encode(&stanza.body);
    for (column, letter) in body.chars().enumerate() {
        if column > 0 && column % BODY_COLUMNS == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    if !body.is_empty() && body.len().is_multiple_of(BODY_COLUMNS) {
        text.push('\n');
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bodys_last_line_is_short() {
        for (len, lines) in [(0, vec![0]), (1, vec![2]), (47, vec![63]), (48, vec![64, 0]), (50, vec![64, 3])]
        {
            let mut text = String::new();
            let stanza = Stanza { tag: "t".into(), args: vec!["a".into()], body: vec![0; len] };
            push_stanza(&mut text, &stanza);
            assert_eq!(text.lines().next(), Some("-> t a"));
            let columns: Vec<usize> = text.lines().skip(1).map(str::len).collect();
            assert_eq!(columns, lines, "{len}");
            assert!(text.ends_with('\n'));
        }
    }
}
