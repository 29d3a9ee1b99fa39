//! Changes of the text keep its comments and its order.

use super::{SMALL, parse};
use laglab::scenario::edit::{append_timeline, remove_timeline, set};

#[test]
fn an_entry_is_added_to_the_timeline_and_taken_away_again() {
    let added = append_timeline(SMALL, "{ at: 30s, do: members.add, group: billing, count: 1 }").unwrap();
    let line = "  - { at: 30s, do: members.add, group: billing, count: 1 }\n";
    assert_eq!(added, SMALL.replace("expect:\n", &format!("{line}expect:\n")));
    assert_eq!(parse(&added).design(None, None).unwrap().timeline.len(), 2);
    assert_eq!(remove_timeline(&added, 1).unwrap(), SMALL);
}

#[test]
fn a_timeline_comes_to_be() {
    let text = "laglab: 1\nduration: 10s # short\ntopics: { t: { partitions: 1 } }\ngroups: { g: { topics: [t], members: 1 } }";
    let added = append_timeline(text, "{ at: 1s, do: group.stop, group: g }").unwrap();
    assert_eq!(added, format!("{text}\n\ntimeline:\n  - {{ at: 1s, do: group.stop, group: g }}"));
    let removed = remove_timeline(&added, 0).unwrap();
    assert!(parse(&removed).design(None, None).unwrap().timeline.is_empty());
    let json = r#"{"laglab": 1, "duration": "10s", "topics": {"t": {"partitions": 3}}, "groups": {"g": {"topics": ["t"], "members": 1}}}"#;
    let added = append_timeline(json, "{ at: 1s, do: group.stop, group: g }").unwrap();
    assert!(added.starts_with(&json[..json.len() - 1]), "{added}");
    assert_eq!(parse(&added).design(None, None).unwrap().timeline.len(), 1);
}

#[test]
fn one_value_changes_where_it_stands() {
    assert_eq!(set(SMALL, "duration", "2m").unwrap(), SMALL.replace("duration: 1m ", "duration: 2m "));
    let changed = set(SMALL, "groups.billing.config.max.poll.records", "10").unwrap();
    assert_eq!(changed, SMALL.replace("{ enable.auto.commit: false }", "{ enable.auto.commit: false, max.poll.records: 10 }"));
    let changed = set(SMALL, "producers.shop.config.linger.ms", "0").unwrap();
    assert_eq!(changed, SMALL.replace("groups:\n", "    config: { linger.ms: 0 }\ngroups:\n"));
    let changed = set(SMALL, "timeline.crash.at", "20s").unwrap();
    assert_eq!(changed, SMALL.replace("at: 10s", "at: 20s"));
}

#[test]
fn a_name_that_is_not_there_is_told() {
    let wrong = set(SMALL, "groups.biling.members", "3").unwrap_err();
    assert_eq!((wrong.message.as_str(), wrong.help.as_str()), ("there is no `biling` in groups", "did you mean billing?"));
}

/// Every place of the small file can be set and taken away, and the text then says just that.
#[test]
fn odd_places_are_changed_too() {
    let odd = "laglab: 1\r\nduration: 1m\r\ntopics: &all\r\n  t: {partitions: 2,}\r\n  'orders.v1':\r\n    partitions: 3 # three\r\ntags:\r\n- a\r\n-\r\n  b\r\n- |\r\n  c\r\n  d\r\ngroups: {g: {topics: [t, orders.v1], members: 1}}\r\n";
    parse(odd);
    for (path, value, shown) in [
        ("topics.t.partitions", "4", "{partitions: 4,}"),
        ("topics.t.owner", "me", "owner: me"),
        ("topics.'orders.v1'.partitions", "4", "partitions: 4 # three"),
        ("tags[1]", "x", "  x\r\n"),
        ("tags[2]", "x", "- x\r\n"),
    ] {
        let changed = set(odd, path, value).unwrap();
        assert!(changed.contains(shown), "{path}: {changed}");
        parse(&changed);
    }
    let aliased = "laglab: 1\nduration: 1m\ntopics: { a: &t { partitions: 2 }, b: *t }\ngroups: { g: { topics: [a, b], members: 1 } }\n";
    let changed = set(aliased, "topics.b.partitions", "5").unwrap();
    let design = parse(&changed).design(None, None).unwrap();
    assert_eq!((design.topics[0].partitions, design.topics[1].partitions), (2, 5));
}

/// Text that the parser takes, with places that are odd.
#[test]
fn odd_mappings_do_not_bring_the_editor_down() {
    for odd in [
        "{>?}",
        "{a: [b: c]}",
        "{a: [b: é]}",
        "{? a}",
        "{a: }",
        "{a:,}",
        "[a: b]",
        "{timeline: [a: b]}",
        "{timeline: [b: é, ]}",
        "timeline: [? a]",
        "timeline:\n- ? a\n",
    ] {
        if let Ok(changed) = append_timeline(odd, "{ at: 1s }") {
            assert!(changed.contains("at: 1s"), "{odd}: {changed}");
        }
    }
}
