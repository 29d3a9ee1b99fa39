//! Lessons are true: every scenario with every variant, on 20 seeds, breaks what it says, keeps the rest, and compares as it says.
//! The file's own seed comes first, since it is the one that everybody sees.

use laglab::engine::simulation::Simulation;
use laglab::report::lesson;
use laglab::scenario::Scenario;
use laglab::scenario::problem::render_all;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const SEEDS: u64 = 20;

fn scenarios() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("there are scenarios").map(|entry| entry.expect("an entry can be read").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(!files.is_empty(), "there are scenarios");
    let read = |path: &std::path::PathBuf| {
        let name = format!("scenarios/{}", path.file_name().expect("a file has a name").to_string_lossy());
        let text = std::fs::read_to_string(path).expect("a scenario can be read");
        Scenario::parse(&name, &text).unwrap_or_else(|problems| panic!("{}", render_all(&name, &problems)))
    };
    files.iter().map(read).collect()
}

#[test]
fn every_lesson_is_true_on_twenty_seeds() {
    let scenarios = scenarios();
    let seeds: Vec<Option<u64>> = std::iter::once(None).chain((1..SEEDS).map(Some)).collect();
    let jobs: Vec<(&Scenario, Option<u64>)> =
        scenarios.iter().flat_map(|scenario| seeds.iter().map(move |seed| (scenario, *seed))).collect();
    let (next, lies) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((scenario, seed)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let play = |_: Option<&str>, design: laglab::engine::design::Design| {
                        let mut simulation = Simulation::without_checkpoints(design);
                        simulation.run_until(simulation.end());
                        simulation
                    };
                    let report = lesson::judge(scenario, *seed, play).expect("the scenario was checked");
                    if !report.holds() {
                        lies.lock().expect("nobody panicked").push(format!(
                            "{} with seed {}\n{}",
                            scenario.name,
                            report.seed,
                            lesson::text(scenario, &report)
                        ));
                    }
                }
            });
        }
    });
    let lies = lies.into_inner().expect("nobody panicked");
    assert!(lies.is_empty(), "{} of {} lessons are not true:\n{}", lies.len(), jobs.len(), lies.join("\n"));
    println!("{} lessons on {SEEDS} seeds each are true", scenarios.len());
}
