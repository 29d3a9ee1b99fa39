//! Reads the sources and fails where they break what the crate is built on:
//! data flows `ui → report → scenario → engine` and `bin → report`, never back; the engine knows no browser, no YAML, no
//! clock and no file, and nothing in it may differ between machines. (clippy.toml bans the latter by type as well, where
//! names may lie; this test needs no types and says what to do instead.)

use std::fs;
use std::path::{Path, PathBuf};

/// What each part may know of the others.
const MAY_USE: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("scenario", &["engine"]),
    ("report", &["scenario", "engine"]),
    ("ui", &["report", "scenario", "engine"]),
    ("bin", &["report", "scenario", "engine"]),
];

/// Crates that work only inside a browser: the page's.
const BROWSER: &[&str] = &["gloo", "js_sys", "plotters_canvas", "wasm_bindgen", "wasm_bindgen_futures", "web_sys", "yew"];
/// Crates that the engine may use.
const OF_ENGINE: &[&str] = &["libm", "serde"];
/// Parts of the standard library that look outside. The commands in `bin` do; all else runs inside a browser too.
const OUTSIDE: &[&str] = &["env", "fs", "io", "net", "os", "path", "process", "thread", "time"];
/// What gives other bits natively and in WebAssembly, or another order in each process.
const UNLIKE_FLOATS: &[&str] = &[
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "exp", "exp2", "exp_m1", "hypot", "ln", "ln_1p",
    "log10", "log2", "powf", "powi", "sin", "sin_cos", "sinh", "tan", "tanh",
];
const UNORDERED: &[&str] = &["HashMap", "HashSet", "RandomState"];
/// Names of files that say nothing of what is in them.
const SAY_NOTHING: &[&str] = &["common.rs", "helpers.rs", "misc.rs", "util.rs", "utils.rs"];

#[test]
fn arrows_run_one_way_and_the_engine_looks_at_nothing_outside() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = dependencies(&fs::read_to_string(root.join("Cargo.toml")).expect("the crate has a manifest"));
    let mut files = Vec::new();
    gather(&root.join("src"), &mut files);
    assert!(files.len() > 20, "the sources are where they are looked for");
    let mut wrong = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).expect("it lies within").to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&file).expect("sources can be read");
        wrong.extend(check(&name, &text, &crates).into_iter().map(|problem| format!("{name}:{problem}")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder can be read").map(|entry| entry.expect("so can its entries").path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            gather(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
}

/// The names under which the sources would know the crates of a manifest, without those of tests.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut crates = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            inside = section == "dependencies" || section.ends_with(".dependencies");
            crates.extend(section.strip_prefix("dependencies.").map(str::to_owned));
        } else if inside && let Some((name, _)) = line.split_once('=') {
            crates.push(name.trim().to_owned());
        }
    }
    crates.iter().map(|name| name.replace('-', "_")).collect()
}

