//! What a client does next: thrown with its own dice, from what the model says is there.

use crate::dice::Dice;
use crate::model::{Model, Post, PostNo, State, User, UserNo, Value};
use crate::operation::Operation;

/// The most users that a client acts for.
const USERS: usize = 5;
/// The most posts of a client's users, all together.
const POSTS: usize = 20;
/// How many posts are hot: half of all likes are about them.
const HOT: usize = 3;
/// The most sessions of a user.
const SESSIONS: usize = 3;

/// The next operation of a client. What it decides is unclear in the model from now on.
pub(crate) fn next(model: &mut Model, client: usize, dice: &mut Dice) -> Operation {
    let (kind, who, what, twist) = (dice.below(100), dice.below(1 << 16), dice.below(1 << 16), dice.below(1 << 16));
    let users: Vec<UserNo> = model.users.iter().filter(|(_, user)| is_idle(user, client)).map(|(no, _)| *no).collect();
    let is_crowded = model.users.values().filter(|user| user.client == client).count() >= USERS;
    let mut planner = Planner { model, users, what, twist };
    let Some(user) = pick(&planner.users, who).filter(|_| kind >= 4 || is_crowded) else {
        return planner.sign_up(client);
    };
    let Some(token) = planner.token(user) else { return Operation::SignIn { user } };
    let planned = match kind {
        0..6 => planner.sign_in(user),
        6..8 => planner.sign_out(user, token.clone()),
        8..10 => planner.change_password(user, token.clone()),
        10..12 => planner.delete_account(user, token.clone()),
        12..30 => planner.create_post(user, token.clone()),
        30..42 => planner.update_post(),
        42..48 => planner.delete_post(),
        48..52 => planner.resend(),
        52..64 => planner.follow(user, token.clone()),
        64..94 => planner.like(user, token.clone()),
        _ => None,
    };
    planned.unwrap_or_else(|| planner.update_profile(user, token))
}

/// Whether nothing of the user's own is unclear.
fn is_idle(user: &User, client: usize) -> bool {
    let is_clear = user.sessions.iter().all(|session| session.state != State::Unclear);
    let is_settled = user.profile.perhaps.is_none() && user.password.perhaps.is_none();
    user.client == client && user.state == State::Here && is_clear && is_settled
}

fn pick<T: Copy>(choices: &[T], thrown: usize) -> Option<T> {
    choices.get(thrown % choices.len().max(1)).copied()
}

struct Planner<'a> {
    model: &'a mut Model,
    /// Those whom the client may act for.
    users: Vec<UserNo>,
    /// Numbers that were thrown: what it is about, and how it is done.
    what: usize,
    twist: usize,
}

