//! The picture: one lane for each agent, emails as bars, calls below them, interruptions marked on the emails.

use super::format::{duration, hours_and_minutes, short_id, time_of_day};
use super::html::escape;
use super::model::{AgentReport, Call, Email, Report};

/// All lengths are in the picture's own units: pixels where the page is as wide as the picture.
const NAME_WIDTH: i64 = 140;
const PLOT_WIDTH: i64 = 1_040;
const RIGHT_MARGIN: i64 = 24;
const WIDTH: i64 = NAME_WIDTH + PLOT_WIDTH + RIGHT_MARGIN;
const AXIS_HEIGHT: i64 = 30;
const LANE_PADDING: i64 = 9;
const BAR_HEIGHT: i64 = 14;
const BAR_PITCH: i64 = 17;
const CALL_HEIGHT: i64 = 6;
/// What is shorter would not be seen.
const MIN_WIDTH: i64 = 2;

const HALF_HOUR_MS: i64 = 30 * 60_000;
const DAY_MS: i64 = 48 * HALF_HOUR_MS;

/// The picture as an SVG element. What lies before the shift is cut off at its beginning.
pub(super) fn render(report: &Report) -> String {
    let scale = Scale::of(report);
    let mut top = AXIS_HEIGHT;
    let mut stripes = Vec::new();
    let mut lanes = Vec::new();
    for (index, agent) in report.agents.iter().enumerate() {
        let Lane { svg, height } = Lane::of(agent, &scale, top);
        if index % 2 == 0 {
            stripes.push(format!("<rect class=\"stripe\" x=\"0\" y=\"{top}\" width=\"{WIDTH}\" height=\"{height}\"/>"));
        }
        lanes.push(svg);
        top += height;
    }
    // The axis lies over the stripes and under the bars.
    let (stripes, axis, lanes) = (stripes.concat(), axis(&scale, top), lanes.concat());
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {top}\" role=\"img\" aria-label=\"Emails, calls and interruptions of each agent over \
         the day\">{stripes}{axis}{lanes}</svg>"
    )
}

/// From moments to places.
struct Scale {
    from_ms: i64,
    until_ms: i64,
}

impl Scale {
    /// From the shift's beginning to the last end, in whole half hours.
    fn of(report: &Report) -> Self {
        let emails = report.agents.iter().flat_map(|agent| &agent.emails).filter_map(|email| email.handled);
        let calls = report.agents.iter().flat_map(|agent| &agent.calls).map(|call| call.ended_ms);
        let last_ms = emails.map(|handled| handled.ended_ms).chain(calls).max().unwrap_or(report.shift_end_ms);
        Self {
            from_ms: report.shift_start_ms.div_euclid(HALF_HOUR_MS) * HALF_HOUR_MS,
            until_ms: (last_ms.max(report.shift_end_ms) / HALF_HOUR_MS + 1) * HALF_HOUR_MS,
        }
    }

    fn x(&self, epoch_ms: i64) -> i64 {
        let within = epoch_ms.clamp(self.from_ms, self.until_ms);
        NAME_WIDTH + (within - self.from_ms) * PLOT_WIDTH / (self.until_ms - self.from_ms)
    }

    fn bar(&self, class: &str, y: i64, height: i64, from_ms: i64, until_ms: i64, title: &str) -> String {
        let x = self.x(from_ms);
        let width = (self.x(until_ms) - x).max(MIN_WIDTH);
        let title = escape(title);
        format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"2\">\
             <title>{title}</title></rect>"
        )
    }
}

struct Lane {
    svg: String,
    height: i64,
}

impl Lane {
    fn of(agent: &AgentReport, scale: &Scale, top: i64) -> Self {
        let levels = levels(&agent.emails, scale);
        let level_count = levels.iter().max().map_or(1, |highest| highest + 1);
        let calls_y = top + LANE_PADDING + level_count * BAR_PITCH;
        let height = 2 * LANE_PADDING + level_count * BAR_PITCH + CALL_HEIGHT;
        let middle = top + height / 2 + 4;
        let name = format!("<text class=\"name\" x=\"12\" y=\"{middle}\">{}</text>", escape(&agent.name));
        let emails = agent.emails.iter().zip(levels);
        let emails = emails.flat_map(|(email, level)| email_bars(email, scale, top + LANE_PADDING + level * BAR_PITCH));
        let calls = agent.calls.iter().map(|call| call_bar(call, scale, calls_y));
        Self { svg: std::iter::once(name).chain(emails).chain(calls).collect(), height }
    }
}

