//! Figures about several measurements of one thing, under the names that OPA gives them.

use serde_json::{Map, Number, Value as Json};

/// The quantiles that are shown, by their names.
const QUANTILES: [(&str, f64); 6] =
    [("75%", 0.75), ("90%", 0.9), ("95%", 0.95), ("99%", 0.99), ("99.9%", 0.999), ("99.99%", 0.9999)];

/// Of at least one measurement; in nanoseconds here.
#[derive(Clone, Debug)]
pub(super) struct Statistics {
    sorted: Vec<u64>,
}

#[allow(clippy::cast_precision_loss, reason = "nanoseconds of some days are exact")]
fn float(value: u64) -> f64 {
    value as f64
}

impl Statistics {
    pub(super) fn of(mut samples: Vec<u64>) -> Self {
        samples.sort_unstable();
        Self { sorted: samples }
    }

    pub(super) fn min(&self) -> u64 {
        self.sorted.first().copied().unwrap_or(0)
    }

    pub(super) fn max(&self) -> u64 {
        self.sorted.last().copied().unwrap_or(0)
    }

    fn count(&self) -> f64 {
        float(self.sorted.len() as u64)
    }

    pub(super) fn mean(&self) -> f64 {
        if self.sorted.is_empty() { 0.0 } else { float(self.sorted.iter().sum()) / self.count() }
    }

    /// Between the two samples next to it in proportion.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index below the count")]
    pub(super) fn quantile(&self, quantile: f64) -> f64 {
        let place = quantile * (self.count() + 1.0);
        if place < 1.0 {
            return float(self.min());
        }
        let below = place.floor() as usize;
        match (self.sorted.get(below - 1), self.sorted.get(below)) {
            (Some(low), Some(high)) => float(*low) + place.fract() * (float(*high) - float(*low)),
            _ => float(self.max()),
        }
    }

    fn deviation(&self) -> f64 {
        let mean = self.mean();
        let squares: f64 = self.sorted.iter().map(|it| (float(*it) - mean).powi(2)).sum();
        if self.sorted.is_empty() { 0.0 } else { (squares / self.count()).sqrt() }
    }

    /// Name and figure, in the order of the names.
    pub(super) fn figures(&self) -> Vec<(&'static str, f64)> {
        let mut all: Vec<_> =
            QUANTILES.iter().map(|(name, quantile)| (*name, self.quantile(*quantile))).collect();
        all.extend([
            ("count", self.count()),
            ("max", float(self.max())),
            ("mean", self.mean()),
            ("median", self.quantile(0.5)),
            ("min", float(self.min())),
            ("stddev", self.deviation()),
        ]);
        all
    }

    pub(super) fn json(&self) -> Json {
        let pairs = self.figures().into_iter().map(|(name, figure)| (name.to_owned(), number(figure)));
        Json::Object(pairs.collect::<Map<_, _>>())
    }
}

/// A number, whole ones without a fraction.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "checked")]
pub(super) fn number(value: f64) -> Json {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Json::from(value as i64);
    }
    Number::from_f64(value).map_or(Json::Null, Json::Number)
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "exact by construction")]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_samples() {
        let statistics = Statistics::of(vec![30, 10, 20]);
        assert_eq!((statistics.min(), statistics.max()), (10, 30));
        assert_eq!([0.1, 0.5, 0.6, 0.99].map(|it| statistics.quantile(it)), [10.0, 20.0, 24.0, 30.0]);
        assert_eq!(statistics.mean(), 20.0);
    }

    #[test]
    fn one_sample_is_every_figure() {
        let statistics = Statistics::of(vec![7]);
        assert_eq!([0.0, 0.5, 1.0].map(|it| statistics.quantile(it)), [7.0, 7.0, 7.0]);
        assert_eq!(statistics.json()["stddev"], 0);
    }
}
