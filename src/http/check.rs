//! The page that checks receipts, for anyone: a person without an account has nothing but the file.
//!
//! It reads only the given text and the key: no link, no folder, no name. A check costs a signature, so a flood of
//! them costs little; their number at the same time and their size are bounded.

use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Response, StatusCode};
use maud::{Markup, html};

use super::context::RequestContext;
use super::page::bar::bar;
use super::page::form::is_from_another_site;
use super::page::language::{chosen, keep_choice};
use super::page::{Page, Width, document, problem, success};
use super::protocol::multipart::{FILES, FormError, whole_form};
use super::receipt::{CHECK, Sheet, note_in};
use super::reply::{not_allowed, plain};
use crate::net::{RequestBody, ResponseBody};
use crate::sharing::{NotProven, Signed};
use crate::text::{Language, ReceiptTexts};

/// Most bytes of a form: a receipt of 5,000 files has about 2 MB, and so has its PDF. Longer ones are checked by the program.
const MAX_CHECKED: usize = 6 << 20;
/// Longest time in which a form must have arrived, because it takes up a turn.
const LONGEST_FORM: Duration = Duration::from_mins(1);
/// Seconds after which to try again while too many are checked.
const BUSY_S: u32 = 5;
/// The field with a pasted text.
const TEXT: &str = "text";

/// The outcome of a check.
enum Outcome {
    Nothing,
    Valid(Box<Signed>),
    Refused(NotProven),
    /// Neither a file nor a text.
    Empty,
    TooLarge,
    Busy,
}

/// Whether this endpoint serves the path.
pub(super) fn serves(path: &str) -> bool {
    path == CHECK
}

/// Answers a request to the page.
pub(super) async fn handle(context: RequestContext<'_>, body: &mut RequestBody) -> Response<ResponseBody> {
    let language = chosen(context);
    let outcome = match context.parts.method {
        Method::GET | Method::HEAD => Outcome::Nothing,
        Method::POST if is_from_another_site(context) => {
            return plain(StatusCode::FORBIDDEN, "This form belongs to another site.\n");
        }
        Method::POST => match check(context, body).await {
            Ok(outcome) => outcome,
            Err(error) => return error,
        },
        _ => return not_allowed("GET, HEAD, POST", "Open this address in a browser.\n"),
    };
    let sheet = match &outcome {
        Outcome::Valid(_) => Some(Sheet::of(context, language).await.signed_only()),
        _ => None,
    };
    let mut response = page(language, &outcome, sheet);
    keep_choice(context, &mut response);
    response
}

/// Checks the receipt in a form.
async fn check(
    context: RequestContext<'_>,
    body: &mut RequestBody,
) -> Result<Outcome, Response<ResponseBody>> {
    let Some(_turn) = context.services.receipts.checking.take(context.info.peer) else {
        return Ok(Outcome::Busy);
    };
    let content_type = context.parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let form = whole_form(body, content_type.unwrap_or_default(), MAX_CHECKED);
    let Ok(form) = tokio::time::timeout(LONGEST_FORM, form).await else {
        return Err(plain(StatusCode::REQUEST_TIMEOUT, "The form took too long to arrive.\n"));
    };
    let (texts, file) = match form {
        Ok(form) => form,
        Err(FormError::Body(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return Ok(Outcome::TooLarge);
        }
        Err(FormError::Body(error)) => return Err(plain(error.status(), "The form could not be read.\n")),
        Err(_) => return Err(plain(StatusCode::BAD_REQUEST, "Send the form as it is.\n")),
    };
    let pasted = texts.into_iter().find(|(name, text)| name == TEXT && !text.trim().is_empty());
    let Some(given) = file.or_else(|| pasted.map(|(_, text)| text.into_bytes().into())) else {
        return Ok(Outcome::Empty);
    };
    let sharing = context.services.sharing.clone();
    let checked = tokio::task::spawn_blocking(move || {
        let note = note_in(&given).ok_or(NotProven::NoReceipt)?;
        sharing.check(&note)
    });
    match checked.await {
        Ok(Ok(signed)) => Ok(Outcome::Valid(Box::new(signed))),
        Ok(Err(refused)) => Ok(Outcome::Refused(refused)),
        Err(error) => {
            tracing::error!(request_id = %context.info.request_id, error = &error as &dyn std::error::Error, "receipt not checked");
            Err(plain(StatusCode::INTERNAL_SERVER_ERROR, "The receipt could not be checked.\n"))
        }
    }
}

fn page(language: Language, outcome: &Outcome, sheet: Option<Sheet>) -> Response<ResponseBody> {
    let texts = ReceiptTexts(language);
    let receipt = match (outcome, sheet) {
        (Outcome::Valid(signed), Some(sheet)) => Some(sheet.document(signed, usize::MAX)),
        _ => None,
    };
    let content = html! {
        (said(texts, outcome))
        @if let Some(receipt) = &receipt {
            p { (texts.compare()) }
            section { h2 { (receipt.title) } (document::blocks(receipt)) }
        }
        section.screen.narrow {
            p { (texts.checker_about()) }
            form method="post" enctype="multipart/form-data" action=(CHECK) {
                label { (texts.choose()) input type="file" name=(FILES) accept=".pdf,.txt,application/pdf,text/plain"; }
                label { (texts.paste()) textarea name=(TEXT) rows="6" spellcheck="false" autocomplete="off" {} }
                button { (texts.check()) }
            }
            p { (texts.checker_limits()) }
        }
    };
    let status = match outcome {
        Outcome::Nothing | Outcome::Valid(_) => StatusCode::OK,
        Outcome::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Outcome::Empty => StatusCode::BAD_REQUEST,
        Outcome::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Outcome::Busy => StatusCode::TOO_MANY_REQUESTS,
    };
    let width = if receipt.is_some() { Width::Wide } else { Width::Narrow };
    let page = Page { language, width, title: texts.checker(), content };
    let mut response = page.below(&bar(language, CHECK, None), status);
    if matches!(outcome, Outcome::Busy) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(BUSY_S));
    }
    response
}

fn said(texts: ReceiptTexts, outcome: &Outcome) -> Markup {
    match outcome {
        Outcome::Nothing => html! {},
        Outcome::Valid(_) => success(texts.valid()),
        Outcome::Refused(NotProven::Changed) => problem(texts.changed()),
        Outcome::Refused(NotProven::OtherKey) => problem(texts.other_key()),
        Outcome::Refused(NotProven::NoReceipt) => problem(texts.no_receipt()),
        Outcome::Empty => problem(texts.nothing_given()),
        Outcome::TooLarge => {
            let most = u64::try_from(MAX_CHECKED).unwrap_or(u64::MAX);
            problem(&texts.too_large(&texts.0.size(most)))
        }
        Outcome::Busy => problem(texts.busy()),
    }
}
