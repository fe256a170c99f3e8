//! `tresor verify` finds every change to the files on the disk, and no damaged byte is sent.
//!
//! `random` does a thousand things to containers from a printed seed, `TRESOR_TEST_DAMAGES=10000` ten
//! times as many; `packs` and `pages` do the same to packs and to the catalogue; `named` goes through the
//! faults one by one; `walk` is a verification that is interrupted, slowed down or overtaken by changes;
//! `command`, `carried`, `server` and `told` are the program.

mod archive;
mod beside;
mod carried;
mod chance;
mod command;
mod named;
mod packs;
mod pages;
mod random;
mod server;
mod told;
mod walk;
