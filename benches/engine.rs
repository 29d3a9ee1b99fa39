//! `cargo bench`: how fast the engine plays the reference workload W, beside its oracle and the models that people would
//! write, as the ratios of medians that the goals are about. Rounds are interleaved, so that a busy machine slows all.
//!
//! `cargo bench --bench engine -- [SECTION…]` runs some of: `w` (native, oracle, wasm, JavaScript, SimPy), `partitions`,
//! `records`, `seek`, `memory`. Node and a Python with SimPy are used when they are there. LAGLAB_BENCH_ROUNDS (5) and
//! LAGLAB_BENCH_SECONDS (60, simulated) make it shorter or longer; LAGLAB_BENCH_RECORDS (10 000 000) is the long run;
//! LAGLAB_PYTHON names the Python.

#[path = "../tests/common/mod.rs"]
mod common;

use common::design::{REFERENCE, W};
use common::plain_model::{self, Facts};
use common::read::facts;
use laglab::engine::design::Design;
use laglab::engine::id::ProducerId;
use laglab::engine::log::file_records::{FileRecords, Stamp, Tail};
use laglab::engine::log::memory_records::{BatchData, Deltas, Sizes};
use laglab::engine::observe::metric::Metric;
use laglab::engine::simulation::{Progress, Simulation};
use laglab::engine::time::{Duration, Instant};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant as Clock;

fn main() {
    let sections: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |section: &str| sections.is_empty() || sections.iter().any(|asked| asked == section);
    if std::env::args().any(|argument| argument == "--test") {
        return; // `cargo test --benches` only wants to know that it builds.
    }
    let rounds = setting("LAGLAB_BENCH_ROUNDS", 5);
    let mut table = Vec::new();
    if wanted("w") {
        reference(rounds, &mut table);
    }
    if wanted("partitions") {
        partitions(rounds, &mut table);
    }
    if wanted("records") {
        records(rounds, &mut table);
    }
    if wanted("seek") {
        seek(rounds, &mut table);
    }
    if wanted("memory") {
        memory(&mut table);
    }
    println!("\n| ratio | goal | reached |\n|---|---|---|");
    for Line { ratio, goal, reached } in table {
        println!("| {ratio} | {goal} | {reached} |");
    }
}

struct Line {
    ratio: String,
    goal: &'static str,
    reached: String,
}

fn line(table: &mut Vec<Line>, ratio: impl Into<String>, goal: &'static str, reached: Option<f64>) {
    let reached = reached.map_or("not measured".to_owned(), |reached| format!("{reached:.2}"));
    table.push(Line { ratio: ratio.into(), goal, reached });
}

fn setting(name: &str, or: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(or)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    (!sorted.is_empty()).then(|| sorted[sorted.len() / 2])
}

fn w() -> W {
    W { seconds: setting("LAGLAB_BENCH_SECONDS", REFERENCE.seconds), ..REFERENCE }
}

/// Plays it as the page does, in slices, and returns wall seconds.
fn play(design: &Design) -> (f64, Simulation) {
    let design = design.clone();
    let end = Instant::ZERO + design.duration;
    let start = Clock::now();
    let mut run = Simulation::new(design);
    while run.run_towards(end, 1_000_000) == Progress::Working {}
    (start.elapsed().as_secs_f64(), run)
}

fn produced(run: &mut Simulation) -> f64 {
    common::read::total(run, Metric::Produced) as f64
}

