//! When a member's heartbeat, session and time between two polls are due.
//! Kafka: `Heartbeat` and the heartbeat thread. Left out: the jitter of a back-off, and the 100 ms steps in which Kafka's
//! thread looks at the clock: what is due is done at that moment.

use super::Config;
use crate::engine::time::{Duration, Instant};

#[derive(Clone, Debug)]
pub(in super::super) struct Heartbeat {
    interval: Duration,
    session_timeout: Duration,
    max_poll_interval: Duration,
    /// When the next one is sent.
    pub due: Instant,
    /// When the coordinator has been silent for `session.timeout.ms`.
    pub session_expires: Instant,
    /// When `max.poll.interval.ms` has passed since the last poll.
    pub poll_expires: Instant,
    failed_attempts: u32,
}

impl Heartbeat {
    pub fn new(config: &Config, now: Instant) -> Self {
        Heartbeat {
            interval: config.heartbeat_interval,
            session_timeout: config.session_timeout,
            max_poll_interval: config.max_poll_interval,
            due: now + config.heartbeat_interval,
            session_expires: now + config.session_timeout,
            poll_expires: now + config.max_poll_interval,
            failed_attempts: 0,
        }
    }

    pub fn poll(&mut self, now: Instant) {
        self.poll_expires = now + self.max_poll_interval;
    }

    pub fn sent(&mut self, now: Instant) {
        self.due = now + self.interval;
    }

    pub fn received(&mut self, now: Instant) {
        self.failed_attempts = 0;
        self.reset_session(now);
    }

    pub fn failed(&mut self, now: Instant) {
        self.due = now + backoff(self.failed_attempts);
        self.failed_attempts += 1;
    }

    pub fn reset_session(&mut self, now: Instant) {
        self.session_expires = now + self.session_timeout;
    }

    /// The member has joined: everything begins anew.
    pub fn reset(&mut self, now: Instant) {
        self.poll(now);
        self.sent(now);
        self.reset_session(now);
    }
}

/// `retry.backoff.ms` (100) doubled with each attempt, up to `retry.backoff.max.ms` (1000).
pub(in super::super) fn backoff(attempts: u32) -> Duration {
    Duration::from_millis((100 << attempts.min(4)).min(1_000))
}
