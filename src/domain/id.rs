//! Identifiers: typed UUIDs inside, opaque URL-safe strings outside.
//!
//! A global id is the base64url form (RFC 4648 §5, no padding) of one tag byte and the UUIDs it names: 23
//! characters for users and posts, 44 for likes. The tag makes ids typed, so that a post's id can't pass for
//! a user's. Users and posts carry UUIDv7 (RFC 9562 §5.7): ordered by creation, so a page needs no other column.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::{InvalidInput, Timestamp};

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }
    };
}

uuid_id! {
    /// A user's identity in every store.
    UserId
}
uuid_id! {
    /// A post's identity in every store.
    PostId
}

/// A like's identity: who liked what. Liking again after an unlike gives the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LikeId {
    /// The post that was liked.
    pub post: PostId,
    /// Who liked it.
    pub user: UserId,
}

/// An id as clients see it: what it names is known before any store is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GlobalId {
    /// Names a user.
    User(UserId),
    /// Names a post.
    Post(PostId),
    /// Names a like.
    Like(LikeId),
}

const USER: u8 = b'U';
const POST: u8 = b'P';
const LIKE: u8 = b'L';

impl GlobalId {
    /// Reads an id that a client sent.
    ///
    /// # Errors
    /// [`InvalidInput`] when the text is not one of our ids; it says nothing about whether the thing exists.
    pub fn parse(text: &str) -> Result<Self, InvalidInput> {
        let malformed = || InvalidInput::new("This is not an id of this API. Pass ids as the API returned them.");
        // Longer than any id of ours: refused before it is decoded.
        if text.len() > 44 {
            return Err(malformed());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
        let (&tag, rest) = bytes.split_first().ok_or_else(malformed)?;
        match (tag, rest.len()) {
            (USER, 16) => Ok(Self::User(UserId(uuid_at(rest, 0)))),
            (POST, 16) => Ok(Self::Post(PostId(uuid_at(rest, 0)))),
            (LIKE, 32) => Ok(Self::Like(LikeId { post: PostId(uuid_at(rest, 0)), user: UserId(uuid_at(rest, 16)) })),
            _ => Err(malformed()),
        }
    }

    /// The user that this id names.
    ///
    /// # Errors
    /// [`InvalidInput`] when it names something else.
    pub fn user(self) -> Result<UserId, InvalidInput> {
        match self {
            Self::User(id) => Ok(id),
            Self::Post(_) | Self::Like(_) => Err(InvalidInput::new("This id does not name a user.")),
        }
    }

    /// The post that this id names.
    ///
    /// # Errors
    /// [`InvalidInput`] when it names something else.
    pub fn post(self) -> Result<PostId, InvalidInput> {
        match self {
            Self::Post(id) => Ok(id),
            Self::User(_) | Self::Like(_) => Err(InvalidInput::new("This id does not name a post.")),
        }
    }
}

/// `bytes` must hold 16 bytes from `start` on.
fn uuid_at(bytes: &[u8], start: usize) -> Uuid {
    let mut uuid = [0; 16];
    uuid.copy_from_slice(&bytes[start..start + 16]);
    Uuid::from_bytes(uuid)
}

impl fmt::Display for GlobalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(33);
        match self {
            Self::User(id) => {
                bytes.push(USER);
                bytes.extend_from_slice(id.0.as_bytes());
            }
            Self::Post(id) => {
                bytes.push(POST);
                bytes.extend_from_slice(id.0.as_bytes());
            }
            Self::Like(id) => {
                bytes.push(LIKE);
                bytes.extend_from_slice(id.post.0.as_bytes());
                bytes.extend_from_slice(id.user.0.as_bytes());
            }
        }
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl From<UserId> for GlobalId {
    fn from(id: UserId) -> Self {
        Self::User(id)
    }
}

impl From<PostId> for GlobalId {
    fn from(id: PostId) -> Self {
        Self::Post(id)
    }
}

impl From<LikeId> for GlobalId {
    fn from(id: LikeId) -> Self {
        Self::Like(id)
    }
}

/// A UUIDv7 made of a moment and 74 random bits, both handed in (RFC 9562 §5.7).
pub fn uuid_v7(at: Timestamp, random: [u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(at.millis().unsigned_abs(), &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_id() -> impl Strategy<Value = GlobalId> {
        prop_oneof![
            any::<u128>().prop_map(|n| GlobalId::User(UserId(Uuid::from_u128(n)))),
            any::<u128>().prop_map(|n| GlobalId::Post(PostId(Uuid::from_u128(n)))),
            any::<(u128, u128)>().prop_map(|(post, user)| GlobalId::Like(LikeId {
                post: PostId(Uuid::from_u128(post)),
                user: UserId(Uuid::from_u128(user)),
            })),
        ]
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(id in any_id()) {
            let text = id.to_string();
            prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            prop_assert_eq!(GlobalId::parse(&text), Ok(id));
        }

        #[test]
        fn one_text_per_id(text in "[A-Za-z0-9_-]{0,50}") {
            if let Ok(id) = GlobalId::parse(&text) {
                prop_assert_eq!(id.to_string(), text);
            }
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(text in ".{0,80}") {
            let _ = GlobalId::parse(&text);
        }
    }

    #[test]
    fn an_id_is_typed() {
        let post = GlobalId::Post(PostId(Uuid::nil()));
        assert!(post.user().is_err());
        assert!(post.post().is_ok());
    }
}
