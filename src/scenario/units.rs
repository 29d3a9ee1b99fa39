//! Numbers with their unit in the value: `250ms`, `500/s`, `16KiB`, `0.1%`.
//! Arithmetic is exact: decimals are whole numbers of the smallest unit, never floats, where the engine counts in whole numbers.

use crate::engine::time::Duration;

/// What is wrong with a value, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub message: String,
    pub help: String,
}

fn wrong<T>(message: impl Into<String>, help: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { message: message.into(), help: help.into() })
}

const TIME_UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

const SIZE_UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// `250ms`, `1.5s`, `2m`.
pub fn duration(text: &str) -> Result<Duration, Wrong> {
    let (number, unit) = split(text);
    if unit.is_empty() && decimal(number).is_some() {
        return wrong(format!("`{text}` has no unit"), format!("write {number}ms or {number}s"));
    }
    let Some((_, nanos)) = TIME_UNITS.iter().find(|(name, _)| *name == unit) else {
        return wrong(format!("`{}` is not a time", super::tree::shorten(text)), "write a number with its unit: 250ms, 2m, 1h");
    };
    match decimal(number).and_then(|number| number.times(*nanos)) {
        Some(nanos) => Ok(Duration(nanos)),
        None => wrong(format!("`{}` is not a time", super::tree::shorten(text)), "write a number with its unit: 250ms, 2m, 1h"),
    }
}

/// Bytes: `400B`, `16KiB`.
pub fn size(text: &str) -> Result<u64, Wrong> {
    let (number, unit) = split(text);
    if unit.is_empty() && decimal(number).is_some() {
        return wrong(format!("`{text}` has no unit"), format!("write {number}B or {number}KiB"));
    }
    let unit = SIZE_UNITS.iter().find(|(name, _)| *name == unit).map(|(_, bytes)| *bytes);
    match unit.zip(decimal(number)).and_then(|(unit, number)| number.times(unit)) {
        Some(bytes) => Ok(bytes),
        None => wrong(
            format!("`{}` is not a size", super::tree::shorten(text)),
            "write a whole number of bytes with its unit: 400B, 16KiB, 1MiB",
        ),
    }
}

/// Records a second: `500/s`.
pub fn rate(text: &str) -> Result<f64, Wrong> {
    let help = "write records a second: 500/s";
    let Some((number, unit)) = text.split_once('/') else {
        let help = if decimal(text).is_some() { format!("write {text}/s") } else { help.into() };
        return wrong(format!("`{}` is not a rate", super::tree::shorten(text)), help);
    };
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return wrong(format!("`{}` is not a rate", super::tree::shorten(text)), help),
    };
    match decimal(number.trim()) {
        Some(number) => Ok(number.float() / seconds),
        None => wrong(format!("`{}` is not a rate", super::tree::shorten(text)), help),
    }
}

/// `30%` as 0.3.
pub fn percent(text: &str) -> Result<f64, Wrong> {
    let Some(number) = text.strip_suffix('%') else {
        let help = match decimal(text) {
            Some(number) if number.float() <= 1.0 => format!("write {}%", number.float() * 100.0),
            Some(_) => format!("write {text}%"),
            None => "write a share in percent: 30%".into(),
        };
        return wrong(format!("`{}` is not a share", super::tree::shorten(text)), help);
    };
    match decimal(number.trim()) {
        Some(number) => Ok(number.float() / 100.0),
        None => wrong(format!("`{}` is not a share", super::tree::shorten(text)), "write a share in percent: 30%"),
    }
}

/// A whole number without a unit.
pub fn count(text: &str) -> Result<u64, Wrong> {
    match text.parse::<u64>() {
        Ok(number) if !text.starts_with('+') => Ok(number),
        _ => wrong(format!("`{}` is not a whole number", super::tree::shorten(text)), "write a number without unit, sign or point: 12"),
    }
}

/// A number without a unit.
pub fn number(text: &str) -> Result<f64, Wrong> {
    let (positive, sign) = match text.strip_prefix('-') {
        Some(rest) => (rest, -1.0),
        None => (text, 1.0),
    };
    match decimal(positive) {
        Some(number) => Ok(sign * number.float()),
        None => wrong(format!("`{}` is not a number", super::tree::shorten(text)), "write a number without a unit: 1.5"),
    }
}

/// A decimal number as digits and how many of them stand after the point.
struct Decimal<'t> {
    text: &'t str,
    digits: u128,
    scale: u32,
}

impl Decimal<'_> {
    /// How many of the smallest unit; none if that is no whole number or too large.
    fn times(&self, unit: u64) -> Option<u64> {
        let product = self.digits.checked_mul(u128::from(unit))?;
        let power = 10u128.pow(self.scale);
        if product % power != 0 {
            return None;
        }
        // `u64::MAX` nanoseconds mean never.
        u64::try_from(product / power).ok().filter(|whole| *whole < u64::MAX)
    }

    fn float(&self) -> f64 {
        self.text.parse().expect("digits with a point are a number")
    }
}

fn decimal(text: &str) -> Option<Decimal<'_>> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return None;
    }
    let scale = part.len() as u32;
    let value = whole.parse::<u128>().ok()? * 10u128.pow(scale) + part.parse::<u128>().ok()?;
    Some(Decimal { text, digits: value, scale })
}

fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_exact() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("0.1us"), Ok(Duration(100)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert!(duration("0.5ns").is_err(), "half a nanosecond is no time of the engine");
        assert!(duration("-1s").is_err());
        assert!(duration("99999999999999999999h").is_err());
    }

    #[test]
    fn a_number_without_unit_says_what_to_write() {
        assert_eq!(duration("250").unwrap_err().help, "write 250ms or 250s");
        assert_eq!(rate("500").unwrap_err().help, "write 500/s");
        assert_eq!(percent("0.3").unwrap_err().help, "write 30%");
        assert_eq!(size("400").unwrap_err().help, "write 400B or 400KiB");
    }

    #[test]
    fn sizes_rates_and_shares() {
        assert_eq!(size("16KiB"), Ok(16_384));
        assert_eq!(size("1.5KiB"), Ok(1_536));
        assert_eq!(rate("500/s"), Ok(500.0));
        assert_eq!(rate("30/m"), Ok(0.5));
        assert_eq!(percent("0.1%"), Ok(0.001));
        assert_eq!(number("-2.5"), Ok(-2.5));
        assert!(count("1e3").is_err());
    }
}
