//! Remembers the last steps of devices' programs, so that a page can say how far one comes and where it fails. In
//! memory only, without names of files, and gone with a restart.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use super::program::Program;
use super::sighting::{Sighting, Step, Trouble};
use crate::accounts::Principal;
use crate::model::{AppPasswordId, Timestamp, UserId};

/// Devices that are remembered, those of all people together; 500 KB of memory.
const MAX_DEVICES: NonZeroUsize = NonZeroUsize::new(1_000).expect("not zero");
/// Names with which a login failed that are remembered.
const MAX_REFUSED: NonZeroUsize = NonZeroUsize::new(1_000).expect("not zero");
/// Requests that went wrong which are remembered of a device.
const MAX_TROUBLES: usize = 10;

/// A device of a person; `None` for programs that sign in with the password of the account.
pub(in crate::http) type DeviceKey = (UserId, Option<AppPasswordId>);

/// Cheap to clone; clones share the memory.
#[derive(Clone)]
pub(in crate::http) struct Devices(Arc<Mutex<Known>>);

struct Known {
    seen: LruCache<DeviceKey, Seen>,
    refused: LruCache<String, RefusedLogin>,
}

/// The steps of a device since the server started.
#[derive(Clone, Debug)]
pub(in crate::http) struct Seen {
    pub(in crate::http) program: Program,
    /// Time of its last request.
    pub(in crate::http) last: Timestamp,
    /// Whether that came over an encrypted connection.
    pub(in crate::http) is_secure: bool,
    /// Version of HTTP in that request.
    pub(in crate::http) version: http::Version,
    /// Its steps, with the last time of each.
    done: Vec<(Step, Timestamp)>,
    /// Whether it sent names with decomposed letters: `u` and two dots instead of `ü` (Unicode NFD).
    pub(in crate::http) decomposes: bool,
    /// Whether it says how long a file is that it sends.
    pub(in crate::http) knows_lengths: Option<bool>,
    /// Requests that went wrong, the last one first.
    pub(in crate::http) troubles: VecDeque<(Timestamp, Trouble)>,
}

/// A login that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct RefusedLogin {
    pub(in crate::http) at: Timestamp,
    pub(in crate::http) program: Program,
    pub(in crate::http) why: WhyRefused,
}

/// Why a login failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum WhyRefused {
    Password,
    /// The account has a second factor, so its own password opens no device.
    SecondFactor,
    TooMany,
}

impl Devices {
    /// Notes a request of a person and its answer.
    pub(in crate::http) fn note(&self, principal: &Principal, sighting: Sighting, at: Timestamp) {
        let key = (principal.user, principal.via_app_password);
        self.lock().seen.get_or_insert_mut(key, || Seen::first(&sighting, at)).add(sighting, at);
    }

    /// Notes that a login under this name, in its unique form, failed.
    pub(in crate::http) fn note_refused(
        &self,
        name: String,
        headers: &http::HeaderMap,
        why: WhyRefused,
        at: Timestamp,
    ) {
        let refused = RefusedLogin { at, program: Program::of(headers), why };
        self.lock().refused.put(name, refused);
    }

    pub(in crate::http) fn of(&self, key: DeviceKey) -> Option<Seen> {
        self.lock().seen.peek(&key).cloned()
    }

    pub(in crate::http) fn refused(&self, name: &str) -> Option<RefusedLogin> {
        self.lock().refused.peek(name).copied()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Devices {
    fn default() -> Self {
        let known = Known { seen: LruCache::new(MAX_DEVICES), refused: LruCache::new(MAX_REFUSED) };
        Self(Arc::new(Mutex::new(known)))
    }
}

impl Seen {
    /// Before its first request is added.
    fn first(sighting: &Sighting, at: Timestamp) -> Self {
        Self {
            program: sighting.program,
            last: at,
            is_secure: sighting.is_secure,
            version: sighting.version,
            done: Vec::new(),
            decomposes: false,
            knows_lengths: None,
            troubles: VecDeque::new(),
        }
    }

    fn add(&mut self, sighting: Sighting, at: Timestamp) {
        let Sighting { program, version, is_secure, step, is_decomposed, knows_length, trouble } = sighting;
        (self.program, self.version, self.is_secure, self.last) = (program, version, is_secure, at);
        self.decomposes |= is_decomposed;
        self.knows_lengths = knows_length.or(self.knows_lengths);
        if let Some(step) = step {
            self.done.retain(|(known, _)| *known != step);
            self.done.push((step, at));
        }
        if let Some(trouble) = trouble {
            self.troubles.push_front((at, trouble));
            self.troubles.truncate(MAX_TROUBLES);
        }
    }

    /// When it last did this.
    pub(in crate::http) fn when(&self, step: Step) -> Option<Timestamp> {
        self.done.iter().find(|(known, _)| *known == step).map(|(_, at)| *at)
    }
}
