//! Who joins, who leaves, who is lost, and what becomes of the partitions.

use super::*;

#[test]
fn three_members_that_start_together_wait_for_each_other_and_get_ranges() {
    let mut story = settled(7, 3, Settings::new(EAGER));
    check(
        &story.told(),
        &[
            "00:00.003 group: rebalance, MemberJoined(Some(MemberIndex(0)))",
            "00:06.005 group: generation 1 with 3 members, 0 moved, after 6.002s",
            "00:06.006 0 has [0 1 2] (new: [0 1 2]) in generation 1",
            "00:06.006 1 has [3 4] (new: [3 4]) in generation 1",
            "00:06.006 2 has [5 6] (new: [5 6]) in generation 1",
        ],
    );
}

#[test]
fn an_eager_rebalance_stops_everyone() {
    let mut story = settled(7, 2, Settings::new(EAGER));
    story.told();
    story.start(2);
    story.run_until(40_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "00:20.003 group: rebalance, MemberJoined(Some(MemberIndex(2)))",
            "00:21.006 0 revoked [0 1 2 3]",
            "00:21.006 1 revoked [4 5 6]",
            "00:21.009 group: generation 2 with 3 members, 3 moved, after 1.006s",
            "00:21.010 0 has [0 1 2] (new: [0 1 2]) in generation 2",
            "00:21.010 1 has [3 4] (new: [3 4]) in generation 2",
            "00:21.010 2 has [5 6] (new: [5 6]) in generation 2",
        ],
    );
}

#[test]
fn a_cooperative_rebalance_moves_partitions_in_two_generations_and_stops_only_those() {
    let mut story = settled(7, 2, Settings::new(COOPERATIVE));
    story.told();
    story.start(2);
    story.run_until(40_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "00:20.003 group: rebalance, MemberJoined(Some(MemberIndex(2)))",
            "00:21.009 group: generation 2 with 3 members, 0 moved, after 1.006s",
            "00:21.010 0 revoked [6]",
            "00:21.010 0 has [0 2 4] (new: []) in generation 2",
            "00:21.010 1 revoked [5]",
            "00:21.010 1 has [1 3] (new: []) in generation 2",
            "00:21.010 2 has [] (new: []) in generation 2",
            "00:21.011 group: rebalance, Rejoined(Some(MemberIndex(0)))",
            "00:24.013 group: generation 3 with 3 members, 2 moved, after 3.002s",
            "00:24.014 0 has [0 2 4] (new: []) in generation 3",
            "00:24.014 1 has [1 3] (new: []) in generation 3",
            "00:24.014 2 has [5 6] (new: [5 6]) in generation 3",
        ],
    );
}

#[test]
fn the_sticky_assignor_lets_members_keep_what_they_had_though_all_stop() {
    let mut story = settled(6, 3, Settings::new(&[Assignor::Sticky]));
    story.told();
    story.close(1);
    story.run_until(40_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "00:20.000 1 revoked [1 4]",
            "00:20.001 group: 1 removed, Left",
            "00:20.001 group: rebalance, MemberLeft(Some(MemberIndex(1)))",
            "00:20.002 1 is closed",
            "00:21.006 0 revoked [0 3]",
            "00:21.006 2 revoked [2 5]",
            "00:21.009 group: generation 2 with 2 members, 2 moved, after 1.008s",
            "00:21.010 0 has [0 1 3] (new: [0 1 3]) in generation 2",
            "00:21.010 2 has [2 4 5] (new: [2 4 5]) in generation 2",
        ],
    );
}

#[test]
fn a_crash_is_found_when_the_session_ends() {
    let mut story = settled(4, 2, Settings::new(EAGER));
    story.told();
    story.crash(0);
    story.run_until(100_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "01:03.005 group: 0 removed, SessionTimeout",
            "01:03.005 group: rebalance, MemberLeft(Some(MemberIndex(0)))",
            "01:06.006 1 revoked [2 3]",
            "01:06.009 group: generation 2 with 1 members, 2 moved, after 3.004s",
            "01:06.010 1 has [0 1 2 3] (new: [0 1 2 3]) in generation 2",
        ],
    );
}

#[test]
fn a_member_that_does_not_poll_in_time_leaves_and_comes_back_without_its_partitions() {
    let mut settings = Settings::new(EAGER);
    settings.max_poll_interval = Duration::from_secs(10);
    let mut story = settled(4, 2, settings);
    story.told();
    story.process(1, Duration::from_secs(30));
    story.run_until(100_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "00:30.000 1 did not poll in time",
            "00:30.001 group: 1 removed, PollTimeout",
            "00:30.001 group: rebalance, MemberLeft(Some(MemberIndex(1)))",
            "00:30.006 0 revoked [0 1]",
            "00:30.009 group: generation 2 with 1 members, 2 moved, after 8ms",
            "00:30.010 0 has [0 1 2 3] (new: [0 1 2 3]) in generation 2",
            "00:50.000 1 lost [2 3]",
            "00:50.003 group: rebalance, MemberJoined(Some(MemberIndex(1)))",
            "00:51.010 0 revoked [0 1 2 3]",
            "00:51.013 group: generation 3 with 2 members, 2 moved, after 1.01s",
            "00:51.014 0 has [0 1] (new: [0 1]) in generation 3",
            "00:51.014 1 has [2 3] (new: [2 3]) in generation 3",
        ],
    );
}

