//! More keys in one call than a command may have: what each is answered.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use polygraph::domain::{AuthorStats, Like, LikeId, Page, Post, PostFields, PostId, UserId};
use polygraph::ports::{LikedPost, NewPost, PostStore};

use super::world::{moment, post, user};

/// More than go into one command of MongoDB ([`polygraph::stores::mongo::query::MAX_KEYS`]), and not a multiple of it.
const KEYS: u64 = 6_000;
/// As many as a store writes at once while it is filled.
const AT_ONCE: usize = 1_000;

/// As many authors with a post each, which is liked by the author of the next one.
pub(super) struct Crowd {
    pub(super) authors: Vec<UserId>,
    posts: Vec<NewPost>,
    pub(super) likes: Vec<Like>,
}

impl Crowd {
    pub(super) async fn fill(store: &dyn PostStore) -> Self {
        let authors: Vec<UserId> = (0..KEYS).map(user).collect();
        let posts: Vec<NewPost> = (0..).zip(&authors).map(|(n, &author)| post(n, author)).collect();
        let like = |(n, post): (usize, &NewPost)| Like {
            id: LikeId { post: post.id, user: authors[(n + 1) % authors.len()] },
            author: post.author,
            created_at: moment(100_000 + n as i64 / 3),
        };
        let likes: Vec<Like> = posts.iter().enumerate().map(like).collect();
        for posts in posts.chunks(AT_ONCE) {
            assert_eq!(store.insert_posts(posts).await.unwrap(), posts.len() as u64);
        }
        for likes in likes.chunks(AT_ONCE) {
            assert_eq!(store.insert_likes(likes).await.unwrap(), likes.len() as u64);
        }
        Self { authors, posts, likes }
    }

    /// The posts, in an order that is not that of their ids.
    pub(super) fn posts(&self) -> Vec<PostId> {
        self.posts.iter().map(|post| post.id).collect()
    }

    pub(super) fn liked_posts(&self) -> Vec<LikedPost> {
        self.posts.iter().map(|post| LikedPost { id: post.id, like_count: 1 }).collect()
    }

    fn read(&self) -> HashMap<PostId, Post> {
        let read = |post: &NewPost| Post {
            id: post.id,
            author: post.author,
            title: post.title.clone(),
            content: Some(post.content.clone()),
            created_at: post.created_at,
            updated_at: post.created_at,
            revision: 1,
            like_count: 1,
            version: 2,
        };
        self.posts.iter().map(|post| (post.id, read(post))).collect()
    }
}

pub(super) async fn thousands_of_keys_at_once(store: Arc<dyn PostStore>) {
    let crowd = Crowd::fill(&*store).await;
    let (mut ids, read) = (crowd.posts(), crowd.read());
    // The absent are spread among the others, so that there are some in each command.
    let absent: Vec<PostId> = (0..100).map(|n| post(KEYS + n, user(KEYS)).id).collect();
    absent.iter().enumerate().for_each(|(n, &id)| ids.insert(n * 60, id));

    assert_eq!(store.posts_by_id(&ids, PostFields::ALL).await.unwrap(), read);
    let likes: Vec<LikeId> = crowd.likes.iter().map(|like| like.id).collect();
    let found = store.likes_by_id(&likes).await.unwrap();
    assert_eq!(found, crowd.likes.iter().map(|like| (like.id, *like)).collect());
    let stats = store.author_stats(&crowd.authors).await.unwrap();
    assert_eq!(stats.len(), crowd.authors.len());
    assert!(stats.values().all(|stats| *stats == AuthorStats { posts: 1, likes: 1 }));
    // The first author likes the last post: it is in the last command.
    let (liker, liked) = (crowd.likes.last().unwrap().id.user, crowd.likes.last().unwrap().id.post);
    assert_eq!(store.liked_among(liker, &ids).await.unwrap(), HashSet::from([liked]));
}

pub(super) async fn lists_of_thousands_of_parents_at_once(store: Arc<dyn PostStore>) {
    let crowd = Crowd::fill(&*store).await;
    let read = crowd.read();
    let of_authors = store.posts_of_authors(&crowd.authors, &Page::first(3), PostFields::ALL).await.unwrap();
    let posts: HashMap<PostId, Post> = of_authors
        .into_iter()
        .map(|(author, slice)| {
            assert_eq!((slice.items.len(), slice.has_more, slice.items[0].author), (1, false, author));
            (slice.items[0].id, slice.items[0].clone())
        })
        .collect();
    assert_eq!(posts, read);

    let of_posts = store.likes_of_posts(&crowd.liked_posts(), &Page::first(3)).await.unwrap();
    assert_eq!(of_posts.len(), crowd.likes.len());
    for like in &crowd.likes {
        assert_eq!((&of_posts[&like.id.post].items[..], of_posts[&like.id.post].has_more), (&[*like][..], false));
    }
    let by_users = store.likes_by_users(&crowd.authors, &Page::first(3)).await.unwrap();
    assert_eq!(by_users.len(), crowd.likes.len());
    for like in &crowd.likes {
        assert_eq!((&by_users[&like.id.user].items[..], by_users[&like.id.user].has_more), (&[*like][..], false));
    }
    // Lists of many authors together come in the order of the whole.
    let mut newest: Vec<PostId> = read.keys().copied().collect();
    newest.sort_unstable_by(|one, other| other.cmp(one));
    let feed = store.feed(&crowd.authors, &Page::first(50), PostFields::default()).await.unwrap();
    assert_eq!(feed.items.iter().map(|post| post.id).collect::<Vec<_>>(), newest[..50]);
    assert!(feed.has_more);
    let viewer = user(KEYS);
    let recommended = store.recommended(viewer, &crowd.authors, &Page::first(50), PostFields::default()).await.unwrap();
    let recommended: Vec<(PostId, u64)> = recommended.items.iter().map(|(post, likers)| (post.id, *likers)).collect();
    assert_eq!(recommended, newest[..50].iter().map(|&id| (id, 1)).collect::<Vec<_>>());
}
