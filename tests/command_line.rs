//! The command line as a script sees it: what it prints, where, and its exit codes.

use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Two partitions, one slow member: lag grows. A second member heals it.
const SLOW: &str = r#"laglab: 1
title: Too slow
seed: 3
duration: 20s
warmup: 5s
cluster: { costs: zero, config: { group.initial.rebalance.delay.ms: 0 } }
topics: { orders: { partitions: 2 } }
producers:
  shop: { topic: orders, rate: 100/s, arrivals: constant, key: { field: id, from: { uniform: { keys: 1000 } } } }
groups:
  billing:
    topics: [orders]
    members: 1
    config: { enable.auto.commit: false, auto.offset.reset: earliest, max.poll.records: 10 }
    handler: { takes: 18ms, commit: after-batch }
expect:
  - keeps_up: max(lag{group=billing}) < 300
  - reads_most: consumed{group=billing} / produced > 0.5
variants:
  - name: Two members
    set: { groups.billing.members: 2 }
    compare: [ "max(lag{group=billing}) < base" ]
lesson:
  fails: [keeps_up]
"#;

struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> File {
        let path = std::env::temp_dir().join(format!("laglab-{}-{name}.yaml", std::process::id()));
        std::fs::write(&path, text).expect("a temporary file can be written");
        File(path)
    }
    fn name(&self) -> &str {
        self.0.to_str().expect("a plain path")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn laglab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_laglab")).args(arguments).output().expect("laglab runs")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn check_says_what_is_wrong_and_where() {
    let right = File::new("right", SLOW);
    let wrong = File::new("wrong", &SLOW.replace("duration: 20s", "duration: 20"));
    let output = laglab(&["check", right.name()]);
    assert_eq!((output.status.code(), out(&output)), (Some(0), format!("{}: nothing is wrong\n", right.name())));
    let output = laglab(&["check", right.name(), wrong.name()]);
    assert_eq!(output.status.code(), Some(2));
    let place = format!("error: `duration` of the scenario: `20` has no unit\n  --> {}:4:11\n", wrong.name());
    assert!(err(&output).starts_with(&place), "{}", err(&output));
    assert_eq!(laglab(&["check", "/no/such/file.yaml"]).status.code(), Some(2));
}

#[test]
fn run_says_whether_the_design_holds() {
    let file = File::new("run", SLOW);
    let base = laglab(&["run", file.name()]);
    assert_eq!(base.status.code(), Some(1), "{}", err(&base));
    assert!(out(&base).contains("BROKEN  keeps_up: max(lag{group=billing}) < 300\n"), "{}", out(&base));
    assert!(out(&base).contains("holds   reads_most"), "{}", out(&base));
    let healed = laglab(&["run", file.name(), "--variant", "Two members"]);
    assert_eq!(healed.status.code(), Some(0), "{}{}", out(&healed), err(&healed));
    let unknown = laglab(&["run", file.name(), "--variant", "Two member"]);
    assert_eq!(
        (unknown.status.code(), err(&unknown)),
        (Some(2), "error: there is no variant `Two member`; did you mean Two members?\n".into())
    );
}

#[test]
fn json_stands_alone() {
    let file = File::new("json", SLOW);
    let output = laglab(&["run", file.name(), "--format", "json", "--seed", "9"]);
    let result = json(&output);
    assert_eq!(result["scenario"], SLOW);
    assert_eq!(result["variant"], Value::Null);
    assert_eq!(result["seed"], 9);
    assert_eq!(result["duration_ms"], 20_000);
    assert_eq!(result["holds"], false);
    assert_eq!(result["fingerprint"].as_str().map(str::len), Some(16));
    let [keeps_up, reads_most] = &result["expectations"].as_array().expect("a list")[..] else { panic!("two expectations") };
    assert_eq!((&keeps_up["name"], &keeps_up["holds"]), (&Value::from("keeps_up"), &Value::from(false)));
    assert!(keeps_up["observed"].as_f64().is_some_and(|lag| lag >= 300.0));
    assert_eq!(reads_most["holds"], true);
    let produced: i64 = (0..2)
        .map(|partition| result["totals"]["produced"][format!("partition={partition},topic=orders")].as_i64().expect("a number"))
        .sum();
    assert!((1_990..=2_000).contains(&produced), "constant arrivals, less what is on its way: {produced}");
    let series = result["series"]["lag"]["group=billing,partition=1,topic=orders"].as_array().expect("a series");
    assert_eq!(series.len(), 200);
    assert_eq!(series[0][0], 100, "the first sample is taken after 100 ms");
    let latency = &result["latency"]["end_to_end_latency{group=billing}"];
    for key in ["mean", "p50", "p90", "p99", "p99.9", "max", "count"] {
        assert!(latency[key].is_number(), "{key}: {latency}");
    }
    assert_eq!(json(&laglab(&["run", file.name(), "--format", "json", "--seed", "9"])), result, "the same seed gives the same run");
    let other = json(&laglab(&["run", file.name(), "--format", "json"]));
    assert_ne!(other["fingerprint"], result["fingerprint"]);
}

#[test]
fn a_run_stops_where_it_is_asked_to() {
    let file = File::new("until", SLOW);
    let result = json(&laglab(&["run", file.name(), "--format", "json", "--until", "7.5s"]));
    assert_eq!(result["duration_ms"], 7_500);
    assert_eq!(laglab(&["run", file.name(), "--until", "7"]).status.code(), Some(2), "a moment has a unit");
}

#[test]
fn a_lesson_is_true_or_it_is_not() {
    let file = File::new("lesson", SLOW);
    let output = laglab(&["run", file.name(), "--lesson"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
    let untrue = File::new("untrue", &SLOW.replace("fails: [keeps_up]", "fails: [reads_most]"));
    let output = laglab(&["run", untrue.name(), "--lesson"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("keeps_up should hold, and does not"), "{}", out(&output));
    assert!(out(&output).contains("reads_most should break, and does not"), "{}", out(&output));
    let worse = File::new("worse", &SLOW.replace("< base", "> base"));
    assert_eq!(laglab(&["run", worse.name(), "--lesson"]).status.code(), Some(1));
}

#[test]
fn describe_prints_kafkas_table() {
    let file = File::new("describe", SLOW);
    let output = laglab(&["describe", file.name(), "--at", "15s"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let text = out(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "");
    assert_eq!(
        lines[1],
        "GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID                                    HOST            CLIENT-ID"
    );
    for (partition, line) in lines[2..].iter().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[..3], ["billing", "orders", &partition.to_string()]);
        let number = |place: usize| words[place].parse::<i64>().expect("a number");
        assert_eq!(number(4) - number(3), number(5), "{line}");
        assert!(words[6].starts_with("billing-0-"), "{line}");
    }
    assert_eq!(lines.len(), 4);
    let patient = File::new("patient", &SLOW.replace("delay.ms: 0", "delay.ms: 3000"));
    let early = laglab(&["describe", patient.name(), "--at", "1s"]);
    assert!(err(&early).contains("Warning: Consumer group 'billing' is rebalancing."), "{}", err(&early));
}

#[test]
fn standard_input_is_a_file_too() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_laglab"))
        .args(["check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("laglab runs");
    child.stdin.take().expect("a pipe").write_all(SLOW.as_bytes()).expect("laglab reads");
    let output = child.wait_with_output().expect("laglab ends");
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(0), "-: nothing is wrong\n"));
}

#[test]
fn the_schema_is_printed() {
    let schema = json(&laglab(&["schema"]));
    assert_eq!(schema["title"], "laglab scenario");
}
