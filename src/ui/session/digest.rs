//! The digest: lines of charts thinned to the pixels, verdicts, the story, and the marks of the scrubber.

use super::super::frame::{Digest, Grade, Line, Mark, Told, Tone};
use super::run::Run;
use super::trend::samples_in;
use super::{judge, nanos};
use crate::engine::design::{Design, When};
use crate::engine::id::GroupId;
use crate::engine::observe::metric::{Labels, Metric};
use crate::engine::observe::observation::What;
use crate::engine::observe::series::SeriesTable;
use crate::engine::time::Instant;
use crate::report::story::{self, Tone as StoryTone};

const LINES: usize = 24;
const STORY: usize = 80;
const MARKS: usize = 200;

pub fn digest(run: &mut Run, columns: u32) -> Digest {
    let width = column_width(run.sim.series(), run.sim.end(), columns);
    let (lag, lag_left_out) = lag_lines(run, width);
    let (story, story_left_out) = story(run);
    let verdicts = judge::verdicts(run);
    Digest {
        run: run.number,
        now: nanos(run.sim.now()),
        furthest: nanos(run.furthest.max(run.sim.now())),
        lag,
        lag_left_out,
        flow: flow_lines(run, width),
        latency: latency_lines(run, width),
        verdicts,
        story,
        story_left_out,
        marks: marks(run),
    }
}

/// Samples in a column of pixels: fixed for a run, so that lines do not tremble while it grows.
fn column_width(table: &SeriesTable, end: Instant, columns: u32) -> usize {
    let samples = (end.0 / table.every.0.max(1)) as usize;
    samples.div_ceil(columns.max(1) as usize).max(1)
}

/// Lowest and highest of each column, in the order in which they came: no peak is lost.
fn thin(values: impl Iterator<Item = f64>, first: usize, width: usize, table: &SeriesTable) -> Vec<(f32, Option<f32>)> {
    let time = |sample: usize| table.time_of(sample).as_millis_f64() as f32;
    let mut points = Vec::new();
    let mut column: Vec<(usize, f64)> = Vec::with_capacity(width);
    let flush = |column: &mut Vec<(usize, f64)>, points: &mut Vec<(f32, Option<f32>)>| {
        let known = column.iter().filter(|(_, value)| value.is_finite());
        let low = known.clone().min_by(|a, b| a.1.total_cmp(&b.1)).copied();
        let high = known.max_by(|a, b| a.1.total_cmp(&b.1)).copied();
        match (low, high, column.first()) {
            (Some(low), Some(high), _) => {
                let (one, two) = if low.0 <= high.0 { (low, high) } else { (high, low) };
                points.push((time(one.0), Some(one.1 as f32)));
                if one.0 != two.0 {
                    points.push((time(two.0), Some(two.1 as f32)));
                }
            }
            (None, _, Some(first)) | (_, None, Some(first)) => points.push((time(first.0), None)),
            (None, _, None) | (_, None, None) => {}
        }
        column.clear();
    };
    for (place, value) in values.enumerate() {
        let sample = first + place;
        if sample.is_multiple_of(width) && !column.is_empty() {
            flush(&mut column, &mut points);
        }
        column.push((sample, value));
    }
    flush(&mut column, &mut points);
    points
}

fn line(name: String, tone: Tone, thing: String, points: Vec<(f32, Option<f32>)>, last: Option<f64>) -> Line {
    let peak = points.iter().filter_map(|(_, value)| *value).fold(0.0, f32::max);
    Line { name, tone, thing, points, last: last.filter(|last| last.is_finite()).map(|last| last as f32), peak }
}

fn lag_lines(run: &Run, width: usize) -> (Vec<Line>, u32) {
    let (design, table) = (run.sim.design(), run.sim.series());
    let mut lines = Vec::new();
    for series in table.select(Metric::Lag, &Labels::default()) {
        let (Some(group), Some(topic), Some(partition)) = (series.labels.group, series.labels.topic, series.labels.partition) else {
            continue;
        };
        let mut name = format!("p{partition}");
        if design.topics.len() > 1 {
            name = format!("{} {name}", design.topics[topic.index()].name);
        }
        if design.groups.iter().filter(|other| other.topics.contains(&topic)).count() > 1 {
            name = format!("{} {name}", design.groups[group.index()].name);
        }
        let thing = format!("topic/{}/{partition}", design.topics[topic.index()].name);
        let points = thin(series.values().iter().copied(), series.first, width, table);
        lines.push(line(name, Tone::Lag, thing, points, series.last()));
    }
    // Those that stick out now: over a budget, or far over the middle.
    let mut lasts: Vec<f32> = lines.iter().filter_map(|line| line.last).collect();
    lasts.sort_by(f32::total_cmp);
    let median = lasts.get(lasts.len() / 2).copied().unwrap_or(0.0);
    let budget = design.groups.iter().filter_map(|group| group.budget.records).min().map_or(f32::INFINITY, |records| records as f32);
    for line in &mut lines {
        let last = line.last.unwrap_or(0.0);
        if last > budget || last >= 500.0 && last > median * 8.0 {
            line.tone = Tone::LagHot;
        }
    }
    let all = lines.len();
    if all > LINES {
        lines.sort_by(|a, b| b.peak.total_cmp(&a.peak));
        lines.truncate(LINES);
    }
    let left_out = (all - lines.len()) as u32;
    (lines, left_out)
}

