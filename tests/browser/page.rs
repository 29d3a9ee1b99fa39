//! The page as the walk sees it: through what it says in words and `data-` attributes, never through pixels.

use crate::driver::{Browser, Element, setting};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the page may take for something a visitor waits for. Generous: the machine may be building something else.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Page {
    pub browser: Browser,
}

/// The stage at one moment, all of it read at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Simulated milliseconds, as the page writes them.
    pub time_ms: f64,
    pub playing: bool,
    /// None while the run moves.
    pub fingerprint: Option<String>,
    pub variant: String,
    /// By name, such as `usage-events/7`.
    pub partitions: BTreeMap<String, Partition>,
    /// The state of each member by its name, such as `billing/3`.
    pub members: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// None before the first commit.
    pub lag: Option<u64>,
    pub log_end: u64,
    pub committed: Option<u64>,
}

impl Stage {
    /// The partition with the largest lag.
    pub fn hottest(&self) -> (&str, u64) {
        let lags = self.partitions.iter().map(|(name, partition)| (name.as_str(), partition.lag.unwrap_or(0)));
        lags.max_by_key(|(_, lag)| *lag).expect("a stage has partitions")
    }

    pub fn lag(&self, partition: &str) -> u64 {
        self.partitions[partition].lag.unwrap_or(0)
    }
}

/// Reads the root, every partition and every member in one go, so that no frame comes in between.
const READ_STAGE: &str = "
const root = document.querySelector('[data-time-ms]');
if (!root) return null;
const each = (selector) => [...root.querySelectorAll(selector)].map((element) => ({ ...element.dataset }));
return { root: { ...root.dataset }, partitions: each('[data-partition]'), members: each('[data-member]') };
";

/// Moves a slider as a hand does: the value changes, and the page is told.
const MOVE_SLIDER: &str = "
const [selector, value] = arguments;
const slider = document.querySelector(selector);
slider.value = value;
slider.dispatchEvent(new InputEvent('input', { bubbles: true }));
";

impl Page {
    /// Opens the page in a fresh browser, in which nothing is kept from before.
    pub fn open() -> Self {
        let page = Page { browser: Browser::open() };
        page.browser.resize(1440, 900);
        page.browser.go(&setting("LAGLAB_PAGE"));
        page
    }

    /// Opens the lab with a scenario, from the gallery, and waits for the run to stand.
    pub fn open_lab(scenario: &str) -> Self {
        let page = Page::open();
        page.enter(scenario);
        page
    }

    /// Goes from the gallery into a scenario.
    pub fn enter(&self, scenario: &str) -> Stage {
        self.browser.click(&self.the(&format!("a[data-scenario='{scenario}']")));
        self.settled()
    }

    /// The one element that the selector names, as soon as it is there.
    pub fn the(&self, selector: &str) -> Element {
        let mut found =
            self.wait(&format!("{selector} on the page"), || Some(self.browser.all(selector)).filter(|found| !found.is_empty()));
        assert_eq!(found.len(), 1, "{selector} names one element");
        found.remove(0)
    }

