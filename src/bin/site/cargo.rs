//! Cargo, run from within the program that cargo runs.

use crate::Problem;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The same cargo that runs this program, in the folder of Cargo.toml.
pub fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    cargo
}

/// Builds, and answers where cargo put the file of `target` that `wanted` knows by its name.
pub fn artifact(root: &Path, arguments: &[&str], target: &str, wanted: fn(&str) -> bool) -> Result<PathBuf, Problem> {
    let mut building = cargo(root)
        .args(arguments)
        .args(["--message-format", "json-render-diagnostics"])
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    let mut found = None;
    for line in BufReader::new(building.stdout.take().expect("the output was piped")).lines() {
        let line = line.map_err(|error| format!("cargo's messages cannot be read: {error}"))?;
        let message: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
        if message["target"]["name"] == target {
            let mut files = message["filenames"].as_array().into_iter().flatten().filter_map(Value::as_str);
            found = files.find(|file| wanted(file)).map(PathBuf::from).or(found);
        }
    }
    let status = building.wait().map_err(|error| format!("cargo does not end: {error}"))?;
    if !status.success() {
        return Err(format!("cargo {} failed", arguments.join(" ")));
    }
    found.ok_or_else(|| format!("cargo {} built no file of {target} that is looked for", arguments.join(" ")))
}
