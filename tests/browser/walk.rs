//! What a visitor does with a scenario: plays it, goes back, tries another design, reaches in, comes back later.

use crate::page::Page;
use laglab::engine::simulation::Simulation;
use laglab::engine::time::Instant;
use laglab::scenario::Scenario;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = folder.read_dir().expect("there are scenarios").map(|entry| entry.expect("a folder can be read").path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "yaml")).collect()
}

fn id(file: &Path) -> &str {
    file.file_stem().and_then(|stem| stem.to_str()).expect("a scenario has a plain name")
}

/// What the command line prints for the same file, design and moment.
fn native_fingerprint(scenario: &str, variant: Option<&str>, millis: u64) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{scenario}.yaml"));
    let text = std::fs::read_to_string(file).expect("the scenario is there");
    let scenario = Scenario::parse(scenario, &text).expect("the scenario is whole");
    let mut simulation = Simulation::new(scenario.design(variant, None).expect("the variant is there"));
    simulation.run_until(Instant(millis * 1_000_000));
    format!("{:016x}", simulation.fingerprint())
}

#[test]
fn the_gallery_shows_every_scenario_and_each_plays() {
    let page = Page::open();
    page.the("a[data-scenario='hot-key']");
    let links = page.browser.all("a[data-scenario]");
    let shown: BTreeSet<String> = links.iter().filter_map(|link| page.browser.attribute(link, "data-scenario")).collect();
    let files = scenarios();
    assert_eq!(shown, files.iter().map(|file| id(file).to_owned()).collect());
    for scenario in &shown {
        let start = page.enter(scenario);
        assert_eq!(start.time_ms, 0.0, "{scenario} begins at its start");
        page.as_fast_as_it_goes();
        let later = page.play_past(1_000.0);
        let (before, after) =
            [&start, &later].map(|stage| stage.partitions.values().map(|partition| partition.log_end).sum::<u64>()).into();
        assert!(after > before, "{scenario}: records are written while it plays");
        page.press_link("Scenarios");
    }
    page.close();
}

#[test]
fn the_lag_of_the_hot_partition_grows_and_time_goes_back_exactly() {
    let page = Page::open_lab("hot-key");
    let early = page.seek(60_000);
    let late = page.seek(300_000);
    let (hot, lag) = late.hottest();
    assert!(lag > 2 * early.lag(hot) && lag > 1_000, "the lag of {hot} goes from {} to {lag}", early.lag(hot));
    let others = late.partitions.keys().filter(|name| *name != hot).map(|name| late.lag(name)).max().expect("there are other partitions");
    assert!(lag > 10 * others, "{hot} has a lag of {lag}, the next one {others}");
    assert_eq!(page.seek(60_000), early, "back at the same moment, everything is as it was");
    page.close();
}

#[test]
fn the_browser_computes_what_the_command_line_computes() {
    let page = Page::open_lab("hot-key");
    for millis in [90_000, 200_123, 30_001] {
        let shown = page.seek(millis).fingerprint;
        assert_eq!(shown, Some(native_fingerprint("hot-key", None, millis)), "at {millis} ms");
    }
    page.close();
}

#[test]
fn every_design_of_a_scenario_can_be_chosen_at_the_same_moment() {
    let page = Page::open_lab("hot-key");
    let base = page.seek(120_000);
    let variants: Vec<String> =
        page.browser.all("button[data-variant]").iter().filter_map(|chip| page.browser.attribute(chip, "data-variant")).collect();
    assert!(variants.len() > 1 && variants[0] == "base", "{variants:?}");
    for variant in &variants[1..] {
        let other = page.choose_variant(variant);
        assert_eq!(other.time_ms, base.time_ms);
        assert_eq!(other.fingerprint, Some(native_fingerprint("hot-key", Some(variant), 120_000)), "{variant}");
    }
    page.choose_variant("base");
    assert_eq!(page.settled(), base);
    page.close();
}

#[test]
fn doubling_the_members_heals_nothing_and_is_kept_over_a_reload() {
    let page = Page::open_lab("hot-key");
    let untouched = page.seek(240_000);
    let (hot, lag) = untouched.hottest();
    let start = page.seek(60_000);
    page.press_button("Double to ");
    page.press_button("Undo");
    page.wait("nothing to undo", || page.browser.all("button.undo").is_empty().then_some(()));
    assert_eq!(page.seek(240_000), untouched, "what is undone never was");

    page.seek(60_000);
    page.press_button("Double to ");
    page.the("button.undo");
    let doubled = page.seek(240_000);
    assert_eq!(doubled.members.len(), 2 * start.members.len());
    let now = doubled.lag(hot);
    assert!(now.abs_diff(lag) * 20 <= lag, "twice the members, and the lag of {hot} is {now} instead of {lag}");
    page.browser.reload();
    assert_eq!(page.settled_at(240_000.0), doubled, "a reload keeps the intervention and the moment");

    page.press_button("Back to the scenario as it came");
    let back = page.wait("members as before", || {
        page.stage().filter(|stage| stage.members.len() == start.members.len() && stage.fingerprint.is_some())
    });
    assert_eq!(back, untouched);
    page.close();
}

#[test]
fn a_broken_file_shows_its_errors_and_keeps_the_run() {
    let page = Page::open_lab("hot-key");
    let before = page.seek(30_000);
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/hot-key.yaml")).expect("hot-key is there");
    let broken = std::env::temp_dir().join(format!("laglab-broken-{}.yaml", std::process::id()));
    std::fs::write(&broken, format!("{text}\nnonsense: 1\n")).expect("a file can be written");
    page.import(&broken);
    let line = text.lines().count() + 2;
    let problem = page.the(&format!("li[data-line='{line}']"));
    assert!(page.browser.text(&problem).contains("nonsense"), "{}", page.browser.text(&problem));
    assert_eq!(page.settled(), before, "the run stands where it stood");

    // The same file without its error is taken, and has an address of its own.
    std::fs::write(&broken, &text).expect("a file can be written");
    page.import(&broken);
    page.wait("own file", || page.browser.run("return location.hash", &[]).as_str().filter(|hash| *hash == "#/lab/mine").map(drop));
    assert_eq!(page.seek(30_000).fingerprint, before.fingerprint);
    std::fs::remove_file(&broken).expect("a file can be removed");
    page.close();
}
