//! What is limited, so that nobody takes more than their part.

use std::time::Duration;

use super::layer::Values;
use super::read;
use super::setting::{Section, Setting};

/// What is limited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Whether anything is limited by how often it is tried.
    pub rate_limits: bool,
    /// Bytes of a request's body.
    pub max_body_size: usize,
    /// Lists and objects above one another in the variables.
    pub max_variable_depth: usize,
    /// Lexical tokens of a document.
    pub max_query_tokens: usize,
    /// Fields with an alias in a document.
    pub max_query_aliases: usize,
    /// Directives at one place of a document.
    pub max_query_directives: usize,
    /// Fields above one another.
    pub max_query_depth: usize,
    /// Fields at the top of an operation.
    pub max_query_root_fields: u64,
    /// Fields of a document, fragments expanded.
    pub max_query_fields: u64,
    /// What an operation may cost; `None`: anything.
    pub max_query_cost: Option<u64>,
    /// Operations of a batch; 0: there are no batches.
    pub max_batch_operations: usize,
    /// How long a client may take to send the headers of a request.
    pub header_timeout: Duration,
    /// How long a client may take to send the body of a request.
    pub body_timeout: Duration,
}

/// What an operation may cost in production: 100 posts with their authors and three likers each are 901.
const PRODUCTION_COST: u64 = 20_000;

static RATE_LIMITS: Setting<bool> = Setting::new(
    "rate_limits",
    "BOOL",
    read::switch,
    "Whether there are limits on how often things are tried: failed sign-ins always; sign-ups, and what operations \
     cost, in production. `off` lifts every one, which lets anybody guess passwords.",
)
.default("on");

static MAX_BODY_SIZE: Setting<u64> = Setting::new(
    "max_body_size",
    "BYTES",
    read::bytes::<1_024, { 64 << 20 }>,
    "The most bytes that the body of a request may have: 1KiB to 64MiB.",
)
.default("1MiB");

static MAX_VARIABLE_DEPTH: Setting<u64> = Setting::new(
    "max_variable_depth",
    "NUMBER",
    read::count::<2, 100>,
    "The most lists and objects that may lie above one another in variables: 2 to 100.",
)
.default("16");

static MAX_QUERY_TOKENS: Setting<u64> = Setting::new(
    "max_query_tokens",
    "NUMBER",
    read::count::<500, 1_000_000>,
    "The most lexical tokens (names, numbers, brackets, …) that a document may have: 500 to 1000000. The introspection \
     query of the usual tools has about 300.",
)
.default("5000");

static MAX_QUERY_ALIASES: Setting<u64> = Setting::new(
    "max_query_aliases",
    "NUMBER",
    read::count::<0, 1_000_000>,
    "The most fields with an alias that a document may have.",
)
.default("100");

static MAX_QUERY_DIRECTIVES: Setting<u64> = Setting::new(
    "max_query_directives",
    "NUMBER",
    read::count::<1, 1_000>,
    "The most directives that may stand at one place of a document: 1 to 1000.",
)
.default("10");

static MAX_QUERY_DEPTH: Setting<u64> = Setting::new(
    "max_query_depth",
    "NUMBER",
    read::count::<1, 32>,
    "The most fields that may lie above one another, fragments expanded: 1 to 32. Introspection always fits.",
)
.default("32");

static MAX_QUERY_ROOT_FIELDS: Setting<u64> = Setting::new(
    "max_query_root_fields",
    "NUMBER",
    read::count::<1, 1_000_000>,
    "The most fields that may stand at the top of an operation, fragments expanded: as many things are asked of the \
     stores side by side.",
)
.default("100");

static MAX_QUERY_FIELDS: Setting<u64> = Setting::new(
    "max_query_fields",
    "NUMBER",
    read::count::<500, 1_000_000>,
    "The most fields that a document may select, fragments expanded: 500 to 1000000.",
)
.default("10000");

