//! Enough rows that reading more than a page shows.

use std::collections::HashSet;

use polygraph::domain::text::Handle;
use polygraph::domain::{Like, LikeId, PostId, Timestamp, UserId, id};
use polygraph::ports::{NewFollow, NewPost, NewUser, PostStore, UserStore};

/// How many users there are. The first [`PARENTS`] of them have many relations each.
const USERS: usize = 5_000;
/// How many parents a batch asks for.
pub(super) const PARENTS: usize = 20;
pub(super) const RELATIONS: usize = 200;
const AUTHORS: usize = 1_000;
/// How many posts each of [`Data::likers`] likes.
pub(super) const LIKES_OF_LIKER: usize = 10;
/// The first of them among the users: none has any other relation.
const FIRST_LIKER: usize = 1_500;

/// What stands in the tables.
pub(super) struct Data {
    pub(super) users: Vec<UserId>,
    pub(super) posts: Vec<PostId>,
}

impl Data {
    /// The ids, with nothing stored.
    pub(super) fn new() -> Self {
        let id = |kind: u8, n: usize| id::uuid_v7(moment(n), [kind; 10]);
        Self {
            users: (0..USERS).map(|n| id(1, n).into()).collect(),
            posts: (0..posts()).map(|n| id(2, n).into()).collect(),
        }
    }

    /// The batch that is asked for.
    pub(super) fn parents(&self) -> &[UserId] {
        &self.users[..PARENTS]
    }

    /// All who have written something.
    pub(super) fn authors(&self) -> &[UserId] {
        &self.users[..AUTHORS]
    }

    /// Whom these follow, taken together: once for each follow.
    pub(super) fn followees(&self, followers: &[UserId]) -> Vec<UserId> {
        let followers: HashSet<&UserId> = followers.iter().collect();
        let follows = self.new_follows().into_iter().filter(|follow| followers.contains(&follow.follower));
        follows.map(|follow| follow.followed).collect()
    }

    /// Those who like a few posts each, and between them most of what is liked.
    pub(super) fn likers(&self) -> &[UserId] {
        &self.users[FIRST_LIKER..]
    }

    /// All of it, stored.
    pub(super) async fn stored(users: &dyn UserStore, posts: &dyn PostStore) -> Self {
        let data = Self::new();
        for chunk in data.new_users().chunks(1_000) {
            users.insert_users(chunk).await.expect("users");
        }
        for chunk in data.new_follows().chunks(1_000) {
            users.insert_follows(chunk).await.expect("follows");
        }
        for chunk in data.new_posts().chunks(1_000) {
            posts.insert_posts(chunk).await.expect("posts");
        }
        for chunk in data.new_likes().chunks(1_000) {
            posts.insert_likes(chunk).await.expect("likes");
        }
        data
    }

    fn new_users(&self) -> Vec<NewUser> {
        let user = |(n, &id): (usize, &UserId)| NewUser {
            id,
            handle: Handle::parse(&format!("user_{n}")).expect("a handle"),
            name: format!("User {n}"),
            bio: Some("A bio of some length, as people write them.".into()),
            email: format!("user{n}@example.org"),
            password_hash: None,
            created_at: moment(n),
        };
        self.users.iter().enumerate().map(user).collect()
    }

    /// Each parent follows many and is followed by many.
    fn new_follows(&self) -> Vec<NewFollow> {
        let relation = |parent: usize, n: usize| {
            let (parent, other) =
                (self.users[parent], self.users[PARENTS + (parent * 97 + n * 13) % (USERS - PARENTS)]);
            let created_at = moment(n / 2);
            [
                NewFollow { follower: parent, followed: other, created_at },
                NewFollow { follower: other, followed: parent, created_at },
            ]
        };
        let of_parents = (0..PARENTS).flat_map(|parent| (0..RELATIONS).flat_map(move |n| relation(parent, n)));
        // And everybody else follows a few: what a statement about the parents must not read.
        let others = USERS - PARENTS;
        let among_others = (0..others).flat_map(move |n| {
            let follow = move |k: usize| NewFollow {
                follower: self.users[PARENTS + n],
                followed: self.users[PARENTS + (n + 1 + k * 331) % others],
                created_at: moment(n),
            };
            (0..4).map(follow)
        });
        of_parents.chain(among_others).collect()
    }

    /// Each parent has written many, other authors a few.
    fn new_posts(&self) -> Vec<NewPost> {
        let post = |(n, &id): (usize, &PostId)| NewPost {
            id,
            author: if n < PARENTS * RELATIONS { self.users[n % PARENTS] } else { self.users[n % AUTHORS] },
            title: format!("Post {n}"),
            content: "Some words. ".repeat(20),
            created_at: moment(n),
        };
        self.posts.iter().enumerate().map(post).collect()
    }

    /// The first posts are liked by many, each parent likes many posts, and each liker a few.
    fn new_likes(&self) -> Vec<Like> {
        let like = |post: usize, user: usize| Like {
            id: LikeId { post: self.posts[post], user: self.users[user] },
            author: self.users[0],
            created_at: moment((post + user) / 2),
        };
        let of_posts = (0..PARENTS).flat_map(|post| (0..RELATIONS).map(move |n| like(post, PARENTS + n * 7)));
        let by_parents = (0..PARENTS).flat_map(|user| (0..RELATIONS).map(move |n| like(PARENTS + n * 11, user)));
        let by_likers = (FIRST_LIKER..USERS)
            .flat_map(|user| (0..LIKES_OF_LIKER).map(move |n| like((user * 37 + n * 101) % posts(), user)));
        of_posts.chain(by_parents).chain(by_likers).collect()
    }
}

fn posts() -> usize {
    PARENTS * RELATIONS + 2 * AUTHORS
}

pub(super) fn moment(n: usize) -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000 + n as i64 * 1_000)
}
