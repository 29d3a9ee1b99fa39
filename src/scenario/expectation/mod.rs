//! Whether a design holds: expectations judged over a finished run, or over a run so far.
//!
//! The rules that SCENARIO files rely on. The warm-up is left out. Counters are differences over the scope, summed over labels
//! that are left out, and so are rates. Other gauges are aggregated over samples for each label, and the largest is taken (the
//! smallest for `min`); the label is named. Latencies are aggregated over records. What is unknown (the lag before the first commit) is passed over, and
//! a value that was never known does not hold.

mod culprit;
#[cfg(test)]
mod tests;
mod value;
mod windows;

use super::expression::{Compare, CompareHow, Expectation, Quantifier, Scope, Term, Test};
use super::read::names::Names;
use crate::engine::design::Design;
use crate::engine::id::ObservationId;
use crate::engine::observe::condition::{Comparison, Value};
use crate::engine::observe::metric::{Labels, Metric};
use crate::engine::observe::observation::Observation;
use crate::engine::observe::series::SeriesTable;
use crate::engine::observe::snapshot::Status;
use crate::engine::time::{Duration, Instant};
use windows::Windows;

/// What is known of a run.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    pub design: &'a Design,
    pub names: &'a Names,
    pub series: &'a SeriesTable,
    pub observations: &'a [Observation],
    /// Every counter at the playhead.
    pub totals: &'a [(Metric, Labels, f64)],
    /// The playhead: the run is finished when it has reached the duration.
    pub now: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// So far, or for good.
    Holds,
    Broken,
    /// Nothing can be said yet.
    Open,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub name: String,
    pub text: String,
    pub state: State,
    /// Whether the rest of the run cannot change it.
    pub settled: bool,
    /// In the metric's unit; none: unknown. Infinite: never.
    pub observed: Option<f64>,
    /// The status that was seen, for words.
    pub word: Option<Status>,
    /// The moment that decided it: of the breach, or of what was waited for.
    pub at: Option<Instant>,
    /// What was worst, when the expectation leaves labels open.
    pub worst: Option<Labels>,
    /// The event that broke it.
    pub event: Option<ObservationId>,
}

impl Verdict {
    pub fn holds(&self) -> bool {
        self.state == State::Holds
    }
}

/// A comparison of a variant with the base run.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareVerdict {
    pub text: String,
    pub holds: bool,
    pub variant: Option<f64>,
    pub base: Option<f64>,
}

pub fn judge_all(expectations: &[Expectation], evidence: &Evidence) -> Vec<Verdict> {
    expectations.iter().map(|expectation| judge(expectation, evidence)).collect()
}

pub fn judge(expectation: &Expectation, evidence: &Evidence) -> Verdict {
    let mut verdict = Verdict {
        name: expectation.name.clone(),
        text: expectation.text.clone(),
        state: State::Holds,
        settled: evidence.finished(),
        observed: None,
        word: None,
        at: None,
        worst: None,
        event: None,
    };
    if expectation.scope == Scope::Absent {
        verdict.settled = true;
        return verdict;
    }
    let windows = Windows::of(expectation.scope, evidence);
    if windows.is_empty() {
        // What it waits for has not come; if it never came, there is nothing to hold it against.
        verdict.state = if evidence.finished() { State::Holds } else { State::Open };
        return verdict;
    }
    match &expectation.term {
        Term::Compare { value, comparison, number, lasting: None } => {
            compare_value(&mut verdict, evidence, &windows, value, *comparison, *number);
        }
        Term::Compare { value, comparison, number, lasting: Some(lasting) } => {
            breach(&mut verdict, evidence, &windows, value, *comparison, *number, *lasting);
        }
        Term::Each { metric, labels, quantifier, test, within } => {
            each(&mut verdict, evidence, &windows, (*metric, labels), *quantifier, *test, *within);
        }
    }
    if verdict.state == State::Broken {
        let (metric, labels) = asked(&expectation.term);
        let labels = verdict.worst.as_ref().unwrap_or(labels);
        verdict.event = culprit::find(evidence, &windows, metric, labels, verdict.at, verdict.word);
    }
    verdict
}

/// The value of a variant's run against the base's, each over its whole run.
pub fn judge_compare(compare: &Compare, variant: &Evidence, base: &Evidence) -> CompareVerdict {
    let of = |evidence: &Evidence| value::of(evidence, &Windows::of(Scope::Whole, evidence), &compare.value).number;
    let (own, other) = (of(variant), of(base));
    let holds = match (own, other) {
        (Some(own), Some(other)) => match compare.how {
            CompareHow::Less => own < other,
            CompareHow::Greater => own > other,
            CompareHow::Within(share) => own == other || (own - other).abs() <= share * other.abs(),
        },
        (None, _) | (_, None) => false,
    };
    CompareVerdict { text: compare.text.clone(), holds, variant: own, base: other }
}

impl Evidence<'_> {
    pub fn finished(&self) -> bool {
        self.now >= Instant::ZERO + self.design.duration
    }
}

fn asked(term: &Term) -> (Metric, &Labels) {
    fn of(value: &Value) -> (Metric, &Labels) {
        match value {
            Value::Aggregate { metric, labels, .. } | Value::Counter { metric, labels } => (*metric, labels),
            Value::Ratio(over, _) => of(over),
        }
    }
    match term {
        Term::Compare { value, .. } => of(value),
        Term::Each { metric, labels, .. } => (*metric, labels),
    }
}

