//! Events as others read them: CloudEvents 1.0 in structured JSON
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>).
//!
//! The type is `org.polygraph.{name}.v{major}`, as in `org.polygraph.post.liked.v1`. Within one major version `data` may
//! gain members, and the envelope attributes: readers ignore those that they don't know. What would mislead a reader who
//! ignores it is a new major version, which older readers can't read, and say so.

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::event::{Aggregate, ENVELOPE_VERSION, Event, Happened};
use super::{GlobalId, LikeId, PostId, Timestamp, UserId};

/// The major version of types that is written, and the newest that can be read.
const MAJOR: u32 = 1;
const PREFIX: &str = "org.polygraph.";
/// All that can happen, as [`Happened::name`] says it.
const NAMES: [&str; 11] = [
    "user.created",
    "user.updated",
    "user.closed",
    "user.deleted",
    "user.followed",
    "user.unfollowed",
    "post.created",
    "post.updated",
    "post.deleted",
    "post.liked",
    "post.unliked",
];

/// The media type of what [`write()`] makes.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";

/// Why something is no event that this version can read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is not JSON, or lacks what every event has.
    #[error("it is no CloudEvent: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It is of a later version, or something else altogether.
    #[error("its type, {0:?} of CloudEvents {1:?}, is not known to this version")]
    Unknown(String, String),
    /// What it tells of lacks this, or has something else in its place.
    #[error("its {0} can't be read")]
    Data(&'static str),
}

/// The attribute `source` of the events of a namespace.
pub fn source(namespace: &str) -> String {
    format!("/polygraph/{namespace}")
}

/// The attribute `type` of an event.
pub fn kind(event: &Event) -> String {
    format!("{PREFIX}{}.v{MAJOR}", event.happened.name())
}

/// An event as JSON text, from this source.
pub fn write(event: &Event, source: &str) -> String {
    let name = event.happened.name();
    json!({
        "specversion": "1.0",
        "id": event.id,
        "source": source,
        "type": kind(event),
        "subject": global(event.aggregate),
        "time": event.at.to_string(),
        "datacontenttype": "application/json",
        "dataschema": format!("urn:polygraph:events:{name}:v{MAJOR}"),
        "data": data(event),
    })
    .to_string()
}

/// What an event tells, with ids as the API's `node(id:)` takes them.
fn data(event: &Event) -> Value {
    use Happened::{
        PostCreated, PostDeleted, PostLiked, PostUnliked, PostUpdated, UserClosed, UserCreated, UserDeleted,
        UserFollowed, UserUnfollowed, UserUpdated,
    };
    let mut data = match event.happened {
        UserCreated | UserUpdated | UserClosed | UserDeleted => json!({}),
        UserFollowed { followed } | UserUnfollowed { followed } => json!({ "followed": user(followed) }),
        PostCreated { author } | PostUpdated { author } | PostDeleted { author } => json!({ "author": user(author) }),
        PostLiked { author, user: liker } | PostUnliked { author, user: liker } => {
            let like = LikeId { post: PostId(event.aggregate.uuid()), user: UserId(liker) };
            json!({ "author": user(author), "user": user(liker), "like": GlobalId::from(like).to_string() })
        }
    };
    data["version"] = event.version.into();
    data[event.aggregate.kind()] = global(event.aggregate).into();
    data
}

fn user(id: Uuid) -> String {
    GlobalId::from(UserId(id)).to_string()
}

fn global(aggregate: Aggregate) -> String {
    match aggregate {
        Aggregate::User(id) => user(id),
        Aggregate::Post(id) => GlobalId::from(PostId(id)).to_string(),
    }
}

/// What every event has to say first. The rest is looked at only if that is known.
#[derive(Deserialize)]
struct Heading {
    specversion: String,
    #[serde(rename = "type")]
    kind: String,
}

/// The rest.
#[derive(Deserialize)]
struct Content {
    id: Uuid,
    time: String,
    data: Data,
}

/// All that any event may tell.
#[derive(Deserialize)]
struct Data {
    version: u64,
    user: Option<String>,
    post: Option<String>,
    author: Option<String>,
    followed: Option<String>,
}

