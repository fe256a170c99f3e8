//! Leases: the right to fetch a link's target once, and to finish that after a break.

use std::net::IpAddr;

use super::LEASE;
use crate::catalog::WriteTx;
use crate::model::{DownloadId, LinkRight, Timestamp};
use crate::sharing::link::Link;
use crate::sharing::{Sharing, Visit, VisitError};

impl Link {
    /// Whether it gives its content a limited number of times, each by a lease.
    pub fn counts_downloads(&self) -> bool {
        self.right != LinkRight::Add && self.terms.uses.is_some()
    }
}

impl Sharing {
    /// Begins a download through an open link that counts them, and returns the secret of its lease. A browser that has an
    /// open lease gets that one again. `None` while the link has as many open leases as downloads left.
    pub async fn lease(
        &self,
        visit: &Visit,
        browser: Option<&str>,
        now: Timestamp,
    ) -> Result<Option<String>, VisitError> {
        let keys = &self.inner.keys;
        let (link, hmac) = (visit.link.id, browser.map(|browser| keys.visit(visit.link.id, browser)));
        let begin = move |tx: &WriteTx<'_>| {
            tx.touches_only([]);
            let row = tx.link(link)?.filter(|row| !row.is_used_up()).ok_or(VisitError::NoSuchLink)?;
            if let Some(hmac) = &hmac
                && let Some(open) = tx.download_of_browser(link, hmac, now)?
            {
                return Ok(Some(open.id));
            }
            tx.delete_ended_downloads(now)?;
            let taken = row.uses.saturating_add(tx.open_downloads(link, now)?);
            if row.terms.uses.is_some_and(|most| taken >= most) {
                return Ok(None);
            }
            let what = (link, row.space, row.entry);
            Ok::<_, VisitError>(Some(tx.insert_download(what, hmac.as_ref(), now, now.after(LEASE))?))
        };
        let lease =
            self.inner.catalog.write_silent("a download is an event when it is complete", begin).await?;
        Ok(lease.map(|id| keys.lease(&visit.row, id)))
    }

    /// Opens a link by the secret of a lease, which stands for the link's password, too. The link may be used up meanwhile.
    ///
    /// Errors: `NoSuchLink` for a wrong or ended lease, and those of [`Self::open`].
    pub async fn open_lease(
        &self,
        token: &str,
        secret: &str,
        peer: IpAddr,
        now: Timestamp,
    ) -> Result<Visit, VisitError> {
        let hmac = self.inner.keys.lookup(token);
        let id = secret.split_once('.').and_then(|(id, _)| id.parse().ok()).map(DownloadId);
        let found = self.inner.catalog.read(move |tx| {
            let download = id.map(|id| tx.download(id)).transpose()?.flatten();
            Ok::<_, VisitError>((tx.link_by_hmac(&hmac)?, download))
        });
        let (row, download) = found.await?;
        let is_ours = |id| row.as_ref().is_some_and(|row| self.inner.keys.is_lease(row, id, secret));
        let Some(download) = download.filter(|download| is_ours(download.id)) else {
            self.inner.accounts.missed_link(peer, now)?;
            return Err(VisitError::NoSuchLink);
        };
        // A program that goes on trying after the end guesses nothing.
        let is_open = download.link == row.as_ref().map(|row| row.id) && now < download.ends;
        let row = row.filter(|_| is_open).ok_or(VisitError::NoSuchLink)?;
        let (row, access, entry) = self.lend_used(row, now).await?.ok_or(VisitError::NoSuchLink)?;
        Ok(Visit { link: self.shown(row.clone()), access, entry, lease: Some(download.id), row })
    }
}