    /// The button with these words, or with a name for screen readers that begins so.
    pub fn button(&self, words: &str) -> Element {
        self.wait(&format!("button `{words}`"), || {
            let script = "return [...document.querySelectorAll('button')].findIndex((button) =>
                (button.getAttribute('aria-label') ?? button.textContent).trim().startsWith(arguments[0]));";
            let place = usize::try_from(self.browser.run(script, &[json!(words)]).as_i64()?).ok()?;
            self.browser.all("button").into_iter().nth(place)
        })
    }

    pub fn press_button(&self, words: &str) {
        self.browser.click(&self.button(words));
    }

    pub fn press_link(&self, words: &str) {
        let link = self.wait(&format!("link `{words}`"), || {
            let links = self.browser.all("a");
            links.into_iter().find(|link| self.browser.is_shown(link) && self.browser.text(link) == words)
        });
        self.browser.click(&link);
    }

    pub fn stage(&self) -> Option<Stage> {
        let read = self.browser.run(READ_STAGE, &[]);
        let root = read.get("root")?;
        let word = |of: &Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
        let number = |of: &Value, name: &str| word(of, name).parse().ok();
        let list = |name: &str| read[name].as_array().cloned().unwrap_or_default();
        if word(root, "seeking") == "true" {
            return None;
        }
        let partition = |of: &Value| {
            let log_end = number(of, "logEnd").expect("a partition says where its log ends");
            (word(of, "partition"), Partition { lag: number(of, "lag"), log_end, committed: number(of, "committed") })
        };
        Some(Stage {
            time_ms: word(root, "timeMs").parse().ok()?,
            playing: word(root, "playing") == "true",
            fingerprint: Some(word(root, "fingerprint")).filter(|print| !print.is_empty()),
            variant: word(root, "variant"),
            partitions: list("partitions").iter().map(partition).collect(),
            members: list("members").iter().map(|of| (word(of, "member"), word(of, "state"))).collect(),
        })
    }

    /// The stage as soon as nothing moves any more.
    pub fn settled(&self) -> Stage {
        self.wait("stage at rest", || self.stage().filter(|stage| !stage.playing && stage.fingerprint.is_some()))
    }

    /// The stage as soon as it stands at this moment.
    pub fn settled_at(&self, time_ms: f64) -> Stage {
        self.wait(&format!("stage at {time_ms} ms"), || {
            self.stage().filter(|stage| !stage.playing && stage.fingerprint.is_some() && stage.time_ms == time_ms)
        })
    }

    /// Drags the playhead to a moment and waits until the run stands there.
    pub fn seek(&self, time_ms: u64) -> Stage {
        self.browser.run(MOVE_SLIDER, &[json!("input[aria-label='Playhead']"), json!(time_ms)]);
        self.settled_at(time_ms as f64)
    }

    /// Moves the slider of the speed to its upper end: as fast as it goes.
    pub fn as_fast_as_it_goes(&self) {
        self.browser.run(
            "const slider = document.querySelector('.speed input'); slider.value = slider.max;
            slider.dispatchEvent(new InputEvent('input', { bubbles: true }));",
            &[],
        );
    }

    /// Plays until the playhead has passed a moment, then pauses.
    pub fn play_past(&self, time_ms: f64) -> Stage {
        self.press_button("Play");
        self.wait(&format!("run past {time_ms} ms"), || self.stage().filter(|stage| stage.time_ms >= time_ms));
        if self.stage().is_none_or(|stage| stage.playing) {
            self.press_button("Pause");
        }
        self.settled()
    }

    pub fn choose_variant(&self, name: &str) -> Stage {
        self.browser.click(&self.the(&format!("button[data-variant='{name}']")));
        self.wait(&format!("variant {name}"), || {
            self.stage().filter(|stage| stage.variant == name && stage.fingerprint.is_some() && !stage.partitions.is_empty())
        })
    }

    /// Opens a file of the visitor's own.
    pub fn import(&self, file: &Path) {
        self.browser.type_into(&self.the("input[type=file][data-import]"), &file.display().to_string());
    }

    /// Looks again and again until there is an answer, and fails with what was hoped for.
    pub fn wait<T>(&self, hope: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(answer) = look() {
                return answer;
            }
            if begun.elapsed() > PATIENCE {
                let complaints = self.browser.complaints().join("\n");
                let picture = self.keep_picture();
                panic!("no {hope} within {} s. A picture is in {picture}. The console says:\n{complaints}", PATIENCE.as_secs());
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// Keeps what the window shows, for whoever reads of a failure.
    fn keep_picture(&self) -> String {
        let name = std::thread::current().name().unwrap_or("walk").replace("::", "-");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/{name}.png"));
        match std::fs::write(&file, self.browser.picture()) {
            Ok(()) => file.display().to_string(),
            Err(error) => format!("no file, since {error}"),
        }
    }

    /// Ends a walk: nothing may have been complained about on the way.
    pub fn close(self) {
        let complaints = self.browser.complaints();
        assert!(complaints.is_empty(), "the console is not silent:\n{}", complaints.join("\n"));
    }
}
