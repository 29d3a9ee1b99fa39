//! Scales and their round numbers.

/// From values to shares of the height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// From zero to the top, with a tick at each step.
    Linear { top: f64, step: f64 },
    /// From one power of ten to another.
    Logarithmic { low: i32, high: i32 },
}

impl Scale {
    /// Three to six ticks at 1, 2 or 5 times a power of ten, and room above the peak.
    pub fn linear(peak: f64) -> Scale {
        let peak = if peak.is_finite() && peak > 0.0 { peak } else { 1.0 };
        let power = 10f64.powf((peak / 4.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| step * 4.5 >= peak).unwrap_or(10.0 * power);
        Scale::Linear { top: ((peak * 1.02 / step).ceil() * step).max(step), step }
    }

    pub fn logarithmic(lowest: f64, peak: f64) -> Scale {
        let power = |value: f64, or: i32| if value.is_finite() && value > 0.0 { value.log10().floor() as i32 } else { or };
        let low = power(lowest, 0).clamp(-3, 6);
        let high = (power(peak * 1.02, low) + 1).clamp(low + 2, 9);
        Scale::Logarithmic { low, high }
    }

    pub fn share(&self, value: f64) -> f64 {
        let share = match *self {
            Scale::Linear { top, .. } => value / top,
            Scale::Logarithmic { low, high } => (value.max(1e-9).log10() - f64::from(low)) / f64::from(high - low),
        };
        share.clamp(0.0, 1.0)
    }

    pub fn ticks(&self) -> Vec<f64> {
        match *self {
            Scale::Linear { top, step } => (0..=(top / step).round() as u32).map(|i| f64::from(i) * step).collect(),
            Scale::Logarithmic { low, high } => {
                let every = 1 + (high - low) / 7;
                (low..=high).filter(|power| (power - low) % every == 0).map(|power| 10f64.powi(power)).collect()
            }
        }
    }
}

/// Ticks of time in ms, about 75 pixels apart or more.
pub fn time_ticks(duration: f64, width: f64) -> Vec<f64> {
    const STEPS: [f64; 22] = [
        0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0,
        21_600.0, 86_400.0,
    ];
    let most = (width / 75.0).max(1.0);
    let step = STEPS.into_iter().map(|s| s * 1e3).find(|step| duration / step <= most).unwrap_or(duration.max(1.0));
    (0..=(duration / step + 1e-9) as u32).map(|i| f64::from(i) * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few_and_hold_the_peak() {
        for peak in [0.0, 0.3, 1.0, 7.0, 99.0, 100.0, 18_400.0, 23_999.0, 1e7] {
            let scale = Scale::linear(peak);
            let ticks = scale.ticks();
            assert!((3..=6).contains(&ticks.len()) || peak == 0.0, "{peak}: {ticks:?}");
            assert!(*ticks.last().expect("there is a tick") >= peak);
        }
        assert_eq!(Scale::linear(18_400.0).ticks(), [0.0, 5_000.0, 10_000.0, 15_000.0, 20_000.0]);
        assert_eq!(Scale::logarithmic(4.0, 240_000.0), Scale::Logarithmic { low: 0, high: 6 });
    }

    #[test]
    fn time_is_told_in_round_steps() {
        assert_eq!(time_ticks(120_000.0, 560.0), [0.0, 20_000.0, 40_000.0, 60_000.0, 80_000.0, 100_000.0, 120_000.0]);
        assert!(time_ticks(600_000.0, 300.0).len() <= 5);
        assert_eq!(time_ticks(0.0, 300.0), [0.0]);
    }
}
