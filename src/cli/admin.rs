//! Sending a request to the instance, whether a server runs or not.

use anyhow::{Context, bail};
use clap::Args;

use super::{Format, Place, output};
use crate::admin::{Admin, Reply, Request};
use crate::app::{ControlError, DataDirectory, Instance, ask};
use crate::model::{NamePolicy, Timestamp};

/// Show how the instance is.
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

impl Place {
    /// Has a request answered and prints the answer.
    pub(super) fn request(&self, request: Request, format: Format) -> anyhow::Result<()> {
        output::reply(self.answer(request)?, format)
    }

    fn answer(&self, request: Request) -> anyhow::Result<Reply> {
        match ask(&self.data, &request) {
            Err(ControlError::NoServer) => self.answer_here(request),
            other => Ok(other?),
        }
    }

    /// Opens the instance for this one request.
    fn answer_here(&self, request: Request) -> anyhow::Result<Reply> {
        let directory = DataDirectory::open(&self.data)?;
        let Some(unlock) = self.key.unlock()? else {
            bail!("no server runs on this data directory; start one, or give this command --passphrase-file");
        };
        runtime()?.block_on(async {
            let instance = Instance::open(&directory, &unlock, NamePolicy::default()).await?;
            let admin = Admin::new(instance.library.clone(), instance.accounts.clone());
            let reply = admin.answer(request, Timestamp::now()).await;
            instance.close();
            Ok(reply)
        })
    }
}

/// The async runtime of a command.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the async runtime")
}
