//! Composition: joins the rooms in order, and stops everything in order.

mod clock;
mod control;
mod directory;
mod directory_error;
mod entrance;
mod exposed;
mod foreign_files;
mod instance;
mod intake;
mod inventory;
mod kit;
mod lock;
mod owner;
mod pulse;
mod read_figures;
mod read_only;
mod rebuild;
mod renewal;
mod scrub;
mod serve;
mod serve_error;
mod snapshots;
mod upkeep;
mod workers;

pub use control::{ControlError, ask};
pub use directory::DataDirectory;
pub use directory_error::DirectoryError;
pub use entrance::Entrance;
pub use exposed::{Exposed, Secret as ExposedSecret, exposed_secrets};
pub use instance::{FirstAdministrator, Instance, InstanceError, change_unlock, is_blank, secret_from_file};
pub use inventory::{ForeignFiles, foreign_files, missing_parts, spaces_without_any_file};
pub use kit::{Kit, KitError};
pub use owner::act_as_owner;
pub use rebuild::{RebuildBase, RebuildError, RebuildFrom, Rebuilt, rebuild};
pub use serve::{Announcement, serve};
pub use serve_error::ServeError;
