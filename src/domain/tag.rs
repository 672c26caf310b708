//! Tags: what an answer was made from, and what a change touches. An answer that has a tag of a change, and was made
//! before it, is not to be given any more.
//!
//! Reads leave tags ([`crate::ports`] says what each method reads), events bump them ([`Tag::of`]). The two meet here
//! and nowhere else, so this is where it is decided what "changed" means. A tag that is too coarse costs a miss; one
//! that is missing costs a wrong answer. So where an event does not tell exactly what it changed, it bumps more.
//!
//! Three kinds of change tell less than what they do:
//!
//! - `user.updated` does not say which handle was given up or taken, and is also what a repair of counts leaves, in
//!   either store; `post.updated` likewise. They bump what such a repair may change.
//! - `post.deleted` takes likes along without naming the likers: what depends on who likes what also has
//!   [`Tag::Deletions`].
//! - A closed account is hidden from every list at once, while its follows go later and without events: all that is
//!   read of users also has [`Tag::Closures`].

use uuid::Uuid;

use super::event::{Aggregate, Event, Happened};
use super::{PostId, UserId};

/// The version of what tags there are, which reads leave them and which events bump them. It must grow with every
/// change of that: gateways of different versions can't share answers.
pub const VOCABULARY: u32 = 1;

/// Something that answers are made from and that can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tag {
    /// A user: profile, address, both counts of follows; or that there is no such user.
    User(UserId),
    /// Whom a user follows.
    Following(UserId),
    /// Who follows a user.
    Followers(UserId),
    /// A user's counts in the store of posts.
    Stats(UserId),
    /// Which posts a user wrote.
    PostsOf(UserId),
    /// Which posts a user likes.
    LikesBy(UserId),
    /// The likes of all posts of a user, as counts.
    LikesOf(UserId),
    /// A post with its likes; or that there is no such post.
    Post(PostId),

    /// Any [`Tag::User`].
    AnyUser,
    /// Any [`Tag::Following`] or [`Tag::Followers`], and the order of users by followers.
    AnyFollow,
    /// Any [`Tag::Stats`].
    AnyStats,
    /// Any [`Tag::PostsOf`]: which posts there are.
    Posts,
    /// Any [`Tag::LikesBy`] or [`Tag::LikesOf`], and the order of posts by likes.
    AnyLike,
    /// Any [`Tag::Post`].
    AnyPost,

    /// Which users there are.
    Users,
    /// The order of users by handle.
    HandleOrder,
    /// Which handles are nobody's.
    FreeHandles,
    /// Which accounts are closed, and how far what belongs to them is gone.
    Closures,
    /// Which posts were deleted, with all of their likes.
    Deletions,

    /// Users, as the index knows them.
    IndexedUsers,
    /// Posts, as the index knows them.
    IndexedPosts,
    /// Likes, as the index knows them.
    IndexedLikes,
}

impl Tag {
    /// The tags of the truth that an event bumps. Removing follows of a closed account leaves no event, and bumps
    /// [`Tag::Closures`].
    pub fn of(event: &Event) -> Vec<Self> {
        let mut tags = Self::exactly(event.aggregate, event.happened);
        let coarse: Vec<_> = tags.iter().filter_map(|tag| tag.coarse()).filter(|tag| !tags.contains(tag)).collect();
        tags.extend(coarse);
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// The tags of the index that an event bumps, once what it tells of can be searched.
    pub fn of_indexed(event: &Event) -> &'static [Self] {
        match event.happened {
            Happened::UserCreated | Happened::UserUpdated | Happened::UserClosed | Happened::UserDeleted => {
                &[Self::IndexedUsers]
            }
            Happened::UserFollowed { .. } | Happened::UserUnfollowed { .. } => &[],
            Happened::PostCreated { .. } | Happened::PostUpdated { .. } => &[Self::IndexedPosts],
            Happened::PostDeleted { .. } => &[Self::IndexedPosts, Self::IndexedLikes],
            Happened::PostLiked { .. } | Happened::PostUnliked { .. } => &[Self::IndexedLikes],
        }
    }

