//! Text that hurts: it is refused with a sentence, in bounded time and memory, and never brings anything down.

use super::{SMALL, said};
use laglab::scenario::Scenario;
use laglab::scenario::edit::append_timeline;
use proptest::prelude::*;

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("laglab: {}1{}", "[".repeat(200), "]".repeat(200));
    assert!(said(&deep).contains("more than 32 lists and mappings within each other"), "{}", said(&deep));
    let deeper = "[".repeat(100_000);
    assert!(said(&deeper).contains("error"));
    let blocks: String = (0..100).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    assert!(said(&blocks).contains("more than 32"));
}

#[test]
fn a_billion_laughs_are_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let names = vec![format!("*a{}", level - 1); 10].join(", ");
        text += &format!("a{level}: &a{level} [{names}]\n");
    }
    assert!(said(&text).contains("more than 100000 values"), "{}", said(&text));
}

#[test]
fn a_file_has_a_size() {
    let text = format!("{SMALL}# {}\n", "x".repeat(1 << 20));
    assert!(said(&text).contains("the limit is 1048576 (1 MiB)"));
    let items = format!("tags: [{}]\n", "x, ".repeat(120_000));
    assert!(said(&items).contains("more than 100000 values"));
}

/// Each error may look for the nearest of many names: that is bounded, too.
#[test]
fn many_errors_among_many_names_take_no_time() {
    let many = |line: &dyn Fn(usize) -> String| (0..7_000).map(line).collect::<Vec<_>>().join("\n");
    let topics = many(&|n| format!("  some-long-name-of-a-topic-{n}: {{ partition: 1 }}"));
    let producers = many(&|n| format!("  p{n}: {{ topic: some-long-name-of-a-tropic-{n}, rate: 1/s }}"));
    let config = many(&|n| format!("      max.poll.record{n}: 1"));
    let text = format!("laglab: 1\nduration: 1m\ntopics:\n{topics}\nproducers:\n{producers}\ngroups:\n  g:\n    config:\n{config}\n");
    let started = std::time::Instant::now();
    assert!(said(&text).contains("the limit is 1000"));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

#[test]
fn a_run_has_bounds_of_memory() {
    let wide = SMALL.replace("partitions: 6", "partitions: 10000").replace("duration: 1m", "duration: 1h");
    assert!(said(&wide).contains("the limit is 2048 MiB"), "{}", said(&wide));
    let often = SMALL
        .replace("at: 10s,", "at: 10s, every: 1ms, times: 10000,")
        .replace("\nexpect:", &("\n  - { at: 1s, every: 1ms, times: 10000, do: group.stop, group: billing }".repeat(10) + "\nexpect:"));
    assert!(said(&often).contains("the limit is 100000"), "{}", said(&often));
}

#[test]
fn odd_texts_are_refused_with_a_sentence() {
    for text in [
        "",
        " ",
        "\u{feff}",
        "#",
        "---",
        "...",
        "- 1",
        "x",
        "? [a]\n: b",
        "a: !!binary x",
        "%YAML 1.2\n---\n",
        "a: &a *a",
        "\0",
        "a: |\n",
        "{",
        "'",
        "a: 1\n---\nb: 2",
        "*x",
        "&",
        "a: [1, 2",
        "!",
    ] {
        assert!(said(text).starts_with("error: "), "{text:?}: {}", said(text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = said(&text);
    }

    #[test]
    fn any_yaml_like_text_is_read_or_refused(text in "([a-c]: |- |\\[|\\]|\\{|\\}|, |\n|  |'|\"|#|&a |\\*a|\\||>|1|%|!|\\?|é){0,60}") {
        let _ = said(&text);
        let _ = append_timeline(&text, "{ at: 1s }");
    }

    /// A right file with a piece cut out, doubled or exchanged: problems or a design, and every problem points into the file.
    #[test]
    fn a_damaged_file_is_read_or_refused(from in 0usize..SMALL.len(), length in 0usize..40, put in "[-a-z0-9{}\\[\\]:, .\"'/%\n]{0,12}") {
        let to = (from + length).min(SMALL.len());
        let text = format!("{}{put}{}", &SMALL[..from], &SMALL[to..]);
        if let Err(problems) = Scenario::parse("test.yaml", &text) {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!(problem.line <= text.lines().count().max(1) + 1);
            }
        }
        let _ = append_timeline(&text, "{ at: 1s, do: group.stop, group: billing }");
    }
}
