//! A process comes and goes: it starts, stops in good order, dies, stands still, gives up.
//! Kafka: `KafkaConsumer.close`; the rest is what happens to processes.
//! Holds: a process that dies tells nobody; one that stops finishes the records in hand first.

use super::super::super::id::{ObservationId, TopicPartition};
use super::super::super::observe::observation::{Refusal, What};
use super::super::super::time::{Duration, Instant};
use super::super::super::world::Context;
use super::consumer::{Activity, Consumer, Paused};

/// How long a process takes to start again after it has ended itself.
const RESTART_TIME: Duration = Duration::from_secs(1);

impl Consumer {
    /// The process dies now.
    pub fn crash(&mut self, cx: &mut Context<'_>, cause: Option<ObservationId>) -> Result<(), Refusal> {
        if self.process.is_none() {
            return Err(Refusal::MemberNotRunning);
        }
        let id = cx.observe(cause, What::MemberCrashed { group: self.group, member: self.member });
        cx.books.causes.member.insert((self.group, self.member), id);
        self.end(cx, Some(id));
        self.paused = None;
        Ok(())
    }

    /// The process is gone; what it had in hand is cut at this moment.
    fn end(&mut self, cx: &mut Context<'_>, cause: Option<ObservationId>) {
        if self.is_handling() {
            let at = self.clock(cx.now);
            self.book_work(cx, Some(at));
        }
        let Some(process) = self.process.take() else { return };
        let owned: Vec<TopicPartition> = process.fetcher.assigned().collect();
        if let Some(cause) = cause {
            for &partition in &owned {
                cx.books.causes.uncommitted.entry((self.group, partition)).or_insert(cause);
            }
        }
        self.disown(cx, &owned);
        self.starts_at = Instant::MAX;
    }

    /// The process ends in good order, when it is done with the records in hand.
    pub fn stop(&mut self, cx: &mut Context<'_>, cause: Option<ObservationId>) -> Result<(), Refusal> {
        let Some(process) = &mut self.process else { return Err(Refusal::MemberNotRunning) };
        if process.stopping {
            return Err(Refusal::MemberNotRunning);
        }
        process.stopping = true;
        let id = cx.observe(cause, What::MemberStopped { group: self.group, member: self.member });
        cx.books.causes.member.insert((self.group, self.member), id);
        self.starts_at = Instant::MAX;
        if self.paused.is_none() {
            self.go_on(cx);
        }
        Ok(())
    }

    pub(super) fn close(&mut self, cx: &mut Context<'_>) {
        let Some(process) = &mut self.process else { return };
        process.activity = Activity::Closing;
        let mut out = Vec::new();
        process.membership.close(cx.now, &mut out);
        self.carry_out(cx, out);
    }

    /// `close` is done.
    pub(super) fn closed(&mut self, cx: &mut Context<'_>) {
        let starts_at = self.starts_at;
        self.end(cx, None);
        self.starts_at = if starts_at == Instant::MAX { Instant::MAX } else { starts_at.max(cx.now) };
    }

    /// The application cannot go on: the process ends, and something starts it again, or nothing does.
    pub(super) fn give_up(&mut self, cx: &mut Context<'_>, cause: Option<ObservationId>, restart: bool) {
        let _ = self.stop(cx, cause);
        if restart {
            self.starts_at = cx.now + RESTART_TIME;
        }
        let Some(process) = &mut self.process else { return };
        if process.activity != Activity::Closing {
            self.close(cx);
        }
    }

    pub fn start(&mut self, cx: &mut Context<'_>, cause: Option<ObservationId>) -> Result<(), Refusal> {
        match &self.process {
            None => {
                self.launch(cx, cause);
                Ok(())
            }
            Some(process) if process.stopping => {
                self.starts_at = cx.now;
                Ok(())
            }
            Some(_) => Err(Refusal::MemberAlreadyRunning),
        }
    }

    /// The process stands still, its background thread too.
    pub fn pause(&mut self, cx: &mut Context<'_>, cause: Option<ObservationId>) -> Result<(), Refusal> {
        if self.process.is_none() || self.paused.is_some() {
            return Err(Refusal::MemberNotRunning);
        }
        if let Some(cause) = cause {
            cx.books.causes.member.insert((self.group, self.member), cause);
        }
        self.paused = Some(Paused { since: cx.now, messages: Vec::new() });
        Ok(())
    }

    pub fn resume(&mut self, cx: &mut Context<'_>) -> Result<(), Refusal> {
        let Some(paused) = self.paused.take() else { return Err(Refusal::MemberNotRunning) };
        if self.is_handling() {
            self.work.delay(paused.since, cx.now.since(paused.since));
        }
        for (from, message) in paused.messages {
            self.receive(cx, from, message);
        }
        if self.wake_at() <= cx.now {
            self.elapsed(cx);
        }
        Ok(())
    }
}