/// What is wrong with one file, each as `LINE: …`.
fn check(name: &str, text: &str, crates: &[String]) -> Vec<String> {
    let mut module: Vec<&str> = name.trim_start_matches("src/").trim_end_matches(".rs").split('/').collect();
    if module.last() == Some(&"mod") {
        module.pop();
    }
    let part = module[0];
    let Some((_, may_use)) = MAY_USE.iter().find(|(known, _)| *known == part) else { return Vec::new() };
    let code = Code::read(text);
    let mut wrong = Vec::new();
    if SAY_NOTHING.iter().any(|nothing| name.ends_with(&format!("/{nothing}"))) {
        wrong.push("1: the name of this file does not say what is in it: call it after Kafka's class".to_owned());
    }
    for (line, path) in code.paths() {
        let shown = path.join("::");
        let first = path[0].as_str();
        if let Some(target) = resolve(&module, &path)
            && target != part
            && MAY_USE.iter().any(|(known, _)| *known == target)
            && !may_use.contains(&target.as_str())
        {
            wrong.push(format!("{line}: {part} may not know {target} ({shown})"));
        }
        if BROWSER.contains(&first) && part != "ui" && part != "bin" {
            wrong.push(format!("{line}: only ui knows a browser ({shown})"));
        }
        if part == "engine" && crates.iter().any(|known| known == first) && !OF_ENGINE.contains(&first) {
            wrong.push(format!("{line}: the engine does without {first} ({shown})"));
        }
    }
    // Tests may read the files that they are about.
    for (line, path) in Code::read(text).without_tests().paths() {
        let looks_out = path[0] == "std" && path.get(1).is_some_and(|second| OUTSIDE.contains(&second.as_str()));
        if looks_out && part != "bin" {
            wrong.push(format!("{line}: {part} looks at nothing outside of it ({})", path.join("::")));
        }
    }
    if part == "engine" && !name.ends_with("/tests.rs") {
        let code = code.without_tests();
        for (place, token) in code.tokens.iter().enumerate() {
            let Token { line, text } = token;
            let after = |by: usize, what: &str| code.tokens.get(place + by).is_some_and(|next| next.text == what);
            let before = |by: usize| place.checked_sub(by).map_or("", |before| code.tokens[before].text.as_str());
            let of_float = before(1) == "." && after(1, "(") || before(1) == "::" && matches!(before(2), "f64" | "f32");
            if of_float && UNLIKE_FLOATS.contains(&text.as_str()) {
                wrong.push(format!("{line}: {text} differs natively and in WebAssembly: take libm's"));
            }
            if UNORDERED.contains(&text.as_str()) {
                wrong.push(format!("{line}: {text} has another order in each process: take a Vec or a BTreeMap"));
            }
        }
    }
    wrong
}

/// The part of this crate that a path leads to, as seen from a file.
fn resolve(module: &[&str], path: &[String]) -> Option<String> {
    let mut target: Vec<String> = Vec::new();
    let mut rest = path;
    match path[0].as_str() {
        // A command's own crate is not this one.
        "crate" if module[0] == "bin" => return None,
        "crate" | "laglab" => rest = &rest[1..],
        "super" => {
            let supers = path.iter().take_while(|name| *name == "super").count();
            target = module[..module.len().saturating_sub(supers)].iter().map(|name| (*name).to_owned()).collect();
            rest = &rest[supers..];
        }
        _ => return None,
    }
    target.extend(rest.iter().cloned());
    target.into_iter().next()
}

struct Token {
    line: usize,
    text: String,
}

/// A source as words and signs, without comments and without what stands in quotes.
struct Code {
    tokens: Vec<Token>,
}

impl Code {
    fn read(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let at = |place: usize| chars.get(place).copied().unwrap_or('\0');
        let mut tokens = Vec::new();
        let (mut place, mut line) = (0, 1);
        while place < chars.len() {
            let start = place;
            let c = chars[place];
            if c == '/' && at(place + 1) == '/' {
                while place < chars.len() && chars[place] != '\n' {
                    place += 1;
                }
            } else if c == '/' && at(place + 1) == '*' {
                let mut depth = 0;
                loop {
                    if at(place) == '/' && at(place + 1) == '*' {
                        depth += 1;
                        place += 2;
                    } else if at(place) == '*' && at(place + 1) == '/' {
                        depth -= 1;
                        place += 2;
                    } else {
                        place += 1;
                    }
                    if depth == 0 || place >= chars.len() {
                        break;
                    }
                }
            } else if let Some(end) = raw_string(&chars, place) {
                place = end;
            } else if c == '"' {
                place += 1;
                while place < chars.len() && chars[place] != '"' {
                    place += if chars[place] == '\\' { 2 } else { 1 };
                }
                place += 1;
            } else if c == '\'' && (at(place + 1) == '\\' || at(place + 2) == '\'') {
                place += if at(place + 1) == '\\' { 3 } else { 2 };
                while place < chars.len() && chars[place] != '\'' {
                    place += 1;
                }
                place += 1;
            } else if c.is_alphanumeric() || c == '_' {
                while at(place).is_alphanumeric() || at(place) == '_' {
                    place += 1;
                }
                tokens.push(Token { line, text: chars[start..place].iter().collect() });
            } else if c == ':' && at(place + 1) == ':' {
                place += 2;
                tokens.push(Token { line, text: "::".to_owned() });
            } else {
                place += 1;
                if !c.is_whitespace() {
                    tokens.push(Token { line, text: c.to_string() });
                }
            }
            line += chars[start..place.min(chars.len())].iter().filter(|c| **c == '\n').count();
        }
        Code { tokens }
    }

