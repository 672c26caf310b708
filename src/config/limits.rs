//! What is limited, so that nobody takes more than their part.

use super::layer::Values;
use super::read;
use super::setting::{Section, Setting};

/// What is limited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Whether anything is limited by how often it is tried.
    pub rate_limits: bool,
}

static RATE_LIMITS: Setting<bool> = Setting::new(
    "rate_limits",
    "BOOL",
    read::switch,
    "Whether there are limits on how often things are tried: failed sign-ins always, sign-ups in production. `off` \
     lifts every one, which lets anybody guess passwords.",
)
.default("on");

pub(super) static SECTION: Section = Section { title: "Limits", settings: &[&RATE_LIMITS.about] };

impl LimitsConfig {
    pub(super) fn finish(values: &mut Values) -> Option<Self> {
        let rate_limits = values.get(&RATE_LIMITS)?;
        if !rate_limits {
            values.note(
                &RATE_LIMITS.about,
                "lifts every rate limit: passwords can be guessed as fast as they are hashed. Unset it unless this is a \
                 test.",
            );
        }
        Some(Self { rate_limits })
    }
}
