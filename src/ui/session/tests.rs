//! The session against the real engine: what the page asks and what it is shown.

use super::super::frame::{About, Answer, Command, Digest, Frame, Intervention};
use super::*;
use crate::engine::observe::metric::{Labels, Metric};
use crate::engine::simulation::Simulation;

/// One key has half of the records, and its partition's owner can handle a fifth of them.
const HOT: &str = "
laglab: 1
title: One hot partition
question: Why is one customer late?
seed: 7
duration: 60s
cluster: { brokers: 3 }
topics:
  usage-events: { partitions: 6 }
producers:
  tracker:
    topic: usage-events
    rate: 600/s
    key: { field: user_id, from: { uniform: { keys: 500 } }, hot: { share: 50%, key: acme } }
    value: { size: 300B }
groups:
  billing:
    topics: [usage-events]
    members: 3
    handler: { takes: 8ms, commit: after-batch }
    budget: { records: 1000 }
expect:
  - in_budget: max(lag{group=billing}) < 1000
variants:
  - name: Salted
    why: Sixteen keys for one customer.
    set: { producers.tracker.key.salt: 16, groups.billing.members: 6 }
";

/// A session with a clock that goes on by itself, and the page's habit to take what it is sent.
struct Page {
    session: Session,
    clock: f64,
    about: About,
    frame: Frame,
    digest: Digest,
    refused: Vec<Problem>,
}

impl Page {
    fn open(text: &str) -> Page {
        let mut page = Page {
            session: Session::new(),
            clock: 0.0,
            about: About::default(),
            frame: Frame::default(),
            digest: Digest::default(),
            refused: Vec::new(),
        };
        page.send(Command::Open { text: text.to_owned(), variant: None, at: 0 });
        page
    }

    fn send(&mut self, command: Command) {
        let answers = self.session.take(command, self.clock);
        self.see(answers);
        self.settle();
    }

    fn see(&mut self, answers: Vec<Answer>) {
        for answer in answers {
            match answer {
                Answer::Opened(about) => self.about = about,
                Answer::Refused(problems) => self.refused = problems,
                Answer::Frame(frame) => {
                    self.frame = frame;
                    self.session.take(Command::Taken, self.clock);
                }
                Answer::Digest(digest) => {
                    self.digest = digest;
                    self.session.take(Command::Taken, self.clock);
                }
                Answer::Ready | Answer::Gallery(_) | Answer::Picture(_) | Answer::Fault(_) => {}
            }
        }
    }

    /// Until there is nothing to do, or so many simulated milliseconds of a clock that goes by 1 ms at each look.
    fn run(&mut self, millis: f64) {
        let end = self.clock + millis;
        while self.clock < end {
            let clock = &mut self.clock;
            let (answers, next) = self.session.work(&mut || {
                *clock += 0.05;
                *clock
            });
            self.see(answers);
            match next {
                Next::Work => {}
                Next::Wait(wait) => self.clock += wait,
                Next::Rest => break,
            }
        }
    }

    fn settle(&mut self) {
        if !self.frame.playing && !self.session.run.as_ref().is_some_and(Run::is_playing) {
            self.run(1e9);
        }
    }

    fn seek(&mut self, seconds: f64) {
        self.send(Command::Seek((seconds * 1e9) as u64));
    }
}

#[test]
fn a_seek_shows_what_a_straight_run_shows() {
    let mut page = Page::open(HOT);
    page.seek(40.0);
    assert_eq!(page.frame.now, 40_000_000_000);
    let there = page.frame.clone();
    page.seek(10.0);
    assert_eq!(page.frame.now, 10_000_000_000);
    assert_ne!(page.frame.fingerprint, there.fingerprint);
    page.seek(40.0);
    assert_eq!(page.frame, there, "the same moment is the same, forth and back");

    let scenario = Scenario::parse("hot", HOT).expect("the file is right");
    let mut straight = Simulation::new(scenario.design(None, None).expect("the base is there"));
    straight.run_until(Instant::from_millis(40_000));
    assert_eq!(page.frame.fingerprint, format!("{:016x}", straight.fingerprint()));
    assert_eq!(page.digest.furthest, 40_000_000_000, "what was known stays known");
}

#[test]
fn playing_keeps_the_asked_speed_and_stops_at_a_whole_millisecond() {
    let mut page = Page::open(HOT);
    page.send(Command::Speed(Some(5.0)));
    page.send(Command::Play);
    page.run(3_000.0);
    let seconds = page.frame.now as f64 / 1e9;
    assert!((14.0..15.5).contains(&seconds), "three seconds at 5 × are {seconds}");
    assert!(page.frame.playing && page.frame.fingerprint.is_empty());
    assert!((4.0..6.0).contains(&page.frame.reached), "{} reached", page.frame.reached);
    page.send(Command::Pause);
    page.run(1e9);
    assert!(!page.frame.playing);
    assert_eq!(page.frame.now % 1_000_000, 0);
    assert_eq!(page.frame.fingerprint.len(), 16);
}