    /// Every path with `::` in it, a group `a::{b, c}` as one path for each.
    fn paths(&self) -> Vec<(usize, Vec<String>)> {
        let mut found = Vec::new();
        let mut place = 0;
        while place < self.tokens.len() {
            place = self.path(place, &[], &mut found).max(place + 1);
        }
        found.retain(|(_, path)| path.len() > 1);
        found
    }

    /// Reads one path, or each of a group, from `place` on and returns the place behind it.
    fn path(&self, mut place: usize, prefix: &[String], found: &mut Vec<(usize, Vec<String>)>) -> usize {
        let mut path = prefix.to_vec();
        let text = |place: usize| self.tokens.get(place).map_or("", |token| token.text.as_str());
        let line = self.tokens[place].line;
        loop {
            if text(place) == "{" && !path.is_empty() {
                place += 1;
                while !matches!(text(place), "}" | "") {
                    place = self.path(place, &path, found).max(place + 1);
                }
                return place + 1;
            }
            if !text(place).starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '*') {
                return place;
            }
            path.push(text(place).to_owned());
            place += 1;
            if text(place) != "::" {
                found.push((line, path));
                return place;
            }
            place += 1;
        }
    }

    /// Without each `#[cfg(test)] mod NAME { … }`: what only tests do is not part of a run.
    fn without_tests(self) -> Code {
        let mut kept: Vec<Token> = Vec::new();
        let mut depth_of_tests: Option<usize> = None;
        let mut depth = 0;
        for token in self.tokens {
            if token.text == "{" {
                let cut = kept.len().saturating_sub(2);
                let head: Vec<&str> = kept[..cut].iter().rev().take(7).map(|token| token.text.as_str()).collect();
                let is_module = kept.get(cut).is_some_and(|token| token.text == "mod");
                if depth_of_tests.is_none() && is_module && head == ["]", ")", "test", "(", "cfg", "[", "#"] {
                    depth_of_tests = Some(depth);
                }
                depth += 1;
            }
            if token.text == "}" {
                depth -= 1;
                if depth_of_tests == Some(depth) {
                    depth_of_tests = None;
                    continue;
                }
            }
            if depth_of_tests.is_none() {
                kept.push(token);
            }
        }
        Code { tokens: kept }
    }
}

/// The place behind a raw string that begins here, if one does.
fn raw_string(chars: &[char], place: usize) -> Option<usize> {
    let at = |place: usize| chars.get(place).copied().unwrap_or('\0');
    if place > 0 && (chars[place - 1].is_alphanumeric() || chars[place - 1] == '_') {
        return None;
    }
    let start = place + usize::from(at(place) == 'b');
    if at(start) != 'r' {
        return None;
    }
    let hashes = (start + 1..).take_while(|&place| at(place) == '#').count();
    let open = start + 1 + hashes;
    if at(open) != '"' {
        return None;
    }
    let close = |place: usize| at(place) == '"' && (1..=hashes).all(|by| at(place + by) == '#');
    Some((open + 1..chars.len()).find(|&place| close(place)).map_or(chars.len(), |end| end + 1 + hashes))
}

mod the_check_itself {
    use super::*;

    fn crates() -> Vec<String> {
        dependencies(
            "[package]\nname = \"x\"\n[dependencies]\nlibm = \"0.2\"\nserde_json = \"1\"\n[dependencies.yew]\nversion = \"1\"\n[target.'cfg(unix)'.dependencies]\nweb-sys = \"1\"\n[dev-dependencies]\nother = \"1\"\n",
        )
    }

    #[track_caller]
    fn expect(file: &str, text: &str, problems: &[&str]) {
        assert_eq!(check(file, text, &crates()), problems, "{text}");
    }

