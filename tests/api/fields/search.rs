//! Search and typeahead: what is found, how it is shown, and how it is counted.

use std::collections::{BTreeMap, BTreeSet};

use polygraph::domain::{Interval, PostId, UserId, text};
use serde_json::{Value, json};

use crate::support::{Society, World, global, on_both};

on_both!(
    all_words_must_stand_in_one_thing_typos_forgiven,
    filters_narrow_what_is_found,
    facets_count_everything_found,
    highlights_show_where_and_are_safe,
    nobody_is_found_by_their_email,
    the_exact_handle_is_suggested_first,
    suggestions_begin_with_the_prefix,
);

const TEXTS: [&str; 7] =
    ["sourdough", "Planting BEES", "demo", "query planner", "reading explain", "plantign bees", "斎藤"];

/// Whether every word of `searched` stands, by the contract's rules, in one of the fields of a thing.
fn matches(searched: &str, fields: &[&str]) -> bool {
    let words: BTreeSet<_> = fields.iter().flat_map(|field| text::words(field)).collect();
    let stands = |word: &String| {
        let typos = text::typos_forgiven(word);
        words.iter().any(|candidate| text::within_typos(word, candidate, typos))
    };
    let searched = text::words(searched);
    !searched.is_empty() && searched.iter().all(stands)
}

/// The ids of all users and posts that a text should find, in no particular order.
fn found(society: &Society, searched: &str) -> (BTreeSet<UserId>, BTreeSet<PostId>) {
    let users = society.users.iter();
    let users = users
        .filter(|user| matches(searched, &[user.handle.as_str(), &user.name, user.bio.as_deref().unwrap_or_default()]));
    let posts = society.posts.iter().filter(|post| matches(searched, &[&post.title, &post.content]));
    (users.map(|user| user.id).collect(), posts.map(|post| post.id).collect())
}

async fn all_words_must_stand_in_one_thing_typos_forgiven(world: &World) {
    for searched in TEXTS {
        let (users, posts) = found(&world.society, searched);
        assert!(!users.is_empty() || !posts.is_empty(), "`{searched}` is in the demo data");
        let expected: BTreeSet<_> = users.into_iter().map(global).chain(posts.into_iter().map(global)).collect();
        assert!(expected.len() <= 100, "`{searched}` fits a page");
        let query = "query ($text: String!) { search(query: $text, first: 100) {
            totalCount nodes { node { ... on User { id } ... on Post { id } } } } }";
        let data = world.client().ask_with(query, json!({ "text": searched })).await.data();
        let nodes = data["search"]["nodes"].as_array().expect("nodes");
        let ids: BTreeSet<_> =
            nodes.iter().map(|node| node["node"]["id"].as_str().expect("an id").to_owned()).collect();
        assert_eq!(ids, expected, "`{searched}`");
        assert_eq!(data["search"]["totalCount"], expected.len(), "`{searched}`");
    }
}

async fn filters_narrow_what_is_found(world: &World) {
    let society = &world.society;
    let searched = "rust";
    let (users, posts) = found(society, searched);
    let by_author =
        Society::ranked(society.posts.iter().filter(|post| posts.contains(&post.id)).map(|post| post.author));
    let (author, of_author) = by_author[0];
    let middle = society.posts[600].created_at;
    let before = |id: uuid::Uuid| {
        let users = society.users.iter().find(|user| user.id.0 == id).map(|user| user.created_at);
        users.or_else(|| society.posts.iter().find(|post| post.id.0 == id).map(|post| post.created_at)) < Some(middle)
    };
    let early_users = users.iter().filter(|id| before(id.0)).count();
    let early_posts = posts.iter().filter(|id| before(id.0)).count();
    let query = "query ($text: String!, $author: ID!, $middle: DateTime!) {
        users: search(query: $text, types: [USER]) { totalCount nodes { type } }
        posts: search(query: $text, types: [POST]) { totalCount nodes { type } }
        author: search(query: $text, author: $author) { totalCount nodes { type node { ... on Post { author { id } } } } }
        none: search(query: $text, author: $author, types: [USER]) { totalCount }
        early: search(query: $text, to: $middle) { totalCount facets { types { type count } } }
        late: search(query: $text, from: $middle) { totalCount }
        newest: search(query: $text, orderBy: NEWEST, first: 100) {
            nodes { node { ... on User { createdAt } ... on Post { createdAt } } } } }";
    let variables = json!({ "text": searched, "author": global(author), "middle": middle.to_string() });
    let data = world.client().ask_with(query, variables).await.data();
    let all = users.len() + posts.len();
    let totals = ["users", "posts", "author", "none", "early", "late"].map(|name| data[name]["totalCount"].as_u64());
    let early = early_users + early_posts;
    let expected = [users.len(), posts.len(), of_author as usize, 0, early, all - early];
    assert_eq!(totals, expected.map(|total| Some(total as u64)));
    let types = |name: &str, kind: &str| {
        let nodes = data[name]["nodes"].as_array().expect("nodes");
        nodes.iter().all(|node| node["type"] == kind)
    };
    assert!(types("users", "USER") && types("posts", "POST") && types("author", "POST"), "{data}");
    for node in data["author"]["nodes"].as_array().expect("nodes") {
        assert_eq!(node["node"]["author"]["id"], global(author));
    }
    let expected = json!([{ "type": "USER", "count": early_users }, { "type": "POST", "count": early_posts }]);
    assert_eq!(data["early"]["facets"]["types"], expected);
    let newest = data["newest"]["nodes"].as_array().expect("nodes").iter();
    let moments: Vec<_> = newest.map(|node| node["node"]["createdAt"].as_str().expect("a moment")).collect();
    assert!(moments.is_sorted_by(|one, other| one >= other), "{moments:?}");
}

