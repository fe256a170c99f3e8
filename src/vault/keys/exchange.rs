//! X25519 stanzas by the age v1 spec ("The X25519 recipient type"), with AWS-LC's curve.
//!
//! The age crate computes the recipient anew for every file it opens, and its curve is portable code; for a small
//! file that costs more than the cipher. The bytes are the same: each implementation opens files of the other.

use std::collections::HashSet;

use age_core::format::Stanza;
use age_core::primitives::{aead_decrypt, aead_encrypt, hkdf};
use age_core::secrecy::ExposeSecret;
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use data_encoding::BASE64_NOPAD;
use zeroize::{Zeroize, Zeroizing};

const TAG: &str = "X25519";
const LABEL: &[u8] = b"age-encryption.org/v1/X25519";
const KEY_LEN: usize = 32;
const FILE_KEY_LEN: usize = 16;
/// A file key and its authentication tag.
const BODY_LEN: usize = FILE_KEY_LEN + 16;

type PublicKey = [u8; KEY_LEN];

/// Opens file keys sealed to its public key.
pub(in crate::vault) struct Opener {
    private: PrivateKey,
    public: PublicKey,
}

/// Seals file keys to a public key.
#[derive(Clone)]
pub(in crate::vault) struct Sealer {
    public: PublicKey,
}

impl Opener {
    /// `None` if `scalar` is not a private key.
    pub(super) fn new(scalar: &[u8; KEY_LEN]) -> Option<Self> {
        let private = PrivateKey::from_private_key(&X25519, scalar).ok()?;
        let public = public_of(&private)?;
        Some(Self { private, public })
    }

    pub(super) fn sealer(&self) -> Sealer {
        Sealer { public: self.public }
    }
}

impl age::Identity for Opener {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<age_core::format::FileKey, age::DecryptError>> {
        if stanza.tag != TAG {
            return None;
        }
        let malformed = || Some(Err(age::DecryptError::InvalidHeader));
        let Some(share) = the_only_key(&stanza.args) else { return malformed() };
        if stanza.body.len() != BODY_LEN {
            return malformed();
        }
        // Fails for a share that makes the secret all zero, as the spec demands.
        let Some(key) = wrapping_key(&self.private, &share, &share, &self.public) else { return malformed() };
        // A failure is not final: the stanza may be for another identity.
        let mut file_key = aead_decrypt(&key, FILE_KEY_LEN, &stanza.body).ok()?;
        Some(Ok(age_core::format::FileKey::init_with_mut(|place| {
            place.copy_from_slice(&file_key);
            file_key.zeroize();
        })))
    }
}

impl age::Recipient for Sealer {
    fn wrap_file_key(
        &self,
        file_key: &age_core::format::FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), age::EncryptError> {
        let failed = || std::io::Error::other("the key exchange failed");
        let ephemeral = PrivateKey::generate(&X25519).map_err(|_| failed())?;
        let share = public_of(&ephemeral).ok_or_else(failed)?;
        let key = wrapping_key(&ephemeral, &self.public, &share, &self.public).ok_or_else(failed)?;
        let stanza = Stanza {
            tag: TAG.to_owned(),
            args: vec![BASE64_NOPAD.encode(&share)],
            body: aead_encrypt(&key, file_key.expose_secret()),
        };
        Ok((vec![stanza], HashSet::new()))
    }
}

fn public_of(private: &PrivateKey) -> Option<PublicKey> {
    private.compute_public_key().ok()?.as_ref().try_into().ok()
}

/// The stanza's only argument, in canonical base64; `None` if there are more.
fn the_only_key(args: &[String]) -> Option<PublicKey> {
    let [arg] = args else { return None };
    BASE64_NOPAD.decode(arg.as_bytes()).ok()?.try_into().ok()
}

fn wrapping_key(
    private: &PrivateKey,
    peer: &PublicKey,
    share: &PublicKey,
    recipient: &PublicKey,
) -> Option<Zeroizing<[u8; KEY_LEN]>> {
    let salt = [*share, *recipient].concat();
    let peer = UnparsedPublicKey::new(&X25519, peer);
    agree(private, peer, (), |secret| Ok(Zeroizing::new(hkdf(&salt, LABEL, secret)))).ok()
}

#[cfg(test)]
mod tests {
    use age::{Identity, Recipient, x25519};
    use age_core::format::FileKey;
    use bech32::primitives::decode::CheckedHrpstring;

    use super::*;

    fn pair() -> (x25519::Identity, Opener) {
        let identity = x25519::Identity::generate();
        let text = identity.to_string();
        let scalar: Vec<u8> =
            CheckedHrpstring::new::<bech32::Bech32>(text.expose_secret()).unwrap().byte_iter().collect();
        let opener = Opener::new(&scalar.try_into().unwrap()).unwrap();
        (identity, opener)
    }

    fn file_key() -> FileKey {
        FileKey::new(Box::new([7; FILE_KEY_LEN]))
    }

    #[test]
    fn the_age_crate_and_we_open_each_others_stanzas() {
        let (identity, opener) = pair();
        let ours = opener.sealer().wrap_file_key(&file_key()).unwrap().0;
        let theirs = identity.to_public().wrap_file_key(&file_key()).unwrap().0;
        for stanza in [&ours[0], &theirs[0]] {
            for found in [identity.unwrap_stanza(stanza), opener.unwrap_stanza(stanza)] {
                assert_eq!(found.unwrap().unwrap().expose_secret(), &[7; FILE_KEY_LEN]);
            }
        }
    }

    #[test]
    fn a_stanza_for_another_key_is_not_ours_and_a_malformed_one_is_an_error() {
        let (_, opener) = pair();
        let (other, _) = pair();
        let mut stanza = other.to_public().wrap_file_key(&file_key()).unwrap().0.remove(0);
        assert!(opener.unwrap_stanza(&stanza).is_none());
        stanza.body.push(0);
        assert!(opener.unwrap_stanza(&stanza).unwrap().is_err());
        stanza.body.pop();
        let share = stanza.args[0].clone();
        for args in
            [vec![], vec![share.clone(), share.clone()], vec![format!("{share}=")], vec!["AAAA".into()]]
        {
            stanza.args = args;
            assert!(opener.unwrap_stanza(&stanza).unwrap().is_err());
        }
        // A share of low order, which would make the secret all zero.
        stanza.args = vec![BASE64_NOPAD.encode(&[0; 32])];
        assert!(opener.unwrap_stanza(&stanza).unwrap().is_err());
        stanza.tag = "scrypt".into();
        assert!(opener.unwrap_stanza(&stanza).is_none());
    }
}
