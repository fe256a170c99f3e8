//! HTTP and WebDAV (RFC 4918) as real clients speak them, for every endpoint: requests become `model` values, and
//! results of `library` become XML that clients accept.
//!
//! These modules are pure: no I/O (except `multipart`, which reads a body), no clock, no knowledge of users.
//! Everything that a client can send is bounded before it is processed, by named limits in the module that reads
//! it.

pub mod conditional;
pub(in crate::http) mod dates;
mod error;
pub mod error_body;
pub mod headers;
pub mod href;
pub mod if_header;
pub mod listing;
pub mod lockinfo;
pub mod media_type;
pub mod multipart;
pub mod multistatus;
pub mod properties;
pub mod propfind;
pub mod proppatch;
pub mod range;
pub mod search;
pub mod tus;
pub mod xml;

pub use error::RequestError;
