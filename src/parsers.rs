//! Parsers of untrusted bytes that are private to their rooms, for `fuzz/` and its test; not a stable
//! interface.

/// Requests: framing, headers, bodies.
pub mod requests {
    pub use crate::http::auth::basic_credentials;
    pub use crate::http::page::form::field;
    pub use crate::net::admission::admit;
    pub use crate::net::framing::{Framing, POISON, Position, Verdict};
    pub use crate::net::header_blocks::HeaderBlocks;
    pub use crate::net::peer::client_key;
}

/// Parameters of the share API.
pub mod shares {
    pub use crate::http::nextcloud::shares::parameters::{Parameters, change_of, last_day, sum_of};
}

/// Headers of resumable uploads.
pub mod resumable {
    pub use crate::http::resumable::draft::creation::indicated_length;
    pub use crate::http::resumable::draft::dialect::Dialect;
    pub use crate::http::resumable::draft::fields::integer;
    pub use crate::http::resumable::draft::origin::Origin;
    pub use crate::http::resumable::tus::append::checksum;
    pub use crate::http::resumable::tus::concat::Kind;
    pub use crate::http::resumable::tus::metadata::Metadata;
}

/// Contents of all formats, which only a confined process may look into.
pub mod contents {
    pub use crate::inspect::format::cms::{Cms, Octets, read as read_cms};
    pub use crate::inspect::format::report::read as read_report;
    pub use crate::inspect::format::uuencode::take as take_uuencoded;
    pub use crate::inspect::look::look_into;
    pub use crate::inspect::open::{Opening, open};
    pub use crate::inspect::unpack::unpack;
}

/// Packs of small containers.
pub mod packs {
    pub use crate::vault::disk::pack::{Member, Members, PackedFile, erase, is_empty, names};
    pub use crate::vault::disk::unindexed::each as each_unindexed;
}
