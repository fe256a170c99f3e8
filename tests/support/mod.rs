//! Shared parts of the black-box tests: the real program on a directory of its own, a raw HTTP client, test content
//! with known hashes, real clients run under a time limit, and the search for traces.
//!
//! A test program includes it with `#[path = "../support/mod.rs"] mod support;`. No test skips itself: a missing
//! program fails the test and names the Debian package.

#![allow(dead_code, unused_imports, reason = "each test program takes in the whole module and uses its part")]
#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "these lints guard the server; a test may stop at the first surprise and owns its files"
)]

#[path = "../../src/accounts/passkeys/authenticator.rs"]
pub mod authenticator;
pub mod browser;
pub mod canary;
pub mod clamd;
pub mod client;
pub mod content;
pub mod documents;
pub mod earlier;
pub mod http;
pub mod icap;
pub mod in_process;
pub mod load;
pub mod multistatus;
pub mod office;
pub mod passwords;
pub mod pdfs;
pub mod postfix;
pub mod process;
pub mod recovery;
pub mod server;
pub mod smtp;
pub mod sound;
pub mod tree;
pub mod zips;

pub use server::TestServer;
