//! Where passkeys are valid, and what a passkey says: the relying party of WebAuthn. All checks of its section 7 are those of
//! webauthn-rs-core, except the challenge's age and browser (`challenge.rs`) and the person's handle (`mod.rs`).
//!
//! Passkeys belong to the host name of the office's public address, its relying party id. They also work at those other names
//! of the server that lie below it; a name beside it, and an address without a name, have none (WebAuthn 5.1.3 and 5.1.4).

use std::sync::OnceLock;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::{Host, Url};
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AttestationFormat, COSEAlgorithm, COSEKey, CreationChallengeResponse, Credential, ParsedAttestation,
    PublicKeyCredential, RegisterPublicKeyCredential, RegisteredExtensions, RegistrationState,
    UserVerificationPolicy,
};

use super::challenge::{CHALLENGE_LIFETIME, Challenge};
use crate::catalog::PasskeyRow;

/// Signatures that browsers are asked for, in the order of preference: ECDSA over P-256, Ed25519 and RSA with SHA-256.
const ALGORITHMS: [COSEAlgorithm; 3] = [COSEAlgorithm::ES256, COSEAlgorithm::EDDSA, COSEAlgorithm::RS256];
/// Time for which a browser waits for the person.
const BROWSER_WAITS: Duration = CHALLENGE_LIFETIME;

/// The names of the server, told once at the start.
#[derive(Default)]
pub(super) struct Names(OnceLock<Told>);

struct Told {
    /// The public address.
    address: String,
    /// Its host name in lower case; `None` if it has none.
    main: Option<String>,
    /// The other names that requests may ask for.
    others: Vec<String>,
}

/// An address of the server at which passkeys work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeySite {
    /// The relying party id.
    id: String,
    /// The page's origin, with which a browser's answer must agree exactly.
    origin: Url,
}

/// Why passkeys do not work at an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPasskeys {
    /// The office's public address is an IP address, or unknown.
    #[error("passkeys need a host name; set public_url")]
    NoName,
    /// They belong to another name: that of this address.
    #[error("passkeys work at {0} only")]
    Elsewhere(String),
}

/// The person for whom a passkey is made.
pub(super) struct Holder<'a> {
    /// Opaque bytes by which an authenticator tells accounts apart (WebAuthn 14.6.1: nothing about the person).
    pub(super) handle: &'a [u8],
    /// Login name, which the authenticator shows.
    pub(super) name: &'a str,
    /// Name of the office, which it shows too.
    pub(super) office: &'a str,
}

/// The stored parts of a new passkey.
#[derive(Debug)]
pub(super) struct NewKey {
    pub(super) credential_id: Vec<u8>,
    pub(super) public_key: String,
    pub(super) sign_count: u32,
    pub(super) is_backup_eligible: bool,
}

/// A browser's answer whose signature was not checked yet.
pub(super) struct Answer {
    sent: PublicKeyCredential,
    claims: Claims,
}

/// The same for a new passkey.
pub(super) struct NewAnswer {
    sent: RegisterPublicKeyCredential,
    claims: Claims,
}

/// The part of the client data that is read before they are checked as a whole.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    challenge: String,
    origin: String,
    /// Whether the page lay in a frame of another site.
    #[serde(default)]
    cross_origin: bool,
}

/// The used parts of it.
struct Claims {
    challenge: Vec<u8>,
    /// The origin of the page, as the browser spells it.
    origin: String,
}

impl Names {
    /// Notes the public address, such as `https://files.example.org`, and the names that requests may ask for; once.
    pub(super) fn tell(&self, address: &str, hosts: &[String]) {
        let main = Url::parse(address).ok().and_then(|address| name_of(&address));
        let others = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        let _ = self.0.set(Told { address: address.to_owned(), main, others });
    }

