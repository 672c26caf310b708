//! Hashing of passwords: argon2id, with the least parameters that OWASP's cheat sheet recommends.
//!
//! A hash takes some 20 ms of a core and 19 MiB. So it is computed off the threads that requests are served on, a few
//! at a time, and only so many may wait: a flood of sign-ins takes a bounded part of the machine.

use std::sync::Arc;

use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

use super::outcome::ServiceError;
use super::stamps::Stamps;
use crate::domain::input::{NewPassword, Secret};
use crate::ports::{Role, StoreError};

const MEMORY_KIB: u32 = 19_456;
const ITERATIONS: u32 = 2;
const LANES: u32 = 1;

/// How many hashes are computed at once, and how many more may wait.
#[derive(Debug, Clone, Copy)]
pub struct HashingLimits {
    /// How many are computed at once.
    pub at_once: usize,
    /// How many more may wait; whoever comes then is refused.
    pub waiting: usize,
}

impl Default for HashingLimits {
    /// Two at once, and as many waiting as are done in about a second.
    fn default() -> Self {
        Self { at_once: 2, waiting: 100 }
    }
}

/// Hashes passwords and verifies them. Cheap to clone; clones share their limits.
#[derive(Clone)]
pub struct Passwords {
    stamps: Stamps,
    computing: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Passwords {
    /// A hasher that draws its salts from `stamps`.
    pub fn new(stamps: Stamps, limits: HashingLimits) -> Self {
        let at_once = limits.at_once.max(1);
        Self {
            stamps,
            computing: Arc::new(Semaphore::new(at_once)),
            admitted: Arc::new(Semaphore::new(at_once + limits.waiting)),
        }
    }

    /// The hash of a new password as a PHC string, with a salt of its own.
    ///
    /// # Errors
    /// [`ServiceError::Overloaded`] when too many wait.
    pub async fn hash(&self, password: &NewPassword) -> Result<String, ServiceError> {
        let (password, salt) = (password.secret().clone(), self.stamps.random::<16>());
        self.compute(move || Ok(argon2id()?.hash_password_with_salt(bytes(&password), &salt)?.to_string())).await
    }

    /// Whether `password` is the one that `hash` was made of, with the parameters that the hash itself tells. Where
    /// there is no hash to compare with, the same work is done, so that no clock tells whether there is one.
    ///
    /// # Errors
    /// [`ServiceError::Overloaded`] when too many wait; that of a store whose hash can't be read.
    pub async fn verify(&self, password: &Secret, hash: Option<String>) -> Result<bool, ServiceError> {
        // No password is that long; it is hashed as another one would be.
        let (password, hash) =
            if password.is_too_long() { (Secret::from(String::new()), None) } else { (password.clone(), hash) };
        self.compute(move || match hash {
            Some(hash) => {
                let hash = PasswordHash::new(&hash)?;
                match argon2id()?.verify_password(bytes(&password), &hash) {
                    Ok(()) => Ok(true),
                    Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                    Err(error) => Err(error.into()),
                }
            }
            None => argon2id()?.hash_password_with_salt(bytes(&password), &[0; 16]).map(|_| false).map_err(Into::into),
        })
        .await
    }

    /// Runs `work` on a thread that may block. The place that it takes is free when the work is done, even if nobody
    /// waits for it any more.
    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashingFailure> + Send + 'static,
    ) -> Result<T, ServiceError> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| ServiceError::Overloaded)?;
        let computing = Arc::clone(&self.computing).acquire_owned().await.map_err(|_| ServiceError::Overloaded)?;
        let done = tokio::task::spawn_blocking(move || {
            let _places = (admitted, computing);
            work()
        });
        match done.await {
            Ok(result) => result.map_err(|failure| failure.0.into()),
            Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
            // The runtime shuts down.
            Err(_) => Err(ServiceError::Overloaded),
        }
    }
}

fn argon2id() -> Result<Argon2<'static>, HashingFailure> {
    let params = Params::new(MEMORY_KIB, ITERATIONS, LANES, None).map_err(HashingFailure::new)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn bytes(password: &Secret) -> &[u8] {
    password.reveal_for_hashing().as_bytes()
}

/// A hash that can't be computed: the store has one that is none, since our own parameters are right.
struct HashingFailure(StoreError);

impl HashingFailure {
    fn new(error: impl std::error::Error) -> Self {
        Self(StoreError::internal(Role::Users, format!("a password can't be hashed or compared: {error}")))
    }
}

impl From<argon2::password_hash::Error> for HashingFailure {
    fn from(error: argon2::password_hash::Error) -> Self {
        Self::new(error)
    }
}

impl From<argon2::password_hash::phc::Error> for HashingFailure {
    fn from(error: argon2::password_hash::phc::Error) -> Self {
        Self::new(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::input::PasswordChange;
    use crate::services::testing::stamps;

    fn new_password(text: &str) -> NewPassword {
        PasswordChange::check("x".to_owned(), text.to_owned()).expect("a password").new
    }

    fn passwords(limits: HashingLimits) -> Passwords {
        Passwords::new(stamps(), limits)
    }

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone() {
        let passwords = passwords(HashingLimits::default());
        let password = new_password("  demo-demo-dé ");
        let hash = passwords.hash(&password).await.expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(passwords.hash(&password).await.expect("a hash"), hash, "each has a salt of its own");
        let verify = async |text: &str| passwords.verify(&secret(text), Some(hash.clone())).await.expect("an answer");
        assert!(verify("  demo-demo-dé ").await);
        for other in ["demo-demo-dé", "  demo-demo-de\u{301} ", "", &"x".repeat(1 << 20)] {
            assert!(!verify(other).await);
        }
    }

    #[tokio::test]
    async fn without_a_hash_nothing_matches() {
        assert!(!passwords(HashingLimits::default()).verify(&secret(""), None).await.expect("an answer"));
    }

    #[tokio::test]
    async fn a_hashs_own_parameters_count() {
        let weaker = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).expect("parameters"));
        let hash = weaker.hash_password_with_salt(b"demo-demo-demo", &[7; 16]).expect("a hash").to_string();
        let passwords = passwords(HashingLimits::default());
        assert!(passwords.verify(&secret("demo-demo-demo"), Some(hash)).await.expect("an answer"));
        let garbage = passwords.verify(&secret("demo-demo-demo"), Some("garbage".to_owned())).await;
        assert!(matches!(garbage, Err(ServiceError::Store(_))));
    }

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_refused() {
        let passwords = passwords(HashingLimits { at_once: 1, waiting: 1 });
        let busy = Arc::clone(&passwords.computing).acquire_owned().await.expect("a place");
        let anything = secret("anything");
        let mut first = Box::pin(passwords.verify(&anything, None));
        let mut second = Box::pin(passwords.verify(&anything, None));
        assert!(futures::poll!(&mut first).is_pending());
        assert!(futures::poll!(&mut second).is_pending());
        assert!(matches!(passwords.verify(&anything, None).await, Err(ServiceError::Overloaded)));
        drop(second);
        let mut third = Box::pin(passwords.verify(&anything, None));
        assert!(futures::poll!(&mut third).is_pending(), "who gives up leaves a place");
        drop(busy);
        assert!(!first.await.expect("an answer"));
        assert!(!third.await.expect("an answer"));
    }
}
