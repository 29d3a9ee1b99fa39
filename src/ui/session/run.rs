//! One open file that runs: the playhead, how fast it moves, where it is asked to go.

use super::super::frame::{About, Digest, Frame, Intervention, Mark};
use super::trend::{LatencyCache, Trends};
use super::{Next, about, digest, intervention, stage};
use crate::engine::design::When;
use crate::engine::simulation::{Progress, Simulation};
use crate::engine::time::{Duration, Instant};
use crate::scenario::Scenario;
use crate::scenario::problem::Severity;

/// Records and events between two looks at the clock.
const BUDGET: u64 = 4_000;
const MILLI: u64 = 1_000_000;

pub struct Run {
    pub number: u32,
    pub(super) scenario: Scenario,
    pub(super) variant: Option<String>,
    pub(super) sim: Simulation,
    /// Texts before each intervention, the newest last.
    undo: Vec<String>,
    playing: bool,
    /// Where the playhead ought to be by now, in nanoseconds: a float, so that slow speeds add up.
    goal: f64,
    ticked: f64,
    seek: Option<Seek>,
    reached: Speedometer,
    /// How far this run has been, and what was seen on the way: it stays on the scrubber when the playhead goes back.
    pub(super) furthest: Instant,
    pub(super) seen: Vec<Mark>,
    pub(super) seen_observations: usize,
    pub(super) largest_lag: u64,
    pub(super) full_rate: f64,
    pub(super) trends: Trends,
    pub(super) latencies: LatencyCache,
}

#[derive(Clone, Copy, Debug)]
struct Seek {
    from: Instant,
    to: Instant,
}

pub struct Worked {
    pub moved: bool,
    pub next: Next,
}

impl Run {
    /// The scenario has the variant.
    pub fn new(number: u32, scenario: Scenario, variant: Option<String>, undo: Vec<String>) -> Run {
        let design = scenario.design(variant.as_deref(), None).expect("the variant is one of the scenario's");
        let full_rate: f64 =
            design.producers.iter().map(|producer| producer.rate.points.iter().map(|(_, rate)| *rate).fold(0.0, f64::max)).sum();
        let sim = Simulation::new(design);
        let trends = Trends::new(sim.design(), sim.series());
        Run {
            number,
            scenario,
            variant,
            sim,
            undo,
            playing: false,
            goal: 0.0,
            ticked: 0.0,
            seek: None,
            reached: Speedometer::default(),
            furthest: Instant::ZERO,
            seen: Vec::new(),
            seen_observations: 0,
            largest_lag: 0,
            full_rate,
            trends,
            latencies: LatencyCache::default(),
        }
    }

    pub fn about(&self, refused: Option<String>) -> About {
        let mut about = about::about(&self.scenario, self.variant.as_deref(), self.sim.design());
        about.run = self.number;
        about.undo = self.undo.len() as u32;
        about.refused = refused;
        about
    }

    pub fn frame(&mut self, speed: Option<f64>) -> Frame {
        let mut frame = stage::frame(self);
        frame.playing = self.playing;
        frame.speed = speed;
        frame.reached = if self.playing { self.reached.speed } else { 0.0 };
        frame.seeking = self.seek.map(|seek| {
            let way = seek.to.since(seek.from).0.max(1) as f32;
            (seek.to.0, (self.sim.now().since(seek.from).0 as f32 / way).clamp(0.0, 1.0))
        });
        if !self.is_moving() {
            frame.fingerprint = format!("{:016x}", self.sim.fingerprint());
        }
        frame
    }

    pub fn digest(&mut self, columns: u32) -> Digest {
        digest::digest(self, columns)
    }

    #[cfg(test)]
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    pub fn is_moving(&self) -> bool {
        self.playing || self.seek.is_some()
    }

    pub fn play(&mut self, now: f64) {
        if self.sim.now() >= self.sim.end() && self.seek.is_none() {
            self.seek(Instant::ZERO);
        }
        self.playing = true;
        self.ticked = now;
        self.goal = self.heading().0 as f64;
        self.reached = Speedometer { at: now, from: self.heading(), speed: 0.0 };
    }

