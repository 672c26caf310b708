//! Passwords and sessions, which no reader sees: they are tried.

use serde_json::json;

use crate::api::{Api, Outcome, Request};
use crate::load::{Shared, locked};
use crate::model::{State, UserNo, Value, password};

const SIGN_IN: &str = "mutation ($input: SignInInput!) { signIn(input: $input) { userErrors { code } } }";

/// Tries passwords of which two may be right, and then every session.
///
/// # Errors
/// An answer that says neither yes nor no.
pub(crate) async fn try_all(api: &Api, model: &Shared) -> Result<(), String> {
    let users: Vec<UserNo> = locked(model).users.keys().copied().collect();
    for user in users {
        try_passwords(api, model, user).await?;
        try_sessions(api, model, user).await?;
    }
    Ok(())
}

/// Either the new password is right and the other sessions have ended, or nothing of that.
async fn try_passwords(api: &Api, model: &Shared, no: UserNo) -> Result<(), String> {
    let (handle, now, perhaps) = {
        let mut model = locked(model);
        let user = model.user(no);
        let Some(perhaps) = user.password.perhaps.take().filter(|_| user.state == State::Here) else { return Ok(()) };
        (user.handle.clone(), user.password.now, perhaps)
    };
    let (is_new, is_old) = (opens(api, &handle, perhaps).await?, opens(api, &handle, now).await?);
    let mut model = locked(model);
    if is_new == is_old {
        model.violation(format!("{handle}: whether the new password opens is {is_new}, the old one {is_old}"));
    }
    model.tally.found_done += u64::from(is_new);
    let user = model.user(no);
    user.password = Value::new(if is_new { perhaps } else { now });
    user.settle_sessions(if is_new { State::Gone } else { State::Here });
    Ok(())
}

async fn opens(api: &Api, handle: &str, number: u32) -> Result<bool, String> {
    let input = json!({ "login": handle, "password": password(number) });
    let variables = json!({ "input": input });
    match api.mutate(&Request { token: None, field: "signIn", document: SIGN_IN, variables }).await {
        Outcome::Done(_) => Ok(true),
        Outcome::Refused(code) if code == "WRONG_CREDENTIALS" => Ok(false),
        other => Err(format!("{handle} signs in: {other:?}")),
    }
}

/// Sessions that one signing out was about have ended together, or none of them.
async fn try_sessions(api: &Api, model: &Shared, no: UserNo) -> Result<(), String> {
    let sessions: Vec<(String, State)> =
        locked(model).user(no).sessions.iter().map(|session| (session.token.clone(), session.state)).collect();
    let mut unclear = Vec::new();
    for (at, (token, expected)) in sessions.into_iter().enumerate() {
        let found = if api.is_signed_in(&token).await? { State::Here } else { State::Gone };
        let mut model = locked(model);
        let user = model.user(no);
        user.sessions[at].state = found;
        let handle = user.handle.clone();
        if expected == State::Unclear {
            unclear.push(found);
        } else if expected != found {
            model.violation(format!("{handle}: a session should be {expected:?} and is {found:?}"));
        }
    }
    let mut model = locked(model);
    if unclear.contains(&State::Here) && unclear.contains(&State::Gone) {
        let handle = model.user(no).handle.clone();
        model.violation(format!("{handle}: signed out of some sessions and not of others: {unclear:?}"));
    }
    model.tally.found_done += u64::from(unclear.contains(&State::Gone));
    Ok(())
}
