//! A data directory of an earlier program. `data/format-13.tar.gz` was made by the last one without a record of
//! events: files, an earlier version, trash, a copied folder, a property, a link, snapshots, and the age identity
//! that opens it.

use std::path::Path;

use super::TestServer;
use super::process::{succeed, tool};

/// The copy of its catalogue that an update leaves in `catalog/`.
pub const COPY: &str = "catalog.format-13.db";

/// The data directory and its key, for a server that does not run yet.
pub fn unpacked() -> TestServer {
    let server = TestServer::prepare(false);
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/data/format-13.tar.gz");
    succeed(tool("tar", "tar").arg("-xzf").arg(archive).arg("-C").arg(server.data().parent().unwrap()));
    server
}
