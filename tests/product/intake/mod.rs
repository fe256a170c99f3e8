//! The holding area, with the real program and a real clamd that knows a few signatures.

mod allow;
mod arrivals;
mod asking;
mod certificate;
mod clients;
mod clock;
mod converters;
mod documents;
mod engines;
mod engines_inside;
mod kinds;
pub mod mail;
mod nested;
mod pages;
mod passwords;
mod release;
mod rescan;
mod second;
mod several;
mod traces;
mod trouble;
mod turns;
mod unreached;
mod watch;
mod world;
mod wrapped;
