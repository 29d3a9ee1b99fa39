//! What is said about wrong files: message, place, source line, help.

use super::{said, small};
use expect_test::{Expect, expect};

fn check(old: &str, new: &str, expected: Expect) {
    expected.assert_eq(&said(&small(old, new)));
}

#[test]
fn more_replicas_than_brokers() {
    check(
        "{ partitions: 6 }",
        "{ partitions: 6, replicas: 3 }",
        expect![[r#"
        error: orders asks for 3 replicas, but the cluster has 1 broker
          --> test.yaml:5:38
           |     orders: { partitions: 6, replicas: 3 }
           |                                        ^ replicas are not built yet: write replicas: 1
    "#]],
    );
}

#[test]
fn a_key_that_is_none() {
    check(
        "    topics: [orders]",
        "    topic: [orders]",
        expect![[r#"
        error: group billing has no key `topic`
          --> test.yaml:14:5
           |     topic: [orders]
           |     ^^^^^ did you mean topics?

        error: group billing has no `topics`
          --> test.yaml:14:5
           |     topic: [orders]
           |     ^ add topics: What it reads.
    "#]],
    );
}

#[test]
fn a_setting_that_kafka_does_not_have() {
    check(
        "enable.auto.commit: false",
        "enable.auto.comit: false",
        expect![[r#"
        error: Kafka has no consumer setting `enable.auto.comit`
          --> test.yaml:16:15
           |     config: { enable.auto.comit: false }
           |               ^^^^^^^^^^^^^^^^^ did you mean enable.auto.commit?

        note: Kafka's default is enable.auto.commit: true; here the handler of group billing alone commits
          --> test.yaml:17:36
           |     handler: { takes: 1ms, commit: after-batch }
           |                                    ^^^^^^^^^^^ say enable.auto.commit: false in its config
    "#]],
    );
}

#[test]
fn a_setting_of_another_client() {
    check(
        "enable.auto.commit: false",
        "enable.auto.commit: false, linger.ms: 5",
        expect![[r#"
        error: Kafka has no consumer setting `linger.ms`
          --> test.yaml:16:42
           |     config: { enable.auto.commit: false, linger.ms: 5 }
           |                                          ^^^^^^^^^ it is a setting of the producer
    "#]],
    );
}

#[test]
fn a_value_that_kafka_refuses() {
    check(
        "enable.auto.commit: false",
        "enable.auto.commit: false, max.poll.records: 0",
        expect![[r#"
            error: `max.poll.records` cannot be 0
              --> test.yaml:16:60
               |     config: { enable.auto.commit: false, max.poll.records: 0 }
               |                                                            ^ write 1 or more
        "#]],
    );
}

#[test]
fn a_real_setting_that_is_not_modelled_is_a_note() {
    check(
        "enable.auto.commit: false",
        "enable.auto.commit: false, check.crcs: false",
        expect![[r#"
        note: `check.crcs` of group billing is a real setting, but not modelled: it changes nothing here
          --> test.yaml:16:42
           |     config: { enable.auto.commit: false, check.crcs: false }
           |                                          ^^^^^^^^^^
    "#]],
    );
}

#[test]
fn a_reference_to_nothing() {
    check(
        "topic: orders",
        "topic: ordres",
        expect![[r#"
        error: there is no topic `ordres`
          --> test.yaml:8:12
           |     topic: ordres
           |            ^^^^^^ did you mean orders?
    "#]],
    );
}

#[test]
fn a_number_without_unit() {
    check(
        "takes: 1ms",
        "takes: 1",
        expect![[r#"
            error: `takes` of the handler of group billing: `1` has no unit
              --> test.yaml:17:23
               |     handler: { takes: 1, commit: after-batch }
               |                       ^ write 1ms or 1s
        "#]],
    );
}

#[test]
fn a_key_that_stands_twice() {
    check(
        "    members: 2\n",
        "    members: 2\n    members: 3\n",
        expect![[r#"
        error: `members` stands twice in one mapping
          --> test.yaml:16:5
           |     members: 3
           |     ^^^^^^^ keep one of them
    "#]],
    );
}

#[test]
fn all_problems_at_once() {
    let text = small("rate: 100/s", "rate: 100").replace("members: 2", "members: many").replace("at: 10s", "at: soon");
    expect![[r#"
        error: rate of producer shop: `100` is not a rate
          --> test.yaml:9:11
           |     rate: 100
           |           ^^^ write 100/s

        error: `members` of group billing: `many` is not a whole number
          --> test.yaml:15:14
           |     members: many
           |              ^^^^ write a number without unit, sign or point: 12

        error: `at` of timeline entry crash: `soon` is not a time
          --> test.yaml:19:22
           |     - { id: crash, at: soon, do: member.crash, group: billing, member: 1, for: 5s }
           |                        ^^^^ write a number with its unit: 250ms, 2m, 1h
    "#]]
    .assert_eq(&said(&text));
}

#[test]
fn an_action_that_is_not_built() {
    check(
        "do: member.crash, group: billing, member: 1, for: 5s",
        "do: broker.crash, broker: 1",
        expect![[r#"
        error: the action broker.crash is not built yet
          --> test.yaml:19:31
           |     - { id: crash, at: 10s, do: broker.crash, broker: 1 }
           |                                 ^^^^^^^^^^^^ brokers do not fail yet; broker.slow is built
    "#]],
    );
}

#[test]
fn an_action_has_its_own_keys() {
    check(
        "do: member.crash, group: billing, member: 1",
        "do: member.crash, group: billing, count: 1",
        expect![[r#"
        error: member.crash needs `member`
          --> test.yaml:19:5
           |     - { id: crash, at: 10s, do: member.crash, group: billing, count: 1, for: 5s }
           |       ^ add member: …

        error: member.crash takes no `count`
          --> test.yaml:19:61
           |     - { id: crash, at: 10s, do: member.crash, group: billing, count: 1, for: 5s }
           |                                                               ^^^^^ it takes: group, member
    "#]],
    );
}

#[test]
fn a_member_that_does_not_exist() {
    check(
        "member: 1,",
        "member: 2,",
        expect![[r#"
        error: billing has no member 2
          --> test.yaml:19:69
           |     - { id: crash, at: 10s, do: member.crash, group: billing, member: 2, for: 5s }
           |                                                                       ^ members count from 0: 0 to 1
    "#]],
    );
}

#[test]
fn an_unknown_metric() {
    check(
        "max(lag{group=billing})",
        "max(lagg{group=billing})",
        expect![[r#"
        error: there is no metric `lagg`
          --> test.yaml:21:20
           |     - in_budget: max(lagg{group=billing}) < 1000
           |                      ^^^^ did you mean lag?
    "#]],
    );
}

#[test]
fn an_unknown_label() {
    check(
        "max(lag{group=billing})",
        "max(lag{groups=billing})",
        expect![[r#"
        error: lag has no label `groups`
          --> test.yaml:21:24
           |     - in_budget: max(lag{groups=billing}) < 1000
           |                          ^^^^^^ did you mean group?
    "#]],
    );
}

#[test]
fn a_gauge_needs_an_aggregate() {
    check(
        "max(lag{group=billing}) < 1000",
        "lag{group=billing} < 1000",
        expect![[r#"
        error: lag has many values
          --> test.yaml:21:16
           |     - in_budget: lag{group=billing} < 1000
           |                  ^^^ say which: max(lag), mean, last, p99, …
    "#]],
    );
}

#[test]
fn a_time_needs_its_unit() {
    check(
        "max(lag{group=billing}) < 1000",
        "p99(end_to_end_latency{group=billing}) < 1000",
        expect![[r#"
        error: `1000` has no unit, and this is a time
          --> test.yaml:21:57
           |     - in_budget: p99(end_to_end_latency{group=billing}) < 1000
           |                                                           ^^^^ write 1000ms or 1000s
    "#]],
    );
}

#[test]
fn a_metric_that_is_not_built() {
    check(
        "max(lag{group=billing}) < 1000",
        "dead_letters == 0",
        expect![[r#"
        error: the metric dead_letters is not built yet
          --> test.yaml:21:16
           |     - in_budget: dead_letters == 0
           |                  ^^^^^^^^^^^^ take it away
    "#]],
    );
}

#[test]
fn an_error_of_a_variant_points_into_it() {
    check(
        "groups.billing.members: 3",
        "groups.billing.members: -3, groups.bill.members: 2",
        expect![[r#"
        error: variant Three: there is no `bill` in groups
          --> test.yaml:24:40
           |     set: { groups.billing.members: -3, groups.bill.members: 2 }
           |                                        ^^^^^^^^^^^^^^^^^^^ did you mean billing?
    "#]],
    );
}

#[test]
fn a_variants_error_in_the_changed_design() {
    check(
        "set: { groups.billing.members: 3 }",
        "set: { groups.billing.members: 1 }",
        expect![[r#"
        error: variant Three: billing has no member 1
          --> test.yaml:19:69
           |     - { id: crash, at: 10s, do: member.crash, group: billing, member: 1, for: 5s }
           |                                                                       ^ members count from 0: 0 to 0
    "#]],
    );
}

#[test]
fn a_same_transaction_needs_the_database_of_the_effect() {
    check(
        "    handler: { takes: 1ms, commit: after-batch }\n",
        "    handler:\n      steps: [ { do: charge, to: card, effect: charge } ]\n      dedup: { store: db, check: first, mark: same-transaction }\ntargets:\n  card: { kind: api, takes: 1ms }\n  db: { kind: database, takes: 1ms }\n",
        expect![[r#"
            error: the effect of `charge` is not written to db: no transaction holds both it and the mark
              --> test.yaml:19:47
               |     dedup: { store: db, check: first, mark: same-transaction }
               |                                             ^^^^^^^^^^^^^^^^ write mark: before or mark: after; or let the effect be a write to that database
        "#]],
    );
}

#[test]
fn too_many_records() {
    check(
        "rate: 100/s",
        "rate: 10000000/s",
        expect![[r#"
        error: the run would send about 600 million records; the limit is 500 million
          --> test.yaml:3:1
           |     duration: 1m   # long enough
           |     ^^^^^^^^ make the duration or the rates smaller
    "#]],
    );
}

#[test]
fn idempotence_that_is_switched_off() {
    check(
        "    rate: 100/s\n",
        "    rate: 100/s\n    config: { acks: 1 }\n",
        expect![[r#"
        note: this switches enable.idempotence off, without a word from Kafka
          --> test.yaml:10:21
           |     config: { acks: 1 }
           |                     ^ write enable.idempotence: false to say so
    "#]],
    );
}

#[test]
fn idempotence_that_contradicts() {
    check(
        "    rate: 100/s\n",
        "    rate: 100/s\n    config: { acks: 1, enable.idempotence: true }\n",
        expect![[r#"
        error: `acks: 1` and `enable.idempotence: true` do not go together: idempotence needs all in-sync replicas
          --> test.yaml:10:21
           |     config: { acks: 1, enable.idempotence: true }
           |                     ^ write acks: all, or leave enable.idempotence out
    "#]],
    );
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let json = format!(
        r#"{{"laglab": 1, "duration": "10s", "tags": ["{}"], "topics": {{"t": {{"partitions": "many"}}}}, "tags2": ["{}"]}}"#,
        "x".repeat(300),
        "y".repeat(300)
    );
    expect![[r#"
        error: `partitions` of topic t: `many` is not a whole number
          --> test.yaml:1:379
           |     …xxxxxxxxxxxxxxxxxxxxxxxxx"], "topics": {"t": {"partitions": "many"}}, "tags2": ["yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…
           |                                                                  ^^^^^^ write a number without unit, sign or point: 12

        error: the scenario has no key `tags2`
          --> test.yaml:1:389
           |     …xxxxxxxxxxxxxxx"], "topics": {"t": {"partitions": "many"}}, "tags2": ["yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy…
           |                                                                  ^^^^^^^ did you mean tags?
    "#]]
    .assert_eq(&said(&json));
}
