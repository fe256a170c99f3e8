//! Which scanners may judge now: those that have shown with their present signatures that they find a test virus and pass a
//! harmless text.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Intake, IntakeError, OPTIONAL_RESTS, TRUST_FOR};
use crate::model::{HoldReason, Timestamp};
use crate::scan::{
    CLAMD, Distrust, Duty, Engine, KeptSignatures, Member, Missing, Opinions, Panel, PanelSignatures,
    Signatures, Silence, Trust, canary, reports_its_limits,
};

/// Scanners that may judge now. Each required one is among them.
#[derive(Clone)]
pub(super) struct Ready {
    /// Those that do not answer are marked.
    pub(super) panel: Panel,
    /// The signatures of the others.
    pub(super) signatures: PanelSignatures,
}

/// Why a content was not examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) reason: HoldReason,
    /// The scanner that it is about, if it is about one.
    pub(super) engine: Option<String>,
}

/// The standing of a scanner.
#[derive(Clone)]
pub(super) enum Standing {
    /// It passed its test.
    Trusted {
        at: Timestamp,
        /// Identity of the signatures that it had.
        signatures: String,
    },
    /// It gave no verdict, or failed its test.
    Silent { at: Timestamp, why: Silence },
}

/// The standing of each scanner, by its name.
pub(super) type Standings = BTreeMap<String, Standing>;

impl Failure {
    /// The answer to a person for whom a content would have been examined.
    pub(super) fn refusal(self) -> IntakeError {
        IntakeError::NotClean { reason: self.reason, engine: self.engine }
    }
}

impl From<HoldReason> for Failure {
    fn from(reason: HoldReason) -> Self {
        Self { reason, engine: None }
    }
}

impl From<Missing> for Failure {
    fn from(missing: Missing) -> Self {
        Self { reason: reason(missing.silence), engine: missing.engine }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.engine {
            Some(engine) => write!(f, "{} ({engine})", self.reason),
            None => self.reason.fmt(f),
        }
    }
}

/// Why a content waits for a scanner.
pub(super) fn reason(silence: Silence) -> HoldReason {
    match silence {
        Silence::Failed => HoldReason::ScannerFailed,
        Silence::NotTrusted => HoldReason::ScannerNotTrusted,
        Silence::HidesLimits => HoldReason::ScannerHidesLimits,
        Silence::TooLarge => HoldReason::TooLarge,
    }
}

/// A scanner that does not judge now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilentScanner {
    /// Its name; `None` for clamd.
    pub name: Option<String>,
    /// Whether nothing is released without it.
    pub is_required: bool,
    /// Its fault.
    pub reason: HoldReason,
}

impl Intake {
    /// The scanners that may judge now.
    ///
    /// Errors: there is none, or a required one may not.
    pub(super) async fn ready(&self, now: Timestamp) -> Result<Ready, Failure> {
        let panel = self.panel.as_ref().ok_or(HoldReason::NoScanner)?;
        // One test at a time, and none twice.
        let mut standings = self.standings.lock().await;
        let known = standings.clone();
        let test = move |member: Member| {
            let known = known.get(member.engine.name()).cloned();
            async move { tested(&member, known.as_ref(), now).await }
        };
        let (mut members, mut signatures, mut failure) = (Vec::new(), Vec::new(), None);
        for (member, tested) in of_each(panel, test).await {
            let name = member.engine.name().to_owned();
            match tested {
                Ok((standing, known)) => {
                    standings.insert(name.clone(), standing);
                    signatures.push((name, member.duty, known));
                    members.push(member);
                }
                Err(silence) => {
                    let rests = standings.get(&name).is_some_and(|known| known.rests(now).is_some());
                    if member.duty == Duty::Required || !rests {
                        standings.insert(name.clone(), Standing::Silent { at: now, why: silence });
                    }
                    if member.duty == Duty::Required {
                        failure = failure.or(Some(Failure { reason: reason(silence), engine: Some(name) }));
                    }
                    members.push(member.absent(silence));
                }
            }
        }
        match failure {
            Some(failure) => Err(failure),
            None => Ok(Ready { panel: Panel::new(members), signatures: PanelSignatures::new(signatures) }),
        }
    }

    /// Lets optional scanners rest that gave no verdict about a content.
    pub(super) async fn rest(&self, opinions: &Opinions, now: Timestamp) {
        let failed = opinions.all().iter().filter(|opinion| opinion.duty == Duty::Optional);
        let failed: Vec<_> = failed.filter(|opinion| opinion.said == Err(Silence::Failed)).collect();
        if failed.is_empty() {
            return;
        }
        let mut standings = self.standings.lock().await;
        for opinion in failed {
            if standings.get(&opinion.engine).is_none_or(|known| known.rests(now).is_none()) {
                let silent = Standing::Silent { at: now, why: Silence::Failed };
                standings.insert(opinion.engine.clone(), silent);
            }
        }
    }

    /// Whether every scanner that answers has these signatures, and each required one answers.
    pub(super) async fn have(&self, kept: &KeptSignatures) -> bool {
        let mut present = Vec::new();
        for (Member { engine, duty, .. }, signatures) in self.present_signatures().await {
            match (signatures, duty) {
                (Ok(signatures), _) => present.push((engine.name().to_owned(), duty, signatures)),
                (Err(_), Duty::Optional) => {}
                (Err(_), Duty::Required) => return false,
            }
        }
        PanelSignatures::new(present).are(kept)
    }