#[test]
fn a_static_member_restarts_without_a_rebalance() {
    let mut settings = Settings::new(EAGER);
    settings.is_static = true;
    let mut story = settled(4, 2, settings);
    story.told();
    story.close(0);
    story.run_until(30_000);
    story.start(0);
    story.run_until(100_000);
    story.assert_settled();
    check(&story.told(), &["00:20.000 0 revoked [0 1]", "00:20.000 0 is closed", "00:30.004 0 has [0 1] (new: [0 1]) in generation 1"]);
}

#[test]
fn two_processes_cannot_be_the_same_static_member() {
    let mut settings = Settings::new(EAGER);
    settings.is_static = true;
    let mut story = settled(4, 2, settings);
    story.told();
    // The instance id of member 0, in another process.
    let twin = story.processes[0].membership.clone();
    story.start(0);
    story.processes.push(Process { membership: twin, ..Process::default() });
    story.run_until(30_000);
    check(
        &story.told(),
        &[
            "00:20.004 0 has [0 1] (new: [0 1]) in generation 1",
            "00:21.004 2 is told FENCED_INSTANCE_ID",
            "00:21.004 2 throws FENCED_INSTANCE_ID",
        ],
    );
}

#[test]
fn a_busy_member_holds_a_cooperative_rebalance_up_until_it_polls() {
    let mut story = settled(4, 2, Settings::new(COOPERATIVE));
    story.told();
    story.start(2);
    // The leader has joined again and gets records while the group is still waiting for the others.
    story.run_until(21_500);
    story.process(0, Duration::from_secs(8));
    story.run_until(40_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "00:20.003 group: rebalance, MemberJoined(Some(MemberIndex(2)))",
            "00:21.009 group: generation 2 with 3 members, 0 moved, after 1.006s",
            "00:21.010 0 has [0 2] (new: []) in generation 2",
            "00:21.010 1 revoked [3]",
            "00:21.010 1 has [1] (new: []) in generation 2",
            "00:21.010 2 has [] (new: []) in generation 2",
            "00:21.011 group: rebalance, Rejoined(Some(MemberIndex(1)))",
            "00:29.503 group: generation 3 with 3 members, 1 moved, after 8.492s",
            "00:29.504 0 has [0 2] (new: []) in generation 3",
            "00:29.504 1 has [1] (new: []) in generation 3",
            "00:29.504 2 has [3] (new: [3]) in generation 3",
        ],
    );
}

#[test]
fn a_leader_that_sees_new_partitions_has_the_group_rebalance() {
    let mut story = settled(2, 2, Settings::new(COOPERATIVE));
    story.told();
    story.partitions = 4;
    let metadata = story.metadata();
    for member in 0..2 {
        let metadata = metadata.clone();
        story.with(member, |membership, now, out| membership.update_metadata(now, metadata, out));
    }
    story.run_until(40_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "00:20.001 group: rebalance, SubscriptionChanged",
            "00:21.009 group: generation 2 with 2 members, 0 moved, after 1.008s",
            "00:21.010 0 has [0 2] (new: [2]) in generation 2",
            "00:21.010 1 has [1 3] (new: [3]) in generation 2",
        ],
    );
}

#[test]
fn a_process_that_stood_still_for_longer_than_its_session_loses_its_partitions() {
    let mut story = settled(4, 2, Settings::new(EAGER));
    story.told();
    story.processes[1].paused = true;
    story.run_until(80_000);
    story.resume(1);
    story.run_until(120_000);
    story.assert_settled();
    check(
        &story.told(),
        &[
            "01:03.005 group: 1 removed, SessionTimeout",
            "01:03.005 group: rebalance, MemberLeft(Some(MemberIndex(1)))",
            "01:06.006 0 revoked [0 1]",
            "01:06.009 group: generation 2 with 1 members, 2 moved, after 3.004s",
            "01:06.010 0 has [0 1 2 3] (new: [0 1 2 3]) in generation 2",
            "01:20.002 1 is told UNKNOWN_MEMBER_ID",
            "01:20.002 1 lost [2 3]",
            "01:20.005 group: rebalance, MemberJoined(Some(MemberIndex(1)))",
            "01:21.010 0 revoked [0 1 2 3]",
            "01:21.013 group: generation 3 with 2 members, 2 moved, after 1.008s",
            "01:21.014 0 has [0 1] (new: [0 1]) in generation 3",
            "01:21.014 1 has [2 3] (new: [2 3]) in generation 3",
        ],
    );
}
