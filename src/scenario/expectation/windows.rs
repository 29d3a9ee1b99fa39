//! The parts of a run that are judged, from the moments at which entries of the timeline began and ended.

use super::super::expression::Scope;
use super::super::read::Checked;
use super::Evidence;
use crate::engine::design::{Action, TimelineEntry};
use crate::engine::observe::observation::What;
use crate::engine::observe::series::SeriesTable;
use crate::engine::time::Instant;

/// Pieces of time in order, apart from each other; each leaves out its start and includes its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows(Vec<(Instant, Instant)>);

impl Windows {
    pub fn of(scope: Scope, evidence: &Evidence) -> Windows {
        let whole = (Instant::ZERO + evidence.design.warmup, evidence.now);
        let pieces = match scope {
            Scope::Absent => Vec::new(),
            Scope::Whole => vec![whole],
            Scope::After(entry) => match ended(evidence, entry) {
                Some(end) => vec![(end, evidence.now)],
                None => Vec::new(),
            },
            Scope::Before(entry) => {
                let begin = times(evidence, entry).first().map_or(evidence.now, |(begin, _)| *begin);
                vec![(Instant::ZERO, begin)]
            }
            Scope::During(entry) => times(evidence, entry).into_iter().map(|(begin, end)| (begin, end.unwrap_or(evidence.now))).collect(),
            Scope::OutsideFaults => outside(evidence),
        };
        // Cut to what may be judged, in order, without overlaps.
        let mut pieces: Vec<(Instant, Instant)> =
            pieces.into_iter().map(|(from, to)| (from.max(whole.0), to.min(whole.1))).filter(|(from, to)| from < to).collect();
        pieces.sort_unstable();
        let mut joined: Vec<(Instant, Instant)> = Vec::new();
        for (from, to) in pieces {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                Some(_) | None => joined.push((from, to)),
            }
        }
        Windows(joined)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn start(&self) -> Instant {
        self.0.first().map_or(Instant::ZERO, |(from, _)| *from)
    }

    pub fn pieces(&self) -> &[(Instant, Instant)] {
        &self.0
    }

    pub fn contains(&self, at: Instant) -> bool {
        self.0.iter().any(|(from, to)| *from < at && at <= *to)
    }

    /// The samples that were taken within.
    pub fn samples(&self, series: &SeriesTable) -> impl Iterator<Item = usize> {
        (0..series.samples).filter(|sample| self.contains(series.time_of(*sample)))
    }

    /// Whether the sample before lies in the same piece.
    pub fn joined(&self, sample: usize, series: &SeriesTable) -> bool {
        let at = series.time_of(sample);
        self.0.iter().any(|(from, to)| *from < at && at <= *to && sample > 0 && *from < series.time_of(sample - 1))
    }
}

/// When an entry began and ended, each time; no end: not yet, or never.
fn times(evidence: &Evidence, entry: usize) -> Vec<(Instant, Option<Instant>)> {
    let mut times: Vec<(Instant, Option<Instant>)> = Vec::new();
    for observation in evidence.observations {
        match observation.what {
            What::InterventionBegan { entry: own } if own as usize == entry => times.push((observation.at, None)),
            What::InterventionEnded { entry: own } if own as usize == entry => {
                if let Some(open) = times.iter_mut().find(|(_, end)| end.is_none()) {
                    open.1 = Some(observation.at);
                }
            }
            _ => {}
        }
    }
    if evidence.design.timeline.get(entry).is_some_and(at_once) {
        for (begin, end) in &mut times {
            *end = Some(*begin);
        }
    }
    times
}

/// What is done in a moment has no length.
fn at_once(entry: &TimelineEntry) -> bool {
    match entry.action {
        Action::MembersAdd { .. } => entry.lasts.is_none(),
        Action::GroupStart { .. } | Action::GroupReset { .. } => true,
        Action::ProducerRate { .. }
        | Action::MemberCrash { .. }
        | Action::MemberStop { .. }
        | Action::MemberPause { .. }
        | Action::HandlerSlow { .. }
        | Action::CommitsFail { .. }
        | Action::GroupStop { .. }
        | Action::RollingRestart { .. }
        | Action::BrokerSlow { .. } => false,
    }
}

/// When the last of an entry's times was over. What has no end by itself is over when it has happened.
fn ended(evidence: &Evidence, entry: usize) -> Option<Instant> {
    let times = times(evidence, entry);
    let (begin, end) = times.last()?;
    let timeline = evidence.design.timeline.get(entry)?;
    let endless = timeline.lasts.is_none() && !matches!(timeline.action, Action::RollingRestart { .. });
    end.or(endless.then_some(*begin))
}

fn outside(evidence: &Evidence) -> Vec<(Instant, Instant)> {
    let faults = evidence.design.timeline.iter().enumerate().filter(|(_, entry)| Checked::is_fault(&entry.action));
    let mut faults: Vec<(Instant, Instant)> =
        faults.flat_map(|(entry, _)| times(evidence, entry)).map(|(begin, end)| (begin, end.unwrap_or(evidence.now))).collect();
    faults.sort_unstable();
    let mut free = Vec::new();
    let mut from = Instant::ZERO;
    for (begin, end) in faults {
        if begin > from {
            free.push((from, begin));
        }
        from = from.max(end);
    }
    free.push((from, evidence.now));
    free
}
