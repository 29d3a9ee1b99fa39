//! The session: holds a run, takes commands, works in slices, and says what is to be seen. It knows no browser: whoever
//! drives it brings the time of day. Holds: a file with errors changes nothing; a frame stands at a moment at which
//! everything up to it has happened, so its fingerprint is the one of `laglab run --until`.

mod about;
mod digest;
mod intervention;
mod judge;
mod picture;
mod run;
mod stage;
mod trend;

use super::catalog::SCENARIOS;
use super::frame::{Answer, Card, Command, Nanos, Problem};
use crate::engine::time::Instant;
use crate::scenario::Scenario;
use crate::scenario::problem::Severity;
use picture::Sketch;
use run::Run;
use std::collections::VecDeque;

/// Milliseconds of one slice of work, after which commands are looked at again.
const SLICE_MS: f64 = 9.0;
/// Runs of other designs that are kept: each has its log and its checkpoints.
const PARKED: usize = 2;
/// Milliseconds between two frames, and between two digests while it plays.
const FRAME_MS: f64 = 16.0;
const DIGEST_MS: f64 = 140.0;

pub struct Session {
    run: Option<Run>,
    runs: u32,
    columns: u32,
    speed: Option<f64>,
    sketches: VecDeque<Sketch>,
    /// Whether somebody looks at the gallery.
    drawing: bool,
    cards: Vec<Card>,
    /// Runs of other designs of the open file, the last ones left.
    parked: VecDeque<Run>,
    /// Answers that were sent and not yet taken.
    untaken: u32,
    frame_at: f64,
    digest_at: f64,
    frame_due: bool,
    digest_due: bool,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next {
    /// There is work: come back at once.
    Work,
    /// Nothing for so many milliseconds.
    Wait(f64),
    /// Nothing until a command comes.
    Rest,
}

impl Default for Session {
    fn default() -> Self {
        Session::new()
    }
}

impl Session {
    pub fn new() -> Self {
        Session {
            run: None,
            runs: 0,
            columns: 320,
            speed: Some(10.0),
            sketches: VecDeque::new(),
            drawing: false,
            cards: Vec::new(),
            parked: VecDeque::new(),
            untaken: 0,
            frame_at: f64::NEG_INFINITY,
            digest_at: f64::NEG_INFINITY,
            frame_due: false,
            digest_due: false,
        }
    }

    /// Takes a command at a time of day (ms), and answers what can be answered at once.
    pub fn take(&mut self, command: Command, now: f64) -> Vec<Answer> {
        match command {
            Command::Open { text, variant, at } => return self.open(&text, variant, Instant(at)),
            Command::Gallery { shown } => {
                self.drawing = shown;
                if shown && self.cards.is_empty() {
                    return vec![self.gallery()];
                }
            }
            Command::Taken => self.untaken = self.untaken.saturating_sub(1),
            Command::Columns(columns) => {
                self.columns = columns.clamp(40, 2_000);
                self.digest_due = true;
            }
            Command::Speed(speed) => {
                self.speed = speed.map(|speed| speed.clamp(0.001, 1e6));
                self.all_due();
            }
            Command::Play | Command::Pause | Command::Step | Command::Seek(_) => {
                if let Some(run) = &mut self.run {
                    match command {
                        Command::Play => run.play(now),
                        Command::Pause => run.pause(),
                        Command::Step => run.step(),
                        Command::Seek(at) => run.seek(Instant(at)),
                        _ => unreachable!("the arm above lists them"),
                    }
                }
                self.all_due();
            }
            Command::Variant(name) => return self.switch(name),
            Command::Intervene(intervention) => {
                self.parked.clear();
                return self.change(|run| run.intervene(&intervention));
            }
            Command::Undo => {
                self.parked.clear();
                return self.change(Run::undo);
            }
        }
        Vec::new()
    }

    /// Works for about one slice. `clock` gives the time of day in ms.
    pub fn work(&mut self, clock: &mut dyn FnMut() -> f64) -> (Vec<Answer>, Next) {
        let begun = clock();
        let mut answers = Vec::new();
        let mut next = Next::Rest;
        if let Some(run) = &mut self.run {
            let worked = run.advance(self.speed, &mut || clock() - begun < SLICE_MS, begun);
            self.frame_due |= worked.moved;
            self.digest_due |= worked.moved;
            next = worked.next;
        }
        if next != Next::Work
            && self.drawing
            && let Some(sketch) = self.sketches.front_mut()
        {
            if let Some(picture) = sketch.draw(&mut || clock() - begun < SLICE_MS) {
                answers.push(Answer::Picture(picture));
                self.sketches.pop_front();
            }
            next = if self.sketches.is_empty() { next } else { Next::Work };
        }
        answers.extend(self.show(clock()));
        // What is due and waits for its time must be come back to.
        if (self.frame_due || self.digest_due) && next == Next::Rest && self.untaken == 0 {
            next = Next::Wait(4.0);
        }
        (answers, next)
    }

