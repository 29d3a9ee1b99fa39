//! What is read from right files.

use super::{SMALL, errors, parse, small};
use laglab::engine::design::{Action, CommitPolicy, Effect, SendKey, When};
use laglab::engine::random::{Distribution, Seed};
use laglab::engine::time::{Duration, Instant};
use laglab::scenario::Scenario;

const EXAMPLE: &str = include_str!("example.yaml");

#[test]
fn a_small_file_becomes_a_design() {
    let design = parse(SMALL).design(None, None).unwrap();
    assert_eq!(design.duration, Duration::from_secs(60));
    assert_eq!(design.topics[0].partitions, 6);
    assert_eq!(design.groups[0].members, 2);
    assert_eq!(design.groups[0].handler.commit, CommitPolicy::AfterBatch);
    assert_eq!(design.groups[0].handler.steps[0].takes, Distribution::Constant(1_000_000));
    assert_eq!(design.producers[0].key.send, SendKey::Entity);
    assert_eq!(design.seed, Seed(1));
    assert!(!design.track_order);
    let [crash] = &design.timeline[..] else { panic!("one entry") };
    assert!(matches!(crash.action, Action::MemberCrash { .. }));
    assert_eq!(crash.when, When::At { at: Instant::from_millis(10_000), every: Duration::ZERO, times: 1 });
    assert_eq!(crash.lasts, Some(Duration::from_secs(5)));
}

#[test]
fn kafkas_defaults_are_kafkas() {
    let design = parse(SMALL).design(None, None).unwrap();
    assert_eq!(design.producers[0].config.linger, Duration::from_millis(5));
    assert_eq!(design.producers[0].config.batch_size, 16_384);
    assert_eq!(design.groups[0].config.max_poll_records, 500);
    assert_eq!(design.groups[0].config.session_timeout, Duration::from_secs(45));
    assert_eq!(design.topics[0].config.retention_ms, Duration::from_secs(7 * 86_400));
    assert_eq!(design.topics[0].config.retention_bytes, None);
    assert_eq!(design.cluster.config.group_initial_rebalance_delay, Duration::from_secs(3));
    assert_eq!(design.cluster.config.offsets_topic_num_partitions, 50);
}

#[test]
fn topics_inherit_from_brokers() {
    let text = small(
        "topics:\n",
        "cluster: { config: { log.retention.hours: 1, log.retention.minutes: 5, log.retention.bytes: 5000 } }\ntopics:\n",
    );
    let design = parse(&text).design(None, None).unwrap();
    assert_eq!(design.topics[0].config.retention_ms, Duration::from_secs(300), "minutes go before hours");
    assert_eq!(design.topics[0].config.retention_bytes, Some(5_000));
    let own = text.replace("{ partitions: 6 }", "{ partitions: 6, config: { retention.ms: -1 } }");
    assert_eq!(parse(&own).design(None, None).unwrap().topics[0].config.retention_ms, Duration::MAX);
}

#[test]
fn a_variant_changes_what_it_says_and_nothing_else() {
    let scenario = parse(SMALL);
    let (base, mut three) = (scenario.design(None, None).unwrap(), scenario.design(Some("Three"), None).unwrap());
    assert_eq!(three.groups[0].members, 3);
    three.groups[0].members = 2;
    assert_eq!(base, three);
    assert!(scenario.design(Some("Four"), None).is_err());
}

#[test]
fn the_text_of_a_variant_says_the_same_as_the_variant() {
    let scenario = parse(SMALL);
    let text = scenario.variant_text("Three").unwrap();
    assert!(text.contains("# who bills\n") && text.contains("members: 3\n"));
    assert_eq!(parse(&text).design(None, None).unwrap(), scenario.design(Some("Three"), None).unwrap());
}

#[test]
fn json_is_yaml() {
    let text = r#"{"laglab": 1, "duration": "10s", "topics": {"t": {"partitions": 3}}, "groups": {"g": {"topics": ["t"], "members": 1}}}"#;
    assert_eq!(parse(text).design(None, None).unwrap().topics[0].partitions, 3);
}

#[test]
fn a_seed_is_the_files_or_another() {
    let scenario = parse(&small("duration: 1m", "seed: 7\nduration: 1m"));
    assert_eq!(scenario.design(None, None).unwrap().seed, Seed(7));
    assert_eq!(scenario.design(None, Some(9)).unwrap().seed, Seed(9));
}

