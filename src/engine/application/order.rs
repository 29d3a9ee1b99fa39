//! Order violations: the first delivery of an event of an entity of which a later one had already been started.
//! Redeliveries do not count. Filled only where somebody asks, since it keeps a time for each entity.

use super::super::time::Instant;

/// For one group: the latest event of each entity that any member has started, over all producers.
#[derive(Clone, Debug, Default)]
pub struct OrderTracker {
    /// By (producer, entity): the event's time + 1, 0 for none, and its type.
    last: Vec<Vec<(u64, u8)>>,
    pub violations: u64,
}

impl OrderTracker {
    /// Starts an event; gives the type of the later event of the same entity that had been started before, if any.
    #[inline]
    pub fn start(&mut self, producer: usize, entity: u32, time: Instant, event_type: u8) -> Option<u8> {
        if self.last.len() <= producer {
            self.last.resize(producer + 1, Vec::new());
        }
        let entities = &mut self.last[producer];
        if entities.len() <= entity as usize {
            entities.resize((entity as usize + 1).next_power_of_two(), (0, 0));
        }
        let (latest, latest_type) = &mut entities[entity as usize];
        let own = time.0 + 1;
        if own < *latest {
            self.violations += 1;
            return Some(*latest_type);
        }
        (*latest, *latest_type) = (own, event_type);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_after_a_later_one_of_its_entity_is_a_violation() {
        let mut order = OrderTracker::default();
        assert_eq!(order.start(0, 5, Instant(10), 0), None);
        assert_eq!(order.start(0, 5, Instant(30), 2), None);
        assert_eq!(order.start(0, 5, Instant(20), 1), Some(2));
        assert_eq!(order.start(0, 6, Instant(5), 0), None);
        assert_eq!(order.start(1, 5, Instant(5), 0), None);
        assert_eq!(order.violations, 1);
    }
}