    /// The scanners that do not answer now, or did not pass their last test.
    pub async fn silent_scanners(&self, now: Timestamp) -> Vec<SilentScanner> {
        let mut silent = Vec::new();
        for (Member { engine, duty, .. }, signatures) in self.present_signatures().await {
            let why = match signatures {
                Err(silence) => Some(silence),
                // While a scanner is tested, that may take minutes.
                Ok(_) => match self.standings.try_lock() {
                    Ok(standings) => standings.get(engine.name()).and_then(|standing| standing.rests(now)),
                    Err(_) => None,
                },
            };
            let Some(why) = why else { continue };
            let is_required = duty == Duty::Required;
            let name = Some(engine.name().to_owned()).filter(|name| name != CLAMD);
            silent.push(SilentScanner { name, is_required, reason: reason(why) });
        }
        silent
    }

    /// Whether contents that arrive now are scanned soon; also without a scanner, where everything waits for a person.
    pub async fn scanner_answers(&self) -> bool {
        let answers = self.present_signatures().await;
        answers.iter().all(|(member, signatures)| member.duty == Duty::Optional || signatures.is_ok())
    }

    /// The present signatures of each scanner, in the order of the configuration.
    async fn present_signatures(&self) -> Vec<(Member, Result<Signatures, Silence>)> {
        let Some(panel) = &self.panel else { return Vec::new() };
        of_each(panel, |member| async move { present_signatures(&member.engine).await }).await
    }
}

impl Standing {
    /// Why a scanner is not asked yet again, if it is not.
    fn rests(&self, now: Timestamp) -> Option<Silence> {
        match self {
            Self::Silent { at, why } if *at <= now && now.since(*at) < OPTIONAL_RESTS => Some(*why),
            _ => None,
        }
    }

    /// Whether it passed its test with these signatures a moment ago.
    fn is_fresh(&self, present: &Signatures, now: Timestamp) -> bool {
        match self {
            Self::Trusted { at, signatures } => {
                signatures == present.identity.as_str() && *at <= now && now.since(*at) < TRUST_FOR
            }
            Self::Silent { .. } => false,
        }
    }
}

/// The answer of each scanner of a panel, in the order of the configuration. All are asked side by side: one that
/// hangs does not add its time to that of the others.
async fn of_each<T, F>(panel: &Panel, ask: impl Fn(Member) -> F) -> Vec<(Member, Result<T, Silence>)>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Silence>> + Send + 'static,
{
    let asked: Vec<_> =
        panel.members().iter().map(|member| (member.clone(), tokio::spawn(ask(member.clone())))).collect();
    let mut answers = Vec::with_capacity(asked.len());
    for (member, answer) in asked {
        answers.push((member, answer.await.unwrap_or(Err(Silence::Failed))));
    }
    answers
}

/// The signatures of a scanner that passes its test, or passed it a moment ago. An optional one that gave no verdict rests.
async fn tested(
    member: &Member,
    known: Option<&Standing>,
    now: Timestamp,
) -> Result<(Standing, Signatures), Silence> {
    if member.duty == Duty::Optional
        && let Some(silence) = known.and_then(|known| known.rests(now))
    {
        return Err(silence);
    }
    let signatures = present_signatures(&member.engine).await?;
    let identity = signatures.identity.as_str().to_owned();
    match known {
        Some(Standing::Trusted { at, .. }) if known.is_some_and(|known| known.is_fresh(&signatures, now)) => {
            return Ok((Standing::Trusted { at: *at, signatures: identity }, signatures));
        }
        _ => {}
    }
    // With these signatures it was seen before how much of a large content it looks at.
    let is_known = matches!(known, Some(Standing::Trusted { signatures, .. }) if *signatures == identity);
    test(member, is_known).await?;
    Ok((Standing::Trusted { at: now, signatures: identity }, signatures))
}

/// Tries a scanner; not by a large content if it is known.
async fn test(member: &Member, is_known: bool) -> Result<(), Silence> {
    let scanner = Arc::clone(&member.engine);
    let tested = tokio::task::spawn_blocking(move || match canary(&*scanner) {
        Trust::Trusted if is_known && scanner.largest().is_some() => Ok(true),
        Trust::Trusted => reports_its_limits(&*scanner).map_err(Distrust::NoVerdict),
        Trust::NotTrusted(why) => Err(why),
    });
    let (engine, is_required) = (member.engine.name(), member.duty == Duty::Required);
    match tested.await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) if is_required => {
            tracing::error!(
                engine,
                "the scanner hides what it skips because of its limits: nothing is released"
            );
            Err(Silence::HidesLimits)
        }
        Ok(Ok(false)) => {
            tracing::warn!(engine, "an optional scanner hides what it skips because of its limits");
            Err(Silence::HidesLimits)
        }
        Ok(Err(Distrust::NoVerdict(error))) => {
            tracing::warn!(engine, code = error.code(), "the scanner's test failed");
            Err(Silence::Failed)
        }
        Ok(Err(why)) if is_required => {
            tracing::error!(engine, %why, "the scanner is not trusted: nothing is released");
            Err(Silence::NotTrusted)
        }
        Ok(Err(why)) => {
            tracing::warn!(engine, %why, "an optional scanner is not trusted");
            Err(Silence::NotTrusted)
        }
        Err(_) => Err(Silence::Failed),
    }
}

/// A scanner's present signatures, whether or not it can be trusted with them.
async fn present_signatures(engine: &Arc<dyn Engine>) -> Result<Signatures, Silence> {
    let scanner = Arc::clone(engine);
    match tokio::task::spawn_blocking(move || scanner.signatures()).await {
        Ok(Ok(signatures)) => Ok(signatures),
        Ok(Err(error)) => {
            tracing::warn!(engine = engine.name(), code = error.code(), "the scanner does not answer");
            Err(Silence::Failed)
        }
        Err(_) => Err(Silence::Failed),
    }
}