#[test]
fn scalars_stay_what_they_are() {
    let text = small("{ uniform: { keys: 100 } }", "{ weighted: { no: 1, on: 2, 010: 3 } }");
    let design = parse(&text).design(None, None).unwrap();
    assert!(format!("{:?}", design.producers[0].key).contains(r#"[("no", 1.0), ("on", 2.0), ("010", 3.0)]"#));
}

#[test]
fn order_is_tracked_when_somebody_asks() {
    let text = small("  - in_budget", "  - order_violations{group=billing} == 0\n  - in_budget");
    assert!(parse(&text).design(None, None).unwrap().track_order);
}

#[test]
fn steps_have_targets_and_effects() {
    let text = small(
        "    handler: { takes: 1ms, commit: after-batch }\n",
        "    handler:\n      steps:\n        - { do: check, takes: 100us }\n        - { do: charge, to: card, effect: charge }\n      dedup: { store: redis, check: first, mark: after }\ntargets:\n  card: { kind: api, takes: { p50: 3ms, p99: 40ms }, honours_key: 24h }\n  redis: { kind: store, takes: 300us, keeps: 7d }\n",
    );
    let design = parse(&text).design(None, None).unwrap();
    assert_eq!(design.groups[0].handler.steps[1].effect, Effect::Once("charge".into()));
    assert_eq!(design.groups[0].handler.steps[1].target.map(|target| target.index()), Some(0));
    assert_eq!(design.groups[0].handler.commit, CommitPolicy::Never);
    assert_eq!(design.targets[0].honours_key, Duration::from_secs(86_400));
}

/// Everything in the example of the format is real; what this version lacks is said, and nothing else is wrong with it.
#[test]
fn of_the_formats_example_only_what_is_not_built_is_refused() {
    let problems = Scenario::parse("example.yaml", EXAMPLE).unwrap_err();
    let errors = errors(&problems);
    let other: Vec<_> = errors.iter().filter(|problem| !problem.message.contains("not built yet")).collect();
    assert!(other.is_empty(), "{other:#?}");
    let said = |word: &str| errors.iter().any(|problem| problem.message.contains(word));
    for word in ["racks", "schema", "schemas", "services", "capacity", "fails", "on_error", "replicas: 3", "broker.restart"] {
        assert!(said(word), "{word} is said to be not built");
    }
}

/// The example without what is not built, in every other word the same.
#[test]
fn the_rest_of_the_formats_example_is_read() {
    let mut text = EXAMPLE.to_owned();
    for (old, new) in [
        ("  racks: [a, b, c]\n", ""),
        ("    replicas: 3\n", ""),
        ("    schema: PaymentRequested\n", ""),
        ("min.insync.replicas: 2, ", ""),
        ("replicas: 3, owner: team-orders", "owner: team-orders"),
        (", schema: PaymentRequested@1", ""),
        (", capacity: 4000/s", ""),
        ("fails: { share: 0.2%, when: before-effect }, ", ""),
        ("  - { at: 120s, every: 20s, times: 2, do: broker.restart, broker: 2 }\n", ""),
    ] {
        assert!(text.contains(old), "the example has {old}");
        text = text.replace(old, new);
    }
    for (from, to) in [("schemas:\n", "producers:\n"), ("services: ", "targets: "), ("      on_error:\n", "    budget:")] {
        let start = text.find(from).unwrap();
        let end = start + text[start..].find(to).unwrap();
        text.replace_range(start..end, "");
    }
    let scenario = parse(&text);
    assert_eq!(scenario.title(), "The customer who paid twice");
    assert_eq!(scenario.variants().len(), 2);
    assert_eq!(scenario.lesson().unwrap().steps[1].predict.as_ref().unwrap().right, 1);
    assert_eq!(scenario.fails(None).unwrap(), ["charged_once"]);
    let design = scenario.design(Some("Idempotency key"), None).unwrap();
    assert_eq!(design.targets[2].honours_key, Duration::from_secs(86_400));
    assert_eq!(design.timeline.len(), 4);
    assert_eq!(scenario.design(Some("Nobody crashes"), None).unwrap().timeline.len(), 3);
    assert_eq!(scenario.expectations(None).unwrap().len(), 5);
    for variant in scenario.variants() {
        let text = scenario.variant_text(&variant.name).unwrap();
        assert!(text.contains("# what goes wrong, and what people do"), "comments survive");
        assert_eq!(parse(&text).design(None, None).unwrap(), scenario.design(Some(&variant.name), None).unwrap());
    }
}
