//! How much demo data there is to be.

use sha2::{Digest as _, Sha256};

use super::data::DemoData;
use super::demo::FOLLOWS as DEMO_FOLLOWS;
use crate::domain::InvalidInput;

/// The most users of a plan: their handles end in a number of up to seven digits.
const MAX_USERS: u32 = 10_000_000;

/// How many of each there are to be, and the number that everything is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeedPlan {
    /// How many users, `demo` among them.
    pub users: u32,
    /// How many posts.
    pub posts: u32,
    /// How many likes.
    pub likes: u64,
    /// How many follows.
    pub follows: u64,
    /// Another number makes another society.
    pub seed: u64,
}

impl Default for SeedPlan {
    fn default() -> Self {
        Self { users: 100, posts: 1_000, likes: 10_000, follows: 2_000, seed: 42 }
    }
}

impl SeedPlan {
    /// The data of this plan.
    ///
    /// # Errors
    /// [`InvalidInput`] when the numbers can't be: more likes or follows than there are pairs, or no user.
    pub fn data(self) -> Result<DemoData, InvalidInput> {
        self.check()?;
        Ok(DemoData::new(self))
    }

    fn check(&self) -> Result<(), InvalidInput> {
        if !(1..=MAX_USERS).contains(&self.users) {
            return Err(InvalidInput::new(format!("There must be 1 to {MAX_USERS} users: `demo` is one of them.")));
        }
        let others = u64::from(self.users) - 1;
        let most = u64::from(self.posts) * others;
        if self.likes > most {
            return Err(InvalidInput::new(format!(
                "{} likes are too many: {} users can like {} posts at most {most} times, since nobody likes their own.",
                self.likes, self.users, self.posts,
            )));
        }
        let most = others * others + others.min(DEMO_FOLLOWS);
        if self.follows > most {
            return Err(InvalidInput::new(format!(
                "{} follows are too many: among {} users there can be at most {most}, since nobody follows themselves \
                 and `demo` follows {DEMO_FOLLOWS}.",
                self.follows, self.users,
            )));
        }
        Ok(())
    }

    /// Ten bytes that differ between plans.
    pub(super) fn fingerprint(&self) -> [u8; 10] {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        hash.update(self.users.to_le_bytes());
        hash.update(self.posts.to_le_bytes());
        hash.update(self.likes.to_le_bytes());
        hash.update(self.follows.to_le_bytes());
        let digest = hash.finalize();
        std::array::from_fn(|at| digest[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_with_a_sentence() {
        let plan = SeedPlan { users: 3, posts: 5, likes: 10, follows: 6, seed: 1 };
        assert!(plan.check().is_ok());
        for (plan, word) in [
            (SeedPlan { users: 0, ..plan }, "users"),
            (SeedPlan { users: MAX_USERS + 1, ..plan }, "users"),
            (SeedPlan { likes: 11, ..plan }, "11 likes are too many"),
            (SeedPlan { follows: 7, ..plan }, "7 follows are too many"),
            (SeedPlan { users: 1, likes: 1, follows: 0, ..plan }, "1 likes"),
        ] {
            let error = plan.check().expect_err("an impossible plan").to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn each_number_counts_for_the_fingerprint() {
        let plan = SeedPlan::default();
        for other in [
            SeedPlan { users: 101, ..plan },
            SeedPlan { posts: 1_001, ..plan },
            SeedPlan { likes: 10_001, ..plan },
            SeedPlan { follows: 2_001, ..plan },
            SeedPlan { seed: 43, ..plan },
        ] {
            assert_ne!(plan.fingerprint(), other.fingerprint());
        }
    }
}
