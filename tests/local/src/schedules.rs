//! `EventBridge` Scheduler: by the clock, or all at once when told to.

use std::str::FromStr;
use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use futures::future::join_all;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::json;
use uuid::Uuid;

use crate::bus::now;
use crate::delivery::Delivery;
use crate::template::{self, ACCOUNT, REGION, Template};

/// A schedule whose expression can't be read.
#[derive(Debug, thiserror::Error)]
#[error("schedule {name}: {expression} is no rate(…), cron(…) or at(…)")]
pub struct ScheduleError {
    name: String,
    expression: String,
}

/// When a schedule fires, in UTC.
#[derive(Debug, Clone)]
enum Expression {
    Every(Duration),
    Cron(Box<Cron>),
    At(Timestamp),
}

impl FromStr for Expression {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, inner) = text.trim().strip_suffix(')').and_then(|text| text.split_once('(')).ok_or(())?;
        match kind {
            "rate" => rate(inner).map(Self::Every).ok_or(()),
            "cron" => cron(inner).map(|cron| Self::Cron(Box::new(cron))),
            "at" => {
                let at: DateTime = inner.parse().map_err(|_| ())?;
                let at = at.to_zoned(TimeZone::UTC).map_err(|_| ())?;
                Ok(Self::At(at.timestamp()))
            }
            _ => Err(()),
        }
    }
}

fn rate(text: &str) -> Option<Duration> {
    let (count, unit) = text.trim().split_once(' ')?;
    let count: u32 = count.parse().ok().filter(|count| *count > 0)?;
    let minutes = match unit.trim().trim_end_matches('s') {
        "minute" => 1,
        "hour" => 60,
        "day" => 24 * 60,
        _ => return None,
    };
    Some(Duration::from_secs(60 * minutes) * count)
}

/// Six fields as AWS writes them: with a year, and with Sunday as 1.
fn cron(text: &str) -> Result<Cron, ()> {
    CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Required)
        .alternative_weekdays(true)
        .sloppy_ranges(true)
        .build()
        // The parser takes a year only after seconds.
        .parse(&format!("0 {text}"))
        .map_err(|_| ())
}

impl Expression {
    /// The first time after this one.
    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(period) => after.checked_add(*period).ok(),
            Self::At(at) => Some(*at).filter(|at| *at > after),
            Self::Cron(cron) => {
                let after = after.to_zoned(TimeZone::UTC).datetime();
                let next = cron.find_next_occurrence(&after, false).ok()?;
                Some(next.to_zoned(TimeZone::UTC).ok()?.timestamp())
            }
        }
    }
}

struct Schedule {
    template: template::Schedule,
    expression: Expression,
}

/// All schedules.
pub struct Schedules {
    schedules: Vec<Schedule>,
    delivery: Delivery,
}

impl Schedules {
    /// The schedules of a template.
    ///
    /// # Errors
    /// [`ScheduleError`] for an expression that can't be read.
    pub fn new(template: &Template, delivery: Delivery) -> Result<Self, ScheduleError> {
        let schedules = template.schedules.iter().map(|schedule| {
            let expression = schedule
                .expression
                .parse()
                .map_err(|()| ScheduleError { name: schedule.name.clone(), expression: schedule.expression.clone() })?;
            Ok(Schedule { template: schedule.clone(), expression })
        });
        Ok(Self { schedules: schedules.collect::<Result<_, _>>()?, delivery })
    }

    /// Fires every schedule once and waits until the invocations are done; how many there are.
    pub async fn run_all(&self) -> usize {
        let fired = self.schedules.iter().map(|schedule| self.fire(schedule, Timestamp::now()));
        // A target that panicked has been reported by then.
        let _ = join_all(fired.flatten().collect::<Vec<_>>()).await;
        self.schedules.len()
    }

    /// Fires each schedule by the clock, for ever.
    pub async fn run_by_the_clock(&self) {
        join_all(self.schedules.iter().map(|schedule| self.follow(schedule))).await;
    }

    async fn follow(&self, schedule: &Schedule) {
        let mut last = Timestamp::now();
        while let Some(next) = schedule.expression.next(last) {
            let wait = Timestamp::now().until(next).ok();
            let wait = wait.and_then(|span| Duration::try_from(span).ok()).unwrap_or_default();
            tokio::time::sleep(wait).await;
            self.fire(schedule, next);
            last = next;
        }
    }

    fn fire(&self, schedule: &Schedule, at: Timestamp) -> Option<tokio::task::JoinHandle<()>> {
        let payload = match &schedule.template.input {
            Some(input) => with_placeholders(input, &schedule.template.name, at),
            None => default_payload(&schedule.template.name),
        };
        self.delivery.send(&schedule.template.target, payload)
    }
}

fn arn(name: &str) -> String {
    format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}")
}

/// What Scheduler sends to a function where the schedule has no input of its own.
fn default_payload(name: &str) -> String {
    json!({
        "version": "0",
        "id": Uuid::new_v4(),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": now(),
        "region": REGION,
        "resources": [arn(name)],
        // Not an object: Scheduler sends this text.
        "detail": "{}",
    })
    .to_string()
}

/// The context attributes of Scheduler's universal targets.
fn with_placeholders(input: &str, name: &str, at: Timestamp) -> String {
    let time = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    input
        .replace("<aws.scheduler.schedule-arn>", &arn(name))
        .replace("<aws.scheduler.scheduled-time>", &time)
        .replace("<aws.scheduler.execution-id>", &Uuid::new_v4().to_string())
        .replace("<aws.scheduler.attempt-number>", "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(expression: &str, after: &str) -> Option<String> {
        let expression: Expression = expression.parse().expect("a valid expression");
        let next = expression.next(after.parse().expect("a time"));
        next.map(|next| next.to_string())
    }

    #[test]
    fn expressions_fire_when_aws_would() {
        // A Friday.
        let friday = "2026-08-21T10:07:30Z";
        let cases = [
            ("rate(1 minute)", "2026-08-21T10:08:30Z"),
            ("rate(2 hours)", "2026-08-21T12:07:30Z"),
            ("rate(1 day)", "2026-08-22T10:07:30Z"),
            ("cron(0/15 * * * ? *)", "2026-08-21T10:15:00Z"),
            ("cron(0 3 * * ? *)", "2026-08-22T03:00:00Z"),
            // Sunday is 1.
            ("cron(30 4 ? * 1 *)", "2026-08-23T04:30:00Z"),
            ("cron(30 4 ? * MON-FRI *)", "2026-08-24T04:30:00Z"),
            ("cron(0 0 1 1 ? 2028)", "2028-01-01T00:00:00Z"),
            ("at(2026-12-24T18:00:00)", "2026-12-24T18:00:00Z"),
        ];
        for (expression, expected) in cases {
            assert_eq!(next(expression, friday).as_deref(), Some(expected), "{expression}");
        }
        assert_eq!(next("at(2020-01-01T00:00:00)", friday), None);
    }

    #[test]
    fn other_expressions_are_refused() {
        for wrong in ["rate(0 minutes)", "rate(1 fortnight)", "cron(* *)", "at(noon)", "often", "rate(1"] {
            assert!(wrong.parse::<Expression>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn placeholders_of_an_input_are_filled_in() {
        let at = "2026-08-21T10:00:00Z".parse().expect("a time");
        let input = with_placeholders(r#"{"at":"<aws.scheduler.scheduled-time>"}"#, "Nightly", at);
        assert_eq!(input, r#"{"at":"2026-08-21T10:00:00Z"}"#);
    }
}
