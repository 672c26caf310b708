//! What does not fit is refused with a code, and only where it does not fit.

mod arguments;
mod documents;
mod pages;
mod requests;

use serde_json::Value;

use crate::support::Answer;

/// An answer in which each of these fields is null because its input was refused, and no other has an error.
fn assert_refused(answer: &Answer, paths: &[&str]) {
    let mut expected: Vec<_> = paths.iter().map(|path| ((*path).to_owned(), "BAD_USER_INPUT".to_owned())).collect();
    expected.sort();
    assert_eq!(answer.failures(), expected, "{}", answer.text);
    assert_eq!(answer.status, 200, "it was executed");
    let data = answer.partial();
    for path in paths {
        let pointer = format!("/{}", path.replace('.', "/"));
        assert_eq!(data.pointer(&pointer), Some(&Value::Null), "{path} in {data}");
    }
}
