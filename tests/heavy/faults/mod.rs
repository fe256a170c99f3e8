//! Faults of the system: a server that is killed before any of its system calls, errors in any of them,
//! power cuts that tear unsynced writes, disks that are full or read-only, lack of descriptors.
//!
//! After each, [`inspect::inspect`] opens the rest and compares all of it with the states that are allowed.

mod descriptors;
mod errors;
mod full_disk;
mod injection;
mod inspect;
mod intake;
mod kill;
mod office;
mod operations;
mod power;
