//! The floor: the five queries by hand. An axum handler that makes the same calls of the same store adapters as
//! Polygraph, one after the other or side by side as they depend on each other, and writes the answer from structs.
//!
//! It knows these five texts and nothing else: what it costs less than Polygraph is what GraphQL costs.

mod answers;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::future::try_join;
use polygraph::app::{OpenStores, SystemClock};
use polygraph::config::Config;
use polygraph::domain::search::{
    SearchExtras, SearchFilter, SearchPage, SearchRequest, SearchTarget, SearchText, SearchType,
};
use polygraph::domain::{GlobalId, Page, Post, PostFields, PostId, Slice, User, UserId};
use polygraph::ports::{Clock, LikedPost, Stores};
use polygraph::services::feed::fetch_feed;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::Failure;

/// What of posts the queries read, but for the one that reads a post as a whole.
const WITHOUT_CONTENT: PostFields = PostFields { content: false };

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    query: std::borrow::Cow<'a, str>,
    #[serde(default)]
    variables: Variables,
}

#[derive(Default, Deserialize)]
struct Variables {
    id: Option<String>,
    text: Option<String>,
}

/// Serves until it is killed. The stores are those that the environment names.
pub(crate) async fn serve() -> Result<(), Failure> {
    let env: Vec<_> = std::env::vars_os().filter(|(name, _)| name != "HOST" && name != "PORT").collect();
    let config = Config::from_sources(None, &env, &[])?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let stores = OpenStores::open(&config, clock)?.layered();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("Listening on http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/graphql", post(answer)).with_state(stores)).await?;
    Ok(())
}

async fn answer(State(stores): State<Stores>, headers: HeaderMap, body: Bytes) -> Response {
    match try_answer(&stores, &headers, &body).await {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response(),
        Err(failure) => (StatusCode::INTERNAL_SERVER_ERROR, failure.to_string()).into_response(),
    }
}

async fn try_answer(stores: &Stores, headers: &HeaderMap, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let request: Request<'_> = serde_json::from_slice(body)?;
    let name = request.query.split_ascii_whitespace().nth(1).unwrap_or_default();
    let Variables { id, text } = request.variables;
    match name.split('(').next().unwrap_or_default() {
        "Hello" => written(&answers::Hello { typename: "Query" }),
        "Post" => fetch_post(stores, GlobalId::parse(&id.ok_or("no id")?)?.post()?).await,
        "List" => {
            let page = stores.posts.posts_newest(&Page::first(20), WITHOUT_CONTENT).await?;
            written(&answers::List::of(&page))
        }
        "Feed" => {
            let viewer = headers.get("x-viewer").and_then(|id| id.to_str().ok()).ok_or("nobody asks")?;
            feed(stores, GlobalId::parse(viewer)?.user()?).await
        }
        "Search" => search(stores, &text.ok_or("no text")?).await,
        other => Err(format!("{other} is none of the five").into()),
    }
}

async fn fetch_post(stores: &Stores, id: PostId) -> Result<Vec<u8>, Failure> {
    let posts = stores.posts.posts_by_id(&[id], PostFields::ALL).await?;
    let post = posts.get(&id).ok_or("there is no such post")?;
    let authors = stores.users.users_by_id(&[post.author]).await?;
    written(&answers::OnePost::of(post, &authors))
}

async fn feed(stores: &Stores, viewer: UserId) -> Result<Vec<u8>, Failure> {
    let page: Slice<Post> = fetch_feed(stores, viewer, &Page::first(50), WITHOUT_CONTENT).await?;
    let posts: Vec<_> = page.items.iter().map(LikedPost::from).collect();
    let three = Page::first(3);
    let (authors, likes) = try_join(
        stores.users.users_by_id(&distinct(page.items.iter().map(|post| post.author))),
        stores.posts.likes_of_posts(&posts, &three),
    )
    .await?;
    let likers = likes.values().flat_map(|likes| likes.items.iter().map(|like| like.id.user));
    let unknown = distinct(likers.filter(|liker| !authors.contains_key(liker)));
    let mut users: HashMap<UserId, User> = authors;
    users.extend(stores.users.users_by_id(&unknown).await?);
    written(&answers::Feed::of(&page, &likes, &users))
}

async fn search(stores: &Stores, text: &str) -> Result<Vec<u8>, Failure> {
    let request = SearchRequest {
        text: SearchText::parse(text)?,
        filter: SearchFilter { only: Some(SearchType::Post), ..SearchFilter::default() },
        page: SearchPage::Relevance(Page::first(20)),
        extras: SearchExtras::default(),
    };
    let found = stores.search.search(&request).await?;
    let ids: Vec<_> = found.hits.iter().filter_map(|hit| post_of(hit.target)).collect();
    let posts = stores.posts.posts_by_id(&ids, WITHOUT_CONTENT).await?;
    let authors = stores.users.users_by_id(&distinct(posts.values().map(|post| post.author))).await?;
    written(&answers::Search::of(&found, &posts, &authors))
}

fn post_of(target: SearchTarget) -> Option<PostId> {
    match target {
        SearchTarget::Post(id) => Some(id),
        SearchTarget::User(_) => None,
    }
}

fn distinct(users: impl Iterator<Item = UserId>) -> Vec<UserId> {
    let mut users: Vec<_> = users.collect();
    users.sort_unstable();
    users.dedup();
    users
}

fn written(data: &impl Serialize) -> Result<Vec<u8>, Failure> {
    Ok(serde_json::to_vec(&answers::Answer { data })?)
}
