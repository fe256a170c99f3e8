//! A second device takes part in a hand-in, by a code that the first one shows.

use std::net::IpAddr;
use std::time::Duration;

use super::{HandInError, MAX_BROWSERS};
use crate::accounts::AuthError;
use crate::catalog::WriteTx;
use crate::model::{HandInId, Timestamp};
use crate::sharing::{Sharing, Visit};

/// Time after which another code is shown; each one is good for as long again.
const CODE_EVERY: Duration = Duration::from_mins(15);

impl Sharing {
    /// The code by which another device takes part in a hand-in, for 15 to 30 minutes.
    pub fn join_code(&self, hand_in: HandInId, now: Timestamp) -> String {
        self.inner.keys.join_code(hand_in, window(now))
    }

    /// Lets a browser take part in the hand-in whose code was entered. Guesses are counted like those of links.
    ///
    /// Errors: `WrongCode`, `Guessed`, `TooMuch` if too many devices take part.
    pub async fn join(
        &self,
        visit: &Visit,
        browser: &str,
        code: &str,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<(), HandInError> {
        let link = visit.link.id;
        // Each attempt counts, before anything is compared.
        self.inner.accounts.missed_link(peer, now).map_err(|error| match error {
            AuthError::Throttled { retry_after } => HandInError::Guessed { retry_after },
            _ => HandInError::TooOften,
        })?;
        let code: String =
            code.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let open = self.inner.catalog.read(move |tx| tx.open_hand_ins_of(link)).await?;
        let keys = &self.inner.keys;
        let windows = [window(now), window(now) - 1];
        let is_meant = |id: &HandInId| windows.iter().any(|at| keys.is_join_code(*id, *at, &code));
        let id = open.into_iter().find(is_meant).ok_or(HandInError::WrongCode)?;
        let hmac = keys.visit(link, browser);
        let join = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            match tx.hand_in_of(&hmac, link)? {
                Some(row) if row.id == id => Ok(()),
                // It began one of its own.
                Some(_) => Err(HandInError::WrongCode),
                None if tx.visits_of(id)? >= MAX_BROWSERS => Err(HandInError::TooMuch),
                None => Ok(tx.insert_visit(&hmac, id)?),
            }
        };
        self.inner.catalog.write_silent("its files and its end are the events", join).await
    }
}

/// The number of the time window of codes.
fn window(now: Timestamp) -> i64 {
    now.as_secs().div_euclid(i64::try_from(CODE_EVERY.as_secs()).unwrap_or(i64::MAX))
}
