//! The same run has the same fingerprint however it is driven: whole, in slices, step by step, rewound, forked, or with
//! a person's interventions made live instead of written into the timeline.

mod common;

use common::design::{REFERENCE, W};
use common::random_design::random_design;
use laglab::engine::design::*;
use laglab::engine::id::{GroupId, MemberIndex, ProducerId};
use laglab::engine::observe::series::SeriesTable;
use laglab::engine::simulation::{InThePast, Progress, Simulation};
use laglab::engine::time::{Duration, Instant};

/// Small runs of every kind.
fn designs() -> Vec<(String, Design)> {
    let w = W { seconds: 12, rate: 5_000.0, ..REFERENCE };
    let mut designs = vec![("W".to_owned(), w.design())];
    for seed in 0..12 {
        let mut design = random_design(seed);
        design.duration = Duration::from_secs(120);
        designs.push((format!("random design {seed}"), design));
    }
    designs
}

fn end_of(design: &Design) -> Instant {
    Instant::ZERO + design.duration
}

fn whole(design: &Design) -> Simulation {
    let mut run = Simulation::new(design.clone());
    run.run_until(end_of(design));
    run
}

/// All that can be seen of a run is equal, not only its fingerprint.
#[track_caller]
fn assert_same(name: &str, one: &mut Simulation, other: &mut Simulation) {
    assert_eq!(one.now(), other.now(), "{name}");
    for (place, (a, b)) in one.observations().iter().zip(other.observations()).enumerate() {
        assert_eq!(a, b, "{name}: observation {place}");
    }
    assert_eq!(one.observations().len(), other.observations().len(), "{name}: number of observations");
    // Not `assert_eq`: unknown values are NaN, which equals nothing.
    assert_eq!(format!("{:?}", one.snapshot()), format!("{:?}", other.snapshot()), "{name}: snapshot");
    let (a, b) = (one.series().clone(), other.series().clone());
    assert_eq!((a.every, a.samples), (b.every, b.samples), "{name}: samples");
    // A rewound run may hold series of what begins beyond the playhead, with nothing to show.
    let shown = |table: &SeriesTable| -> Vec<String> {
        let series = table.series.iter().filter(|series| !series.values().is_empty());
        series.map(|series| format!("{} {:?} from {}: {:?}", series.metric, series.labels, series.first, series.values())).collect()
    };
    for (a, b) in shown(&a).iter().zip(&shown(&b)) {
        assert_eq!(a, b, "{name}: a series");
    }
    assert_eq!(shown(&a).len(), shown(&b).len(), "{name}: number of series");
    for (a, b) in a.latencies.iter().zip(&b.latencies) {
        assert!(a.windows() == b.windows(), "{name}: latencies {} {:?}", a.metric, a.labels);
    }
    for (a, b) in a.statuses.iter().zip(&b.statuses) {
        assert!(a.values() == b.values(), "{name}: statuses {:?}", a.labels);
    }
    assert_eq!(format!("{:?}", one.totals()), format!("{:?}", other.totals()), "{name}: totals");
    assert_eq!(one.fingerprint(), other.fingerprint(), "{name}: fingerprint");
}

#[test]
fn in_slices() {
    for (name, design) in designs() {
        let mut expected = whole(&design);
        for budget in [1, 7, 97, 1_009, 65_537] {
            // Single steps through everything would take long: a part of it is enough.
            let until = if budget < 7 { Instant::from_millis(7_003) } else { end_of(&design) };
            let mut sliced = Simulation::new(design.clone());
            while sliced.run_towards(until, budget) == Progress::Working {
                assert!(sliced.now() <= until, "{name}: a slice never passes the moment asked for");
            }
            sliced.run_until(end_of(&design));
            assert_same(&format!("{name} in slices of {budget}"), &mut expected, &mut sliced);
        }
    }
}

#[test]
fn with_stops_at_odd_moments() {
    for (name, design) in designs() {
        let mut stopped = Simulation::new(design.clone());
        let mut at = Instant::ZERO;
        while at < end_of(&design) {
            at += Duration(137_000_003);
            stopped.run_until(at.min(end_of(&design)));
            // Looking changes nothing.
            if at.0.is_multiple_of(7) {
                let _ = (stopped.snapshot(), stopped.totals(), stopped.fingerprint(), stopped.next_event_at());
            }
        }
        assert_same(&format!("{name} with stops"), &mut whole(&design), &mut stopped);
    }
}

