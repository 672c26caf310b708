//! The answers of the five queries, as structs.

use std::collections::HashMap;

use polygraph::domain::cursor::{self, CursorField};
use polygraph::domain::search::SearchAnswer;
use polygraph::domain::{GlobalId, Like, Post, PostId, Slice, User, UserId};
use serde::Serialize;

use super::post_of;

#[derive(Serialize)]
pub(super) struct Answer<'a, T> {
    pub(super) data: &'a T,
}

#[derive(Serialize)]
pub(super) struct Hello {
    #[serde(rename = "__typename")]
    pub(super) typename: &'static str,
}

#[derive(Serialize)]
struct Nodes<T> {
    nodes: Vec<T>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Connection<T> {
    nodes: Vec<T>,
    page_info: PageInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Author<'a> {
    id: String,
    handle: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    followers_count: Option<u64>,
}

impl<'a> Author<'a> {
    fn of(id: UserId, users: &'a HashMap<UserId, User>) -> Option<Self> {
        let user = users.get(&id)?;
        let id = GlobalId::from(user.id).to_string();
        Some(Self { id, handle: user.handle.as_str(), name: None, followers_count: None })
    }

    fn named(id: UserId, users: &'a HashMap<UserId, User>) -> Option<Self> {
        Some(Self { name: Some(&users.get(&id)?.name), ..Self::of(id, users)? })
    }
}

#[derive(Serialize)]
pub(super) struct List<'a> {
    posts: Connection<Titled<'a>>,
}

#[derive(Serialize)]
struct Titled<'a> {
    id: String,
    title: &'a str,
}

impl<'a> List<'a> {
    pub(super) fn of(page: &'a Slice<Post>) -> Self {
        let titled = |post: &'a Post| Titled { id: GlobalId::from(post.id).to_string(), title: &post.title };
        let nodes = page.items.iter().map(titled).collect();
        Self { posts: Connection { nodes, page_info: page_info(page, CursorField::PostsNewest) } }
    }
}

fn page_info(page: &Slice<Post>, field: CursorField) -> PageInfo {
    let end_cursor = page.items.last().map(|post| cursor::encode(field, &post.id));
    PageInfo { has_next_page: page.has_more, end_cursor }
}

#[derive(Serialize)]
pub(super) struct OnePost<'a> {
    post: Whole<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    id: String,
    title: &'a str,
    content: Option<&'a str>,
    created_at: String,
    like_count: u64,
    author: Option<Author<'a>>,
}

impl<'a> OnePost<'a> {
    pub(super) fn of(post: &'a Post, authors: &'a HashMap<UserId, User>) -> Self {
        let post = Whole {
            id: GlobalId::from(post.id).to_string(),
            title: &post.title,
            content: post.content.as_deref(),
            created_at: post.created_at.to_string(),
            like_count: post.like_count,
            author: Author::named(post.author, authors),
        };
        Self { post }
    }
}

#[derive(Serialize)]
pub(super) struct Feed<'a> {
    feed: Connection<Fed<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fed<'a> {
    id: String,
    title: &'a str,
    created_at: String,
    like_count: u64,
    author: Option<Author<'a>>,
    likes: Nodes<Liked<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Liked<'a> {
    created_at: String,
    user: Option<Author<'a>>,
}

impl<'a> Feed<'a> {
    pub(super) fn of(
        page: &'a Slice<Post>,
        likes: &'a HashMap<PostId, Slice<Like>>,
        users: &'a HashMap<UserId, User>,
    ) -> Self {
        let liked =
            |like: &Like| Liked { created_at: like.created_at.to_string(), user: Author::of(like.id.user, users) };
        let fed = |post: &'a Post| Fed {
            id: GlobalId::from(post.id).to_string(),
            title: &post.title,
            created_at: post.created_at.to_string(),
            like_count: post.like_count,
            author: Author::named(post.author, users).map(|author| Author {
                followers_count: users.get(&post.author).map(|user| user.followers_count),
                ..author
            }),
            likes: Nodes { nodes: likes.get(&post.id).into_iter().flat_map(|likes| &likes.items).map(liked).collect() },
        };
        let nodes = page.items.iter().map(fed).collect();
        Self { feed: Connection { nodes, page_info: page_info(page, CursorField::Feed) } }
    }
}

#[derive(Serialize)]
pub(super) struct Search<'a> {
    search: Found<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    nodes: Vec<Hit<'a>>,
    page_info: HasNext,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HasNext {
    has_next_page: bool,
}

#[derive(Serialize)]
struct Hit<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'a str,
    node: Option<Node<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Node<'a> {
    #[serde(rename = "__typename")]
    typename: &'static str,
    id: String,
    title: &'a str,
    like_count: u64,
    author: Option<Author<'a>>,
}

impl<'a> Search<'a> {
    pub(super) fn of(
        found: &'a SearchAnswer,
        posts: &'a HashMap<PostId, Post>,
        authors: &'a HashMap<UserId, User>,
    ) -> Self {
        let node = |post: &'a Post| Node {
            typename: "Post",
            id: GlobalId::from(post.id).to_string(),
            title: &post.title,
            like_count: post.like_count,
            author: Author::of(post.author, authors),
        };
        let hits = found.hits.iter().map(|hit| Hit {
            kind: "POST",
            title: &hit.title,
            node: post_of(hit.target).and_then(|id| posts.get(&id)).map(node),
        });
        Self { search: Found { nodes: hits.collect(), page_info: HasNext { has_next_page: found.has_more } } }
    }
}
