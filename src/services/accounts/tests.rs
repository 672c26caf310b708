//! Accounts on a store in memory.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::{Accounts, SignedInAs, SignedUp};
use crate::domain::input::UserErrorCode::{self, Invalid, NotFound, Required, Taken, TooCommon, WrongCredentials};
use crate::domain::input::{ProfileInput, SignUpInput};
use crate::domain::{SignedIn, UserId};
use crate::ports::{AccountStore as _, ErrorKind, TokenHash};
use crate::services::follows::Follows;
use crate::services::identity::Identity as _;
use crate::services::outcome::{Outcome, ServiceError, ServiceResult};
use crate::services::passwords::{HashingLimits, Passwords};
use crate::services::sessions::{AccessToken, SessionLimits, Sessions};
use crate::services::testing::{Counts, MemoryAccounts, stamps};
use crate::services::throttling::{ThrottleRules, Throttling};

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const PASSWORD: &str = "demo-demo-demo";

struct World {
    store: Arc<MemoryAccounts>,
    counts: Arc<Counts>,
    sessions: Sessions,
    accounts: Accounts,
    follows: Follows,
}

fn world() -> World {
    let (store, counts, stamps) = (Arc::new(MemoryAccounts::default()), Arc::new(Counts::default()), stamps());
    let sessions = Sessions::new(store.clone(), stamps.clone(), SessionLimits::default());
    let passwords = Passwords::new(stamps.clone(), HashingLimits::default());
    let throttling = Throttling::new(counts.clone(), counts.clone(), ThrottleRules::PRODUCTION);
    let accounts = Accounts::new(store.clone(), sessions.clone(), passwords, throttling, stamps.clone());
    World { follows: Follows::new(store.clone(), stamps), store, counts, sessions, accounts }
}

fn input(handle: &str) -> SignUpInput {
    SignUpInput {
        handle: handle.to_owned(),
        name: "A name".to_owned(),
        email: format!("{handle}@Example.org"),
        password: PASSWORD.to_owned(),
        bio: None,
    }
}

impl World {
    async fn sign_up(&self, handle: &str) -> SignedUp {
        done(self.accounts.sign_up(input(handle), HOME).await)
    }

    async fn sign_in(&self, login: &str, password: &str) -> ServiceResult<SignedInAs> {
        self.accounts.sign_in(login, password.to_owned(), HOME).await
    }

    /// Whose token this is, and of which session.
    async fn who(&self, access: &AccessToken) -> Option<(SignedIn, Option<TokenHash>)> {
        let identified = self.sessions.identify(access.token.reveal()).await.ok()?;
        Some((SignedIn::internally(identified.user), identified.session))
    }
}

