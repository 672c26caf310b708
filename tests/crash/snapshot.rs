//! All that readers see, page after page.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::api::Api;

/// Everybody and everything, by id.
pub(crate) struct Snapshot {
    pub(crate) users: BTreeMap<String, SeenUser>,
    pub(crate) posts: BTreeMap<String, SeenPost>,
}

/// A user with their lists; each count as a field says, and as the connection of the same things counts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SeenUser {
    pub(crate) handle: String,
    pub(crate) profile: (String, String),
    pub(crate) followers: BTreeSet<String>,
    pub(crate) follower_counts: [u64; 2],
    pub(crate) following: BTreeSet<String>,
    pub(crate) following_counts: [u64; 2],
    pub(crate) post_counts: [u64; 2],
    pub(crate) like_count: u64,
}

/// A post with its likes, counted in both ways.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SeenPost {
    pub(crate) author: String,
    pub(crate) text: (String, String),
    pub(crate) revision: u64,
    pub(crate) likers: BTreeSet<String>,
    pub(crate) like_counts: [u64; 2],
}

const USERS: &str = "query ($after: String) { list: users(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
        id handle name bio followersCount followingCount postsCount
        following(first: 100) { totalCount nodes { id } } followers(first: 100) { totalCount nodes { id } }
        posts(first: 1) { totalCount } likedPosts(first: 1) { totalCount }
    } } }";

const POSTS: &str = "query ($after: String) { list: posts(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id title content revision likeCount author { id } likes(first: 100) { totalCount nodes { user { id } } } }
    } }";

impl Snapshot {
    /// Reads everything. Nothing may be written meanwhile.
    pub(crate) async fn read(api: &Api) -> Result<Self, String> {
        let users = nodes(api, USERS).await?.iter().map(|node| (text(&node["id"]), SeenUser::of(node))).collect();
        let posts = nodes(api, POSTS).await?.iter().map(|node| (text(&node["id"]), SeenPost::of(node))).collect();
        Ok(Self { users, posts })
    }
}

async fn nodes(api: &Api, document: &str) -> Result<Vec<Value>, String> {
    let (mut nodes, mut after) = (Vec::new(), Value::Null);
    loop {
        let mut page = api.query(document, &json!({ "after": after })).await?;
        nodes.extend(page["list"]["nodes"].as_array().cloned().unwrap_or_default());
        if page["list"]["pageInfo"]["hasNextPage"] != true {
            return Ok(nodes);
        }
        after = page["list"]["pageInfo"]["endCursor"].take();
    }
}

impl SeenUser {
    fn of(node: &Value) -> Self {
        let counts = |field: &str, list: &str| [number(&node[field]), number(&node[list]["totalCount"])];
        Self {
            handle: text(&node["handle"]),
            profile: (text(&node["name"]), text(&node["bio"])),
            followers: ids(&node["followers"]["nodes"], |node| node),
            follower_counts: counts("followersCount", "followers"),
            following: ids(&node["following"]["nodes"], |node| node),
            following_counts: counts("followingCount", "following"),
            post_counts: counts("postsCount", "posts"),
            like_count: number(&node["likedPosts"]["totalCount"]),
        }
    }
}

impl SeenPost {
    fn of(node: &Value) -> Self {
        Self {
            author: text(&node["author"]["id"]),
            text: (text(&node["title"]), text(&node["content"])),
            revision: number(&node["revision"]),
            likers: ids(&node["likes"]["nodes"], |like| &like["user"]),
            like_counts: [number(&node["likeCount"]), number(&node["likes"]["totalCount"])],
        }
    }
}

fn ids(nodes: &Value, of: impl Fn(&Value) -> &Value) -> BTreeSet<String> {
    nodes.as_array().into_iter().flatten().map(|node| text(&of(node)["id"])).collect()
}

/// What is null is no text that anything has.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or("null").to_owned()
}

/// What is null is no number that anything has.
fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(u64::MAX)
}
