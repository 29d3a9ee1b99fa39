//! The coordinator's timeouts, at most one for each key.
//! Kafka: `CoordinatorTimer`.
//! Holds: timeouts expire in the order of their deadlines, then of their keys; putting one off costs a look-up, not a
//! move in the queue, so that the heartbeats of a quiet group are cheap and do not move the moment of the next call.

use crate::engine::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
pub struct CoordinatorTimer<K: Ord + Copy> {
    timeouts: BTreeMap<K, Timeout>,
    wakes: BTreeSet<(Instant, K)>,
}

#[derive(Clone, Copy, Debug)]
struct Timeout {
    deadline: Instant,
    /// When it is looked at again: never after the deadline.
    wake: Instant,
}

impl<K: Ord + Copy> Default for CoordinatorTimer<K> {
    fn default() -> Self {
        CoordinatorTimer { timeouts: BTreeMap::new(), wakes: BTreeSet::new() }
    }
}

impl<K: Ord + Copy> CoordinatorTimer<K> {
    /// The key's timeout, if it had one, is replaced.
    pub fn schedule(&mut self, key: K, deadline: Instant) {
        match self.timeouts.get_mut(&key) {
            Some(timeout) if deadline >= timeout.wake => timeout.deadline = deadline,
            Some(timeout) => {
                self.wakes.remove(&(timeout.wake, key));
                *timeout = Timeout { deadline, wake: deadline };
                self.wakes.insert((deadline, key));
            }
            None => {
                self.timeouts.insert(key, Timeout { deadline, wake: deadline });
                self.wakes.insert((deadline, key));
            }
        }
    }

    pub fn cancel(&mut self, key: K) {
        if let Some(timeout) = self.timeouts.remove(&key) {
            self.wakes.remove(&(timeout.wake, key));
        }
    }

    /// When to look again: not after the next deadline, but perhaps before it.
    pub fn next_wake(&self) -> Option<Instant> {
        self.wakes.first().map(|(wake, _)| *wake)
    }

    /// The next key whose deadline has come. To be called until there is none.
    pub fn pop_expired(&mut self, now: Instant) -> Option<K> {
        loop {
            let &(wake, key) = self.wakes.first()?;
            if wake > now {
                return None;
            }
            self.wakes.pop_first();
            let timeout = self.timeouts.get_mut(&key).expect("what wakes has a timeout");
            if timeout.deadline > wake {
                timeout.wake = timeout.deadline;
                self.wakes.insert((timeout.deadline, key));
            } else {
                self.timeouts.remove(&key);
                return Some(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn a_timeout_that_is_put_off_expires_at_its_last_deadline() {
        let mut timer = CoordinatorTimer::default();
        timer.schedule('a', at(10));
        timer.schedule('a', at(30));
        timer.schedule('b', at(20));
        assert_eq!(timer.pop_expired(at(10)), None);
        assert_eq!(timer.next_wake(), Some(at(20)));
        assert_eq!((timer.pop_expired(at(50)), timer.pop_expired(at(50))), (Some('b'), Some('a')));
        assert_eq!((timer.pop_expired(at(50)), timer.next_wake()), (None, None));
    }

    #[test]
    fn a_timeout_can_be_moved_forward_and_cancelled() {
        let mut timer = CoordinatorTimer::default();
        timer.schedule('a', at(30));
        timer.schedule('a', at(10));
        assert_eq!(timer.next_wake(), Some(at(10)));
        assert_eq!(timer.pop_expired(at(10)), Some('a'));
        timer.schedule('a', at(40));
        timer.cancel('a');
        assert_eq!((timer.next_wake(), timer.pop_expired(at(40))), (None, None));
    }
}
