//! A frame such as a run gives, for tests of views: no engine, fixed numbers.

use super::frame::*;

/// A topic, a producer, a group. The eighth partition is hot, if there is one.
pub fn lab(partitions: u32, members: u32) -> (About, Frame) {
    let about = About {
        run: 1,
        title: "One tenant, one hot partition".into(),
        question: "Throughput looks healthy. Why is one customer an hour late?".into(),
        text: "laglab: 1\n".into(),
        seed: 7,
        duration: 120_000_000_000,
        variants: vec![
            VariantAbout { name: "Salted key ×16".into(), why: "Sixteen keys for one tenant.".into(), fails: vec!["in_order".into()] },
            VariantAbout { name: "24 partitions".into(), why: "More tapes, the same hot key.".into(), fails: vec![] },
        ],
        variant: None,
        topics: vec![TopicAbout { name: "usage-events".into(), partitions, keys: "key user_id (Zipf 1.1, 10 000 keys)".into() }],
        producers: vec![ProducerAbout { name: "tracker".into(), topic: 0, acks: "all".into(), instances: 1 }],
        groups: vec![GroupAbout { name: "billing".into(), topics: vec![0], assignor: "range".into(), budget_records: Some(10_000) }],
        brokers: 3,
        lesson: vec![LessonStep {
            at: 58_000_000_000,
            look: Some("topic/usage-events/7".into()),
            title: "The whole looks healthy".into(),
            text: "Total throughput is at 88 % of input.".into(),
            predict: Some(Predict {
                ask: "What will 8 more consumers do to p7?".into(),
                answers: vec!["Halve its lag".into(), "Nothing".into(), "Make it worse".into()],
                right: 1,
                because: "A partition has one owner in a group.".into(),
            }),
        }],
        ..About::default()
    };
    let lag = |p: u32| if p == 7 { 18_400 } else { u64::from(p * 37 % 400) + 90 };
    let frame = Frame {
        run: 1,
        now: 74_200_000_000,
        speed: Some(20.0),
        reached: 19.8,
        fingerprint: "0123456789abcdef".into(),
        partitions: (0..partitions)
            .map(|p| PartitionNow {
                topic: 0,
                partition: p,
                leader: p % 3,
                log_start: 0,
                log_end: 40_000 + lag(p),
                rate_in: if p == 7 { 1_900.0 } else { 370.0 },
                readers: vec![Reader {
                    group: 0,
                    owner: (members > 0).then(|| p % members.max(1)),
                    committed: Some(40_000),
                    lag: Some(lag(p)),
                    rate_out: 370.0,
                    growth: if p == 7 { 1_120.0 } else { 0.0 },
                    unread_age: 40.0,
                    status: "OK".into(),
                    hot: p == 7,
                }],
            })
            .collect(),
        producers: vec![ProducerNow {
            rate: 6_000.0,
            sent: 445_000,
            in_flight: 2,
            buffered: 90,
            by_partition: (0..partitions).map(|p| if p == 7 { 1_900.0 } else { 370.0 }).collect(),
        }],
        groups: vec![GroupNow {
            state: "Stable".into(),
            generation: 7,
            rebalances: 2,
            effects: vec![("charge".into(), 400, 12, 0)],
            duplicates: 12,
            members: (0..members)
                .map(|index| MemberNow {
                    index,
                    state: if index == 2 { "processing" } else { "polling" }.into(),
                    busy: if index == 2 { 1.0 } else { 0.55 },
                    rate: 1_200.0,
                    owned: (0..partitions).filter(|p| p % members == index).count() as u32,
                    falls_behind: (index == 2).then_some(1_120.0),
                })
                .collect(),
            ..GroupNow::default()
        }],
        largest_lag: 18_400,
        full_rate: 6_000.0,
        ..Frame::default()
    };
    (about, frame)
}

pub fn digest() -> Digest {
    let told = |event, at, text: &str, grade, cause| Told {
        event,
        at,
        text: text.into(),
        grade,
        thing: Some("topic/usage-events/7".into()),
        cause,
    };
    Digest {
        run: 1,
        now: 74_200_000_000,
        furthest: 80_000_000_000,
        lag: vec![Line {
            name: "p7".into(),
            tone: Tone::LagHot,
            thing: "topic/usage-events/7".into(),
            points: vec![(0.0, Some(0.0)), (74_200.0, Some(18_400.0))],
            last: Some(18_400.0),
            peak: 18_400.0,
        }],
        verdicts: vec![Verdict {
            name: "in_budget".into(),
            text: "max(lag{group=billing}) < 10000".into(),
            holds: Some(false),
            observed: "18 400 on p7".into(),
            at: Some(39_800_000_000),
            meant_to_fail: true,
        }],
        story: vec![
            told(9, 39_800_000_000, "lag budget of 10 000 exceeded on p7", Grade::Bad, Some(2)),
            told(2, 3_000_000_000, "billing is stable: 4 members, 12 partitions", Grade::Good, None),
        ],
        marks: vec![Mark { at: 39_800_000_000, text: "budget exceeded · p7".into(), grade: Grade::Bad, planned: false }],
        ..Digest::default()
    }
}
