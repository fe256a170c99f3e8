//! Reads files from a browser's form (RFC 7578), one piece at a time.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::header::CONTENT_LENGTH;
use http_body::Body;
use multer::Multipart;

use crate::library::Source;
use crate::model::{EntryName, EntryPath, NameError};
use crate::net::{BodyError, RequestBody};

/// Most bytes of a form between two pieces of files, such as the head of a part.
const MAX_BETWEEN: usize = 512 * 1024;
/// Most parts of one form.
const MAX_PARTS: usize = 1_000;
/// Longest text of a form with files, in bytes.
const MAX_TEXT: usize = 1_000;
/// The field that carries files; other fields are skipped, except [`TEXTS`].
pub(in crate::http) const FILES: &str = "files";
/// The field with the sender's name.
pub(in crate::http) const NAME: &str = "name";
/// The field with the item of a request that the files are for.
pub(in crate::http) const ITEM: &str = "item";
/// The field with the token of a session.
pub(in crate::http) const TOKEN: &str = "token";
/// The field that allows files to replace those of the same name.
pub(in crate::http) const REPLACE: &str = "replace";
/// The field that says what a file is for.
pub(in crate::http) const WHAT: &str = "what";
/// The field that names a file that is stored already, by its space and path.
pub(in crate::http) const STORED: &str = "file";
/// The fields that are read, if they come before the files.
const TEXTS: [&str; 6] = [NAME, ITEM, TOKEN, REPLACE, WHAT, STORED];
/// Names of files that systems leave in folders.
const SYSTEM_FILES: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];

/// Why a form cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// The body was cut off or is too long.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The headers of a part exceed their limit.
    #[error("the head of a part of the form is too long")]
    TooLongHead,
    /// The form has more parts than the limit allows.
    #[error("the form has more than {MAX_PARTS} parts")]
    TooManyParts,
    /// The body is not a form with files.
    #[error("this is not a form with files")]
    Malformed,
}

/// The files of a form, in order.
pub struct Files<'a> {
    form: Multipart<'a>,
    /// Bytes received since the last piece was taken.
    between: Arc<AtomicUsize>,
    parts: usize,
    texts: Vec<(&'static str, String)>,
}

/// A file that is being received.
pub struct IncomingFile<'f> {
    /// File name as sent by the browser; untrusted.
    pub name: String,
    /// Length in bytes, if the part's head gives it: programs may send it, browsers do not.
    pub announced: Option<u64>,
    field: multer::Field<'f>,
    between: Arc<AtomicUsize>,
}

impl<'a> Files<'a> {
    /// The files in a body whose `Content-Type` is `multipart/form-data` with this boundary.
    pub fn new(body: &'a mut RequestBody, content_type: &str) -> Result<Self, FormError> {
        let boundary = multer::parse_boundary(content_type).map_err(|_| FormError::Malformed)?;
        let between = Arc::<AtomicUsize>::default();
        let pieces = Pieces { body, between: Arc::clone(&between), has_given: false };
        Ok(Self { form: Multipart::new(pieces, boundary), between, parts: 0, texts: Vec::new() })
    }

    /// The last text read so far in the field of this name; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.texts.iter().rfind(|(field, _)| *field == name).map_or("", |(_, text)| text)
    }

    /// The next file. Read or [skip](IncomingFile::skip) the one before first.
    pub async fn next(&mut self) -> Result<Option<IncomingFile<'a>>, FormError> {
        while let Some(mut field) = self.form.next_field().await.map_err(cause)? {
            self.between.store(0, Ordering::Relaxed);
            self.parts += 1;
            if self.parts > MAX_PARTS {
                return Err(FormError::TooManyParts);
            }
            // Browsers write a quotation mark in the name as `%22` (HTML, "multipart form data").
            let name = field.file_name().unwrap_or_default().replace("%22", "\"");
            // A form in which no file was chosen has one file without a name.
            if field.name() == Some(FILES) && !name.is_empty() {
                let announced = field.headers().get(CONTENT_LENGTH);
                let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
                return Ok(Some(IncomingFile { name, announced, field, between: Arc::clone(&self.between) }));
            }
            let known = TEXTS.into_iter().find(|known| field.name() == Some(known));
            let mut text = Vec::new();
            while let Some(piece) = field.chunk().await.map_err(cause)? {
                self.between.store(0, Ordering::Relaxed);
                if known.is_some() && text.len() + piece.len() <= MAX_TEXT {
                    text.extend_from_slice(&piece);
                }
            }
            if let (Some(known), Ok(text)) = (known, String::from_utf8(text)) {
                self.texts.push((known, text));
            }
        }
        Ok(None)
    }
}

/// The texts of a form of at most `most` bytes, in their order, and its one file, if it has one. For forms that are more text
/// than file.
pub(in crate::http) async fn whole_form(
    body: &mut RequestBody,
    content_type: &str,
    most: usize,
) -> Result<(Vec<(String, String)>, Option<Bytes>), FormError> {
    let boundary = multer::parse_boundary(content_type).map_err(|_| FormError::Malformed)?;
    let mut form = Multipart::new(Whole(Some(body.collect(most).await?)), boundary);
    let (mut texts, mut file) = (Vec::new(), None);
    while let Some(field) = form.next_field().await.map_err(cause)? {
        if texts.len() >= MAX_PARTS {
            return Err(FormError::TooManyParts);
        }
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = field.file_name().is_some();
        let content = field.bytes().await.map_err(cause)?;
        if !is_file {
            texts.push((name, String::from_utf8(content.into()).map_err(|_| FormError::Malformed)?));
        } else if name == FILES && !content.is_empty() {
            file = Some(content);
        }
    }
    Ok((texts, file))
}