#[test]
fn one_event_after_the_other() {
    for (name, design) in designs().into_iter().take(4) {
        let mut stepped = Simulation::new(design.clone());
        stepped.run_until(Instant::ZERO);
        for _ in 0..5_000 {
            let Some(next) = stepped.next_event_at() else { break };
            assert!(next > stepped.now(), "{name}: the next event lies after the playhead");
            if next > end_of(&design) {
                break;
            }
            stepped.run_until(next);
            assert_eq!(stepped.now(), next);
        }
        stepped.run_until(end_of(&design));
        assert_same(&format!("{name} step by step"), &mut whole(&design), &mut stepped);
    }
}

#[test]
fn rewound_and_run_again() {
    for (name, design) in designs() {
        let mut run = Simulation::new(design.clone());
        let mut marks = Vec::new();
        for part in 1..=10 {
            let at = Instant(design.duration.0 / 10 * part + 77 * part);
            run.run_until(at.min(end_of(&design)));
            marks.push((run.now(), run.fingerprint()));
        }
        run.run_until(end_of(&design));
        let mut expected = whole(&design);
        assert_same(&name, &mut expected, &mut run);
        // Far back, a little forth, back to the start, over what has been run.
        for place in [9, 2, 5, 4, 0, 8, 7, 1] {
            let (at, fingerprint) = marks[place];
            run.rewind_to(at);
            assert_eq!(run.now(), at, "{name}");
            assert_eq!(run.fingerprint(), fingerprint, "{name} rewound to {at}");
        }
        run.rewind_to(Instant::ZERO);
        let mut start = Simulation::new(design.clone());
        start.run_until(Instant::ZERO);
        assert_same(&format!("{name} at its start"), &mut start, &mut run);
        run.run_until(end_of(&design));
        assert_same(&format!("{name} rewound"), &mut expected, &mut run);
    }
}

#[test]
fn forked() {
    for (name, design) in designs() {
        let middle = Instant(design.duration.0 / 2 + 1);
        let mut one = Simulation::new(design.clone());
        one.run_until(middle);
        let mut other = one.fork();
        let mut third = one.fork();
        let rate = Action::ProducerRate { producer: ProducerId(0), rate: Rate::To(1.0) };
        third.intervene(middle.next_millis(), rate, None).expect("it lies in the future");
        third.run_until(end_of(&design));
        one.run_until(end_of(&design));
        other.run_until(end_of(&design));
        let mut expected = whole(&design);
        assert_same(&format!("{name}, the first of two"), &mut expected, &mut one);
        assert_same(&format!("{name}, the second of two"), &mut expected, &mut other);
        assert_ne!(third.fingerprint(), expected.fingerprint(), "{name}: who intervened went another way");
    }
}

#[test]
fn with_interventions_made_live() {
    for (name, mut design) in designs() {
        // Only what can be at any moment; of conditions and repetitions the swarm takes care.
        design.timeline.clear();
        let group = GroupId(0);
        let member = MemberIndex(0);
        let lines = [
            (4_000, Action::HandlerSlow { group, member: None, factor: 3.0 }, Some(Duration::from_millis(2_500))),
            (5_000, Action::ProducerRate { producer: ProducerId(0), rate: Rate::Times(2.0) }, Some(Duration::from_secs(3))),
            (5_000, Action::MemberCrash { group, member }, Some(Duration::from_secs(2))),
            (6_001, Action::CommitsFail { group, error: CommitError::Fatal }, Some(Duration::from_secs(1))),
            (9_000, Action::MembersAdd { group, count: 2 }, None),
        ];
        let mut written = design.clone();
        for (place, (at, action, lasts)) in lines.iter().enumerate() {
            written.timeline.push(TimelineEntry {
                id: format!("timeline[{place}]"),
                when: When::At { at: Instant::from_millis(*at), every: Duration::ZERO, times: 1 },
                action: action.clone(),
                lasts: *lasts,
            });
        }
        let mut expected = whole(&written);

        let mut live = Simulation::new(design.clone());
        for (at, action, lasts) in lines.clone() {
            let at = Instant::from_millis(at);
            live.run_until(Instant(at.0 - 1));
            live.intervene(at, action, lasts).expect("it lies in the future");
        }
        live.run_until(end_of(&design));
        assert_same(&format!("{name}, live"), &mut expected, &mut live);

        // All told at the start, and told again after a look ahead.
        let mut ahead = Simulation::new(design.clone());
        ahead.run_until(end_of(&design));
        ahead.rewind_to(Instant::from_millis(3_000));
        for (at, action, lasts) in lines {
            ahead.intervene(Instant::from_millis(at), action, lasts).expect("it lies in the future");
        }
        ahead.run_until(end_of(&design));
        assert_same(&format!("{name}, rewound and live"), &mut expected, &mut ahead);
        assert_eq!(
            ahead.intervene(end_of(&design), Action::GroupStop { group }, None),
            Err(InThePast),
            "{name}: what has happened does not change"
        );
    }
}
