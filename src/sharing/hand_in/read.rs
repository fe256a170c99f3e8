//! Reads hand-ins: for the browser of the person, and for users of the office.

use std::collections::HashMap;
use std::sync::Arc;

use super::store::MAX_IN_A_ROW;
use super::{HandIn, HandInError, Handed};
use crate::accounts::{Principal, UserName};
use crate::catalog::{HandInRow, LinkRow, ReadTx};
use crate::library::{LibraryError, NotListed};
use crate::model::{Access, EntryId, EntryPath, HandInFileId, HandInId, LinkId, Right, SpaceId, Timestamp};
use crate::sharing::token::LinkKeys;
use crate::sharing::{Sharing, Visit};

/// Most hand-ins of a space or a link that a list shows.
const MAX_LISTED: usize = 1_000;
/// Most files that were handed in through a link of which a page says where they are.
const MAX_PLACED: usize = 2_000;

/// A hand-in as users of the office see it.
#[derive(Clone, Debug)]
pub struct HandInPlace {
    /// The hand-in.
    pub hand_in: HandIn,
    /// The link through which it came, while that exists.
    pub link: Option<LinkId>,
    /// Path of the folder in which it lies, while that exists.
    pub path: Option<String>,
}

/// A finished hand-in, which has a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its number.
    pub id: HandInId,
    /// When it was finished.
    pub at: Timestamp,
    /// The person's name in the person's words; empty without one. Not verified.
    pub by: String,
}

impl Sharing {
    /// A new secret for a browser that has none. It stands for nothing until a file is handed in with it.
    pub fn new_browser(&self) -> String {
        LinkKeys::browser().to_string()
    }

    /// The hand-in of a browser through an open link; `None` before its first file.
    pub async fn hand_in(&self, visit: &Visit, browser: &str) -> Result<Option<HandIn>, HandInError> {
        let (hmac, link) = (self.inner.keys.visit(visit.link.id, browser), visit.link.id);
        let found = self.inner.catalog.read(move |tx| {
            let Some(row) = tx.hand_in_of(&hmac, link)? else { return Ok(None) };
            Ok::<_, HandInError>(Some(whole(tx, row.id)?.1))
        });
        found.await
    }

    /// All hand-ins of a browser through an open link of a request, earliest first.
    pub async fn hand_ins_in_row(&self, visit: &Visit, browser: &str) -> Result<Vec<HandIn>, HandInError> {
        let (hmac, link) = (self.inner.keys.visit(visit.link.id, browser), visit.link.id);
        let found = self.inner.catalog.read(move |tx| {
            let Some(latest) = tx.hand_in_of(&hmac, link)? else { return Ok(Vec::new()) };
            let mut rows = tx.hand_ins_before(latest.id, MAX_IN_A_ROW)?;
            rows.reverse();
            rows.push(latest);
            rows.into_iter().map(|row| Ok::<_, HandInError>(whole(tx, row.id)?.1)).collect()
        });
        found.await
    }

    /// The finished hand-in of a browser through a link, also one that no longer opens: the person can look up the
    /// files until the link is removed.
    ///
    /// Errors: those of the catalogue.
    pub async fn handed(
        &self,
        token: &str,
        browser: &str,
        now: Timestamp,
    ) -> Result<Option<Handed>, HandInError> {
        let Some((link, row)) = self.visited(token, browser).await? else { return Ok(None) };
        let is_open = !link.is_used_up() && link.expires.is_none_or(|end| now < end);
        match (row.finished, is_open) {
            // The page of a request shows its receipts, and takes more.
            (Some(_), true) if link.request.is_some() => return Ok(None),
            (None, true) => return Ok(None),
            (None, false) => self.close(row.id, now).await?,
            (Some(_), _) => {}
        }
        let id = row.id;
        let hand_in = self.inner.catalog.read(move |tx| Ok::<_, HandInError>(whole(tx, id)?.1)).await?;
        Ok(Some(Handed { hand_in, terms: link.terms, takes_more: is_open }))
    }

    /// The signed receipt of a browser's finished hand-in: of the latest, or of an earlier one with this number.
    pub async fn receipt_of(
        &self,
        token: &str,
        browser: &str,
        number: Option<HandInId>,
    ) -> Result<Option<String>, HandInError> {
        let Some((_, latest)) = self.visited(token, browser).await? else { return Ok(None) };
        let read = self.inner.catalog.read(move |tx| {
            let wanted = number.unwrap_or(latest.id);
            let is_own = wanted == latest.id
                || tx.hand_ins_before(latest.id, MAX_IN_A_ROW)?.iter().any(|row| row.id == wanted);
            if is_own { Ok::<_, HandInError>(tx.receipt(wanted)?) } else { Ok(None) }
        });
        read.await
    }

    /// A link, whether it opens or not, and the hand-in of a browser through it.
    pub(super) async fn visited(
        &self,
        token: &str,
        browser: &str,
    ) -> Result<Option<(LinkRow, HandInRow)>, HandInError> {
        let (inner, browser) = (Arc::clone(&self.inner), browser.to_owned());
        let token_hmac = inner.keys.lookup(token);
        let found = self.inner.catalog.read(move |tx| {
            let Some(link) = tx.link_by_hmac(&token_hmac)? else { return Ok(None) };
            let row = tx.hand_in_of(&inner.keys.visit(link.id, &browser), link.id)?;
            Ok::<_, HandInError>(row.map(|row| (link, row)))
        });
        found.await
    }

    /// The name of the user who made a link.
    pub async fn asked_by(&self, visit: &Visit) -> Result<Option<UserName>, HandInError> {
        Ok(self.inner.accounts.name_of(visit.link.creator).await?)
    }

