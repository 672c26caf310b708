//! The model: a small world of posts and likes, full of ties, and what each list must hold.

use std::collections::{BTreeMap, HashSet};

use polygraph::domain::id::uuid_v7;
use polygraph::domain::{AuthorStats, ByCount, ByTime, Like, LikeId, Post, PostId, Timestamp, UserId};
use polygraph::ports::{LikedPost, NewPost, PostStore};

/// 2025-01-01T00:00:00Z.
const START: i64 = 1_735_689_600_000;

/// Everything that a store was given.
pub(crate) struct World {
    pub(crate) users: Vec<UserId>,
    pub(crate) posts: Vec<NewPost>,
    pub(crate) likes: Vec<Like>,
}

impl World {
    /// 12 users, 61 posts (three to a millisecond), and as many likes as make ties in every order. The last user
    /// writes and likes nothing.
    pub(crate) fn small() -> Self {
        let users: Vec<UserId> = (0..12).map(user).collect();
        let posts: Vec<NewPost> = (0..61).map(|n| post(n, users[(mix(n) % 8) as usize])).collect();
        let mut likes = Vec::new();
        for (n, post) in (0..).zip(&posts) {
            for (k, liker) in (0..).zip(&users[..11]) {
                if mix(n * 100 + k) % 11 < [0, 0, 1, 4, 4, 9][(n % 6) as usize] {
                    let at = moment(100_000 + (mix(n + 7 * k) % 5) as i64);
                    likes.push(Like {
                        id: LikeId { post: post.id, user: *liker },
                        author: post.author,
                        created_at: at,
                    });
                }
            }
        }
        Self { users, posts, likes }
    }

    /// Two posts each of this many authors, and no likes.
    pub(crate) fn of_authors(count: u64) -> Self {
        let users: Vec<UserId> = (0..count).map(user).collect();
        let posts = (0..2 * count).map(|n| post(n, users[(n % count) as usize])).collect();
        Self { users, posts, likes: Vec::new() }
    }

    /// 90 posts by three users, all of them liked by two others, in ties of seven.
    pub(crate) fn of_the_busy() -> Self {
        let users: Vec<UserId> = (0..6).map(user).collect();
        let posts: Vec<NewPost> = (0..90).map(|n| post(n, users[(mix(n) % 3) as usize])).collect();
        let like = |(n, post): (i64, &NewPost), user: UserId| {
            let id = LikeId { post: post.id, user };
            Like { id, author: post.author, created_at: moment(100_000 + n / 7) }
        };
        let likes = [users[3], users[4]].map(|user| (0..).zip(&posts).map(move |post| like(post, user)));
        let likes = likes.into_iter().flatten().collect();
        Self { users, posts, likes }
    }

    /// One post by the first user, liked by all.
    pub(crate) fn of_one_post(likers: u64) -> Self {
        let users: Vec<UserId> = (0..likers).map(user).collect();
        let post = post(0, users[0]);
        let like = |(n, &user): (i64, &UserId)| Like {
            id: LikeId { post: post.id, user },
            author: post.author,
            created_at: moment(100_000 + n),
        };
        let likes = (0..).zip(&users).map(like).collect();
        Self { users, posts: vec![post], likes }
    }

    /// Puts everything into a store.
    pub(crate) async fn fill(self, store: &dyn PostStore) -> Self {
        assert_eq!(store.insert_posts(&self.posts).await.unwrap(), self.posts.len() as u64);
        assert_eq!(store.insert_likes(&self.likes).await.unwrap(), self.likes.len() as u64);
        self
    }

    /// A post as it must be read, with its text.
    fn read(&self, new: &NewPost) -> Post {
        let like_count = self.likes.iter().filter(|like| like.id.post == new.id).count() as u64;
        Post {
            id: new.id,
            author: new.author,
            title: new.title.clone(),
            content: Some(new.content.clone()),
            created_at: new.created_at,
            updated_at: new.created_at,
            revision: 1,
            like_count,
            version: 1 + like_count,
        }
    }