/// W by everything that can play it.
fn reference(rounds: u64, table: &mut Vec<Line>) {
    let design = w().design();
    let (_, mut run) = play(&design);
    let facts: Facts = facts(&mut run);
    let fingerprint = run.fingerprint();
    drop(run);
    let wasm = wasm_module();
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    let seconds = w().seconds.to_string();
    // SimPy needs minutes for the whole of it.
    let few_seconds = (w().seconds / 6).max(5).to_string();
    let python = std::env::var("LAGLAB_PYTHON").unwrap_or_else(|_| "python3".to_owned());

    let (mut native, mut oracle, mut in_wasm, mut first_in_wasm, mut javascript, mut simpy) =
        (vec![], vec![], vec![], vec![], vec![], vec![]);
    for round in 1..=rounds {
        let (wall, mut run) = play(&design);
        native.push(produced(&mut run) / wall);
        drop(run);
        let start = Clock::now();
        let outcome = plain_model::run(&design, &facts);
        let stored = outcome.samples.last().map_or(0, |sample| sample.log_end.iter().sum::<u64>()) as f64;
        oracle.push(stored / start.elapsed().as_secs_f64());
        drop(outcome);
        if let Ok(module) = &wasm {
            let mut node = Command::new("node");
            node.arg(peers.join("wasm.mjs")).arg(module).args([&REFERENCE.seed.to_string(), &seconds]);
            if let Some(said) = json(&mut node) {
                in_wasm.push(said["perSecond"].as_f64().unwrap_or(0.0));
                first_in_wasm.push(said["firstPerSecond"].as_f64().unwrap_or(0.0));
                let theirs = said["fingerprint"].as_str().unwrap_or_default().to_owned();
                assert_eq!(theirs, format!("{fingerprint:016x}"), "the fingerprint in wasm is the native one");
            }
        }
        if let Some(said) = json(Command::new("node").arg(peers.join("plain.js")).arg(&seconds)) {
            javascript.push(said["perSecond"].as_f64().unwrap_or(0.0));
        }
        if let Some(said) = json(Command::new(&python).arg(peers.join("simpy_w.py")).arg(&few_seconds)) {
            simpy.push(said["perSecond"].as_f64().unwrap_or(0.0));
        }
        eprintln!("round {round} of {rounds}");
    }

    println!("W, {seconds} s simulated: records per wall second, median of {rounds} rounds");
    let rows: [(&str, &Vec<f64>); 5] = [
        ("engine, native", &native),
        ("engine, wasm under Node", &in_wasm),
        ("record-event oracle, native", &oracle),
        ("plain JavaScript, Node", &javascript),
        ("SimPy", &simpy),
    ];
    for (name, values) in rows {
        match median(values) {
            Some(median) => println!("  {name:<30} {:>8.2} M", median / 1e6),
            None => println!("  {name:<30} not run"),
        }
    }
    if let Err(why) = wasm {
        println!("  (no wasm: {why})");
    }
    let ratio = |a: &[f64], b: &[f64]| Some(median(a)? / median(b)?);
    line(table, "wasm, W: ours ÷ plain JavaScript record model under the same Node", "≥ 20", ratio(&in_wasm, &javascript));
    line(table, "wasm, W: ours ÷ SimPy", "≥ 100", ratio(&in_wasm, &simpy));
    line(table, "native, W: ours ÷ record-event oracle in the same binary", "≥ 8", ratio(&native, &oracle));
    line(table, "W: wasm ÷ native", "≥ 0.6", ratio(&in_wasm, &native));
    line(table, "first run of a fresh wasm module ÷ warm run, in time", "≤ 1.4", ratio(&in_wasm, &first_in_wasm));
}

/// Nanoseconds per record with more partitions.
fn partitions(rounds: u64, table: &mut Vec<Line>) {
    let seconds = (w().seconds / 3).max(5);
    let sizes = [12, 1_000, 10_000];
    let mut times = [vec![], vec![], vec![]];
    for _ in 0..rounds {
        for (size, times) in sizes.iter().zip(&mut times) {
            let (wall, mut run) = play(&W { seconds, partitions: *size, ..REFERENCE }.design());
            times.push(wall * 1e9 / produced(&mut run));
        }
    }
    println!("\nns per record by partitions, {seconds} s of W");
    for (size, times) in sizes.iter().zip(&times) {
        println!("  {size:>6} partitions {:>8.1}", median(times).expect("there was a round"));
    }
    let ratio = |place: usize| Some(median(&times[place])? / median(&times[0])?);
    line(table, "ns per record at 1 000 partitions ÷ at 12", "≤ 1.6", ratio(1));
    line(table, "ns per record at 10 000 partitions ÷ at 12", "≤ 2.2", ratio(2));
}

/// Nanoseconds per record of a long run.
fn records(rounds: u64, table: &mut Vec<Line>) {
    let many = setting("LAGLAB_BENCH_RECORDS", 10_000_000);
    let sizes = [1_000_000, many];
    let mut times = [vec![], vec![]];
    for _ in 0..rounds {
        for (size, times) in sizes.iter().zip(&mut times) {
            let mut design = W { seconds: size / 100_000, ..REFERENCE }.design();
            // From the start as it will go on: before the group is there, records cost less.
            design.cluster.config.group_initial_rebalance_delay = Duration::ZERO;
            let (wall, mut run) = play(&design);
            times.push(wall * 1e9 / produced(&mut run));
        }
    }
    println!("\nns per record by records");
    for (size, times) in sizes.iter().zip(&times) {
        println!("  {size:>11} records {:>8.1}", median(times).expect("there was a round"));
    }
    let ratio = median(&times[1]).zip(median(&times[0])).map(|(long, short)| long / short);
    line(table, format!("ns per record at {many} records ÷ at 1000000 (goal: at 10⁸)"), "≤ 1.1", ratio);
}

