//! The holding area in a server that is killed before any of its system calls: a content is released once, has one PDF,
//! and no one reads it before the second scan.

mod arrival;
mod decision;
mod mail;
mod release;
mod update;
mod world;
