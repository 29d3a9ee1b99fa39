//! Members that start, crash, stand still, are busy, commit and close at random, on a network that fails now and then.
//! Holds: no partition has two owners of one generation; after a while of quiet each has one, and all members are in.

use super::*;
use crate::engine::design::CommitError;

/// A small generator of chance, the same everywhere.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn whatever_happens_no_partition_is_owned_twice_and_in_quiet_all_are_read() {
    for seed in 0..300_u64 {
        let assignors: [&[Assignor]; 4] = [EAGER, COOPERATIVE, &[Assignor::Sticky], &[Assignor::RoundRobin]];
        let mut settings = Settings::new(assignors[(seed % 4) as usize]);
        settings.auto_commit = seed / 4 % 2 == 0;
        settings.is_static = seed / 8 % 3 == 0;
        settings.max_poll_interval = Duration::from_secs(20);
        let mut story = Story::new(7, settings);
        let mut draw = Draw(seed);
        story.start(0);
        for _ in 0..40 {
            let longest = if draw.below(3) == 0 { 12_000 } else { 400 };
            let until = story.now.as_millis() + draw.below(longest);
            story.run_until(until);
            something_happens(&mut story, &mut draw);
        }
        story.is_cut = false;
        story.coordinator.set_commit_failure(GROUP, None);
        for member in 0..story.processes.len() {
            if story.processes[member].paused {
                story.resume(member);
            }
        }
        // Longer than a session, a rebalance and the time-outs of requests together.
        let until = story.now.as_millis() + 400_000;
        story.run_until(until);
        story.assert_settled();
    }
}

fn something_happens(story: &mut Story, draw: &mut Draw) {
    let member = draw.below(5) as usize;
    if story.processes.get(member).is_none_or(|process| process.membership.is_none()) {
        return story.start(member);
    }
    if story.processes[member].paused {
        return story.resume(member);
    }
    let (polling, closing) = (story.member(member).polling, story.member(member).closing.is_some());
    let offsets = story.offsets(member);
    match draw.below(9) {
        0 => story.crash(member),
        1 if !closing => story.close(member),
        2 if polling => story.process(member, Duration::from_millis(draw.below(30_000))),
        3 => story.processes[member].paused = true,
        4 => story.is_cut = draw.below(3) == 0,
        5 if !closing => story.with(member, |membership, now, out| {
            membership.commit_async(now, offsets, out);
        }),
        6 if polling => {
            story.with(member, |membership, now, out| {
                membership.poll_returns(now);
                membership.commit_sync(now, offsets, out);
            });
            story.process(member, Duration::from_secs(1));
        }
        7 => {
            let error = (draw.below(2) == 0).then_some(CommitError::Retriable);
            story.coordinator.set_commit_failure(GROUP, error);
        }
        _ => (),
    }
}
