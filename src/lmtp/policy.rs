//! Postfix's policy protocol (its `SMTPD_POLICY_README`): lines `name=value` and an empty one, answered with `action=…` and an
//! empty line. Only what Postfix asks at RCPT is judged: it names one recipient of a mail that it has not accepted yet.

use std::io;
use std::sync::Arc;

use super::listen::BoxedStream;
use super::post::Post;
use super::refusal::{LOCKED, Refusal, TOO_LONG};
use super::wire::Wire;
use crate::net::Shutdown;

/// Longest line of a question in bytes.
const MAX_LINE: usize = 8 << 10;
/// Most lines of a question; Postfix 3.10 sends some 40.
const MAX_LINES: usize = 200;

/// The subject of one question.
#[derive(Default)]
struct Question {
    is_about_recipient: bool,
    recipient: String,
    /// Length of the mail as the sender announced it; 0 if it was not.
    size: u64,
}

/// Answers questions until the connection ends.
pub(super) async fn serve(post: Arc<Post>, stream: BoxedStream, mut shutdown: Shutdown) -> io::Result<()> {
    let mut wire = Wire::new(stream);
    loop {
        let question = tokio::select! {
            biased;
            question = question(&mut wire) => question?,
            () = shutdown.requested() => return Ok(()),
        };
        let Some(question) = question else { return Ok(()) };
        // DUNNO: Postfix's next rule decides.
        let action = match judge(&post, &question).await {
            Ok(()) => "DUNNO".to_owned(),
            Err(refusal) => refusal.action(),
        };
        wire.answer(&format!("action={action}\n\n")).await?;
        wire.flush().await?;
    }
}

/// The next question. Errors also for any other text, which ends the connection: Postfix then puts the mail off.
async fn question(wire: &mut Wire) -> io::Result<Option<Question>> {
    let mut question = Question::default();
    for _ in 0..MAX_LINES {
        let Some(line) = wire.line(MAX_LINE).await? else { return Ok(None) };
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Ok(Some(question));
        }
        match text.split_once('=') {
            Some(("protocol_state", value)) => question.is_about_recipient = value == "RCPT",
            Some(("recipient", value)) => value.clone_into(&mut question.recipient),
            Some(("size", value)) => question.size = value.parse().unwrap_or(u64::MAX),
            Some(_) => {}
            None => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

async fn judge(post: &Post, question: &Question) -> Result<(), Refusal> {
    if !question.is_about_recipient {
        return Ok(());
    }
    if post.instance().is_none() {
        return Err(LOCKED);
    }
    if question.size > post.most() {
        return Err(TOO_LONG);
    }
    post.recipient(&question.recipient, question.size).await.map(drop)
}
