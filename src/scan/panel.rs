//! Several engines that judge a content together.
//!
//! Malware that any engine finds counts, always. A content is clean if every *required* engine says so. An optional engine
//! that gives no verdict, or could not look at all of a content, blocks nothing; its answer is kept.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::joint::{Duty, PanelSignatures};
use super::{Engine, Report, Sample, ScanError, Verdict};

/// Most engines that judge one content at the same time. Each may be a program that takes hundreds of MB for its signatures.
const MOST_AT_ONCE: usize = 4;

/// Why an engine gives no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Silence {
    /// It takes no contents of this size.
    TooLarge,
    /// It calls contents clean that it did not look at because of its limits.
    HidesLimits,
    /// It did not know a test virus from a harmless text.
    NotTrusted,
    /// It cannot be reached, or failed.
    Failed,
}

/// An engine of a panel.
#[derive(Clone)]
pub struct Member {
    /// The engine.
    pub engine: Arc<dyn Engine>,
    /// Whether its word is needed.
    pub duty: Duty,
    /// Why it is not asked now, if it is not.
    pub absent: Option<Silence>,
}

/// Engines that judge together; their names differ. Cheap to clone.
#[derive(Clone)]
pub struct Panel(Arc<[Member]>);

/// The answer of an engine about a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// Name of the engine.
    pub engine: String,
    /// Whether its word is needed.
    pub duty: Duty,
    /// Its answer.
    pub said: Result<Report, Silence>,
}

/// The answers of a panel's engines about a content, one opinion each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinions(Vec<Opinion>);

/// An engine whose word is needed and missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Name of the engine; `None` if there is none whose word would be needed.
    pub engine: Option<String>,
    /// Why it gives no verdict.
    pub silence: Silence,
}

impl Member {
    /// An engine whose word is needed.
    pub fn required(engine: Arc<dyn Engine>) -> Self {
        Self { engine, duty: Duty::Required, absent: None }
    }

    /// The same, not asked for this reason.
    #[must_use]
    pub fn absent(self, why: Silence) -> Self {
        Self { absent: Some(why), ..self }
    }

    fn opinion(&self, sample: &Sample) -> Opinion {
        let said = match self.absent {
            Some(silence) => Err(silence),
            None => self.engine.scan(sample).map_err(|error| {
                if matches!(error, ScanError::TooLarge) {
                    return Silence::TooLarge;
                }
                tracing::warn!(engine = self.engine.name(), code = error.code(), "a scan failed");
                Silence::Failed
            }),
        };
        Opinion { engine: self.engine.name().to_owned(), duty: self.duty, said }
    }
}

impl Panel {
    /// These engines.
    pub fn new(members: Vec<Member>) -> Self {
        Self(members.into())
    }

    /// A single engine, whose word is needed.
    pub fn of(engine: Arc<dyn Engine>) -> Self {
        Self::new(vec![Member::required(engine)])
    }

    /// The engines, in the order of the configuration.
    pub fn members(&self) -> &[Member] {
        &self.0
    }

    /// Asks the engines about a content side by side, a few at a time, so that a slow one does not add its time to that of the
    /// others. All are asked, whatever one of them finds.
    pub fn scan(&self, sample: &Sample) -> Opinions {
        let next = AtomicUsize::new(0);
        let ask = || {
            let numbers = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
            let members = numbers.map_while(|number| Some((number, self.0.get(number)?)));
            members.map(|(number, member)| (number, member.opinion(sample))).collect::<Vec<_>>()
        };
        let present = self.0.iter().filter(|member| member.absent.is_none()).count();
        let mut opinions = thread::scope(|scope| {
            // Where the system gives no thread, the present one asks them all.
            let start = |_| thread::Builder::new().name("scan".to_owned()).spawn_scoped(scope, ask).ok();
            let others: Vec<_> = (1..present.min(MOST_AT_ONCE)).filter_map(start).collect();
            let mut opinions = ask();
            for other in others {
                opinions.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            opinions
        });
        opinions.sort_by_key(|(number, _)| *number);
        Opinions(opinions.into_iter().map(|(_, opinion)| opinion).collect())
    }

    /// The same engines, for a part of a content; those that gave no verdict about it are not asked any more. An
    /// engine that takes no content as large as the whole may take the part.
    #[must_use]
    pub fn that_answered(&self, earlier: &Opinions) -> Self {
        let members = self.0.iter().cloned().map(|member| match earlier.of(member.engine.name()) {
            Some(Opinion { said: Err(silence), .. }) if *silence != Silence::TooLarge => {
                member.absent(*silence)
            }
            _ => member,
        });
        Self::new(members.collect())
    }
}

impl Opinions {
    /// One opinion each.
    pub fn new(opinions: Vec<Opinion>) -> Self {
        Self(opinions)
    }

