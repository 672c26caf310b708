//! What a subscriber is told before anything happens: what happened since they were told last, or that there is nothing
//! to wait for.

use std::time::Duration;

use tokio::time::timeout_at;

use super::Live;
use super::fan_out::Task;
use super::frame::{Frame, Missed};
use super::seen::Seen;
use crate::domain::event::Happened;
use crate::domain::{About, PostFields, Topic, UserId};
use crate::graphql::{Asker, Standing, Told};
use crate::ports::{Delivered, Following, Position, Start, StoreResult, deadline};

/// How many events are told again at most; those before are missed.
const MOST: usize = 1_000;
/// How long the history of the bus is read at most.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many are resolved together.
const TOGETHER: usize = 64;

impl Live {
    /// What `asker` would have been told after the position `after`, up to and with `until`.
    pub(super) async fn replay(
        &self,
        standing: &Standing,
        asker: Asker,
        after: Position,
        until: Option<Position>,
    ) -> Vec<Frame> {
        if until.as_ref().is_none_or(|until| *until == after) {
            return Vec::new();
        }
        let (mut events, mut is_whole) = match self.history(standing.topic(), after, until).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "what a subscriber has missed can't be read");
                (Vec::new(), false)
            }
        };
        if let (Topic::Feed, Some(viewer)) = (standing.topic(), asker.viewer.id()) {
            is_whole &= self.keep_followed(viewer, &mut events).await.is_ok();
        }
        let mut frames = Vec::with_capacity(events.len() + 1);
        if !is_whole {
            frames.push(Frame::gap(Missed::Unknown));
        }
        for together in events.chunks(TOGETHER) {
            let ids: Vec<String> = together.iter().map(|delivered| delivered.event.id.to_string()).collect();
            let about = together.iter().filter_map(|delivered| About::of(&delivered.event));
            let tasks = about.zip(&ids).map(|(about, request_id)| Task { standing, asker, about, request_id });
            let responses = self.fan_out.resolve(tasks.collect()).await;
            for (Delivered { position, .. }, told) in together.iter().zip(responses) {
                let position = Some(position.clone());
                match told {
                    Some(Told::Next(body)) => frames.push(Frame::of(body, false, position)),
                    Some(Told::Last(body)) => {
                        frames.push(Frame::of(body, true, position));
                        return frames;
                    }
                    Some(Told::Nothing) | None => {}
                }
            }
        }
        frames
    }

    /// The events of a topic in this part of the history, each once, and whether that is all of them.
    async fn history(
        &self,
        topic: Topic,
        after: Position,
        until: Option<Position>,
    ) -> StoreResult<(Vec<Delivered>, bool)> {
        let give_up_at = (self.fan_out.0.now)() + PATIENCE;
        let Following { mut events, has_gap, .. } = self.bus.follow(Start::After(after)).await?;
        let (mut found, mut seen, mut is_whole) = (Vec::new(), Seen::default(), !has_gap);
        loop {
            // A position that has left the history meanwhile never comes.
            let Ok(next) = timeout_at(give_up_at.into(), events.next()).await else { return Ok((found, false)) };
            for delivered in next? {
                let is_end = until.as_ref() == Some(&delivered.position);
                if seen.is_new(delivered.event.id) && Topic::of(&delivered.event).contains(&topic) {
                    found.push(delivered);
                }
                if is_end {
                    if found.len() > MOST {
                        found.drain(..found.len() - MOST);
                        is_whole = false;
                    }
                    return Ok((found, is_whole));
                }
            }
        }
    }

    /// Keeps the posts of those whom `viewer` follows now.
    async fn keep_followed(&self, viewer: UserId, events: &mut Vec<Delivered>) -> StoreResult<()> {
        let author = |delivered: &Delivered| match delivered.event.happened {
            Happened::PostCreated { author } => Some(UserId(author)),
            _ => None,
        };
        let authors: Vec<UserId> = events.iter().filter_map(author).collect();
        let telling = &self.fan_out.0;
        let asked = telling.stores.users.followed_by(viewer, &authors);
        let followed = deadline::within(telling.now, telling.patience, asked).await;
        let followed = followed.inspect_err(|_| events.clear())?;
        events.retain(|delivered| author(delivered).is_some_and(|author| followed.contains(&author)));
        Ok(())
    }

    /// Where a post is not there, that is all there is to tell of it.
    pub(super) async fn first_look(&self, standing: &Standing, asker: Asker) -> Vec<Frame> {
        let Topic::Post(post) = standing.topic() else { return Vec::new() };
        let telling = &self.fan_out.0;
        let posts = [post];
        let asked = telling.stores.posts.posts_by_id(&posts, PostFields::default());
        match deadline::within(telling.now, telling.patience, asked).await {
            Ok(found) if found.is_empty() => {}
            // Where the store does not answer, events will tell.
            _ => return Vec::new(),
        }
        let task = Task { standing, asker, about: About { post, liker: None }, request_id: "" };
        match self.fan_out.resolve(vec![task]).await.pop().flatten() {
            Some(Told::Last(body)) => vec![Frame::of(body, true, None)],
            _ => Vec::new(),
        }
    }
}
