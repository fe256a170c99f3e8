//! The use cases on files, against the real vault and catalogue in a temporary directory.
//!
//! Nearly every test ends with [`store::Store::check`], which compares catalogue and disk as a whole.

mod catalog;
mod clock;
mod damage;
mod departures;
mod disk_errors;
mod events;
mod history;
pub(crate) mod hooked;
mod listing;
mod locks;
mod model;
mod object_store;
mod put;
mod quota;
mod random;
mod recovery_key;
mod schedules;
mod search;
mod spaces;
pub(crate) mod store;
mod swept;
mod transfer;
mod trash;
mod upkeep;
mod uploads;
mod versions;
pub mod withheld;