    /// The opinions, in the order of the configuration.
    pub fn all(&self) -> &[Opinion] {
        &self.0
    }

    fn of(&self, engine: &str) -> Option<&Opinion> {
        self.0.iter().find(|opinion| opinion.engine == engine)
    }

    /// The signatures of the engines that gave a verdict.
    pub fn signatures(&self) -> PanelSignatures {
        let said = self.0.iter().filter_map(|opinion| {
            let report = opinion.said.as_ref().ok()?;
            Some((opinion.engine.clone(), opinion.duty, report.signatures.clone()))
        });
        PanelSignatures::new(said.collect())
    }

    /// The conclusion from all opinions together, in any order.
    ///
    /// 1. Malware that any engine found.
    /// 2. A required engine gave no verdict: there is none.
    /// 3. The strictest verdict of the required engines.
    ///
    /// Errors: the second, and no engine is required.
    pub fn conclusion(&self) -> Result<Verdict, Missing> {
        let mut opinions: Vec<&Opinion> = self.0.iter().collect();
        opinions.sort_by(|one, other| one.engine.cmp(&other.engine));
        let verdicts = |opinion: &&Opinion| opinion.said.as_ref().ok().map(|report| report.verdict.clone());
        let is_infected = |verdict: &Verdict| matches!(verdict, Verdict::Infected { .. });
        if let Some(found) = opinions.iter().filter_map(verdicts).find(is_infected) {
            return Ok(found);
        }
        opinions.retain(|opinion| opinion.duty == Duty::Required);
        let silent = opinions.iter().filter_map(|opinion| Some((*opinion.said.as_ref().err()?, opinion)));
        // That an engine fails may end; so nothing final is concluded before.
        if let Some((silence, opinion)) = silent.max_by_key(|(silence, _)| *silence) {
            return Err(Missing { engine: Some(opinion.engine.clone()), silence });
        }
        let strictest = opinions.iter().filter_map(verdicts).max_by_key(Verdict::severity);
        strictest.ok_or(Missing { engine: None, silence: Silence::Failed })
    }

    /// Takes in the answers of the same engines about a part of the content: each engine's strictest word counts. An
    /// engine without an answer about the part, or with one by other signatures than about the whole, has no answer
    /// about the whole; malware is malware by any signatures.
    pub fn add(&mut self, part: &Self) {
        for whole in &mut self.0 {
            let said = part.of(&whole.engine).map_or(Err(Silence::Failed), |part| part.said.clone());
            let stricter = match (&whole.said, said) {
                (Ok(known), Ok(report)) => {
                    let is_other = known.signatures.identity != report.signatures.identity;
                    match report.verdict {
                        Verdict::Clean | Verdict::Encrypted if is_other => Some(Err(Silence::Failed)),
                        verdict if verdict.severity() > known.verdict.severity() => {
                            Some(Ok(Report { verdict, signatures: known.signatures.clone() }))
                        }
                        _ => None,
                    }
                }
                (Ok(Report { verdict: Verdict::Infected { .. }, .. }), Err(_)) => None,
                (Ok(_), Err(silence)) => Some(Err(silence)),
                (Err(_), Ok(report @ Report { verdict: Verdict::Infected { .. }, .. })) => Some(Ok(report)),
                (Err(_), _) => None,
            };
            if let Some(stricter) = stricter {
                whole.said = stricter;
            }
        }
    }

    /// The same, with "clean" for every "encrypted": of contents of which each part is scanned by itself, without its
    /// encryption. If one stays closed, [`Self::call_encrypted`] takes that back.
    #[must_use]
    pub fn without_encrypted(&self) -> Self {
        let mut same = self.clone();
        for opinion in &mut same.0 {
            if let Ok(report) = &mut opinion.said
                && report.verdict == Verdict::Encrypted
            {
                report.verdict = Verdict::Clean;
            }
        }
        same
    }

