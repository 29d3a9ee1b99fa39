//! A real browser, driven by its own driver: found, or installed where this machine lets us, or named exactly.
//!
//! Tests in a browser are never left out in silence: without one, the test fails and says what to install.

use crate::{Problem, install};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub struct Chromium {
    browser: PathBuf,
    driver: PathBuf,
}

const BROWSERS: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const ELSEWHERE: [&str; 3] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
];
const ADVICE: &str = "The tests in the browser need Chromium (or Chrome) and ChromeDriver of the same version:
    Debian, Ubuntu   apt-get install chromium chromium-driver
    Fedora           dnf install chromium chromedriver
    Arch             pacman -S chromium
    macOS            brew install --cask google-chrome chromedriver
    elsewhere        https://googlechromelabs.github.io/chrome-for-testing/
The variables CHROME_BIN and CHROMEDRIVER name them where they are not on the PATH.";

impl Chromium {
    pub fn find_or_install() -> Result<Self, Problem> {
        if Self::find().is_none() && install::may_use_apt() {
            install::apt(&["chromium", "chromium-driver"]).map_err(|problem| format!("{problem}\n{ADVICE}"))?;
        }
        let chromium = Self::find().ok_or(ADVICE)?;
        let (browser, driver) = (version(&chromium.browser)?, version(&chromium.driver)?);
        if browser.split('.').next() != driver.split('.').next() {
            return Err(format!("The browser has version {browser}, but its driver {driver}.\n{ADVICE}"));
        }
        println!("Chromium {browser} is {}.", chromium.browser.display());
        Ok(chromium)
    }

    fn find() -> Option<Self> {
        let named = |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
        let elsewhere = || ELSEWHERE.iter().map(PathBuf::from).find(|path| path.is_file());
        let browser = named("CHROME_BIN").or_else(|| BROWSERS.iter().find_map(|name| install::find(name))).or_else(elsewhere)?;
        // GitHub's machines name the folder of the driver that fits their Chrome.
        let folder = std::env::var_os("CHROMEWEBDRIVER").map(|folder| Path::new(&folder).join("chromedriver"));
        let driver = named("CHROMEDRIVER").or_else(|| folder.filter(|path| path.is_file())).or_else(|| install::find("chromedriver"))?;
        Some(Chromium { browser, driver })
    }

    /// What a driver is asked for: this browser, without a window, without a word to the network, its console kept.
    pub fn capabilities(&self) -> Value {
        let mut arguments = vec![
            "--headless",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ];
        if install::is_root() {
            arguments.push("--no-sandbox");
        }
        json!({
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": self.browser, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        })
    }

    pub fn driver_path(&self) -> &Path {
        &self.driver
    }

    /// Starts the driver on a port of its own choice.
    pub fn drive(&self) -> Result<Driver, Problem> {
        let failed = |error: std::io::Error| format!("{} does not start: {error}", self.driver.display());
        let mut child = Command::new(&self.driver).arg("--port=0").stdout(Stdio::piped()).spawn().map_err(failed)?;
        let mut lines = BufReader::new(child.stdout.take().expect("the output was piped")).lines();
        while let Some(Ok(line)) = lines.next() {
            let port = line.strip_prefix("ChromeDriver was started successfully on port ").map(|rest| rest.trim_end_matches('.'));
            if let Some(port) = port {
                let address = format!("127.0.0.1:{port}");
                // What it says later is read and dropped, so that it never waits for a reader.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(Driver { child, address });
            }
        }
        drop(child.kill());
        Err(format!("{} ended before it named its port", self.driver.display()))
    }
}

/// A running ChromeDriver, ended when it is dropped.
pub struct Driver {
    child: Child,
    /// Host and port.
    pub address: String,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The version a program says it has: the first of its words that begins with a digit.
fn version(program: &Path) -> Result<String, Problem> {
    let answer = Command::new(program).arg("--version").output();
    let answer = answer.map_err(|error| format!("{} does not start: {error}\n{ADVICE}", program.display()))?;
    let text = String::from_utf8_lossy(&answer.stdout);
    let number = text.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    number.map(str::to_owned).ok_or_else(|| format!("{} does not say its version\n{ADVICE}", program.display()))
}
