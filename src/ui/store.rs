//! What the page knows: the last answers of the worker, and where the visitor is. No browser in here.

use super::frame::{About, Answer, Card, Digest, Frame, Picture, Problem};
use super::route::Route;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::rc::Rc;
use yew::AttrValue;

#[derive(Default)]
pub struct Store {
    pub route: Option<Route>,
    /// Whose text is open: the id of the route.
    pub open: Option<String>,
    /// Asked for, not yet answered.
    pub asked: Option<String>,
    pub cards: Rc<Vec<Card>>,
    pub pictures: Rc<BTreeMap<String, Picture>>,
    pub about: Option<Rc<About>>,
    pub frame: Rc<Frame>,
    pub digest: Rc<Digest>,
    pub problems: Vec<Problem>,
    pub lit: Option<AttrValue>,
    pub fault: Option<String>,
}

/// What is kept of the work on a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    pub text: String,
    pub variant: Option<String>,
    pub at: u64,
}

/// What changed, for the page to act upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Nothing,
    /// Another file or another text of it is open.
    Opened,
    Refused,
    /// A frame of the open run.
    Frame,
    Other,
}

impl Store {
    pub fn take(&mut self, answer: Answer) -> Change {
        match answer {
            Answer::Ready => Change::Nothing,
            Answer::Gallery(cards) => {
                self.cards = Rc::new(cards);
                Change::Other
            }
            Answer::Picture(picture) => {
                Rc::make_mut(&mut self.pictures).insert(picture.id.clone(), picture);
                Change::Other
            }
            Answer::Opened(about) => {
                if let Some(asked) = self.asked.take() {
                    self.open = Some(asked);
                }
                self.about = Some(Rc::new(about));
                self.problems.clear();
                Change::Opened
            }
            Answer::Refused(problems) => {
                self.asked = None;
                self.problems = problems;
                Change::Refused
            }
            Answer::Frame(frame) if self.is_of_this_run(frame.run) => {
                self.frame = Rc::new(frame);
                Change::Frame
            }
            Answer::Digest(digest) if self.is_of_this_run(digest.run) => {
                self.digest = Rc::new(digest);
                Change::Other
            }
            Answer::Frame(_) | Answer::Digest(_) => Change::Nothing,
            Answer::Fault(what) => {
                self.fault = Some(what);
                Change::Other
            }
        }
    }

    fn is_of_this_run(&self, run: u32) -> bool {
        self.about.as_ref().is_some_and(|about| about.run == run)
    }

    /// The file that is open, its first frame included.
    pub fn run(&self) -> Option<&Rc<About>> {
        self.about.as_ref().filter(|about| about.run == self.frame.run)
    }

    pub fn work(&self) -> Option<Kept> {
        let about = self.run()?;
        let at = self.frame.seeking.map_or(self.frame.now, |(to, _)| to);
        Some(Kept { text: about.text.clone(), variant: about.variant.clone(), at })
    }

    /// The mark before or after the playhead.
    pub fn next_mark(&self, forth: bool) -> Option<u64> {
        let now = self.frame.now;
        let marks = self.digest.marks.iter().map(|mark| mark.at);
        if forth { marks.filter(|at| *at > now).min() } else { marks.filter(|at| *at < now).max() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::Mark;
    use super::super::sample;
    use super::*;

    fn opened() -> Store {
        let (about, frame) = sample::lab(12, 4);
        let mut store = Store { asked: Some("hot-key".into()), ..Store::default() };
        assert_eq!(store.take(Answer::Opened(about)), Change::Opened);
        assert_eq!(store.take(Answer::Frame(frame)), Change::Frame);
        store
    }

    #[test]
    fn a_late_frame_of_an_earlier_run_is_dropped() {
        let mut store = opened();
        let (_, mut late) = sample::lab(12, 4);
        late.run = 0;
        assert_eq!(store.take(Answer::Frame(late)), Change::Nothing);
        assert_eq!(store.frame.run, 1);
    }

    #[test]
    fn a_broken_file_keeps_what_runs() {
        let mut store = opened();
        store.asked = Some("mine".into());
        let problem = Problem { line: 3, column: 7, length: 1, source: "  x: y".into(), message: "no".into(), help: String::new() };
        assert_eq!(store.take(Answer::Refused(vec![problem])), Change::Refused);
        assert_eq!((store.open.as_deref(), store.problems.len()), (Some("hot-key"), 1));
        assert!(store.run().is_some());
    }

    #[test]
    fn marks_are_walked_both_ways() {
        let mut store = opened();
        let mark = |at| Mark { at, ..Mark::default() };
        let digest = Digest { run: 1, marks: vec![mark(3), mark(74_200_000_000), mark(90_000_000_000)], ..Digest::default() };
        store.take(Answer::Digest(digest));
        assert_eq!(store.next_mark(true), Some(90_000_000_000));
        assert_eq!(store.next_mark(false), Some(3));
    }
}
