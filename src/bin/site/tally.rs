//! Runs the steps of the tests, shows what they print, and counts what passed and what failed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Passed and failed, over all steps.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u32,
    pub failed: u32,
    /// The steps that failed, for the last lines.
    pub failures: Vec<&'static str>,
}

impl Tally {
    /// Runs a command that either passes or fails as a whole.
    pub fn check(&mut self, name: &'static str, command: &mut Command) {
        match command.status() {
            Ok(status) if status.success() => self.passed += 1,
            Ok(_) => self.fail(name, 1),
            Err(error) => self.problem(name, &error.to_string()),
        }
    }

    /// Runs a command that runs tests, and counts them. A command that runs none has failed: it was to test something.
    pub fn tests(&mut self, name: &'static str, command: &mut Command) {
        let mut child = match command.stdout(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(error) => return self.problem(name, &error.to_string()),
        };
        let mut sum = (0, 0);
        for line in BufReader::new(child.stdout.take().expect("the output was piped")).split(b'\n') {
            let Ok(line) = line else { break };
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            let (passed, failed) = counts(&line).unwrap_or_default();
            sum = (sum.0 + passed, sum.1 + failed);
        }
        let succeeded = child.wait().is_ok_and(|status| status.success());
        self.passed += sum.0;
        match sum {
            (0, 0) => self.problem(name, "no test was run"),
            (_, 0) if succeeded => {}
            (_, failed) => self.fail(name, failed.max(1)),
        }
    }

    /// Counts a step that could not be done as one failure, and says why.
    pub fn problem(&mut self, name: &'static str, problem: &str) {
        eprintln!("{problem}");
        self.fail(name, 1);
    }

    fn fail(&mut self, name: &'static str, count: u32) {
        self.failed += count;
        if self.failures.last() != Some(&name) {
            self.failures.push(name);
        }
    }
}

/// Prints a heading, does the step, and says how long it took.
pub fn step(heading: &str, work: impl FnOnce()) {
    println!("\n== {heading}");
    let begun = Instant::now();
    work();
    println!("== {:.0} s", begun.elapsed().as_secs_f64());
}

/// Reads `test result: ok. 12 passed; 0 failed; …`, as Rust's own harness and wasm-bindgen's print it.
fn counts(line: &str) -> Option<(u32, u32)> {
    let result = line.trim().strip_prefix("test result: ")?;
    let count = |what: &str| {
        let before = result.split([';', '.']).find_map(|part| part.trim().strip_suffix(what))?;
        before.trim().parse().ok()
    };
    Some((count("passed")?, count("failed")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_both_harnesses_are_read() {
        assert_eq!(counts("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s"), Some((12, 0)));
        assert_eq!(counts("    test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 filtered out; finished in 0.20s"), Some((3, 2)));
        assert_eq!(counts("test tests::the_results_of_both_harnesses_are_read ... ok"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_step_without_a_test_or_with_a_bad_end_has_failed() {
        let shell = |script: &str| {
            let mut tally = Tally::default();
            tally.tests("step", Command::new("sh").args(["-c", script]));
            (tally.passed, tally.failed)
        };
        assert_eq!(shell("echo 'test result: ok. 2 passed; 0 failed; 0 ignored'"), (2, 0));
        assert_eq!(shell("echo 'test result: ok. 2 passed; 0 failed; 0 ignored'; exit 101"), (2, 1));
        assert_eq!(shell("echo 'test result: FAILED. 2 passed; 3 failed; 0 ignored'; exit 101"), (2, 3));
        assert_eq!(shell("true"), (0, 1));
        assert_eq!(shell("exit 101"), (0, 1));
    }
}
