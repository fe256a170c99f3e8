//! Faults of the system: a server that is killed before any of its system calls, errors in any of them,
//! power cuts that tear what was not yet synced, disks that are full or read-only, lack of descriptors.
//!
//! After each, an [`inspect::inspect`] opens what is left and compares all of it with what there may be.

mod descriptors;
mod errors;
mod full_disk;
mod injection;
mod inspect;
mod kill;
mod office;
mod operations;
mod power;
