//! Logs: on standard error, so that standard output is for what a command was asked for.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

use super::AppError;
use crate::config::{LogConfig, LogFormat};

/// What is never logged, whatever is asked for: a driver quotes parameters of a URL that it does not know, and people put
/// secrets there; another tells every frame that it sends, the one with the password among them.
const SILENT: [&str; 3] = ["sqlx_postgres::options=off", "lapin=off", "amq_protocol=off"];

/// Starts logging as configured. A second start in one process changes nothing.
///
/// # Errors
/// When the filter can't be read.
pub(super) fn start(config: &LogConfig) -> Result<(), AppError> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| {
        AppError::new("The log filter can't be read. Write, for instance, info,polygraph=debug.", error)
    })?;
    let silent = SILENT.iter().filter_map(|directive| directive.parse::<Directive>().ok());
    let filter = silent.fold(filter, EnvFilter::add_directive);
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // Colours are for people: a file or a collector would keep the codes.
    let logs = logs.with_ansi(std::io::stderr().is_terminal());
    let started = match config.log_format {
        LogFormat::Json => logs.json().try_init(),
        LogFormat::Pretty => logs.try_init(),
    };
    // Another subscriber is there already: that of a test that runs a command in its own process.
    let _ = started;
    Ok(())
}
