//! The report as one page: key figures, the picture, and the tables.

use super::format::{date, duration, hours_and_minutes, share, time_of_day};
use super::ghosts::{self, GhostReport};
use super::model::{Email, Report, Totals};
use super::sessions::{self, SessionReport};
use super::timeline;

const STYLE: &str = include_str!("style.css");

const LEGEND: [(&str, &str); 5] = [
    ("email", "Email being handled"),
    ("interruption", "interrupted by a call"),
    ("call", "Call from a customer"),
    ("call outbound", "Outbound call (no interruption)"),
    ("call unanswered", "Unanswered call"),
];

/// The whole page.
pub(super) fn render(report: &Report, ghosts: &[GhostReport], sessions: &[SessionReport]) -> String {
    let day = escape(&date(report.shift_start_ms));
    let from = hours_and_minutes(report.shift_start_ms);
    let until = hours_and_minutes(report.shift_end_ms);
    let agents = report.agents.len();
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Email handle time without interruptions, {day}</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
<header>
<h1>Email handle time without interruptions</h1>
<p>{day}, {from} to {until} UTC · {agents} agents · as logged in Salesforce</p>
</header>
{figures}
<section>
<h2>Each agent’s day</h2>
{legend}
<div class="wide">{timeline}</div>
</section>
<section>
<h2>By agent</h2>
<div class="wide">{sums}</div>
</section>
<section>
<h2>Interruptions</h2>
<div class="wide">{details}</div>
</section>
{ghosts}{sessions}<footer>
<p>Gross: from the moment the agent was connected to the email until its end. Interrupted: the part of it that the same
agent spent on customers’ calls; calls at the same time count once. Net: gross without interrupted. An arrow at the left
edge marks an email that was open before the shift.</p>
</footer>
</main>
</body>
</html>
"#,
        figures = figures(report),
        legend = legend(),
        timeline = timeline::render(report),
        sums = sums(report),
        details = details(report),
        ghosts = ghosts::section(ghosts),
        sessions = sessions::section(sessions),
    )
}

/// Text that is safe between tags and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

fn figures(report: &Report) -> String {
    let totals = report.totals;
    let void = match report.void_interruptions {
        0 => "none was taken back".to_owned(),
        count => format!("{count} more were taken back"),
    };
    let cards = [
        ("", "Emails handled", totals.emails.to_string(), format!("{} of them interrupted", totals.interrupted_emails)),
        ("", "Interruptions", totals.interruptions.to_string(), void),
        ("", "Gross handle time", duration(totals.time.gross), per_email(totals.time.gross, totals.emails)),
        (
            "accent",
            "Interrupted",
            duration(totals.time.interrupted),
            format!("{} of gross", share(totals.time.interrupted, totals.time.gross)),
        ),
        ("", "Net handle time", duration(totals.time.net), per_email(totals.time.net, totals.emails)),
    ];
    let cards: Vec<String> = cards
        .into_iter()
        .map(|(class, name, value, note)| {
            format!("<div class=\"{class}\"><dt>{name}</dt><dd>{value} <small>{note}</small></dd></div>\n")
        })
        .collect();
    format!("<dl class=\"figures\">\n{}</dl>", cards.concat())
}

fn per_email(total_ms: i64, emails: usize) -> String {
    match i64::try_from(emails) {
        Ok(emails) if emails > 0 => format!("{} an email", duration(total_ms / emails)),
        _ => "no email".to_owned(),
    }
}

fn legend() -> String {
    let entries: Vec<String> = LEGEND
        .iter()
        .map(|(class, text)| {
            let sample = format!("<rect class=\"{class}\" x=\"1\" y=\"1\" width=\"24\" height=\"10\" rx=\"2\"/>");
            format!("<span><svg viewBox=\"0 0 26 12\" aria-hidden=\"true\">{sample}</svg>{text}</span>\n")
        })
        .collect();
    format!("<div class=\"legend\">\n{}</div>", entries.concat())
}