/// What comes in for each producer's topic, and what goes out for each group, as means of half a second.
fn flow_lines(run: &Run, width: usize) -> Vec<Line> {
    let (design, table) = (run.sim.design(), run.sim.series());
    let mut lines = Vec::new();
    for index in 0..design.topics.len() {
        let topic = crate::engine::id::TopicId::from(index);
        if !design.producers.iter().any(|producer| producer.topic == topic) {
            continue;
        }
        let selector = Labels { topic: Some(topic), ..Labels::default() };
        let sums = sum(table, Metric::ThroughputIn, &selector);
        let name = if design.topics.len() > 1 { format!("in {}", design.topics[index].name) } else { "in".to_owned() };
        let values = smooth(&sums, samples_in(table, 0.5));
        let last = values.last().copied();
        lines.push(line(
            name,
            Tone::Producer,
            format!("topic/{}", design.topics[index].name),
            thin(values.into_iter(), 0, width, table),
            last,
        ));
    }
    for (index, group) in design.groups.iter().enumerate() {
        let selector = Labels { group: Some(GroupId::from(index)), ..Labels::default() };
        let sums = sum(table, Metric::ThroughputOut, &selector);
        let name = if design.groups.len() > 1 { format!("out {}", group.name) } else { "out".to_owned() };
        let values = smooth(&sums, samples_in(table, 0.5));
        let last = values.last().copied();
        let tone = Tone::Group(index as u32);
        lines.push(line(name, tone, format!("group/{}", group.name), thin(values.into_iter(), 0, width, table), last));
    }
    lines
}

fn sum(table: &SeriesTable, metric: Metric, selector: &Labels) -> Vec<f64> {
    let mut sums = vec![0.0; table.samples];
    for series in table.select(metric, selector) {
        for (sum, value) in sums[series.first.min(table.samples)..].iter_mut().zip(series.values()) {
            if value.is_finite() {
                *sum += value;
            }
        }
    }
    sums
}

/// The mean of each value and those before it: what comes in batches reads as a rate.
fn smooth(values: &[f64], window: usize) -> Vec<f64> {
    let mut running = 0.0;
    let mut smoothed = Vec::with_capacity(values.len());
    for (place, value) in values.iter().enumerate() {
        running += value;
        if place >= window {
            running -= values[place - window];
        }
        smoothed.push(running / (place + 1).min(window) as f64);
    }
    smoothed
}

fn latency_lines(run: &mut Run, width: usize) -> Vec<Line> {
    // Half a second is the least in which a 99th percentile means something.
    let width = width.max(samples_in(run.sim.series(), 0.5));
    let Run { sim, latencies, .. } = run;
    let (design, table) = (sim.design(), sim.series());
    let mut lines = Vec::new();
    for (index, group) in design.groups.iter().enumerate() {
        let labels = Labels { group: Some(GroupId::from(index)), ..Labels::default() };
        let Some(series) = table.latencies.iter().find(|series| series.metric == Metric::EndToEndLatency && series.labels == labels) else {
            continue;
        };
        let columns = latencies.columns(index, series, width);
        let time = |column: usize| table.time_of(((column + 1) * width).min(series.windows().len()) - 1).as_millis_f64() as f32;
        let name = |word: &str| if design.groups.len() > 1 { format!("{} {word}", group.name) } else { word.to_owned() };
        for (word, tone) in [("p50", Tone::Median), ("p99", Tone::Tail)] {
            let value = |pair: Option<(f32, f32)>| pair.map(|(p50, p99)| if tone == Tone::Median { p50 } else { p99 });
            let points: Vec<(f32, Option<f32>)> = columns.iter().enumerate().map(|(column, pair)| (time(column), value(*pair))).collect();
            let last = points.iter().rev().find_map(|(_, value)| *value).map(f64::from);
            lines.push(line(name(word), tone, format!("group/{}", group.name), points, last));
        }
    }
    lines
}

