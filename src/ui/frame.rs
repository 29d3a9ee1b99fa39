//! What goes between the page and the session: commands one way, answers the other. Plain data, only what is visible,
//! bounded in size. Nothing here computes; the session fills it, views read it.
//! Holds: every list has a bound that is written beside it.

use serde::{Deserialize, Serialize};

/// Nanoseconds since the start of the run, as in the engine.
pub type Nanos = u64;

/// What a visitor asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Read this file and stand at `at`. A file with errors changes nothing.
    Open {
        text: String,
        variant: Option<String>,
        at: Nanos,
    },
    /// The cards of the gallery, and a picture of the lag of each, from real runs, one after the other; and no more of them,
    /// when the visitor is elsewhere.
    Gallery {
        shown: bool,
    },
    Play,
    Pause,
    /// One event.
    Step,
    /// Simulated seconds in a second; none: as fast as it goes.
    Speed(Option<f64>),
    Seek(Nanos),
    /// The same seed and the same moment under another design; none: as designed.
    Variant(Option<String>),
    /// Writes a line into the file at the playhead.
    Intervene(Intervention),
    Undo,
    /// How many columns of points a chart can show.
    Columns(u32),
    /// The last frame has been taken: the next may come.
    Taken,
}

/// One button of the panel: what to do and to whom, by the names of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Intervention {
    MembersAdd { group: String, count: u32 },
    MemberCrash { group: String, member: u32 },
    MemberStop { group: String, member: u32 },
    MemberPause { group: String, member: u32, millis: u64 },
    HandlerSlow { group: String, factor: f64, millis: u64 },
    CommitsFail { group: String, millis: u64 },
    GroupStop { group: String },
    GroupStart { group: String },
    GroupResetEarliest { group: String },
    GroupResetLatest { group: String },
    RollingRestart { group: String },
    ProducerRate { producer: String, factor: f64, millis: u64 },
    BrokerSlow { broker: u32, factor: f64, millis: u64 },
}

/// What the session answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// The worker listens.
    Ready,
    /// At most one for each embedded scenario.
    Gallery(Vec<Card>),
    Picture(Picture),
    /// A file is open, or its text, variant or seed has changed.
    Opened(About),
    /// It stays as it was: this is what is wrong.
    Refused(Vec<Problem>),
    Frame(Frame),
    Digest(Digest),
    /// A bug: the worker has stopped, with this sentence.
    Fault(String),
}

/// Something wrong in a file, with its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// From 1.
    pub line: u32,
    pub column: u32,
    /// In characters, at least 1.
    pub length: u32,
    /// The line itself.
    pub source: String,
    pub message: String,
    pub help: String,
}

/// A scenario in the gallery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    pub id: String,
    pub theme: String,
    pub title: String,
    pub question: String,
    pub tags: Vec<String>,
}

/// The lag of a real run, small.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    pub id: String,
    /// Each line: records at equal distances in time, at most 120 values and 24 lines; none where unknown.
    pub lines: Vec<Vec<Option<f32>>>,
    pub duration: Nanos,
    pub budget: Option<u64>,
}