    /// The site of a page with this origin, such as `https://files.example.org:8443`.
    pub(super) fn site(&self, origin: &str) -> Result<PasskeySite, NoPasskeys> {
        let told = self.0.get().ok_or(NoPasskeys::NoName)?;
        let id = told.main.clone().ok_or(NoPasskeys::NoName)?;
        let elsewhere = || NoPasskeys::Elsewhere(told.address.clone());
        let origin = Url::parse(origin).map_err(|_| elsewhere())?;
        let name = name_of(&origin).ok_or_else(elsewhere)?;
        let is_below = name.strip_suffix(&id).is_some_and(|rest| rest.ends_with('.'));
        let is_ours = name == id || (is_below && told.others.contains(&name));
        // Browsers offer nothing to pages that others on the line can change (Secure Contexts 3.1).
        let is_secure = origin.scheme() == "https" || name == "localhost" || name.ends_with(".localhost");
        if is_ours && is_secure { Ok(PasskeySite { id, origin }) } else { Err(elsewhere()) }
    }
}

impl PasskeySite {
    /// The options of `navigator.credentials.create()`, as JSON with its bytes in base64url.
    pub(super) fn creation(
        &self,
        challenge: &Challenge,
        holder: &Holder<'_>,
        known: &[PasskeyRow],
    ) -> Result<String, WebauthnError> {
        let (mut asked, _) = registration(&self.core(holder.office), holder, known)?;
        asked.public_key.challenge = challenge.bytes().into();
        serde_json::to_string(&asked.public_key).map_err(|_| WebauthnError::ParseNOMFailure)
    }

    /// The options of `navigator.credentials.get()`, as JSON with its bytes in base64url: any passkey of this site.
    pub(super) fn request(&self, challenge: &Challenge) -> String {
        json!({
            "challenge": BASE64URL_NOPAD.encode(challenge.bytes()),
            "rpId": self.id,
            "timeout": BROWSER_WAITS.as_millis(),
            "userVerification": "required",
        })
        .to_string()
    }

    /// Checks a new passkey (WebAuthn 7.1). Attestation is not asked for, so that what a browser claims about the device is
    /// not judged.
    pub(super) fn check_new(
        &self,
        answer: &NewAnswer,
        challenge: &Challenge,
        known: &[PasskeyRow],
    ) -> Result<NewKey, WebauthnError> {
        self.check_origin(&answer.claims)?;
        let core = self.core(&self.id);
        // The checks look at nothing of the person.
        let unnamed = Holder { handle: &[0], name: "-", office: "-" };
        let (_, state) = registration(&core, &unnamed, known)?;
        let made = core.register_credential(&answer.sent, &with_challenge(&state, challenge)?, None)?;
        Ok(NewKey {
            public_key: serde_json::to_string(&made.cred).map_err(|_| WebauthnError::ParseNOMFailure)?,
            credential_id: made.cred_id.into(),
            sign_count: made.counter,
            is_backup_eligible: made.backup_eligible,
        })
    }

    /// Checks an answer of a passkey (WebAuthn 7.2), and returns its signature counter. A counter that did not grow is refused,
    /// unless it stays 0.
    pub(super) fn check(
        &self,
        answer: &Answer,
        challenge: &Challenge,
        passkey: &PasskeyRow,
    ) -> Result<u32, WebauthnError> {
        self.check_origin(&answer.claims)?;
        let core = self.core(&self.id);
        let credential = credential(passkey)?;
        let builder = core
            .new_challenge_authenticate_builder(vec![credential], Some(UserVerificationPolicy::Required))?;
        let (_, state) = core.generate_challenge_authenticate(builder)?;
        let known = core.authenticate_credential(&answer.sent, &with_challenge(&state, challenge)?)?;
        Ok(known.counter())
    }

    /// Compares the origin as text (WebAuthn 7.2, step 13): the library compares parts of addresses, and takes one with a user
    /// name for the same.
    fn check_origin(&self, claims: &Claims) -> Result<(), WebauthnError> {
        let is_ours = claims.origin == self.origin.origin().ascii_serialization();
        if is_ours { Ok(()) } else { Err(WebauthnError::InvalidRPOrigin) }
    }

