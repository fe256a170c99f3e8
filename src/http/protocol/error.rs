//! Why a request cannot be taken as it was sent.

use http::StatusCode;

use super::href::HrefError;
use super::xml::XmlError;

/// A request that breaks the protocol or a limit. The text is meant for the client; it repeats
/// nothing of what the client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The body is not XML that we read.
    #[error("the XML body {0}")]
    Xml(#[from] XmlError),
    /// Well-formed XML that is not the message of this method.
    #[error("the XML body {0}")]
    Body(&'static str),
    /// The right message asking for something that does not exist (RFC 4918 11.2).
    #[error("the XML body {0}")]
    Unprocessable(&'static str),
    /// A header that must be understood and cannot be.
    #[error("the {name} header {reason}")]
    Header {
        /// The header.
        name: &'static str,
        /// What is wrong, as the end of a sentence.
        reason: &'static str,
    },
    /// The path of the request or of a header.
    #[error(transparent)]
    Path(#[from] HrefError),
    /// COPY or MOVE to a server that is not this one (RFC 4918 9.8.5).
    #[error("the destination lies on another server")]
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
