//! Tokens signed with keys of each kind, forged ones, and keys that come and go.

use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::domain::UserId;
use crate::services::identity::NoTokens;
use crate::services::testing::{MemoryAccounts, START, TurnedClock, demo, stamps_of};

const USER: UserId = UserId(Uuid::from_u128(1));
const ISSUER: &str = "https://login.example.org/";
const SECOND: Duration = Duration::from_secs(1);

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An issuer's key pair.
enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Pair {
    fn rsa() -> Self {
        // ring makes no RSA keys.
        Self::Rsa(RsaKeyPair::from_pkcs8(include_bytes!("rsa-for-tests.pk8")).expect("a key"))
    }

    fn p256() -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        Self::P256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).expect("a key"))
    }

    fn ed25519() -> Self {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        Self::Ed25519(Ed25519KeyPair::from_pkcs8(made.as_ref()).expect("a key"))
    }

    fn alg(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    fn public(&self, kid: &str) -> Value {
        match self {
            Self::Rsa(pair) => {
                let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({ "kty": "RSA", "kid": kid, "use": "sig", "n": encode(public.n), "e": encode(public.e) })
            }
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
                json!({ "kty": "EC", "kid": kid, "crv": "P-256", "alg": "ES256", "x": x, "y": y })
            }
            Self::Ed25519(pair) => {
                json!({ "kty": "OKP", "kid": kid, "crv": "Ed25519", "x": encode(pair.public_key()) })
            }
        }
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).expect("signed");
                signature
            }
            Self::P256(pair) => pair.sign(&SystemRandom::new(), message.as_bytes()).expect("signed").as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", encode(signature))
    }

    /// A token of the subject that is linked, valid for a minute.
    fn token(&self, kid: &str) -> String {
        self.sign(&json!({ "alg": self.alg(), "kid": kid, "typ": "JWT" }), &claims())
    }
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": "polygraph", "sub": "demo|1", "exp": START / 1_000 + 60 })
}

/// `claims` with one of them replaced; null takes it away.
fn but(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    claims
}

#[derive(Default)]
struct Published {
    keys: StdMutex<Option<Vec<Value>>>,
    fetched: AtomicU32,
    /// Held by a test, it keeps the issuer from answering.
    gate: tokio::sync::Mutex<()>,
}

impl Published {
    fn publish(&self, keys: impl Into<Option<Vec<Value>>>) {
        *self.keys.lock().unwrap() = keys.into();
    }

