//! How often what may be tried: failed sign-ins, wrong passwords, sign-ups.

mod turns;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedSemaphorePermit;

use self::turns::Turns;
use super::outcome::ServiceError;
use crate::domain::{UserId, hex};
use crate::ports::{Limit, StoreResult, Throttle};

const QUARTER: Duration = Duration::from_secs(15 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Failed sign-ins by login, and wrong passwords of one user who is signed in.
const FAILURES_PER_LOGIN: u32 = 10;
const FAILURES_PER_ADDRESS: u32 = 100;
const SIGN_UPS_PER_ADDRESS: u32 = 20;

/// Which limits are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleRules {
    /// Wrong passwords are limited.
    pub passwords: bool,
    /// Sign-ups are limited.
    pub sign_ups: bool,
}

impl ThrottleRules {
    /// None at all.
    pub const OFF: Self = Self { passwords: false, sign_ups: false };
    /// What a gateway in development keeps.
    pub const DEVELOPMENT: Self = Self { passwords: true, sign_ups: false };
    /// All: what a gateway that serves the public keeps.
    pub const PRODUCTION: Self = Self { passwords: true, sign_ups: true };
}

/// Counts tries where all gateways count them, or in this process alone while that does not answer: a cache that is
/// down must neither lock everybody out nor let everybody guess. Cheap to clone.
#[derive(Clone)]
pub struct Throttling {
    shared: Arc<dyn Throttle>,
    local: Arc<dyn Throttle>,
    rules: ThrottleRules,
    turns: Arc<Turns>,
}

impl Throttling {
    /// Counts in `shared`, and in `local` while that fails.
    pub fn new(shared: Arc<dyn Throttle>, local: Arc<dyn Throttle>, rules: ThrottleRules) -> Self {
        Self { shared, local, rules, turns: Arc::default() }
    }

    /// Counts a sign-in as failed, until [`Tried::succeeded`] says otherwise.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`] where too many have failed: this one is not counted then.
    pub async fn sign_in(&self, login: &str, address: IpAddr) -> Result<Tried, ServiceError> {
        let counts = vec![
            Count { key: format!("login:{}", digest(login)), tries: FAILURES_PER_LOGIN, window: QUARTER },
            Count { key: format!("address:{}", network(address)), tries: FAILURES_PER_ADDRESS, window: QUARTER },
        ];
        self.count(self.rules.passwords, counts).await
    }

    /// Counts a sign-in as failed for the account that the login is of, which may have another login as well; for a
    /// login of no account, as if there were one. What it refuses must be answered as a wrong password is: otherwise it
    /// would tell which two logins are one account's.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`] where too many have failed: this one is not counted then.
    pub async fn sign_in_to(&self, account: Option<UserId>, login: &str) -> Result<Tried, ServiceError> {
        let whose = account.map_or_else(|| digest(login), |user| user.to_string());
        let count = Count { key: format!("account:{whose}"), tries: FAILURES_PER_LOGIN, window: QUARTER };
        self.count(self.rules.passwords, vec![count]).await
    }

    /// Counts a password that confirms what a signed-in user does as wrong, until [`Tried::succeeded`] says otherwise.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`] where too many were wrong: this one is not counted then.
    pub async fn confirm(&self, user: UserId) -> Result<Tried, ServiceError> {
        let counts = vec![Count { key: format!("user:{user}"), tries: FAILURES_PER_LOGIN, window: QUARTER }];
        self.count(self.rules.passwords, counts).await
    }

    /// Counts a sign-up.
    ///
    /// # Errors
    /// [`ServiceError::RateLimited`] where there were too many: this one is not counted then.
    pub async fn sign_up(&self, address: IpAddr) -> Result<Tried, ServiceError> {
        let counts =
            vec![Count { key: format!("sign-up:{}", network(address)), tries: SIGN_UPS_PER_ADDRESS, window: HOUR }];
        self.count(self.rules.sign_ups, counts).await
    }

    async fn count(&self, in_force: bool, counts: Vec<Count>) -> Result<Tried, ServiceError> {
        if !in_force {
            return Ok(Tried { counted_by: None, counts, _turns: Vec::new() });
        }
        let mut turns = Vec::with_capacity(counts.len());
        for count in &counts {
            // With half of them under way in each of two gateways, none is refused before one has failed.
            turns.extend(self.turns.wait(&count.key, count.tries / 2).await);
        }
        let limits: Vec<_> = counts.iter().map(Count::limit).collect();
        let (counted_by, tried) = match self.shared.try_once(&limits).await {
            Ok(tried) => (&self.shared, tried),
            Err(error) => {
                tracing::warn!(%error, "tries are counted in this process alone");
                (&self.local, self.local.try_once(&limits).await?)
            }
        };
        match tried {
            Ok(()) => Ok(Tried { counted_by: Some(Arc::clone(counted_by)), counts, _turns: turns }),
            Err(retry_after) => Err(ServiceError::RateLimited { retry_after }),
        }
    }
}

/// How often one thing may be tried.
struct Count {
    key: String,
    tries: u32,
    window: Duration,
}

impl Count {
    fn limit(&self) -> Limit<'_> {
        Limit { key: &self.key, tries: self.tries, window: self.window }
    }
}

