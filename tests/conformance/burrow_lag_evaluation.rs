//! `burrow_lag_evaluation`: each rule by itself, and the verdict.

use super::Disagreement;
use laglab::engine::observe::lag::{self, StoredCommit};
use laglab::engine::time::Instant;
use serde_json::{Value, json};

pub fn check(file: &Value) -> Vec<Disagreement> {
    let number = |value: &Value| value.as_u64().expect("a number that is not negative");
    let mut disagreements = Vec::new();
    for vector in file["vectors"].as_array().expect("vectors are a list") {
        let commit = |commit: &Value| StoredCommit {
            offset: number(&commit["offset"]),
            at: Instant::from_millis(number(&commit["timestamp"])),
            lag: commit["lag"].as_u64(),
        };
        let commits: Vec<StoredCommit> = vector["offsets"].as_array().expect("commits are a list").iter().map(commit).collect();
        let ends: Vec<u64> = vector["broker_offsets"].as_array().expect("log ends are a list").iter().map(number).collect();
        let now = Instant::from_millis(number(&vector["time_now_s"]) * 1_000);
        let (current_lag, allowed_lag) = (number(&vector["current_lag"]), number(&vector["allowed_lag"]));

        let rewind = lag::check_if_offsets_rewind(&commits).map_or(-1, |index| index as i64);
        let got = [
            ("isLagAlwaysNotZero", json!(lag::is_lag_always_not_zero(&commits, allowed_lag)), &vector["rules"]["isLagAlwaysNotZero"]),
            ("checkIfOffsetsStopped", json!(lag::check_if_offsets_stopped(&commits, now)), &vector["rules"]["checkIfOffsetsStopped"]),
            ("checkIfOffsetsStalled", json!(lag::check_if_offsets_stalled(&commits)), &vector["rules"]["checkIfOffsetsStalled"]),
            ("checkIfLagNotDecreasing", json!(lag::check_if_lag_not_decreasing(&commits)), &vector["rules"]["checkIfLagNotDecreasing"]),
            ("checkIfRecentLagZero", json!(lag::check_if_recent_lag_zero(&commits, &ends)), &vector["rules"]["checkIfRecentLagZero"]),
            ("checkIfOffsetsRewind", json!(rewind), &vector["checkIfOffsetsRewind"]),
            ("status", json!(lag::calculate_partition_status(&commits, &ends, current_lag, now, allowed_lag).name()), &vector["status"]),
        ];
        let different = got.iter().filter(|(_, got, expected)| got != *expected);
        disagreements.extend(
            different.map(|(rule, got, expected)| {
                Disagreement::new(format!("{} {rule}", vector["index"]), expected.to_string(), got.to_string())
            }),
        );
    }
    disagreements
}
