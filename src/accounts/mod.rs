//! Who may do what: users, passwords, device passwords, throttling and the one rights check.

mod app_password;
mod name;
mod password;
mod policy;
mod rights;
mod throttle;
mod verified;

pub use app_password::{AppPasswordKey, AppToken, TokenHash};
pub use name::{UserName, UserNameError, login_name};
pub use policy::WeakPassword;
pub use rights::{Standing, decide, may_administer};
