//! The page as a folder of static files: one wasm, the scripts that start it, styles, icons and scenarios.
//!
//! The library is compiled as a `cdylib` and bound by wasm-bindgen as a library of the version in Cargo.lock, so there
//! is no tool to install whose version could differ. Every link is relative. `wasm-opt` makes the file smaller where it
//! is present; the page is whole without it.

use crate::cargo::artifact;
use crate::{Problem, install};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

/// The profile of Cargo.toml in which the page is built, and its tests with it.
pub const PROFILE: &str = "page";
pub const TARGET: &str = "wasm32-unknown-unknown";

/// A built page.
pub struct Page {
    pub folder: PathBuf,
    /// Size of the wasm in bytes, as it lies on the disk and as a web server sends it.
    pub wasm_bytes: usize,
    pub wasm_gzip_bytes: usize,
}

impl Page {
    pub fn announce(&self) {
        let kib = |bytes: usize| bytes.div_ceil(1024);
        println!(
            "The page is in {}. Its wasm has {} KiB, {} KiB as gzip.",
            self.folder.display(),
            kib(self.wasm_bytes),
            kib(self.wasm_gzip_bytes)
        );
    }
}

/// Builds into `target/site`. What was there stays until the new page is complete.
pub fn build(root: &Path) -> Result<Page, Problem> {
    install::wasm_target(root)?;
    let compiled = compile(root)?;
    let folder = root.join("target/site");
    let next = root.join("target/site.next");
    remove(&next)?;
    assemble(root, &compiled, &next)?;
    let wasm_path = next.join("laglab_bg.wasm");
    optimise(root, &wasm_path)?;
    let wasm = read(&wasm_path)?;
    let wasm_gzip_bytes = gzip_bytes(&wasm);
    remove(&folder)?;
    fs::rename(&next, &folder).map_err(|error| format!("{} could not be moved to {}: {error}", next.display(), folder.display()))?;
    Ok(Page { folder, wasm_bytes: wasm.len(), wasm_gzip_bytes })
}

/// Compiles the library for the browser and answers where cargo put it.
fn compile(root: &Path) -> Result<PathBuf, Problem> {
    let arguments = ["rustc", "--lib", "--crate-type", "cdylib", "--features", "page", "--target", TARGET, "--profile", PROFILE];
    artifact(root, &arguments, "laglab", |file| file.ends_with(".wasm"))
}

fn assemble(root: &Path, compiled: &Path, folder: &Path) -> Result<(), Problem> {
    for (from, to) in [("www", folder.to_owned()), ("static", folder.to_owned()), ("scenarios", folder.join("scenarios"))] {
        let from = root.join(from);
        if from.is_dir() {
            copy(&from, &to)?;
        }
    }
    let mut bindgen = Bindgen::new();
    let bound = bindgen
        .input_path(compiled)
        .out_name("laglab")
        .typescript(false)
        .debug(false)
        .keep_debug(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .omit_default_module_path(false)
        .web(true)
        .and_then(|bindgen| bindgen.generate(folder));
    bound.map_err(|error| format!("wasm-bindgen cannot bind {}: {error:#}", compiled.display()))
}

/// Runs `wasm-opt` over the file, if there is one on the PATH or from npm's `binaryen`.
fn optimise(root: &Path, wasm: &Path) -> Result<(), Problem> {
    let local = root.join("node_modules/.bin/wasm-opt");
    let Some(wasm_opt) = install::find("wasm-opt").or_else(|| local.is_file().then_some(local)) else {
        return Ok(());
    };
    let features = ["simd", "bulk-memory", "nontrapping-float-to-int", "sign-ext", "mutable-globals", "reference-types", "multivalue"];
    let status = Command::new(&wasm_opt)
        .arg("-O3")
        .args(features.map(|feature| format!("--enable-{feature}")))
        .arg(wasm)
        .arg("-o")
        .arg(wasm)
        .status()
        .map_err(|error| format!("{} does not start: {error}", wasm_opt.display()))?;
    if !status.success() {
        eprintln!("{} failed, so the wasm is left as the compiler made it.", wasm_opt.display());
    }
    Ok(())
}

fn gzip_bytes(bytes: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte").len()
}

fn copy(from: &Path, to: &Path) -> Result<(), Problem> {
    let failed = |error: std::io::Error| format!("{} cannot be copied to {}: {error}", from.display(), to.display());
    fs::create_dir_all(to).map_err(failed)?;
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).map_err(failed)?;
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<(), Problem> {
    if !folder.exists() {
        return Ok(());
    }
    fs::remove_dir_all(folder).map_err(|error| format!("{} cannot be removed: {error}", folder.display()))
}

fn read(file: &Path) -> Result<Vec<u8>, Problem> {
    fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
}
