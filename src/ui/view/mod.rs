//! What is seen. A view takes a shared frame and emits commands; it computes no Kafka.

pub mod charts;
pub mod expectations;
pub mod file;
pub mod gallery;
pub mod header;
pub mod intervene;
pub mod lab;
pub mod lesson;
pub mod problems;
pub mod stage;
pub mod story;
pub mod transport;
pub mod variants;

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::super::frame::*;
    use super::super::sample;
    use super::lab::{Lab, Props};
    use super::*;
    use std::rc::Rc;
    use yew::prelude::*;

    /// A component as text, as a browser would be given it.
    fn text<C: BaseComponent>(props: impl FnOnce() -> C::Properties + Send + 'static) -> String
    where
        C::Properties: 'static,
    {
        let (sender, receiver) = std::sync::mpsc::channel();
        let runtime = yew::platform::Runtime::builder().worker_threads(1).build().expect("a runtime starts");
        runtime.spawn_pinned(move || async move {
            let rendered = yew::LocalServerRenderer::<C>::with_props(props()).hydratable(false).render().await;
            sender.send(rendered).expect("the test waits");
        });
        receiver.recv().expect("the view renders")
    }

    fn lab(members: u32) -> String {
        text::<Lab>(move || {
            let (about, frame) = sample::lab(12, members);
            Props {
                about: Rc::new(about),
                frame: Rc::new(frame),
                digest: Rc::new(sample::digest()),
                lit: None,
                dark: false,
                still: true,
                changed: true,
                on_command: Callback::noop(),
                on_light: Callback::noop(),
                on_reset: Callback::noop(),
            }
        })
    }

    #[test]
    fn the_stage_says_what_it_shows() {
        let page = lab(4);
        for said in [
            r#"data-partition="usage-events/7""#,
            r#"data-lag="18400""#,
            r#"data-log-end="58400""#,
            r#"data-committed="40000""#,
            r#"data-member="billing/3""#,
            r#"data-state="polling""#,
            "p7 18\u{202f}400; usage-events partition 7: billing is 18400 records behind, growing, owner billing-3",
            "cannot keep up: +1.1 k/s",
            r#"data-effect="charge" data-once="400" data-repeated="12" data-missing="0""#,
            "delivered again",
        ] {
            assert!(page.contains(said), "the page does not say {said}");
        }
        assert_eq!(page.matches("data-partition=").count(), 12);
        assert!(!page.contains("style="), "the page's policy forbids styles in attributes");
    }

    #[test]
    fn an_unknown_lag_is_not_a_zero() {
        let page = text::<stage::Stage>(|| {
            let (about, mut frame) = sample::lab(1, 1);
            frame.partitions[0].readers[0].lag = None;
            frame.partitions[0].readers[0].committed = None;
            stage::Props { about: Rc::new(about), frame: Rc::new(frame), lit: None, on_light: Callback::noop(), still: true }
        });
        assert!(page.contains(r#"data-lag="""#) && page.contains("has not committed yet"), "{page}");
        assert!(!page.contains("class=\"flag"), "there is no flag where nothing was committed");
    }

    #[test]
    fn the_lab_has_its_parts() {
        let page = lab(4);
        for said in [
            "Does the design hold?",
            "Salted key ×16",
            "What will 8 more consumers do to p7?",
            "What happened",
            "lag budget of 10 000 exceeded",
            "Kill billing-2",
            "Traffic ×3, 10 s",
            "Lag per partition",
            r#"data-expectation="in_budget" data-holds="false""#,
            "01:14.2",
            r#"aria-label="Playhead""#,
        ] {
            assert!(page.contains(said), "the page does not say {said}");
        }
    }

    #[test]
    fn a_broken_file_shows_each_error_with_its_place() {
        let page = text::<problems::Problems>(|| problems::Props {
            problems: vec![
                Problem {
                    line: 5,
                    column: 15,
                    length: 1,
                    source: "    replicas: 3".into(),
                    message: "orders asks for 3 replicas, but the cluster has 1 broker".into(),
                    help: "set brokers: 3, or replicas: 1".into(),
                },
                Problem {
                    line: 9,
                    column: 1,
                    length: 4,
                    source: "oops: <1>".into(),
                    message: "unknown key oops".into(),
                    help: String::new(),
                },
            ],
            on_close: Callback::noop(),
        });
        for said in
            ["This file has 2 errors", r#"data-line="5" data-column="15""#, "              ^<", "^^^^", "set brokers: 3", "oops: &lt;1"]
        {
            assert!(page.contains(said), "the page does not say {said}: {page}");
        }
    }

    #[test]
    fn a_card_has_a_question_and_waits_for_its_picture() {
        let page = text::<gallery::Gallery>(|| {
            let card = |id: &str| Card {
                id: id.into(),
                theme: "Keys".into(),
                title: "T".into(),
                question: "Why?".into(),
                tags: vec!["lag".into()],
            };
            let picture = Picture { id: "hot-key".into(), lines: vec![vec![Some(0.0), None, Some(90.0)]], duration: 1, budget: Some(50) };
            gallery::Props {
                cards: Rc::new(vec![card("hot-key"), card("other")]),
                pictures: Rc::new([("hot-key".to_owned(), picture)].into()),
            }
        });
        assert!(page.contains("#/lab/hot-key") && page.contains("at most 90 records") && page.contains("picture waiting"), "{page}");
    }
}
