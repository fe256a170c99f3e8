//! The holding area, with the real program and a real clamd that knows a few signatures.

mod arrivals;
mod clients;
mod documents;
mod release;
mod trouble;
mod world;
