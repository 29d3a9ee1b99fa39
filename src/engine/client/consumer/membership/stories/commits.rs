//! What is committed, when, and what is refused.

use super::*;
use crate::engine::design::CommitError;
use crate::engine::observe::observation::Refusal;

#[test]
fn a_commit_of_a_generation_that_is_over_is_refused() {
    let mut story = settled(4, 2, Settings::new(EAGER));
    // Member 1 as it is now, which does not hear of what follows.
    let former = story.processes[1].membership.clone();
    story.start(2);
    story.run_until(30_000);
    story.told();
    story.processes.push(Process { membership: former, ..Process::default() });
    let offsets = Arc::new([OffsetCommitRequestPartition { topic: TopicId(0), partition: TopicPartition(2), offset: 9 }]);
    story.with(3, |membership, now, out| {
        membership.poll_returns(now);
        membership.commit_sync(now, offsets, out);
    });
    story.run_until(31_000);
    check(&story.told(), &["00:30.002 3 is told ILLEGAL_GENERATION", "00:30.002 3 commit (Sync): ILLEGAL_GENERATION"]);
    assert!(story.coordinator.committed(GROUP, TopicPartition(2)).is_none());
}

#[test]
fn what_was_read_is_committed_before_it_is_given_up() {
    let mut settings = Settings::new(EAGER);
    settings.auto_commit = true;
    let mut story = settled(2, 1, settings);
    story.told();
    story.processes[0].positions.insert(TopicPartition(1), 17);
    story.start(1);
    story.run_until(26_000);
    check(
        &story.told(),
        &[
            "00:20.003 group: rebalance, MemberJoined(Some(MemberIndex(1)))",
            "00:21.006 0 stops reading",
            "00:21.008 0 commit (Auto(BeforeRejoin)): taken",
            "00:21.008 0 revoked [0 1]",
            "00:21.011 group: generation 2 with 2 members, 1 moved, after 1.008s",
            "00:21.012 0 has [0] (new: [0]) in generation 2",
            "00:21.012 1 has [1] (new: [1]) in generation 2",
        ],
    );
    assert_eq!(story.coordinator.committed(GROUP, TopicPartition(1)).map(|committed| committed.offset), Some(17));
    assert_eq!(story.processes[1].positions, BTreeMap::from([(TopicPartition(1), 17)]));
}

#[test]
fn auto_commit_happens_only_inside_of_poll() {
    let mut settings = Settings::new(EAGER);
    settings.auto_commit = true;
    let mut story = settled(1, 1, settings);
    story.run_until(25_000);
    story.told();
    story.process(0, Duration::from_secs(20));
    story.run_until(51_000);
    check(&story.told(), &["00:45.002 0 commit (Auto(Interval)): taken", "00:50.002 0 commit (Auto(Interval)): taken"]);
}

#[test]
fn a_synchronous_commit_is_tried_until_it_is_taken_or_its_time_is_over() {
    let mut story = settled(1, 1, Settings::new(EAGER));
    story.told();
    let commit = |story: &mut Story| {
        let offsets = story.offsets(0);
        story.with(0, |membership, now, out| {
            membership.poll_returns(now);
            membership.commit_sync(now, offsets, out);
        });
    };
    story.coordinator.set_commit_failure(GROUP, Some(CommitError::Retriable));
    commit(&mut story);
    story.run_until(22_000);
    story.coordinator.set_commit_failure(GROUP, None);
    story.run_until(30_000);
    story.coordinator.set_commit_failure(GROUP, Some(CommitError::Retriable));
    commit(&mut story);
    story.run_until(100_000);
    story.coordinator.set_commit_failure(GROUP, Some(CommitError::Fatal));
    commit(&mut story);
    story.run_until(101_000);
    check(
        &story.told(),
        &[
            "00:22.512 0 commit (Sync): taken",
            "01:30.000 0 commit (Sync): TimeoutException",
            "01:40.002 0 commit (Sync): GROUP_AUTHORIZATION_FAILED",
        ],
    );
}

#[test]
fn an_asynchronous_commit_is_not_tried_again_and_its_callback_waits_for_the_next_poll() {
    let mut story = settled(1, 1, Settings::new(EAGER));
    story.told();
    story.coordinator.set_commit_failure(GROUP, Some(CommitError::Retriable));
    story.process(0, Duration::from_secs(2));
    let offsets = story.offsets(0);
    story.with(0, |membership, now, out| {
        membership.commit_async(now, offsets, out);
    });
    story.run_until(30_000);
    check(&story.told(), &["00:22.000 0 commit (Async): COORDINATOR_LOAD_IN_PROGRESS"]);
}

#[test]
fn a_group_that_is_empty_for_a_week_forgets_its_offsets() {
    let mut story = settled(1, 1, Settings::new(EAGER));
    let offsets = story.offsets(0);
    story.with(0, |membership, now, out| {
        membership.commit_sync(now, offsets, out);
    });
    story.close(0);
    story.run_until(30_000);
    assert!(story.coordinator.committed(GROUP, TopicPartition(0)).is_some());
    let week = 7 * 24 * 60 * 60 * 1_000;
    story.run_until(20_000 + week);
    assert!(story.coordinator.committed(GROUP, TopicPartition(0)).is_some(), "not before the check after the week");
    story.run_until(20_000 + week + 600_000);
    assert!(story.coordinator.committed(GROUP, TopicPartition(0)).is_none());
    assert_eq!(story.coordinator.state(GROUP), ClassicGroupState::Dead);
}

#[test]
fn offsets_are_reset_only_while_nobody_is_in_the_group() {
    let mut story = settled(1, 1, Settings::new(EAGER));
    let to = [OffsetCommitRequestPartition { topic: TopicId(0), partition: TopicPartition(0), offset: 5 }];
    let mut out = Vec::new();
    assert_eq!(story.coordinator.reset_offsets(story.now, GROUP, &to, &mut out), Err(Refusal::GroupActive));
    story.close(0);
    story.run_until(30_000);
    assert_eq!(story.coordinator.reset_offsets(story.now, GROUP, &to, &mut out), Ok(()));
    let reset = What::GroupReset { group: GROUP, partition: TopicPartition(0), from: None, to: 5 };
    assert_eq!(out, [group_coordinator::Output::Observe(reset)]);
    story.start(0);
    story.run_until(60_000);
    assert_eq!(story.processes[0].positions, BTreeMap::from([(TopicPartition(0), 5)]));
}
