//! Mail: a real server, mails sent over LMTP by hand and through a real Postfix.

pub mod client;
mod deliver;
mod postfix;
mod unpack;
