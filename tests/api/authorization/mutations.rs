//! Every mutation, on what belongs to the owner where it names something.

use std::collections::BTreeMap;

use super::people::{Asker, OWNER, People};
use super::schema::{Field, Types};
use super::{Row, shown};
use crate::support::Answer;

/// The new password of whoever changes theirs.
const CHANGED: &str = "difference engine";
/// What comes last, in this order, since others need what it ends. Signing out ends a session of its own.
const LAST: [&str; 3] = ["deletePost", "changePassword", "deleteAccount"];

pub(super) fn is_payload(types: &Types, name: &str) -> bool {
    types["Mutation"].iter().any(|mutation| mutation.of == name)
}

/// The rows of mutations and of their payloads' fields. Whatever others try, what belongs to the owner stays as it is.
pub(super) async fn walk(people: &People, types: &Types) -> BTreeMap<(String, String), Row> {
    let mut mutations: Vec<_> = types["Mutation"].iter().collect();
    mutations.sort_by_key(|mutation| LAST.iter().position(|last| mutation.name == *last).map_or(0, |at| at + 1));
    let mut rows: BTreeMap<_, Row> = BTreeMap::new();
    for mutation in mutations {
        let belongings = people.belongings().await;
        for (column, asker) in people.askers().into_iter().enumerate() {
            if std::ptr::eq(asker, &people.owner) {
                assert_eq!(people.belongings().await, belongings, "{}", mutation.name);
            }
            let answer = act(people, asker, mutation, &types[&mutation.of]).await;
            rows.entry(("Mutation".to_owned(), mutation.name.clone())).or_default()[column] = done(&answer, mutation);
            for field in &types[&mutation.of] {
                let value = &answer.partial()[&mutation.name][&field.name];
                rows.entry((mutation.of.clone(), field.name.clone())).or_default()[column] = shown(value);
                if field.of == "User" {
                    let email = (mutation.of.clone(), format!("{}.email", field.name));
                    rows.entry(email).or_default()[column] = shown(&value["email"]);
                }
            }
        }
    }
    rows
}

async fn act(people: &People, asker: &Asker, mutation: &Field, payload: &[Field]) -> Answer {
    let select = |field: &Field| match field.name.as_str() {
        "userErrors" => "userErrors { code path }".to_owned(),
        user if field.of == "User" => format!("{user} {{ id email }}"),
        _ => field.selected(""),
    };
    let fields: Vec<_> = payload.iter().map(select).collect();
    let input = input(people, asker, &mutation.name);
    let query = format!("mutation {{ {}(input: {{ {input} }}) {{ {} }} }}", mutation.name, fields.join(" "));
    let client = if mutation.name == "signOut" { &asker.spare } else { &asker.client };
    client.ask(&query).await
}

fn input(people: &People, asker: &Asker, mutation: &str) -> String {
    let People { user, post, .. } = people;
    let Asker { guess, password, name, .. } = asker;
    match mutation {
        "signUp" => format!(
            "handle: \"of_{name}\", name: \"New\", email: \"of_{name}@example.org\", password: \"analytical engine\""
        ),
        "signIn" => format!("login: \"{OWNER}\", password: \"{guess}\""),
        "signOut" => "everywhere: false".to_owned(),
        "updateProfile" => format!("bio: \"By {name}\""),
        "changePassword" => format!("currentPassword: \"{password}\", newPassword: \"{CHANGED}\""),
        "deleteAccount" => format!("password: \"{CHANGED}\""),
        "createPost" => format!("title: \"Of {name}\", content: \"Content.\""),
        "updatePost" => format!("id: \"{post}\", title: \"By {name}\""),
        "deletePost" => format!("id: \"{post}\""),
        "likePost" | "unlikePost" => format!("postId: \"{post}\""),
        // Nobody follows themselves: the owner follows `demo`, whom they follow already.
        "follow" | "unfollow" => format!("userId: \"{}\"", if asker.name == OWNER { &people.demo } else { user }),
        _ => panic!("say here what {mutation} takes"),
    }
}

/// What became of a mutation: done, refused, or an error.
fn done(answer: &Answer, mutation: &Field) -> String {
    assert_eq!(answer.status, 200, "{}: {}", mutation.name, answer.text);
    let data = answer.partial();
    let payload = &data[&mutation.name];
    let codes: Vec<_> = answer.errors().into_iter().map(|error| error.code).collect();
    if payload.is_null() {
        return format!("null + {}", codes.join(" + "));
    }
    assert_eq!(codes, [""; 0], "{}", answer.text);
    let refusals = payload["userErrors"].as_array().expect("user errors");
    let refusal = |refusal: &serde_json::Value| {
        let path: Vec<_> =
            refusal["path"].as_array().expect("a path").iter().filter_map(|part| part.as_str()).collect();
        let code = refusal["code"].as_str().expect("a code");
        if path.is_empty() { code.to_owned() } else { format!("{code} ({})", path.join(".")) }
    };
    let refusals: Vec<_> = refusals.iter().map(refusal).collect();
    if refusals.is_empty() { "done".to_owned() } else { refusals.join(", ") }
}