/// Reads an event.
///
/// # Errors
/// [`Unreadable`] where it is none, or one of a version to come.
pub fn read(json: &[u8]) -> Result<Event, Unreadable> {
    let Heading { specversion, kind } = serde_json::from_slice(json)?;
    let (name, major) = kind.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once(".v")).unwrap_or_default();
    if !specversion.starts_with("1.") || major.parse() != Ok(MAJOR) || !NAMES.contains(&name) {
        return Err(Unreadable::Unknown(kind, specversion));
    }

    let Content { id, time, data } = serde_json::from_slice(json)?;
    let at = Timestamp::parse(&time).map_err(|_| Unreadable::Data("time"))?;
    let user = |field: Option<&String>, name| {
        let id = field.and_then(|text| GlobalId::parse(text).ok()?.user().ok());
        id.map(|UserId(id)| id).ok_or(Unreadable::Data(name))
    };
    let (whose, author, followed) = (
        || user(data.user.as_ref(), "user"),
        || user(data.author.as_ref(), "author"),
        || user(data.followed.as_ref(), "followed"),
    );
    let happened = match name {
        "user.created" => Happened::UserCreated,
        "user.updated" => Happened::UserUpdated,
        "user.closed" => Happened::UserClosed,
        "user.deleted" => Happened::UserDeleted,
        "user.followed" => Happened::UserFollowed { followed: followed()? },
        "user.unfollowed" => Happened::UserUnfollowed { followed: followed()? },
        "post.created" => Happened::PostCreated { author: author()? },
        "post.updated" => Happened::PostUpdated { author: author()? },
        "post.deleted" => Happened::PostDeleted { author: author()? },
        "post.liked" => Happened::PostLiked { author: author()?, user: whose()? },
        "post.unliked" => Happened::PostUnliked { author: author()?, user: whose()? },
        _ => return Err(Unreadable::Unknown(kind, specversion)),
    };
    let aggregate = if name.starts_with("post.") {
        let post = data.post.as_ref().and_then(|text| GlobalId::parse(text).ok()?.post().ok());
        Aggregate::from(post.ok_or(Unreadable::Data("post"))?)
    } else {
        Aggregate::User(whose()?)
    };
    Ok(Event { v: ENVELOPE_VERSION, id, at, aggregate, version: data.version, happened })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::testing;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn event(happened: Happened) -> Event {
        let is_post = happened.name().starts_with("post.");
        let aggregate = if is_post { Aggregate::Post(id(2)) } else { Aggregate::User(id(2)) };
        let at = Timestamp::from_millis(1_763_700_000_007);
        Event { v: ENVELOPE_VERSION, id: id(1), at, aggregate, version: 7, happened }
    }

    fn all() -> [Event; 11] {
        testing::all(id(3), id(4), id(5)).map(event)
    }

    /// What version 1 looks like to others: a change here needs a new major version.
    #[test]
    fn version_1_is_written() {
        let text = write(&event(Happened::PostLiked { author: id(3), user: id(4) }), &source("world"));
        let value: Value = serde_json::from_str(&text).expect("JSON");
        insta::assert_snapshot!(serde_json::to_string_pretty(&value).expect("JSON"), @r#"
        {
          "data": {
            "author": "VQAAAAAAAAAAAAAAAAAAAAM",
            "like": "TAAAAAAAAAAAAAAAAAAAAAIAAAAAAAAAAAAAAAAAAAAE",
            "post": "UAAAAAAAAAAAAAAAAAAAAAI",
            "user": "VQAAAAAAAAAAAAAAAAAAAAQ",
            "version": 7
          },
          "datacontenttype": "application/json",
          "dataschema": "urn:polygraph:events:post.liked:v1",
          "id": "00000000-0000-0000-0000-000000000001",
          "source": "/polygraph/world",
          "specversion": "1.0",
          "subject": "UAAAAAAAAAAAAAAAAAAAAAI",
          "time": "2025-11-21T04:40:00.007Z",
          "type": "org.polygraph.post.liked.v1"
        }
        "#);
    }

    #[test]
    fn every_event_is_read_as_it_was_written() {
        for event in all() {
            assert_eq!(read(write(&event, "/polygraph/x").as_bytes()).expect("an event"), event);
        }
        assert_eq!(all().map(|event| event.happened.name()), NAMES);
    }

    /// An event, with its JSON changed.
    fn changed(change: impl Fn(&mut Value)) -> Result<Event, Unreadable> {
        let mut value: Value = serde_json::from_str(&write(&all()[9], "/x")).expect("JSON");
        change(&mut value);
        read(value.to_string().as_bytes())
    }

    #[test]
    fn what_is_not_known_is_ignored() {
        let read = changed(|value| {
            value["traceparent"] = "00-1".into();
            value["data"]["colour"] = json!({ "of": ["the", "day"] });
            value["specversion"] = "1.1".into();
            value["source"] = Value::Null;
        });
        assert_eq!(read.expect("an event"), all()[9]);
    }

    #[test]
    fn what_comes_of_a_later_version_is_told_from_what_is_broken() {
        for kind in ["org.polygraph.post.liked.v2", "org.polygraph.post.shared.v1", "com.example.v1", "liked"] {
            // What it holds then is nobody's business.
            let later = changed(|value| {
                value["type"] = kind.into();
                value["data"] = Value::Null;
            });
            assert!(matches!(later, Err(Unreadable::Unknown(..))), "{kind}: {later:?}");
        }
        assert!(matches!(changed(|value| value["specversion"] = "2.0".into()), Err(Unreadable::Unknown(..))));
        assert!(matches!(changed(|value| value["time"] = "noon".into()), Err(Unreadable::Data("time"))));
        let other = changed(|value| value["data"]["author"] = value["data"]["post"].clone());
        assert!(matches!(other, Err(Unreadable::Data("author"))));
        assert!(matches!(changed(|value| value["id"] = Value::Null), Err(Unreadable::Malformed(_))));
        assert!(matches!(read(b"\xff"), Err(Unreadable::Malformed(_))));
    }

    #[test]
    fn each_event_keeps_to_its_schema() {
        for event in all() {
            let name = event.happened.name();
            let path = format!("{}/docs/events/{name}.v{MAJOR}.schema.json", env!("CARGO_MANIFEST_DIR"));
            let schema = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            let schema: Value = serde_json::from_str(&schema).expect("JSON");
            let written: Value = serde_json::from_str(&write(&event, &source("world"))).expect("JSON");
            let properties = &schema["properties"];
            for constant in ["type", "datacontenttype", "dataschema"] {
                assert_eq!(properties[constant]["const"], written[constant], "{name}: {constant}");
            }
            let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(properties), keys(&written), "{name}");
            assert_eq!(keys(&properties["data"]["properties"]), keys(&written["data"]), "{name}");
            assert_eq!(properties["data"]["required"], Value::from(keys(&written["data"])), "{name}");
        }
    }
}
