//! The part `[log]`.

use serde::{Deserialize, Serialize};

use super::error::ConfigError;

/// Default log level.
pub const DEFAULT_LOG_LEVEL: &str = "info";

/// Level and format of the log.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawLog {
    /// Text for people or JSON for machines.
    pub format: LogFormat,
    /// A filter such as `info` or `tresor=debug`; default `info`.
    pub level: Option<String>,
}

/// Format of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One readable line per event.
    #[default]
    Text,
    /// One JSON object per event.
    Json,
}

/// Refuses a filter that would silence this program's log by mistake: a bare word that is not a level counts as the
/// name of a module, which does not exist.
pub(super) fn check_level(filter: &str) -> Result<(), ConfigError> {
    let directives = || filter.split(',').map(str::trim).filter(|directive| !directive.is_empty());
    let is_level = |word: &str| word.parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
    let is_about_us = |directive: &str| match directive.split_once('=') {
        Some((target, level)) => is_level(level) && target.starts_with("tresor"),
        None => is_level(directive),
    };
    let is_understood = |directive: &str| match directive.split_once('=') {
        Some((_, level)) => is_level(level),
        None => is_level(directive),
    };
    let refuse = |directive: &str| Err(ConfigError::LogLevel { directive: directive.to_owned() });
    match directives().find(|directive| !is_understood(directive)) {
        Some(directive) => refuse(directive),
        None if directives().any(is_about_us) => Ok(()),
        None => refuse(filter),
    }
}
