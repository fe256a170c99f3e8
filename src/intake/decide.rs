//! The consequences of a scan. Pure functions, so that every case is in one table of tests.

use super::policy::{Treatment, treatment};
use super::trust::Failure;
use super::{DECISION_AFTER, DECISION_AFTER_START, IntakeSettings, RETRY_AFTER, SIGNATURES_EVERY};
use crate::catalog::{HoldRow, VerdictRow};
use crate::model::{HoldReason, HoldState, Label, Look, Timestamp, VerdictKind};
use crate::scan::{KeptSignatures, PanelSignatures};

/// The time of a decision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// The wall clock.
    pub(super) now: Timestamp,
    /// The certain time, by which holding times end and the server continues.
    pub(super) certain: Timestamp,
    /// The certain time since which the server has been running.
    pub(super) up_since: Timestamp,
}

/// The findings about a content, or why it was not scanned.
pub(super) type Finding = Result<Scanned, Failure>;

/// A completed scan.
#[derive(Clone, Debug)]
pub(super) struct Scanned {
    /// The conclusion from the verdicts of all scanners.
    pub(super) result: VerdictKind,
    /// Name of the virus, or why it could not be scanned.
    pub(super) detail: Option<String>,
    /// The answer of each scanner.
    pub(super) verdicts: Vec<VerdictRow>,
    /// The signatures of those that gave a verdict.
    pub(super) signatures: PanelSignatures,
    /// The findings of a look into the content, if there was one.
    pub(super) look: Option<Look>,
    /// Whether something encrypted in it stays closed.
    pub(super) is_closed: bool,
}

/// The next state of a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) state: HoldState,
    pub(super) at: Option<Timestamp>,
    pub(super) reason: Option<HoldReason>,
    /// Identity of the signatures of the first clean scan.
    pub(super) first_signatures: Option<String>,
}

/// The next state after `finding`.
pub(super) fn decide(hold: &HoldRow, finding: &Finding, clock: Clock, settings: &IntakeSettings) -> Next {
    let for_a_person = |state, reason| Next {
        state,
        at: None,
        reason: Some(reason),
        first_signatures: hold.first_signatures.clone(),
    };
    match finding {
        Err(Failure { reason, .. }) => match reason {
            // It was opened before, and a password of it is not known any more.
            HoldReason::TooLarge | HoldReason::Encrypted | HoldReason::PartlyEncrypted => {
                for_a_person(HoldState::NeedsDecision, *reason)
            }
            reason => waiting(hold, *reason, clock),
        },
        Ok(scanned) => match scanned.result {
            VerdictKind::Infected => for_a_person(HoldState::Quarantined, HoldReason::Infected),
            VerdictKind::NotFullyScannable => {
                for_a_person(HoldState::NeedsDecision, HoldReason::NotFullyScannable)
            }
            VerdictKind::Encrypted => {
                let look = scanned.look.as_ref().or(hold.look.as_ref());
                let is_partly = look.is_some_and(|look| look.labels.contains(&Label::PasswordGiven));
                let reason = if is_partly { HoldReason::PartlyEncrypted } else { HoldReason::Encrypted };
                for_a_person(HoldState::NeedsDecision, reason)
            }
            VerdictKind::NoAnswer => waiting(hold, HoldReason::ScannerFailed, clock),
            VerdictKind::Clean => clean(hold, scanned, clock, settings),
        },
    }
}

/// Whether its time has come.
pub(super) fn is_due(hold: &HoldRow, clock: Clock) -> bool {
    clock.certain >= hold.due
}

/// Why signatures do not suffice for the release of a content, if they do not: they must differ from those of the
/// first scan, be built after it arrived, and not be too old, as far as each scanner can say so.
pub(super) fn objection(
    hold: &HoldRow,
    signatures: &PanelSignatures,
    now: Timestamp,
    settings: &IntakeSettings,
) -> Option<HoldReason> {
    let first = KeptSignatures::parse(hold.first_signatures.as_deref().unwrap_or_default());
    if !signatures.are_newer_than_arrival(&first, hold.arrived, now) {
        return Some(HoldReason::SignaturesNotNewer);
    }
    let is_young = signatures.are_younger_than(settings.signatures_max_age, now);
    (!is_young).then_some(HoldReason::SignaturesTooOld)
}

fn clean(hold: &HoldRow, scanned: &Scanned, clock: Clock, settings: &IntakeSettings) -> Next {
    let signatures = &scanned.signatures;
    let first_signatures = hold.first_signatures.clone().or_else(|| Some(signatures.kept()));
    let still = Next { state: HoldState::Held, at: None, reason: None, first_signatures };
    match treatment(scanned.look.as_ref().or(hold.look.as_ref()), hold.scope) {
        Treatment::Decide(reason) => {
            return Next { state: HoldState::NeedsDecision, reason: Some(reason), ..still };
        }
        Treatment::Release if signatures.are_younger_than(settings.signatures_max_age, clock.now) => {
            return Next { state: HoldState::Released, ..still };
        }
        Treatment::Release => return waiting(hold, HoldReason::SignaturesTooOld, clock),
        Treatment::Hold => {}
    }
    if hold.first_signatures.is_none() || !is_due(hold, clock) {
        return Next { at: Some(hold.due.max(clock.certain)), ..still };
    }
    match objection(hold, signatures, clock.now, settings) {
        Some(reason) => waiting(hold, reason, clock),
        None => Next { state: HoldState::Released, ..still },
    }
}

