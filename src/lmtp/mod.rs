//! Mail from the office's mail server: LMTP (RFC 2033) for the mails, and Postfix's policy protocol, by which that
//! server learns of refusals *before* it accepts a mail; afterwards it could only send a bounce to a perhaps forged
//! sender.
//!
//! ```text
//! server    both together
//! listen    sockets, and a bound on connections
//! session   LHLO, MAIL, RCPT, DATA; one answer for each recipient
//! message   the bytes between DATA and its end
//! report    the beginning of a mail that may report about one of this server's
//! policy    one question, one answer
//! post      what an address means
//! refusal   what a refusal is in either protocol
//! ```
//! Both listen where only programs of this machine reach them. What a mail means and where it goes is decided in
//! [`intake`](crate::intake); a report about a mail of this server goes to [`notices`](crate::notices).

mod listen;
mod message;
mod policy;
mod post;
mod refusal;
mod report;
mod server;
mod session;
mod wire;

pub use listen::MailSockets;
pub use server::MailServer;
