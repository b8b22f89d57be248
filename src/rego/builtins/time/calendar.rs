//! The proleptic Gregorian calendar, between a count of nanoseconds and civil fields.

pub(super) const NANOS_PER_SECOND: i128 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Fields of a clock and a calendar. What [`Civil::of`] makes is in range; [`Civil::nanos`] also takes what is not,
/// and counts on (the 32nd of a month is the next month's 1st or so).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) nanos: i64,
}

impl Civil {
    /// The fields of an instant, given as nanoseconds since 1970 as the local clock shows them.
    pub(super) fn of(local_nanos: i128) -> Self {
        let nanos = local_nanos.rem_euclid(NANOS_PER_SECOND);
        let seconds = i64::try_from(local_nanos.div_euclid(NANOS_PER_SECOND)).unwrap_or_default();
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let (year, month, day) = date_of(seconds.div_euclid(SECONDS_PER_DAY));
        Self {
            year,
            month,
            day,
            hour: of_day / 3600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
            nanos: i64::try_from(nanos).unwrap_or_default(),
        }
    }

    /// Nanoseconds since 1970, as if the fields were UTC.
    pub(super) fn nanos(&self) -> i128 {
        let months = self.year.saturating_mul(12).saturating_add(self.month - 1);
        let first = days_before(months.div_euclid(12), months.rem_euclid(12) + 1);
        let days = i128::from(first) + i128::from(self.day) - 1;
        let seconds = days * i128::from(SECONDS_PER_DAY)
            + i128::from(self.hour) * 3600
            + i128::from(self.minute) * 60
            + i128::from(self.second);
        seconds * NANOS_PER_SECOND + i128::from(self.nanos)
    }

    pub(super) fn weekday(&self) -> usize {
        // 1970-01-01 was a Thursday.
        let days = days_before(self.year, self.month) + self.day - 1;
        usize::try_from((days + 4).rem_euclid(7)).unwrap_or_default()
    }

    pub(super) fn weekday_name(&self) -> &'static str {
        WEEKDAYS[self.weekday()]
    }

    pub(super) fn month_name(&self) -> &'static str {
        MONTHS[usize::try_from(self.month - 1).unwrap_or_default() % MONTHS.len()]
    }

    /// From 1.
    pub(super) fn day_of_year(&self) -> i64 {
        days_before(self.year, self.month) - days_before(self.year, 1) + self.day
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(super) fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the first of the month. Years are counted from March, so that the leap day comes last.
fn days_before(year: i64, month: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.saturating_sub(1), month + 9) };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5;
    era.saturating_mul(146_097)
        .saturating_add(of_era * 365 + of_era / 4 - of_era / 100 + of_year)
        .saturating_sub(719_468)
}

fn date_of(days_since_1970: i64) -> (i64, i64, i64) {
    let days = days_since_1970 + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let year = days.div_euclid(146_097) * 400 + year_of_era;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_fields_and_nanoseconds_are_each_others_inverse() {
        for days in (-800_000..800_000).step_by(37) {
            let nanos = i128::from(days) * i128::from(SECONDS_PER_DAY) * NANOS_PER_SECOND + 123;
            let civil = Civil::of(nanos);
            assert_eq!(civil.nanos(), nanos);
            assert!((1..=days_in(civil.year, civil.month)).contains(&civil.day));
        }
    }

    #[test]
    fn fields_out_of_range_count_on() {
        let base = Civil { year: 2023, month: 1, day: 31, hour: 0, minute: 0, second: 0, nanos: 0 };
        let next = Civil { month: 2, ..base };
        assert_eq!(Civil::of(next.nanos()), Civil { month: 3, day: 3, ..base });
        let far = Civil { month: 13 + 12, day: 1, ..base };
        assert_eq!(Civil::of(far.nanos()), Civil { year: 2025, month: 1, day: 1, ..base });
    }
}