#[test]
fn as_fast_as_it_goes_ends_at_the_end_and_plays_again() {
    let mut page = Page::open(HOT);
    page.send(Command::Speed(None));
    page.send(Command::Play);
    page.run(1e9);
    assert_eq!((page.frame.now, page.frame.playing), (60_000_000_000, false));
    page.send(Command::Speed(Some(1.0)));
    page.send(Command::Play);
    page.run(500.0);
    assert!(page.frame.playing && page.frame.now < 1_000_000_000);
}

#[test]
fn the_hot_partition_sticks_out() {
    let mut page = Page::open(HOT);
    page.seek(50.0);
    let places = page.frame.partitions.iter().enumerate();
    let (place, partition) = places.max_by_key(|(_, partition)| partition.readers[0].lag).expect("there are partitions");
    assert!(partition.readers[0].hot);
    assert!(page.frame.partitions.iter().any(|partition| !partition.readers[0].hot));
    let reader = &partition.readers[0];
    assert!(reader.lag > Some(5_000) && reader.growth > 100.0, "{reader:?}");
    let owner = reader.owner.expect("it has an owner") as usize;
    let member = &page.frame.groups[0].members[owner];
    assert!(member.busy > 0.97 && member.falls_behind.is_some(), "{member:?}");
    assert_eq!(page.frame.largest_lag, reader.lag.unwrap_or(0));
    let line = &page.digest.lag[place];
    assert_eq!((line.tone, line.thing.as_str()), (super::super::frame::Tone::LagHot, format!("topic/usage-events/{place}").as_str()));
    assert!(page.digest.marks.iter().any(|mark| mark.text.starts_with("budget exceeded")), "{:?}", page.digest.marks);
    assert!(page.digest.story.iter().any(|told| told.text.contains("lag budget of 1\u{202f}000 exceeded")), "{:?}", page.digest.story);
}

#[test]
fn another_design_stands_at_the_same_moment() {
    let mut page = Page::open(HOT);
    page.seek(30.0);
    let (lag, run) = (page.frame.largest_lag, page.about.run);
    page.send(Command::Variant(Some("Salted".into())));
    assert_eq!((page.about.variant.as_deref(), page.frame.now), (Some("Salted"), 30_000_000_000));
    assert!(page.about.run > run && page.frame.run == page.about.run);
    assert!(page.frame.largest_lag < lag / 4, "{} against {lag}", page.frame.largest_lag);
    assert_eq!(page.frame.groups[0].members.len(), 6);
    page.send(Command::Variant(None));
    assert_eq!(page.frame.largest_lag, lag);
}

#[test]
fn an_intervention_is_a_line_of_the_file_and_can_be_taken_back() {
    let mut page = Page::open(HOT);
    page.seek(20.0);
    let before = page.frame.clone();
    page.send(Command::Intervene(Intervention::MemberCrash { group: "billing".into(), member: 1 }));
    assert_eq!(page.about.refused, None);
    assert!(page.about.text.contains("at: 20001ms, do: member.crash, group: billing, member: 1"), "{}", page.about.text);
    assert_eq!(page.frame.now, before.now);
    page.seek(25.0);
    assert_eq!(page.frame.groups[0].members[1].state, "down");
    let live = page.frame.fingerprint.clone();

    let mut opened = Page::open(&page.about.text);
    opened.seek(25.0);
    assert_eq!(opened.frame.fingerprint, live, "live or from the file, the run is the same");

    page.send(Command::Undo);
    assert_eq!(page.about.text, HOT);
    assert_ne!(page.frame.groups[0].members[1].state, "down");
    page.seek(20.0);
    assert_eq!(page.frame.fingerprint, before.fingerprint);
}

