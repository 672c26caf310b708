//! Public keys of a key set (RFC 7517), and what they verify.
//!
//! A key knows the one algorithm that it is for: what a token's header says can choose among keys, never change how one
//! is used. Algorithms with shared secrets, and `none`, don't exist here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

/// The algorithms that are accepted (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, keys of 2,048 bits or more.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// A public key.
pub(super) struct Key {
    /// The issuer's name of it.
    pub(super) id: Option<String>,
    material: Material,
}

enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl Key {
    pub(super) fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Rsa { .. } => Algorithm::Rs256,
            Material::P256(_) => Algorithm::Es256,
            Material::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Whether `signature` is this key's of `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.material {
            Material::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Material::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature),
            Material::Ed25519(point) => UnparsedPublicKey::new(&ED25519, point).verify(message, signature),
        };
        verified.is_ok()
    }
}

/// A key as it is published: members that are not named here have no say.
#[derive(Deserialize)]
struct Published {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys of a set that can verify tokens; those of other kinds or for other uses are passed over, as RFC 7517 §5 has
/// it. `None` where it is no key set.
pub(super) fn read(json: &[u8]) -> Option<Vec<Key>> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let set: Set = serde_json::from_slice(json).ok()?;
    Some(set.keys.into_iter().filter_map(|key| key_of(serde_json::from_value(key).ok()?)).collect())
}

fn key_of(published: Published) -> Option<Key> {
    if published.usage.as_deref().is_some_and(|usage| usage != "sig") {
        return None;
    }
    let (material, alg) = match (published.kty.as_str(), published.crv.as_deref()) {
        ("RSA", _) => (Material::Rsa { n: bytes(published.n)?, e: bytes(published.e)? }, "RS256"),
        ("EC", Some("P-256")) => {
            let (x, y) = (bytes(published.x)?, bytes(published.y)?);
            // SEC 1 §2.3.3: an uncompressed point.
            let point = [&[4], &x[..], &y[..]].concat();
            (Material::P256((x.len() == 32 && y.len() == 32).then_some(point)?), "ES256")
        }
        ("OKP", Some("Ed25519")) => (Material::Ed25519(bytes(published.x)?), "EdDSA"),
        _ => return None,
    };
    let is_meant = published.alg.as_deref().is_none_or(|said| said == alg);
    is_meant.then_some(Key { id: published.kid, material })
}

fn bytes(text: Option<String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok()
}
