//! What a subscriber is told, as JSON: the response, with what is to be said beside it.

use serde_json::{Map, Value, json};

use crate::live::{Frame, Missed};
use crate::ports::Position;

/// The payload of a frame. `extensions.lagged` says what was missed before it; `extensions.eventId`, if `tells_id`, after
/// what to go on.
pub(super) fn payload(frame: &Frame, tells_id: bool) -> String {
    let mut extensions = Map::new();
    match frame.missed {
        Missed::Nothing => {}
        Missed::Events(count) => drop(extensions.insert("lagged".to_owned(), json!({ "missed": count }))),
        Missed::Unknown => drop(extensions.insert("lagged".to_owned(), json!({ "missed": null }))),
    }
    if let Some(position) = frame.position.as_ref().filter(|_| tells_id) {
        extensions.insert("eventId".to_owned(), Value::from(Position::as_str(position)));
    }
    let body = frame.body.as_deref().unwrap_or(br#"{"data":null}"#);
    let body = String::from_utf8_lossy(body);
    if extensions.is_empty() {
        return body.into_owned();
    }
    // A body is an object of a response that has no extensions yet.
    let open = body.strip_suffix('}').unwrap_or(&body);
    format!("{open},\"extensions\":{}}}", Value::Object(extensions))
}
