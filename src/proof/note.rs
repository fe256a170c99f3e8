//! Signed notes: a text and, below it, an Ed25519 signature, in one file that people read and programs check
//! (c2sp.org/signed-note).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The algorithm's number in keys.
const ED25519_TYPE: u8 = 1;
/// Bytes of a public key.
const KEY_LEN: usize = 32;
/// Bytes of a key's id.
const ID_LEN: usize = 4;
/// The beginning of signature lines.
const DASH: &str = "\u{2014} ";
/// Most bytes of a note.
pub const MAX_NOTE: u64 = 16 << 20;

/// Signs notes.
pub struct Signer {
    name: String,
    pair: Ed25519KeyPair,
}

/// A key that checks notes. Its text form is `NAME+ID+KEY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: [u8; KEY_LEN],
}

/// Why a note proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It has no text with a signature below it.
    #[error("this is no signed text of an instance of Tresor")]
    NotSigned,
    /// None of its signatures is by this key.
    #[error("it is not signed by this key")]
    OtherKey,
    /// The text was changed, or the signature is forged.
    #[error("the signature does not fit: the text was changed after it was signed, or it was forged")]
    Invalid,
    /// The text names no key.
    #[error("this is no key: it has the form NAME+ID+KEY")]
    NotAKey,
}

impl Signer {
    /// The signer of this name with a seed of 32 secret bytes. The name holds neither blanks nor `+`.
    pub fn new(name: String, seed: &Zeroizing<[u8; 32]>) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).expect("32 bytes are a seed");
        Self { name, pair }
    }

    /// The key that checks its notes.
    pub fn verifier(&self) -> Verifier {
        let key = self.pair.public_key().as_ref().try_into().expect("a public key has 32 bytes");
        Verifier { name: self.name.clone(), key }
    }

    /// The note of a text, which ends with a line feed.
    pub fn sign(&self, text: &str) -> String {
        let signature = self.pair.sign(text.as_bytes());
        let bytes = [self.verifier().id().as_slice(), signature.as_ref()].concat();
        format!("{text}\n{DASH}{} {}\n", self.name, BASE64.encode(&bytes))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Verifier {
    fn id(&self) -> [u8; ID_LEN] {
        let digest = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', ED25519_TYPE])
            .chain_update(self.key)
            .finalize();
        let mut id = [0; ID_LEN];
        id.copy_from_slice(digest.get(..ID_LEN).unwrap_or_default());
        id
    }

    /// The text of a note that this key signed.
    ///
    /// Errors: all but `NotAKey`.
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, NoteError> {
        let (text, signatures) = split(note).ok_or(NoteError::NotSigned)?;
        let mut outcome = NoteError::OtherKey;
        for line in signatures.lines() {
            let (name, base64) =
                line.strip_prefix(DASH).and_then(|line| line.split_once(' ')).ok_or(NoteError::NotSigned)?;
            let Ok(bytes) = BASE64.decode(base64.as_bytes()) else { continue };
            let Some((id, signature)) = bytes.split_at_checked(ID_LEN) else { continue };
            if name != self.name || id != self.id() {
                continue;
            }
            match UnparsedPublicKey::new(&ED25519, &self.key).verify(text.as_bytes(), signature) {
                Ok(()) => return Ok(text),
                Err(_) => outcome = NoteError::Invalid,
            }
        }
        Err(outcome)
    }
}

/// The text of a note, with its last line feed, and the lines of its signatures.
pub fn split(note: &str) -> Option<(&str, &str)> {
    let end = note.rfind("\n\n")?;
    let (text, rest) = note.split_at_checked(end + 1)?;
    let signatures = rest.strip_prefix('\n').filter(|lines| lines.ends_with('\n'))?;
    Some((text, signatures))
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed = [&[ED25519_TYPE], self.key.as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, HEXLOWER.encode(&self.id()), BASE64.encode(&typed))
    }
}

impl FromStr for Verifier {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            // Base64 may hold a plus, too.
            let mut parts = text.trim().splitn(3, '+');
            let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
            let typed = BASE64.decode(key.as_bytes()).ok()?;
            let key = typed.strip_prefix(&[ED25519_TYPE])?.try_into().ok()?;
            let verifier = Self { name: name.to_owned(), key };
            let is_named = !name.is_empty() && !name.contains(char::is_whitespace);
            (is_named && HEXLOWER.encode(&verifier.id()) == id).then_some(verifier)
        };
        parse().ok_or(NoteError::NotAKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(name: &str, seed: u8) -> Signer {
        Signer::new(name.to_owned(), &Zeroizing::new([seed; 32]))
    }

    #[test]
    fn a_note_opens_with_its_key_alone_and_only_unchanged() {
        let (signer, other) = (signer("tresor-a", 1), signer("tresor-a", 2));
        let (note, verifier) = (signer.sign("a text\n\nin two parts\n"), signer.verifier());
        assert_eq!(verifier.open(&note), Ok("a text\n\nin two parts\n"));
        assert_eq!(other.verifier().open(&note), Err(NoteError::OtherKey));
        assert_eq!(verifier.open(&note.replace("two", "six")), Err(NoteError::Invalid));
        assert_eq!(verifier.open("a text\n"), Err(NoteError::NotSigned));
        // Any other byte, wherever it is.
        for at in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(verifier.open(&changed).is_err(), "{at} {changed}");
        }
    }

    /// RFC 8032, section 7.1, test 1, and the key's text form as the specification defines it.
    #[test]
    fn keys_have_the_form_of_the_specification() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let seed: [u8; 32] = HEXLOWER.decode(seed.as_bytes()).unwrap().try_into().unwrap();
        let verifier = Signer::new("example.com/foo".to_owned(), &Zeroizing::new(seed)).verifier();
        let text = verifier.to_string();
        let (name, id, key) = {
            let mut parts = text.splitn(3, '+');
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap())
        };
        assert_eq!(name, "example.com/foo");
        let typed = BASE64.decode(key.as_bytes()).unwrap();
        assert_eq!(HEXLOWER.encode(&typed), format!("01{public}"));
        let hashed = [b"example.com/foo\n".as_slice(), &typed].concat();
        assert_eq!(Some(id), HEXLOWER.encode(&Sha256::digest(hashed)).get(..8));
        assert_eq!(text.parse::<Verifier>(), Ok(verifier));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let text = signer("tresor-a", 1).verifier().to_string();
        assert!(text.parse::<Verifier>().is_ok());
        for wrong in
            ["", "tresor-a", &text.replace("tresor-a", "tresor-b"), text.get(..text.len() - 4).unwrap()]
        {
            assert_eq!(wrong.parse::<Verifier>(), Err(NoteError::NotAKey), "{wrong}");
        }
    }
}
