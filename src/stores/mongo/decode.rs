//! Nouns straight from the bytes of an answer: how every page is read.
//!
//! serde reads the same documents by way of an owned value for each id and moment, and the driver's cursor copies each
//! document first. Both cost more CPU than all else that is done with a row, so what is read often is read by hand.
//! Transactions, which read little, use serde (see [`super::document`]).

use mongodb::bson::raw::{RawBsonRef, RawIter};
use mongodb::bson::{RawArray, RawDocument};
use mongodb::error::{Error, Result};
use uuid::Uuid;

use crate::domain::{AuthorStats, Like, LikeId, Post, PostId, Timestamp, UserId};

/// What can be read from a document as the server sent it.
pub(super) trait Decode: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// Where a field is absent or of another type.
    fn decode(document: &RawDocument) -> Result<Self>;
}

/// The fields of a document, to be asked for by name. Asked for in the order in which they stand, they are found in
/// one walk.
struct Reader<'a> {
    document: &'a RawDocument,
    rest: RawIter<'a>,
}

impl<'a> Reader<'a> {
    fn of(document: &'a RawDocument) -> Self {
        Self { document, rest: document.iter_elements() }
    }

    fn optional(&mut self, name: &str) -> Result<Option<RawBsonRef<'a>>> {
        match value(&mut self.rest, name)? {
            Some(found) => Ok(Some(found)),
            None => {
                self.rest = self.document.iter_elements();
                value(&mut self.rest, name)
            }
        }
    }

    fn read<T>(&mut self, name: &str, read: impl Fn(RawBsonRef<'a>) -> Option<T>) -> Result<T> {
        self.optional(name)?.and_then(read).ok_or_else(|| Error::custom(format!("{name} is absent or of another type")))
    }

    fn id(&mut self, name: &str) -> Result<Uuid> {
        self.read(name, |value| Uuid::from_slice(value.as_binary()?.bytes).ok())
    }

    fn text(&mut self, name: &str) -> Result<String> {
        self.read(name, |value| value.as_str().map(str::to_owned))
    }

    fn time(&mut self, name: &str) -> Result<Timestamp> {
        self.read(name, |value| value.as_datetime().map(|at| Timestamp::from_millis(at.timestamp_millis())))
    }

    /// A whole number: the server keeps a small one in 32 bits.
    fn count(&mut self, name: &str) -> Result<u64> {
        let whole = |value: RawBsonRef<'_>| value.as_i64().or_else(|| value.as_i32().map(i64::from));
        self.read(name, |value| u64::try_from(whole(value)?).ok())
    }

    fn document(&mut self, name: &str) -> Result<&'a RawDocument> {
        self.read(name, RawBsonRef::as_document)
    }

    fn array(&mut self, name: &str) -> Result<&'a RawArray> {
        self.read(name, RawBsonRef::as_array)
    }
}

/// The value of the next field of this name.
fn value<'a>(rest: &mut RawIter<'a>, name: &str) -> Result<Option<RawBsonRef<'a>>> {
    for element in rest {
        let element = element?;
        if element.key() == name {
            return Ok(Some(element.value()?));
        }
    }
    Ok(None)
}

/// Every document of a list.
pub(super) fn each<T: Decode>(documents: &RawArray) -> impl Iterator<Item = Result<T>> {
    documents.into_iter().map(|document| match document?.as_document() {
        Some(document) => T::decode(document),
        None => Err(Error::custom("a document was expected".to_owned())),
    })
}

impl Decode for Post {
    fn decode(document: &RawDocument) -> Result<Self> {
        let mut read = Reader::of(document);
        Ok(Self {
            id: PostId(read.id("_id")?),
            author: UserId(read.id("author")?),
            title: read.text("title")?,
            created_at: read.time("createdAt")?,
            updated_at: read.time("updatedAt")?,
            revision: u32::try_from(read.count("revision")?).unwrap_or(u32::MAX),
            like_count: read.count("likeCount")?,
            version: read.count("version")?,
            // Absent where the projection left it out; every stored post has it.
            content: read.optional("content")?.and_then(|content| content.as_str().map(str::to_owned)),
        })
    }
}

impl Decode for Like {
    fn decode(document: &RawDocument) -> Result<Self> {
        let mut read = Reader::of(document);
        let id = LikeId { post: PostId(read.id("post")?), user: UserId(read.id("user")?) };
        Ok(Self { id, author: UserId(read.id("author")?), created_at: read.time("createdAt")? })
    }
}

