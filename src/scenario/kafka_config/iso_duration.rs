//! Durations as `java.time.Duration.parse` reads them: `PT1H30M`, `P2D`, `PT0.5S`, in either case, with signs.
//! Left out: durations of 584 years and more, which are refused.

use crate::engine::time::Duration;

const SECOND: i128 = 1_000_000_000;

/// None: it is no duration, or a negative one.
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.to_ascii_uppercase();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let text = text.strip_prefix('P')?;
    let (date, time) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let (days, rest) = part(date, 'D', 86_400)?;
    let (hours, time) = part(time, 'H', 3_600)?;
    let (minutes, time) = part(time, 'M', 60)?;
    let (seconds, time) = seconds(time)?;
    if !(rest.is_empty() && time.is_empty()) {
        return None;
    }
    let nanos = days + hours + minutes + seconds;
    u64::try_from(if negative { -nanos } else { nanos }).ok().map(Duration)
}

/// A signed number before `unit`, in nanoseconds, and what comes after; zero where the unit does not come.
fn part(text: &str, unit: char, of_seconds: i128) -> Option<(i128, &str)> {
    match text.split_once(unit) {
        Some((number, rest)) => Some((signed(number)? * of_seconds * SECOND, rest)),
        None => Some((0, text)),
    }
}

fn seconds(text: &str) -> Option<(i128, &str)> {
    let Some((number, rest)) = text.split_once('S') else { return Some((0, text)) };
    let (whole, fraction) = number.split_once(['.', ',']).unwrap_or((number, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: i128 = format!("{fraction:0<9}").parse().ok()?;
    let nanos = signed(whole)? * SECOND + if whole.starts_with('-') { -fraction } else { fraction };
    Some((nanos, rest))
}

fn signed(number: &str) -> Option<i128> {
    number.parse::<i64>().ok().map(i128::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_java_s() {
        let taken =
            [("PT1H30M", 5_400_000), ("p2dt1s", 172_801_000), ("PT0.5S", 500), ("PT1H-30M", 1_800_000), ("PT0S", 0), ("-PT-1S", 1_000)];
        for (text, millis) in taken {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "P", "PT", "1H", "PT1", "P1H", "PT1M1H", "PT-1S", "PT1.0000000000S", "PTS", "P1DT", "PT1H ", "P1Y", "PT-0.5S"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
