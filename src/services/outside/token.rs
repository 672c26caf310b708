//! Tokens as outside issuers sign them: JWTs in compact form (RFC 7519, RFC 7515 §7.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::keys::{Algorithm, Key};
use crate::domain::Timestamp;

/// Longer tokens are refused unread.
const LONGEST: usize = 8 * 1024;

/// A token in its parts. Nothing in it is true before a key verified it.
pub(super) struct Signed<'a> {
    pub(super) header: Header,
    message: &'a str,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

/// The members of a header that have a say. `jwk`, `jku` and the like have none: who signs does not choose the key.
#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) alg: Algorithm,
    pub(super) kid: Option<String>,
    crit: Option<serde_json::Value>,
}

/// What a token says of itself.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Audience,
    pub(super) sub: String,
    exp: f64,
    nbf: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Whether a text can be such a token: ours have no dots.
pub(super) fn may_be(text: &str) -> bool {
    text.len() <= LONGEST && text.split('.').count() == 3
}

impl<'a> Signed<'a> {
    /// Takes a token apart; `None` where it is none, or demands what is not understood here.
    pub(super) fn parse(token: &'a str) -> Option<Self> {
        if !may_be(token) {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
        // RFC 7515 §4.1.11: extensions that must be understood are not.
        header.crit.is_none().then_some(())?;
        Some(Self { header, message, claims: decode(claims)?, signature: decode(signature)? })
    }

    /// The claims, if this key signed them.
    pub(super) fn verified_by(&self, key: &Key) -> Option<Claims> {
        let fits = key.algorithm() == self.header.alg;
        let verified = fits && key.verifies(self.message.as_bytes(), &self.signature);
        verified.then(|| serde_json::from_slice(&self.claims).ok())?
    }
}

impl Claims {
    /// Whether this token is of `issuer`, meant for `audience`, and valid now, give or take `skew` milliseconds.
    pub(super) fn hold(&self, issuer: &str, audience: &str, now: Timestamp, skew: i64) -> bool {
        let is_meant = match &self.aud {
            Audience::One(one) => one == audience,
            Audience::Many(many) => many.iter().any(|one| one == audience),
        };
        let has_begun = self.nbf.is_none_or(|nbf| millis(nbf).saturating_sub(skew) <= now.millis());
        let has_not_ended = now < self.ends_at(skew);
        self.iss == issuer && is_meant && !self.sub.is_empty() && has_begun && has_not_ended
    }

    /// When it is not valid any more, give or take `skew` milliseconds.
    pub(super) fn ends_at(&self, skew: i64) -> Timestamp {
        Timestamp::from_millis(millis(self.exp).saturating_add(skew))
    }
}

/// RFC 7519 §2: seconds, maybe with a fraction. Conversions saturate, and what is no number becomes 0.
#[expect(clippy::cast_possible_truncation, reason = "it saturates")]
fn millis(seconds: f64) -> i64 {
    (seconds * 1_000.0) as i64
}
