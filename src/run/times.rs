//! How long a component was in each stage, for the log. Waiting counts: for memory and for a place in evaluation to the
//! stage that waits, which is `fetch`.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::Stage;

/// Stages in the order in which they were first entered.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    now: Option<(Stage, Instant)>,
    spent: Vec<(Stage, Duration)>,
}

impl Times {
    /// Leaves one stage and is in another.
    pub(super) fn enter(&mut self, stage: Stage) {
        self.leave();
        self.now = Some((stage, Instant::now()));
    }

    /// The last stage is over.
    pub(super) fn leave(&mut self) {
        let Some((stage, since)) = self.now.take() else { return };
        match self.spent.iter_mut().find(|(it, _)| *it == stage) {
            Some((_, spent)) => *spent += since.elapsed(),
            None => self.spent.push((stage, since.elapsed())),
        }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (stage, spent)) in self.spent.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{stage} {} ms", spent.as_millis())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stage_that_is_entered_again_is_told_once() {
        let mut times = Times::default();
        for (stage, milliseconds) in [
            (Stage::Fetch, 30),
            (Stage::Evaluate, 5),
            (Stage::Judge, 1),
            (Stage::Evaluate, 7),
            (Stage::Fetch, 1),
        ] {
            times.enter(stage);
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        }
        times.leave();
        tokio::time::sleep(Duration::from_millis(100)).await;
        times.leave();
        assert_eq!(times.to_string(), "fetch 31 ms, evaluate 12 ms, judge 1 ms");
        assert_eq!(Times::default().to_string(), "");
    }
}