/// A body that is here as a whole.
struct Whole(Option<Bytes>);

impl Stream for Whole {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

impl IncomingFile<'_> {
    /// The next piece of its content.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, FormError> {
        let piece = self.field.chunk().await.map_err(cause)?;
        self.between.store(0, Ordering::Relaxed);
        Ok(piece)
    }

    /// Reads and drops the rest of the file: left to the parser, a long rest would look like a long head.
    pub async fn skip(mut self) {
        while let Ok(Some(_)) = self.piece().await {}
    }
}

impl Source for &mut IncomingFile<'_> {
    type Error = FormError;

    async fn next(&mut self, _durable: u64) -> Option<Result<Bytes, FormError>> {
        self.piece().await.transpose()
    }
}

/// The path that a browser sends for a file of a chosen folder; of a path that leads elsewhere, the last segment.
pub(in crate::http) fn sent_path(sent: &str) -> Result<EntryPath, NameError> {
    let is_relative = !sent.contains(['\\', ':']) && !sent.starts_with('/');
    let names: Vec<_> = sent.split('/').collect();
    match is_relative && !names.contains(&"..") && !names.contains(&".") {
        true => EntryPath::new(names.into_iter().map(EntryName::parse).collect::<Result<_, _>>()?),
        false => EntryPath::new(vec![sent_name(sent)?]),
    }
}

/// The last segment of the name that a browser sends: some send whole paths.
pub(in crate::http) fn sent_name(sent: &str) -> Result<EntryName, NameError> {
    EntryName::parse(sent.rsplit(['/', '\\']).next().unwrap_or_default())
}

/// Whether it is a file that systems leave in folders.
pub(in crate::http) fn is_system_file(name: &str) -> bool {
    name.starts_with("~$") || SYSTEM_FILES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// A body as the parser reads it. The parser reads as long as data is available, and waits for the end of a part's
/// head however long it becomes; so this returns "pending" after each piece, and stops the parser at the limit.
struct Pieces<'a> {
    body: &'a mut RequestBody,
    between: Arc<AtomicUsize>,
    has_given: bool,
}

impl Stream for Pieces<'_> {
    type Item = Result<Bytes, FormError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.has_given) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            let Some(frame) = ready!(Pin::new(&mut *self.body).poll_frame(cx)) else {
                return Poll::Ready(None);
            };
            // Nothing here needs the trailers.
            let Ok(piece) = frame?.into_data() else { continue };
            let between = self.between.fetch_add(piece.len(), Ordering::Relaxed) + piece.len();
            if between > MAX_BETWEEN {
                return Poll::Ready(Some(Err(FormError::TooLongHead)));
            }
            self.has_given = true;
            return Poll::Ready(Some(Ok(piece)));
        }
    }
}

/// Maps the parser's error: our own error inside it, or a malformed form.
fn cause(error: multer::Error) -> FormError {
    match error {
        multer::Error::StreamReadFailed(cause) => {
            cause.downcast::<FormError>().map_or(FormError::Malformed, |cause| *cause)
        }
        _ => FormError::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT_TYPE: &str = "multipart/form-data; boundary=----x";

    fn part(field: &str, name: &str, content: &str) -> String {
        format!(
            "------x\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{content}\r\n"
        )
    }

    async fn read(form: String) -> Result<Vec<(String, String)>, FormError> {
        let mut body = RequestBody::full(form);
        let mut files = Files::new(&mut body, CONTENT_TYPE)?;
        let mut read = Vec::new();
        while let Some(mut file) = files.next().await? {
            let mut content = Vec::new();
            while let Some(piece) = file.piece().await? {
                content.extend_from_slice(&piece);
            }
            read.push((file.name.clone(), String::from_utf8(content).unwrap()));
        }
        Ok(read)
    }

    #[test]
    fn only_the_last_name_counts() {
        for (sent, expected) in
            [("a.pdf", "a.pdf"), ("C:\\Users\\Anna\\a.pdf", "a.pdf"), ("../../etc/passwd", "passwd")]
        {
            assert_eq!(sent_name(sent).unwrap().as_str(), expected);
        }
        for bad in ["", "..", "a/", "a\0b"] {
            assert!(sent_name(bad).is_err(), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn files_are_read_and_everything_else_is_read_over() {
        let form = [
            part("comment", "", "hello"),
            part(FILES, "Übersicht 1.pdf", "one\r\n--x"),
            part(FILES, "", ""),
            part("other", "x.pdf", "no"),
            part(FILES, "leer %227%22.txt", ""),
            "------x--\r\n".to_owned(),
        ];
        let expected = [("Übersicht 1.pdf", "one\r\n--x"), ("leer \"7\".txt", "")];
        let expected = expected.map(|(name, content)| (name.to_owned(), content.to_owned()));
        assert_eq!(read(form.concat()).await.unwrap(), expected);
    }

    #[tokio::test]
    async fn a_form_that_is_none_ends_the_reading() {
        assert!(Files::new(&mut RequestBody::empty(), "text/plain").is_err());
        assert!(Files::new(&mut RequestBody::empty(), "multipart/form-data").is_err());
        // Cut off in the middle of a file.
        assert!(matches!(read(part(FILES, "a", "half")).await, Err(FormError::Malformed)));
        assert!(matches!(read("no form".to_owned()).await, Err(FormError::Malformed)));
        let many = part("other", "", "").repeat(MAX_PARTS + 1) + "------x--\r\n";
        assert!(matches!(read(many).await, Err(FormError::TooManyParts)));
    }
}
