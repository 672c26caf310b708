//! `events tail`: what is told on the bus, as it happens, for people and for scripts.

use std::io::Write as _;
use std::time::Duration;

use super::AppError;
use super::bus::open_bus;
use super::serve::told_to_stop;
use crate::cli::EventsCommand;
use crate::config::Config;
use crate::domain::cloud_event;
use crate::domain::event::Event;
use crate::ports::{EventBus, Following, Group, Position, Start, StoreError};

/// How long to wait before a bus that failed is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Prints events until told to stop, or until nobody reads them any more.
///
/// # Errors
/// [`AppError`] where the bus is in a gateway's own process, or can't be reached at the beginning.
pub(super) async fn events(config: &Config, command: EventsCommand) -> Result<(), AppError> {
    let bus = open_bus(config)?;
    if bus.kind() == "memory" {
        let sentence =
            "Events are told in each gateway's own process, where no other sees them: set EVENTS_URL or REDIS_URL.";
        return Err(AppError::because(sentence));
    }
    let source = cloud_event::source(&config.data.namespace);
    let EventsCommand::Tail { group, after } = command;
    let telling = async {
        match group {
            Some(group) => work(&*bus, &group, &source).await,
            None => tail(&*bus, after, &source).await,
        }
    };
    let stop = told_to_stop()?;
    tokio::select! {
        told = telling => told,
        () = stop => Ok(()),
    }
}

/// Follows the bus; when it fails, again after what came last.
async fn tail(bus: &dyn EventBus, after: Option<String>, source: &str) -> Result<(), AppError> {
    let mut start = match after {
        None => Start::Now,
        Some(after) => Start::After(Position::read(&after).ok_or_else(|| {
            AppError::because(format!(
                "--after {after:?} is no position. Pass one that an event stream has told as `id`."
            ))
        })?),
    };
    let mut is_first = true;
    loop {
        match bus.follow(start.clone()).await {
            Err(error) if is_first => return Err(unreachable(error)),
            Err(error) => tracing::warn!(%error, "the event bus can't be followed; trying again"),
            Ok(Following { mut events, has_gap, from }) => {
                if has_gap {
                    eprintln!("Events after that position are gone; these are the oldest that are left.");
                } else if is_first {
                    eprintln!("Following the event bus.");
                }
                if let (Start::Now, Some(from)) = (&start, from) {
                    start = Start::After(from);
                }
                is_first = false;
                loop {
                    match events.next().await {
                        Ok(delivered) => {
                            for delivered in delivered {
                                if !print(&delivered.event, source) {
                                    return Ok(());
                                }
                                start = Start::After(delivered.position);
                            }
                        }
                        Err(error) => {
                            tracing::warn!(%error, "the event bus can't be followed; trying again");
                            break;
                        }
                    }
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Takes part in a group: what is printed counts as done.
async fn work(bus: &dyn EventBus, group: &str, source: &str) -> Result<(), AppError> {
    let group = Group::named(group).ok_or_else(|| {
        AppError::because(format!("{group:?} can't name a group: 1 to 64 of a-z, 0-9, `.`, `_` and `-`."))
    })?;
    let mut is_first = true;
    loop {
        let worked = async {
            let mut member = bus.join(&group).await?;
            if is_first {
                eprintln!("Joined the group {}.", group.as_str());
            }
            is_first = false;
            loop {
                let taken = member.next().await?;
                for taken in &taken {
                    if !print(&taken.event, source) {
                        return Ok(());
                    }
                    member.finish(std::slice::from_ref(taken)).await?;
                }
            }
        };
        match worked.await {
            Ok(()) => return Ok(()),
            Err(error) if is_first => return Err(unreachable(error)),
            Err(error) => tracing::warn!(%error, "the event bus can't be read; trying again"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn unreachable(error: StoreError) -> AppError {
    AppError::new("The event bus can't be read. Is EVENTS_URL (or REDIS_URL) right, and the server up?", error)
}

/// Prints an event on a line of its own. Returns whether anybody reads it.
fn print(event: &Event, source: &str) -> bool {
    let mut out = std::io::stdout();
    writeln!(out, "{}", cloud_event::write(event, source)).and_then(|()| out.flush()).is_ok()
}
