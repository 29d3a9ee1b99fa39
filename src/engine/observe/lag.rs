//! Verdicts on the lag of a group's partition: Burrow's status, from the commits alone, and the time to drain.
//! Burrow: `core/internal/evaluator/caching.go` and the ring of `storage/inmemory.go` at ced55ba9.
//! Left out: commits that are read out of order; expiry of groups; owners.
//! Differs: Burrow asks brokers for their log ends every 10 s and stores every commit (`min-distance` 0), so that its
//! window is as long as ten commits happen to take. Runs here are short and commits may come by the thousand, so both are
//! done once a second, and the log end is the true one.

use super::super::id::{Offset, OffsetCount};
use super::super::time::{Duration, Instant};
use super::snapshot::Status;

/// Burrow's `intervals`: how many commits, and log ends, are remembered.
pub const INTERVALS: usize = 10;
/// Burrow's `min-distance` and `offset-refresh`: a commit sooner after the one before takes its place.
pub const INTERVAL: Duration = Duration::from_secs(1);
/// Burrow's `minimum-complete`, as a number of commits: below it the verdict is OK. One commit alone would always be a stop.
pub const MINIMUM_COMPLETE: usize = INTERVALS / 2;

/// A commit as Burrow stores it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredCommit {
    pub offset: Offset,
    pub at: Instant,
    /// Log end − offset at that time; none when the log end was not known.
    pub lag: Option<OffsetCount>,
}

/// The last values of something, oldest first.
#[derive(Clone, Debug, PartialEq)]
struct Ring<T, const N: usize> {
    values: [T; N],
    len: usize,
}

impl<T: Copy + Default, const N: usize> Ring<T, N> {
    fn new() -> Self {
        Ring { values: [T::default(); N], len: 0 }
    }

    fn push(&mut self, value: T) {
        if self.len == N {
            self.values.rotate_left(1);
        } else {
            self.len += 1;
        }
        self.values[self.len - 1] = value;
    }

    fn values(&self) -> &[T] {
        &self.values[..self.len]
    }

    fn last_mut(&mut self) -> Option<&mut T> {
        self.values[..self.len].last_mut()
    }
}

/// What Burrow remembers of a group's partition.
#[derive(Clone, Debug, PartialEq)]
pub struct CommitWindow {
    commits: Ring<StoredCommit, INTERVALS>,
    broker_offsets: Ring<Offset, INTERVALS>,
    broker_offset_at: Instant,
}

impl Default for CommitWindow {
    fn default() -> Self {
        CommitWindow { commits: Ring::new(), broker_offsets: Ring::new(), broker_offset_at: Instant::ZERO }
    }
}

impl CommitWindow {
    /// A commit that the coordinator has taken.
    pub fn commit(&mut self, now: Instant, offset: Offset, log_end: Offset) {
        let lag = Some(log_end.saturating_sub(offset));
        match self.commits.last_mut() {
            // It keeps the time of the one that it replaces, or a busy group would never fill its window.
            Some(last) if now.since(last.at) < INTERVAL => *last = StoredCommit { offset, at: last.at, lag },
            Some(_) | None => self.commits.push(StoredCommit { offset, at: now, lag }),
        }
    }

    /// The end of the log, told at each sample.
    pub fn log_end(&mut self, now: Instant, log_end: Offset) {
        if self.broker_offsets.values().is_empty() || now.since(self.broker_offset_at) >= INTERVAL {
            self.broker_offsets.push(log_end);
            self.broker_offset_at = now;
        }
    }

    /// The verdict, where any lag above `allowed_lag` is one.
    pub fn status(&self, now: Instant, log_end: Offset, allowed_lag: OffsetCount) -> Status {
        let commits = self.commits.values();
        match commits.last() {
            Some(last) if commits.len() >= MINIMUM_COMPLETE => {
                let current_lag = log_end.saturating_sub(last.offset);
                calculate_partition_status(commits, self.broker_offsets.values(), current_lag, now, allowed_lag)
            }
            Some(_) | None => Status::Ok,
        }
    }
}

/// `commits` is not empty, oldest first; `broker_offsets` are recent ends of the log.
pub fn calculate_partition_status(
    commits: &[StoredCommit],
    broker_offsets: &[Offset],
    current_lag: OffsetCount,
    now: Instant,
    allowed_lag: OffsetCount,
) -> Status {
    if current_lag <= allowed_lag {
        return Status::Ok;
    }
    // A group that had caught up a moment ago may be between two commits.
    if check_if_offsets_stopped(commits, now) && !check_if_recent_lag_zero(commits, broker_offsets) {
        return Status::Stop;
    }
    if check_if_offsets_rewind(commits).is_some_and(|index| !check_if_rewind_recovered(commits, index)) {
        return Status::Rewind;
    }
    if is_lag_always_not_zero(commits, allowed_lag) {
        if check_if_offsets_stalled(commits) {
            return Status::Stall;
        }
        if check_if_lag_not_decreasing(commits) {
            return Status::Warn;
        }
    }
    Status::Ok
}

