//! What clients do: how an operation is sent, and what its outcome means to the model.

use serde_json::{Value as Json, json};

use crate::api::{Outcome, Request};
use crate::model::{Model, PostNo, State, UserNo, password, profile, text};

/// A write that a client makes. What it decides is [`State::Unclear`] in the model from the moment that it is planned.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    SignUp {
        user: UserNo,
        reuses_handle: bool,
    },
    SignIn {
        user: UserNo,
    },
    SignOut {
        user: UserNo,
        token: String,
        everywhere: bool,
    },
    ChangePassword {
        user: UserNo,
        token: String,
    },
    UpdateProfile {
        user: UserNo,
        token: String,
    },
    DeleteAccount {
        user: UserNo,
        token: String,
    },
    CreatePost {
        post: PostNo,
        token: String,
    },
    /// Publishes again what was published with a key.
    Resend {
        post: PostNo,
        token: String,
    },
    UpdatePost {
        post: PostNo,
        token: String,
        before: Option<u64>,
        expects: bool,
    },
    DeletePost {
        post: PostNo,
        token: String,
    },
    Like {
        user: UserNo,
        post: PostNo,
        token: String,
        before: State,
        wish: State,
    },
    Follow {
        user: UserNo,
        other: UserNo,
        token: String,
        before: State,
        wish: State,
    },
}

const SIGN_UP: &str = "mutation ($input: SignUpInput!) {
    signUp(input: $input) { user { id } accessToken { token } userErrors { code } } }";
const SIGN_IN: &str = "mutation ($input: SignInInput!) {
    signIn(input: $input) { accessToken { token } userErrors { code } } }";
const SIGN_OUT: &str =
    "mutation ($input: SignOutInput) { signOut(input: $input) { sessionsEnded userErrors { code } } }";
const CHANGE_PASSWORD: &str = "mutation ($input: ChangePasswordInput!) {
    changePassword(input: $input) { user { id } userErrors { code } } }";
const UPDATE_PROFILE: &str = "mutation ($input: UpdateProfileInput!) {
    updateProfile(input: $input) { user { name } userErrors { code } } }";
const DELETE_ACCOUNT: &str = "mutation ($input: DeleteAccountInput!) {
    deleteAccount(input: $input) { deletedUserId userErrors { code } } }";
const CREATE_POST: &str = "mutation ($input: CreatePostInput!) {
    createPost(input: $input) { post { id } userErrors { code } } }";
const UPDATE_POST: &str = "mutation ($input: UpdatePostInput!) {
    updatePost(input: $input) { post { revision } userErrors { code } } }";
const DELETE_POST: &str = "mutation ($input: DeletePostInput!) {
    deletePost(input: $input) { deletedPostId userErrors { code } } }";
const LIKE: &str = "mutation ($input: LikePostInput!) { likePost(input: $input) { like { id } userErrors { code } } }";
const UNLIKE: &str =
    "mutation ($input: LikePostInput!) { unlikePost(input: $input) { post { id } userErrors { code } } }";
const FOLLOW: &str = "mutation ($input: FollowInput!) { follow(input: $input) { user { id } userErrors { code } } }";
const UNFOLLOW: &str =
    "mutation ($input: FollowInput!) { unfollow(input: $input) { user { id } userErrors { code } } }";

impl Operation {
    /// How it is sent.
    pub(crate) fn request(&self, model: &Model) -> Request {
        let (field, document, token, input): (_, _, Option<&String>, Json) = match self {
            Self::SignUp { user, .. } => {
                let user = &model.users[user];
                let ((name, bio), email) = (profile(user.profile.now), format!("{}@example.org", user.handle));
                let (handle, password) = (&user.handle, password(user.password.now));
                let input = json!({ "handle": handle, "email": email, "name": name, "bio": bio, "password": password });
                ("signUp", SIGN_UP, None, input)
            }
            Self::SignIn { user } => {
                let user = &model.users[user];
                ("signIn", SIGN_IN, None, json!({ "login": user.handle, "password": password(user.password.now) }))
            }
            Self::SignOut { token, everywhere, .. } => {
                ("signOut", SIGN_OUT, Some(token), json!({ "everywhere": everywhere }))
            }
            Self::ChangePassword { user, token } => {
                let Some(next) = model.users[user].password.perhaps else { unreachable!("it was planned") };
                let current = password(model.users[user].password.now);
                let input = json!({ "currentPassword": current, "newPassword": password(next) });
                ("changePassword", CHANGE_PASSWORD, Some(token), input)
            }
            Self::UpdateProfile { user, token } => {
                let Some(next) = model.users[user].profile.perhaps else { unreachable!("it was planned") };
                let (name, bio) = profile(next);
                ("updateProfile", UPDATE_PROFILE, Some(token), json!({ "name": name, "bio": bio }))
            }
            Self::DeleteAccount { user, token } => {
                let password = password(model.users[user].password.now);
                ("deleteAccount", DELETE_ACCOUNT, Some(token), json!({ "password": password }))
            }
            Self::CreatePost { post, token } | Self::Resend { post, token } => {
                let post = &model.posts[post];
                let (title, content) = text(post.first_text);
                let key = post.has_key.then(|| format!("key-{}", post.first_text));
                let input = json!({ "title": title, "content": content, "idempotencyKey": key });
                ("createPost", CREATE_POST, Some(token), input)
            }
            Self::UpdatePost { post, token, before, expects } => {
                let Some(next) = model.posts[post].text.perhaps else { unreachable!("it was planned") };
                let (title, content) = text(next);
                let id = &model.posts[post].id;
                let expected = before.filter(|_| *expects);
                let input = json!({ "id": id, "title": title, "content": content, "expectedRevision": expected });
                ("updatePost", UPDATE_POST, Some(token), input)
            }
            Self::DeletePost { post, token } => {
                ("deletePost", DELETE_POST, Some(token), json!({ "id": model.posts[post].id }))
            }
            Self::Like { post, token, wish, .. } => {
                let (field, document) = if *wish == State::Here { ("likePost", LIKE) } else { ("unlikePost", UNLIKE) };
                (field, document, Some(token), json!({ "postId": model.posts[post].id }))
            }
            Self::Follow { other, token, wish, .. } => {
                let (field, document) = if *wish == State::Here { ("follow", FOLLOW) } else { ("unfollow", UNFOLLOW) };
                (field, document, Some(token), json!({ "userId": model.users[other].id }))
            }
        };
        Request { token: token.cloned(), field, document, variables: json!({ "input": input }) }
    }

