//! The demo data of a plan, item by item.

use uuid::Uuid;

use super::dice::{Dice, Purpose};
use super::plan::SeedPlan;
use super::shares::{divide, zipf};
use super::shuffle::Shuffle;
use super::{bios, demo, people, prose, timeline, topics};
use crate::domain::id::uuid_v7;
use crate::domain::text::Handle;
use crate::domain::{Like, LikeId, PostId, Timestamp, UserId};
use crate::ports::{NewFollow, NewPost, NewUser};

/// How flat the fame of users is: of 100, the first has about seven times the followers of the one in the middle.
const FLATNESS_OF_FAME: u64 = 8;
/// How flat the popularity of posts is: of 1,000, the first has about eighteen times the likes of the one in the
/// middle, and nearly everybody's at the default numbers.
const FLATNESS_OF_POPULARITY: u64 = 30;

/// All demo data of one plan. Items are made as they are asked for; only ids and counts are kept.
#[derive(Debug, Clone)]
pub struct DemoData {
    plan: SeedPlan,
    users: Vec<UserId>,
    posts: Vec<PostSlot>,
    /// How many follow the user at each rank of fame, the demo user aside.
    followers: Vec<u32>,
    /// How many like each post.
    likes: Vec<u32>,
    /// Who stands at which rank of fame, the demo user aside.
    fame: Shuffle,
    /// The number that each handle ends in.
    handle_numbers: Shuffle,
}

#[derive(Debug, Clone, Copy)]
struct PostSlot {
    id: PostId,
    author: u32,
}

impl DemoData {
    /// The plan must have been checked.
    pub(super) fn new(plan: SeedPlan) -> Self {
        let users = u64::from(plan.users);
        let mut data = Self {
            plan,
            users: Vec::new(),
            posts: Vec::new(),
            followers: Vec::new(),
            likes: Vec::new(),
            fame: Shuffle::new(users - 1, &mut Dice::new(plan.seed, Purpose::Fame, 0)),
            handle_numbers: Shuffle::new(users, &mut Dice::new(plan.seed, Purpose::HandleNumbers, 0)),
        };
        data.users = (0..users).map(|index| data.user_id(index)).collect();
        data.posts = (0..u64::from(plan.posts)).map(|index| data.post_slot(index)).collect();
        data.followers = data.share_follows();
        data.likes = data.share_likes();
        data
    }

    /// The plan that this is the data of.
    pub fn plan(&self) -> SeedPlan {
        self.plan
    }

    /// The demo user's id. It is drawn from all numbers of the plan: a store in which `demo` has this id was sown by
    /// the very same plan.
    pub fn demo_id(&self) -> UserId {
        self.users[0]
    }

    /// All users, in order of sign-up, the demo user first (whose password is hashed now, which takes a moment).
    pub fn users(&self) -> impl Iterator<Item = NewUser> {
        (0..self.users.len()).map(|index| self.user(index))
    }

    /// All posts, in order of publication.
    pub fn posts(&self) -> impl Iterator<Item = NewPost> {
        (0..self.posts.len()).map(|index| self.post(index))
    }

    /// All follows: the demo user's first, then those of the most famous user, and so on down.
    pub fn follows(&self) -> impl Iterator<Item = NewFollow> {
        self.demo_follows().chain((0..self.followers.len()).flat_map(|rank| self.followers_at(rank)))
    }

    /// All likes, post by post in order of publication.
    pub fn likes(&self) -> impl Iterator<Item = Like> {
        (0..self.posts.len()).flat_map(|index| self.likes_of(index))
    }

    fn dice(&self, purpose: Purpose, index: u64) -> Dice {
        Dice::new(self.plan.seed, purpose, index)
    }

    fn user_id(&self, index: u64) -> UserId {
        let signed_up = timeline::sign_up(index, u64::from(self.plan.users), &mut self.dice(Purpose::SignUp, index));
        let random =
            if index == demo::INDEX { self.plan.fingerprint() } else { self.dice(Purpose::UserId, index).bytes() };
        UserId(uuid_v7(signed_up, random))
    }

    fn user(&self, index: usize) -> NewUser {
        let (id, at) = (self.users[index], index as u64);
        let created_at = created_at(id.0);
        if at == demo::INDEX {
            return NewUser {
                id,
                handle: handle(demo::HANDLE),
                name: demo::NAME.to_owned(),
                bio: Some(demo::BIO.to_owned()),
                email: demo::EMAIL.to_owned(),
                password_hash: Some(demo::password_hash(self.plan.seed)),
                created_at,
            };
        }
        let mut dice = self.dice(Purpose::Person, at);
        let person = people::person(&mut dice);
        // The stem ends with a letter and the number is nobody else's, so the handle is unique.
        let handle = handle(&format!("{}{}", person.handle_stem, self.handle_numbers.at(at)));
        let email = format!("{handle}@{}", dice.pick(&["example.com", "example.net", "example.org"]));
        let bio = bios::bio(self.interests(at), &mut self.dice(Purpose::Bio, at));
        NewUser { id, handle, name: person.name, bio, email, password_hash: None, created_at }
    }

    /// The two topics that a user likes to write about.
    fn interests(&self, user: u64) -> [&'static topics::Topic; 2] {
        let mut dice = self.dice(Purpose::Interests, user);
        let number = topics::ALL.len() as u64;
        let first = dice.below(number);
        let second = (first + 1 + dice.below(number - 1)) % number;
        [first, second].map(|topic| &topics::ALL[topic as usize])
    }