    /// Stops at a whole millisecond, where the command line can stop too.
    pub fn pause(&mut self) {
        if self.playing {
            self.playing = false;
            let now = self.sim.now();
            if self.seek.is_none() && !now.0.is_multiple_of(MILLI) {
                self.sim.run_until(now.next_millis());
            }
        }
    }

    pub fn step(&mut self) {
        self.finish_seek();
        self.pause();
        if let Some(next) = self.sim.next_event_at() {
            self.sim.run_until(next);
        }
    }

    pub fn seek(&mut self, at: Instant) {
        let to = at.min(self.sim.end());
        self.sim.restore(to);
        self.seek = Some(Seek { from: self.sim.now(), to });
        self.goal = to.0 as f64;
    }

    /// Where the playhead is, or is going to be when the seek is done.
    fn heading(&self) -> Instant {
        self.seek.map_or(self.sim.now(), |seek| seek.to)
    }

    fn finish_seek(&mut self) {
        if let Some(seek) = self.seek.take() {
            self.sim.run_until(seek.to);
        }
    }

    /// Moves the playhead while `may_go_on` says so; `now` is the time of day in ms.
    pub fn advance(&mut self, speed: Option<f64>, may_go_on: &mut dyn FnMut() -> bool, now: f64) -> Worked {
        let before = self.sim.now();
        let mut next = Next::Rest;
        if let Some(seek) = self.seek {
            if self.towards(seek.to, may_go_on) == Progress::Working {
                return Worked { moved: true, next: Next::Work };
            }
            self.seek = None;
            self.note();
            self.ticked = now;
            self.goal = self.sim.now().0 as f64;
            self.reached = Speedometer { at: now, from: self.sim.now(), speed: self.reached.speed };
            if !self.playing {
                return Worked { moved: true, next: Next::Rest };
            }
        }
        if self.playing {
            let end = self.sim.end();
            // A tab that slept does not leap.
            let wall = (now - self.ticked).clamp(0.0, 250.0);
            self.ticked = now;
            self.goal = match speed {
                None => end.0 as f64,
                Some(speed) => {
                    // What cannot be reached is not owed: as fast as it goes is fast enough.
                    let owed = self.sim.now().0 as f64 + speed * 100.0 * MILLI as f64;
                    (self.goal + wall * speed * MILLI as f64).min(owed).min(end.0 as f64)
                }
            };
            let goal = self.goal as u64;
            let goal = if goal >= end.0 { end } else { Instant(goal / MILLI * MILLI) };
            let progress = if goal > self.sim.now() { self.towards(goal, may_go_on) } else { Progress::Reached };
            self.note();
            self.reached.look(now, self.sim.now());
            next = match progress {
                Progress::Working => Next::Work,
                Progress::Reached => Next::Wait(4.0),
            };
            if progress == Progress::Reached && self.sim.now() >= end {
                self.playing = false;
                return Worked { moved: true, next: Next::Rest };
            }
        }
        Worked { moved: self.sim.now() != before, next }
    }

    fn towards(&mut self, goal: Instant, may_go_on: &mut dyn FnMut() -> bool) -> Progress {
        loop {
            let progress = self.sim.run_towards(goal, BUDGET);
            if progress == Progress::Reached || !may_go_on() {
                return progress;
            }
        }
    }

    /// Remembers how far the run has been, and the marks that were seen.
    pub(super) fn note(&mut self) {
        if self.sim.now() > self.furthest {
            self.furthest = self.sim.now();
        }
        digest::note_marks(self);
    }

    /// Whether this is the run of that design of that file.
    pub fn is_of(&self, text: &str, variant: Option<&str>) -> bool {
        self.variant.as_deref() == variant && self.scenario.text == text
    }

