//! The model against what readers see: first what is unclear is settled by looking, then all must be the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use crate::model::{Model, State, UserNo, Value, profile, text};
use crate::snapshot::{SeenPost, SeenUser, Snapshot};

/// Settles what is unclear by what is there. What is neither as before nor as it was to be becomes a violation when it
/// is compared.
pub(crate) fn settle_by_looking(model: &mut Model, seen: &Snapshot) {
    let mut found_done = 0;
    let known: BTreeSet<String> = model.users.values().filter_map(|user| user.id.clone()).collect();
    for user in model.users.values_mut() {
        if user.state == State::Unclear {
            let stranger = seen.users.iter().find(|(id, seen)| seen.handle == user.handle && !known.contains(*id));
            let is_sign_up = user.id.is_none();
            user.id = user.id.take().or_else(|| stranger.map(|(id, _)| id.clone()));
            let is_here = user.id.as_ref().is_some_and(|id| seen.users.contains_key(id));
            user.state = if is_here { State::Here } else { State::Gone };
            user.settle_sessions(user.state);
            found_done += u64::from(is_here == is_sign_up);
        }
        let seen = user.id.as_ref().and_then(|id| seen.users.get(id));
        found_done += settle_value(&mut user.profile, seen.map(|seen| &seen.profile), profile);
    }
    for post in model.posts.values_mut() {
        let was_sent_blindly = post.id.is_none();
        if was_sent_blindly {
            let title = text(post.text.now).0;
            post.id = seen.posts.iter().find(|(_, seen)| seen.text.0 == title).map(|(id, _)| id.clone());
        }
        let seen = post.id.as_ref().and_then(|id| seen.posts.get(id));
        if post.state == State::Unclear {
            post.state = if seen.is_some() { State::Here } else { State::Gone };
            found_done += u64::from(seen.is_some() == was_sent_blindly);
        }
        found_done += settle_value(&mut post.text, seen.map(|seen| &seen.text), text);
        post.revision = post.revision.or(seen.map(|seen| seen.revision));
    }
    found_done += settle_relations(model, seen);
    model.tally.found_done += found_done;
}

/// Returns 1 where the value that was perhaps there is.
fn settle_value(value: &mut Value, seen: Option<&(String, String)>, made: fn(u32) -> (String, String)) -> u64 {
    let Some(perhaps) = value.perhaps.take() else { return 0 };
    let is_done = seen == Some(&made(perhaps));
    if is_done {
        value.now = perhaps;
    }
    u64::from(is_done)
}

fn settle_relations(model: &mut Model, seen: &Snapshot) -> u64 {
    let Model { users, posts, likes, follows, .. } = model;
    let mut found_done = 0;
    let id = |user: &UserNo| users.get(user).and_then(|user| user.id.clone());
    for ((user, post), state) in likes.iter_mut().filter(|(_, state)| **state == State::Unclear) {
        let post = posts.get(post).and_then(|post| post.id.as_ref()).and_then(|id| seen.posts.get(id));
        let is_here = post.zip(id(user)).is_some_and(|(post, id)| post.likers.contains(&id));
        *state = if is_here { State::Here } else { State::Gone };
        found_done += u64::from(is_here);
    }
    for ((user, other), state) in follows.iter_mut().filter(|(_, state)| **state == State::Unclear) {
        let user = id(user).and_then(|id| seen.users.get(&id));
        let is_here = user.zip(id(other)).is_some_and(|(user, id)| user.following.contains(&id));
        *state = if is_here { State::Here } else { State::Gone };
        found_done += u64::from(is_here);
    }
    found_done
}

/// Tells every difference between the model, in which nothing is unclear, and what is there.
pub(crate) fn compare(model: &mut Model, seen: &Snapshot) {
    let expected = expected(model);
    differences(&mut model.violations, &expected.users, &seen.users);
    differences(&mut model.violations, &expected.posts, &seen.posts);
}

fn differences<T: PartialEq + Debug>(
    found: &mut Vec<String>,
    expected: &BTreeMap<String, T>,
    seen: &BTreeMap<String, T>,
) {
    for id in expected.keys().chain(seen.keys()).collect::<BTreeSet<_>>() {
        let (expected, seen) = (expected.get(id), seen.get(id));
        if expected != seen {
            found.push(format!("{id} should be {expected:?} and is {seen:?}"));
        }
    }
}

/// What readers must see.
fn expected(model: &Model) -> Snapshot {
    let id = |user: &UserNo| model.users[user].id.clone().unwrap_or_default();
    let (mut users, mut posts) = (BTreeMap::new(), BTreeMap::new());
    for (no, post) in model.posts.iter().filter(|(no, _)| model.has_post(**no)) {
        let likers = model
            .likes
            .iter()
            .filter(|((user, post), state)| post == no && **state == State::Here && model.has_user(*user));
        let likers: BTreeSet<String> = likers.map(|((user, _), _)| id(user)).collect();
        let seen = SeenPost {
            author: id(&post.author),
            text: text(post.text.now),
            revision: post.revision.unwrap_or_default(),
            like_counts: [likers.len() as u64; 2],
            likers,
        };
        posts.insert(post.id.clone().unwrap_or_default(), seen);
    }
    for (no, user) in model.users.iter().filter(|(no, _)| model.has_user(**no)) {
        let is_here = |pair: &(UserNo, UserNo)| model.has_user(pair.0) && model.has_user(pair.1);
        let follows = || model.follows.iter().filter(|(pair, state)| **state == State::Here && is_here(pair));
        let followers: BTreeSet<String> =
            follows().filter(|((_, to), _)| to == no).map(|((by, _), _)| id(by)).collect();
        let following: BTreeSet<String> =
            follows().filter(|((by, _), _)| by == no).map(|((_, to), _)| id(to)).collect();
        let likes = model
            .likes
            .iter()
            .filter(|((user, post), state)| user == no && **state == State::Here && model.has_post(*post));
        let own = model.posts.iter().filter(|(post, of)| of.author == *no && model.has_post(**post));
        let seen = SeenUser {
            handle: user.handle.clone(),
            profile: profile(user.profile.now),
            follower_counts: [followers.len() as u64; 2],
            followers,
            following_counts: [following.len() as u64; 2],
            following,
            post_counts: [own.count() as u64; 2],
            like_count: likes.count() as u64,
        };
        users.insert(id(no), seen);
    }
    Snapshot { users, posts }
}
