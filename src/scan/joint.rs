//! The signatures of several engines at one moment.
//!
//! Whether an engine has newer signatures than at an arrival, it can say more or less exactly:
//!
//! | the engine | is newer if |
//! |---|---|
//! | says when its signatures were built | they are others, and the newest was built after the arrival |
//! | says only which they are (an `ISTag`, a version) | they are others: a restart or a step back changes them, too |
//! | says nothing | it does not count |
//!
//! Together they are newer if every required engine of the first two kinds has newer ones, and there is one of the first
//! kind. So an engine that cannot say when its signatures were built releases nothing by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use super::CLAMD;
use super::signatures::{Newest, SignatureIdentity, Signatures};
use crate::model::Timestamp;

/// Whether a content can be clean without an engine's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Nothing is clean that this engine did not call clean.
    Required,
    /// Its findings count; its silence does not.
    Optional,
}

/// The signatures of engines with different names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanelSignatures(Vec<(String, Duty, Signatures)>);

/// Identities of engines' signatures that were kept, by the engine's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSignatures(BTreeMap<String, SignatureIdentity>);

/// Between the engines in a kept text, and between name and identity. Neither is in a name or an identity.
const BETWEEN: (&str, &str) = ("; ", "=");

impl KeptSignatures {
    /// Parses the text of [`PanelSignatures::kept`]. A text without a name is the identity of clamd's, which was the
    /// only engine.
    pub fn parse(text: &str) -> Self {
        let parts = text.split(BETWEEN.0).filter(|part| !part.is_empty());
        let named = parts.map(|part| part.split_once(BETWEEN.1).unwrap_or((CLAMD, part)));
        Self(
            named
                .map(|(name, identity)| (name.to_owned(), SignatureIdentity::kept(identity.to_owned())))
                .collect(),
        )
    }

    /// That of an engine.
    pub fn of(&self, engine: &str) -> Option<&SignatureIdentity> {
        self.0.get(engine)
    }
}

impl PanelSignatures {
    /// The signatures of these engines.
    pub fn new(all: Vec<(String, Duty, Signatures)>) -> Self {
        Self(all)
    }

    /// Those of an engine.
    pub fn of(&self, engine: &str) -> Option<&Signatures> {
        self.0.iter().find(|(name, ..)| name == engine).map(|(.., signatures)| signatures)
    }

    /// The text to keep of their identities.
    pub fn kept(&self) -> String {
        if let [(name, _, signatures)] = &self.0[..]
            && name == CLAMD
        {
            return signatures.identity.to_string();
        }
        let (engines, names) = BETWEEN;
        let parts =
            self.0.iter().map(|(name, _, signatures)| format!("{name}{names}{}", signatures.identity));
        parts.collect::<Vec<_>>().join(engines)
    }

    /// Whether each engine has the signatures that were kept of it.
    pub fn are(&self, kept: &KeptSignatures) -> bool {
        self.0.iter().all(|(name, _, signatures)| kept.0.get(name) == Some(&signatures.identity))
    }

    /// Whether these signatures can know malware that was unknown when a content arrived. Those of the first
    /// scan are in `at_arrival`; an engine that took no part in it has no place there.
    pub fn are_newer_than_arrival(
        &self,
        at_arrival: &KeptSignatures,
        arrived: Timestamp,
        now: Timestamp,
    ) -> bool {
        let none = SignatureIdentity::kept(String::new());
        let is_newer = |name: &str, signatures: &Signatures| {
            let first = at_arrival.0.get(name).unwrap_or(&none);
            match signatures.newest {
                Newest::Built(_) | Newest::NotLoaded => {
                    signatures.are_newer_than_arrival(first, arrived, now)
                }
                Newest::Unknown => signatures.identity == none || signatures.identity != *first,
            }
        };
        self.required().all(|(name, signatures)| is_newer(name, signatures)) && self.has_dated()
    }

    /// Whether the newest of each required engine that can say so was built within the last `max_age`, and there is one.
    pub fn are_younger_than(&self, max_age: Duration, now: Timestamp) -> bool {
        let is_young = |signatures: &Signatures| {
            signatures.newest == Newest::Unknown || signatures.are_younger_than(max_age, now)
        };
        self.required().all(|(_, signatures)| is_young(signatures)) && self.has_dated()
    }

    fn required(&self) -> impl Iterator<Item = (&str, &Signatures)> {
        let required = self.0.iter().filter(|(_, duty, _)| *duty == Duty::Required);
        required.map(|(name, _, signatures)| (name.as_str(), signatures))
    }