    /// All posts by these authors (all of them, where there are none), newest first.
    pub(crate) fn newest(&self, authors: &[UserId]) -> Vec<Post> {
        let wanted = |post: &&NewPost| authors.is_empty() || authors.contains(&post.author);
        let mut posts: Vec<Post> = self.posts.iter().filter(wanted).map(|post| self.read(post)).collect();
        posts.sort_by_key(|post| std::cmp::Reverse(post.id));
        posts
    }

    pub(crate) fn most_liked(&self, authors: &[UserId]) -> Vec<Post> {
        let mut posts = self.newest(authors);
        posts.sort_by_key(|post| std::cmp::Reverse(post.like_count));
        posts
    }

    pub(crate) fn likes_of(&self, post: PostId) -> Vec<Like> {
        let mut likes: Vec<Like> = self.likes.iter().filter(|like| like.id.post == post).copied().collect();
        likes.sort_by_key(|like| std::cmp::Reverse((like.created_at, like.id.user)));
        likes
    }

    pub(crate) fn likes_by(&self, user: UserId) -> Vec<Like> {
        let mut likes: Vec<Like> = self.likes.iter().filter(|like| like.id.user == user).copied().collect();
        likes.sort_by_key(|like| std::cmp::Reverse((like.created_at, like.id.post)));
        likes
    }

    pub(crate) fn recommended(&self, viewer: UserId, likers: &[UserId]) -> Vec<(Post, u64)> {
        let seen: HashSet<PostId> = self.likes_by(viewer).iter().map(|like| like.id.post).collect();
        let liked_by =
            |post: &Post| self.likes_of(post.id).iter().filter(|like| likers.contains(&like.id.user)).count();
        let posts = self.newest(&[]).into_iter().filter(|post| post.author != viewer && !seen.contains(&post.id));
        let mut counted: Vec<(Post, u64)> =
            posts.map(|post| (liked_by(&post) as u64, post)).map(|(n, p)| (p, n)).collect();
        counted.retain(|(_, count)| *count > 0);
        counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counted
    }

    /// The counts of those who have any.
    pub(crate) fn stats(&self) -> BTreeMap<UserId, AuthorStats> {
        let mut stats: BTreeMap<UserId, AuthorStats> = BTreeMap::new();
        for post in &self.posts {
            stats.entry(post.author).or_default().posts += 1;
        }
        for like in &self.likes {
            stats.entry(like.id.user).or_default().likes += 1;
        }
        stats
    }
}

pub(crate) fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_millis(START + 1_000 * seconds)
}

pub(crate) fn user(n: u64) -> UserId {
    UserId(uuid_v7(Timestamp::from_millis(START - 1_000_000 + n as i64), random(n)))
}

/// Posts come three to a moment: within it their ids are in no order.
pub(crate) fn post(n: u64, author: UserId) -> NewPost {
    let created_at = moment((n / 3) as i64);
    NewPost {
        id: PostId(uuid_v7(created_at, random(1_000 + n))),
        author,
        title: format!("Post {n}"),
        content: format!("What post {n} says, ünïcödé included."),
        created_at,
    }
}

/// Asks for the likes of a post of which it is not known how many it has.
pub(crate) fn with_likes(id: PostId) -> LikedPost {
    LikedPost { id, like_count: 0 }
}

pub(crate) fn by_likes(post: &Post) -> ByCount {
    ByCount { count: post.like_count, id: post.id.0 }
}

pub(crate) fn by_time_and_user(like: &Like) -> ByTime {
    ByTime { at: like.created_at, id: like.id.user.0 }
}

pub(crate) fn by_time_and_post(like: &Like) -> ByTime {
    ByTime { at: like.created_at, id: like.id.post.0 }
}

fn random(n: u64) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&mix(n).to_be_bytes());
    bytes[8..].copy_from_slice(&(n as u16).to_be_bytes());
    bytes
}

/// Numbers without a pattern, the same in every run (splitmix64).
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
