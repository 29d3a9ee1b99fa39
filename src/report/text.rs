//! A run as text for a terminal: does the design hold, and what came of each group.

use super::outcome::Outcome;
use super::story::{self, Sentence, Tone};
use crate::engine::id::GroupId;
use crate::engine::observe::metric::{Labels, Metric};
use crate::scenario::expectation::{CompareVerdict, State, Verdict};
use crate::scenario::expression::{Term, quantity};
use std::fmt::Write;

/// The whole report.
pub fn run(outcome: &Outcome) -> String {
    let mut text = String::new();
    let design = outcome.sim.design();
    let variant = outcome.variant.unwrap_or("base");
    let at =
        if outcome.now.0 < design.duration.0 { format!("{} of {}", outcome.now, design.duration) } else { design.duration.to_string() };
    writeln!(text, "{} · {variant} · seed {} · {at} · fingerprint {:016x}", outcome.scenario.title(), design.seed.0, outcome.fingerprint)
        .expect(TAKES);
    if let Some(question) = &outcome.scenario.about().question {
        writeln!(text, "{question}").expect(TAKES);
    }
    text.push('\n');
    for verdict in &outcome.verdicts {
        text += &self::verdict(outcome, verdict);
    }
    if !outcome.verdicts.is_empty() {
        text.push('\n');
    }
    text += &table(&groups(outcome));
    for (group, effect) in &outcome.ledger {
        let group = &outcome.names.groups[group.index()];
        writeln!(
            text,
            "effect {} of {group}: {} intended, {} once, {} repeated, {} missing",
            effect.name, effect.intended, effect.once, effect.repeated, effect.missing
        )
        .expect(TAKES);
    }
    let sentences = story::tell(outcome.sim.plan(), outcome.sim.observations());
    let notable: Vec<&Sentence> = sentences.iter().filter(|sentence| sentence.tone != Tone::Plain).collect();
    if !notable.is_empty() {
        text.push('\n');
    }
    for sentence in notable.iter().take(SENTENCES) {
        writeln!(text, "{}  {}", sentence.at, sentence.text).expect(TAKES);
    }
    if notable.len() > SENTENCES {
        writeln!(text, "… and {} more; --format json has all of it", notable.len() - SENTENCES).expect(TAKES);
    }
    text
}

/// As much of the story as fits a screen.
const SENTENCES: usize = 20;
const TAKES: &str = "a string takes everything";

fn verdict(outcome: &Outcome, verdict: &Verdict) -> String {
    let word = match verdict.state {
        State::Holds => "holds ",
        State::Broken => "BROKEN",
        State::Open => "open  ",
    };
    let named = if verdict.name == verdict.text { String::new() } else { format!("{}: ", verdict.name) };
    let mut text = format!("{word}  {named}{}\n", verdict.text);
    let mut seen = Vec::new();
    match (verdict.observed, verdict.word) {
        (_, Some(word)) => seen.push(word.name().to_owned()),
        (Some(number), None) => seen.push(match unit(outcome, verdict) {
            "ms" if number.is_finite() => rounded(number),
            "s" if number.is_finite() => rounded(number * 1e3),
            unit => quantity(number, unit),
        }),
        (None, None) if verdict.state == State::Broken => seen.push("never known".to_owned()),
        (None, None) => {}
    }
    seen.extend(verdict.worst.as_ref().map(|labels| format!("for {}", outcome.names.label_list(labels))));
    seen.extend(verdict.at.map(|at| format!("at {at}")));
    if !seen.is_empty() {
        writeln!(text, "        {}", seen.join(" ")).expect(TAKES);
    }
    text
}

fn unit(outcome: &Outcome, verdict: &Verdict) -> &'static str {
    let expectations = outcome.scenario.expectations(outcome.variant).unwrap_or_default();
    let term = expectations.iter().find(|expectation| expectation.name == verdict.name).map(|expectation| &expectation.term);
    match term {
        Some(Term::Compare { value, .. }) => crate::scenario::expression::unit_of(value),
        Some(Term::Each { metric, .. }) => metric.unit(),
        None => "",
    }
}

/// A line for each group: what it did, how far behind it is, how late its records were.
fn groups(outcome: &Outcome) -> Vec<Vec<String>> {
    let head = ["GROUP", "CONSUMED", "LAG", "DUPLICATES", "REBALANCES", "P50", "P99", "MAX"];
    let mut lines = vec![head.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()];
    for (place, group) in outcome.names.groups.iter().enumerate() {
        let own = Labels { group: Some(GroupId::from(place)), ..Labels::default() };
        let total = |metric: Metric| -> f64 {
            outcome.totals.iter().filter(|(known, labels, _)| *known == metric && labels.matches(&own)).map(|(_, _, number)| number).sum()
        };
        let lag: f64 = outcome.sim.series().select(Metric::Lag, &own).filter_map(|series| series.last()).filter(|lag| !lag.is_nan()).sum();
        let latency = outcome.latencies.iter().find(|(metric, labels, _)| *metric == Metric::EndToEndLatency && *labels == own);
        let quantile =
            |q: f64| latency.and_then(|(_, _, all)| all.quantile(q)).map_or("-".to_owned(), |time| rounded(time.as_millis_f64()));
        lines.push(vec![
            group.clone(),
            quantity(total(Metric::Consumed), ""),
            quantity(lag, ""),
            quantity(total(Metric::DuplicatesDelivered), ""),
            quantity(total(Metric::Rebalances), ""),
            quantile(0.5),
            quantile(0.99),
            quantile(1.0),
        ]);
    }
    lines
}

/// Three digits are enough for a reader.
fn rounded(ms: f64) -> String {
    match ms {
        ms if ms >= 100_000.0 => format!("{:.0}s", ms / 1e3),
        ms if ms >= 1_000.0 => format!("{:.1}s", ms / 1e3),
        ms if ms >= 10.0 => format!("{ms:.0}ms"),
        ms => format!("{ms:.2}ms"),
    }
}

fn table(lines: &[Vec<String>]) -> String {
    if lines.len() < 2 {
        return String::new();
    }
    let widths: Vec<usize> =
        (0..lines[0].len()).map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        for (column, word) in line.iter().enumerate() {
            let pad = " ".repeat(widths[column] - word.chars().count());
            // Names to the left, numbers to the right.
            text += &if column == 0 { format!("{word}{pad}") } else { format!("  {pad}{word}") };
        }
        text.push('\n');
    }
    text
}

/// A comparison with the base run, on one line.
pub fn compare(verdict: &CompareVerdict) -> String {
    let number = |number: Option<f64>| number.map_or("unknown".to_owned(), |number| quantity(number, ""));
    let word = if verdict.holds { "holds " } else { "BROKEN" };
    format!("{word}  {} ({} against {})\n", verdict.text, number(verdict.variant), number(verdict.base))
}
