//! The same bits everywhere: this file runs natively and, compiled to wasm, in a worker of a real browser.
//!
//! Each test reduces what it computes to a number that is written down here, so both must arrive at that number.

use laglab::engine::random::{Alias, Distribution, Seed, exponential};
use laglab::engine::simulation::{Progress, Simulation};
use laglab::engine::time::Instant;
use laglab::scenario::Scenario;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// FNV-1a over whole words: one number that changes with every bit.
fn digest(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(0xcbf2_9ce4_8422_2325, |hash, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(23))
}

const DRAWS: u64 = 100_000;

#[test]
fn the_draws_of_a_stream() {
    let stream = Seed(7).stream("producer checkout/0 keys");
    assert_eq!(digest((0..DRAWS).map(|n| stream.at(n))), 0x30d0_8b79_95f8_4e56);
    assert_eq!(digest((0..DRAWS).map(|n| stream.sub(n).at(n))), 0xe40c_2c32_0a8d_a539);
}

#[test]
fn the_bits_of_an_exponential_variate() {
    let stream = Seed(11).stream("arrivals");
    assert_eq!(digest((0..DRAWS).map(|n| exponential(stream.at(n)).to_bits())), 0xa4a6_b109_1e01_6b75);
}

#[test]
fn the_values_of_each_distribution() {
    let values = |distribution: Distribution| {
        let mut block = vec![0; DRAWS as usize];
        Seed(13).stream("values").fill(0, &mut block);
        distribution.sampler().values(&mut block);
        digest(block.into_iter().chain([distribution.mean().to_bits()]))
    };
    assert_eq!(values(Distribution::Exponential(1_000_000)), 0xf5c3_a3ec_44aa_f3b1);
    assert_eq!(values(Distribution::LogNormal { p50: 2_000_000, p99: 20_000_000 }), 0x2f8f_bff2_07ce_63cb);
    assert_eq!(values(Distribution::Uniform { low: 1_000, high: 5_000 }), 0x0715_188a_ac67_b46f);
}

#[test]
fn the_ranks_of_a_zipf_choice() {
    let alias = Alias::zipf(10_000, 1.1);
    let stream = Seed(17).stream("ranks");
    assert_eq!(digest((0..DRAWS).map(|n| u64::from(alias.choose(stream.at(n))))), 0xa769_6e4f_b569_df59);
}

/// The first 75 s of each scenario, with all that goes wrong in them: whole, and in slices with the playhead moved back.
#[test]
fn the_runs_of_the_scenarios() {
    const UNTIL: Instant = Instant::from_millis(75_000);
    let files = [
        ("commit-fails", include_str!("../scenarios/commit-fails.yaml"), 0xf674_0a03_a6ec_8dfe),
        ("hot-key", include_str!("../scenarios/hot-key.yaml"), 0x0cce_ef10_8426_9ae4),
        ("idle-consumer", include_str!("../scenarios/idle-consumer.yaml"), 0xce53_cb41_5dbc_a1cd),
        ("natural-key-order", include_str!("../scenarios/natural-key-order.yaml"), 0x9855_3bd8_1405_7c80),
        ("rebalance-storm", include_str!("../scenarios/rebalance-storm.yaml"), 0x6c2d_d467_e167_2445),
        ("traffic-spike", include_str!("../scenarios/traffic-spike.yaml"), 0x82d3_412a_5304_c13d),
    ];
    let mut wrong = Vec::new();
    for (name, text, expected) in files {
        let scenario = Scenario::parse(name, text).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let design = scenario.design(None, None).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let mut whole = Simulation::new(design.clone());
        whole.run_until(UNTIL);
        let mut sliced = Simulation::new(design);
        while sliced.run_towards(UNTIL, 9_973) == Progress::Working {}
        sliced.rewind_to(Instant::from_millis(40_321));
        sliced.run_until(UNTIL);
        assert_eq!(whole.fingerprint(), sliced.fingerprint(), "{name}: in slices and rewound");
        if whole.fingerprint() != expected {
            wrong.push(format!("{name}: {:#018x} is not {expected:#018x}", whole.fingerprint()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
