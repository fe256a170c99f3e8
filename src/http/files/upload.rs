//! Stores the files of a form in a folder.

use std::collections::HashSet;

use http::Response;
use http::header::CONTENT_TYPE;

use super::outcome::{Done, Outcome, Problem, Typed};
use super::{Cabinet, Failure, Spot};
use crate::http::page::form::is_from_this_site;
use crate::http::protocol::multipart::{
    Files, FormError, IncomingFile, REPLACE, TOKEN, is_system_file, sent_path,
};
use crate::http::reply::see_other;
use crate::library::{Change, Entry, NewFile, receive};
use crate::model::{EntryPath, Right, Timestamp};
use crate::net::{RequestBody, ResponseBody};

impl Cabinet<'_> {
    /// Stores the files of a form, each on its own. The session counts when the form begins, the right to the space also
    /// when each file ends.
    pub(super) async fn upload(
        &self,
        spot: &Spot,
        folder: &Entry,
        body: &mut RequestBody,
    ) -> Result<Response<ResponseBody>, Failure> {
        let content_type = self.desk.context.parts.headers.get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let refused = |problem| Outcome::refused(problem, Typed::default());
        if !spot.may_write() {
            return self.folder(spot, folder, &refused(Problem::Denied)).await;
        }
        let Ok(mut files) = Files::new(body, content_type) else {
            return self.folder(spot, folder, &refused(Problem::BrokenOff)).await;
        };
        let (mut stored, mut left, mut made) = (0, Vec::new(), HashSet::new());
        loop {
            let mut file = match files.next().await {
                Ok(Some(file)) => file,
                Ok(None) => break,
                Err(error) => {
                    // The file in which the form broke off is already named.
                    if !matches!(left.last(), Some((Some(_), Problem::BrokenOff))) {
                        left.push((None, error.into()));
                    }
                    break;
                }
            };
            let accounts = &self.desk.context.services.accounts;
            let is_own = is_from_this_site(self.desk.context)
                && accounts.is_form_token(&self.desk.session.token, files.text(TOKEN));
            if !is_own {
                let here = spot.address(true);
                return Ok(self.desk.forged(&here));
            }
            let replaces = !files.text(REPLACE).is_empty();
            match self.store(spot, &mut file, replaces, &mut made).await {
                Ok(true) => stored += 1,
                Ok(false) => file.skip().await,
                Err(problem) => {
                    left.push((Some(file.name.clone()), problem));
                    file.skip().await;
                }
            }
        }
        if stored == 0 && left.is_empty() {
            left.push((None, Problem::NothingChosen));
        }
        let done = (stored > 0).then_some(Done::Stored(stored));
        match done {
            Some(done) if left.is_empty() => {
                Ok(see_other(&format!("{}?done={}", spot.address(true), done.word())))
            }
            done => self.folder(spot, folder, &Outcome { done, left, typed: Typed::default() }).await,
        }
    }

    /// Stores one file with the folders above it as the person's device has them; `false` for a file that a system left
    /// in a folder.
    async fn store(
        &self,
        spot: &Spot,
        file: &mut IncomingFile<'_>,
        replaces: bool,
        made: &mut HashSet<EntryPath>,
    ) -> Result<bool, Problem> {
        let sent = sent_path(&file.name).map_err(|error| self.problem(&error.into()))?;
        let Some((above, name)) = sent.split_last() else { return Err(Problem::BadName) };
        if is_system_file(name.as_str()) && !above.is_root() {
            return Ok(false);
        }
        let (library, access) = (&self.desk.context.services.library, spot.access);
        let mut folder = spot.path.clone();
        for name in above.names() {
            folder = folder.join(name.clone()).map_err(|error| self.problem(&error.into()))?;
        }
        if !above.is_root() && !made.contains(&above) {
            let made_them = library.make_folders(&self.change(access), &folder).await;
            made_them.map_err(|error| self.problem(&error))?;
            made.insert(above);
        }
        let path = folder.join(name.clone()).map_err(|error| self.problem(&error.into()))?;
        let access = if replaces { access } else { access.storing_beside() };
        let change = Change { access, ..self.change(access) };
        let new = NewFile { path, size: file.announced, modified: None, checksum: None };
        let put = library.begin_put(change, new).await.map_err(|error| self.problem(&error))?;
        let principal = &self.desk.session.principal;
        let still_allowed = async || {
            let now = self.desk.context.services.accounts.access(principal, access.space()).await;
            let right = now.ok().flatten().and_then(|access| access.require(Right::Write).ok());
            right.map(drop).ok_or(Problem::Denied)
        };
        let stored = receive(put, file, still_allowed, Timestamp::now).await?;
        stored.map(|_| true).map_err(|error| self.problem(&error))
    }
}

impl From<FormError> for Problem {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooManyParts => Self::TooManyFiles,
            FormError::Body(_) | FormError::TooLongHead | FormError::Malformed => Self::BrokenOff,
        }
    }
}