    /// Tells the model what became of it. What is unknown stays unclear.
    pub(crate) fn settle(&self, model: &mut Model, outcome: &Outcome) {
        model.journal.push(format!("{self:?} {outcome:?}"));
        match outcome {
            Outcome::Unknown => model.tally.unknown += 1,
            Outcome::Done(payload) => {
                model.tally.done += 1;
                self.done(model, payload);
            }
            Outcome::Refused(code) => {
                model.tally.refused += 1;
                self.refused(model);
                if !self.may_be_refused(model, code) {
                    model.violation(format!("{self:?} was refused with {code}"));
                }
            }
        }
    }

    fn done(&self, model: &mut Model, payload: &Json) {
        match self {
            Self::SignUp { user, .. } => {
                let user = model.user(*user);
                (user.state, user.id) = (State::Here, Some(told(&payload["user"]["id"])));
                user.add_session(told(&payload["accessToken"]["token"]));
            }
            Self::SignIn { user } => model.user(*user).add_session(told(&payload["accessToken"]["token"])),
            Self::SignOut { user, .. } => model.user(*user).settle_sessions(State::Gone),
            Self::ChangePassword { user, .. } => {
                let user = model.user(*user);
                user.password.now = user.password.perhaps.take().unwrap_or(user.password.now);
                user.settle_sessions(State::Gone);
            }
            Self::UpdateProfile { user, .. } => {
                let profile = &mut model.user(*user).profile;
                profile.now = profile.perhaps.take().unwrap_or(profile.now);
            }
            Self::DeleteAccount { user, .. } => {
                let user = model.user(*user);
                user.state = State::Gone;
                user.settle_sessions(State::Gone);
                let handle = user.handle.clone();
                model.free_handles.push(handle);
            }
            Self::CreatePost { post, .. } => {
                let post = model.post(*post);
                (post.state, post.id, post.revision) = (State::Here, Some(told(&payload["post"]["id"])), Some(1));
            }
            Self::Resend { post, .. } => {
                let (known, told) = (model.post(*post).id.clone(), Some(told(&payload["post"]["id"])));
                if known.is_some() && known != told {
                    model.violation(format!("published again, {known:?} became {told:?}"));
                }
                let post = model.post(*post);
                (post.state, post.id) = (State::Here, told);
            }
            Self::UpdatePost { post, .. } => {
                let post = model.post(*post);
                post.text.now = post.text.perhaps.take().unwrap_or(post.text.now);
                post.revision = payload["post"]["revision"].as_u64();
            }
            Self::DeletePost { post, .. } => model.post(*post).state = State::Gone,
            Self::Like { user, post, wish, .. } => drop(model.likes.insert((*user, *post), *wish)),
            Self::Follow { user, other, wish, .. } => drop(model.follows.insert((*user, *other), *wish)),
        }
    }

    /// All is as it was before it was planned.
    fn refused(&self, model: &mut Model) {
        match self {
            Self::SignUp { user, .. } => drop(model.users.remove(user)),
            Self::SignIn { .. } | Self::Resend { .. } => {}
            Self::SignOut { user, .. } => model.user(*user).settle_sessions(State::Here),
            Self::ChangePassword { user, .. } => {
                let user = model.user(*user);
                user.password.perhaps = None;
                user.settle_sessions(State::Here);
            }
            Self::UpdateProfile { user, .. } => model.user(*user).profile.perhaps = None,
            Self::DeleteAccount { user, .. } => {
                let user = model.user(*user);
                user.state = State::Here;
                user.settle_sessions(State::Here);
            }
            Self::CreatePost { post, .. } => drop(model.posts.remove(post)),
            Self::UpdatePost { post, before, .. } => {
                let post = model.post(*post);
                (post.text.perhaps, post.revision) = (None, *before);
            }
            Self::DeletePost { post, .. } => model.post(*post).state = State::Here,
            Self::Like { user, post, before, .. } => drop(model.likes.insert((*user, *post), *before)),
            Self::Follow { user, other, before, .. } => drop(model.follows.insert((*user, *other), *before)),
        }
    }

    /// Whether the model, as it is after the answer, has a reason for this refusal: a store is down, or somebody else
    /// deleted what it is about.
    fn may_be_refused(&self, model: &Model, code: &str) -> bool {
        match (self, code) {
            (_, "STORE_UNAVAILABLE" | "NOT_SENT" | "OVERLOADED") => true,
            (Self::SignUp { reuses_handle, .. }, "TAKEN") => *reuses_handle,
            (Self::Like { post, .. }, "NOT_FOUND") => !model.has_post(*post),
            (Self::Follow { other, .. }, "NOT_FOUND") => !model.has_user(*other),
            _ => false,
        }
    }
}

/// A text that every payload of a write that is done has.
fn told(value: &Json) -> String {
    value.as_str().expect("a text in the answer to what is done").to_owned()
}
