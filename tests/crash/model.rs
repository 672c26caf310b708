//! What must be there: all that was acknowledged, and what may be, since its outcome is unknown.
//!
//! Each client acts for users of its own, one operation after the other. So whatever one user does has an order that
//! is known, and what the users of different clients do to the same post meets in the stores alone.

use std::collections::{BTreeMap, HashMap};

/// A user's number in the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct UserNo(u32);

/// A post's number in the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PostNo(u32);

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Here,
    Gone,
    /// What decides is under way, or its outcome is unknown.
    Unclear,
}

/// A value that changes as a whole: the one that is acknowledged, and one that may be in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) now: u32,
    pub(crate) perhaps: Option<u32>,
}

impl Value {
    pub(crate) fn new(now: u32) -> Self {
        Self { now, perhaps: None }
    }
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) token: String,
    pub(crate) state: State,
}

#[derive(Debug)]
pub(crate) struct User {
    /// Which client acts for this user.
    pub(crate) client: usize,
    pub(crate) handle: String,
    /// Unknown as long as nobody answered the sign-up.
    pub(crate) id: Option<String>,
    pub(crate) state: State,
    /// Names and bios are made of this number.
    pub(crate) profile: Value,
    /// And passwords of this one.
    pub(crate) password: Value,
    pub(crate) sessions: Vec<Session>,
}

impl User {
    pub(crate) fn add_session(&mut self, token: String) {
        self.sessions.push(Session { token, state: State::Here });
    }

    /// A write is to end those of the sessions which this is true of.
    pub(crate) fn doubt_sessions(&mut self, of: impl Fn(&Session) -> bool) {
        let doubted = self.sessions.iter_mut().filter(|session| session.state == State::Here && of(session));
        doubted.for_each(|session| session.state = State::Unclear);
    }

    /// What became of the sessions that a write was to end.
    pub(crate) fn settle_sessions(&mut self, state: State) {
        let unclear = self.sessions.iter_mut().filter(|session| session.state == State::Unclear);
        unclear.for_each(|session| session.state = state);
    }
}

#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) author: UserNo,
    /// Unknown as long as nobody answered.
    pub(crate) id: Option<String>,
    pub(crate) state: State,
    /// Titles and contents are made of this number, which no two posts ever share.
    pub(crate) text: Value,
    /// The text that it was published with.
    pub(crate) first_text: u32,
    /// Whether it was published with an idempotency key, which is made of the first text.
    pub(crate) has_key: bool,
    pub(crate) revision: Option<u64>,
}

/// Everything, with the counts of what became of writes.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) users: BTreeMap<UserNo, User>,
    pub(crate) posts: BTreeMap<PostNo, Post>,
    /// Who likes what; what is not in here is not liked.
    pub(crate) likes: HashMap<(UserNo, PostNo), State>,
    /// Who follows whom.
    pub(crate) follows: HashMap<(UserNo, UserNo), State>,
    /// Handles of deleted accounts.
    pub(crate) free_handles: Vec<String>,
    pub(crate) tally: Tally,
    /// What should not have been.
    pub(crate) violations: Vec<String>,
    /// The writes in the order of their answers, for whoever looks for the cause of a violation.
    pub(crate) journal: Vec<String>,
    numbers: u32,
}

/// What became of writes.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) done: u64,
    pub(crate) refused: u64,
    pub(crate) unknown: u64,
    /// Of the unknown, those that were found to have been done.
    pub(crate) found_done: u64,
    /// Of the unknown, those that were sent again, with their key.
    pub(crate) sent_again: u64,
}

impl Model {
    /// A number that was never used.
    pub(crate) fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    pub(crate) fn add_user(&mut self, user: User) -> UserNo {
        let no = UserNo(self.number());
        self.users.insert(no, user);
        no
    }

    pub(crate) fn add_post(&mut self, post: Post) -> PostNo {
        let no = PostNo(self.number());
        self.posts.insert(no, post);
        no
    }

    pub(crate) fn user(&mut self, no: UserNo) -> &mut User {
        self.users.get_mut(&no).expect("a user of the model")
    }

    pub(crate) fn post(&mut self, no: PostNo) -> &mut Post {
        self.posts.get_mut(&no).expect("a post of the model")
    }

    pub(crate) fn violation(&mut self, what: String) {
        self.violations.push(what);
    }

    /// Whether the user is there, by all that is known.
    pub(crate) fn has_user(&self, no: UserNo) -> bool {
        self.users.get(&no).is_some_and(|user| user.state == State::Here)
    }

    /// Whether the post and its author are there, by all that is known.
    pub(crate) fn has_post(&self, no: PostNo) -> bool {
        self.posts.get(&no).is_some_and(|post| post.state == State::Here && self.has_user(post.author))
    }

    /// Forgets what is gone.
    pub(crate) fn prune(&mut self) {
        let Self { users, posts, likes, follows, .. } = self;
        users.retain(|_, user| user.state != State::Gone);
        users.values_mut().for_each(|user| user.sessions.retain(|session| session.state != State::Gone));
        posts.retain(|_, post| post.state != State::Gone && users.contains_key(&post.author));
        likes.retain(|(user, post), state| {
            *state != State::Gone && users.contains_key(user) && posts.contains_key(post)
        });
        follows.retain(|(user, other), state| {
            *state != State::Gone && users.contains_key(user) && users.contains_key(other)
        });
    }
}

/// What a password is made of its number.
pub(crate) fn password(number: u32) -> String {
    format!("password no. {number}")
}

/// The name and the bio of a profile.
pub(crate) fn profile(number: u32) -> (String, String) {
    (format!("Name {number}"), format!("Says {number}."))
}

/// The title and the content of a post.
pub(crate) fn text(number: u32) -> (String, String) {
    (format!("Title {number}"), format!("Content {number}."))
}
