//! Time zones by name, from the tables in the binary: the machine's own are not looked at, so that a policy gives the
//! same answer everywhere.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::BuiltinError;

/// A zone; `Local` is UTC.
#[derive(Clone, Debug)]
pub(super) enum Zone {
    Utc,
    Named(TimeZone),
}

/// What a zone says at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ZoneInfo {
    pub(super) offset_seconds: i64,
    /// `CET`, or `+03` where a zone has no letters.
    pub(super) abbreviation: String,
}

impl Zone {
    pub(super) fn named(name: &str) -> Result<Self, BuiltinError> {
        if matches!(name, "" | "UTC" | "Local") {
            return Ok(Self::Utc);
        }
        let unknown = || BuiltinError::Failed(format!("unknown time zone {name}"));
        let zone = jiff::tz::db().get(name).map_err(|_| unknown())?;
        // The table is searched without regard to case, Go's is not.
        if zone.iana_name() == Some(name) { Ok(Self::Named(zone)) } else { Err(unknown()) }
    }

    pub(super) fn at(&self, nanos: i64) -> ZoneInfo {
        let utc = ZoneInfo { offset_seconds: 0, abbreviation: "UTC".to_owned() };
        let Self::Named(zone) = self else { return utc };
        let Ok(instant) = Timestamp::from_nanosecond(i128::from(nanos)) else { return utc };
        let info = zone.to_offset_info(instant);
        ZoneInfo {
            offset_seconds: i64::from(info.offset().seconds()),
            abbreviation: info.abbreviation().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_its_exact_name_only() {
        assert!(Zone::named("Europe/Prague").is_ok());
        assert!(Zone::named("EST").is_ok());
        for bad in ["utc", "europe/prague", "Mars/Base", "../etc/passwd"] {
            assert!(Zone::named(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn daylight_saving_time_depends_on_the_instant() {
        let prague = Zone::named("Europe/Prague").unwrap();
        assert_eq!(prague.at(0), ZoneInfo { offset_seconds: 3600, abbreviation: "CET".into() });
        let summer = 1_720_000_000_000_000_000;
        assert_eq!(prague.at(summer), ZoneInfo { offset_seconds: 7200, abbreviation: "CEST".into() });
    }
}