    fn fetched(&self) -> u32 {
        self.fetched.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl KeySource for Published {
    async fn fetch(&self) -> StoreResult<Vec<u8>> {
        self.fetched.fetch_add(1, Ordering::Relaxed);
        let _answering = self.gate.lock().await;
        let keys = self.keys.lock().unwrap().clone();
        let away = || StoreError::new(Role::Users, ErrorKind::Unavailable, "it is away");
        keys.map(|keys| json!({ "keys": keys }).to_string().into_bytes()).ok_or_else(away)
    }
}

struct World {
    source: Arc<Published>,
    clock: Arc<TurnedClock>,
    tokens: OutsideTokens,
}

#[derive(Debug, PartialEq, Eq)]
enum Judged {
    User,
    Invalid,
    NotLinked,
    CantTell,
}

async fn world(keys: impl Into<Option<Vec<Value>>>) -> World {
    let (source, clock) = (Arc::new(Published::default()), Arc::new(TurnedClock::default()));
    let (accounts, stamps) = (Arc::new(MemoryAccounts::default()), stamps_of(clock.clone()));
    let user = demo(USER, None, &stamps);
    accounts.create_account(&user, stamps.stamp()).await.expect("memory answers").expect("nothing is taken");
    assert!(accounts.link_subject(ISSUER, "demo|1", USER).await.expect("memory answers"));
    source.publish(keys);
    let issuer = Issuer { name: ISSUER.to_owned(), audience: "polygraph".to_owned(), clock_skew: 30 * SECOND };
    let tokens = OutsideTokens::new(Arc::new(NoTokens), issuer, source.clone(), accounts, clock.clone());
    World { source, clock, tokens }
}

impl World {
    async fn judge(&self, token: &str) -> Judged {
        match self.tokens.identify(token).await {
            Ok(identified) => {
                assert_eq!((identified.user, identified.session), (USER, None));
                Judged::User
            }
            Err(IdentityError::Invalid) => Judged::Invalid,
            Err(IdentityError::NotLinked) => Judged::NotLinked,
            Err(IdentityError::Store(_)) => Judged::CantTell,
        }
    }
}

#[tokio::test]
async fn tokens_signed_by_each_kind_of_key_are_their_users() {
    let pairs = [Pair::rsa(), Pair::p256(), Pair::ed25519()];
    let keys: Vec<_> = pairs.iter().zip(["a", "b", "c"]).map(|(pair, kid)| pair.public(kid)).collect();
    let world = world(keys).await;
    for (pair, kid) in pairs.iter().zip(["a", "b", "c"]) {
        assert_eq!(world.judge(&pair.token(kid)).await, Judged::User, "{}", pair.alg());
        let unnamed = pair.sign(&json!({ "alg": pair.alg() }), &claims());
        assert_eq!(world.judge(&unnamed).await, Judged::User, "the only key of its kind");
        let stranger = pair.sign(&json!({ "alg": pair.alg(), "kid": kid }), &but("sub", json!("demo|2")));
        assert_eq!(world.judge(&stranger).await, Judged::NotLinked);
        for other in ["a", "b", "c"].iter().filter(|other| **other != kid) {
            assert_eq!(world.judge(&pair.token(other)).await, Judged::Invalid, "another key's name");
        }
    }
    assert_eq!(world.source.fetched(), 1);
}

#[tokio::test]
async fn forged_tokens_are_not_valid() {
    let (rsa, thief) = (Pair::rsa(), Pair::ed25519());
    let world = world(vec![rsa.public("a"), Pair::p256().public("b")]).await;
    let right = rsa.token("a");
    assert_eq!(world.judge(&right).await, Judged::User);
    let parts: Vec<&str> = right.split('.').collect();
    let header = |header: Value| encode(header.to_string());

    let none = header(json!({ "alg": "none" }));
    let mut forged = vec![
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], parts[1], encode([0; 256])),
        format!("{}.{}.{}", parts[0], encode(but("sub", json!("demo|2")).to_string()), parts[2]),
        format!("{}.{}.{}", header(json!({ "alg": "ES256", "kid": "b" })), parts[1], parts[2]),
        format!("{}.{}.{}", header(json!({ "alg": "ES256", "kid": "a" })), parts[1], parts[2]),
        format!("{right}="),
        "..".to_owned(),
        "a.b.c".to_owned(),
        format!("{}.{}.{}", parts[0], "x".repeat(10_000), parts[2]),
    ];
    // The public key as a shared secret.
    let Value::String(n) = rsa.public("a")["n"].clone() else { panic!("a modulus") };
    let message = format!("{}.{}", header(json!({ "alg": "HS256", "kid": "a" })), parts[1]);
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, n.as_bytes());
    forged.push(format!("{message}.{}", encode(ring::hmac::sign(&secret, message.as_bytes()))));
    // A key that the token brings along, or says where to find.
    for kid in [json!("a"), json!("thief"), Value::Null] {
        let mut header = json!({
            "alg": "EdDSA", "jwk": thief.public("thief"), "jku": "https://thief.example.org/jwks.json"
        });
        if !kid.is_null() {
            header["kid"] = kid;
        }
        forged.push(thief.sign(&header, &claims()));
    }
    forged.push(rsa.sign(&json!({ "alg": "RS256", "kid": "a", "crit": ["b64"], "b64": false }), &claims()));
    for token in forged {
        assert_eq!(world.judge(&token).await, Judged::Invalid, "{token}");
    }
}

#[tokio::test]
async fn claims_must_hold() {
    let pair = Pair::ed25519();
    let world = world(vec![pair.public("a")]).await;
    let now = START / 1_000;
    for (name, value, judged) in [
        ("iss", json!("https://login.example.com/"), Judged::Invalid),
        ("iss", Value::Null, Judged::Invalid),
        ("aud", json!("another"), Judged::Invalid),
        ("aud", json!(["another", "polygraph"]), Judged::User),
        ("aud", json!([]), Judged::Invalid),
        ("aud", Value::Null, Judged::Invalid),
        ("sub", json!(""), Judged::Invalid),
        ("sub", Value::Null, Judged::Invalid),
        ("exp", Value::Null, Judged::Invalid),
        ("exp", json!(now - 29), Judged::User),
        ("exp", json!(now - 30), Judged::Invalid),
        ("exp", json!(now as f64 + 0.5), Judged::User),
        ("exp", json!("tomorrow"), Judged::Invalid),
        ("exp", json!(1e300), Judged::User),
        ("nbf", json!(now + 30), Judged::User),
        ("nbf", json!(now + 31), Judged::Invalid),
    ] {
        let token = pair.sign(&json!({ "alg": "EdDSA", "kid": "a" }), &but(name, value.clone()));
        assert_eq!(world.judge(&token).await, judged, "{name}: {value}");
    }
}

