//! Real clients against the real server, over the network and over mounts: a person sees the stored
//! contents, and nothing of them is readable on the server's disk afterwards.
//!
//! `cargo test --test product clients::davfs2` runs one client's tests. Finder and Explorer cannot run here;
//! their requests are replayed as traced.

mod cadaver;
mod curl;
pub mod davfs2;
mod explorer;
mod finder;
mod gvfs;
mod joplin;
mod links;
mod litmus;
mod packages;
pub mod rclone;
mod restic;
