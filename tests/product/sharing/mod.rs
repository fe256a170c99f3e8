//! Links for people without an account: the access that they give, and above all the access that they do not.

mod confined;
mod hand_in;
mod issue;
mod leases;
pub mod office;
mod requests;
mod visits;
