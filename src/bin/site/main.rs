//! `cargo site`: builds, serves and tests the page, with nothing to install first but rustup and a C compiler.
//!
//! `build` leaves a static folder, `serve` shows it while one works, `test` runs every test there is.

mod build;
mod cargo;
mod chromium;
mod install;
mod serve;
mod tally;
mod test;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo site build               a static folder in target/site, for any web server and any path
       cargo site serve [--port N]    the page on 127.0.0.1:8080, built again and reloaded when a source changes
       cargo site test [STEP]…        every test, or only these: format, lints, native, wasm, walk";

/// Why a command ended early, in a sentence for the terminal.
type Problem = String;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["build"] => build::build(&root()).map(|page| {
            page.announce();
            ExitCode::SUCCESS
        }),
        ["serve"] => serve::serve(&root(), serve::FIRST_PORT).map(|()| ExitCode::SUCCESS),
        ["serve", "--port", port] => match port.parse() {
            Ok(port) => serve::serve(&root(), port).map(|()| ExitCode::SUCCESS),
            Err(_) => Err(format!("{port} is no port: give a number up to 65535")),
        },
        ["test", steps @ ..] => test::test(&root(), steps),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        [] | [..] => Err(USAGE.to_owned()),
    };
    outcome.unwrap_or_else(|problem| {
        eprintln!("{problem}");
        ExitCode::from(2)
    })
}

/// The folder of Cargo.toml: cargo names it at run time, so that a moved clone still works.
fn root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
}
