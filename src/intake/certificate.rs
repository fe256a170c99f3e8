//! Certificates: the findings about a released content, signed by the instance, for an auditor who has nothing but
//! the file.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::shown::{handled, show};
use super::{Intake, IntakeError};
use crate::catalog::{HoldRow, VerdictRow};
use crate::model::{
    Access, Actor, ChecksumKind, HoldId, HoldState, SpaceId, Timestamp, VerdictKind, VersionState,
};
use crate::proof::{Proof, Verifier};
use crate::scan::{CLAMD, Duty, KeptSignatures, Newest, PanelSignatures, SignatureIdentity, Signatures};

/// How a content was released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// After its holding time, by a clean scan with signatures newer than its arrival.
    ReleasedAfterHold,
    /// After a clean first scan, because contents of its kind are not held.
    ReleasedByKind,
    /// By a person, after a clean scan, but not after its time and by newer signatures.
    ReleasedEarly,
    /// By a person, although a scanner objected or was not asked. This certificate proves no clean scan.
    ReleasedByOverride,
}

/// The text of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The form of this text.
    pub form: String,
    /// How the content was released.
    pub outcome: Outcome,
    /// Number of the item in the holding area.
    pub item: i64,
    /// Name of the space.
    pub space: String,
    /// Path of the file when the certificate was made.
    pub path: String,
    /// SHA-256 of the content, in hexadecimal digits.
    pub sha256: String,
    /// Size of the content in bytes.
    pub size: u64,
    /// When it arrived; all times are RFC 3339 in UTC.
    pub arrived: String,
    /// The end of its holding time.
    pub due: String,
    /// When it was released.
    pub released: Option<String>,
    /// The kind of actor that released it: `worker`, `owner` or `user`.
    pub released_by: Option<String>,
    /// Why a person released it.
    pub reason: Option<String>,
    /// Its kind, as one word; `None` if nothing looked into it.
    pub kind: Option<String>,
    /// Facts about the content and its members.
    pub labels: Vec<String>,
    /// Why not all of it could be looked at.
    pub obstacle: Option<String>,
    /// The results of its scans, in order.
    pub verdicts: Vec<CertifiedVerdict>,
    /// The parts that no scan looked at.
    pub not_checked: Vec<String>,
    /// When the certificate was made.
    pub certified: String,
    /// The key that signs it.
    pub key: String,
}

/// The result of one scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertifiedVerdict {
    /// The scanner.
    pub engine: String,
    /// Whether nothing is clean that this scanner did not call clean.
    #[serde(default = "yes")]
    pub required: bool,
    /// Identity of its signatures.
    pub signatures: String,
    /// When the newest of them were built.
    pub signatures_built: Option<String>,
    /// The result.
    pub result: String,
    /// Name of the virus, or why it could not be scanned.
    pub detail: Option<String>,
    /// When the scan ended.
    pub at: String,
    /// When the scanner last found a test virus, and passed a harmless text, with these signatures.
    pub scanner_tested: Option<String>,
}

/// For certificates from the time when there was one scanner.
fn yes() -> bool {
    true
}

impl Proof for Certificate {
    const FORM: &'static str = "tresor-hold-1";

    fn form(&self) -> &str {
        &self.form
    }

    fn key(&self) -> &str {
        &self.key
    }
}

impl Intake {
    /// The certificate of a released content, as a signed note. `spaces` are the names of the spaces.
    ///
    /// Errors: `NoSuchHold`, also without the right to decide about the space's held contents; `WrongState` if it was not released;
    /// `NoHash` before the hash of the content is computed.
    pub async fn certificate(
        &self,
        accesses: Vec<Access>,
        id: HoldId,
        space_name: impl Fn(SpaceId) -> String,
        now: Timestamp,
    ) -> Result<String, IntakeError> {
        let (row, hold, version, released) = self
            .catalog()
            .read(move |tx| {
                let row = handled(tx, &accesses, id)?;
                let hold = show(tx, &row)?;
                let version = tx.version(row.version)?.ok_or(IntakeError::NoSuchHold)?;
                let change = tx.latest_state_change(row.version, VersionState::Visible)?;
                Ok::<_, IntakeError>((row, hold, version, change))
            })
            .await?;
        if row.state != HoldState::Released {
            return Err(IntakeError::WrongState { state: row.state });
        }
        let sha256 = version.checksums.iter().find(|sum| sum.kind() == ChecksumKind::Sha256);
        let sha256 = sha256.ok_or(IntakeError::NoHash)?;
        let (by, reason) = match &released {
            Some((stamp, reason)) => (Some(actor_word(&stamp.actor)), reason.clone()),
            None => (None, None),
        };
        let look = row.look.as_ref();
        let certificate = Certificate {
            form: Certificate::FORM.to_owned(),
            outcome: outcome(&row, &hold.verdicts, released.as_ref().map(|(stamp, _)| stamp.actor)),
            item: id.0,
            space: space_name(hold.space),
            path: hold.path,
            sha256: HEXLOWER.encode(sha256.digest()),
            size: version.size,
            arrived: row.arrived.to_string(),
            due: row.due.to_string(),
            released: released.map(|(stamp, _)| stamp.at.to_string()),
            released_by: by.map(str::to_owned),
            reason,
            kind: look.map(|look| look.kind.as_str().to_owned()),
            labels: look
                .iter()
                .flat_map(|look| &look.labels)
                .map(|label| label.as_str().to_owned())
                .collect(),
            obstacle: look.and_then(|look| look.obstacle).map(|obstacle| obstacle.as_str().to_owned()),
            verdicts: hold.verdicts.iter().map(certified).collect(),
            not_checked: not_checked(latest(&hold.verdicts)),
            certified: now.to_string(),
            key: self.signer.verifier().to_string(),
        };
        Ok(self.signer.sign_json(&certificate))
    }

