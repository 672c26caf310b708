//! What is logged, and how.

use tracing_subscriber::EnvFilter;

use super::layer::Values;
use super::setting::{Section, Setting};

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// The filter in `tracing`'s syntax; valid for [`EnvFilter`].
    pub log: String,
    /// How a line of the log is written.
    pub log_format: LogFormat,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines: a JSON object per line.
    Json,
}

static LOG: Setting<String> = Setting::new(
    "log",
    "FILTER",
    read_filter,
    "What is logged: a level (`error`, `warn`, `info`, `debug`, `trace`), or levels by module, like \
     `info,polygraph=debug`.",
)
.default("info")
.flag("log");

static LOG_FORMAT: Setting<LogFormat> =
    Setting::new("log_format", "FORMAT", read_format, "How a line of the log is written: `pretty` or `json`.")
        .default("pretty")
        .flag("log-format");

pub(super) static SECTION: Section = Section { title: "Log", settings: &[&LOG.about, &LOG_FORMAT.about] };

impl LogConfig {
    pub(super) fn finish(values: &mut Values) -> Option<Self> {
        let (log, log_format) = (values.get(&LOG), values.get(&LOG_FORMAT));
        Some(Self { log: log?, log_format: log_format? })
    }
}

fn read_filter(text: &str) -> Result<String, String> {
    match EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("is not a log filter. Write error, warn, info, debug or trace, or levels by module, \
             like info,polygraph=debug."
            .to_owned()),
    }
}

fn read_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "pretty" => Ok(LogFormat::Pretty),
        "json" => Ok(LogFormat::Json),
        _ => Err("is not a log format. Write pretty or json.".to_owned()),
    }
}