    /// Another design of the same file at the same moment, playing on if this plays. A run of it that was kept is gone on with.
    pub fn with_variant(&self, variant: Option<String>, kept: Option<Run>) -> Run {
        let mut run = kept.unwrap_or_else(|| Run::new(self.number, self.scenario.clone(), variant, Vec::new()));
        run.undo = self.undo.clone();
        run.seek(self.heading());
        (run.playing, run.ticked) = (self.playing, self.ticked);
        run
    }

    /// Writes the line into the file and lets it happen: no moment before it is run again in vain.
    pub fn intervene(&mut self, what: &Intervention) -> Result<(), String> {
        self.finish_seek();
        if self.sim.now() >= self.sim.end() {
            return Err("the run is over: go back in time first".to_owned());
        }
        let line = intervention::line(what, self.sim.now().next_millis());
        let text = crate::scenario::edit::append_timeline(&self.scenario.text, &line).map_err(|wrong| wrong.message)?;
        let scenario = parse(&self.scenario.name, &text)?;
        // A variant may have stood on what the file was.
        let variant = self.variant.clone().filter(|name| scenario.variant(name).is_some());
        let mut undo = self.undo.clone();
        undo.push(self.scenario.text.clone());
        if variant == self.variant && self.add_live(&scenario) {
            self.scenario = scenario;
            self.undo = undo;
            self.forget_future();
        } else {
            self.reopen(scenario, variant, undo);
        }
        Ok(())
    }

    /// Adds the last line of the new timeline to the running simulation, when that is all that is new.
    fn add_live(&mut self, scenario: &Scenario) -> bool {
        let Ok(new) = scenario.design(self.variant.as_deref(), None) else { return false };
        let Some(entry) = new.timeline.last().cloned() else { return false };
        let When::At { at, every, times: 1 } = entry.when else { return false };
        let mut expected = self.sim.design().clone();
        expected.timeline.push(entry.clone());
        every == Duration::ZERO && expected == new && self.sim.intervene(at, entry.action, entry.lasts).is_ok()
    }

    pub fn undo(&mut self) -> Result<(), String> {
        let text = self.undo.pop().ok_or("there is nothing to take back")?;
        let scenario = parse(&self.scenario.name, &text)?;
        let variant = self.variant.clone().filter(|name| scenario.variant(name).is_some());
        self.reopen(scenario, variant, self.undo.clone());
        Ok(())
    }

    /// Another design at the same moment, playing on if it played.
    fn reopen(&mut self, scenario: Scenario, variant: Option<String>, undo: Vec<String>) {
        let (at, playing, ticked) = (self.heading(), self.playing, self.ticked);
        let mut run = Run::new(self.number, scenario, variant, undo);
        run.seek(at);
        (run.playing, run.ticked) = (playing, ticked);
        *self = run;
    }

    /// What was seen beyond the playhead will be otherwise.
    fn forget_future(&mut self) {
        let now = self.sim.now();
        self.furthest = now;
        self.seen.retain(|mark| mark.at <= now.0);
        self.seen_observations = self.sim.observations().len();
        self.latencies = LatencyCache::default();
        self.trends = Trends::new(self.sim.design(), self.sim.series());
    }
}

fn parse(name: &str, text: &str) -> Result<Scenario, String> {
    Scenario::parse(name, text).map_err(|problems| {
        let first = problems.into_iter().find(|problem| problem.severity == Severity::Error);
        first.map_or_else(|| "the file would not be right any more".to_owned(), |problem| format!("{}: {}", problem.message, problem.help))
    })
}

/// Simulated seconds in a second, over a third of a second.
#[derive(Clone, Copy, Debug, Default)]
struct Speedometer {
    at: f64,
    from: Instant,
    speed: f64,
}

impl Speedometer {
    fn look(&mut self, now: f64, playhead: Instant) {
        let wall = now - self.at;
        if wall >= 330.0 {
            *self = Speedometer { at: now, from: playhead, speed: playhead.since(self.from).as_millis_f64() / wall };
        }
    }
}