/// All about a file that does not change while it runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// Counts the runs of this session, so that a late frame of an earlier one is known.
    pub run: u32,
    pub title: String,
    pub question: String,
    pub text: String,
    pub seed: u64,
    pub duration: Nanos,
    pub variants: Vec<VariantAbout>,
    /// The name of the variant that runs.
    pub variant: Option<String>,
    pub topics: Vec<TopicAbout>,
    pub producers: Vec<ProducerAbout>,
    pub groups: Vec<GroupAbout>,
    pub brokers: u32,
    pub lesson: Vec<LessonStep>,
    /// Settings that are real but not modelled, and other advice.
    pub advice: Vec<Problem>,
    /// How many interventions can be taken back.
    pub undo: u32,
    /// Why the last intervention could not be written.
    pub refused: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VariantAbout {
    pub name: String,
    pub why: String,
    /// The names of expectations that it breaks, and must.
    pub fails: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TopicAbout {
    pub name: String,
    pub partitions: u32,
    /// `key user_id (Zipf 1.1, 10 000 keys)`.
    pub keys: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProducerAbout {
    pub name: String,
    /// By its place in `topics`.
    pub topic: u32,
    pub acks: String,
    pub instances: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupAbout {
    pub name: String,
    pub topics: Vec<u32>,
    pub assignor: String,
    pub budget_records: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LessonStep {
    pub at: Nanos,
    /// `group/charger/1`, `topic/payments/7`: what lights up.
    pub look: Option<String>,
    pub title: String,
    pub text: String,
    pub predict: Option<Predict>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Predict {
    pub ask: String,
    pub answers: Vec<String>,
    pub right: u32,
    pub because: String,
}

/// The stage and the transport at one moment. Sent at most 60 times a second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub run: u32,
    pub now: Nanos,
    pub playing: bool,
    /// Asked, simulated seconds in a second; none: as fast as it goes.
    pub speed: Option<f64>,
    /// Reached over the last half second or so.
    pub reached: f64,
    /// While a seek is under way: where to, and how far it is, 0 to 1.
    pub seeking: Option<(Nanos, f32)>,
    /// 16 hexadecimal digits; empty while playing.
    pub fingerprint: String,
    /// All partitions of all topics, in order of topics.
    pub partitions: Vec<PartitionNow>,
    pub producers: Vec<ProducerNow>,
    pub groups: Vec<GroupNow>,
    /// The largest lag that has been seen in this run, for the scale of the stage.
    pub largest_lag: u64,
    /// The largest total rate of records a second that has been seen or planned, for the widths of flows.
    pub full_rate: f32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartitionNow {
    /// By its place in `topics`.
    pub topic: u32,
    /// Within the topic.
    pub partition: u32,
    pub leader: u32,
    pub log_start: u64,
    pub log_end: u64,
    /// Records a second into it.
    pub rate_in: f32,
    /// One for each group that reads it.
    pub readers: Vec<Reader>,
}

/// Where a group stands in a partition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reader {
    /// By its place in `groups`.
    pub group: u32,
    pub owner: Option<u32>,
    pub committed: Option<u64>,
    /// Unknown before the first commit.
    pub lag: Option<u64>,
    pub rate_out: f32,
    /// Records a second that came in more than were handled, over the last ten seconds; negative: it shrinks.
    pub growth: f32,
    /// Age of the oldest record that was not handled, ms.
    pub unread_age: f32,
    pub status: String,
    /// Over the budget of its group, or far behind the other partitions.
    pub hot: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProducerNow {
    pub rate: f32,
    pub sent: u64,
    pub in_flight: u32,
    pub buffered: u64,
    /// Records a second to each partition of its topic.
    pub by_partition: Vec<f32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupNow {
    pub state: String,
    pub generation: u32,
    pub rebalances: u64,
    pub duplicates: u64,
    pub order_violations: u64,
    /// Name, once, repeated, missing.
    pub effects: Vec<(String, u64, u64, u64)>,
    pub members: Vec<MemberNow>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MemberNow {
    pub index: u32,
    pub state: String,
    pub busy: f32,
    pub rate: f32,
    pub owned: u32,
    /// It is busy all the time and a partition of its grows by so many records a second.
    pub falls_behind: Option<f32>,
}

/// What changes more slowly: charts, verdicts, story. Sent a few times a second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    pub run: u32,
    pub now: Nanos,
    /// How far this run has ever been: marks beyond the playhead are known up to here.
    pub furthest: Nanos,
    pub lag: Vec<Line>,
    /// Lines of lag that are not sent one by one, since there are too many: how many.
    pub lag_left_out: u32,
    pub flow: Vec<Line>,
    pub latency: Vec<Line>,
    pub verdicts: Vec<Verdict>,
    /// The last 80 lines, newest first.
    pub story: Vec<Told>,
    pub story_left_out: u32,
    /// At most 200.
    pub marks: Vec<Mark>,
}

/// A line of a chart, thinned to what the pixels can show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub name: String,
    pub tone: Tone,
    /// `group/billing` or `topic/usage-events/7`: what it is of.
    pub thing: String,
    /// Milliseconds and value; none: unknown there. At most two for each column.
    pub points: Vec<(f32, Option<f32>)>,
    pub last: Option<f32>,
    pub peak: f32,
}

/// Which concept a line is, and so its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    /// Lag; hot: over the budget or far above the others.
    LagHot,
    #[default]
    Lag,
    Producer,
    /// A group, by its place.
    Group(u32),
    Median,
    Tail,
}

/// An expectation, judged up to the playhead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub name: String,
    pub text: String,
    /// None: nothing to judge yet.
    pub holds: Option<bool>,
    pub observed: String,
    /// Where it broke.
    pub at: Option<Nanos>,
    /// The scenario says that this breaks here, and that is the lesson.
    pub meant_to_fail: bool,
}

/// A sentence of the story.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The id of the observation.
    pub event: u32,
    pub at: Nanos,
    pub text: String,
    pub grade: Grade,
    /// What lights up.
    pub thing: Option<String>,
    /// The event that caused it.
    pub cause: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grade {
    #[default]
    Plain,
    Good,
    Warning,
    Bad,
    /// A duplicate or a double effect.
    Twice,
    /// What people do.
    Hand,
}

/// A mark on the scrubber.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub at: Nanos,
    pub text: String,
    pub grade: Grade,
    /// It is in the file, whatever happens; the others have been seen.
    pub planned: bool,
}