    /// Makes "encrypted" the word of each engine that said so `before` and says "clean" now.
    pub fn call_encrypted(&mut self, before: &Self) {
        for opinion in &mut self.0 {
            let said = before.of(&opinion.engine).and_then(|before| before.said.as_ref().ok());
            if let Ok(report) = &mut opinion.said
                && report.verdict == Verdict::Clean
                && said.is_some_and(|said| said.verdict == Verdict::Encrypted)
            {
                report.verdict = Verdict::Encrypted;
            }
        }
    }

    /// Makes every "clean" of a required engine a "not fully scannable" for this reason.
    pub fn not_all(&mut self, reason: &str) {
        for opinion in self.0.iter_mut().filter(|opinion| opinion.duty == Duty::Required) {
            if let Ok(report) = &mut opinion.said
                && report.verdict == Verdict::Clean
            {
                report.verdict = Verdict::NotFullyScannable { reason: reason.to_owned() };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};
    use std::time::Duration;

    use super::super::{Newest, SignatureIdentity, Signatures};
    use super::*;

    const EVERYTHING: [&str; 7] =
        ["clean", "infected", "partial", "encrypted", "failed", "too large", "not trusted"];

    fn report(verdict: Verdict, identity: &str) -> Report {
        let identity = SignatureIdentity::kept(identity.to_owned());
        Report {
            verdict,
            signatures: Signatures { version: String::new(), identity, newest: Newest::Unknown },
        }
    }

    fn opinion(engine: &str, duty: Duty, word: &str) -> Opinion {
        let said = match word {
            "clean" => Ok(Verdict::Clean),
            "infected" => Ok(Verdict::Infected { name: engine.to_owned() }),
            "partial" => Ok(Verdict::NotFullyScannable { reason: engine.to_owned() }),
            "encrypted" => Ok(Verdict::Encrypted),
            "failed" => Err(Silence::Failed),
            "too large" => Err(Silence::TooLarge),
            "not trusted" => Err(Silence::NotTrusted),
            other => panic!("{other}"),
        };
        Opinion { engine: engine.to_owned(), duty, said: said.map(|verdict| report(verdict, "1")) }
    }

    fn word(conclusion: &Result<Verdict, Missing>) -> &'static str {
        match conclusion {
            Ok(Verdict::Clean) => "clean",
            Ok(Verdict::Infected { .. }) => "infected",
            Ok(Verdict::NotFullyScannable { .. }) => "partial",
            Ok(Verdict::Encrypted) => "encrypted",
            Err(Missing { silence: Silence::Failed, .. }) => "failed",
            Err(Missing { silence: Silence::TooLarge, .. }) => "too large",
            Err(Missing { silence: Silence::NotTrusted, .. }) => "not trusted",
            Err(Missing { silence: Silence::HidesLimits, .. }) => "hides limits",
        }
    }

    /// The meaning of the words of two required engines together, in any order; written out rather than computed.
    fn of_two(one: &str, other: &str) -> &'static str {
        let has = |word: &str| one == word || other == word;
        match () {
            () if has("infected") => "infected",
            () if has("failed") => "failed",
            () if has("not trusted") => "not trusted",
            () if has("too large") => "too large",
            () if has("encrypted") => "encrypted",
            () if has("partial") => "partial",
            () => "clean",
        }
    }

    #[test]
    fn clean_is_only_what_every_required_engine_calls_clean_and_malware_wins() {
        let mut clean = 0;
        for first in EVERYTHING {
            for second in EVERYTHING {
                for third in EVERYTHING {
                    let mut opinions = vec![
                        opinion("a", Duty::Required, first),
                        opinion("b", Duty::Required, second),
                        opinion("c", Duty::Optional, third),
                    ];
                    let expected = if third == "infected" { third } else { of_two(first, second) };
                    let conclusion = Opinions::new(opinions.clone()).conclusion();
                    assert_eq!(word(&conclusion), expected, "{opinions:?}");
                    clean += u32::from(expected == "clean");
                    // No order changes anything, not even the name of the finding.
                    for _ in 0..3 {
                        opinions.rotate_left(1);
                        assert_eq!(Opinions::new(opinions.clone()).conclusion(), conclusion, "{opinions:?}");
                        opinions.swap(0, 1);
                        assert_eq!(Opinions::new(opinions.clone()).conclusion(), conclusion, "{opinions:?}");
                    }
                }
            }
        }
        // Both required ones, and anything but a finding of the third.
        assert_eq!(clean, 6);
    }

