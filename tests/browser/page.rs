//! The page as the walk sees it: through what the stage says in words and `data-` attributes, never through pixels.

use crate::driver::{Browser, Element, setting};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the page may take for something a visitor waits for.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Page {
    pub browser: Browser,
}

impl Page {
    /// Opens the page in a fresh browser, in which nothing is kept from before.
    pub fn open() -> Self {
        let page = Page { browser: Browser::open() };
        page.browser.resize(1440, 900);
        page.browser.go(&setting("LAGLAB_PAGE"));
        page
    }

    /// The one element that the selector names, as soon as it is there.
    pub fn the(&self, selector: &str) -> Element {
        let mut found =
            self.wait(&format!("{selector} on the page"), || Some(self.browser.all(selector)).filter(|found| !found.is_empty()));
        assert_eq!(found.len(), 1, "{selector} names one element");
        found.remove(0)
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
                panic!("no {hope} within {} s. The console says:\n{complaints}", PATIENCE.as_secs());
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// Ends a walk: nothing may have been complained about on the way.
    pub fn close(self) {
        let complaints = self.browser.complaints();
        assert!(complaints.is_empty(), "the console is not silent:\n{}", complaints.join("\n"));
    }
}