    fn post_slot(&self, index: u64) -> PostSlot {
        let mut dice = self.dice(Purpose::Post, index);
        let published = timeline::publication(index, u64::from(self.plan.posts), &mut dice);
        let id = PostId(uuid_v7(published, self.dice(Purpose::PostId, index).bytes()));
        // Squaring favours the low ranks: the famous write more.
        let users = u64::from(self.plan.users);
        let part = dice.fraction();
        let mut author = self.user_at_rank((users as f64 * part * part) as u64);
        if created_at(self.users[author as usize].0) >= published {
            // Not there yet: somebody who is, the famous still more often than others.
            author =
                (u128::from(author) * u128::from(timeline::signed_up_by(published, users)) / u128::from(users)) as u64;
        }
        PostSlot { id, author: author as u32 }
    }

    fn post(&self, index: usize) -> NewPost {
        let PostSlot { id, author } = self.posts[index];
        let mut dice = self.dice(Purpose::Prose, index as u64);
        let [first, second] = self.interests(u64::from(author));
        let topic = match dice.below(100) {
            0..55 => first,
            55..85 => second,
            _ => &topics::ALL[dice.below(topics::ALL.len() as u64) as usize],
        };
        let (title, content) = prose::post(topic, &mut dice);
        NewPost { id, author: self.users[author as usize], title, content, created_at: created_at(id.0) }
    }

    /// The index of the user at a rank of fame. The demo user stands a tenth of the way down.
    fn user_at_rank(&self, rank: u64) -> u64 {
        let demo_rank = u64::from(self.plan.users) / 10;
        match rank.cmp(&demo_rank) {
            std::cmp::Ordering::Less => 1 + self.fame.at(rank),
            std::cmp::Ordering::Equal => demo::INDEX,
            std::cmp::Ordering::Greater => 1 + self.fame.at(rank - 1),
        }
    }

    fn demo_follows_count(&self) -> u64 {
        demo::FOLLOWS.min(u64::from(self.plan.users) - 1).min(self.plan.follows)
    }

    fn share_follows(&self) -> Vec<u32> {
        let users = u64::from(self.plan.users);
        let weights: Vec<u64> = (0..users).map(|rank| zipf(rank, FLATNESS_OF_FAME)).collect();
        let candidates = |rank: usize| self.follower_candidates(self.user_at_rank(rank as u64));
        divide(self.plan.follows - self.demo_follows_count(), &weights, candidates)
    }

    fn share_likes(&self) -> Vec<u32> {
        let posts = u64::from(self.plan.posts);
        let ranks = Shuffle::new(posts, &mut self.dice(Purpose::Popularity, 0));
        let weights: Vec<u64> = (0..posts).map(|post| zipf(ranks.at(post), FLATNESS_OF_POPULARITY)).collect();
        divide(self.plan.likes, &weights, |_| u64::from(self.plan.users) - 1)
    }

    /// How many may follow a user: all but the user and the demo user, whose follows are chosen apart.
    fn follower_candidates(&self, followed: u64) -> u64 {
        let others = u64::from(self.plan.users) - 1;
        if followed == demo::INDEX { others } else { others - 1 }
    }

    /// Every other one of the most famous, so that some of those followed by them are left to be suggested.
    fn demo_follows(&self) -> impl Iterator<Item = NewFollow> {
        let follows = self.demo_follows_count();
        let others = u64::from(self.plan.users) - 1;
        let stride = if follows * 2 <= others { 2 } else { 1 };
        let mut dice = self.dice(Purpose::DemoFollows, 0);
        (0..follows).map(move |place| self.follow(demo::INDEX, 1 + self.fame.at(place * stride), &mut dice))
    }

    fn followers_at(&self, rank: usize) -> impl Iterator<Item = NewFollow> {
        let followed = self.user_at_rank(rank as u64);
        let mut dice = self.dice(Purpose::Follows, rank as u64);
        let order = Shuffle::new(self.follower_candidates(followed), &mut dice);
        (0..u64::from(self.followers[rank])).map(move |place| {
            // The candidates are all but the demo user, at 0, and all but the followed.
            let candidate = 1 + order.at(place);
            let follower = if followed != demo::INDEX && candidate >= followed { candidate + 1 } else { candidate };
            self.follow(follower, followed, &mut dice)
        })
    }

    fn follow(&self, follower: u64, followed: u64, dice: &mut Dice) -> NewFollow {
        let (follower, followed) = (self.users[follower as usize], self.users[followed as usize]);
        let created_at = timeline::relation(created_at(follower.0), created_at(followed.0), dice);
        NewFollow { follower, followed, created_at }
    }

    fn likes_of(&self, index: usize) -> impl Iterator<Item = Like> {
        let PostSlot { id: post, author } = self.posts[index];
        let mut dice = self.dice(Purpose::Likes, index as u64);
        let order = Shuffle::new(u64::from(self.plan.users) - 1, &mut dice);
        (0..u64::from(self.likes[index])).map(move |place| {
            // The candidates are all but the author.
            let candidate = order.at(place);
            let liker = if candidate >= u64::from(author) { candidate + 1 } else { candidate };
            let user = self.users[liker as usize];
            let created_at = timeline::relation(created_at(post.0), created_at(user.0), &mut dice);
            Like { id: LikeId { post, user }, author: self.users[author as usize], created_at }
        })
    }
}

/// The moment that a UUIDv7 was made of.
fn created_at(id: Uuid) -> Timestamp {
    let (millis, _) = id.as_u64_pair();
    Timestamp::from_millis((millis >> 16) as i64)
}

fn handle(text: &str) -> Handle {
    Handle::parse(text).expect("handles of demo data are made of a few letters and digits")
}

#[cfg(test)]
#[path = "data_tests.rs"]
mod tests;
