//! Links for people without an account: what they give, and above all what they do not.

mod confined;
mod hand_in;
mod issue;
mod leases;
pub mod office;
mod requests;
mod visits;
