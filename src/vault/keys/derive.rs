//! The root secret and all keys derived from it, each with its own label.

use age::x25519;
use bech32::{Bech32, Hrp};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::model::fill_random;

/// The root identity's label; the others are defined with their key types.
const IDENTITY_LABEL: &[u8] = b"tresor/v1/root-identity";
const INSTANCE_LABEL: &[u8] = b"tresor/v1/instance-id";
/// 48 bits, enough to distinguish instances.
const INSTANCE_BYTES: usize = 6;

/// 32 random bytes from which all of an instance's keys are derived.
#[derive(ZeroizeOnDrop)]
pub(super) struct RootSecret([u8; 32]);

impl RootSecret {
    pub(super) fn random() -> Self {
        let mut secret = Self([0; 32]);
        fill_random(&mut secret.0);
        secret
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(super) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The X25519 identity to which space keys and small secrets are sealed. It exists in memory only.
    pub(super) fn identity(&self) -> x25519::Identity {
        let mut scalar = Zeroizing::new([0; 32]);
        self.derive(IDENTITY_LABEL, &mut scalar);
        let prefix = Hrp::parse_unchecked("age-secret-key-");
        bech32::encode_upper::<Bech32>(prefix, scalar.as_slice())
            .map(Zeroizing::new)
            .ok()
            .and_then(|text| text.parse().ok())
            .expect("32 bytes in Bech32 are an age identity")
    }

    /// Identifies the instance, and stays the same after any loss or rebuild. Not secret.
    pub(super) fn instance_id(&self) -> String {
        let mut bytes = [0; 32];
        self.derive(INSTANCE_LABEL, &mut bytes);
        let short = bytes.get(..INSTANCE_BYTES).unwrap_or_default();
        data_encoding::BASE32_NOPAD.encode(short).to_ascii_lowercase()
    }

    fn derive(&self, label: &[u8], key: &mut [u8; 32]) {
        Hkdf::<Sha256>::new(None, &self.0).expand(label, key).expect("32 bytes are within HKDF's limit");
    }
}

macro_rules! derived_key {
    ($(#[$doc:meta])* $name:ident, $label:literal) => {
        $(#[$doc])*
        #[derive(ZeroizeOnDrop)]
        pub struct $name([u8; 32]);

        impl $name {
            const LABEL: &'static [u8] = $label;

            pub(super) fn derive(root: &RootSecret) -> Self {
                let mut key = Self([0; 32]);
                root.derive(Self::LABEL, &mut key.0);
                key
            }

            /// The key's bytes. Call it on the line of use only.
            pub fn expose(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

derived_key!(
    /// The raw key of the SQLCipher catalogue.
    CatalogueKey, b"tresor/v1/catalogue"
);
derived_key!(
    /// HMAC key for app-password lookup.
    TokenKey, b"tresor/v1/token"
);
derived_key!(
    /// HMAC key of the audit chain.
    AuditKey, b"tresor/v1/audit"
);
derived_key!(
    /// HMAC key of session identifiers.
    SessionKey, b"tresor/v1/session"
);

derived_key!(
    /// HMAC key from which a link's nonce gives its token.
    LinkTokenKey, b"tresor/v1/link-token"
);
derived_key!(
    /// HMAC key for link lookup.
    LinkLookupKey, b"tresor/v1/link-lookup"
);
derived_key!(
    /// HMAC key of the value that a browser keeps after a link's password was given.
    LinkPassKey, b"tresor/v1/link-pass"
);
derived_key!(
    /// Seed of the Ed25519 key that signs certificates.
    CertificateKey, b"tresor/v1/certificate"
);
derived_key!(
    /// HMAC key of the addresses to which reports about mails come back.
    BounceKey, b"tresor/v1/bounce"
);

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The labels are part of the on-disk format: a changed label would lock out every instance.
    #[test]
    fn derivations_never_change() {
        let root = RootSecret([1; 32]);
        let hex = |key: &[u8; 32]| data_encoding::HEXLOWER.encode(key);
        let derived = [
            hex(CatalogueKey::derive(&root).expose()),
            hex(TokenKey::derive(&root).expose()),
            hex(AuditKey::derive(&root).expose()),
            hex(SessionKey::derive(&root).expose()),
            hex(LinkTokenKey::derive(&root).expose()),
            hex(LinkLookupKey::derive(&root).expose()),
            hex(LinkPassKey::derive(&root).expose()),
            hex(CertificateKey::derive(&root).expose()),
            hex(BounceKey::derive(&root).expose()),
            root.identity().to_public().to_string(),
            root.instance_id(),
        ];
        assert_eq!(derived.iter().collect::<HashSet<_>>().len(), derived.len());
        assert_eq!(
            derived,
            [
                "67db1b0994c28fa5ee5ebcc2f4cf48dc033ef0e6f0d98528f26c1d89ec7301ca",
                "79ec78ff63b55622214dddac5e53a14e0d615a36cc1f9a46db96e016c0bd2a0c",
                "0324a0ac811c853b7d6783f6002232c7bff11514ec783bf27c7d425869038037",
                "4edccdf27e09aa744422cb00d6e04df6df0718fe2e26ef76113375b39bec8696",
                "f9ef196d2a178521f5a34850582e3221c706d80d11c96b2320262643c72bc490",
                "2269ef91ec5a45f7730050b49c6e68e298e5cb185ad6b480d3aea568610ee41e",
                "96b1b5cb77c3e36d63dd8d03ad0cf5126614746c90b9e15a0c26371dcfc5066d",
                "a6212fa8d2e7398d53b91691f132eed9f590ff83ebdb85104f87eb9f9192fe81",
                "dc1b47c2ce21fbdab920d3a256e71c0eefaf8b86a753cc40efd99a0f59a391a3",
                "age1wqtydz7aura4jk368835kjrc3umrme5ymdqanz592ddc4q3dc4ssdhf4z3",
                "vhqrr632ku"
            ]
        );
    }
}