fn compare_value(verdict: &mut Verdict, evidence: &Evidence, windows: &Windows, value: &Value, comparison: Comparison, number: f64) {
    let observed = value::of(evidence, windows, value);
    verdict.observed = observed.number;
    verdict.worst = observed.labels;
    verdict.at = observed.at;
    verdict.state = match observed.number {
        Some(observed) if comparison.holds(observed, number) => State::Holds,
        Some(_) => State::Broken,
        None if evidence.finished() => State::Broken,
        None => State::Open,
    };
    if let (State::Broken, Value::Counter { metric, labels }) = (verdict.state, value) {
        verdict.at = value::counter_breach(evidence, windows, *metric, labels, |count| !comparison.holds(count, number));
        // What counts up past its bound does not come back.
        verdict.settled |= matches!(comparison, Comparison::Less | Comparison::LessOrEqual);
    }
}

/// At each sample: broken once the comparison has failed for so long without a pause.
fn breach(
    verdict: &mut Verdict,
    evidence: &Evidence,
    windows: &Windows,
    value: &Value,
    comparison: Comparison,
    number: f64,
    lasting: Duration,
) {
    let upward = !matches!(comparison, Comparison::Greater | Comparison::GreaterOrEqual);
    let worse = |new: f64, old: Option<&Worst>| old.is_none_or(|old| if upward { new > old.number } else { new < old.number });
    let mut overall: Option<Worst> = None;
    let mut failing: Option<Worst> = None;
    for sample in windows.samples(evidence.series) {
        let at = evidence.series.time_of(sample);
        let seen = value::at_sample(evidence, sample, value);
        let fails = seen.number.is_some_and(|number_seen| !comparison.holds(number_seen, number));
        if verdict.state == State::Broken && !fails {
            break;
        }
        let (Some(seen_number), true) = (seen.number, fails) else {
            failing = None;
            if let Some(number) = seen.number.filter(|number| worse(*number, overall.as_ref())) {
                overall = Some(Worst { since: at, number, labels: seen.labels });
            }
            continue;
        };
        let since = match &failing {
            Some(failing) if windows.joined(sample, evidence.series) => failing.since,
            Some(_) | None => at,
        };
        let keeps = failing.as_ref().is_some_and(|failing| failing.since == since) && !worse(seen_number, failing.as_ref());
        if !keeps {
            failing = Some(Worst { since, number: seen_number, labels: seen.labels });
        }
        if worse(seen_number, overall.as_ref()) {
            overall = failing.clone();
        }
        if verdict.state == State::Holds && at.since(since) >= lasting {
            (verdict.state, verdict.settled, verdict.at) = (State::Broken, true, Some(since));
        }
    }
    let shown = if verdict.state == State::Broken { failing.or(overall) } else { overall };
    match shown {
        Some(worst) => (verdict.observed, verdict.worst) = (Some(worst.number), worst.labels),
        None => verdict.state = if evidence.finished() { State::Broken } else { State::Open },
    }
}

/// The worst value of a stretch of samples.
#[derive(Clone)]
struct Worst {
    since: Instant,
    number: f64,
    labels: Option<Labels>,
}

/// A metric at each sample, for each label.
fn each(
    verdict: &mut Verdict,
    evidence: &Evidence,
    windows: &Windows,
    (metric, labels): (Metric, &Labels),
    quantifier: Quantifier,
    test: Test,
    within: Option<Duration>,
) {
    let start = windows.start();
    let deadline = within.map_or(Instant::MAX, |within| start + within);
    let mut known = false;
    for sample in windows.samples(evidence.series) {
        let at = evidence.series.time_of(sample);
        if at > deadline {
            break;
        }
        let seen = value::each(evidence, sample, metric, labels, test);
        let (passed, failed) = (seen.passed, seen.failed);
        known |= passed.is_some() || failed.is_some();
        let deciding = match quantifier {
            Quantifier::Never => passed,
            Quantifier::Always => failed,
            Quantifier::Eventually => match (&passed, &failed) {
                (Some(_), None) => passed,
                // The latest that kept it from holding, in case it never does.
                (_, Some(failed)) => {
                    (verdict.observed, verdict.word, verdict.worst) = (failed.number, failed.word, Some(failed.labels.clone()));
                    None
                }
                (None, None) => None,
            },
        };
        if let Some(deciding) = deciding {
            let state = if quantifier == Quantifier::Eventually { State::Holds } else { State::Broken };
            (verdict.state, verdict.settled, verdict.at) = (state, true, Some(at));
            (verdict.observed, verdict.word, verdict.worst) = (deciding.number, deciding.word, Some(deciding.labels));
            return;
        }
    }
    let over = evidence.finished() || evidence.now >= deadline;
    verdict.state = match quantifier {
        Quantifier::Eventually if over => State::Broken,
        Quantifier::Eventually => State::Open,
        Quantifier::Never | Quantifier::Always if known => State::Holds,
        Quantifier::Never | Quantifier::Always if evidence.finished() => State::Broken,
        Quantifier::Never | Quantifier::Always => State::Open,
    };
    verdict.settled |= over && quantifier == Quantifier::Eventually;
    if verdict.state == State::Broken && quantifier == Quantifier::Eventually {
        verdict.at = Some(deadline.min(evidence.now));
    }
}
