//! The office's identity: set by an administrator, read from memory by every page.

use std::sync::Arc;

use super::details::{OfficeChange, changed};
use super::{Accounts, AccountsError};
use crate::catalog::CatalogError;
use crate::model::{Event, InstanceEvent, Office, Stamp};

impl Accounts {
    /// The office's identity. Answers from memory.
    pub async fn office(&self) -> Result<Arc<Office>, CatalogError> {
        Ok(self.inner.directory.current().await?.office())
    }

    /// The office's identity as it was last read, without waiting; `None` before that.
    pub fn known_office(&self) -> Option<Arc<Office>> {
        self.inner.directory.latest().map(|snapshot| snapshot.office())
    }

    /// Changes the office's identity, and returns the new one.
    ///
    /// Errors: `Office`.
    pub async fn set_office(&self, change: OfficeChange, by: Stamp) -> Result<Office, AccountsError> {
        self.change(move |tx| {
            let office = changed(&tx.office()?, change)?;
            tx.touches_only([]);
            tx.put_office(&office)?;
            tx.record(&by, &Event::Instance(InstanceEvent::OfficeChanged))?;
            Ok(office)
        })
        .await
    }
}