/// No commit of the window had caught up. Unknown lags do not count.
pub fn is_lag_always_not_zero(commits: &[StoredCommit], allowed_lag: OffsetCount) -> bool {
    commits.iter().filter_map(|commit| commit.lag).all(|lag| lag > allowed_lag)
}

/// The place of the first commit that is behind the one before.
pub fn check_if_offsets_rewind(commits: &[StoredCommit]) -> Option<usize> {
    (1..commits.len()).find(|&index| commits[index].offset < commits[index - 1].offset)
}

/// Whether the commits from `rewind` on came back to the offset before it.
pub fn check_if_rewind_recovered(commits: &[StoredCommit], rewind: usize) -> bool {
    commits[rewind..].iter().any(|commit| commit.offset >= commits[rewind - 1].offset)
}

/// The last commit is longer ago than all commits of the window took.
pub fn check_if_offsets_stopped(commits: &[StoredCommit], now: Instant) -> bool {
    let (first, last) = (commits[0].at, commits[commits.len() - 1].at);
    now.since(last) > last.since(first)
}

/// The group commits, and always the same.
pub fn check_if_offsets_stalled(commits: &[StoredCommit]) -> bool {
    commits.windows(2).all(|pair| pair[0].offset == pair[1].offset)
}

/// Between no two commits with a known lag did it become less.
pub fn check_if_lag_not_decreasing(commits: &[StoredCommit]) -> bool {
    commits.iter().filter_map(|commit| commit.lag).is_sorted()
}

/// The last commit was the end of the log a short while ago.
pub fn check_if_recent_lag_zero(commits: &[StoredCommit], broker_offsets: &[Offset]) -> bool {
    broker_offsets.iter().any(|&log_end| log_end <= commits[commits.len() - 1].offset)
}

/// Burrow's verdict on a whole group: that on its worst partition, in fewer words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupStatus {
    #[default]
    Ok,
    Warn,
    Err,
}

impl GroupStatus {
    pub fn of(partitions: impl Iterator<Item = Status>) -> GroupStatus {
        let of_one = |status| match status {
            Status::Ok => GroupStatus::Ok,
            Status::Warn => GroupStatus::Warn,
            Status::Stop | Status::Stall | Status::Rewind => GroupStatus::Err,
        };
        partitions.map(of_one).max().unwrap_or_default()
    }

    pub fn name(self) -> &'static str {
        match self {
            GroupStatus::Ok => "OK",
            GroupStatus::Warn => "WARN",
            GroupStatus::Err => "ERR",
        }
    }
}

/// Over how long the rates are taken that tell the time to drain, and how often a point of them is kept.
pub const DRAIN_WINDOW: Duration = Duration::from_secs(10);
const DRAIN_POINTS: usize = 10;
const DRAIN_STEP: Duration = Duration(DRAIN_WINDOW.0 / DRAIN_POINTS as u64);

/// How far a partition and the group that reads it have come, over the last [`DRAIN_WINDOW`].
#[derive(Clone, Debug, PartialEq)]
pub struct DrainWindow {
    points: Ring<Progress, { DRAIN_POINTS + 1 }>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    at: Instant,
    log_end: Offset,
    handled: Offset,
}

impl Default for DrainWindow {
    fn default() -> Self {
        DrainWindow { points: Ring::new() }
    }
}

impl DrainWindow {
    /// Told at each sample: the end of the log, and the offset before which the group has handled everything.
    pub fn sample(&mut self, now: Instant, log_end: Offset, handled: Offset) {
        if self.points.values().last().is_none_or(|last| now.since(last.at) >= DRAIN_STEP) {
            self.points.push(Progress { at: now, log_end, handled });
        }
    }

