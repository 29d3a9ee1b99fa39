//! Numbers as people read them: `18 400`, `1.2 k/s`, `01:14.2`, `41 s`. All text that is made of a run gets its numbers here.

/// Nanoseconds since the start of a run.
type Nanos = u64;

/// Between groups of three digits: narrow, and no line breaks there.
const THIN: char = '\u{202f}';

/// `18 400`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(THIN);
        }
        text.push(digit);
    }
    text
}

/// `950`, `1.2 k`, `18 k`, `1.5 M`: for axes and narrow places.
pub fn short(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        size if size >= 999_500_000.0 => (value / 1e9, " G"),
        size if size >= 999_500.0 => (value / 1e6, " M"),
        size if size >= 999.5 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let text = if scaled.abs() >= 99.95 || (unit.is_empty() && scaled.fract() == 0.0) {
        format!("{scaled:.0}")
    } else if unit.is_empty() && scaled.abs() < 1.0 {
        format!("{scaled:.2}")
    } else {
        format!("{scaled:.1}")
    };
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text };
    format!("{text}{unit}")
}

/// Records a second: `320/s`, `6.0 k/s`.
pub fn rate(per_second: f64) -> String {
    match per_second {
        r if r >= 99_950.0 => format!("{:.0} k/s", r / 1e3),
        r if r >= 999.5 => format!("{:.1} k/s", r / 1e3),
        r if r >= 9.95 || r <= 0.0 => format!("{:.0}/s", r.max(0.0)),
        r => format!("{r:.1}/s"),
    }
}

/// `01:14.2`, and `1:02:03.4` past an hour.
pub fn clock(at: Nanos) -> String {
    let tenths = at / 100_000_000;
    let (hours, minutes, seconds) = (tenths / 36_000, tenths / 600 % 60, tenths / 10 % 60);
    match hours {
        0 => format!("{minutes:02}:{seconds:02}.{}", tenths % 10),
        _ => format!("{hours}:{minutes:02}:{seconds:02}.{}", tenths % 10),
    }
}

/// `02:00`: without tenths, for ends and ticks.
pub fn clock_short(at: Nanos) -> String {
    let text = clock(at);
    text.split('.').next().expect("split gives one part").to_owned()
}

/// A length of time from milliseconds: `40 µs`, `230 ms`, `41 s`, `5 min`.
pub fn millis(ms: f64) -> String {
    match ms {
        m if !m.is_finite() => "never".to_owned(),
        m if m >= 600_000.0 => format!("{:.0} min", m / 60_000.0),
        m if m >= 120_000.0 => format!("{:.1} min", m / 60_000.0),
        m if m >= 9_950.0 => format!("{:.0} s", m / 1e3),
        m if m >= 999.5 => format!("{:.1} s", m / 1e3),
        m if m >= 9.95 => format!("{m:.0} ms"),
        m if m >= 0.9995 => format!("{m:.1} ms"),
        m if m > 0.0 => format!("{:.0} µs", m * 1e3),
        _ => "0 ms".to_owned(),
    }
}

/// `52 %`.
pub fn share(of_one: f64) -> String {
    format!("{:.0} %", of_one * 100.0)
}

/// How fast: `1/50 ×`, `20 ×`, `1 250 ×`.
pub fn speed(factor: f64) -> String {
    if factor >= 9.95 {
        format!("{} ×", count(factor.round() as u64))
    } else if factor >= 0.995 {
        format!("{} ×", short((factor * 10.0).round() / 10.0))
    } else if factor > 0.0 {
        format!("1/{:.0} ×", 1.0 / factor)
    } else {
        "0 ×".to_owned()
    }
}

/// A coordinate: a tenth of a pixel is enough, and short text is fast to set.
pub fn px(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    if tenths % 10 == 0 { (tenths / 10).to_string() } else { format!("{:.1}", tenths as f64 / 10.0) }
}

/// Cut to so many characters, with an ellipsis.
pub fn fit(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(characters.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let plain = |text: String| text.replace(THIN, " ");
        assert_eq!(plain(count(0)), "0");
        assert_eq!(plain(count(999)), "999");
        assert_eq!(plain(count(18_400)), "18 400");
        assert_eq!(plain(count(1_234_567)), "1 234 567");
        assert_eq!(short(24_000.0), "24 k");
        assert_eq!(short(1_250.0), "1.2 k");
        assert_eq!(short(0.25), "0.25");
        assert_eq!(short(2_000_000.0), "2 M");
        assert_eq!(rate(6_000.0), "6.0 k/s");
        assert_eq!(rate(320.4), "320/s");
        assert_eq!(rate(0.0), "0/s");
        assert_eq!(clock(74_250_000_000), "01:14.2");
        assert_eq!(clock(3_723_400_000_000), "1:02:03.4");
        assert_eq!(clock_short(120_000_000_000), "02:00");
        assert_eq!(millis(0.04), "40 µs");
        assert_eq!(millis(41_000.0), "41 s");
        assert_eq!(millis(f64::INFINITY), "never");
        assert_eq!(speed(0.01), "1/100 ×");
        assert_eq!(plain(speed(1_250.0)), "1 250 ×");
        assert_eq!(px(12.0), "12");
        assert_eq!(px(12.34), "12.3");
        assert_eq!(fit("a very long name", 6), "a ver…");
    }
}
