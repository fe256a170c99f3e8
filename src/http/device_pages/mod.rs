//! Pages about devices that show the office's files: values to enter on them, and how far their programs come.

mod report;
mod setup;

pub(super) use report::{has_been_seen, report};
pub(super) use setup::{CERTIFICATE, setup};
