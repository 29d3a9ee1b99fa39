//! Notices when a source of the page changes, by looking at times and sizes three times a second.
//!
//! A few hundred files are looked at in a millisecond, and it works on every system and every kind of disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

/// What the page is made of. The commands themselves are left out: a running program does not replace itself.
const SOURCES: [&str; 7] = ["src", "www", "static", "scenarios", "Cargo.toml", "Cargo.lock", ".cargo/config.toml"];
const LEFT_OUT: &str = "src/bin";
const INTERVAL: Duration = Duration::from_millis(300);

pub struct Watch {
    root: PathBuf,
    seen: State,
}

type State = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

impl Watch {
    /// Remembers the sources as they are now.
    pub fn new(root: &Path) -> Self {
        Watch { root: root.to_owned(), seen: state(root) }
    }

    /// Waits until a source has changed and the writing has come to rest; answers the file, or one of them.
    pub fn wait(&mut self) -> PathBuf {
        loop {
            sleep(INTERVAL);
            let mut now = state(&self.root);
            let Some(changed) = difference(&self.seen, &now) else { continue };
            // An editor saves many files at once, and git many more: build when nothing has moved for a moment.
            loop {
                sleep(INTERVAL);
                let later = state(&self.root);
                if later == now {
                    break;
                }
                now = later;
            }
            self.seen = now;
            return changed.strip_prefix(&self.root).map_or(changed.clone(), Path::to_owned);
        }
    }
}

fn state(root: &Path) -> State {
    let mut state = State::new();
    for source in SOURCES {
        look(&root.join(source), &root.join(LEFT_OUT), &mut state);
    }
    state
}

fn look(path: &Path, left_out: &Path, state: &mut State) {
    // A file that goes away between two looks is simply not there.
    let Ok(metadata) = path.metadata() else { return };
    if metadata.is_dir() {
        if path != left_out
            && let Ok(entries) = path.read_dir()
        {
            entries.flatten().for_each(|entry| look(&entry.path(), left_out, state));
        }
    } else {
        state.insert(path.to_owned(), (metadata.modified().ok(), metadata.len()));
    }
}

fn difference(before: &State, after: &State) -> Option<PathBuf> {
    let changed = after.iter().find(|(path, stamp)| before.get(*path) != Some(stamp));
    let removed = before.keys().find(|path| !after.contains_key(*path));
    changed.map(|(path, _)| path).or(removed).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_written_an_added_and_a_removed_file_are_noticed() {
        let root = std::env::temp_dir().join(format!("laglab-watch-{}", std::process::id()));
        fs::create_dir_all(root.join("src/bin")).unwrap();
        fs::write(root.join("src/lib.rs"), "one").unwrap();
        let first = state(&root);
        fs::write(root.join("src/bin/site.rs"), "the tool itself").unwrap();
        assert_eq!(difference(&first, &state(&root)), None);
        fs::write(root.join("src/lib.rs"), "three").unwrap();
        let written = state(&root);
        assert_eq!(difference(&first, &written), Some(root.join("src/lib.rs")));
        fs::write(root.join("src/new.rs"), "").unwrap();
        let added = state(&root);
        assert_eq!(difference(&written, &added), Some(root.join("src/new.rs")));
        assert_eq!(difference(&added, &written), Some(root.join("src/new.rs")));
        fs::remove_dir_all(&root).unwrap();
    }
}