    /// The tag that stands for all of this tag's kind: every event that bumps this one bumps that one, too. So an
    /// answer that was made from very many things may have the one instead of the many.
    pub fn coarse(self) -> Option<Self> {
        match self {
            Self::User(_) => Some(Self::AnyUser),
            Self::Following(_) | Self::Followers(_) => Some(Self::AnyFollow),
            Self::Stats(_) => Some(Self::AnyStats),
            Self::PostsOf(_) => Some(Self::Posts),
            Self::LikesBy(_) | Self::LikesOf(_) => Some(Self::AnyLike),
            Self::Post(_) => Some(Self::AnyPost),
            _ => None,
        }
    }

    /// Where the tag's epoch is kept: tags share 65,536 places, and those that share one are bumped together.
    pub fn slot(self) -> u16 {
        // FNV-1a: short, the same on every gateway, and spread well enough for what nobody can choose.
        let bytes = [self.number()].into_iter().chain(self.uuid().into_bytes());
        let hash = bytes
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let folded = hash ^ (hash >> 32);
        ((folded ^ (folded >> 16)) & 0xffff) as u16
    }

    /// What the tag is about, without whom or which.
    pub fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Following(_) => "following",
            Self::Followers(_) => "followers",
            Self::Stats(_) => "stats",
            Self::PostsOf(_) => "posts of user",
            Self::LikesBy(_) => "likes by user",
            Self::LikesOf(_) => "likes of user's posts",
            Self::Post(_) => "post",
            Self::AnyUser => "any user",
            Self::AnyFollow => "any follow",
            Self::AnyStats => "any stats",
            Self::Posts => "posts",
            Self::AnyLike => "any like",
            Self::AnyPost => "any post",
            Self::Users => "users",
            Self::HandleOrder => "handle order",
            Self::FreeHandles => "free handles",
            Self::Closures => "closures",
            Self::Deletions => "deletions",
            Self::IndexedUsers => "indexed users",
            Self::IndexedPosts => "indexed posts",
            Self::IndexedLikes => "indexed likes",
        }
    }

    fn exactly(aggregate: Aggregate, happened: Happened) -> Vec<Self> {
        use Happened::{
            PostCreated, PostDeleted, PostLiked, PostUnliked, PostUpdated, UserClosed, UserCreated, UserDeleted,
            UserFollowed, UserUnfollowed, UserUpdated,
        };
        let (user, post) = (UserId(aggregate.uuid()), PostId(aggregate.uuid()));
        match happened {
            UserCreated => vec![Self::User(user), Self::Users, Self::HandleOrder, Self::FreeHandles],
            UserUpdated => {
                let repaired = [Self::AnyFollow, Self::Stats(user)];
                [Self::User(user), Self::HandleOrder, Self::FreeHandles].into_iter().chain(repaired).collect()
            }
            UserClosed | UserDeleted => vec![
                Self::User(user),
                Self::Following(user),
                Self::Followers(user),
                Self::Users,
                Self::HandleOrder,
                Self::FreeHandles,
                Self::Closures,
            ],
            UserFollowed { followed } | UserUnfollowed { followed } => {
                let followed = UserId(followed);
                vec![Self::User(user), Self::User(followed), Self::Following(user), Self::Followers(followed)]
            }
            PostCreated { author } => {
                let author = UserId(author);
                vec![Self::Post(post), Self::PostsOf(author), Self::Stats(author)]
            }
            PostUpdated { author } => vec![Self::Post(post), Self::LikesOf(UserId(author))],
            PostDeleted { author } => {
                let author = UserId(author);
                vec![Self::Post(post), Self::PostsOf(author), Self::Stats(author), Self::Deletions]
            }
            PostLiked { author, user } | PostUnliked { author, user } => {
                let user = UserId(user);
                vec![Self::Post(post), Self::LikesBy(user), Self::LikesOf(UserId(author)), Self::Stats(user)]
            }
        }
    }

    /// Different for each kind; never to be given to another.
    fn number(self) -> u8 {
        match self {
            Self::User(_) => 1,
            Self::Following(_) => 2,
            Self::Followers(_) => 3,
            Self::Stats(_) => 4,
            Self::PostsOf(_) => 5,
            Self::LikesBy(_) => 6,
            Self::LikesOf(_) => 7,
            Self::Post(_) => 8,
            Self::AnyUser => 9,
            Self::AnyFollow => 10,
            Self::AnyStats => 11,
            Self::Posts => 12,
            Self::AnyLike => 13,
            Self::AnyPost => 14,
            Self::Users => 15,
            Self::HandleOrder => 16,
            Self::FreeHandles => 17,
            Self::Closures => 18,
            Self::Deletions => 19,
            Self::IndexedUsers => 20,
            Self::IndexedPosts => 21,
            Self::IndexedLikes => 22,
        }
    }

    fn uuid(self) -> Uuid {
        match self {
            Self::User(id)
            | Self::Following(id)
            | Self::Followers(id)
            | Self::Stats(id)
            | Self::PostsOf(id)
            | Self::LikesBy(id)
            | Self::LikesOf(id) => id.0,
            Self::Post(id) => id.0,
            _ => Uuid::nil(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::event::{Stamp, testing};

    const HERE: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn events() -> Vec<Event> {
        let stamp = Stamp::new(Timestamp::from_millis(0), [0; 10]);
        let event = |happened: Happened| {
            let is_post = happened.name().starts_with("post.");
            let aggregate = if is_post { Aggregate::from(PostId(HERE)) } else { Aggregate::from(UserId(HERE)) };
            stamp.event(aggregate, 1, happened)
        };
        testing::all(OTHER, OTHER, OTHER).map(event).to_vec()
    }

    #[test]
    fn what_stands_for_many_is_bumped_with_each_of_them() {
        for event in events() {
            let tags = Tag::of(&event);
            let distinct: HashSet<_> = tags.iter().collect();
            assert_eq!(distinct.len(), tags.len(), "{event:?}");
            for coarse in tags.iter().filter_map(|tag| tag.coarse()) {
                assert!(tags.contains(&coarse), "{event:?} bumps what {coarse:?} stands for");
            }
        }
    }

    /// Each line is an event: what it bumps of the truth, and of the index once it is there.
    #[test]
    fn every_event_bumps_what_it_changes() {
        let line = |event: &Event| {
            let kinds = |tags: &[Tag]| tags.iter().map(|tag| tag.kind()).collect::<Vec<_>>().join(", ");
            format!("{}: {}; {}", event.happened.name(), kinds(&Tag::of(event)), kinds(Tag::of_indexed(event)))
        };
        insta::assert_snapshot!(events().iter().map(line).collect::<Vec<_>>().join("\n"), @r"
        user.created: user, any user, users, handle order, free handles; indexed users
        user.updated: user, stats, any user, any follow, any stats, handle order, free handles; indexed users
        user.closed: user, following, followers, any user, any follow, users, handle order, free handles, closures; indexed users
        user.deleted: user, following, followers, any user, any follow, users, handle order, free handles, closures; indexed users
        user.followed: user, user, following, followers, any user, any follow; 
        user.unfollowed: user, user, following, followers, any user, any follow; 
        post.created: stats, posts of user, post, any stats, posts, any post; indexed posts
        post.updated: likes of user's posts, post, any like, any post; indexed posts
        post.deleted: stats, posts of user, post, any stats, posts, any post, deletions; indexed posts, indexed likes
        post.liked: stats, likes by user, likes of user's posts, post, any stats, any like, any post; indexed likes
        post.unliked: stats, likes by user, likes of user's posts, post, any stats, any like, any post; indexed likes
        ");
    }

    #[test]
    fn slots_are_spread() {
        let users = (0..10_000).map(|n| Tag::User(UserId(Uuid::from_u128(n))).slot());
        let distinct: HashSet<_> = users.collect();
        // 10,000 balls in 65,536 bins leave about 9,300 bins with any.
        assert!(distinct.len() > 9_000, "{}", distinct.len());
        assert_ne!(Tag::User(UserId(HERE)).slot(), Tag::Followers(UserId(HERE)).slot());
    }
}