    fn core(&self, office: &str) -> WebauthnCore {
        // "Unsafe" because a server must know what to demand: see this file.
        WebauthnCore::new_unsafe_experts_only(
            office,
            &self.id,
            vec![self.origin.clone()],
            BROWSER_WAITS,
            Some(false),
            Some(false),
        )
    }
}

impl Answer {
    /// Reads the JSON of a browser; `None` if it is invalid.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let sent: PublicKeyCredential = serde_json::from_str(text).ok()?;
        let claims = claims_in(&sent.response.client_data_json)?;
        Some(Self { sent, claims })
    }

    pub(super) fn challenge(&self) -> &[u8] {
        &self.claims.challenge
    }

    pub(super) fn credential_id(&self) -> &[u8] {
        &self.sent.raw_id
    }

    /// The handle of the person for whom the passkey was made.
    pub(super) fn handle(&self) -> Option<&[u8]> {
        self.sent.response.user_handle.as_ref().map(AsRef::as_ref)
    }
}

impl NewAnswer {
    /// Reads the JSON of a browser; `None` if it is invalid.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let sent: RegisterPublicKeyCredential = serde_json::from_str(text).ok()?;
        let claims = claims_in(&sent.response.client_data_json)?;
        Some(Self { sent, claims })
    }

    pub(super) fn challenge(&self) -> &[u8] {
        &self.claims.challenge
    }
}

/// `None` also for an answer from a page in a frame of another site.
fn claims_in(client_data: &[u8]) -> Option<Claims> {
    let data: ClientData = serde_json::from_slice(client_data).ok()?;
    let challenge = BASE64URL_NOPAD.decode(data.challenge.as_bytes()).ok()?;
    (!data.cross_origin).then_some(Claims { challenge, origin: data.origin })
}

/// The demands on a new passkey: the question, and the state by which its answer is checked.
fn registration(
    core: &WebauthnCore,
    holder: &Holder<'_>,
    known: &[PasskeyRow],
) -> Result<(CreationChallengeResponse, RegistrationState), WebauthnError> {
    let builder = core
        .new_challenge_register_builder(holder.handle, holder.name, holder.name)?
        .user_verification_policy(UserVerificationPolicy::Required)
        .credential_algorithms(ALGORITHMS.to_vec())
        .exclude_credentials(Some(ids(known)))
        .require_resident_key(true);
    core.generate_challenge_register(builder)
}

