//! An open instance, and how its requests name users, spaces and paths.

use std::sync::{Arc, OnceLock};

use super::error::AdminError;
use super::judge::Judged;
use super::reply::WorkerShown;
use crate::accounts::{Accounts, AccountsError, UserName, UserRow};
use crate::intake::Intake;
use crate::library::{Change, Library, LibraryError, Space};
use crate::model::{Access, Conditions, EntryName, EntryPath, NameError, Timestamp};
use crate::notices::Notices;
use crate::recovery::Recovery;
use crate::sharing::Sharing;
use crate::uploads::Uploads;

/// An open instance, with the operations of its owner and of administrators.
#[derive(Clone)]
pub struct Admin {
    pub(super) library: Library,
    pub(super) uploads: Uploads,
    pub(super) recovery: Recovery,
    pub(super) accounts: Accounts,
    pub(super) sharing: Sharing,
    pub(super) intake: Intake,
    pub(super) notices: Notices,
    /// The state of each background job of the server, if one runs.
    pub(super) jobs: Arc<OnceLock<Box<Jobs>>>,
}

/// Says how each background job is doing.
type Jobs = dyn Fn() -> Vec<WorkerShown> + Send + Sync;

impl Admin {
    /// Joins the rooms that requests need.
    pub fn new(
        library: Library,
        uploads: Uploads,
        recovery: Recovery,
        accounts: Accounts,
        sharing: Sharing,
        intake: Intake,
        notices: Notices,
    ) -> Self {
        Self { library, uploads, recovery, accounts, sharing, intake, notices, jobs: Arc::default() }
    }

    /// From now on the status tells of these background jobs. Later calls have no effect.
    #[must_use]
    pub fn with_jobs(self, jobs: impl Fn() -> Vec<WorkerShown> + Send + Sync + 'static) -> Self {
        let _ = self.jobs.set(Box::new(jobs));
        self
    }

    pub(super) async fn user(&self, name: &str) -> Result<UserRow, AdminError> {
        let name = UserName::parse(name)?;
        Ok(self.accounts.user_by_name(&name).await?.ok_or(AccountsError::UnknownUser)?)
    }

    pub(super) async fn space(&self, name: &str) -> Result<Space, AdminError> {
        let name = EntryName::parse(name)?;
        Ok(self.library.space_named(&name).await?.ok_or(LibraryError::NoSuchSpace)?)
    }

    /// The accesses of a request to all spaces that it reaches.
    pub(super) async fn accesses(&self, judged: &Judged) -> Result<Vec<Access>, AdminError> {
        Ok(judged.accesses(&self.library.spaces().await?))
    }

    /// The space of this name, which the request must reach, or all spaces.
    pub(super) async fn spaces(
        &self,
        name: Option<String>,
        judged: &Judged,
    ) -> Result<Vec<Space>, AdminError> {
        match name {
            Some(name) => {
                let space = self.space(&name).await?;
                judged.access(space.id)?;
                Ok(vec![space])
            }
            None => Ok(self.library.spaces().await?),
        }
    }

    pub(super) async fn change(
        &self,
        space: &str,
        judged: &Judged,
        now: Timestamp,
    ) -> Result<Change, AdminError> {
        let access = judged.access(self.space(space).await?.id)?;
        Ok(Change { access, actor: judged.actor(), now, conditions: Conditions::default() })
    }
}

pub(super) fn parse_path(text: &str) -> Result<EntryPath, NameError> {
    EntryPath::parse(text.strip_prefix('/').unwrap_or(text))
}

pub(super) fn word<T: Copy + std::fmt::Display>(
    what: &'static str,
    text: &str,
    parse: fn(&str) -> Option<T>,
    all: &[T],
) -> Result<T, AdminError> {
    parse(text).ok_or_else(|| AdminError::Word {
        word: text.to_owned(),
        what,
        allowed: all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    })
}