fn story(run: &Run) -> (Vec<Told>, u32) {
    let (told, left_out) = story::tell_last(run.sim.plan(), run.sim.observations(), STORY);
    let last = told.into_iter().rev().map(|sentence| Told {
        event: sentence.event.0,
        at: nanos(sentence.at),
        text: sentence.text,
        grade: grade(sentence.tone),
        thing: sentence.thing,
        cause: sentence.cause.map(|cause| cause.0),
    });
    (last.collect(), left_out as u32)
}

fn grade(tone: StoryTone) -> Grade {
    match tone {
        StoryTone::Plain => Grade::Plain,
        StoryTone::Good => Grade::Good,
        StoryTone::Warning => Grade::Warning,
        StoryTone::Bad => Grade::Bad,
        StoryTone::Twice => Grade::Twice,
        StoryTone::Hand => Grade::Hand,
    }
}

/// What the file plans, and what this run has shown so far, also beyond a playhead that went back.
fn marks(run: &Run) -> Vec<Mark> {
    let design = run.sim.design();
    let mut marks = planned(design);
    marks.extend(run.seen.iter().cloned());
    marks.sort_by_key(|mark| mark.at);
    marks.truncate(MARKS);
    marks
}

fn planned(design: &Design) -> Vec<Mark> {
    let mut marks = Vec::new();
    for entry in &design.timeline {
        let When::At { at, every, times } = entry.when else { continue };
        for time in 0..times.min(20) {
            let at = at + every * u64::from(time);
            if at.0 <= design.duration.0 {
                marks.push(Mark { at: nanos(at), text: story::action(design, &entry.action), grade: Grade::Hand, planned: true });
            }
        }
    }
    marks
}

/// Takes marks of what was observed since the last look. The same thing within a fiftieth of the run is one mark.
pub fn note_marks(run: &mut Run) {
    let observations = run.sim.observations();
    if observations.len() <= run.seen_observations {
        return;
    }
    let near = run.sim.design().duration.0 / 50;
    let plan = run.sim.plan();
    for observation in &observations[run.seen_observations..] {
        let (text, grade) = match &observation.what {
            What::RebalanceCompleted { group, generation, .. } => {
                let name = &plan.design.groups[group.index()].name;
                if *generation <= 1 { (format!("{name} stable"), Grade::Good) } else { ("rebalance".to_owned(), Grade::Plain) }
            }
            What::BudgetBreached { partition, .. } => (format!("budget exceeded · p{}", plan.partition(*partition).partition), Grade::Bad),
            What::MemberCrashed { group, member } => {
                (format!("{}-{member} dies", plan.design.groups[group.index()].name, member = member.0), Grade::Bad)
            }
            What::CommitRefused { .. } => ("commit refused".to_owned(), Grade::Warning),
            What::EffectRepeated { .. } => ("effect repeated".to_owned(), Grade::Twice),
            What::OrderViolated { .. } => ("order violated".to_owned(), Grade::Warning),
            What::UnreadExpired { .. } => ("unread deleted".to_owned(), Grade::Bad),
            What::CannotKeepUp { .. } => ("cannot keep up".to_owned(), Grade::Warning),
            What::InterventionRefused { .. } => ("intervention refused".to_owned(), Grade::Warning),
            What::TopKeys { .. }
            | What::InterventionBegan { .. }
            | What::InterventionEnded { .. }
            | What::MemberStarted { .. }
            | What::MemberStopped { .. }
            | What::MemberRemoved { .. }
            | What::MemberFenced { .. }
            | What::RebalanceStarted { .. }
            | What::PartitionsAssigned { .. }
            | What::PartitionsRevoked { .. }
            | What::PartitionsLost { .. }
            | What::OffsetReset { .. }
            | What::GroupReset { .. }
            | What::DuplicatesDelivered { .. }
            | What::SegmentsDeleted { .. }
            | What::BudgetMet { .. }
            | What::StatusChanged { .. } => continue,
        };
        let at = nanos(observation.at);
        let kind = |text: &str| text.split(" · ").next().unwrap_or_default().to_owned();
        let told = run.seen.iter().rev().take_while(|mark| mark.at + near >= at).any(|mark| kind(&mark.text) == kind(&text));
        if !told && run.seen.len() < MARKS {
            run.seen.push(Mark { at, text, grade, planned: false });
        }
    }
    run.seen_observations = observations.len();
}
