//! Sends a request to the instance, whether a server runs or not.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::{Format, Place, output};
use crate::admin::{Asker, Reply, Request};
use crate::app::{ControlError, DataDirectory, DirectoryError, Instance, ask};
use crate::model::{NamePolicy, Timestamp};

/// The error if a process holds the data directory and its socket does not answer.
pub(super) fn unreachable(data: &Path) -> String {
    format!(
        "another process uses {} and does not answer commands: it is another command, or a server whose control.sock \
         is gone; wait for the one, restart the other",
        data.display()
    )
}

/// Show the state of the instance.
#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl Status {
    pub(super) fn run(self) -> anyhow::Result<()> {
        self.place.request(Request::Status, self.format)
    }
}

type Open = fn(&Path) -> Result<DataDirectory, DirectoryError>;

impl Place {
    /// Sends a request and prints the reply.
    pub(super) fn request(&self, request: Request, format: Format) -> anyhow::Result<()> {
        output::reply(self.answer(request)?, format)
    }

    /// Finds the running server, or opens the instance for as long as the session lasts.
    pub(super) fn session(&self) -> anyhow::Result<Session> {
        self.session_by(DataDirectory::open)
    }

    /// Like [`Self::session`], but accepts that a key file is missing if the command replaces it.
    pub(super) fn repairing_session(&self) -> anyhow::Result<Session> {
        self.session_by(DataDirectory::open_incomplete)
    }

    fn session_by(&self, open: Open) -> anyhow::Result<Session> {
        match ask(&self.data, &Request::Status) {
            Err(ControlError::NoServer) => self.open_here(open),
            other => Ok(other.map(|_| Session::Server(self.data.clone()))?),
        }
    }

    fn answer(&self, request: Request) -> anyhow::Result<Reply> {
        match ask(&self.data, &request) {
            Err(ControlError::NoServer) => self.answer_here(request),
            other => Ok(other?),
        }
    }

    /// Opens the instance for this request only.
    fn answer_here(&self, request: Request) -> anyhow::Result<Reply> {
        let session = self.open_here(DataDirectory::open)?;
        let reply = session.ask(request);
        session.close();
        reply
    }

    fn open_here(&self, open: Open) -> anyhow::Result<Session> {
        let directory = open(&self.data).map_err(|error| match error {
            DirectoryError::InUse { .. } => anyhow!(unreachable(&self.data)),
            error => error.into(),
        })?;
        let Some(unlock) = self.key.unlock()? else {
            bail!("no server runs on this data directory; start one, or give this command --passphrase-file");
        };
        let runtime = runtime()?;
        let instance = runtime.block_on(Instance::open(&directory, &unlock, NamePolicy::default()))?;
        Ok(Session::Here(Box::new(Here { runtime, instance, _directory: directory })))
    }
}

/// An instance that this command opened, and its lock.
pub(super) struct Here {
    runtime: tokio::runtime::Runtime,
    instance: Instance,
    _directory: DataDirectory,
}

/// Several requests to the same instance.
pub(super) enum Session {
    /// A server runs on this data directory.
    Server(PathBuf),
    /// This process has opened the instance.
    Here(Box<Here>),
}

impl Session {
    /// Sends a request.
    pub(super) fn ask(&self, request: Request) -> anyhow::Result<Reply> {
        match self {
            Self::Server(data) => Ok(ask(data, &request)?),
            Self::Here(here) => {
                let Here { runtime, instance, .. } = &**here;
                let admin = instance.admin();
                let mut reply = runtime.block_on(admin.answer(request, &Asker::Owner, Timestamp::now()));
                if let Reply::Status(status) = &mut reply
                    && status.state == "serving"
                {
                    status.state = "stopped".into();
                }
                Ok(reply)
            }
        }
    }

    /// Closes the instance if it was opened for this session.
    pub(super) fn close(self) {
        if let Self::Here(here) = self {
            here.instance.close();
        }
    }
}

/// The async runtime of a command.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the async runtime")
}
