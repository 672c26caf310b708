//! The bus in process.

use std::sync::Arc;

use async_trait::async_trait;
use polygraph::domain::event::Event;
use polygraph::ports::{EventBus, Group};
use polygraph::stores::memory::MemoryEvents;

use super::{Counted, FEW, World, event_bus_contract};

struct InMemory {
    bus: Arc<MemoryEvents>,
    small: Arc<MemoryEvents>,
}

impl InMemory {
    async fn new() -> Self {
        Self {
            bus: Arc::new(MemoryEvents::new(&Counted, 10_000)),
            small: Arc::new(MemoryEvents::new(&Counted, FEW as usize)),
        }
    }
}

#[async_trait]
impl World for InMemory {
    fn bus(&self) -> Arc<dyn EventBus> {
        self.bus.clone()
    }

    fn neighbour(&self) -> Arc<dyn EventBus> {
        self.bus.clone()
    }

    fn small(&self) -> Arc<dyn EventBus> {
        self.small.clone()
    }

    async fn dead_letters(&self, group: &Group, _: usize) -> Vec<Event> {
        self.bus.dead_letters(group)
    }
}

event_bus_contract!(super::memory::InMemory::new());
