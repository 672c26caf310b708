//! How an object of each type is reached that belongs to the owner.

use super::people::{Asker, OWNER, People};
use super::schema::Field;

/// A query for `field` of an object of type `of`, and where in the answer the field is.
pub(crate) fn to(people: &People, asker: &Asker, of: &str, field: &Field) -> (String, String) {
    if of == "Query" {
        let arguments = arguments(people, field);
        return (format!("{{ {} }}", field.selected(&arguments)), field.name.clone());
    }
    assert!(!field.needs_arguments, "{of}.{}: say here which arguments it takes", field.name);
    let (before, path) = way(people, asker, of);
    let after = "}".repeat(before.matches('{').count() - before.matches('}').count());
    (format!("{before} {} {after}", field.selected("")), format!("{path}.{}", field.name))
}

/// What a query starts with so that fields of the type may follow, and where they are in the answer.
fn way(people: &People, asker: &Asker, of: &str) -> (String, &'static str) {
    let People { post, like, .. } = people;
    let guess = &asker.guess;
    let user = format!("{{ user(handle: \"{OWNER}\") {{");
    let search = "{ search(query: \"zyzzyva\") {";
    match of {
        "User" => (user, "user"),
        "FollowConnection" => (format!("{user} followers(first: 1) {{"), "user.followers"),
        "FollowEdge" => (format!("{user} followers(first: 1) {{ edges {{"), "user.followers.edges"),
        "Post" => (format!("{{ post(id: \"{post}\") {{"), "post"),
        "LikeConnection" => (format!("{{ post(id: \"{post}\") {{ likes(first: 1) {{"), "post.likes"),
        "LikeEdge" => (format!("{{ post(id: \"{post}\") {{ likes(first: 1) {{ edges {{"), "post.likes.edges"),
        "Like" => (format!("{{ node(id: \"{like}\") {{ ... on Like {{"), "node"),
        "UserConnection" => ("{ users(first: 1) {".to_owned(), "users"),
        "UserEdge" => ("{ users(first: 1) { edges {".to_owned(), "users.edges"),
        "PageInfo" => ("{ users(first: 1) { pageInfo {".to_owned(), "users.pageInfo"),
        "PostConnection" => ("{ posts(first: 1) {".to_owned(), "posts"),
        "PostEdge" => ("{ posts(first: 1) { edges {".to_owned(), "posts.edges"),
        "SearchConnection" => (search.to_owned(), "search"),
        "SearchEdge" => (format!("{search} edges {{"), "search.edges"),
        "SearchResult" => (format!("{search} nodes {{"), "search.nodes"),
        "Highlight" => (format!("{search} nodes {{ highlights {{"), "search.nodes.highlights"),
        "SearchFacets" => (format!("{search} facets {{"), "search.facets"),
        "TypeFacet" => (format!("{search} facets {{ types {{"), "search.facets.types"),
        "AuthorFacet" => (format!("{search} facets {{ authors {{"), "search.facets.authors"),
        "MonthFacet" => (format!("{search} facets {{ months {{"), "search.facets.months"),
        "LeaderboardEntry" => ("{ leaderboard(first: 1) {".to_owned(), "leaderboard"),
        "TrendingPost" => ("{ trending(first: 1) {".to_owned(), "trending"),
        "ActivityBucket" => (format!("{{ activity{ACTIVITY} {{"), "activity"),
        "FollowSuggestion" => ("{ suggestedFollows(first: 1) {".to_owned(), "suggestedFollows"),
        // Whoever is not the owner guesses the password.
        "AccessToken" => (
            format!("mutation {{ signIn(input: {{ login: \"{OWNER}\", password: \"{guess}\" }}) {{ accessToken {{"),
            "signIn.accessToken",
        ),
        "UserError" => (
            "mutation { signUp(input: { handle: \"x\", name: \"X\", email: \"x@example.org\", \
             password: \"analytical engine\" }) { userErrors {"
                .to_owned(),
            "signUp.userErrors",
        ),
        _ => panic!("say here how a {of} is reached"),
    }
}

const ACTIVITY: &str = "(from: \"2024-01-01T00:00:00Z\", to: \"2026-01-01T00:00:00Z\", interval: MONTH)";

fn arguments(people: &People, field: &Field) -> String {
    match field.name.as_str() {
        "node" => format!("(id: \"{}\")", people.post),
        "nodes" => format!("(ids: [\"{}\"])", people.post),
        "post" => format!("(id: \"{}\")", people.post),
        "user" => format!("(handle: \"{OWNER}\")"),
        "search" => "(query: \"zyzzyva\")".to_owned(),
        "suggest" => "(prefix: \"zyz\")".to_owned(),
        "activity" => ACTIVITY.to_owned(),
        name => {
            assert!(!field.needs_arguments, "Query.{name}: say here which arguments it takes");
            String::new()
        }
    }
}
