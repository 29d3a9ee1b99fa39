//! The expectations of the file, judged up to the playhead.

use super::super::frame::Verdict;
use super::run::Run;

pub fn verdicts(run: &Run) -> Vec<Verdict> {
    let variant = run.variant.as_deref();
    let fails = run.scenario.fails(variant).unwrap_or_default();
    let expectations = run.scenario.expectations(variant).unwrap_or_default();
    expectations
        .iter()
        .map(|expectation| Verdict {
            name: expectation.name.clone(),
            text: expectation.text.clone(),
            holds: None,
            observed: String::new(),
            at: None,
            meant_to_fail: fails.contains(&expectation.name),
        })
        .collect()
}