    #[test]
    fn a_missing_engine_is_named() {
        let opinions = [opinion("a", Duty::Required, "clean"), opinion("b", Duty::Required, "failed")];
        let missing = Opinions::new(opinions.to_vec()).conclusion().unwrap_err();
        assert_eq!(missing, Missing { engine: Some("b".into()), silence: Silence::Failed });
    }

    #[test]
    fn optional_engines_alone_call_nothing_clean() {
        let opinions = [opinion("a", Duty::Optional, "clean"), opinion("b", Duty::Optional, "clean")];
        assert!(Opinions::new(opinions.to_vec()).conclusion().is_err());
        assert!(Opinions::new(Vec::new()).conclusion().is_err());
        let found = [opinion("a", Duty::Optional, "infected")];
        assert_eq!(word(&Opinions::new(found.to_vec()).conclusion()), "infected");
    }

    #[test]
    fn a_part_can_only_make_an_opinion_stricter() {
        for whole in EVERYTHING {
            for part in EVERYTHING {
                let mut opinions = Opinions::new(vec![opinion("a", Duty::Required, whole)]);
                opinions.add(&Opinions::new(vec![opinion("a", Duty::Required, part)]));
                let is_silent = |word: &str| ["failed", "too large", "not trusted"].contains(&word);
                let expected = match (whole, part) {
                    (_, "infected") | ("infected", _) => "infected",
                    (silent, _) | (_, silent) if is_silent(silent) => silent,
                    (whole, part) => of_two(whole, part),
                };
                assert_eq!(word(&opinions.conclusion()), expected, "{whole} {part}");
            }
        }
    }

    #[test]
    fn what_an_engine_did_not_say_about_a_part_it_did_not_say_about_the_whole() {
        let [a, b] = ["a", "b"].map(|engine| opinion(engine, Duty::Required, "clean"));
        let mut opinions = Opinions::new(vec![a.clone(), b.clone()]);
        opinions.add(&Opinions::new(vec![b, a.clone()]));
        assert_eq!(word(&opinions.conclusion()), "clean");
        opinions.add(&Opinions::new(vec![a]));
        let missing = opinions.conclusion().unwrap_err();
        assert_eq!(missing, Missing { engine: Some("b".into()), silence: Silence::Failed });
        // By other signatures than the whole, only malware counts.
        for (verdict, expected) in [
            (Verdict::Clean, "failed"),
            (Verdict::Encrypted, "failed"),
            (Verdict::Infected { name: "a".into() }, "infected"),
        ] {
            let mut opinions = Opinions::new(vec![opinion("a", Duty::Required, "clean")]);
            let part = Opinion { said: Ok(report(verdict, "2")), ..opinion("a", Duty::Required, "clean") };
            opinions.add(&Opinions::new(vec![part]));
            assert_eq!(word(&opinions.conclusion()), expected);
        }
    }

    #[test]
    fn encryption_is_taken_back_and_called_again_and_changes_no_other_word() {
        for first in EVERYTHING {
            for second in EVERYTHING {
                let said = [opinion("a", Duty::Required, first), opinion("b", Duty::Optional, second)];
                let said = Opinions::new(said.to_vec());
                let mut opened = said.without_encrypted();
                let open = |word| if word == "encrypted" { "clean" } else { word };
                let expected =
                    [opinion("a", Duty::Required, open(first)), opinion("b", Duty::Optional, open(second))];
                assert_eq!(opened.all(), expected);
                opened.call_encrypted(&said);
                assert_eq!(opened, said);
            }
        }
        // Another word that was found since then counts.
        for word in EVERYTHING {
            let mut now = Opinions::new(vec![opinion("a", Duty::Required, word)]);
            now.call_encrypted(&Opinions::new(vec![opinion("a", Duty::Required, "encrypted")]));
            let expected = if word == "clean" { "encrypted" } else { word };
            assert_eq!(now.all(), [opinion("a", Duty::Required, expected)]);
        }
    }

