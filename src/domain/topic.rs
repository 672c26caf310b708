//! What a subscriber wants to be told of, and which events that is.

use super::event::{Aggregate, Event, Happened};
use super::{PostId, UserId};

/// What a subscriber waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Posts as they are published, all or those of one author.
    Posts {
        /// Whose; `None` for everybody's.
        author: Option<UserId>,
    },
    /// A post as it is edited, liked, unliked and deleted.
    Post(PostId),
    /// Likes as they are given; where both are named, both must hold.
    Likes {
        /// Of which post; `None` for all.
        post: Option<PostId>,
        /// Of whose posts; `None` for everybody's.
        author: Option<UserId>,
    },
    /// Posts as they are published by those whom the subscriber follows.
    Feed,
}

/// What an event is about, as far as those need to know who tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct About {
    /// The post.
    pub post: PostId,
    /// Who likes it now, where that is what happened.
    pub liker: Option<UserId>,
}

impl About {
    /// What `event` is about; `None` where no topic has it.
    pub fn of(event: &Event) -> Option<Self> {
        let Aggregate::Post(post) = event.aggregate else { return None };
        let liker = match event.happened {
            Happened::PostLiked { user, .. } => Some(UserId(user)),
            _ => None,
        };
        Some(Self { post: PostId(post), liker })
    }
}

impl Topic {
    /// The topics that an event belongs to.
    pub fn of(event: &Event) -> Vec<Self> {
        let Aggregate::Post(id) = event.aggregate else { return Vec::new() };
        let post = PostId(id);
        match event.happened {
            Happened::PostCreated { author } => {
                vec![Self::Posts { author: None }, Self::Posts { author: Some(UserId(author)) }, Self::Feed]
            }
            Happened::PostUpdated { .. } | Happened::PostDeleted { .. } | Happened::PostUnliked { .. } => {
                vec![Self::Post(post)]
            }
            Happened::PostLiked { author, .. } => {
                let author = UserId(author);
                let likes = [(None, None), (Some(post), None), (None, Some(author)), (Some(post), Some(author))];
                let likes = likes.map(|(post, author)| Self::Likes { post, author });
                likes.into_iter().chain([Self::Post(post)]).collect()
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::event::Stamp;

    const POST: PostId = PostId(Uuid::from_u128(1));
    const AUTHOR: Uuid = Uuid::from_u128(2);
    const USER: Uuid = Uuid::from_u128(3);

    fn topics(of: impl Into<Aggregate>, happened: Happened) -> Vec<Topic> {
        Topic::of(&Stamp::new(Timestamp::from_millis(0), [0; 10]).event(of, 1, happened))
    }

    #[test]
    fn a_like_is_told_to_all_whose_conditions_it_meets() {
        let topics = topics(POST, Happened::PostLiked { author: AUTHOR, user: USER });
        let author = Some(UserId(AUTHOR));
        for (topic, expected) in [
            (Topic::Likes { post: None, author: None }, true),
            (Topic::Likes { post: Some(POST), author }, true),
            (Topic::Likes { post: Some(POST), author: Some(UserId(USER)) }, false),
            (Topic::Post(POST), true),
            (Topic::Posts { author: None }, false),
            (Topic::Feed, false),
        ] {
            assert_eq!(topics.contains(&topic), expected, "{topic:?}");
        }
    }

    #[test]
    fn a_post_is_told_once_to_each() {
        let author = Some(UserId(AUTHOR));
        let published = topics(POST, Happened::PostCreated { author: AUTHOR });
        assert_eq!(published, [Topic::Posts { author: None }, Topic::Posts { author }, Topic::Feed]);
        for happened in [
            Happened::PostUpdated { author: AUTHOR },
            Happened::PostDeleted { author: AUTHOR },
            Happened::PostUnliked { author: AUTHOR, user: USER },
        ] {
            assert_eq!(topics(POST, happened), [Topic::Post(POST)]);
        }
        assert_eq!(topics(UserId(USER), Happened::UserUpdated), []);
    }
}