#[test]
fn every_intervention_of_the_panel_is_a_right_line() {
    let group = || "billing".to_owned();
    let all = [
        Intervention::MembersAdd { group: group(), count: 2 },
        Intervention::MemberCrash { group: group(), member: 0 },
        Intervention::MemberStop { group: group(), member: 1 },
        Intervention::MemberPause { group: group(), member: 2, millis: 15_000 },
        Intervention::HandlerSlow { group: group(), factor: 10.0, millis: 10_000 },
        Intervention::CommitsFail { group: group(), millis: 10_000 },
        Intervention::GroupStop { group: group() },
        Intervention::GroupStart { group: group() },
        Intervention::GroupResetEarliest { group: group() },
        Intervention::GroupResetLatest { group: group() },
        Intervention::RollingRestart { group: group() },
        Intervention::ProducerRate { producer: "tracker".into(), factor: 3.0, millis: 10_000 },
        Intervention::BrokerSlow { broker: 0, factor: 20.0, millis: 10_000 },
    ];
    for intervention in all {
        let mut page = Page::open(HOT);
        page.seek(5.0);
        page.send(Command::Intervene(intervention.clone()));
        assert_eq!(page.about.refused, None, "{intervention:?}");
        assert_eq!(page.about.undo, 1);
        page.seek(6.0);
        assert!(page.digest.story.iter().any(|told| told.at == 5_001_000_000), "{intervention:?} is in the story");
    }
}

#[test]
fn a_broken_file_says_all_that_is_wrong_and_changes_nothing() {
    let mut page = Page::open(HOT);
    page.seek(10.0);
    let before = page.frame.clone();
    let broken = HOT.replace("partitions: 6", "partitions: many").replace("members: 3", "membres: 3");
    page.send(Command::Open { text: broken, variant: None, at: 0 });
    assert!(page.refused.len() >= 2, "{:?}", page.refused);
    assert!(page.refused.iter().all(|problem| problem.line > 1 && problem.column > 1));
    page.seek(10.0);
    assert_eq!(page.frame, before);
}

#[test]
fn a_step_is_one_event_further() {
    let mut page = Page::open(HOT);
    page.seek(10.0);
    let before = page.frame.now;
    page.send(Command::Step);
    assert!(page.frame.now > before && page.frame.now < before + 100_000_000);
}

#[test]
fn lines_are_thinned_to_the_columns_and_keep_their_peaks() {
    let mut page = Page::open(HOT);
    page.send(Command::Columns(60));
    page.seek(60.0);
    for line in page.digest.lag.iter().chain(&page.digest.flow).chain(&page.digest.latency) {
        assert!(line.points.len() <= 2 * 61, "{} has {} points", line.name, line.points.len());
        assert!(line.points.windows(2).all(|pair| pair[0].0 < pair[1].0), "{} goes on in time", line.name);
    }
    let run = page.session.run.as_ref().expect("a run is open");
    let peak = |series: &crate::engine::observe::series::Series| {
        series.values().iter().copied().filter(|value| value.is_finite()).fold(0.0, f64::max) as f32
    };
    let (table, all) = (run.sim.series(), Labels::default());
    let lags = table.select(Metric::Lag, &all);
    for (series, line) in lags.zip(&page.digest.lag) {
        assert_eq!(peak(series), line.peak);
    }
}

#[test]
fn answers_are_small_and_survive_the_way() {
    let mut page = Page::open(HOT);
    page.seek(60.0);
    let frame = serde_json::to_string(&Answer::Frame(page.frame.clone())).expect("plain data");
    let digest = serde_json::to_string(&Answer::Digest(page.digest.clone())).expect("plain data");
    assert!(frame.len() < 20_000, "a frame has {} bytes", frame.len());
    assert!(digest.len() < 200_000, "a digest has {} bytes", digest.len());
    assert_eq!(serde_json::from_str::<Answer>(&frame).expect("it comes back"), Answer::Frame(page.frame));
    assert_eq!(serde_json::from_str::<Answer>(&digest).expect("it comes back"), Answer::Digest(page.digest));
}

#[test]
fn the_gallery_is_drawn_from_real_runs_while_somebody_looks() {
    let mut session = Session::new();
    let mut clock = 0.0;
    let answers = session.take(Command::Gallery { shown: true }, clock);
    let [Answer::Gallery(cards)] = answers.as_slice() else { panic!("the cards come at once") };
    assert_eq!(cards.len(), SCENARIOS.len());
    session.take(Command::Gallery { shown: false }, clock);
    let mut tick = || {
        clock += 0.05;
        clock
    };
    assert_eq!(session.work(&mut tick).1, Next::Rest, "nobody looks");
    session.take(Command::Gallery { shown: true }, 0.0);
    let picture = loop {
        let (answers, next) = session.work(&mut tick);
        if let Some(Answer::Picture(picture)) = answers.into_iter().next() {
            break picture;
        }
        assert_eq!(next, Next::Work);
    };
    assert_eq!(picture.id, SCENARIOS[0].id);
    assert!(picture.lines.iter().flatten().flatten().any(|lag| *lag > 0.0), "a picture shows lag");
    assert!(picture.lines.iter().all(|line| line.len() <= 121));
}
