//! Cursors: opaque positions in a list, bound to the field and order that gave them out.
//!
//! A cursor is the base64url form of a format version, the list's number and the sort key of one item, so it
//! stays valid when items are added or removed around it. It is not bound to the parent: a cursor of one
//! user's posts works on another's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::{InvalidInput, PostId, Timestamp, UserId};

const VERSION: u8 = 1;
/// No cursor of ours is longer: a version, a field and the longest handle, or a score and an id.
const MAX_TEXT: usize = 64;

/// The list that a cursor belongs to. The numbers are part of the format: they are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CursorField {
    /// `Query.users`, NEWEST.
    UsersNewest = 1,
    /// `Query.users`, HANDLE.
    UsersHandle = 2,
    /// `Query.users`, MOST_FOLLOWED.
    UsersMostFollowed = 3,
    /// `Query.posts`, NEWEST.
    PostsNewest = 4,
    /// `Query.posts`, MOST_LIKED.
    PostsMostLiked = 5,
    /// `Query.feed`.
    Feed = 6,
    /// `Query.search`, RELEVANCE.
    SearchRelevance = 7,
    /// `Query.search`, NEWEST.
    SearchNewest = 8,
    /// `Query.recommendedPosts`.
    Recommended = 9,
    /// `User.followers`.
    Followers = 10,
    /// `User.following`.
    Following = 11,
    /// `User.mutualFollowers`.
    MutualFollowers = 12,
    /// `User.posts`.
    UserPosts = 13,
    /// `User.likedPosts`.
    LikedPosts = 14,
    /// `Post.likes`.
    PostLikes = 15,
}

/// The sort key of an item, as a cursor carries it.
pub trait CursorKey: Sized {
    /// Appends the key's bytes.
    fn write(&self, out: &mut Vec<u8>);
    /// Reads the key from exactly these bytes; `None` when they are not a key.
    fn read(bytes: &[u8]) -> Option<Self>;
}

/// The cursor of the item with this sort key in the list `field`.
pub fn encode<C: CursorKey>(field: CursorField, key: &C) -> String {
    let mut bytes = Vec::with_capacity(34);
    bytes.extend_from_slice(&[VERSION, field as u8]);
    key.write(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The sort key in a cursor that a client sent.
///
/// # Errors
/// [`InvalidInput`] when it is not a cursor of ours, or one of another list.
pub fn decode<C: CursorKey>(field: CursorField, text: &str) -> Result<C, InvalidInput> {
    let malformed = || InvalidInput::new("This is not a cursor of this API. Pass cursors as the API returned them.");
    if text.len() > MAX_TEXT {
        return Err(malformed());
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
    match bytes.as_slice() {
        [VERSION, found, key @ ..] if *found == field as u8 => C::read(key).ok_or_else(malformed),
        [VERSION, _, ..] => Err(InvalidInput::new("This cursor belongs to another field or order.")),
        _ => Err(malformed()),
    }
}

impl CursorKey for UserId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        Uuid::read(bytes).map(Self)
    }
}

impl CursorKey for PostId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        Uuid::read(bytes).map(Self)
    }
}

impl CursorKey for Uuid {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        Self::from_slice(bytes).ok()
    }
}

/// A position in a list by handle, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ByHandle(pub String);

impl CursorKey for ByHandle {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        super::text::Handle::parse(text).filter(|handle| handle.as_str() == text).map(|handle| Self(handle.into()))
    }
}

/// A position in a list by a number, descending, then by id, descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByCount {
    /// Followers, likes: what the list is ordered by.
    pub count: u64,
    /// The item's id.
    pub id: Uuid,
}

impl CursorKey for ByCount {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.count.to_be_bytes());
        self.id.write(out);
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        let (count, id) = bytes.split_first_chunk::<8>()?;
        // Every store counts in signed 64-bit integers.
        let count = u64::from_be_bytes(*count);
        i64::try_from(count).ok()?;
        Some(Self { count, id: Uuid::read(id)? })
    }
}

/// A position in a list of relations (follows, likes), newest first, then by the other side's id, descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByTime {
    /// When the relation began.
    pub at: Timestamp,
    /// The id of its other side: the follower, the liker, the liked post.
    pub id: Uuid,
}

impl CursorKey for ByTime {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.at.millis().to_be_bytes());
        self.id.write(out);
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        let (at, id) = bytes.split_first_chunk::<8>()?;
        let at = i64::from_be_bytes(*at);
        let clamped = Timestamp::from_millis(at);
        (clamped.millis() == at).then_some(())?;
        Some(Self { at: clamped, id: Uuid::read(id)? })
    }
}

/// A position in a list by relevance, descending, then by id, descending.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ByScore {
    /// The engine's score: finite.
    pub score: f32,
    /// The found thing's id.
    pub id: Uuid,
}

impl CursorKey for ByScore {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.score.to_be_bytes());
        self.id.write(out);
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        let (score, id) = bytes.split_first_chunk::<4>()?;
        let score = f32::from_be_bytes(*score);
        score.is_finite().then_some(())?;
        Some(Self { score, id: Uuid::read(id)? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_given_out_is_read_back(count in 0..i64::MAX as u64, id in any::<u128>(), millis in -1_000_000_000_i64..4_000_000_000_000, score in -1e6f32..1e6) {
            let id = Uuid::from_u128(id);
            let by_count = ByCount { count, id };
            prop_assert_eq!(decode::<ByCount>(CursorField::PostsMostLiked, &encode(CursorField::PostsMostLiked, &by_count)), Ok(by_count));
            let by_time = ByTime { at: Timestamp::from_millis(millis), id };
            prop_assert_eq!(decode::<ByTime>(CursorField::Followers, &encode(CursorField::Followers, &by_time)), Ok(by_time));
            let by_score = ByScore { score, id };
            prop_assert_eq!(decode::<ByScore>(CursorField::SearchRelevance, &encode(CursorField::SearchRelevance, &by_score)), Ok(by_score));
        }

        #[test]
        fn a_cursor_of_another_list_is_refused(id in any::<u128>()) {
            let cursor = encode(CursorField::PostsNewest, &PostId(Uuid::from_u128(id)));
            prop_assert!(decode::<PostId>(CursorField::Feed, &cursor).is_err());
            prop_assert!(decode::<PostId>(CursorField::PostsNewest, &cursor).is_ok());
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(text in ".{0,80}", bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert!(decode::<PostId>(CursorField::PostsNewest, &text).is_err());
            let forged = URL_SAFE_NO_PAD.encode([&[VERSION, CursorField::Followers as u8][..], &bytes].concat());
            let _ = decode::<ByTime>(CursorField::Followers, &forged);
        }
    }

    #[test]
    fn a_handle_in_a_cursor_is_a_handle() {
        let cursor = encode(CursorField::UsersHandle, &ByHandle("demo".into()));
        assert_eq!(decode(CursorField::UsersHandle, &cursor), Ok(ByHandle("demo".into())));
        let forged = encode(CursorField::UsersHandle, &ByHandle("x'; --".into()));
        assert!(decode::<ByHandle>(CursorField::UsersHandle, &forged).is_err());
    }
}
