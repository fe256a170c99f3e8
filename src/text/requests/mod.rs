//! The pages on which users of the office see their requests, and judge the files that came.

mod asking;
mod check;
mod inviting;
mod list;
mod matrix;
mod one;
mod reminding;

pub use asking::AskingTexts;
pub use check::CheckTexts;
pub use inviting::InvitingTexts;
pub use list::RequestsTexts;
pub use matrix::MatrixTexts;
pub use one::RequestTexts;
pub use reminding::RemindingTexts;