    /// The frame and the digest, when they are due and the last ones have been taken.
    fn show(&mut self, now: f64) -> Vec<Answer> {
        let mut answers = Vec::new();
        let Some(run) = &mut self.run else { return answers };
        if self.untaken > 0 {
            return answers;
        }
        if self.frame_due && now - self.frame_at >= FRAME_MS {
            answers.push(Answer::Frame(run.frame(self.speed)));
            (self.frame_at, self.frame_due) = (now, false);
        }
        let every = if run.is_moving() { DIGEST_MS } else { 0.0 };
        if self.digest_due && now - self.digest_at >= every && !self.frame_due {
            answers.push(Answer::Digest(run.digest(self.columns)));
            (self.digest_at, self.digest_due) = (now, false);
        }
        self.untaken = answers.len() as u32;
        answers
    }

    fn all_due(&mut self) {
        (self.frame_due, self.digest_due) = (true, true);
        (self.frame_at, self.digest_at) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    }

    fn open(&mut self, text: &str, variant: Option<String>, at: Instant) -> Vec<Answer> {
        match Scenario::parse("scenario.yaml", text) {
            Ok(scenario) => {
                // A variant that is no longer there: as designed.
                let variant = variant.filter(|name| scenario.variant(name).is_some());
                self.runs += 1;
                let mut run = Run::new(self.runs, scenario, variant, Vec::new());
                run.seek(at);
                let about = run.about(None);
                self.run = Some(run);
                self.parked.clear();
                self.all_due();
                vec![Answer::Opened(about)]
            }
            Err(problems) => {
                let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
                vec![Answer::Refused(errors.map(problem).collect())]
            }
        }
    }

    /// To another design on the same seed; the run that is left is kept, so that coming back is quick.
    fn switch(&mut self, variant: Option<String>) -> Vec<Answer> {
        let Some(run) = self.run.take() else { return Vec::new() };
        if variant.as_deref().is_some_and(|name| run.scenario.variant(name).is_none()) || run.is_of(&run.scenario.text, variant.as_deref())
        {
            self.run = Some(run);
            return Vec::new();
        }
        let place = self.parked.iter().position(|parked| parked.is_of(&run.scenario.text, variant.as_deref()));
        let kept = place.and_then(|place| self.parked.remove(place));
        let next = run.with_variant(variant, kept);
        self.parked.push_back(run);
        if self.parked.len() > PARKED {
            self.parked.pop_front();
        }
        self.run = Some(next);
        self.change(|_| Ok(()))
    }

    /// A change of the run that opens it anew, or why it cannot be.
    fn change(&mut self, change: impl FnOnce(&mut Run) -> Result<(), String>) -> Vec<Answer> {
        let Some(run) = &mut self.run else { return Vec::new() };
        let refused = change(run).err();
        if refused.is_none() {
            self.runs += 1;
            run.number = self.runs;
        }
        let about = run.about(refused);
        self.all_due();
        vec![Answer::Opened(about)]
    }

    fn gallery(&mut self) -> Answer {
        for embedded in SCENARIOS {
            let Ok(scenario) = Scenario::parse(embedded.id, embedded.text) else { continue };
            let about = scenario.about();
            self.cards.push(Card {
                id: embedded.id.to_owned(),
                theme: embedded.theme.to_owned(),
                title: scenario.title().to_owned(),
                question: about.question.clone().unwrap_or_default(),
                tags: about.tags.clone(),
            });
            self.sketches.push_back(Sketch::new(embedded.id, scenario));
        }
        Answer::Gallery(self.cards.clone())
    }
}

fn problem(problem: &crate::scenario::problem::Problem) -> Problem {
    let short = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Problem {
        line: short(problem.line),
        column: short(problem.column),
        length: short(problem.length),
        source: problem.source_line.chars().take(400).collect(),
        message: problem.message.clone(),
        help: problem.help.clone(),
    }
}

/// Nanoseconds of a moment, as frames carry it.
fn nanos(at: Instant) -> Nanos {
    at.0
}

#[cfg(test)]
mod tests;
