//! An authenticator in software, for tests: it makes passkeys, answers with them as a browser sends it, and errs
//! where a test wants.

use data_encoding::BASE64URL_NOPAD;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sha::sha256;
use openssl::sign::Signer;
use serde_json::{Value, json};

/// The person is there.
const PRESENT: u8 = 1;
/// The device has checked the person.
pub(crate) const VERIFIED: u8 = 4;
/// The passkey may be on several devices, and is.
pub(crate) const SYNCED: u8 = 8 | 16;
/// The public key follows.
const ATTESTED: u8 = 64;

/// Kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Es256,
    Ed25519,
    Rs256,
}

pub(crate) struct Authenticator {
    key: PKey<Private>,
    algorithm: Algorithm,
    pub(crate) id: Vec<u8>,
    /// Of the account for which the passkey was made.
    pub(crate) handle: Option<Vec<u8>>,
    /// As a browser knows the page.
    pub(crate) origin: String,
    /// The name that the browser lets the page use.
    pub(crate) rp_id: String,
    pub(crate) flags: u8,
    pub(crate) counter: u32,
}

impl Authenticator {
    pub(crate) fn new(algorithm: Algorithm, origin: &str, rp_id: &str) -> Self {
        let key = match algorithm {
            Algorithm::Es256 => {
                let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
                PKey::from_ec_key(EcKey::generate(&curve).unwrap()).unwrap()
            }
            Algorithm::Ed25519 => PKey::generate_ed25519().unwrap(),
            Algorithm::Rs256 => PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(),
        };
        let mut id = vec![0; 32];
        openssl::rand::rand_bytes(&mut id).unwrap();
        Self {
            key,
            algorithm,
            id,
            handle: None,
            origin: origin.to_owned(),
            rp_id: rp_id.to_owned(),
            flags: PRESENT | VERIFIED,
            counter: 0,
        }
    }

    /// The answer to `navigator.credentials.create()` with these options.
    pub(crate) fn make(&mut self, options: &str) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        assert_eq!(options["rp"]["id"], self.rp_id.as_str());
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        let handle = options["user"]["id"].as_str().unwrap();
        self.handle = Some(BASE64URL_NOPAD.decode(handle.as_bytes()).unwrap());
        let client_data = self.client_data("webauthn.create", &options);
        let mut data = self.data(ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(self.public_key());
        // {"fmt": "none", "attStmt": {}, "authData": data} in CBOR (RFC 8949).
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        self.answer(&json!({
            "clientDataJSON": BASE64URL_NOPAD.encode(&client_data),
            "attestationObject": BASE64URL_NOPAD.encode(&object),
        }))
    }

    /// The answer to `navigator.credentials.get()` with these options. The counter grows, unless it is 0.
    pub(crate) fn sign(&mut self, options: &str) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        assert_eq!(options["userVerification"], "required");
        if self.counter > 0 {
            self.counter += 1;
        }
        let client_data = self.client_data("webauthn.get", &options);
        let data = self.data(0);
        let content = [data.as_slice(), &sha256(&client_data)].concat();
        let mut signer = match self.algorithm {
            Algorithm::Ed25519 => Signer::new_without_digest(&self.key).unwrap(),
            _ => Signer::new(MessageDigest::sha256(), &self.key).unwrap(),
        };
        let signature = signer.sign_oneshot_to_vec(&content).unwrap();
        self.answer(&json!({
            "clientDataJSON": BASE64URL_NOPAD.encode(&client_data),
            "authenticatorData": BASE64URL_NOPAD.encode(&data),
            "signature": BASE64URL_NOPAD.encode(&signature),
            "userHandle": self.handle.as_ref().map(|handle| BASE64URL_NOPAD.encode(handle)),
        }))
    }

    fn answer(&self, response: &Value) -> String {
        let id = BASE64URL_NOPAD.encode(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response }).to_string()
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let (challenge, origin) = (&options["challenge"], &self.origin);
        let data = json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false });
        data.to_string().into_bytes()
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let mut data = sha256(self.rp_id.as_bytes()).to_vec();
        data.push(self.flags | more);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// As a COSE key (RFC 9053, section 7).
    fn public_key(&self) -> Vec<u8> {
        match self.algorithm {
            Algorithm::Es256 => {
                let key = self.key.ec_key().unwrap();
                let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
                let mut context = BigNumContext::new().unwrap();
                key.public_key().affine_coordinates(key.group(), &mut x, &mut y, &mut context).unwrap();
                let (x, y) = (x.to_vec_padded(32).unwrap(), y.to_vec_padded(32).unwrap());
                [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", x.as_slice(), b"\x22\x58\x20", &y].concat()
            }
            Algorithm::Ed25519 => {
                let key = self.key.raw_public_key().unwrap();
                [b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20", key.as_slice()].concat()
            }
            Algorithm::Rs256 => {
                let modulus = self.key.rsa().unwrap().n().to_vec_padded(256).unwrap();
                let head = b"\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00";
                [head, modulus.as_slice(), b"\x21\x43\x01\x00\x01"].concat()
            }
        }
    }
}