fn done<T>(result: ServiceResult<T>) -> T {
    result.expect("no fault").unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn refused<T>(result: ServiceResult<T>) -> Vec<(UserErrorCode, Vec<&'static str>)> {
    let outcome: Outcome<T> = result.expect("no fault");
    outcome.err().expect("it is refused").into_iter().map(|error| (error.code, error.path)).collect()
}

#[tokio::test]
async fn who_signed_up_is_signed_in_and_can_sign_in_again() {
    let world = world();
    let SignedUp { user, access } = world.sign_up("demo").await;
    assert_eq!(user.email.reveal_to(SignedIn::internally(user.id)).map(String::as_str), Some("demo@Example.org"));
    assert_eq!(world.who(&access).await.map(|(who, _)| who.id()), Some(user.id));
    for login in ["demo", " DEMO ", "demo@example.org", "DEMO@EXAMPLE.ORG\n"] {
        assert_eq!(done(world.sign_in(login, PASSWORD).await).user, user.id, "{login}");
    }
}

#[tokio::test]
async fn what_is_in_use_is_told_of_each() {
    let world = world();
    world.sign_up("demo").await;
    let both = refused(world.accounts.sign_up(input("Demo"), HOME).await);
    assert_eq!(both, [(Taken, vec!["handle"]), (Taken, vec!["email"])]);
    let other = SignUpInput { email: "DEMO@example.org".to_owned(), ..input("other") };
    assert_eq!(refused(world.accounts.sign_up(other, HOME).await), [(Taken, vec!["email"])]);
}

#[tokio::test]
async fn faulty_input_reaches_neither_store_nor_count() {
    let world = world();
    world.store.faults.fail_after(0);
    let faulty = SignUpInput { name: " ".to_owned(), password: "Password123".to_owned(), ..input("demo") };
    let errors = refused(world.accounts.sign_up(faulty, HOME).await);
    assert_eq!(errors, [(Required, vec!["name"]), (TooCommon, vec!["password"])]);
    let errors = refused(world.sign_in(" ", "").await);
    assert_eq!(errors, [(Required, vec!["login"]), (Required, vec!["password"])]);
    assert_eq!(world.counts.by_kind(), []);
}

#[tokio::test]
async fn a_wrong_login_and_a_wrong_password_are_answered_alike() {
    let world = world();
    world.sign_up("demo").await;
    let answer = async |login: &str, password: &str| {
        world.sign_in(login, password).await.expect("no fault").map(|_| ()).expect_err("it is refused")
    };
    let wrong = answer("demo", "not the password").await;
    assert_eq!((wrong.len(), wrong[0].code, wrong[0].path.len()), (1, WrongCredentials, 0));
    for login in ["nobody", "nobody@example.org", "no body!", "@"] {
        assert_eq!(answer(login, PASSWORD).await, wrong, "{login}");
    }
    assert_eq!(answer("demo", &PASSWORD.repeat(100)).await, wrong);
}

#[tokio::test]
async fn ten_failures_lock_a_login_and_a_success_clears_them() {
    let world = world();
    world.sign_up("demo").await;
    let fail = async || world.sign_in("demo", "not the password").await.map(|outcome| outcome.is_err());
    for _ in 0..9 {
        assert_eq!(fail().await.ok(), Some(true));
    }
    done(world.sign_in("demo", PASSWORD).await);
    for _ in 0..10 {
        assert_eq!(fail().await.ok(), Some(true));
    }
    assert!(matches!(fail().await, Err(ServiceError::RateLimited { .. })));
    let right = world.sign_in("DEMO", PASSWORD).await;
    assert!(matches!(right, Err(ServiceError::RateLimited { .. })), "the right password as well");
    let expected = [("account", 10), ("address", 19), ("login", 10), ("sign-up", 1)];
    assert_eq!(world.counts.by_kind(), expected.map(|(kind, count)| (kind.to_owned(), count)));
}

#[tokio::test]
async fn an_account_has_ten_failures_over_both_of_its_logins() {
    let world = world();
    world.sign_up("demo").await;
    world.sign_up("other").await;
    let wrong = [(WrongCredentials, vec![])];
    for _ in 0..10 {
        assert_eq!(refused(world.sign_in("demo", "not the password").await), wrong);
    }
    // That the limit is reached may not be told: it would tell whose address this is.
    for login in ["demo@example.org", "nobody@example.org"] {
        for password in [PASSWORD, "not the password"] {
            assert_eq!(refused(world.sign_in(login, password).await), wrong, "{login}");
        }
    }
    done(world.sign_in("other@example.org", PASSWORD).await);
    for login in ["demo@example.org", "nobody@example.org"] {
        for _ in 2..10 {
            assert_eq!(refused(world.sign_in(login, PASSWORD).await), wrong, "{login}");
        }
        assert!(matches!(world.sign_in(login, PASSWORD).await, Err(ServiceError::RateLimited { .. })), "{login}");
    }
}

#[tokio::test]
async fn a_success_by_one_login_clears_what_failed_by_the_other() {
    let world = world();
    world.sign_up("demo").await;
    for login in ["demo", "demo@example.org"].into_iter().cycle().take(6) {
        for _ in 0..8 {
            refused(world.sign_in(login, "not the password").await);
        }
        done(world.sign_in(login, PASSWORD).await);
    }
}

#[tokio::test]
async fn a_fault_counts_as_no_try() {
    let world = world();
    world.store.faults.fail_after(0);
    assert!(matches!(world.sign_in("demo", PASSWORD).await, Err(ServiceError::Store(_))));
    world.store.faults.fail_after(0);
    assert!(matches!(world.accounts.sign_up(input("demo"), HOME).await, Err(ServiceError::Store(_))));
    assert_eq!(world.counts.by_kind(), []);
}

#[tokio::test]
async fn an_account_without_its_session_does_not_pass_for_nothing() {
    let world = world();
    let fault = async |calls| {
        world.store.faults.fail_after(calls);
        match world.accounts.sign_up(input("demo"), HOME).await {
            Err(ServiceError::Store(error)) => error.kind,
            other => panic!("no fault of a store: {other:?}"),
        }
    };
    assert_eq!(fault(0).await, ErrorKind::Unavailable);
    assert_eq!(fault(1).await, ErrorKind::OutcomeUnknown);
    done(world.sign_in("demo", PASSWORD).await);
}

#[tokio::test]
async fn sign_ups_have_a_limit_for_each_address() {
    let world = world();
    world.sign_up("demo").await;
    for _ in 1..20 {
        assert_eq!(refused(world.accounts.sign_up(input("demo"), HOME).await).len(), 2);
    }
    let refused = world.accounts.sign_up(input("other"), HOME).await;
    assert!(matches!(refused, Err(ServiceError::RateLimited { .. })));
    let elsewhere = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
    done(world.accounts.sign_up(input("other"), elsewhere).await);
}

#[tokio::test]
async fn a_profile_changes_where_it_is_told() {
    let world = world();
    let user = world.sign_up("demo").await.user;
    world.sign_up("other").await;
    let who = SignedIn::internally(user.id);
    let update = |input| world.accounts.update_profile(who, input);
    let bio = ProfileInput { bio: Some(Some(" A bio ".to_owned())), ..ProfileInput::default() };
    let changed = done(update(bio).await);
    assert_eq!((changed.bio.as_deref(), changed.name), (Some("A bio"), user.name));
    let taken = ProfileInput { handle: Some(Some("OTHER".to_owned())), ..ProfileInput::default() };
    assert_eq!(refused(update(taken).await), [(Taken, vec!["handle"])]);
    let nobody = SignedIn::internally(UserId(uuid::Uuid::nil()));
    let gone = world.accounts.update_profile(nobody, ProfileInput::default()).await;
    assert!(matches!(gone, Err(ServiceError::AccountClosed)));
}

#[tokio::test]
async fn another_password_ends_all_other_sessions() {
    let world = world();
    let first = world.sign_up("demo").await.access;
    let second = done(world.sign_in("demo", PASSWORD).await).access;
    let (who, session) = world.who(&first).await.expect("it is valid");
    let change =
        |current: &str, new: &str| world.accounts.change_password(who, session, current.to_owned(), new.to_owned());
    let wrong = refused(change("not the password", "another-password").await);
    assert_eq!(wrong, [(WrongCredentials, vec!["currentPassword"])]);
    assert_eq!(refused(change(PASSWORD, "password1234").await), [(TooCommon, vec!["newPassword"])]);
    assert!(world.who(&second).await.is_some(), "nothing has changed yet");

    done(change(PASSWORD, "another-password").await);
    assert!(world.who(&first).await.is_some() && world.who(&second).await.is_none());
    assert_eq!(refused(world.sign_in("demo", PASSWORD).await), [(WrongCredentials, vec![])]);
    done(world.sign_in("demo", "another-password").await);
}

#[tokio::test]
async fn a_found_session_is_no_oracle_of_the_password() {
    let world = world();
    let user = world.sign_up("demo").await.user;
    let guess = || world.accounts.delete_account(SignedIn::internally(user.id), "a guess".to_owned());
    for _ in 0..10 {
        assert_eq!(refused(guess().await), [(WrongCredentials, vec!["password"])]);
    }
    assert!(matches!(guess().await, Err(ServiceError::RateLimited { .. })));
    done(world.sign_in("demo", PASSWORD).await);
}

#[tokio::test]
async fn a_closed_account_is_as_good_as_absent() {
    let world = world();
    let SignedUp { user, access } = world.sign_up("demo").await;
    let who = SignedIn::internally(user.id);
    assert_eq!(refused(world.accounts.delete_account(who, String::new()).await), [(Required, vec!["password"])]);
    assert_eq!(done(world.accounts.delete_account(who, PASSWORD.to_owned()).await), user.id);
    assert!(world.who(&access).await.is_none());
    assert_eq!(refused(world.sign_in("demo", PASSWORD).await), [(WrongCredentials, vec![])]);
    let again = world.accounts.delete_account(who, PASSWORD.to_owned()).await;
    assert!(matches!(again, Err(ServiceError::AccountClosed)));
    let handle_kept = refused(world.accounts.sign_up(input("demo"), HOME).await);
    assert_eq!(handle_kept, [(Taken, vec!["handle"]), (Taken, vec!["email"])]);
}

#[tokio::test]
async fn signing_out_ends_one_session_or_all() {
    let world = world();
    let first = world.sign_up("demo").await.access;
    let second = done(world.sign_in("demo", PASSWORD).await).access;
    let (who, session) = world.who(&first).await.expect("it is valid");
    assert_eq!(world.accounts.sign_out(who, session, false).await.ok(), Some(1));
    assert!(world.who(&first).await.is_none() && world.who(&second).await.is_some());
    assert_eq!(world.accounts.sign_out(who, session, true).await.ok(), Some(1));
    assert!(world.who(&second).await.is_none());
}

#[tokio::test]
async fn others_can_be_followed_and_nobody_themselves() {
    let world = world();
    let (who, other) = (world.sign_up("demo").await.user.id, world.sign_up("other").await.user.id);
    let me = SignedIn::internally(who);
    for _ in 0..2 {
        let followed = done(world.follows.follow(me, other).await);
        assert_eq!((followed.id, followed.followers_count), (other, 1));
    }
    for _ in 0..2 {
        assert_eq!(done(world.follows.unfollow(me, other).await).followers_count, 0);
    }
    assert_eq!(refused(world.follows.follow(me, who).await), [(Invalid, vec!["userId"])]);
    assert_eq!(refused(world.follows.unfollow(me, who).await), [(Invalid, vec!["userId"])]);
    let nobody = UserId(uuid::Uuid::nil());
    assert_eq!(refused(world.follows.follow(me, nobody).await), [(NotFound, vec!["userId"])]);
    assert_eq!(refused(world.follows.unfollow(me, nobody).await), [(NotFound, vec!["userId"])]);
}

/// A sign-in that found the password right just before it was replaced.
#[tokio::test]
async fn a_password_replaced_meanwhile_opens_no_session() {
    let world = world();
    let first = world.sign_up("demo").await.access;
    let (who, session) = world.who(&first).await.expect("it is valid");
    let old = world.store.credentials_of(who.id()).await.ok().flatten().and_then(|found| found.password_hash);
    let old = old.expect("a hash");
    let change = world.accounts.change_password(who, session, PASSWORD.to_owned(), "another-password".to_owned());
    done(change.await);
    assert_eq!(world.sessions.open(who.id(), &old).await.ok(), Some(None));
    assert!(world.who(&first).await.is_some());
}
