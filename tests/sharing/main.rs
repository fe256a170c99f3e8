//! Links for people without an account: what they give, and above all what they do not.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::needless_pass_by_value,
    reason = "these lints guard the server; a test may stop at the first surprise and owns its files"
)]

mod confined;
mod issue;
mod office;
mod visits;