/// The server tries again, and asks for a decision when that takes too long.
fn waiting(hold: &HoldRow, reason: HoldReason, clock: Clock) -> Next {
    let is_about_signatures = matches!(reason, HoldReason::SignaturesNotNewer | HoldReason::SignaturesTooOld);
    let asks = hold.due.after(DECISION_AFTER).max(clock.up_since.after(DECISION_AFTER_START));
    let state = match hold.state {
        _ if clock.certain >= asks => HoldState::NeedsDecision,
        _ if is_about_signatures => HoldState::WaitingForSignatures,
        state => state,
    };
    let after = if is_about_signatures { SIGNATURES_EVERY } else { RETRY_AFTER };
    Next {
        state,
        at: Some(clock.certain.after(after)),
        reason: Some(reason),
        first_signatures: hold.first_signatures.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;
    use crate::model::{ContentKind, HoldId, HoldScope, Obstacle, ReleaseBy, SpaceId, VersionId};
    use crate::scan::{CLAMD, Duty, Newest, SignatureIdentity, Signatures};

    const HOUR: Duration = Duration::from_hours(1);
    const ARRIVED: Timestamp = Timestamp(1_000_000_000_000);

    fn at(hours: u64) -> Timestamp {
        ARRIVED.after(HOUR * u32::try_from(hours).unwrap())
    }

    fn clock(hours: u64) -> Clock {
        Clock { now: at(hours), certain: at(hours), up_since: ARRIVED }
    }

    fn hold(state: HoldState, first: Option<&str>) -> HoldRow {
        HoldRow {
            id: HoldId(1),
            version: VersionId(2),
            space: SpaceId([3; 16]),
            state,
            arrived: ARRIVED,
            due: at(12),
            next: Some(ARRIVED),
            reason: None,
            overridden: false,
            first_signatures: first.map(str::to_owned),
            look: Some(looked(ContentKind::Office, None)),
            scope: HoldScope::Risky,
            release_by: ReleaseBy::One,
        }
    }

    fn looked(kind: ContentKind, obstacle: Option<Obstacle>) -> Look {
        Look { kind, labels: BTreeSet::new(), obstacle }
    }

    fn verdict(result: VerdictKind, signatures: &str, built: u64) -> Scanned {
        let row = VerdictRow {
            at: at(0),
            engine: CLAMD.into(),
            is_required: true,
            signatures: signatures.into(),
            signatures_built: Some(at(built)),
            result,
            detail: None,
            tested: None,
        };
        let identity = SignatureIdentity::kept(signatures.into());
        let signatures = Signatures { version: String::new(), identity, newest: Newest::Built(at(built)) };
        let signatures = PanelSignatures::new(vec![(CLAMD.into(), Duty::Required, signatures)]);
        Scanned { result, detail: None, verdicts: vec![row], signatures, look: None, is_closed: false }
    }

    /// A clean first scan, and the findings of a look into the content.
    fn seen(kind: ContentKind, obstacle: Option<Obstacle>) -> Scanned {
        Scanned { look: Some(looked(kind, obstacle)), ..verdict(VerdictKind::Clean, "old", 0) }
    }

    fn after(hold: &HoldRow, finding: &Finding, hours: u64) -> Next {
        decide(hold, finding, clock(hours), &IntakeSettings::default())
    }

    #[test]
    fn only_a_clean_scan_with_newer_signatures_after_its_time_releases() {
        use HoldState::{Arrived, Held, NeedsDecision, Quarantined, Released, WaitingForSignatures};
        use VerdictKind::{Clean, Encrypted, Infected, NotFullyScannable};
        let fresh = || hold(Arrived, None);
        let held = || hold(Held, Some("old"));
        let none = |reason: HoldReason| Finding::Err(reason.into());
        let table = [
            // The first scan never releases, however late it comes.
            (fresh(), Ok(verdict(Clean, "old", 0)), 0, Held, None),
            (fresh(), Ok(verdict(Clean, "new", 13)), 14, Held, None),
            (fresh(), Ok(verdict(Infected, "old", 0)), 0, Quarantined, Some(HoldReason::Infected)),
            (fresh(), Ok(verdict(Encrypted, "old", 0)), 0, NeedsDecision, Some(HoldReason::Encrypted)),
            (
                fresh(),
                Ok(verdict(NotFullyScannable, "old", 0)),
                0,
                NeedsDecision,
                Some(HoldReason::NotFullyScannable),
            ),
            (fresh(), none(HoldReason::ScannerFailed), 0, Arrived, Some(HoldReason::ScannerFailed)),
            (fresh(), none(HoldReason::TooLarge), 0, NeedsDecision, Some(HoldReason::TooLarge)),
            (fresh(), none(HoldReason::NoScanner), 48, NeedsDecision, Some(HoldReason::NoScanner)),
            // Before its time nothing is released.
            (held(), Ok(verdict(Clean, "new", 11)), 11, Held, None),
            (held(), Ok(verdict(Clean, "new", 11)), 12, Released, None),
            // Signatures that were there at arrival, or look new and are not.
            (
                held(),
                Ok(verdict(Clean, "old", 11)),
                12,
                WaitingForSignatures,
                Some(HoldReason::SignaturesNotNewer),
            ),
            (
                held(),
                Ok(verdict(Clean, "new", 0)),
                12,
                WaitingForSignatures,
                Some(HoldReason::SignaturesNotNewer),
            ),
            (
                held(),
                Ok(verdict(Clean, "new", 1)),
                40,
                WaitingForSignatures,
                Some(HoldReason::SignaturesTooOld),
            ),
            (held(), Ok(verdict(Clean, "new", 1)), 48, NeedsDecision, Some(HoldReason::SignaturesTooOld)),
            (held(), Ok(verdict(Infected, "new", 11)), 12, Quarantined, Some(HoldReason::Infected)),
            (held(), none(HoldReason::Encrypted), 12, NeedsDecision, Some(HoldReason::Encrypted)),
            (held(), none(HoldReason::ScannerNotTrusted), 12, Held, Some(HoldReason::ScannerNotTrusted)),
            (held(), none(HoldReason::ScannerFailed), 47, Held, Some(HoldReason::ScannerFailed)),
            (held(), none(HoldReason::ScannerFailed), 48, NeedsDecision, Some(HoldReason::ScannerFailed)),
            // Still possible after a person was asked.
            (hold(NeedsDecision, Some("old")), Ok(verdict(Clean, "new", 47)), 50, Released, None),
        ];
        for (hold, finding, hours, state, reason) in table {
            let next = after(&hold, &finding, hours);
            assert_eq!((next.state, next.reason), (state, reason), "{hold:?} {finding:?} after {hours} h");
        }
    }

    #[test]
    fn what_cannot_carry_malware_is_released_by_the_first_scan() {
        let fresh = HoldRow { look: None, ..hold(HoldState::Arrived, None) };
        let table = [
            (Ok(seen(ContentKind::Image, None)), 0, HoldState::Released, None),
            (Ok(seen(ContentKind::Office, None)), 0, HoldState::Held, None),
            (
                Ok(seen(ContentKind::Archive, Some(Obstacle::Ratio))),
                0,
                HoldState::NeedsDecision,
                Some(HoldReason::NotFullyScannable),
            ),
            (
                Ok(seen(ContentKind::Office, Some(Obstacle::Encrypted))),
                0,
                HoldState::NeedsDecision,
                Some(HoldReason::Encrypted),
            ),
            (
                Ok(seen(ContentKind::Script, None)),
                0,
                HoldState::NeedsDecision,
                Some(HoldReason::DangerousKind),
            ),
            // Old signatures release nothing.
            (
                Ok(seen(ContentKind::Image, None)),
                37,
                HoldState::WaitingForSignatures,
                Some(HoldReason::SignaturesTooOld),
            ),
        ];
        for (finding, hours, state, reason) in table {
            let next = after(&fresh, &finding, hours);
            assert_eq!((next.state, next.reason), (state, reason), "{finding:?} after {hours} h");
        }
        // A finding of any scanner counts first.
        let infected = verdict(VerdictKind::Infected, "old", 0);
        let infected = Ok(Scanned { look: Some(looked(ContentKind::Image, None)), ..infected });
        assert_eq!(after(&fresh, &infected, 0).state, HoldState::Quarantined);
    }

    #[test]
    fn every_next_state_has_a_time_or_a_person() {
        let findings = [VerdictKind::Clean, VerdictKind::Infected, VerdictKind::Encrypted]
            .map(|kind| Ok(verdict(kind, "new", 1)))
            .into_iter()
            .chain(HoldReason::ALL.iter().map(|reason| Finding::Err((*reason).into())));
        for finding in findings {
            for state in [HoldState::Arrived, HoldState::Held, HoldState::WaitingForSignatures] {
                for hours in [0, 12, 100] {
                    let next = after(&hold(state, Some("old")), &finding, hours);
                    let waits_for_a_person =
                        matches!(next.state, HoldState::NeedsDecision | HoldState::Quarantined);
                    assert!(next.at.is_some() || waits_for_a_person || next.state.has_ended(), "{next:?}");
                }
            }
        }
    }

    #[test]
    fn a_clock_in_doubt_releases_nothing() {
        let clock = Clock { now: at(100), certain: at(11), up_since: ARRIVED };
        let found = Ok(verdict(VerdictKind::Clean, "new", 99));
        let next = decide(&hold(HoldState::Held, Some("old")), &found, clock, &IntakeSettings::default());
        assert_eq!((next.state, next.at), (HoldState::Held, Some(at(12))));
    }
}