/// Emails that are open at once are drawn below each other. They come in the order in which they began.
fn levels(emails: &[Email], scale: &Scale) -> Vec<i64> {
    let mut free_from_ms: Vec<i64> = Vec::new();
    let mut level_count = 0;
    let mut levels = Vec::with_capacity(emails.len());
    for email in emails {
        let ends_ms = shown_end(email, scale);
        if let Some((level, from_ms)) = (0..).zip(&mut free_from_ms).find(|(_, from_ms)| **from_ms <= email.started_ms)
        {
            *from_ms = ends_ms;
            levels.push(level);
        } else {
            levels.push(level_count);
            level_count += 1;
            free_from_ms.push(ends_ms);
        }
    }
    levels
}

/// An open email is drawn to the end of the picture.
fn shown_end(email: &Email, scale: &Scale) -> i64 {
    email.handled.map_or(scale.until_ms, |handled| handled.ended_ms)
}

/// The email, its interruptions, and an arrow if it began before the picture does.
fn email_bars(email: &Email, scale: &Scale, y: i64) -> Vec<String> {
    let reference_ms = scale.from_ms;
    let id = short_id(&email.conversation_id);
    let case = email.case.as_ref().map_or_else(|| "no Case".to_owned(), |case| format!("Case {case}"));
    let from = time_of_day(email.started_ms, reference_ms);
    let (class, title) = match email.handled {
        Some(handled) => {
            let until = time_of_day(handled.ended_ms, reference_ms);
            let [gross, interrupted, net] =
                [handled.time.gross, handled.time.interrupted, handled.time.net].map(duration);
            let times = format!("gross {gross} − interrupted {interrupted} = net {net}");
            ("email", format!("Email {id}, {case}\n{from} to {until}\n{times}"))
        }
        None => ("email open", format!("Email {id}, {case}\nstill open; known since {from}")),
    };
    let mut bars = vec![scale.bar(class, y, BAR_HEIGHT, email.started_ms, shown_end(email, scale), &title)];
    bars.extend(email.interruptions.iter().map(|interruption| {
        let call = short_id(&interruption.call_conversation_id);
        let from = time_of_day(interruption.started_ms, reference_ms);
        let until_ms = interruption.ended_ms.unwrap_or(scale.until_ms);
        let until = interruption.ended_ms.map_or_else(|| "open".to_owned(), |ms| time_of_day(ms, reference_ms));
        let lasted = duration(interruption.duration_ms);
        let title = format!("Interrupted by call {call}\n{from} to {until}, {lasted}\nEmail {id}, {case}");
        scale.bar("interruption", y, BAR_HEIGHT, interruption.started_ms, until_ms, &title)
    }));
    if email.started_ms < scale.from_ms {
        let x = scale.x(email.started_ms);
        bars.push(format!("<path class=\"earlier\" d=\"M{x} {y}l-7 7l7 7z\"/>"));
    }
    bars
}

fn call_bar(call: &Call, scale: &Scale, y: i64) -> String {
    let (class, kind) = match (call.is_answered, call.is_outbound) {
        (false, _) => ("call unanswered", "Unanswered call"),
        (true, true) => ("call outbound", "Outbound call"),
        (true, false) => ("call", "Call"),
    };
    let id = short_id(&call.conversation_id);
    let from = time_of_day(call.started_ms, scale.from_ms);
    let until = time_of_day(call.ended_ms, scale.from_ms);
    let lasted = duration(call.ended_ms - call.started_ms);
    let title = format!("{kind} {id}\n{from} to {until}, {lasted}");
    scale.bar(class, y, CALL_HEIGHT, call.started_ms, call.ended_ms, &title)
}

/// A line each half hour; whole hours and midnight stand out.
fn axis(scale: &Scale, bottom: i64) -> String {
    let half_hours = (scale.until_ms - scale.from_ms) / HALF_HOUR_MS;
    let mark = |half_hour: i64| {
        let moment_ms = scale.from_ms + half_hour * HALF_HOUR_MS;
        let x = scale.x(moment_ms);
        let line = |class: &str| {
            format!("<line class=\"{class}\" x1=\"{x}\" y1=\"{AXIS_HEIGHT}\" x2=\"{x}\" y2=\"{bottom}\"/>")
        };
        if moment_ms % (2 * HALF_HOUR_MS) != 0 {
            return line("half");
        }
        let label = hours_and_minutes(moment_ms);
        let label = format!("<text class=\"tick\" x=\"{x}\" y=\"{}\">{label}</text>", AXIS_HEIGHT - 11);
        line(if moment_ms % DAY_MS == 0 { "midnight" } else { "hour" }) + &label
    };
    (0..=half_hours).map(mark).collect()
}