/// A try that was counted before it was known what becomes of it, so that many at once can't slip through.
#[must_use = "a try that succeeded must not stay counted as a failure"]
pub struct Tried {
    /// Nobody where no limit is in force.
    counted_by: Option<Arc<dyn Throttle>>,
    /// The first is what was tried, the others what it was tried from.
    counts: Vec<Count>,
    /// Over when it is known what became of the try.
    _turns: Vec<OwnedSemaphorePermit>,
}

impl Tried {
    /// The try succeeded: what was tried has a clean record now, and where it came from has this one less.
    pub async fn succeeded(self) {
        let Some((tried, from)) = self.counts.split_first() else { return };
        let Some(throttle) = &self.counted_by else { return };
        log(throttle.clear(&tried.key).await);
        for count in from {
            log(throttle.give_back(&count.key).await);
        }
    }

    /// What was tried could not be judged, since a store failed: it is as if it had not been tried.
    pub async fn not_judged(self) {
        let Some(throttle) = &self.counted_by else { return };
        for count in &self.counts {
            log(throttle.give_back(&count.key).await);
        }
    }

    /// The try failed, or counts whatever becomes of it.
    pub fn stays_counted(self) {}
}

/// A count that can't be taken back is gone with its window; nobody is refused what they asked for because of it.
fn log(taken_back: StoreResult<()>) {
    if let Err(error) = taken_back {
        tracing::warn!(%error, "a try stays counted");
    }
}

/// A login is private, so it is not a key as it is.
fn digest(login: &str) -> String {
    hex(&Sha256::digest(login)[..16])
}

/// The address, or of IPv6 the /64 that one customer is given as a whole.
pub(super) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::testing::Counts;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_is_what_one_customer_has() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ] {
            assert_eq!(network(address(one)) == network(address(other)), same, "{one} {other}");
        }
    }

    #[tokio::test]
    async fn many_wrong_ones_at_once_do_not_slip_through() {
        let counts = Arc::new(Counts::default());
        let throttling = Throttling::new(counts.clone(), counts, ThrottleRules::DEVELOPMENT);
        let tries = (0..15).map(|_| async {
            let tried = throttling.sign_in("demo", address("192.0.2.1")).await?;
            tokio::task::yield_now().await;
            tried.stays_counted();
            Ok::<_, ServiceError>(())
        });
        let tried = futures::future::join_all(tries).await;
        assert_eq!(tried.iter().filter(|tried| tried.is_ok()).count(), 10);
    }

    #[tokio::test]
    async fn many_right_ones_at_once_are_not_taken_for_wrong_ones() {
        let counts = Arc::new(Counts::default());
        let throttling = Throttling::new(counts.clone(), counts.clone(), ThrottleRules::DEVELOPMENT);
        let tries = (0..200).map(|n| {
            let throttling = &throttling;
            async move {
                let login = if n % 2 == 0 { "demo".to_owned() } else { format!("login-{n}") };
                let tried = throttling.sign_in(&login, address("192.0.2.1")).await?;
                tokio::task::yield_now().await;
                tried.succeeded().await;
                Ok::<_, ServiceError>(())
            }
        });
        let tried = futures::future::join_all(tries).await;
        assert_eq!(tried.iter().filter(|tried| tried.is_err()).count(), 0);
        assert_eq!(counts.by_kind(), []);
    }

    #[tokio::test]
    async fn an_address_has_a_limit_over_all_logins() {
        let counts = Arc::new(Counts::default());
        let throttling = Throttling::new(counts.clone(), counts.clone(), ThrottleRules::DEVELOPMENT);
        for n in 0..100 {
            let tried = throttling.sign_in(&format!("login-{n}"), address("192.0.2.1")).await;
            tried.expect("below the limit").stays_counted();
        }
        let refused = throttling.sign_in("another", address("192.0.2.1")).await;
        assert!(matches!(refused, Err(ServiceError::RateLimited { retry_after }) if retry_after == QUARTER));
        assert!(throttling.sign_in("another", address("192.0.2.2")).await.is_ok());
    }

    #[tokio::test]
    async fn while_the_shared_counts_are_away_our_own_count() {
        let (shared, local) = (Arc::new(Counts::default()), Arc::new(Counts::default()));
        let throttling = Throttling::new(shared.clone(), local.clone(), ThrottleRules::PRODUCTION);
        shared.faults.fail_after(0);
        let tried = throttling.sign_in("demo", address("192.0.2.1")).await.expect("below the limit");
        assert_eq!((shared.by_kind().len(), local.by_kind().len()), (0, 2));
        tried.succeeded().await;
        assert_eq!(local.by_kind(), [], "a try is taken back where it was counted");
        throttling.sign_up(address("192.0.2.1")).await.expect("below the limit").stays_counted();
        assert_eq!(shared.by_kind(), [("sign-up".to_owned(), 1)]);
    }

    #[tokio::test]
    async fn rules_that_are_off_count_nothing() {
        let counts = Arc::new(Counts::default());
        let throttling = Throttling::new(counts.clone(), counts.clone(), ThrottleRules::OFF);
        for _ in 0..200 {
            throttling.sign_in("demo", address("192.0.2.1")).await.expect("no limit").stays_counted();
            throttling.sign_up(address("192.0.2.1")).await.expect("no limit").stays_counted();
        }
        assert_eq!(counts.by_kind(), []);
    }

    #[test]
    fn a_login_is_no_key_as_it_is() {
        let key = digest("demo@example.org");
        assert_eq!((key.len(), key.contains("demo")), (32, false));
        assert_ne!(key, digest("demo@example.com"));
    }
}
