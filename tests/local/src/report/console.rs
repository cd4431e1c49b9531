//! The closing table on the console.

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use super::format::{duration, share, short_id, time_of_day};
use super::model::{AgentReport, Email, Report, Totals};

/// From this width on, a conversation's whole id fits.
const WIDE: usize = 144;

/// Both tables, with a line on each.
pub(super) fn render(report: &Report, width: usize) -> String {
    let Totals { emails, interrupted_emails, interruptions, .. } = report.totals;
    let void = match report.void_interruptions {
        0 => String::new(),
        count => format!(" ({count} more void)"),
    };
    let details = details(report, width >= WIDE);
    let sums = sums(report);
    format!(
        "Interruptions in Salesforce: {interruptions}{void}. Emails handled: {emails}, of which interrupted: \
         {interrupted_emails}. Times are UTC.\n{details}\n\nHandle time of all emails, by agent\n{sums}\n"
    )
}

fn details(report: &Report, is_wide: bool) -> Table {
    let header = ["Agent", "Email", "Case", "Call from", "until", "for", "Gross", "Interrupted", "Net"];
    let mut table = table(&header, 5);
    for agent in &report.agents {
        let interrupted = agent.emails.iter().filter(|email| !email.interruptions.is_empty());
        let rows = interrupted.flat_map(|email| email_rows(email, report.shift_start_ms, is_wide));
        for (index, mut row) in rows.enumerate() {
            // Named once, so that the eye finds where the next one begins.
            row[0] = if index == 0 { agent.name.clone() } else { String::new() };
            table.add_row(row);
        }
    }
    table
}

/// A row for each interruption; what is the email's own only in the first.
fn email_rows(email: &Email, reference_ms: i64, is_wide: bool) -> Vec<Vec<String>> {
    let id = if is_wide { email.conversation_id.clone() } else { short_id(&email.conversation_id) };
    let case = email.case.clone().unwrap_or_else(|| "–".to_owned());
    let [gross, interrupted, net] = match email.handled {
        Some(handled) => [handled.time.gross, handled.time.interrupted, handled.time.net].map(duration),
        None => ["open", "", ""].map(str::to_owned),
    };
    let rows = email.interruptions.iter().enumerate().map(|(index, interruption)| {
        let only_first = |text: &str| if index == 0 { text.to_owned() } else { String::new() };
        let is_over = interruption.ended_ms.is_some();
        vec![
            String::new(),
            only_first(&id),
            only_first(&case),
            time_of_day(interruption.started_ms, reference_ms),
            interruption.ended_ms.map_or_else(|| "open".to_owned(), |ended_ms| time_of_day(ended_ms, reference_ms)),
            if is_over { duration(interruption.duration_ms) } else { String::new() },
            only_first(&gross),
            only_first(&interrupted),
            only_first(&net),
        ]
    });
    rows.collect()
}

fn sums(report: &Report) -> Table {
    let header = ["Agent", "Emails", "Interrupted", "Interruptions", "Gross", "Interrupted", "Net", "Share"];
    let mut table = table(&header, 1);
    for AgentReport { name, totals, .. } in &report.agents {
        table.add_row(sum_row(name, totals));
    }
    table.add_row(sum_row("Total", &report.totals));
    table
}

fn sum_row(name: &str, totals: &Totals) -> Vec<String> {
    vec![
        name.to_owned(),
        totals.emails.to_string(),
        totals.interrupted_emails.to_string(),
        totals.interruptions.to_string(),
        duration(totals.time.gross),
        duration(totals.time.interrupted),
        duration(totals.time.net),
        share(totals.time.interrupted, totals.time.gross),
    ]
}

/// An empty table whose columns from `first_number` on are numbers, aligned to the right.
fn table(header: &[&str], first_number: usize) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    table.set_header(header.iter().map(Cell::new));
    for (index, column) in table.column_iter_mut().enumerate() {
        // Two spaces between columns: ids, Case and times fit 120 columns.
        column.set_padding((1, u16::from(index + 1 == header.len())));
        if index >= first_number {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