    /// Says of everything that it is too large, or nothing.
    struct Mute(&'static str);

    impl Engine for Mute {
        fn name(&self) -> &str {
            self.0
        }

        fn scan(&self, _: &Sample) -> Result<Report, ScanError> {
            match self.0 {
                "small" => Err(ScanError::TooLarge),
                _ => Err(ScanError::TimedOut),
            }
        }

        fn signatures(&self) -> Result<Signatures, ScanError> {
            Err(ScanError::TimedOut)
        }
    }

    #[test]
    fn an_engine_that_failed_is_not_asked_again_and_one_that_takes_less_is() {
        let panel = Panel::new(vec![
            Member::required(Arc::new(Mute("small"))),
            Member::required(Arc::new(Mute("slow"))),
        ]);
        let said = panel.scan(&Sample::of(b"a content").unwrap());
        let rest = panel.that_answered(&said);
        let absent: Vec<_> = rest.members().iter().map(|member| member.absent).collect();
        assert_eq!(absent, [None, Some(Silence::Failed)]);
        assert_eq!(rest.scan(&Sample::of(b"a part").unwrap()), said);
    }

    /// Answers about a content with the engine's name, to show the panel's order; counts how many are asked at the
    /// same time.
    struct Counting {
        name: String,
        present: Arc<(Mutex<(usize, usize)>, Condvar)>,
        expected: usize,
    }

    impl Engine for Counting {
        fn name(&self) -> &str {
            &self.name
        }

        fn scan(&self, _: &Sample) -> Result<Report, ScanError> {
            let (count, changed) = &*self.present;
            let mut present = count.lock().unwrap();
            present.0 += 1;
            present.1 = present.1.max(present.0);
            changed.notify_all();
            let is_alone = |present: &mut (usize, usize)| present.1 < self.expected;
            let (mut present, waited) =
                changed.wait_timeout_while(present, Duration::from_secs(30), is_alone).unwrap();
            present.0 -= 1;
            match waited.timed_out() {
                true => Err(ScanError::TimedOut),
                false => Ok(report(Verdict::Infected { name: self.name.clone() }, "1")),
            }
        }

        fn signatures(&self) -> Result<Signatures, ScanError> {
            Err(ScanError::TimedOut)
        }
    }

    #[test]
    fn engines_are_asked_side_by_side_a_few_at_a_time_and_answer_in_their_order() {
        for (engines, expected) in [(1, 1), (2, 2), (MOST_AT_ONCE, MOST_AT_ONCE), (9, MOST_AT_ONCE)] {
            let present = Arc::default();
            let engine = |number: usize| Counting {
                name: format!("{number}"),
                present: Arc::clone(&present),
                expected,
            };
            let panel =
                Panel::new((0..engines).map(|number| Member::required(Arc::new(engine(number)))).collect());
            let said = panel.scan(&Sample::of(b"a content").unwrap());
            let named: Vec<_> = said.all().iter().map(|opinion| opinion.engine.clone()).collect();
            assert_eq!(named, (0..engines).map(|number| number.to_string()).collect::<Vec<_>>());
            for opinion in said.all() {
                let verdict = Verdict::Infected { name: opinion.engine.clone() };
                assert_eq!(opinion.said, Ok(report(verdict, "1")));
            }
            assert_eq!(present.0.lock().unwrap().1, expected, "{engines}");
        }
        // One that is not asked needs no turn, and keeps its place.
        let panel = Panel::new(vec![
            Member::required(Arc::new(Mute("slow"))).absent(Silence::NotTrusted),
            Member::required(Arc::new(Mute("small"))),
        ]);
        let said = panel.scan(&Sample::of(b"a content").unwrap());
        let silences: Vec<_> = said.all().iter().map(|opinion| opinion.said.clone()).collect();
        assert_eq!(silences, [Err(Silence::NotTrusted), Err(Silence::TooLarge)]);
    }

    #[test]
    fn what_was_not_all_seen_is_clean_by_no_required_engine() {
        let opinions = [opinion("a", Duty::Required, "clean"), opinion("b", Duty::Required, "infected")];
        let mut opinions = Opinions::new(opinions.to_vec());
        opinions.not_all("some");
        assert_eq!(word(&opinions.conclusion()), "infected");
        assert_eq!(word(&Opinions::new(opinions.all()[..1].to_vec()).conclusion()), "partial");
    }
}