static MAX_QUERY_COST: Setting<Option<Option<u64>>> = Setting::new(
    "max_query_cost",
    "NUMBER",
    read_cost,
    "What an operation may cost, or `off`: the objects that it can return at most, by the lengths of its lists, and what \
     the schema's `@cost` adds. The header `x-cost: 1` asks for an operation's cost.",
)
.unset("off, in production 20000 unless `rate_limits` is off", "20000");

static MAX_BATCH_OPERATIONS: Setting<u64> = Setting::new(
    "max_batch_operations",
    "NUMBER",
    read::count::<0, 100>,
    "How many operations one request may hold as a JSON array (query batching), each answered and paid for as if it had come \
     alone; 0: batches are refused.",
)
.default("0");

static HEADER_TIMEOUT: Setting<Duration> = Setting::new(
    "header_timeout",
    "DURATION",
    read::timeout,
    "How long a client may take to send the headers of a request, and how long its connection may wait for the next \
     request: longer than a proxy in front keeps connections that wait.",
)
.default("75s");

static BODY_TIMEOUT: Setting<Duration> = Setting::new(
    "body_timeout",
    "DURATION",
    read::timeout,
    "How long a client may take to send the body of a request.",
)
.default("30s");

pub(super) static SECTION: Section = Section {
    title: "Limits",
    settings: &[
        &RATE_LIMITS.about,
        &MAX_BODY_SIZE.about,
        &MAX_VARIABLE_DEPTH.about,
        &MAX_QUERY_TOKENS.about,
        &MAX_QUERY_ALIASES.about,
        &MAX_QUERY_DIRECTIVES.about,
        &MAX_QUERY_DEPTH.about,
        &MAX_QUERY_ROOT_FIELDS.about,
        &MAX_QUERY_FIELDS.about,
        &MAX_QUERY_COST.about,
        &MAX_BATCH_OPERATIONS.about,
        &HEADER_TIMEOUT.about,
        &BODY_TIMEOUT.about,
    ],
};

impl LimitsConfig {
    pub(super) fn finish(values: &mut Values, production: bool) -> Option<Self> {
        let rate_limits = values.get(&RATE_LIMITS);
        if rate_limits == Some(false) {
            values.note(
                &RATE_LIMITS.about,
                "lifts every rate limit: passwords can be guessed as fast as they are hashed. Unset it unless this is a \
                 test.",
            );
        }
        let (body_size, variable_depth) = (values.get(&MAX_BODY_SIZE), values.get(&MAX_VARIABLE_DEPTH));
        let (tokens, aliases) = (values.get(&MAX_QUERY_TOKENS), values.get(&MAX_QUERY_ALIASES));
        let (directives, depth) = (values.get(&MAX_QUERY_DIRECTIVES), values.get(&MAX_QUERY_DEPTH));
        let (root_fields, fields) = (values.get(&MAX_QUERY_ROOT_FIELDS), values.get(&MAX_QUERY_FIELDS));
        let cost = values.get(&MAX_QUERY_COST);
        let batch = values.get(&MAX_BATCH_OPERATIONS);
        let (header_timeout, body_timeout) = (values.get(&HEADER_TIMEOUT), values.get(&BODY_TIMEOUT));
        let rate_limits = rate_limits?;
        Some(Self {
            rate_limits,
            max_body_size: body_size? as usize,
            max_variable_depth: variable_depth? as usize,
            max_query_tokens: tokens? as usize,
            max_query_aliases: aliases? as usize,
            max_query_directives: directives? as usize,
            max_query_depth: depth? as usize,
            max_query_root_fields: root_fields?,
            max_query_fields: fields?,
            max_query_cost: cost?.unwrap_or((production && rate_limits).then_some(PRODUCTION_COST)),
            max_batch_operations: batch? as usize,
            header_timeout: header_timeout?,
            body_timeout: body_timeout?,
        })
    }
}

/// A cost, or `off`; nothing where nothing is said.
fn read_cost(text: &str) -> Result<Option<Option<u64>>, String> {
    match text {
        "" => Ok(None),
        "off" => Ok(Some(None)),
        text => read::count::<1, { u64::MAX }>(text).map(|cost| Some(Some(cost))),
    }
}
