//! The queries that everybody is asked.

use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::Failure;

/// A query with its variables, ready to be sent.
pub(crate) struct Question {
    /// A short name, the same as the file's.
    pub(crate) name: &'static str,
    /// What it asks for, to a reader of the figures.
    pub(crate) title: &'static str,
    /// The body of the request.
    pub(crate) body: Bytes,
    /// The same query with other variables, asked in turns with the first.
    others: Vec<Bytes>,
    /// Whether somebody must be signed in.
    pub(crate) is_personal: bool,
    /// A list of the answer, as a JSON pointer, and how many items a whole answer has there.
    whole: Option<(&'static str, usize)>,
}

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../queries/", $name))
    };
}

impl Question {
    /// A query and its variables, as JSON.
    pub(crate) fn new(
        name: &'static str,
        title: &'static str,
        query: &str,
        variables: Option<&str>,
    ) -> Result<Self, Failure> {
        let mut body = json!({ "query": query });
        if let Some(variables) = variables {
            body["variables"] = serde_json::from_str(variables)?;
        }
        Ok(Self { name, title, body: body.to_string().into(), others: Vec::new(), is_personal: false, whole: None })
    }

    /// The same query with these variables in turns, whatever variables it had.
    pub(crate) fn in_turns(self, variables: &[Value]) -> Result<Self, Failure> {
        let mut body: Value = serde_json::from_slice(&self.body)?;
        let mut bodies = variables.iter().map(|variables| {
            body["variables"] = variables.clone();
            Bytes::from(body.to_string())
        });
        let first = bodies.next().ok_or("there is nothing to ask for in turns")?;
        let others = bodies.collect();
        Ok(Self { body: first, others, ..self })
    }

    /// The body of every request.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = &Bytes> {
        std::iter::once(&self.body).chain(&self.others)
    }

    pub(crate) fn whole(self, list: &'static str, items: usize) -> Self {
        Self { whole: Some((list, items)), ..self }
    }

    pub(crate) fn personal(self) -> Self {
        Self { is_personal: true, ..self }
    }

    /// Takes the data out of an answer.
    ///
    /// # Errors
    /// When the answer has errors, or is not whole: figures of less work would pass for good ones.
    pub(crate) fn data(&self, answer: &[u8]) -> Result<Value, Failure> {
        let mut answer: Value = serde_json::from_slice(answer)?;
        if answer.get("errors").is_some() {
            return Err(format!("errors in the answer: {answer}").into());
        }
        if let Some((list, whole)) = self.whole {
            let items = answer.pointer(list).and_then(Value::as_array).map_or(0, Vec::len);
            if items != whole {
                return Err(format!("{list} has {items} items in place of {whole}").into());
            }
        }
        match answer["data"].take() {
            Value::Object(data) if data.values().all(|field| !field.is_null()) => Ok(Value::Object(data)),
            data => Err(format!("not a whole answer: {data}").into()),
        }
    }
}

/// The five queries of the benchmark; the variables are those of the demo data, which is the same everywhere.
pub(crate) fn all() -> Result<Vec<Question>, Failure> {
    let post = Question::new("post", "a post with its author", file!("post.graphql"), Some(file!("post.json")));
    let search =
        Question::new("search", "search of 20, from two stores", file!("search.graphql"), Some(file!("search.json")));
    let feed = "feed of 50 with authors, counts, 3 likers each";
    Ok(vec![
        Question::new("hello", "hello", file!("hello.graphql"), None)?,
        post?,
        Question::new("list", "list of 20 titles", file!("list.graphql"), None)?.whole("/data/posts/nodes", 20),
        Question::new("feed", feed, file!("feed.graphql"), None)?.personal().whole("/data/feed/nodes", 50),
        search?.whole("/data/search/nodes", 20),
    ])
}
