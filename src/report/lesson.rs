//! A lesson is true when its base run breaks exactly what it says, and so does each variant, and every comparison holds.

use super::outcome::Outcome;
use crate::engine::design::Design;
use crate::engine::simulation::Simulation;
use crate::scenario::Scenario;
use crate::scenario::expectation::{CompareVerdict, Verdict, judge_compare};
use crate::scenario::problem::Problem;
use serde_json::{Value, json};

/// The base run first, then the variants in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct LessonReport {
    pub seed: u64,
    pub runs: Vec<LessonRun>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LessonRun {
    pub variant: Option<String>,
    pub fingerprint: u64,
    pub verdicts: Vec<Verdict>,
    /// Names of expectations that must break here.
    pub fails: Vec<String>,
    pub compares: Vec<CompareVerdict>,
}

impl LessonRun {
    /// Broke, though nobody said so.
    pub fn unexpected(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| !verdict.holds() && !self.fails.contains(&verdict.name))
    }

    /// Was said to break, and held.
    pub fn missing(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|verdict| verdict.holds() && self.fails.contains(&verdict.name))
    }

    pub fn holds(&self) -> bool {
        self.unexpected().next().is_none() && self.missing().next().is_none() && self.compares.iter().all(|compare| compare.holds)
    }
}

impl LessonReport {
    pub fn holds(&self) -> bool {
        self.runs.iter().all(LessonRun::holds)
    }
}

/// Runs the base and all variants on one seed. `run` plays a design to its end; it may show progress.
pub fn judge(
    scenario: &Scenario,
    seed: Option<u64>,
    mut run: impl FnMut(Option<&str>, Design) -> Simulation,
) -> Result<LessonReport, Vec<Problem>> {
    let mut base = run(None, scenario.design(None, seed)?);
    let base = Outcome::of(scenario, None, &mut base)?;
    let seed_used = base.sim.design().seed.0;
    let first = LessonRun {
        variant: None,
        fingerprint: base.fingerprint,
        verdicts: base.verdicts.clone(),
        fails: scenario.fails(None)?.to_vec(),
        compares: Vec::new(),
    };
    let mut report = LessonReport { seed: seed_used, runs: vec![first] };
    for variant in scenario.variants() {
        let name = Some(variant.name.as_str());
        let mut sim = run(name, scenario.design(name, seed)?);
        let outcome = Outcome::of(scenario, name, &mut sim)?;
        let compares = variant.compare.iter().map(|compare| judge_compare(compare, &outcome.evidence(), &base.evidence())).collect();
        report.runs.push(LessonRun {
            variant: Some(variant.name.clone()),
            fingerprint: outcome.fingerprint,
            verdicts: outcome.verdicts.clone(),
            fails: variant.fails.clone(),
            compares,
        });
    }
    Ok(report)
}

/// For a terminal.
pub fn text(scenario: &Scenario, report: &LessonReport) -> String {
    let mut text = format!("{} · seed {}\n", scenario.title(), report.seed);
    for run in &report.runs {
        let word = if run.holds() { "true " } else { "FALSE" };
        text += &format!("{word}  {} · fingerprint {:016x}\n", run.variant.as_deref().unwrap_or("base"), run.fingerprint);
        let broken: Vec<&str> = run.verdicts.iter().filter(|verdict| !verdict.holds()).map(|verdict| verdict.name.as_str()).collect();
        if !broken.is_empty() {
            text += &format!("       breaks {}\n", broken.join(", "));
        }
        for verdict in run.unexpected() {
            let observed = observed(verdict);
            text += &format!("       {} should hold, and does not: {} (observed {observed})\n", verdict.name, verdict.text);
        }
        for verdict in run.missing() {
            let observed = observed(verdict);
            text += &format!("       {} should break, and does not: {} (observed {observed})\n", verdict.name, verdict.text);
        }
        for compare in &run.compares {
            text += &format!("       {}", super::text::compare(compare));
        }
    }
    text
}

fn observed(verdict: &Verdict) -> String {
    match (verdict.word, verdict.observed) {
        (Some(word), _) => word.name().to_owned(),
        (None, Some(number)) if number.is_infinite() => "never".to_owned(),
        (None, Some(number)) => format!("{number}"),
        (None, None) => "nothing".to_owned(),
    }
}

pub fn json(scenario: &Scenario, report: &LessonReport) -> Value {
    let run = |run: &LessonRun| {
        let compares = run
            .compares
            .iter()
            .map(|compare| json!({ "text": compare.text, "holds": compare.holds, "variant": compare.variant, "base": compare.base }));
        json!({
            "variant": run.variant,
            "fingerprint": format!("{:016x}", run.fingerprint),
            "holds": run.holds(),
            "fails": run.fails,
            "expectations": run.verdicts.iter().map(super::json::verdict).collect::<Vec<_>>(),
            "compare": compares.collect::<Vec<_>>(),
        })
    };
    json!({
        "laglab": env!("CARGO_PKG_VERSION"),
        "scenario": scenario.text,
        "seed": report.seed,
        "holds": report.holds(),
        "runs": report.runs.iter().map(run).collect::<Vec<_>>(),
    })
}
