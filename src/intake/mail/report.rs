//! Reports of mail servers about mails that were sent, which nothing stores.

use std::os::fd::AsFd;

use tokio::task::spawn_blocking;

use crate::inspect::InspectError;
use crate::intake::Intake;
use crate::model::DeliveryReport;
use crate::scan::Sample;

/// Why a report cannot be read now.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is no memory for it, or no program to read it with.
    #[error("there is no process or no memory to read a report with")]
    Unavailable,
    /// The process that reads it was not started.
    #[error(transparent)]
    NotStarted(#[from] InspectError),
}

impl Intake {
    /// What a mail, or its beginning, reports of another one; `None` if nothing failed. It is read by a process of its own.
    ///
    /// Errors: it cannot be read now.
    pub async fn delivery_report(&self, mail: &[u8]) -> Result<Option<DeliveryReport>, ReportError> {
        let (Some(inspector), Ok(sample)) = (self.inspector.clone(), Sample::of(mail)) else {
            return Err(ReportError::Unavailable);
        };
        let read = spawn_blocking(move || inspector.delivery_report(sample.as_fd()));
        Ok(read.await.map_err(|_| ReportError::Unavailable)??)
    }
}