impl Planner<'_> {
    /// A session of the user that is there.
    fn token(&self, user: UserNo) -> Option<String> {
        let sessions = self.model.users[&user].sessions.iter();
        let here: Vec<&str> = sessions.filter(|s| s.state == State::Here).map(|s| s.token.as_str()).collect();
        pick(&here, self.twist).map(ToOwned::to_owned)
    }

    /// The posts that are there.
    fn posts(&self) -> Vec<PostNo> {
        self.model.posts.keys().copied().filter(|no| self.model.has_post(*no)).collect()
    }

    /// One of the client's own posts of which nothing is unclear, and its author's token.
    fn own_post(&self, suits: impl Fn(&Post) -> bool) -> Option<(PostNo, String)> {
        let is_own = |no: &PostNo| {
            let post = &self.model.posts[no];
            self.users.contains(&post.author) && post.text.perhaps.is_none() && suits(post)
        };
        let own: Vec<PostNo> = self.posts().into_iter().filter(is_own).collect();
        let post = pick(&own, self.what)?;
        Some((post, self.token(self.model.posts[&post].author)?))
    }

    fn sign_up(&mut self, client: usize) -> Operation {
        let handle = self.model.free_handles.pop().filter(|_| self.twist.is_multiple_of(2));
        let (number, reuses_handle) = (self.model.number(), handle.is_some());
        let user = self.model.add_user(User {
            client,
            handle: handle.unwrap_or_else(|| format!("user_{number}")),
            id: None,
            state: State::Unclear,
            profile: Value::new(number),
            password: Value::new(number),
            sessions: Vec::new(),
        });
        Operation::SignUp { user, reuses_handle }
    }

    fn sign_in(&mut self, user: UserNo) -> Option<Operation> {
        (self.model.users[&user].sessions.len() < SESSIONS).then_some(Operation::SignIn { user })
    }

    fn sign_out(&mut self, user: UserNo, token: String) -> Option<Operation> {
        let everywhere = self.twist.is_multiple_of(3);
        self.model.user(user).doubt_sessions(|session| everywhere || session.token == token);
        Some(Operation::SignOut { user, token, everywhere })
    }

    fn change_password(&mut self, user: UserNo, token: String) -> Option<Operation> {
        let number = self.model.number();
        let changed = self.model.user(user);
        changed.password.perhaps = Some(number);
        changed.doubt_sessions(|session| session.token != token);
        Some(Operation::ChangePassword { user, token })
    }

    fn update_profile(&mut self, user: UserNo, token: String) -> Operation {
        let number = self.model.number();
        self.model.user(user).profile.perhaps = Some(number);
        Operation::UpdateProfile { user, token }
    }

    fn delete_account(&mut self, user: UserNo, token: String) -> Option<Operation> {
        if self.users.len() < 3 {
            return None;
        }
        let deleted = self.model.user(user);
        deleted.state = State::Unclear;
        deleted.doubt_sessions(|_| true);
        Some(Operation::DeleteAccount { user, token })
    }

    fn create_post(&mut self, author: UserNo, token: String) -> Option<Operation> {
        if self.model.posts.values().filter(|post| self.users.contains(&post.author)).count() >= POSTS {
            return None;
        }
        let (number, has_key) = (self.model.number(), self.twist.is_multiple_of(2));
        let post = self.model.add_post(Post {
            author,
            id: None,
            state: State::Unclear,
            text: Value::new(number),
            first_text: number,
            has_key,
            revision: None,
        });
        Some(Operation::CreatePost { post, token })
    }

    fn update_post(&mut self) -> Option<Operation> {
        let (post, token) = self.own_post(|_| true)?;
        let number = self.model.number();
        let updated = self.model.post(post);
        updated.text.perhaps = Some(number);
        let (before, expects) = (updated.revision.take(), self.twist.is_multiple_of(2));
        Some(Operation::UpdatePost { post, token, before, expects })
    }

    fn delete_post(&mut self) -> Option<Operation> {
        let (post, token) = self.own_post(|_| true)?;
        self.model.post(post).state = State::Unclear;
        Some(Operation::DeletePost { post, token })
    }

    fn resend(&mut self) -> Option<Operation> {
        let (post, token) = self.own_post(|post| post.has_key)?;
        Some(Operation::Resend { post, token })
    }

    fn like(&mut self, user: UserNo, token: String) -> Option<Operation> {
        let mut posts = self.posts();
        if self.twist.is_multiple_of(2) {
            posts.truncate(HOT);
        }
        let post = pick(&posts, self.what)?;
        let (before, wish) = wish(self.model.likes.get(&(user, post)).copied(), self.twist)?;
        self.model.likes.insert((user, post), State::Unclear);
        Some(Operation::Like { user, post, token, before, wish })
    }

    fn follow(&mut self, user: UserNo, token: String) -> Option<Operation> {
        let here = self.model.users.keys().copied();
        let others: Vec<UserNo> = here.filter(|other| *other != user && self.model.has_user(*other)).collect();
        let other = pick(&others, self.what)?;
        let (before, wish) = wish(self.model.follows.get(&(user, other)).copied(), self.twist)?;
        self.model.follows.insert((user, other), State::Unclear);
        Some(Operation::Follow { user, other, token, before, wish })
    }
}

/// What is, and what is wished: mostly the other, at times the same again. `None` where it is unclear what is.
fn wish(is: Option<State>, twist: usize) -> Option<(State, State)> {
    let (before, other) = match is {
        None | Some(State::Gone) => (State::Gone, State::Here),
        Some(State::Here) => (State::Here, State::Gone),
        Some(State::Unclear) => return None,
    };
    Some((before, if twist % 8 < 2 { before } else { other }))
}
