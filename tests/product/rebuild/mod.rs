//! A catalogue that is gone, damaged or too old: what the start says, what `tresor rebuild` brings back, what
//! a snapshot holds.

mod alone;
mod broken_off;
mod office;
mod older;
mod packs;
mod snapshot;
mod start;