fn sums(report: &Report) -> String {
    let head = head(&[
        ("", "Agent"),
        ("number", "Emails"),
        ("number", "of which interrupted"),
        ("number", "Interruptions"),
        ("number", "Gross"),
        ("number", "Interrupted"),
        ("number", "Net"),
        ("number", "Share"),
    ]);
    let rows: String = report.agents.iter().map(|agent| sum_row(&agent.name, &agent.totals)).collect();
    let total = sum_row("Total", &report.totals);
    format!("<table>\n{head}<tbody>\n{rows}</tbody>\n<tfoot>\n{total}</tfoot>\n</table>")
}

fn sum_row(name: &str, totals: &Totals) -> String {
    let cells = [
        totals.emails.to_string(),
        totals.interrupted_emails.to_string(),
        totals.interruptions.to_string(),
        duration(totals.time.gross),
        duration(totals.time.interrupted),
        duration(totals.time.net),
        share(totals.time.interrupted, totals.time.gross),
    ];
    format!("<tr><th scope=\"row\">{}</th>{}</tr>\n", escape(name), number_cells(&cells))
}

fn details(report: &Report) -> String {
    let head = head(&[
        ("", "Agent"),
        ("", "Email conversation"),
        ("", "Case"),
        ("number", "Call from"),
        ("number", "until"),
        ("number", "for"),
        ("number", "Gross"),
        ("number", "Interrupted"),
        ("number", "Net"),
    ]);
    let groups: String = report
        .agents
        .iter()
        .filter_map(|agent| {
            let interrupted = agent.emails.iter().filter(|email| !email.interruptions.is_empty());
            let rows: Vec<String> = interrupted.flat_map(|email| email_rows(email, report.shift_start_ms)).collect();
            let (first, others) = rows.split_first()?;
            let name = escape(&agent.name);
            let span = rows.len();
            let first = first.replacen('>', &format!("><th scope=\"rowgroup\" rowspan=\"{span}\">{name}</th>"), 1);
            Some(format!("<tbody>\n{first}{}</tbody>\n", others.concat()))
        })
        .collect();
    format!("<table>\n{head}{groups}</table>")
}

/// A row for each interruption; what is the email's own only in the first.
fn email_rows(email: &Email, reference_ms: i64) -> Vec<String> {
    let own = [email.conversation_id.as_str(), email.case.as_deref().unwrap_or_default()];
    let own = own.map(|text| format!("<td><code>{}</code></td>", escape(text))).concat();
    let handled = match email.handled {
        Some(handled) => [handled.time.gross, handled.time.interrupted, handled.time.net].map(duration),
        None => ["open", "", ""].map(str::to_owned),
    };
    let handled = number_cells(&handled);
    let last = email.interruptions.len().saturating_sub(1);
    let rows = email.interruptions.iter().enumerate().map(|(index, interruption)| {
        let from = time_of_day(interruption.started_ms, reference_ms);
        let until = interruption.ended_ms.map_or_else(|| "open".to_owned(), |ms| time_of_day(ms, reference_ms));
        let lasted = interruption.ended_ms.map(|_| duration(interruption.duration_ms)).unwrap_or_default();
        let times = number_cells(&[from, until, lasted]);
        let class = if index < last { " class=\"again\"" } else { "" };
        let (own, handled) = match index {
            0 => (own.as_str(), handled.as_str()),
            _ => ("<td></td><td></td>", "<td></td><td></td><td></td>"),
        };
        format!("<tr{class}>{own}{times}{handled}</tr>\n")
    });
    rows.collect()
}

fn number_cells(texts: &[String]) -> String {
    let cells: Vec<String> = texts.iter().map(|text| format!("<td class=\"number\">{text}</td>")).collect();
    cells.concat()
}

/// A head of columns: class and name of each.
fn head(columns: &[(&str, &str)]) -> String {
    let cell = |(class, name): &(&str, &str)| format!("<th scope=\"col\" class=\"{class}\">{name}</th>");
    let cells: Vec<String> = columns.iter().map(cell).collect();
    format!("<thead><tr>{}</tr></thead>\n", cells.concat())
}
