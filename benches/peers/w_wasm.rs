//! The engine with an entry for the reference workload W, as wasm without bindings, for `benches/engine.rs`.

#[path = "../../tests/common/design.rs"]
mod design;

use design::{REFERENCE, W};
use laglab::engine::observe::metric::Metric;
use laglab::engine::simulation::{Progress, Simulation};
use laglab::engine::time::Instant;
use std::cell::RefCell;

thread_local! {
    static RUN: RefCell<Option<Simulation>> = const { RefCell::new(None) };
}

fn with<T>(use_it: impl FnOnce(&mut Simulation) -> T) -> T {
    RUN.with_borrow_mut(|run| use_it(run.as_mut().expect("a run was started")))
}

/// Begins W anew; what was before is dropped.
#[unsafe(no_mangle)]
pub extern "C" fn start(seed: u32, seconds: u32) {
    let design = W { seed: u64::from(seed), seconds: u64::from(seconds), ..REFERENCE }.design();
    RUN.replace(None);
    RUN.replace(Some(Simulation::new(design)));
}

/// Plays on for at most about so much work; 1 at the end.
#[unsafe(no_mangle)]
pub extern "C" fn step(budget: u32) -> u32 {
    with(|run| {
        let end = Instant::ZERO + run.design().duration;
        u32::from(run.run_towards(end, u64::from(budget)) == Progress::Reached)
    })
}

/// Records stored.
#[unsafe(no_mangle)]
pub extern "C" fn produced() -> f64 {
    with(|run| run.totals().iter().filter(|(metric, ..)| *metric == Metric::Produced).map(|(.., value)| value).sum())
}

#[unsafe(no_mangle)]
pub extern "C" fn fingerprint() -> u64 {
    with(Simulation::fingerprint)
}
