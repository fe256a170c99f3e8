//! Codes by mail: a link that is meant for one mail address asks for a code that only its reader gets.
//!
//! Codes live in memory only; after a restart a guest asks for another one. The mails wait here until the job that sends mails
//! takes them.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::Sharing;
use crate::model::{LinkId, Timestamp, random_bytes};

/// Time for which a code opens its link.
const CODE_LIFETIME: Duration = Duration::from_mins(10);
/// Time before another code for a link is sent.
const CODE_APART: Duration = Duration::from_mins(1);
/// Time within which codes of a link are counted together.
const CODE_WINDOW: Duration = Duration::from_hours(1);
/// Most codes of a link within an hour: strangers who have the link must not fill a mailbox.
const MAX_CODES: usize = 5;
/// Wrong codes after which a code is no longer valid.
const MAX_CODE_TRIES: u8 = 5;
/// Digits of a code.
const CODE_DIGITS: u32 = 8;
/// Links whose codes are remembered; beyond them the one that was asked for longest ago is forgotten.
const MAX_CODE_LINKS: NonZeroUsize = NonZeroUsize::new(10_000).expect("not zero");
/// Mails that wait to be sent; a guest who asks for a further one is asked to try again.
const MAX_CODE_MAILS: usize = 200;

/// A mail with a code, to be sent at once.
#[derive(Debug)]
pub struct CodeMail {
    /// The address that the link is meant for.
    pub to: String,
    /// The code in two groups of digits.
    pub code: SecretString,
    /// Tag of the language of the page.
    pub language: String,
}

/// Why a code is not made, or opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodeError {
    /// It is wrong, used or too old.
    Wrong,
    /// Another one is made after this number of seconds.
    Later { retry_after: u32 },
    /// Too many mails wait to be sent.
    Busy,
}

/// The codes of links.
pub(super) struct Codes(Mutex<Book>);

struct Book {
    of_links: LruCache<LinkId, Asked>,
    mails: VecDeque<CodeMail>,
}

/// The codes that guests of a link asked for.
#[derive(Default)]
struct Asked {
    /// When they did, within [`CODE_WINDOW`].
    times: VecDeque<Timestamp>,
    code: Option<Code>,
}

/// The last code that was sent for a link.
struct Code {
    digits: SecretString,
    /// The address to which it went: that of the link may be corrected meanwhile.
    to: String,
    /// The wrong ones that were entered since.
    tries: u8,
}

impl Default for Codes {
    fn default() -> Self {
        Self(Mutex::new(Book { of_links: LruCache::new(MAX_CODE_LINKS), mails: VecDeque::new() }))
    }
}

