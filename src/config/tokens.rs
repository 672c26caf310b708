//! Tokens of an outside issuer.

use std::path::PathBuf;
use std::time::Duration;

use url::{Host, Url};

use super::layer::Values;
use super::read;
use super::setting::{Section, Setting};

/// Tokens of an outside issuer, where any are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokensConfig {
    /// Who issues tokens, besides the gateway itself.
    pub outside: Option<OutsideConfig>,
}

/// An outside issuer of JWTs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideConfig {
    /// The claim `iss`.
    pub issuer: String,
    /// What must be in the claim `aud`.
    pub audience: String,
    /// Where the issuer's keys are.
    pub keys: KeysChoice,
    /// How far the issuer's clock and ours may be apart.
    pub clock_skew: Duration,
}

/// Where an issuer's keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeysChoice {
    /// In a file.
    File(PathBuf),
    /// At a URL.
    Url(String),
}

static JWT_ISSUER: Setting<Option<String>> = Setting::new(
    "jwt_issuer",
    "NAME",
    read_text,
    "The outside issuer whose JWTs are accepted beside the gateway's own tokens: their claim `iss`. `polygraph link` says \
     which user a subject of theirs is.",
)
.unset("no outside issuer", "https://login.example.org/");

static JWT_AUDIENCE: Setting<Option<String>> =
    Setting::new("jwt_audience", "NAME", read_text, "What must be in the claim `aud` of JWTs.")
        .unset("no outside issuer", "polygraph");

static JWT_KEYS: Setting<Option<KeysChoice>> = Setting::new(
    "jwt_keys",
    "PATH or URL",
    read_keys,
    "The issuer's public keys, a JWKS: a file, or an `https://` URL, fetched anew as keys change. RS256, ES256 and EdDSA \
     are accepted.",
)
.unset("no outside issuer", "https://login.example.org/jwks.json");

static JWT_CLOCK_SKEW: Setting<Duration> =
    Setting::new("jwt_clock_skew", "DURATION", read::duration, "How far the issuer's clock and ours may be apart.")
        .default("30s");

pub(super) static SECTION: Section = Section {
    title: "Tokens of an outside issuer",
    settings: &[&JWT_ISSUER.about, &JWT_AUDIENCE.about, &JWT_KEYS.about, &JWT_CLOCK_SKEW.about],
};

impl TokensConfig {
    pub(super) fn finish(values: &mut Values) -> Option<Self> {
        let (issuer, audience) = (values.get(&JWT_ISSUER), values.get(&JWT_AUDIENCE));
        let (keys, clock_skew) = (values.get(&JWT_KEYS), values.get(&JWT_CLOCK_SKEW));
        let (issuer, audience, keys, clock_skew) = (issuer?, audience?, keys?, clock_skew?);
        let given = [issuer.is_some(), audience.is_some(), keys.is_some()];
        match (issuer, audience, keys) {
            (Some(issuer), Some(audience), Some(keys)) => {
                Some(Self { outside: Some(OutsideConfig { issuer, audience, keys, clock_skew }) })
            }
            (None, None, None) => Some(Self { outside: None }),
            _ => {
                for (about, given) in [&JWT_ISSUER.about, &JWT_AUDIENCE.about, &JWT_KEYS.about].into_iter().zip(given) {
                    if !given {
                        let needs = "is needed as well: jwt_issuer, jwt_audience and jwt_keys go together.";
                        values.refuse(about, needs);
                    }
                }
                None
            }
        }
    }
}

fn read_text(text: &str) -> Result<Option<String>, String> {
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Who can change the keys on their way can be anybody: they come over TLS, or from this machine.
fn read_keys(text: &str) -> Result<Option<KeysChoice>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    if !text.contains("://") {
        return Ok(Some(KeysChoice::File(PathBuf::from(text))));
    }
    let url =
        Url::parse(text).map_err(|_| "is no URL. Write it like https://login.example.org/jwks.json.".to_owned())?;
    let is_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" => Ok(Some(KeysChoice::Url(text.to_owned()))),
        "http" if is_here => Ok(Some(KeysChoice::Url(text.to_owned()))),
        _ => Err("is neither a file nor an https:// URL. Keys must not be changed on their way.".to_owned()),
    }
}
