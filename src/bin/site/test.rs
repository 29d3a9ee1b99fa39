//! Every test there is, in the order in which a mistake is found soonest.
//!
//! All steps are run even when an early one fails, so that one run shows everything; the last line is the sum.

use crate::build::{self, PROFILE, TARGET};
use crate::cargo::{artifact, cargo};
use crate::chromium::Chromium;
use crate::tally::{Tally, step};
use crate::{Problem, install, serve};
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

const STEPS: [&str; 5] = ["format", "lints", "native", "wasm", "walk"];
/// One set of features for all that runs natively, so that cargo builds each crate once.
const NATIVE: &str = "cli,ssr,site";

pub fn test(root: &Path, chosen: &[&str]) -> Result<ExitCode, Problem> {
    if let Some(unknown) = chosen.iter().find(|name| !STEPS.contains(name)) {
        return Err(format!("{unknown} is no step of the tests: there are {}", STEPS.join(", ")));
    }
    let wanted = |name| chosen.is_empty() || chosen.contains(&name);
    install::wasm_target(root)?;
    let mut tally = Tally::default();
    if wanted("format") {
        step("Format", || tally.check("format", cargo(root).args(["fmt", "--check"])));
    }
    if wanted("lints") {
        step("Lints", || lints(root, &mut tally));
    }
    if wanted("native") {
        let arguments = ["test", "--no-fail-fast", "--features", NATIVE];
        step("Tests, native", || tally.tests("native", cargo(root).args(arguments)));
    }
    if wanted("wasm") || wanted("walk") {
        let mut chromium = Err(String::new());
        step("A browser", || chromium = Chromium::find_or_install());
        if wanted("wasm") {
            step("Tests, wasm in the browser", || report("wasm", &mut tally, |tally| wasm(root, chromium.as_ref()?, tally)));
        }
        if wanted("walk") {
            step("The walk through the page", || report("walk", &mut tally, |tally| walk(root, chromium.as_ref()?, tally)));
        }
    }
    if !tally.failures.is_empty() {
        println!("\nNot in order: {}", tally.failures.join(", "));
    }
    println!("\n{} passed, {} failed", tally.passed, tally.failed);
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn lints(root: &Path, tally: &mut Tally) {
    tally.check("lints", cargo(root).args(["clippy", "--all-targets", "--features", "cli,ssr,browser", "--", "-D", "warnings"]));
    let page = ["clippy", "--lib", "--test", "everywhere", "--features", "page", "--target", TARGET, "--profile", PROFILE];
    tally.check("lints", cargo(root).args(page).args(["--", "-D", "warnings"]));
}

/// The tests that are the same everywhere, in a worker of the browser, built like the page.
fn wasm(root: &Path, chromium: &Chromium, tally: &mut Tally) -> Result<(), Problem> {
    let runner = artifact(root, &["build", "--features", "browser", "--bin", "wasm-test-runner"], "wasm-test-runner", |file| {
        Path::new(file).file_stem().is_some_and(|stem| stem == "wasm-test-runner")
    })?;
    let wanted = root.join("target/webdriver.json");
    fs::write(&wanted, chromium.capabilities().to_string()).map_err(|error| format!("{} cannot be written: {error}", wanted.display()))?;
    let mut command = cargo(root);
    command
        .args(["test", "--test", "everywhere", "--features", "page", "--target", TARGET, "--profile", PROFILE])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
        .env("CHROMEDRIVER", chromium.driver_path())
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", wanted)
        // Long enough for whole scenarios on a slow machine.
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300");
    tally.tests("wasm", &mut command);
    Ok(())
}

/// The built page, under a path of its own as on GitHub Pages, walked through by a browser.
fn walk(root: &Path, chromium: &Chromium, tally: &mut Tally) -> Result<(), Problem> {
    let page = build::build(root)?;
    page.announce();
    let address = serve::background(&page.folder, "/under/some/path/")?;
    let driver = chromium.drive()?;
    let mut command: Command = cargo(root);
    command
        .args(["test", "--features", NATIVE, "--test", "browser", "--", "--test-threads", "1"])
        .env("LAGLAB_PAGE", address)
        .env("LAGLAB_DRIVER", &driver.address)
        .env("LAGLAB_CAPABILITIES", chromium.capabilities().to_string());
    tally.tests("walk", &mut command);
    Ok(())
}

fn report(name: &'static str, tally: &mut Tally, work: impl FnOnce(&mut Tally) -> Result<(), Problem>) {
    if let Err(problem) = work(tally) {
        tally.problem(name, &problem);
    }
}