    /// Seconds until `lag` records are gone if both rates stay as they were: lag ÷ (rate out − rate in).
    /// Infinite while the lag does not shrink, or nothing is known yet; zero without lag.
    pub fn time_to_drain(&self, now: Instant, log_end: Offset, handled: Offset, lag: OffsetCount) -> f64 {
        if lag == 0 {
            return 0.0;
        }
        // Samples that are further apart than the window leave no point inside it: then the last one has to do.
        let points = || self.points.values().iter().filter(|point| point.at < now);
        let recent = points().find(|point| now.since(point.at) <= DRAIN_WINDOW);
        let Some(then) = recent.or_else(|| points().next_back()) else { return f64::INFINITY };
        let seconds = now.since(then.at).as_secs_f64();
        let rate_out = (handled as f64 - then.handled as f64) / seconds;
        let rate_in = (log_end as f64 - then.log_end as f64) / seconds;
        if rate_out > rate_in { lag as f64 / (rate_out - rate_in) } else { f64::INFINITY }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: u64) -> Instant {
        Instant::from_millis(second * 1_000)
    }

    /// One commit a second for 20 s, `lag` behind a log that grows by 100 a second.
    fn window(lag: impl Fn(u64) -> u64) -> CommitWindow {
        let mut window = CommitWindow::default();
        for n in 1..=20 {
            window.log_end(second(n), n * 100);
            window.commit(second(n), n * 100 - lag(n), n * 100);
        }
        window
    }

    #[test]
    fn a_group_that_keeps_its_distance_is_too_slow() {
        assert_eq!(window(|_| 50).status(second(20), 2_000, 0), Status::Warn);
        assert_eq!(window(|_| 50).status(second(20), 2_000, 50), Status::Ok, "so much lag is allowed");
        assert_eq!(window(|n| 70 - n).status(second(20), 2_000, 0), Status::Ok, "it catches up");
    }

    #[test]
    fn a_group_without_commits_has_stopped_once_its_window_has_passed() {
        let mut window = window(|_| 50);
        for n in 21..=30 {
            window.log_end(second(n), n * 100);
        }
        assert_eq!(window.status(second(29), 2_900, 0), Status::Warn);
        assert_eq!(window.status(second(30), 3_000, 0), Status::Stop);
    }

    #[test]
    fn a_group_that_had_caught_up_is_given_time() {
        let mut window = window(|_| 0);
        assert_eq!(window.status(second(30), 3_000, 0), Status::Ok, "the log had ended where it committed");
        for n in 21..=30 {
            window.log_end(second(n), n * 100);
        }
        assert_eq!(window.status(second(30), 3_000, 0), Status::Stop);
    }

    #[test]
    fn commits_within_a_second_are_one() {
        let mut window = CommitWindow::default();
        for n in 0..4_500 {
            window.commit(Instant::from_millis(n), n, n + 1);
        }
        assert_eq!(window.commits.values().iter().map(|commit| commit.at).collect::<Vec<_>>(), (0..5).map(second).collect::<Vec<_>>());
        assert_eq!(window.commits.values()[4].offset, 4_499);
    }

    #[test]
    fn a_young_window_is_no_verdict() {
        let mut window = CommitWindow::default();
        for n in 1..=4 {
            window.commit(second(n), 50, n * 100);
        }
        assert_eq!(window.status(second(100), 10_000, 0), Status::Ok);
        window.commit(second(5), 50, 500);
        assert_eq!(window.status(second(6), 600, 0), Status::Stall);
    }

    #[test]
    fn the_worst_partition_speaks_for_the_group() {
        assert_eq!(GroupStatus::of([Status::Ok, Status::Stall, Status::Warn].into_iter()), GroupStatus::Err);
        assert_eq!(GroupStatus::of([Status::Ok, Status::Warn].into_iter()), GroupStatus::Warn);
        assert_eq!(GroupStatus::of([].into_iter()), GroupStatus::Ok);
    }

    #[test]
    fn lag_drains_by_the_difference_of_the_rates() {
        let mut window = DrainWindow::default();
        assert_eq!(window.time_to_drain(second(0), 1_000, 0, 1_000), f64::INFINITY);
        for tenth in 0..=200u64 {
            window.sample(Instant::from_millis(tenth * 100), 1_000 + tenth * 10, tenth * 14);
        }
        assert_eq!(window.time_to_drain(second(20), 3_000, 2_800, 200), 5.0, "200 records at 140 − 100 records a second");
        assert_eq!(window.time_to_drain(second(20), 3_000, 2_800, 0), 0.0);
        for tenth in 201..=400u64 {
            window.sample(Instant::from_millis(tenth * 100), 1_000 + tenth * 10, 2_800);
        }
        assert_eq!(window.time_to_drain(second(40), 5_000, 2_800, 2_200), f64::INFINITY);
    }

    #[test]
    fn samples_further_apart_than_the_window_do_too() {
        let mut window = DrainWindow::default();
        window.sample(second(0), 100, 0);
        window.sample(second(20), 100, 40);
        assert_eq!(window.time_to_drain(second(20), 100, 40, 60), 30.0);
    }
}
