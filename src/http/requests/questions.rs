//! The recipients' questions and comments on the page of a request, and the office's answers to them.

use maud::{Markup, html};

use super::Requests;
use super::address::of_request;
use super::list::called;
use super::sent::{Sent, Trouble};
use crate::http::page::form::Fields;
use crate::model::{CommentId, ItemState, LinkId, RecipientId, RequestId, Shown};
use crate::sharing::{Comment, MAX_REASON, RequestError, RequestShown};

/// Name of the field with the comment that a form answers.
const COMMENT: &str = "comment";

impl Requests<'_> {
    /// The comments that wait for an answer, on items that are not settled, each with a form.
    pub(super) fn questions(&self, request: &RequestShown, sent: Option<&Sent>) -> Markup {
        let texts = self.one_texts();
        let waits = |comment: &&Comment| comment.answered.is_none();
        let items = request.items.iter().filter(|item| item.row.state != ItemState::Accepted);
        let waiting: Vec<_> = items
            .flat_map(|item| item.comments.iter().filter(waits).map(move |comment| (item, comment)))
            .collect();
        html! {
            @if !waiting.is_empty() {
                section {
                    h2 { (texts.questions()) }
                    p { (texts.answers_about()) }
                    ul.items { @for (item, comment) in waiting { li {
                        p { a href={ "#item-" (item.row.id) } { (self.numbered(&item.row)) } }
                        (self.said(request, comment))
                        @if request.row.closed.is_none() { (self.answering(request.row.id, comment, sent)) }
                    } } }
                }
            }
        }
    }

    /// A comment with the office's answer.
    pub(super) fn said(&self, request: &RequestShown, comment: &Comment) -> Markup {
        let texts = self.one_texts();
        let (when, text) = (self.desk.moment(comment.at), Shown(&comment.text).to_string());
        let author = recipient_called(request, |row, _| Some(row) == comment.recipient);
        html! {
            p.note { (match author {
                Some(name) => texts.commented_by(&name, &when, &text),
                None => texts.commented(&when, &text),
            }) }
            @if let Some(at) = comment.answered {
                p.note { (match comment.answer.as_str() {
                    "" => texts.settled(&self.desk.moment(at)),
                    answer => texts.answered(&self.desk.moment(at), &Shown(answer).to_string()),
                }) }
            }
        }
    }

    fn answering(&self, request: RequestId, comment: &Comment, sent: Option<&Sent>) -> Markup {
        let texts = self.one_texts();
        let lacks = sent.is_some_and(|sent| matches!(sent.trouble, Trouble::Answer(id) if id == comment.id));
        let hint = format!("answer-{}", comment.id);
        html! {
            form method="post" action=(of_request(request)) {
                (self.desk.token())
                input type="hidden" name=(COMMENT) value=(comment.id);
                label { (texts.answer())
                    textarea name="text" rows="2" maxlength=(MAX_REASON) aria-invalid=[lacks.then_some("true")]
                        aria-describedby=[lacks.then_some(&hint)] {}
                }
                @if lacks { p.problem id=(hint) { (texts.answer_missing()) } }
                p {
                    button name="do" value="answer" { (texts.send_answer()) } " "
                    button.other name="do" value="settle" { (texts.settle()) }
                }
            }
        }
    }

    /// The comment whose answer a form lacks.
    pub(super) fn unanswered(form: &Fields) -> Option<CommentId> {
        let is_empty = form.get("do") == "answer" && form.get("text").trim().is_empty();
        form.get(COMMENT).parse().ok().map(CommentId).filter(|_| is_empty)
    }

    /// Answers a comment, or settles it without words.
    pub(super) async fn answer_comment(&self, id: RequestId, form: &Fields) -> Result<(), RequestError> {
        let comment = form.get(COMMENT).parse().map(CommentId).map_err(|_| RequestError::NoSuchComment)?;
        let answer = match form.get("do") {
            "settle" => String::new(),
            _ => form.get("text").replace("\r\n", "\n"),
        };
        let by = self.desk.principal().stamp(self.now());
        let sharing = &self.desk.context.services.sharing;
        sharing.answer_comment(&self.rights, (id, comment), &answer, by).await
    }
}

/// The name of a recipient of several; `None` in a request to one person, which has no need for it.
pub(super) fn recipient_called(
    request: &RequestShown,
    is_meant: impl Fn(RecipientId, Option<LinkId>) -> bool,
) -> Option<String> {
    let all = Some(&request.recipients).filter(|all| all.len() > 1)?;
    let of = all.iter().find(|one| is_meant(one.row.id, one.row.link))?;
    Some(Shown(called(&of.row)).to_string()).filter(|name| !name.is_empty())
}
