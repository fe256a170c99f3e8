//! How an instance begins, opens, stays shut and ends: the real program on directories of its own.

mod certificate;
mod clock;
mod earlier;
mod first;
mod init;
mod jobs;
mod keys;
mod locked;
mod lost;
mod owner;
mod proxy;
mod refusals;
mod service;
mod terminal;
mod writer;
