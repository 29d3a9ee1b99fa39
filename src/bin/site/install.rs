//! What has to be on the machine: found, installed where that is possible, and otherwise named exactly.

use crate::Problem;
use crate::build::TARGET;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Makes sure that the standard library for the browser is there.
pub fn wasm_target(root: &Path) -> Result<(), Problem> {
    if has_wasm_target(root) {
        return Ok(());
    }
    println!("Rust's {TARGET} target is missing: rustup installs it.");
    let status = Command::new("rustup").args(["target", "add", TARGET]).current_dir(root).status();
    let added = status.is_ok_and(|status| status.success());
    if added && has_wasm_target(root) {
        return Ok(());
    }
    Err(format!("Rust's target for the browser is missing, and rustup could not add it. Install it with:\n    rustup target add {TARGET}"))
}

fn has_wasm_target(root: &Path) -> bool {
    let answer = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).current_dir(root).output();
    answer.is_ok_and(|answer| answer.status.success() && Path::new(String::from_utf8_lossy(&answer.stdout).trim()).is_dir())
}

/// A program on the PATH.
pub fn find(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(&file)).find(|path| path.is_file())
}

/// Whether this machine lets us install packages of Debian or Ubuntu.
pub fn may_use_apt() -> bool {
    is_root() && find("apt-get").is_some()
}

/// Installs packages of Debian or Ubuntu. Says what it runs, since it changes the machine.
pub fn apt(packages: &[&str]) -> Result<(), Problem> {
    println!("apt-get installs {}.", packages.join(" and "));
    let run = |arguments: &[&str]| {
        let status = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("apt-get {} ended with {status}", arguments.join(" "))),
            Err(error) => Err(format!("apt-get does not start: {error}")),
        }
    };
    run(&["update"])?;
    run(&[&["install", "-y", "--no-install-recommends"], packages].concat())
}

/// Whether this process is root: Chromium's sandbox refuses root, and apt-get asks for it.
pub fn is_root() -> bool {
    let answer = Command::new("id").arg("-u").output();
    answer.is_ok_and(|answer| answer.stdout.trim_ascii() == b"0")
}