/// A host name in lower case.
fn name_of(address: &Url) -> Option<String> {
    match address.host()? {
        Host::Domain(name) => Some(name.to_ascii_lowercase()),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

fn ids(known: &[PasskeyRow]) -> Vec<webauthn_rs_core::proto::CredentialID> {
    known.iter().map(|passkey| passkey.credential_id.clone().into()).collect()
}

/// The passkey as the library knows it. It asks for its own attestation nowhere.
fn credential(passkey: &PasskeyRow) -> Result<Credential, WebauthnError> {
    let cred: COSEKey =
        serde_json::from_str(&passkey.public_key).map_err(|_| WebauthnError::COSEKeyInvalidType)?;
    Ok(Credential {
        cred_id: passkey.credential_id.clone().into(),
        cred,
        counter: passkey.sign_count,
        transports: None,
        user_verified: true,
        backup_eligible: passkey.is_backup_eligible,
        backup_state: passkey.is_backup_eligible,
        registration_policy: UserVerificationPolicy::Required,
        extensions: RegisteredExtensions::none(),
        attestation: ParsedAttestation::default(),
        attestation_format: AttestationFormat::None,
    })
}

/// The state of a ceremony whose challenge is one of ours: the library makes only random ones, and keeps them in a state that
/// it lets others store as JSON.
fn with_challenge<State: Serialize + DeserializeOwned>(
    state: &State,
    challenge: &Challenge,
) -> Result<State, WebauthnError> {
    let broken = |_| WebauthnError::ParseNOMFailure;
    let mut value = serde_json::to_value(state).map_err(broken)?;
    if let Some(kept) = value.get_mut("challenge") {
        *kept = json!(BASE64URL_NOPAD.encode(challenge.bytes()));
    }
    serde_json::from_value(value).map_err(broken)
}

#[cfg(test)]
mod tests {
    use webauthn_rs_core::proto::{COSEEC2Key, COSEKeyType, COSEOKPKey, COSERSAKey, ECDSACurve, EDDSACurve};

    use super::*;

    fn names(address: &str, hosts: &[&str]) -> Names {
        let names = Names::default();
        names.tell(address, &hosts.iter().map(|&host| host.to_owned()).collect::<Vec<_>>());
        names
    }

    #[test]
    fn passkeys_work_at_the_name_of_the_office_and_at_names_of_the_server_below_it() {
        let names = names(
            "https://Kanzlei.example",
            &["kanzlei.example", "Files.kanzlei.example", "other.example", "192.0.2.1"],
        );
        for origin in [
            "https://kanzlei.example",
            "https://kanzlei.example:8443",
            "https://KANZLEI.example",
            "https://files.kanzlei.example",
        ] {
            let site = names.site(origin).unwrap();
            assert_eq!(site.id, "kanzlei.example", "{origin}");
            assert_eq!(site.origin, Url::parse(origin).unwrap());
        }
        for origin in [
            "http://kanzlei.example",
            "https://other.example",
            "https://mail.kanzlei.example",
            "https://xkanzlei.example",
            "https://192.0.2.1",
            "https://example",
            "",
        ] {
            let elsewhere = NoPasskeys::Elsewhere("https://Kanzlei.example".into());
            assert_eq!(names.site(origin), Err(elsewhere), "{origin}");
        }
    }

    /// Rows of passkeys hold these texts; a later version of the library must read them.
    #[test]
    fn public_keys_are_stored_in_one_form() {
        let (x, y) = ("AQEB".repeat(10) + "AQE", "AgIC".repeat(10) + "AgI");
        for (key, stored) in [
            (
                COSEKeyType::EC_EC2(COSEEC2Key {
                    curve: ECDSACurve::SECP256R1,
                    x: vec![1; 32].into(),
                    y: vec![2; 32].into(),
                }),
                format!(
                    r#"{{"type_":"ES256","key":{{"EC_EC2":{{"curve":"SECP256R1","x":"{x}","y":"{y}"}}}}}}"#
                ),
            ),
            (
                COSEKeyType::EC_OKP(COSEOKPKey { curve: EDDSACurve::ED25519, x: vec![1; 32].into() }),
                format!(r#"{{"type_":"EDDSA","key":{{"EC_OKP":{{"curve":"ED25519","x":"{x}"}}}}}}"#),
            ),
            (
                COSEKeyType::RSA(COSERSAKey { n: vec![1; 32].into(), e: [1, 0, 1] }),
                format!(r#"{{"type_":"RS256","key":{{"RSA":{{"n":"{x}","e":[1,0,1]}}}}}}"#),
            ),
        ] {
            let read: COSEKey = serde_json::from_str(&stored).unwrap();
            assert_eq!(read.key, key);
            assert_eq!(serde_json::to_string(&read).unwrap(), stored);
        }
    }

    #[test]
    fn an_address_without_a_name_has_no_passkeys() {
        for address in ["https://192.0.2.1", "https://[2001:db8::1]:8443", "", "files.example.org"] {
            let named = names(address, &["files.example.org"]);
            assert_eq!(named.site("https://files.example.org"), Err(NoPasskeys::NoName), "{address}");
        }
        assert_eq!(Names::default().site("https://files.example.org"), Err(NoPasskeys::NoName));
        assert!(names("http://localhost:80", &[]).site("http://localhost:4000").is_ok());
    }
}