impl Codes {
    /// Makes a code and a mail with it.
    ///
    /// Errors: `Later` if the last one is too young, or there were enough within an hour; `Busy`.
    pub(super) fn ask(
        &self,
        link: LinkId,
        to: &str,
        language: &str,
        now: Timestamp,
    ) -> Result<(), CodeError> {
        let mut book = self.book();
        if book.mails.len() >= MAX_CODE_MAILS {
            return Err(CodeError::Busy);
        }
        let asked = book.of_links.get_or_insert_mut(link, Asked::default);
        asked.times.retain(|at| now.since(*at) < CODE_WINDOW);
        let last = asked.times.back().filter(|at| now.since(**at) < CODE_APART);
        let full = asked.times.front().filter(|_| asked.times.len() >= MAX_CODES);
        let wait = last.map(|at| CODE_APART.saturating_sub(now.since(*at)));
        let wait = wait.or(full.map(|at| CODE_WINDOW.saturating_sub(now.since(*at))));
        if let Some(wait) = wait {
            let retry_after = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).max(1);
            return Err(CodeError::Later { retry_after });
        }
        let code = digits();
        asked.times.push_back(now);
        let digits = SecretString::from(code.as_str());
        asked.code = Some(Code { digits, to: to.to_owned(), tries: 0 });
        let (first, second) = code.split_at(code.len() / 2);
        let code = SecretString::from(format!("{first} {second}"));
        book.mails.push_back(CodeMail { to: to.to_owned(), code, language: language.to_owned() });
        Ok(())
    }

    /// Compares a code with the last one of the link, whose codes go to this address now; the right one is used up.
    ///
    /// Errors: `Wrong`, also for one that is too old or went to an earlier address, and after too many wrong ones.
    pub(super) fn check(
        &self,
        link: LinkId,
        to: &str,
        entered: &str,
        now: Timestamp,
    ) -> Result<(), CodeError> {
        let mut book = self.book();
        let asked = book.of_links.get_mut(&link).ok_or(CodeError::Wrong)?;
        let is_fresh = asked.times.back().is_some_and(|at| now.since(*at) < CODE_LIFETIME);
        let code = asked.code.as_mut().filter(|code| is_fresh && code.to == to).ok_or(CodeError::Wrong)?;
        let entered: String = entered.chars().filter(char::is_ascii_digit).take(20).collect();
        if code.digits.expose_secret().as_bytes().ct_eq(entered.as_bytes()).into() {
            asked.code = None;
            return Ok(());
        }
        code.tries += 1;
        if code.tries >= MAX_CODE_TRIES {
            asked.code = None;
        }
        Err(CodeError::Wrong)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sharing {
    /// The mails with codes that wait to be sent; each is given once.
    pub fn take_code_mails(&self) -> Vec<CodeMail> {
        self.inner.codes.book().mails.drain(..).collect()
    }
}

/// A new code, each as likely as any other.
fn digits() -> String {
    const RANGE: u64 = 10_u64.pow(CODE_DIGITS);
    let number = loop {
        let number = u64::from_le_bytes(random_bytes());
        // Those above the last whole multiple would make small codes likelier.
        if number < u64::MAX - u64::MAX % RANGE {
            break number % RANGE;
        }
    };
    format!("{number:08}")
}

/// A mail address for people who should recognise their own and learn no other: `e…@example.org`.
pub(super) fn masked(address: &str) -> String {
    match address.split_once('@') {
        Some((name, domain)) => format!("{}…@{domain}", name.chars().take(1).collect::<String>()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: LinkId = LinkId(7);
    const ERIKA: &str = "erika@example.org";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + seconds)
    }

    fn ask(codes: &Codes, seconds: i64) -> Result<String, CodeError> {
        codes.ask(LINK, ERIKA, "de", at(seconds))?;
        let mail = codes.book().mails.pop_back().unwrap();
        assert_eq!((mail.to.as_str(), mail.language.as_str()), (ERIKA, "de"));
        Ok(mail.code.expose_secret().to_owned())
    }

    #[test]
    fn a_code_opens_once_and_for_ten_minutes() {
        let codes = Codes::default();
        assert!(codes.check(LINK, ERIKA, "00000000", at(0)).is_err(), "none was asked for");
        let code = ask(&codes, 0).unwrap();
        assert_eq!((code.len(), code.as_bytes()[4]), (9, b' '));
        assert!(codes.check(LinkId(8), ERIKA, &code, at(1)).is_err(), "of another link");
        assert!(codes.check(LINK, ERIKA, &format!(" {code}-"), at(599)).is_ok(), "as people type it");
        assert!(codes.check(LINK, ERIKA, &code, at(599)).is_err(), "used up");
        let code = ask(&codes, 700).unwrap();
        assert!(codes.check(LINK, ERIKA, &code, at(1_300)).is_err(), "too old");
        assert!(codes.check(LINK, ERIKA, "", at(701)).is_err());
    }

    #[test]
    fn a_code_that_went_to_an_earlier_address_opens_nothing() {
        let codes = Codes::default();
        let code = ask(&codes, 0).unwrap();
        assert!(codes.check(LINK, "erika.huber@example.org", &code, at(1)).is_err());
        assert!(codes.check(LINK, ERIKA, &code, at(2)).is_ok());
    }

    #[test]
    fn guessing_ends_a_code_and_asking_is_slow() {
        let codes = Codes::default();
        let code = ask(&codes, 0).unwrap();
        let wrong = if code.starts_with('1') { "20000000" } else { "10000000" };
        for _ in 0..5 {
            assert!(codes.check(LINK, ERIKA, wrong, at(1)).is_err());
        }
        assert!(codes.check(LINK, ERIKA, &code, at(1)).is_err(), "the fifth wrong one ended it");
        let later = |seconds| match ask(&codes, seconds) {
            Err(CodeError::Later { retry_after }) => Some(retry_after),
            _ => None,
        };
        assert_eq!(later(10), Some(50));
        for n in 1..5 {
            assert_eq!(later(60 * n), None, "{n}");
        }
        assert_eq!(later(300), Some(3_300), "five within an hour");
        assert_eq!(later(3_600), None);
    }

    #[test]
    fn mails_that_nobody_takes_are_bounded() {
        let codes = Codes::default();
        for n in 0..200 {
            codes.ask(LinkId(n), "a@example.org", "en", at(0)).unwrap();
        }
        assert!(matches!(codes.ask(LinkId(999), "a@example.org", "en", at(0)), Err(CodeError::Busy)));
    }

    #[test]
    fn an_address_is_recognised_and_not_learnt() {
        assert_eq!(masked("erika.schmidt@example.org"), "e…@example.org");
        assert_eq!(masked("ü@example.org"), "ü…@example.org");
    }
}