async fn facets_count_everything_found(world: &World) {
    let society = &world.society;
    for searched in ["sourdough", "rust", "planting bees"] {
        let (users, posts) = found(society, searched);
        let found_users = society.users.iter().filter(|user| users.contains(&user.id));
        let found_posts = || society.posts.iter().filter(|post| posts.contains(&post.id));
        let mut months: BTreeMap<_, u64> = BTreeMap::new();
        let moments = found_users.map(|user| user.created_at).chain(found_posts().map(|post| post.created_at));
        for moment in moments {
            *months.entry(Interval::Month.start_of(moment)).or_default() += 1;
        }
        let authors = Society::ranked(found_posts().map(|post| post.author));
        let types = [("USER", users.len()), ("POST", posts.len())];
        let types = types.iter().filter(|(_, count)| *count > 0);
        let expected = json!({
            "totalCount": users.len() + posts.len(),
            "facets": {
                "types": types.map(|(kind, count)| json!({ "type": kind, "count": count })).collect::<Value>(),
                "authors": authors.iter().take(100)
                    .map(|(author, count)| json!({ "count": count, "author": { "id": global(*author) } }))
                    .collect::<Value>(),
                "months": months.iter()
                    .map(|(month, count)| json!({ "month": month.to_string(), "count": count }))
                    .collect::<Value>(),
            },
        });
        let query = "query ($text: String!) { search(query: $text, first: 1) { totalCount
            facets { types { type count } authors(first: 100) { count author { id } } months { month count } } } }";
        let data = world.client().ask_with(query, json!({ "text": searched })).await.data();
        assert_eq!(data["search"], expected, "`{searched}`");
    }
}

async fn highlights_show_where_and_are_safe(world: &World) {
    let query = "query ($text: String!) { search(query: $text, first: 100) { nodes { type title
        highlights { field html } } } }";
    for searched in TEXTS {
        let data = world.client().ask_with(query, json!({ "text": searched })).await.data();
        for node in data["search"]["nodes"].as_array().expect("nodes") {
            let highlights = node["highlights"].as_array().expect("highlights");
            assert!(!highlights.is_empty(), "`{searched}`: {node}");
            let allowed: &[&str] =
                if node["type"] == "USER" { &["handle", "name", "bio"] } else { &["title", "content"] };
            for highlight in highlights {
                let (field, html) = (highlight["field"].as_str().expect("a field"), &highlight["html"]);
                assert!(allowed.contains(&field), "{node}");
                let html = html.as_str().expect("HTML");
                assert!(html.contains("<em>"), "{html}");
                let plain = html.replace("<em>", "").replace("</em>", "");
                assert!(!plain.contains(['<', '>']), "nothing but <em> is markup: {html}");
                assert_eq!(html.matches("<em>").count(), html.matches("</em>").count(), "{html}");
                if field == "content" {
                    assert!(plain.chars().count() <= 300, "a fragment of it: {html}");
                }
            }
        }
    }
}

async fn nobody_is_found_by_their_email(world: &World) {
    let query = "query ($text: String!) { search(query: $text) { totalCount } suggest(prefix: $text) { title } }";
    let user = &world.society.users[7];
    for email in ["demo@example.org", user.email.as_str(), "example.org", "example.com"] {
        let data = world.client().ask_with(query, json!({ "text": email })).await.data();
        assert_eq!(data, json!({ "search": { "totalCount": 0 }, "suggest": [] }), "{email}");
    }
}

async fn the_exact_handle_is_suggested_first(world: &World) {
    let query = "query ($prefix: String!) { suggest(prefix: $prefix) { type node { ... on User { handle } } } }";
    for user in world.society.users.iter().step_by(5) {
        for prefix in [user.handle.to_string(), user.handle.as_str().to_uppercase()] {
            let data = world.client().ask_with(query, json!({ "prefix": prefix })).await.data();
            let first = json!({ "type": "USER", "node": { "handle": user.handle.as_str() } });
            assert_eq!(data["suggest"][0], first, "{prefix}");
        }
    }
}

async fn suggestions_begin_with_the_prefix(world: &World) {
    let query =
        "query ($prefix: String!, $types: [SearchType!]) { suggest(prefix: $prefix, types: $types, first: 100) {
        type title highlights { field html } node { ... on User { handle name } ... on Post { title } } } }";
    for (prefix, types) in [("de", json!(null)), ("so", json!(["POST"])), ("ma", json!(["USER"]))] {
        let data = world.client().ask_with(query, json!({ "prefix": prefix, "types": types })).await.data();
        let suggestions = data["suggest"].as_array().expect("suggestions");
        assert!(!suggestions.is_empty(), "{prefix}");
        for suggestion in suggestions {
            assert!(types.is_null() || types == json!([suggestion["type"]]), "{suggestion}");
            let node = &suggestion["node"];
            let texts = [&node["handle"], &node["name"], &node["title"]].map(|text| text.as_str().unwrap_or_default());
            let handle = texts[0].starts_with(prefix);
            let word = texts.iter().flat_map(|text| text::words(text)).any(|word| word.starts_with(prefix));
            assert!(handle || word, "{suggestion}");
            assert!(!suggestion["highlights"].as_array().expect("highlights").is_empty(), "{suggestion}");
        }
    }
    let data = world.client().ask("{ suggest(prefix: \"a\") { title } }").await.data();
    assert_eq!(data["suggest"].as_array().map(Vec::len), Some(8), "eight where no number is given");
}
