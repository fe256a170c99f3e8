//! Errors for requests that cannot be accepted as sent.

use http::StatusCode;

use super::href::HrefError;
use super::xml::XmlError;

/// A request that breaks the protocol or a limit. The text is meant for the client; it repeats no data that the
/// client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The body cannot be parsed as XML.
    #[error("the XML body {0}")]
    Xml(#[from] XmlError),
    /// Well-formed XML that is not the message of this method.
    #[error("the XML body {0}")]
    Body(&'static str),
    /// The right message, but it asks for something that does not exist (RFC 4918 11.2).
    #[error("the XML body {0}")]
    Unprocessable(&'static str),
    /// A header that must be understood but cannot be parsed.
    #[error("the {name} header {reason}")]
    Header {
        /// Name of the header.
        name: &'static str,
        /// The fault, as the end of a sentence.
        reason: &'static str,
    },
    /// The path of the request or of a header is invalid.
    #[error(transparent)]
    Path(#[from] HrefError),
    /// COPY or MOVE to a server that is not this one (RFC 4918 9.8.5).
    #[error("the destination is on another server")]
    ForeignDestination,
    /// PUT of a compressed or otherwise encoded body (RFC 9110 15.5.16).
    #[error("a body with Content-Encoding is not accepted; send the file as it is")]
    ContentEncoded,
}

impl RequestError {
    /// The status to answer with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Xml(XmlError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Xml(_) | Self::Body(_) | Self::Header { .. } => StatusCode::BAD_REQUEST,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Path(error) => error.status(),
            Self::ForeignDestination => StatusCode::BAD_GATEWAY,
            Self::ContentEncoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}
