//! A catalogue that is gone, damaged or too old: the words of the start, the results of `tresor rebuild`, the
//! contents of a snapshot.

mod alone;
mod broken_off;
mod office;
mod older;
mod packs;
mod snapshot;
mod start;