/// What checkpoints cost, and the slowest of many seeks as a share of the whole run.
fn seek(rounds: u64, table: &mut Vec<Line>) {
    let design = w().design();
    let end = Instant::ZERO + design.duration;
    let (mut shares, mut with, mut without) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let mut bare = Simulation::without_checkpoints(design.clone());
        let start = Clock::now();
        while bare.run_towards(end, 1_000_000) == Progress::Working {}
        without.push(start.elapsed().as_secs_f64());
        drop(bare);
        let (wall, mut run) = play(&design);
        with.push(wall);
        let mut slowest = 0.0_f64;
        for place in [37, 99, 3, 71, 50, 51, 12, 88, 64, 25] {
            let start = Clock::now();
            run.rewind_to(Instant(design.duration.0 / 100 * place + 12_345));
            slowest = slowest.max(start.elapsed().as_secs_f64());
        }
        shares.push(slowest / wall);
    }
    let ratio = median(&with).zip(median(&without)).map(|(with, without)| with / without);
    line(table, "run of W with checkpoints ÷ without", "≤ 1.02", ratio);
    line(table, "the slowest of ten seeks ÷ the whole run of W", "≤ 0.1", median(&shares));
}

/// Bytes of a log's columns, from two fills with batches of different length.
fn memory(table: &mut Vec<Line>) {
    const RECORDS: usize = 1 << 20;
    let fill = |batch: usize, varying: bool| {
        let (deltas, keys, sizes) = (vec![1_000; batch], vec![7; batch], vec![200; batch]);
        let mut records = FileRecords::new();
        let mut tail = Tail::default();
        for number in 0..RECORDS / batch {
            let data = BatchData {
                producer: ProducerId(0),
                base_time: Instant(number as u64),
                deltas: Deltas::Narrow(&deltas),
                keys: &keys,
                sizes: if varying { Sizes::Each(&sizes) } else { Sizes::Fixed(200) },
                types: &[],
                bytes: 61 + 210 * batch as u32,
            };
            let base_offset = (number * batch) as u64;
            let stamp = Stamp { base_offset, leader_epoch: 0, log_append_time: None, max_timestamp: data.max_time() };
            records.append(&mut tail, stamp, &data);
        }
        records.memory() as f64 / RECORDS as f64
    };
    // Bytes per record with so many records a batch: record + batch ÷ so many.
    let per_batch = (fill(4, false) - fill(64, false)) / (1.0 / 4.0 - 1.0 / 64.0);
    let record = |varying| fill(64, varying) - per_batch / 64.0;
    line(table, "log memory: bytes per record, fixed size", "≤ 7", Some(record(false)));
    line(table, "log memory: bytes per record, varying size", "≤ 12", Some(record(true)));
    line(table, "log memory: bytes per batch", "≤ 24", Some(per_batch));
}

/// What a peer prints: one line of JSON. None if it cannot run here.
fn json(command: &mut Command) -> Option<serde_json::Value> {
    let said = command.output().ok()?;
    if !said.status.success() {
        eprintln!("{command:?}: {}", String::from_utf8_lossy(&said.stderr).lines().last().unwrap_or("no reason given"));
        return None;
    }
    serde_json::from_slice(&said.stdout).ok()
}

/// Builds the engine with an entry for W as wasm, without any bindings.
fn wasm_module() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = root.join("target/bench-wasm");
    let built = Command::new(env!("CARGO"))
        .current_dir(root)
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "-C target-feature=+simd128,+bulk-memory")
        .args(["build", "--quiet", "--release", "--target", "wasm32-unknown-unknown", "--example", "w_wasm"])
        .output()
        .map_err(|error| error.to_string())?;
    if built.status.success() {
        Ok(target.join("wasm32-unknown-unknown/release/examples/w_wasm.wasm"))
    } else {
        Err(String::from_utf8_lossy(&built.stderr).lines().find(|line| line.contains("error")).unwrap_or("cargo failed").to_owned())
    }
}
