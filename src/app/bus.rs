//! The event bus that a configuration asks for.

use std::sync::Arc;
use std::time::Duration;

use super::{AppError, SystemEntropy};
use crate::config::{Config, EventsChoice};
use crate::ports::EventBus;
use crate::stores::amqp::{AmqpEvents, AmqpEventsOptions};
use crate::stores::memory::MemoryEvents;
use crate::stores::redis::{RedisEvents, RedisEventsOptions};

/// How many events are remembered in this process at most.
const EVENTS: u64 = 20_000;
/// After what time an event that a worker has in hand is another's.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// The event bus. A server is not asked anything yet.
pub(super) fn open_bus(config: &Config) -> Result<Arc<dyn EventBus>, AppError> {
    let (stores, namespace) = (&config.stores, config.data.namespace.clone());
    let refused = |error| AppError::new("EVENTS_URL can't be used.", error);
    let (connect_timeout, command_timeout) = (stores.store_connect_timeout, stores.store_timeout);
    let (most_events, longest) = (config.events.max_count, config.events.max_age);
    Ok(match &config.events.bus {
        EventsChoice::Memory => {
            let most = usize::try_from(most_events.min(EVENTS)).unwrap_or(usize::MAX);
            Arc::new(MemoryEvents::new(&SystemEntropy, most))
        }
        EventsChoice::Redis(url) => {
            let url = url.expose().to_owned();
            let (patience, entropy) = (FORGOTTEN, Arc::new(SystemEntropy));
            let options =
                RedisEventsOptions { url, namespace, connect_timeout, command_timeout, most_events, longest, patience };
            Arc::new(RedisEvents::connect_lazy(options, entropy).map_err(refused)?)
        }
        EventsChoice::RabbitMq(url) => {
            let url = url.expose().to_owned();
            let options = AmqpEventsOptions { url, namespace, connect_timeout, command_timeout, most_events, longest };
            Arc::new(AmqpEvents::connect_lazy(options, Arc::new(SystemEntropy)).map_err(refused)?)
        }
    })
}
