//! Who is measured, and what is asked.

use std::path::Path;

use serde_json::{Value, json};

use super::side::Side;
use crate::Failure;
use crate::gateway::Binary;
use crate::peers::contender::{Contender, Role, node, polygraph, program};
use crate::peers::question::Question;
use crate::peers::wire::{Connection, json_headers};

/// Polygraph with results in Redis.
pub(crate) const POLYGRAPH: &str = "polygraph";
/// What that is compared with.
pub(crate) const BARE_REDIS: &str = "bare-redis";
/// Polygraph with results in its own memory.
pub(crate) const IN_PROCESS: &str = "polygraph-in-process";
/// What that is compared with.
pub(crate) const BARE_CONSTANT: &str = "bare-constant";

/// How many different posts are asked for in turns: of those who ask for the same at once, Polygraph and Mercurius look
/// for one alone, which a single hot key would flatter.
const SPREAD: usize = 200;
/// Pages by which their ids are read.
const PAGE: usize = 100;

/// Whether a contender has the embedded stores.
pub(crate) fn is_in_process(name: &str) -> bool {
    matches!(name, IN_PROCESS | BARE_CONSTANT)
}

/// Everybody: those with results in Redis on the stores of `binary`, and those with results at hand.
pub(crate) fn all(binary: &Binary, shared: &Side, own: &Side) -> Result<Vec<Contender>, Failure> {
    let bare = |binary: &Binary, name, title, arguments: &[&str], side: &Side| {
        let mut command = program(binary, std::env::current_exe()?, Path::new("."));
        command.arg("bare").arg(side.answers()?).args(arguments);
        Ok::<_, Failure>(Contender { name, title, role: Role::Floor, command })
    };
    Ok(vec![
        polygraph(binary, POLYGRAPH, "Polygraph, Redis"),
        bare(binary, BARE_REDIS, "bare axum, one Redis GET", &["--redis"], shared)?,
        polygraph(&own.binary, IN_PROCESS, "Polygraph, in process"),
        bare(&own.binary, BARE_CONSTANT, "bare axum, constant bytes", &[], own)?,
        node(binary, "yoga-cache", "GraphQL Yoga, tuned, response cache", &["yoga.js", "--tuned", "--cached"])?,
        node(binary, "mercurius-cache", "Mercurius (jit: 1), mercurius-cache", &["mercurius.js", "--cached"])?,
        node(binary, "apollo-cache", "Apollo Server 5, response cache", &["apollo.js", "--cached"])?,
    ])
}

/// What is asked. `posts` are the ids of those that are asked for in turns.
pub(crate) fn questions(posts: &[String]) -> Result<Vec<Question>, Failure> {
    let query = include_str!("../../queries/post.graphql");
    let id = include_str!("../../queries/post.json");
    let variables: Vec<Value> = posts.iter().map(|id| json!({ "id": id })).collect();
    let newest = include_str!("../../queries/newest.graphql");
    let feed = include_str!("../../queries/feed.graphql");
    let list = Question::new("list", "list of 20 titles", include_str!("../../queries/list.graphql"), None)?;
    Ok(vec![
        Question::new("post", "a post with its author", query, Some(id))?,
        Question::new("posts", "200 such posts in turns", query, None)?.in_turns(&variables)?,
        list.whole("/data/posts/nodes", 20),
        Question::new("newest", "the newest 50, as in a feed", newest, None)?.whole("/data/posts/nodes", 50),
        Question::new("feed", "a feed of 50, private", feed, None)?.personal().whole("/data/feed/nodes", 50),
    ])
}

/// The ids of the newest posts.
pub(crate) async fn newest_posts(binary: &Binary) -> Result<Vec<String>, Failure> {
    const QUERY: &str =
        "query ($after: String) { posts(first: 100, after: $after) { nodes { id } pageInfo { endCursor } } }";
    let gateway = binary.serve()?;
    let mut connection = Connection::open(gateway.url()).await?;
    let (mut posts, mut after) = (Vec::with_capacity(SPREAD), Value::Null);
    for _ in 0..SPREAD / PAGE {
        let body = json!({ "query": QUERY, "variables": { "after": after } }).to_string().into();
        let mut answer: Value = serde_json::from_slice(&connection.ask(&json_headers(), &body).await?)?;
        let page = answer["data"]["posts"].take();
        let nodes = page["nodes"].as_array().ok_or_else(|| format!("no posts: {answer}"))?;
        posts.extend(nodes.iter().filter_map(|node| node["id"].as_str()).map(ToOwned::to_owned));
        after = page["pageInfo"]["endCursor"].clone();
    }
    gateway.stop()?;
    if posts.len() == SPREAD { Ok(posts) } else { Err(format!("{} posts in place of {SPREAD}", posts.len()).into()) }
}
