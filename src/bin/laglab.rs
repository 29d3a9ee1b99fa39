//! The command line: check, run and describe scenario files.
//!
//! Exit codes: 0, all is well; 1, an expectation does not hold (or, with `--lesson`, the lesson is not true); 2, the file or
//! the command is wrong. What was asked for goes to standard output, everything else to standard error.

use clap::{Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use laglab::engine::design::Design;
use laglab::engine::simulation::{Progress, Simulation};
use laglab::engine::time::{Duration, Instant};
use laglab::report::outcome::Outcome;
use laglab::report::{describe, json, lesson, text};
use laglab::scenario::problem::{Problem, Severity, render_all};
use laglab::scenario::{Scenario, schema, units};
use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "laglab", version, about = "A Kafka you can break: runs scenario files and says whether the design holds.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Says what is wrong with scenario files, all of it.
    Check {
        /// Scenario files; `-` is standard input.
        #[arg(required = true)]
        files: Vec<String>,
    },
    /// Runs a scenario and judges its expectations.
    Run {
        file: String,
        /// Runs this variant instead of the base.
        #[arg(long)]
        variant: Option<String>,
        /// Instead of the seed of the file.
        #[arg(long)]
        seed: Option<u64>,
        /// Stops at this moment: 90s.
        #[arg(long, value_parser = moment)]
        until: Option<Instant>,
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
        /// Runs the base and all variants, and asks that exactly the declared expectations fail.
        #[arg(long, conflicts_with_all = ["variant", "until"])]
        lesson: bool,
    },
    /// Prints the groups at a moment as `kafka-consumer-groups --describe` does.
    Describe {
        file: String,
        /// The moment: 90s.
        #[arg(long, value_parser = moment)]
        at: Instant,
        /// Only this group.
        #[arg(long)]
        group: Option<String>,
        #[arg(long)]
        variant: Option<String>,
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Prints the JSON Schema of scenario files, for editors.
    Schema,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

const HOLDS: u8 = 0;
const FAILS: u8 = 1;
const WRONG: u8 = 2;

fn main() -> ExitCode {
    let code = match Arguments::parse().command {
        Command::Check { files } => files.iter().map(|file| check(file)).max().unwrap_or(HOLDS),
        Command::Run { file, seed, format, lesson: true, .. } => told(run_lesson(&file, seed, format)),
        Command::Run { file, variant, seed, until, format, lesson: false } => told(run(&file, variant.as_deref(), seed, until, format)),
        Command::Describe { file, at, group, variant, seed } => {
            told(describe_groups(&file, at, group.as_deref(), variant.as_deref(), seed))
        }
        Command::Schema => {
            print(&schema::text());
            HOLDS
        }
    };
    ExitCode::from(code)
}

/// What is wrong with a command, ready to be shown.
struct Complaint(String);

fn told(result: Result<u8, Complaint>) -> u8 {
    match result {
        Ok(code) => code,
        Err(Complaint(text)) => {
            eprint!("{text}");
            WRONG
        }
    }
}

fn moment(text: &str) -> Result<Instant, String> {
    units::duration(text).map(|time| Instant::ZERO + time).map_err(|wrong| format!("{}: {}", wrong.message, wrong.help))
}

/// To standard output; a reader that has gone away is no error.
fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

fn read(file: &str) -> Result<String, Complaint> {
    let mut bytes = Vec::new();
    let result = match file {
        "-" => std::io::stdin().lock().read_to_end(&mut bytes).map(|_| ()),
        _ => std::fs::read(file).map(|read| bytes = read),
    };
    result.map_err(|error| Complaint(format!("error: {file}: {error}\n")))?;
    String::from_utf8(bytes).map_err(|_| Complaint(format!("error: {file} is not UTF-8 text\n")))
}

fn open(file: &str) -> Result<Scenario, Complaint> {
    let scenario = Scenario::parse(file, &read(file)?).map_err(|problems| complaint(file, &problems))?;
    eprint!("{}", render_all(file, &scenario.notes));
    Ok(scenario)
}

fn complaint(file: &str, problems: &[Problem]) -> Complaint {
    Complaint(render_all(file, problems))
}

/// What the command line asks for and the file has not.
fn unknown(problems: Vec<Problem>) -> Complaint {
    Complaint(problems.iter().map(|problem| format!("error: {}; {}\n", problem.message, problem.help)).collect())
}

fn check(file: &str) -> u8 {
    let text = match read(file) {
        Ok(text) => text,
        Err(complaint) => return told(Err(complaint)),
    };
    let (problems, code) = match Scenario::parse(file, &text) {
        Ok(scenario) => (scenario.notes, HOLDS),
        Err(problems) => (problems, WRONG),
    };
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    eprint!("{}", render_all(file, &problems));
    print(&match (code, problems.len()) {
        (HOLDS, 0) => format!("{file}: nothing is wrong\n"),
        (HOLDS, notes) => format!("{file}: nothing is wrong ({notes} to note)\n"),
        _ => format!("{file}: {errors} to mend\n"),
    });
    code
}

fn run(file: &str, variant: Option<&str>, seed: Option<u64>, until: Option<Instant>, format: Format) -> Result<u8, Complaint> {
    let scenario = open(file)?;
    let design = scenario.design(variant, seed).map_err(unknown)?;
    let mut sim = play(design, until, variant.unwrap_or("base"));
    let outcome = Outcome::of(&scenario, variant, &mut sim).map_err(unknown)?;
    match format {
        Format::Text => print(&text::run(&outcome)),
        Format::Json => print(&(json::run(&outcome).to_string() + "\n")),
    }
    Ok(if outcome.holds() { HOLDS } else { FAILS })
}

fn run_lesson(file: &str, seed: Option<u64>, format: Format) -> Result<u8, Complaint> {
    let scenario = open(file)?;
    let report = lesson::judge(&scenario, seed, |variant, design| play(design, None, variant.unwrap_or("base"))).map_err(unknown)?;
    match format {
        Format::Text => print(&lesson::text(&scenario, &report)),
        Format::Json => print(&(lesson::json(&scenario, &report).to_string() + "\n")),
    }
    Ok(if report.holds() { HOLDS } else { FAILS })
}

fn describe_groups(file: &str, at: Instant, group: Option<&str>, variant: Option<&str>, seed: Option<u64>) -> Result<u8, Complaint> {
    let scenario = open(file)?;
    let names = scenario.names(variant).map_err(unknown)?;
    if let Some(group) = group
        && !names.groups.iter().any(|known| known == group)
    {
        return Err(Complaint(format!("error: there is no group `{group}`; one of: {}\n", names.groups.join(", "))));
    }
    let mut sim = play(scenario.design(variant, seed).map_err(unknown)?, Some(at), variant.unwrap_or("base"));
    let snapshot = sim.snapshot();
    for one in snapshot.groups.iter().filter(|one| group.is_none_or(|group| names.groups[one.id.index()] == group)) {
        let described = describe::group(one, &snapshot, names);
        eprint!("{}", described.remark);
        print(&described.table);
    }
    Ok(HOLDS)
}

/// Records and events between two looks at the clock.
const SLICE: u64 = 2_000_000;
/// Shorter runs need no bar.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);

/// Runs to the end or a moment; a long run shows how far it is, on a terminal.
fn play(design: Design, until: Option<Instant>, what: &str) -> Simulation {
    let end = Instant::ZERO + design.duration;
    let until = until.unwrap_or(end).min(end);
    let mut sim = Simulation::without_checkpoints(design);
    let started = std::time::Instant::now();
    let mut bar: Option<ProgressBar> = None;
    while sim.run_towards(until, SLICE) == Progress::Working {
        if bar.is_none() && started.elapsed() > PATIENCE && std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{prefix} {bar:40} {msg}").expect("the template is right");
            bar = Some(ProgressBar::new(until.0.max(1)).with_style(style).with_prefix(what.to_owned()));
        }
        if let Some(bar) = &bar {
            bar.set_position(sim.now().0);
            let speed = sim.now().as_secs_f64() / started.elapsed().as_secs_f64();
            bar.set_message(format!("{} of {}, {speed:.0} × real time", sim.now(), Duration(until.0)));
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    sim
}
