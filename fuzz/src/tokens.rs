//! Ids and cursors: what clients hand back without looking into it.

use polygraph::domain::cursor::{decode, encode};
use polygraph::domain::{ByCount, ByHandle, ByScore, ByTime, CursorField, CursorKey, GlobalId, PostId, UserId};

/// An id has one text, and one type.
pub fn ids(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(id) = GlobalId::parse(text) else { return };
    assert_eq!(id.to_string(), text);
    assert_eq!(id.user().is_ok(), matches!(id, GlobalId::User(_)));
    assert_eq!(id.post().is_ok(), matches!(id, GlobalId::Post(_)));
}

/// A cursor has one text, and one list.
pub fn cursors(data: &[u8]) {
    use CursorField::*;

    let Ok(text) = std::str::from_utf8(data) else { return };
    let lists = [
        list::<UserId>(text, &[UsersNewest]),
        list::<ByHandle>(text, &[UsersHandle]),
        list::<ByCount>(text, &[UsersMostFollowed, PostsMostLiked, Recommended]),
        list::<PostId>(text, &[PostsNewest, Feed, UserPosts]),
        list::<ByScore>(text, &[SearchRelevance]),
        list::<uuid::Uuid>(text, &[SearchNewest]),
        list::<ByTime>(text, &[Followers, Following, MutualFollowers, LikedPosts, PostLikes]),
    ];
    assert!(lists.into_iter().sum::<usize>() <= 1, "a cursor of several lists");
}

/// In how many of these lists the text is a cursor.
fn list<K: CursorKey>(text: &str, fields: &[CursorField]) -> usize {
    let read = fields.iter().filter_map(|field| Some((*field, decode::<K>(*field, text).ok()?)));
    read.inspect(|(field, key)| assert_eq!(encode(*field, key), text)).count()
}
