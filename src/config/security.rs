//! What the gateway shows, and to pages of whom.

use std::time::Duration;

use url::Url;

use super::layer::Values;
use super::read;
use super::setting::{Section, Setting};

/// What the gateway shows, and to pages of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityConfig {
    /// Whether clients may ask about the schema.
    pub introspection: bool,
    /// Whether errors about documents tell names that their sender did not write.
    pub suggestions: bool,
    /// Whether GraphiQL is served.
    pub graphiql: bool,
    /// Whether routers of a federated graph may ask for entities.
    pub federation: bool,
    /// Pages of which other origins may read answers.
    pub cors_origins: CorsOrigins,
    /// For how long browsers are told to come by HTTPS only; `None`: they are not.
    pub hsts_max_age: Option<Duration>,
}

/// Pages of which other origins may read answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Of these, as browsers write them (`https://app.example.org`).
    These(Vec<String>),
    /// Of all.
    Any,
}

static INTROSPECTION: Setting<Option<bool>> = Setting::new(
    "introspection",
    "BOOL",
    read::optional_switch,
    "Whether clients may ask about the schema (`__schema`, `__type`, `/schema.graphql`).",
)
.unset("on, in production off", "on");

static SUGGESTIONS: Setting<Option<bool>> = Setting::new(
    "suggestions",
    "BOOL",
    read::optional_switch,
    "Whether errors about documents tell names of the schema that their sender did not write: known ones that are like an \
     unknown one, types, required arguments.",
)
.unset("on, in production off", "on");

static GRAPHIQL: Setting<Option<bool>> =
    Setting::new("graphiql", "BOOL", read::optional_switch, "Whether GraphiQL is served at `/`.")
        .unset("on, in production off", "on");

static FEDERATION: Setting<Option<bool>> = Setting::new(
    "federation",
    "BOOL",
    read::optional_switch,
    "Whether this is a subgraph of Apollo Federation 2: whether `_service` and `_entities` are answered. Whoever may ask for \
     them may read the schema, also where introspection is off.",
)
.unset("on, in production off", "on");

static CORS_ORIGINS: Setting<CorsOrigins> = Setting::new(
    "cors_origins",
    "ORIGINS",
    read_origins,
    "Pages of which other origins may read answers: origins, with commas between, or `*` for all.",
)
.unset("none", "https://app.example.org");

static HSTS_MAX_AGE: Setting<Option<Duration>> = Setting::new(
    "hsts_max_age",
    "DURATION",
    read::duration_or_off,
    "For how long browsers are told to come by HTTPS only (`Strict-Transport-Security`), in whole seconds; `off`: they are \
     not. For gateways that can be reached by HTTPS alone.",
)
.default("off");

pub(super) static SECTION: Section = Section {
    title: "Security",
    settings: &[
        &INTROSPECTION.about,
        &SUGGESTIONS.about,
        &GRAPHIQL.about,
        &FEDERATION.about,
        &CORS_ORIGINS.about,
        &HSTS_MAX_AGE.about,
    ],
};

impl SecurityConfig {
    pub(super) fn finish(values: &mut Values, production: bool) -> Option<Self> {
        let (introspection, suggestions) = (values.get(&INTROSPECTION), values.get(&SUGGESTIONS));
        let (graphiql, cors_origins) = (values.get(&GRAPHIQL), values.get(&CORS_ORIGINS));
        let (federation, hsts_max_age) = (values.get(&FEDERATION), values.get(&HSTS_MAX_AGE));
        Some(Self {
            introspection: introspection?.unwrap_or(!production),
            suggestions: suggestions?.unwrap_or(!production),
            graphiql: graphiql?.unwrap_or(!production),
            federation: federation?.unwrap_or(!production),
            cors_origins: cors_origins?,
            hsts_max_age: hsts_max_age?,
        })
    }
}

/// Origins as browsers write them: scheme, host and port, nothing behind.
fn read_origins(text: &str) -> Result<CorsOrigins, String> {
    if text.trim() == "*" {
        return Ok(CorsOrigins::Any);
    }
    let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    let origins = origins.map(|origin| {
        let parsed = Url::parse(origin).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
        let serialised = parsed.map(|url| url.origin().ascii_serialization());
        // A pattern is a host's name to a URL, and matches no browser's.
        serialised.filter(|serialised| serialised == origin && !origin.contains('*'))
    });
    let origins: Option<Vec<_>> = origins.collect();
    let fault = "is no list of origins. Write them like https://app.example.org, with commas between, nothing behind the \
                 host and port; or * for all.";
    origins.map(CorsOrigins::These).ok_or_else(|| fault.to_owned())
}
