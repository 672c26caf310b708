//! What is asked for: reads and writes, drawn by chance.

use std::cell::RefCell;
use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::chance::Chance;

/// How many of the posts that were published meanwhile are read as well: the latest ones.
const REMEMBERED: usize = 500;

/// A request, by the field that it asks for.
#[derive(Debug)]
pub(super) struct Question {
    /// The field, which is also the first part of every path in the answer.
    pub(super) field: &'static str,
    document: &'static str,
    needs: Needs,
    /// How many of a thousand requests are this one.
    weight: usize,
}

/// What is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Viewer,
    Text,
    Handle,
    Post,
    /// A viewer, and
    Title,
    Liking,
    Following,
}

/// The mix: four reads to a write. The fields are those of the table in `docs/failure.md`.
pub(super) static MIX: [Question; 14] = [
    Question {
        field: "post",
        document: "query ($id: ID!) { post(id: $id) { id title content createdAt likeCount viewerHasLiked
            author { id handle name } likes(first: 3) { nodes { createdAt user { handle } } } } }",
        needs: Needs::Post,
        weight: 280,
    },
    Question {
        field: "posts",
        document: "{ posts(first: 20) { nodes { id title likeCount author { handle name } }
            pageInfo { hasNextPage endCursor } } }",
        needs: Needs::Nothing,
        weight: 150,
    },
    Question {
        field: "feed",
        document: "{ feed(first: 20) { nodes { id title createdAt likeCount author { handle name } }
            pageInfo { hasNextPage endCursor } } }",
        needs: Needs::Viewer,
        weight: 120,
    },
    Question {
        field: "search",
        document: "query ($text: String!) { search(query: $text, first: 10) { totalCount nodes { type title
            highlights { field html } node { __typename ... on Post { likeCount } ... on User { handle } } } } }",
        needs: Needs::Text,
        weight: 100,
    },
    Question {
        field: "user",
        document: "query ($handle: String!) { user(handle: $handle) { id handle name bio followersCount
            posts(first: 5) { nodes { title likeCount } } likedPosts(first: 1) { totalCount } } }",
        needs: Needs::Handle,
        weight: 100,
    },
    Question {
        field: "users",
        document: "{ users(first: 10) { nodes { handle postsCount } } }",
        needs: Needs::Nothing,
        weight: 20,
    },
    Question {
        field: "leaderboard",
        document: "{ leaderboard(first: 10) { rank likeCount user { handle } } }",
        needs: Needs::Nothing,
        weight: 10,
    },
    Question {
        field: "trending",
        document: "{ trending(first: 10) { likeCount post { title } } }",
        needs: Needs::Nothing,
        weight: 10,
    },
    Question {
        field: "activity",
        document: "{ activity(from: \"2024-01-01T00:00:00Z\", to: \"2027-01-01T00:00:00Z\", interval: MONTH) {
            start posts likes } }",
        needs: Needs::Nothing,
        weight: 10,
    },
    Question {
        field: "likePost",
        document: "mutation ($id: ID!) { likePost(input: { postId: $id }) { like { id } userErrors { code } } }",
        needs: Needs::Liking,
        weight: 80,
    },
    Question {
        field: "unlikePost",
        document: "mutation ($id: ID!) { unlikePost(input: { postId: $id }) { deletedLikeId userErrors { code } } }",
        needs: Needs::Liking,
        weight: 40,
    },
    Question {
        field: "createPost",
        document: "mutation ($title: String!) { createPost(input: { title: $title, content: \"Written while others \
            read, and while one store after the other was killed.\" }) { post { id } userErrors { code } } }",
        needs: Needs::Title,
        weight: 40,
    },
    Question {
        field: "follow",
        document: "mutation ($id: ID!) { follow(input: { userId: $id }) { userErrors { code } } }",
        needs: Needs::Following,
        weight: 20,
    },
    Question {
        field: "unfollow",
        document: "mutation ($id: ID!) { unfollow(input: { userId: $id }) { userErrors { code } } }",
        needs: Needs::Following,
        weight: 20,
    },
];

/// Who asks, and what there is to be asked for.
pub(super) struct Society {
    /// Tokens of those who are signed in.
    pub(super) viewers: Vec<String>,
    pub(super) posts: Vec<String>,
    /// Ids and handles.
    pub(super) users: Vec<(String, String)>,
    pub(super) words: Vec<String>,
    published: RefCell<VecDeque<String>>,
    chance: RefCell<Chance>,
}

/// A request as it is sent.
pub(super) struct Request {
    pub(super) question: &'static Question,
    pub(super) token: Option<String>,
    pub(super) body: String,
}

impl Society {
    pub(super) fn new(
        viewers: Vec<String>,
        posts: Vec<String>,
        users: Vec<(String, String)>,
        words: Vec<String>,
    ) -> Self {
        let (published, chance) = (RefCell::default(), RefCell::new(Chance::new(1)));
        Self { viewers, posts, users, words, published, chance }
    }

    /// The next request of the mix.
    ///
    /// # Errors
    /// When there are no users, posts, viewers or words.
    pub(super) fn draw(&self) -> Result<Request, &'static str> {
        let mut chance = self.chance.borrow_mut();
        let mut place = chance.below(MIX.iter().map(|question| question.weight).sum());
        let question = MIX.iter().find(|question| {
            let is_it = place < question.weight;
            place = place.saturating_sub(question.weight);
            is_it
        });
        let question = question.ok_or("the mix is empty")?;
        let variables = match question.needs {
            Needs::Nothing | Needs::Viewer => json!({}),
            Needs::Text => json!({ "text": chance.one_of(&self.words)? }),
            Needs::Handle => json!({ "handle": chance.one_of(&self.users)?.1 }),
            Needs::Post | Needs::Liking => json!({ "id": self.post(&mut chance)? }),
            Needs::Title => json!({ "title": format!("On {}", chance.one_of(&self.words)?) }),
            Needs::Following => json!({ "id": chance.one_of(&self.users)?.0 }),
        };
        let is_anybodys = matches!(question.needs, Needs::Nothing | Needs::Text | Needs::Handle);
        let token = if is_anybodys { None } else { Some(chance.one_of(&self.viewers)?.clone()) };
        let body = json!({ "query": question.document, "variables": variables }).to_string();
        Ok(Request { question, token, body })
    }

    /// One of the posts that were there at first, or in one of four cases of the latest.
    fn post(&self, chance: &mut Chance) -> Result<String, &'static str> {
        let published = self.published.borrow();
        if chance.below(4) == 0 && !published.is_empty() {
            return published.get(chance.below(published.len())).cloned().ok_or("no post");
        }
        chance.one_of(&self.posts).cloned()
    }

    /// Remembers what was published: from now on it is read, too.
    pub(super) fn heard(&self, question: &Question, answer: &Value) {
        if question.field != "createPost" {
            return;
        }
        if let Some(id) = answer.pointer("/data/createPost/post/id").and_then(Value::as_str) {
            let mut published = self.published.borrow_mut();
            published.push_back(id.to_owned());
            if published.len() > REMEMBERED {
                published.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_are_of_a_thousand() {
        assert_eq!(MIX.iter().map(|question| question.weight).sum::<usize>(), 1_000);
    }
}
