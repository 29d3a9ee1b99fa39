//! Runs tests that were compiled to wasm inside a browser: wasm-bindgen's own runner, of the version in Cargo.lock.
//!
//! `cargo site test` names this program to cargo as the runner of its target.

fn main() -> std::process::ExitCode {
    match wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