    /// The key that checks this instance's certificates.
    pub fn certificate_key(&self) -> Verifier {
        self.signer.verifier()
    }
}

/// The parts that scans do not look at, in words; `latest` are the verdicts of the latest scan.
fn not_checked(latest: &[VerdictRow]) -> Vec<String> {
    let mut gaps = vec![
        "what no signature of these scanners describes".to_owned(),
        "pages, programs and files outside that the content refers to".to_owned(),
    ];
    for verdict in latest {
        let VerdictRow { engine, detail, .. } = verdict;
        let why = detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
        match verdict.result {
            VerdictKind::NoAnswer => {
                gaps.push(format!("what {engine} would have found: it gave no verdict{why}"));
            }
            VerdictKind::NotFullyScannable | VerdictKind::Encrypted if !verdict.is_required => {
                gaps.push(format!(
                    "what {engine} would have found: it could not look at all of the content{why}"
                ));
            }
            _ => {}
        }
        if verdict.result == VerdictKind::Clean && engine != CLAMD {
            gaps.push(format!("what {engine} skips because of limits of its own: it does not report them"));
        }
    }
    gaps
}

/// The verdicts of the latest scan. Those of one scan have one time.
fn latest(verdicts: &[VerdictRow]) -> &[VerdictRow] {
    let Some(last) = verdicts.last() else { return verdicts };
    let earlier = verdicts.iter().rposition(|verdict| verdict.at != last.at).map_or(0, |at| at + 1);
    verdicts.get(earlier..).unwrap_or_default()
}

fn outcome(row: &HoldRow, verdicts: &[VerdictRow], by: Option<Actor>) -> Outcome {
    if row.overridden {
        return Outcome::ReleasedByOverride;
    }
    let scan = latest(verdicts);
    let required = || scan.iter().filter(|verdict| verdict.is_required);
    let is_found = scan.iter().any(|verdict| verdict.result == VerdictKind::Infected);
    if is_found || required().count() == 0 || required().any(|verdict| verdict.result != VerdictKind::Clean) {
        return Outcome::ReleasedByOverride;
    }
    let first = KeptSignatures::parse(row.first_signatures.as_deref().unwrap_or_default());
    let is_second = required().all(|verdict| {
        verdict.at >= row.due && signatures(scan).are_newer_than_arrival(&first, row.arrived, verdict.at)
    });
    match by {
        _ if is_second => Outcome::ReleasedAfterHold,
        Some(Actor::Worker(_)) => Outcome::ReleasedByKind,
        _ => Outcome::ReleasedEarly,
    }
}

/// The signatures by which a content was scanned.
fn signatures(scan: &[VerdictRow]) -> PanelSignatures {
    let of = |verdict: &VerdictRow| {
        let duty = if verdict.is_required { Duty::Required } else { Duty::Optional };
        let identity = SignatureIdentity::kept(verdict.signatures.clone());
        let newest = verdict.signatures_built.map_or(Newest::Unknown, Newest::Built);
        (verdict.engine.clone(), duty, Signatures { version: String::new(), identity, newest })
    };
    PanelSignatures::new(scan.iter().map(of).collect())
}

fn actor_word(actor: &Actor) -> &'static str {
    match actor {
        Actor::User { .. } => "user",
        Actor::Guest { .. } => "guest",
        Actor::Owner => "owner",
        Actor::Worker(_) => "worker",
    }
}

fn certified(verdict: &VerdictRow) -> CertifiedVerdict {
    CertifiedVerdict {
        engine: verdict.engine.clone(),
        required: verdict.is_required,
        signatures: verdict.signatures.clone(),
        signatures_built: verdict.signatures_built.map(|at| at.to_string()),
        result: verdict.result.as_str().to_owned(),
        detail: verdict.detail.clone(),
        at: verdict.at.to_string(),
        scanner_tested: verdict.tested.map(|at| at.to_string()),
    }
}
