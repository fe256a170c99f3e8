//! Links and what people hand in through them.

use super::error::AdminError;
use super::judge::Judged;
use super::request::{LinkAsked, Secret};
use super::service::{Admin, parse_path, word};
use super::{DownloadShown, HandInShown, LinkShown, Reply, When, shown};
use crate::accounts::{Principal, UserName};
use crate::library::{LibraryError, Space};
use crate::model::{Access, Day, DownloadId, HandInId, LinkRight, LinkTerms, Timestamp};
use crate::sharing::{Download, Expiry, HandInError, HandInPlace, NewLink};

impl Admin {
    /// The user with the present right to a space, to make something there as if the user had.
    ///
    /// Errors: `NoSuchSpace` without a right.
    pub(super) async fn as_user(
        &self,
        user: &str,
        space: &str,
    ) -> Result<(Principal, Space, Access), AdminError> {
        let row = self.user(user).await?;
        let name = UserName::parse(&row.name)?;
        let principal = Principal { user: row.id, name, role: row.role, via_app_password: None };
        let space = self.space(space).await?;
        let access = match row.disabled {
            Some(_) => None,
            None => self.accounts.access(&principal, space.id).await?,
        };
        Ok((principal, space, access.ok_or(LibraryError::NoSuchSpace)?))
    }

    pub(super) async fn add_link(
        &self,
        user: &str,
        asked: LinkAsked,
        judged: &Judged,
        now: Timestamp,
    ) -> Result<Reply, AdminError> {
        let (principal, space, access) = match self.as_user(user, &asked.space).await {
            Err(AdminError::Library(LibraryError::NoSuchSpace)) if judged.is_owner() => {
                self.space(&asked.space).await?;
                return Err(AdminError::NoRight { user: user.to_owned(), space: asked.space });
            }
            found => found?,
        };
        let types = LinkTerms::parse_types(asked.types.as_deref().unwrap_or_default());
        let types = types.map_err(|word| AdminError::Word {
            word,
            what: "list of file name endings",
            allowed: "such as pdf,jpg,xlsx".into(),
        })?;
        let office = self.accounts.office().await?;
        let end_of = |text: &str| Ok::<_, AdminError>(office.zone.end_of(day(text)?));
        let terms = LinkTerms {
            uses: asked.uses,
            deadline: asked.deadline.as_deref().map(end_of).transpose()?,
            bytes: asked.max_size,
            files: asked.max_files,
            types,
            own_folder: asked.own_folder || asked.is_box,
            guest_chooses: asked.first_use_password,
            is_box: asked.is_box,
            code_to: asked.code_to,
        };
        let new = NewLink {
            access,
            path: parse_path(&asked.path)?,
            right: word("right", &asked.can, LinkRight::from_word, LinkRight::ALL)?,
            expires: match asked.until.as_deref() {
                None if asked.is_box => Expiry::Never,
                None => Expiry::Usual,
                Some("never") => Expiry::Never,
                Some(text) => Expiry::Through(day(text)?),
            },
            password: asked.password.as_ref().map(Secret::to_secret_string),
            label: asked.label,
            note: asked.note,
            hide_download: false,
            terms,
        };
        let made = self.sharing.create_with_folder(&principal, new, now).await?;
        let url = format!("{}{}", self.sharing.origin(), made.link.url_path());
        Ok(Reply::Link(Box::new(LinkShown { url: Some(url), ..shown::link(made, &[space]) })))
    }

    pub(super) async fn hand_ins(&self, spaces: &[Space], judged: &Judged) -> Result<Reply, AdminError> {
        let places = self.sharing.hand_ins(judged.accesses(spaces)).await?;
        Ok(Reply::HandIns(places.into_iter().map(|place| hand_in(place, spaces)).collect()))
    }

    pub(super) async fn receipt(&self, id: i64, judged: &Judged) -> Result<Reply, AdminError> {
        let spaces = self.library.spaces().await?;
        let (_, receipt) = self.sharing.hand_in_in(judged.accesses(&spaces), HandInId(id)).await?;
        Ok(Reply::Text(receipt.ok_or(HandInError::NotFinished)?))
    }

    pub(super) async fn downloads(&self, spaces: &[Space], judged: &Judged) -> Result<Reply, AdminError> {
        let downloads = self.sharing.downloads(judged.accesses(spaces)).await?;
        Ok(Reply::Downloads(downloads.into_iter().map(|one| download(one, spaces)).collect()))
    }

    pub(super) async fn download_receipt(&self, id: i64, judged: &Judged) -> Result<Reply, AdminError> {
        let spaces = self.library.spaces().await?;
        let receipt = self.sharing.download_receipt(judged.accesses(&spaces), DownloadId(id)).await?;
        Ok(Reply::Text(receipt))
    }
}

fn download(download: Download, spaces: &[Space]) -> DownloadShown {
    let space = spaces.iter().find(|space| space.id == download.space);
    DownloadShown {
        id: download.id.0,
        space: space.map(|space| space.name.clone()).unwrap_or_default(),
        path: download.path,
        link: download.link.map(|link| link.0),
        label: download.label,
        bytes: download.size,
        begun: When(download.begun),
        completed: When(download.completed),
    }
}

fn hand_in(place: HandInPlace, spaces: &[Space]) -> HandInShown {
    let HandInPlace { hand_in, link, path } = place;
    let space = spaces.iter().find(|space| space.id == hand_in.space);
    let (files, bytes) = hand_in.extent();
    HandInShown {
        id: hand_in.id.0,
        space: space.map(|space| space.name.clone()).unwrap_or_default(),
        path,
        link: link.map(|link| link.0),
        name: hand_in.name,
        begun: When(hand_in.begun),
        finished: hand_in.finished.map(When),
        complete: hand_in.is_complete,
        late: hand_in.is_late,
        files,
        bytes,
    }
}

pub(super) fn day(text: &str) -> Result<Day, AdminError> {
    Day::parse(text).ok_or_else(|| AdminError::Word {
        word: text.to_owned(),
        what: "date",
        allowed: "a form such as 2026-12-31".into(),
    })
}