    /// The latest hand-ins through a link that the user may manage, latest first.
    ///
    /// Errors: `NoSuchHandIn` for any other link.
    pub async fn hand_ins_of(&self, principal: &Principal, link: LinkId) -> Result<Vec<HandIn>, HandInError> {
        self.link(principal, link).await.map_err(|_| HandInError::NoSuchHandIn)?;
        let list = self.inner.catalog.read(move |tx| {
            let rows = tx.hand_ins_of(link, MAX_LISTED)?;
            rows.into_iter()
                .map(|row| Ok::<_, HandInError>(whole(tx, row.id)?.1))
                .collect::<Result<Vec<_>, _>>()
        });
        list.await
    }

    /// Where the files that were handed in through a link are now, as far as a person with these rights may know; those of the
    /// latest hand-ins.
    pub async fn places_of_files(
        &self,
        rights: &[Access],
        link: LinkId,
    ) -> Result<HashMap<HandInFileId, EntryPath>, HandInError> {
        let read = self.inner.catalog.read(move |tx| {
            let mut found = Vec::new();
            for hand_in in tx.hand_ins_of(link, MAX_LISTED)? {
                for file in tx.hand_in_files(hand_in.id)? {
                    let version = file.version.map(|version| tx.version(version)).transpose()?.flatten();
                    found.extend(version.map(|version| (file.id, version.entry)));
                    if found.len() >= MAX_PLACED {
                        return Ok(found);
                    }
                }
            }
            Ok::<_, HandInError>(found)
        });
        let files = read.await?;
        let entries = files.iter().map(|(_, entry)| *entry).collect();
        let located = self.inner.library.located(rights, entries).await?;
        let readable = located.into_iter().filter(|(entry, _)| entry.is_readable);
        let paths: HashMap<EntryId, EntryPath> = readable.map(|(entry, path)| (entry.id, path)).collect();
        Ok(files.into_iter().filter_map(|(file, entry)| Some((file, paths.get(&entry)?.clone()))).collect())
    }

    /// The latest hand-ins in the spaces of these rights, latest first.
    pub async fn hand_ins(&self, rights: Vec<Access>) -> Result<Vec<HandInPlace>, HandInError> {
        let spaces =
            rights.iter().filter_map(|access| access.require(Right::Read).ok()).collect::<Vec<SpaceId>>();
        let list = self.inner.catalog.read(move |tx| {
            let mut list = Vec::new();
            for space in spaces {
                for row in tx.hand_ins_in(space, MAX_LISTED)? {
                    list.push(placed(tx, row.id)?);
                }
            }
            list.sort_by_key(|place| std::cmp::Reverse(place.hand_in.id));
            Ok::<_, HandInError>(list)
        });
        list.await
    }

    /// The latest finished hand-ins through these links into spaces of these rights, latest first.
    pub async fn finished_through(
        &self,
        rights: Vec<Access>,
        links: Vec<LinkId>,
    ) -> Result<Vec<Finished>, HandInError> {
        let list = self.inner.catalog.read(move |tx| {
            let mut list = Vec::new();
            for link in links {
                let rows = tx.hand_ins_of(link, MAX_LISTED)?.into_iter();
                let may_read = |space| rights.iter().any(|access| access.require(Right::Read) == Ok(space));
                let rows = rows.filter(|row| may_read(row.space));
                list.extend(
                    rows.filter_map(|row| Some(Finished { id: row.id, at: row.finished?, by: row.name })),
                );
            }
            list.sort_by_key(|finished| std::cmp::Reverse(finished.id));
            Ok::<_, HandInError>(list)
        });
        list.await
    }

    /// One hand-in in a space of these rights, with its receipt if it is finished.
    pub async fn hand_in_in(
        &self,
        rights: Vec<Access>,
        id: HandInId,
    ) -> Result<(HandInPlace, Option<String>), HandInError> {
        let found = self.inner.catalog.read(move |tx| {
            let place = placed(tx, id)?;
            let covers = |access: &Access| access.require(Right::Read) == Ok(place.hand_in.space);
            if !rights.iter().any(covers) {
                return Err(HandInError::NoSuchHandIn);
            }
            Ok((place, tx.receipt(id)?))
        });
        found.await
    }
}

fn placed(tx: &ReadTx<'_>, id: HandInId) -> Result<HandInPlace, HandInError> {
    let (row, hand_in) = whole(tx, id)?;
    let spot = row.folder.map(|folder| tx.spot(folder)).transpose()?.flatten();
    Ok(HandInPlace { hand_in, link: row.link, path: spot.map(|spot| spot.path) })
}

/// A hand-in with its files.
pub(super) fn whole(tx: &ReadTx<'_>, id: HandInId) -> Result<(HandInRow, HandIn), HandInError> {
    let row = tx.hand_in(id)?.ok_or(HandInError::NoSuchHandIn)?;
    let files = tx.hand_in_files(id)?;
    Ok((row.clone(), HandIn::new(row, files)))
}

impl From<HandInError> for LibraryError {
    /// For work in a transaction of `library`, which the request has checked before.
    fn from(error: HandInError) -> Self {
        match error {
            HandInError::Library(error) => error,
            HandInError::Catalog(error) => Self::from(error),
            HandInError::TooMuch => NotListed::Full.into(),
            HandInError::Finished | HandInError::UsedUp => NotListed::Ended.into(),
            HandInError::ItemDone => NotListed::Accepted.into(),
            _ => Self::Denied(crate::model::AccessDenied { needed: Right::Write }),
        }
    }
}
