//! A storm of likes: 64 clients like and unlike one post, as fast as they are answered. Each in a transaction of its
//! own, and then in groups as Polygraph commits them, in turns.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use polygraph::app::{OpenStores, SystemClock, SystemEntropy};
use polygraph::config::Config;
use polygraph::domain::{PostId, UserId};
use polygraph::ports::{Clock, LikeWish, PublishingStore, StoreResult};
use polygraph::services::likes::GroupCommit;
use polygraph::services::stamps::Stamps;
use serde_json::{Value, json};

use super::percentile;
use crate::Failure;
use crate::gateway::Binary;

const CLIENTS: usize = 64;
/// Stretches of each kind.
const ROUNDS: usize = 3;

/// Likes per second, the median of the rounds.
pub(super) struct Storm {
    alone: Vec<f64>,
    grouped: Vec<f64>,
}

impl Storm {
    fn ratio(&self) -> f64 {
        percentile(&self.grouped, 50) / percentile(&self.alone, 50)
    }

    pub(super) fn row(&self) -> String {
        let (alone, grouped) = (percentile(&self.alone, 50), percentile(&self.grouped, 50));
        let ratio = self.ratio();
        format!(
            "likes of one post by {CLIENTS} clients: {alone:.0}/s one by one, {grouped:.0}/s in groups: {ratio:.1} times"
        )
    }

    pub(super) fn figures(&self) -> Value {
        json!({
            "clients": CLIENTS,
            "likes_per_second_one_by_one": self.alone,
            "likes_per_second_in_groups": self.grouped,
            "ratio_of_medians": self.ratio(),
        })
    }
}

pub(super) async fn measure(binary: &Binary, stretch: Duration) -> Result<Storm, Failure> {
    let config = Config::from_sources(None, binary.env(), &[])?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let stores = OpenStores::open(&config, Arc::clone(&clock))?;
    let stamps = Stamps::new(clock, Arc::new(SystemEntropy));
    let post = stores.posts.scan_posts(None, 1).await?.first().ok_or("there is no post")?.id;
    let users: Vec<_> = stores.users.scan_users(None, CLIENTS as u32).await?.iter().map(|user| user.id).collect();
    let store = &stores.publishing;
    let groups = GroupCommit::new(Arc::clone(store));
    let mut storm = Storm { alone: Vec::new(), grouped: Vec::new() };
    for _ in 0..ROUNDS {
        let alone = |wish| async move { like_alone(&**store, post, wish).await };
        storm.alone.push(likes_per_second(&users, &stamps, stretch, alone).await?);
        let groups = &groups;
        let grouped = |wish| async move { groups.grant(post, wish).await.map(drop) };
        storm.grouped.push(likes_per_second(&users, &stamps, stretch, grouped).await?);
    }
    storm.alone.sort_unstable_by(f64::total_cmp);
    storm.grouped.sort_unstable_by(f64::total_cmp);
    Ok(storm)
}

async fn like_alone(store: &dyn PublishingStore, post: PostId, wish: LikeWish) -> StoreResult<()> {
    store.set_likes(post, &[wish]).await.map(drop)
}

/// Every user likes, then unlikes, and so on. One who is turned away, since too many were there first, tries again.
async fn likes_per_second<F: Future<Output = StoreResult<()>>>(
    users: &[UserId],
    stamps: &Stamps,
    stretch: Duration,
    grant: impl Fn(LikeWish) -> F,
) -> Result<f64, Failure> {
    let began = Instant::now();
    let grant = &grant;
    let clients = users.iter().map(|user| async move {
        let (mut granted, mut like) = (0_u64, true);
        while began.elapsed() < stretch {
            match grant(LikeWish { user: *user, like, stamp: stamps.stamp() }).await {
                Ok(()) => (granted, like) = (granted + 1, !like),
                Err(error) if error.kind == polygraph::ports::ErrorKind::Conflict => {}
                Err(error) => return Err(error),
            }
        }
        Ok(granted)
    });
    let granted: u64 = try_join_all(clients).await?.into_iter().sum();
    Ok(granted as f64 / began.elapsed().as_secs_f64())
}
