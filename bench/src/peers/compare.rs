//! Whether two answers are the same, value by value.

use serde_json::Value;

/// Where two values differ first, and how; `None` where they don't. The order of an object's fields does not count.
pub(crate) fn difference(expected: &Value, found: &Value) -> Option<String> {
    within("$", expected, found)
}

fn within(path: &str, expected: &Value, found: &Value) -> Option<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let absent = expected.keys().find(|key| !found.contains_key(*key));
            let surplus = found.keys().find(|key| !expected.contains_key(*key));
            absent
                .map(|key| format!("{path}.{key} is not there"))
                .or_else(|| surplus.map(|key| format!("{path}.{key} should not be there")))
                .or_else(|| {
                    expected.iter().find_map(|(key, value)| within(&format!("{path}.{key}"), value, &found[key]))
                })
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let mut pairs = expected.iter().zip(found).enumerate();
            pairs.find_map(|(at, (expected, found))| within(&format!("{path}[{at}]"), expected, found))
        }
        (Value::Array(expected), Value::Array(found)) => {
            Some(format!("{path} has {} items in place of {}", found.len(), expected.len()))
        }
        _ if expected == found => None,
        _ => Some(format!("{path} is {found} in place of {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::difference;

    #[test]
    fn answers_are_the_same_whatever_the_order_of_their_fields() {
        assert_eq!(difference(&json!({ "a": [1, null], "b": "c" }), &json!({ "b": "c", "a": [1, null] })), None);
    }

    #[test]
    fn the_first_difference_is_told_with_its_place() {
        let expected = json!({ "posts": { "nodes": [{ "id": "a", "likes": 1 }, { "id": "b", "likes": 2 }] } });
        let mut found = expected.clone();
        found["posts"]["nodes"][1]["likes"] = json!(3);
        assert_eq!(difference(&expected, &found).as_deref(), Some("$.posts.nodes[1].likes is 3 in place of 2"));
        found["posts"]["nodes"] = json!([]);
        assert_eq!(difference(&expected, &found).as_deref(), Some("$.posts.nodes has 0 items in place of 2"));
        found["posts"] = json!({});
        assert_eq!(difference(&expected, &found).as_deref(), Some("$.posts.nodes is not there"));
        assert_eq!(difference(&json!({}), &json!({ "a": 1 })).as_deref(), Some("$.a should not be there"));
        assert_eq!(difference(&json!(null), &json!(0)).as_deref(), Some("$ is 0 in place of null"));
    }
}
