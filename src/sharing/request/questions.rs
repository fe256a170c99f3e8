//! Users of the office answer what the recipients say about items.

use super::judge::MAX_REASON;
use super::mails::{group, tell};
use super::{RequestError, event, is_text};
use crate::model::{Access, CommentId, RequestEvent, RequestId, Stamp, Topic};
use crate::sharing::Sharing;

impl Sharing {
    /// Answers a comment on an item. Its author sees the answer, and is told of it by mail; another answer takes its place.
    /// An empty one settles the comment without words.
    ///
    /// Errors: `NoSuchRequest`, `NoSuchComment`, `Text` for an answer that is too long.
    pub async fn answer_comment(
        &self,
        rights: &[Access],
        (id, comment): (RequestId, CommentId),
        answer: &str,
        by: Stamp,
    ) -> Result<(), RequestError> {
        let answer = answer.trim().to_owned();
        if !is_text(&answer, MAX_REASON) {
            return Err(RequestError::Text);
        }
        let sends_mails = self.sends_mails() == Some(true);
        self.change_request(rights, id, move |tx, row| {
            let comment = tx.comment(comment)?.ok_or(RequestError::NoSuchComment)?;
            let item = tx.item(comment.item)?.filter(|item| item.request == row.id);
            let item = item.ok_or(RequestError::NoSuchComment)?;
            if comment.answered.is_some() && comment.answer == answer {
                tx.silent("the comment has this answer already");
                return Ok(());
            }
            tx.answer_comment(comment.id, by.at, &answer)?;
            if let Some(recipient) = comment.recipient.filter(|_| sends_mails && !answer.is_empty()) {
                let origin = format!("answer-{}", comment.id);
                tell(tx, &group(row, recipient, Topic::Answered, by.at), &origin, by.at)?;
            }
            let about = (Some(item.title.as_str()), Some(answer.as_str()));
            Ok(tx.record(&by, &event(tx, row, RequestEvent::Answered, about)?)?)
        })
        .await
    }
}