#[tokio::test]
async fn keys_of_other_kinds_and_uses_are_passed_over() {
    let pair = Pair::p256();
    let key = |name: &str, value: &str| {
        let mut key = pair.public("a");
        key[name] = json!(value);
        key
    };
    for key in [key("use", "enc"), key("alg", "ES384"), key("crv", "P-384"), key("x", "AA"), key("kty", "oct")] {
        let world = world(vec![json!(7), key.clone()]).await;
        assert_eq!(world.judge(&pair.token("a")).await, Judged::Invalid, "{key}");
    }
}

#[tokio::test]
async fn keys_are_replaced_as_the_issuer_does() {
    let (old, new) = (Pair::ed25519(), Pair::ed25519());
    let world = world(vec![old.public("old")]).await;
    // The clock goes on, so the tokens are for long.
    let token = |pair: &Pair, kid: &str| pair.sign(&json!({ "alg": "EdDSA", "kid": kid }), &but("exp", json!(1e12)));
    assert_eq!(world.judge(&token(&old, "old")).await, Judged::User);
    world.source.publish(vec![new.public("new")]);
    for _ in 0..20 {
        assert_eq!(world.judge(&token(&new, "new")).await, Judged::Invalid);
    }
    assert_eq!(world.source.fetched(), 1, "unknown names don't make it ask again and again");
    world.clock.turn(PAUSE);
    assert_eq!(world.judge(&token(&new, "new")).await, Judged::User);
    assert_eq!(world.judge(&token(&old, "old")).await, Judged::Invalid, "it is not published any more");
    assert_eq!(world.source.fetched(), 2);
    // Taken back, without a new one that anybody asks for.
    world.source.publish(vec![]);
    assert_eq!(world.judge(&token(&new, "new")).await, Judged::User);
    world.clock.turn(FRESH);
    assert_eq!(world.judge(&token(&new, "new")).await, Judged::Invalid);
}

#[tokio::test]
async fn an_issuer_that_is_away_is_done_without_for_a_while() {
    let pair = Pair::ed25519();
    let world = world(None).await;
    let token = pair.sign(&json!({ "alg": "EdDSA", "kid": "a" }), &but("exp", json!(1e12)));
    assert_eq!(world.judge(&token).await, Judged::CantTell, "it never was there");
    world.source.publish(vec![pair.public("a")]);
    assert_eq!(world.judge(&token).await, Judged::CantTell, "it is not asked again at once");
    world.clock.turn(PAUSE);
    assert_eq!(world.judge(&token).await, Judged::User);
    world.source.publish(None);
    world.clock.turn(FRESH);
    assert_eq!(world.judge(&token).await, Judged::User);
    world.clock.turn(STALE);
    assert_eq!(world.judge(&token).await, Judged::CantTell);
}

#[tokio::test]
async fn nobody_whose_key_is_known_waits_for_a_slow_issuer() {
    let (pair, other) = (Pair::ed25519(), Pair::ed25519());
    let world = world(vec![pair.public("a")]).await;
    let token = |pair: &Pair, kid: &str| pair.sign(&json!({ "alg": "EdDSA", "kid": kid }), &but("exp", json!(1e12)));
    let (known, unknown) = (token(&pair, "a"), token(&other, "b"));
    assert_eq!(world.judge(&known).await, Judged::User);
    world.source.publish(vec![pair.public("a"), other.public("b")]);

    // Fresh keys, and somebody with a name that is not among them.
    world.clock.turn(PAUSE);
    let slow = world.source.gate.lock().await;
    let mut waiting = Box::pin(world.judge(&unknown));
    assert_eq!(futures::poll!(&mut waiting), std::task::Poll::Pending);
    assert_eq!(world.judge(&known).await, Judged::User);
    drop(slow);
    assert_eq!(waiting.await, Judged::User);

    // Keys that one fetches again.
    world.clock.turn(FRESH);
    let slow = world.source.gate.lock().await;
    let mut fetching = Box::pin(world.judge(&known));
    assert_eq!(futures::poll!(&mut fetching), std::task::Poll::Pending);
    assert_eq!(world.judge(&known).await, Judged::User);
    drop(slow);
    assert_eq!(fetching.await, Judged::User);
    assert_eq!(world.source.fetched(), 3);
}
