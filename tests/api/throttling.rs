//! How often what may be tried from one address, as the settings have it.

use serde_json::Value;

use crate::support::{Answer, Serving, Which, namespace, run, scratch, variables};

/// A gateway without data on these stores, and what it answers to as many of these mutations, in one request.
fn many(which: Which, settings: &[(&'static str, &str)], count: usize, mutation: &str) -> Answer {
    let directory = scratch();
    let mut env = variables(which, directory.path(), &namespace());
    env.push(("POLYGRAPH_DEMO_DATA", "false".to_owned()));
    env.extend(settings.iter().map(|&(name, value)| (name, value.to_owned())));
    let serving = Serving::start(&env, directory.path());
    let lifted = serving.log().contains("POLYGRAPH_RATE_LIMITS lifts every rate limit");
    assert_eq!(lifted, settings.contains(&("POLYGRAPH_RATE_LIMITS", "off")), "{}", serving.log());
    let fields: String = (0..count).map(|n| format!(" m{n}: {mutation}")).collect();
    run(serving.client.ask(&format!("mutation {{{fields} }}")))
}

const SIGN_IN: &str = "signIn(input: { login: \"nobody\", password: \"a wrong password\" }) { userErrors { code } }";
const SIGN_UP: &str = "signUp(input: { handle: \"ada_l\", name: \"Ada\", email: \"ada@example.org\", \
                       password: \"analytical engine\" }) { userErrors { code } }";

/// How many were answered, when all others were refused as too many.
fn answered(answer: &Answer) -> usize {
    assert_eq!(answer.status, 200);
    let data = answer.partial();
    let payloads: Vec<&Value> = data.as_object().expect("an object").values().collect();
    let answered = payloads.iter().filter(|payload| !payload.is_null()).count();
    let failures = answer.failures();
    assert_eq!(failures.len(), payloads.len() - answered, "{}", answer.text);
    assert!(failures.iter().all(|(_, code)| code == "RATE_LIMITED"), "{failures:?}");
    assert_eq!(answer.header("retry-after").is_some(), !failures.is_empty());
    answered
}

fn limits(which: Which) {
    assert_eq!(answered(&many(which, &[], 12, SIGN_IN)), 10);
    assert_eq!(answered(&many(which, &[], 22, SIGN_UP)), 22, "no limit in development");
    let production = ("POLYGRAPH_PRODUCTION", "true");
    assert_eq!(answered(&many(which, &[production], 12, SIGN_IN)), 10);
    assert_eq!(answered(&many(which, &[production], 22, SIGN_UP)), 20);
    let off = ("POLYGRAPH_RATE_LIMITS", "off");
    assert_eq!(answered(&many(which, &[production, off], 12, SIGN_IN)), 12);
    assert_eq!(answered(&many(which, &[production, off], 22, SIGN_UP)), 22);
}

#[test]
fn passwords_and_sign_ups_are_limited_as_configured_embedded() {
    limits(Which::Embedded);
}

#[test]
fn passwords_and_sign_ups_are_limited_as_configured_real() {
    limits(Which::Real);
}