/// Which like it is, and no more.
impl Decode for LikeId {
    fn decode(document: &RawDocument) -> Result<Self> {
        let mut read = Reader::of(document);
        Ok(Self { post: PostId(read.id("post")?), user: UserId(read.id("user")?) })
    }
}

impl Decode for (UserId, AuthorStats) {
    fn decode(document: &RawDocument) -> Result<Self> {
        let mut read = Reader::of(document);
        let author = UserId(read.id("_id")?);
        Ok((author, AuthorStats { posts: read.count("posts")?, likes: read.count("likes")? }))
    }
}

/// A row of the recommendations' pipeline.
impl Decode for (Post, u64) {
    fn decode(document: &RawDocument) -> Result<Self> {
        let mut read = Reader::of(document);
        let count = read.count("count")?;
        Ok((Post::decode(read.document("post")?)?, count))
    }
}

/// A group, and how many are in it.
pub(super) struct Counted<K> {
    pub(super) of: K,
    pub(super) count: u64,
}

impl Decode for Counted<Uuid> {
    fn decode(document: &RawDocument) -> Result<Self> {
        let mut read = Reader::of(document);
        Ok(Self { of: read.id("_id")?, count: read.count("count")? })
    }
}

impl Decode for Counted<Timestamp> {
    fn decode(document: &RawDocument) -> Result<Self> {
        let mut read = Reader::of(document);
        Ok(Self { of: read.time("_id")?, count: read.count("count")? })
    }
}

/// A parent, and the page of its children.
impl<T: Decode> Decode for (Uuid, Vec<T>) {
    fn decode(document: &RawDocument) -> Result<Self> {
        let mut read = Reader::of(document);
        let parent = read.id("_id")?;
        Ok((parent, each(read.array("of")?).collect::<Result<_>>()?))
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{RawDocumentBuf, doc};

    use super::super::document::{LikeDocument, PostDocument, bson_id, bson_time};
    use super::*;
    use crate::ports::NewPost;

    fn post() -> NewPost {
        let created_at = Timestamp::from_millis(1_700_000_000_123);
        let (id, author) = (PostId(Uuid::from_u128(7)), UserId(Uuid::from_u128(8)));
        NewPost { id, author, title: "Ünique".to_owned(), content: "Once.".to_owned(), created_at }
    }

    #[test]
    fn what_serde_wrote_is_read() {
        let document = PostDocument::from(&post());
        let raw = mongodb::bson::serialize_to_raw_document_buf(&document).unwrap();
        assert_eq!(Post::decode(&raw).unwrap(), Post::from(document));

        let like = Like {
            id: LikeId { post: post().id, user: post().author },
            author: post().author,
            created_at: post().created_at,
        };
        let raw = mongodb::bson::serialize_to_raw_document_buf(&LikeDocument::from(&like)).unwrap();
        assert_eq!(Like::decode(&raw).unwrap(), like);
        assert_eq!(LikeId::decode(&raw).unwrap(), like.id);
    }

    #[test]
    fn fields_are_found_in_any_order_and_counts_in_either_width() {
        let document = doc! {
            "version": 3_i64, "likeCount": 2, "revision": 1_i64, "unknown": [1, 2],
            "updatedAt": bson_time(Timestamp::from_millis(2)), "createdAt": bson_time(Timestamp::from_millis(1)),
            "title": "t", "author": bson_id(Uuid::from_u128(8)), "_id": bson_id(Uuid::from_u128(7)),
        };
        let post = Post::decode(&RawDocumentBuf::try_from(&document).unwrap()).unwrap();
        assert_eq!((post.version, post.like_count, post.revision), (3, 2, 1));
        assert_eq!((post.updated_at.millis(), post.created_at.millis()), (2, 1));
        assert_eq!((post.title.as_str(), post.content), ("t", None));
    }

    #[test]
    fn what_is_absent_or_of_another_type_is_named() {
        for document in [doc! { "posts": 1, "likes": 1 }, doc! { "_id": "text", "posts": 1, "likes": 1 }] {
            let raw = RawDocumentBuf::try_from(&document).unwrap();
            let error = <(UserId, AuthorStats)>::decode(&raw).unwrap_err();
            assert!(error.to_string().contains("_id is absent or of another type"), "{error}");
        }
        let raw = RawDocumentBuf::try_from(&doc! { "_id": bson_id(Uuid::nil()), "posts": -1, "likes": 1 }).unwrap();
        assert!(<(UserId, AuthorStats)>::decode(&raw).is_err(), "a count is never negative");
    }
}