    #[test]
    fn reads_manifests() {
        assert_eq!(crates(), ["libm", "serde_json", "yew", "web_sys"]);
    }

    #[test]
    fn sees_an_arrow_that_runs_back() {
        expect("src/engine/world.rs", "\nuse crate::report::text;", &["2: engine may not know report (crate::report::text)"]);
        expect("src/engine/log/mod.rs", "use super::super::ui;", &["1: engine may not know ui (super::super::ui)"]);
        expect(
            "src/scenario/file.rs",
            "use crate::{engine::time, report::{json, text}};",
            &["1: scenario may not know report (crate::report::json)", "1: scenario may not know report (crate::report::text)"],
        );
        expect("src/report/json.rs", "fn f() { crate::ui::app::App::new() }", &["1: report may not know ui (crate::ui::app::App::new)"]);
        expect("src/bin/laglab.rs", "use laglab::ui::app;", &["1: bin may not know ui (laglab::ui::app)"]);
    }

    #[test]
    fn lets_arrows_run_forth() {
        expect("src/ui/app.rs", "use crate::{report, scenario::file, engine};\nuse super::view;", &[]);
        expect("src/report/json.rs", "use crate::scenario::file; use crate::engine::time::Instant; use super::text;", &[]);
        expect("src/engine/log/unified_log.rs", "use super::report::Report; use super::super::time::Instant;", &[]);
        expect("src/bin/site/main.rs", "use crate::ui::x; use std::fs;", &[]);
    }

    #[test]
    fn sees_the_engine_look_outside() {
        expect("src/engine/a.rs", "use std::time::Instant;", &["1: engine looks at nothing outside of it (std::time::Instant)"]);
        expect("src/engine/a.rs", "use std::{fmt, fs::File};", &["1: engine looks at nothing outside of it (std::fs::File)"]);
        expect("src/scenario/a.rs", "fn f() { std::env::var(\"X\") }", &["1: scenario looks at nothing outside of it (std::env::var)"]);
        expect("src/engine/a.rs", "use serde_json::Value; use libm::exp;", &["1: the engine does without serde_json (serde_json::Value)"]);
        expect("src/report/a.rs", "use web_sys::window;", &["1: only ui knows a browser (web_sys::window)"]);
    }

    #[test]
    fn sees_what_differs_between_machines() {
        expect(
            "src/engine/a.rs",
            "let y = x.ln() + f64::exp(x);",
            &["1: ln differs natively and in WebAssembly: take libm's", "1: exp differs natively and in WebAssembly: take libm's"],
        );
        expect("src/engine/a.rs", "let m: HashMap<A, B>;", &["1: HashMap has another order in each process: take a Vec or a BTreeMap"]);
        expect("src/engine/a.rs", "libm::exp(x) + x.sqrt() + self.ln + log.log(x)", &[]);
        expect("src/scenario/a.rs", "let y = x.ln(); let m: HashMap<A, B>;", &[]);
    }

    #[test]
    fn leaves_out_what_is_no_code_and_what_only_tests_do() {
        expect("src/engine/a.rs", "// crate::ui::x\n/* crate::ui /* HashMap */ */ let s = \"\\\" crate::ui::x HashMap\";", &[]);
        expect("src/engine/a.rs", "let s = r#\"crate::ui::x \" HashMap\"#; let c = '\"'; fn f<'a>(x: &'a str) {} let d = '\\'';", &[]);
        expect("src/engine/a.rs", "#[cfg(test)]\nmod tests { fn f() { x.ln(); { HashMap::new() } } }", &[]);
        expect(
            "src/engine/a.rs",
            "#[cfg(test)] mod tests { x.ln(); }\nfn f() { x.exp() }",
            &["2: exp differs natively and in WebAssembly: take libm's"],
        );
        expect("src/engine/log/tests.rs", "fn f() { x.ln() }", &[]);
    }

    #[test]
    fn wants_names_that_say_something() {
        expect("src/engine/log/utils.rs", "", &["1: the name of this file does not say what is in it: call it after Kafka's class"]);
    }
}
