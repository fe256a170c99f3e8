//! Takes mails for the spaces of an instance, and answers questions about refusals.

use std::sync::Arc;

use super::listen::{Listener, MailSockets, serve};
use super::post::Post;
use super::{policy, session};
use crate::intake::Intake;
use crate::net::Shutdown;
use crate::notices::Notices;

/// Most connections that deliver mails at the same time. Postfix opens 20 by default (`default_destination_concurrency_limit`).
const MAX_DELIVERIES: usize = 24;
/// Most connections that ask what would be refused: one for each of Postfix's `smtpd` processes, 100 by default.
const MAX_QUESTIONERS: usize = 128;

/// Takes mails for the spaces of an instance. Cheap to clone.
#[derive(Clone)]
pub struct MailServer(Arc<Post>);

impl MailServer {
    /// A server that asks to try again later until [`Self::open`]; `most` is the longest mail in bytes, as it is sent.
    pub fn new(most: u64) -> Self {
        Self(Arc::new(Post::new(most)))
    }

    /// Takes mails from now on. Later calls have no effect.
    pub fn open(&self, intake: Intake, notices: Notices) {
        self.0.open(intake, notices);
    }

    /// Takes mails, and answers questions about refusals, until shutdown.
    pub async fn serve(self, sockets: MailSockets, shutdown: Shutdown) {
        let MailSockets { deliveries, questions } = sockets;
        tokio::join!(self.deliver(deliveries, &shutdown), async {
            if let Some(questions) = questions {
                self.advise(questions, &shutdown).await;
            }
        });
    }

    async fn deliver(&self, listener: Listener, shutdown: &Shutdown) {
        let busy = b"421 4.3.2 too many connections, try again later\r\n";
        serve(listener, shutdown.clone(), MAX_DELIVERIES, busy, |stream| {
            session::serve(Arc::clone(&self.0), stream, shutdown.clone())
        })
        .await;
    }

    async fn advise(&self, listener: Listener, shutdown: &Shutdown) {
        let busy = b"action=DEFER_IF_PERMIT 4.3.2 try again later\n\n";
        serve(listener, shutdown.clone(), MAX_QUESTIONERS, busy, |stream| {
            policy::serve(Arc::clone(&self.0), stream, shutdown.clone())
        })
        .await;
    }
}