    fn has_dated(&self) -> bool {
        self.required().any(|(_, signatures)| matches!(signatures.newest, Newest::Built(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signatures(identity: &str, newest: Newest) -> Signatures {
        let identity = SignatureIdentity::kept(identity.to_owned());
        Signatures { version: String::new(), identity, newest }
    }

    const BUILT: Newest = Newest::Built(Timestamp(1_500));
    const BEFORE: Newest = Newest::Built(Timestamp(900));

    /// Of engines with the names `a`, `b` and so on.
    fn together(engines: &[(Duty, &str, Newest)]) -> PanelSignatures {
        let named = engines
            .iter()
            .zip('a'..)
            .map(|((duty, identity, newest), name)| (name.to_string(), *duty, signatures(identity, *newest)));
        PanelSignatures::new(named.collect())
    }

    #[test]
    fn together_they_are_newer_if_each_is_that_can_say_so_and_one_can_say_when() {
        use Duty::{Optional, Required};
        use Newest::{NotLoaded, Unknown};
        let first = KeptSignatures::parse("a=a1; b=b1");
        for (engines, newer) in [
            (&[(Required, "a2", BUILT)][..], true),
            (&[(Required, "a1", BUILT)], false),
            (&[(Required, "a2", BEFORE)], false),
            // None of them says when.
            (&[(Required, "a2", Unknown)], false),
            (&[(Required, "a2", Unknown), (Required, "b2", Unknown)], false),
            (&[(Required, "", Unknown)], false),
            (&[], false),
            // One says when, the other which.
            (&[(Required, "a2", BUILT), (Required, "b2", Unknown)], true),
            (&[(Required, "a2", BUILT), (Required, "b1", Unknown)], false),
            (&[(Required, "a1", BUILT), (Required, "b2", Unknown)], false),
            (&[(Required, "a2", BUILT), (Required, "", Unknown)], true),
            // Both say when.
            (&[(Required, "a2", BUILT), (Required, "b2", BUILT)], true),
            (&[(Required, "a2", BUILT), (Required, "b2", BEFORE)], false),
            (&[(Required, "a2", BUILT), (Required, "b2", NotLoaded)], false),
            // With any signatures of an optional one.
            (&[(Required, "a2", BUILT), (Optional, "b1", BEFORE)], true),
            (&[(Required, "a1", BUILT), (Optional, "b2", BUILT)], false),
            (&[(Required, "a2", Unknown), (Optional, "b2", BUILT)], false),
            (&[(Optional, "a2", BUILT)], false),
            // The third took no part in the first scan.
            (&[(Required, "a2", BUILT), (Required, "b2", Unknown), (Required, "c1", Unknown)], true),
            (&[(Required, "a2", BUILT), (Required, "b2", Unknown), (Required, "c1", BEFORE)], false),
        ] {
            let together = together(engines);
            let said = together.are_newer_than_arrival(&first, Timestamp(1_000), Timestamp(2_000));
            assert_eq!(said, newer, "{engines:?}");
        }
    }

    #[test]
    fn together_they_are_young_if_each_is_that_says_when() {
        use Duty::{Optional, Required};
        use Newest::{NotLoaded, Unknown};
        for (engines, young) in [
            (&[(Required, "1", BUILT)][..], true),
            (&[(Required, "1", BEFORE)], false),
            (&[(Required, "1", Unknown)], false),
            (&[(Required, "1", BUILT), (Required, "1", Unknown)], true),
            (&[(Required, "1", BUILT), (Required, "1", BEFORE)], false),
            (&[(Required, "1", BUILT), (Required, "1", NotLoaded)], false),
            (&[(Required, "1", BUILT), (Optional, "1", BEFORE)], true),
            (&[(Required, "1", Unknown), (Optional, "1", BUILT)], false),
        ] {
            let together = together(engines);
            assert_eq!(
                together.are_younger_than(Duration::from_millis(600), Timestamp(2_000)),
                young,
                "{engines:?}"
            );
        }
    }

    #[test]
    fn what_is_kept_is_found_again() {
        let one =
            PanelSignatures::new(vec![(CLAMD.into(), Duty::Required, signatures("ClamAV 1/2 ab", BUILT))]);
        // As before there were others.
        assert_eq!(one.kept(), "ClamAV 1/2 ab");
        assert!(one.are(&KeptSignatures::parse("ClamAV 1/2 ab")));
        assert!(!one.are(&KeptSignatures::parse("ClamAV 1/3 ab")));
        assert!(!one.are(&KeptSignatures::parse("")));
        let two = together(&[(Duty::Required, "1 x", BUILT), (Duty::Optional, "", Newest::Unknown)]);
        let kept = KeptSignatures::parse(&two.kept());
        assert!(two.are(&kept), "{kept:?}");
        // One engine less makes no difference; one more does.
        assert!(together(&[(Duty::Required, "1 x", BUILT)]).are(&kept));
        assert!(!one.are(&kept));
        assert!(!together(&[(Duty::Required, "2 x", BUILT)]).are(&kept));
    }
}
