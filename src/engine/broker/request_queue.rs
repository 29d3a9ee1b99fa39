//! The request queue and its handler threads: what a request waits for, and what it costs.
//! Kafka: `kafka.network.RequestChannel`, `KafkaRequestHandlerPool` (`num.io.threads`). A connection is muted while a
//! request of it is in work, so a producer's pipelined requests are taken one after the other.
//! Left out: network threads, request quotas. The log disk takes writes one after the other, without a write-back cache.

use super::super::id::NodeId;
use super::super::message::Message;
use super::super::time::{Duration, Instant};
use std::collections::VecDeque;

#[derive(Clone, Debug)]
pub struct RequestQueue {
    waiting: VecDeque<Waiting>,
    in_work: Vec<InWork>,
    threads: usize,
    disk_free: Instant,
    /// Time that handler threads have worked, for `RequestHandlerAvgIdlePercent`.
    pub worked: Duration,
    started: u64,
}

#[derive(Clone, Debug)]
struct Waiting {
    from: NodeId,
    message: Message,
    cost: Cost,
}

#[derive(Clone, Debug)]
struct InWork {
    done: Instant,
    /// The order in which work was begun, for ties.
    number: u64,
    from: NodeId,
    message: Message,
}

/// What a request asks of the broker.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub cpu: Duration,
    pub disk: Duration,
}

impl RequestQueue {
    pub fn new(threads: u32) -> Self {
        RequestQueue {
            waiting: VecDeque::new(),
            in_work: Vec::new(),
            threads: threads as usize,
            disk_free: Instant::ZERO,
            worked: Duration::ZERO,
            started: 0,
        }
    }

    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Nothing waits and nothing is in work.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.in_work.is_empty()
    }

    pub fn push(&mut self, now: Instant, from: NodeId, message: Message, cost: Cost) {
        self.waiting.push_back(Waiting { from, message, cost });
        self.start(now);
    }

    /// When the next request is done.
    pub fn next_done(&self) -> Instant {
        self.in_work.iter().map(|work| work.done).min().unwrap_or(Instant::MAX)
    }

    /// Takes a request that is done, the one begun first.
    pub fn take_done(&mut self, now: Instant) -> Option<(NodeId, Message)> {
        let place = (0..self.in_work.len())
            .filter(|&place| self.in_work[place].done <= now)
            .min_by_key(|&place| (self.in_work[place].done, self.in_work[place].number))?;
        let InWork { from, message, .. } = self.in_work.swap_remove(place);
        self.start(now);
        Some((from, message))
    }

    fn start(&mut self, now: Instant) {
        while self.in_work.len() < self.threads {
            let muted = |from: NodeId| self.in_work.iter().any(|work| work.from == from);
            let Some(place) = self.waiting.iter().position(|waiting| !muted(waiting.from)) else { return };
            let Waiting { from, message, cost } = self.waiting.remove(place).expect("the position was just found");
            let mut done = now + cost.cpu;
            if cost.disk > Duration::ZERO {
                self.disk_free = self.disk_free.max(now) + cost.disk;
                done = done.max(self.disk_free);
            }
            self.worked += cost.cpu;
            self.in_work.push(InWork { done, number: self.started, from, message });
            self.started += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(micros: u64) -> Cost {
        Cost { cpu: Duration::from_micros(micros), disk: Duration::ZERO }
    }

    #[test]
    fn a_connection_is_muted_while_a_request_of_it_is_in_work() {
        let mut queue = RequestQueue::new(2);
        for from in [7, 7, 8] {
            queue.push(Instant::ZERO, NodeId(from), Message::Nothing, cost(10));
        }
        assert_eq!(queue.waiting(), 1, "8 is in work beside the first of 7");
        let at = queue.next_done();
        assert_eq!(at, Instant(10_000));
        assert_eq!(queue.take_done(at).map(|(from, _)| from), Some(NodeId(7)));
        assert_eq!(queue.take_done(at).map(|(from, _)| from), Some(NodeId(8)));
        assert!(queue.take_done(at).is_none());
        assert_eq!(queue.next_done(), Instant(20_000));
    }

    #[test]
    fn the_disk_takes_writes_one_after_the_other() {
        let mut queue = RequestQueue::new(8);
        for from in 0..3 {
            queue.push(Instant::ZERO, NodeId(from), Message::Nothing, Cost { cpu: Duration(5), disk: Duration(100) });
        }
        let mut done = Vec::new();
        while queue.next_done() != Instant::MAX {
            let at = queue.next_done();
            queue.take_done(at);
            done.push(at.0);
        }
        assert_eq!(done, [100, 200, 300]);
    }
}
