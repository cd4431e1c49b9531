//! The day's ghosts and what looked like them: what was found, by which rule, on what evidence, and how it ended.

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

use super::format::short_id;
use super::html::escape;
use crate::day::StuckConversation;

const SUSPECTED: &str = "Ghost Interaction Suspected";
const DISCONNECTED: &str = "Ghost Interaction Disconnected";

/// How a conversation that looked stuck ended, as the outcome bus tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GhostReport {
    conversation_id: String,
    /// What it is in truth.
    title: &'static str,
    /// The rule and its test, where it was taken for a ghost.
    rule: String,
    /// The last that was told of it: `Disconnected`, `Escalated`, `Dismissed`, …
    end: String,
    /// How often a disconnect was requested.
    attempts: usize,
    /// Why, in words.
    reason: String,
    /// The legs behind the reason.
    evidence: Vec<String>,
    /// The same in a line: who is there, and who is not.
    gist: String,
}

/// What became of each of the day's stuck conversations.
pub fn ghost_reports(stuck: &[StuckConversation], outcomes: &[Value]) -> Vec<GhostReport> {
    stuck.iter().map(|one| GhostReport::new(one, outcomes)).collect()
}

impl GhostReport {
    fn new(stuck: &StuckConversation, outcomes: &[Value]) -> Self {
        let about = || outcomes.iter().filter(|outcome| outcome["detail"]["conversationId"] == stuck.id.as_str());
        let last = about().next_back();
        // That it has ended tells nothing: why it was taken for a ghost does.
        let telling = last.filter(|outcome| outcome["detail-type"] != DISCONNECTED);
        let telling = telling.or_else(|| about().rfind(|outcome| outcome["detail-type"] == SUSPECTED)).or(last);
        let kind = last.and_then(|outcome| outcome["detail-type"].as_str());
        let [last, telling] = [last, telling].map(|outcome| outcome.map_or(&Value::Null, |outcome| &outcome["detail"]));
        let evidence = telling["evidence"].as_array().map_or(&[][..], Vec::as_slice);
        let reason = telling["reason"].as_str().unwrap_or("Nothing made it worth a look.");
        let rule = ["rule", "test"].map(|name| last[name].as_str().unwrap_or_default());
        Self {
            conversation_id: stuck.id.clone(),
            title: stuck.title,
            rule: rule.join(" ").trim().to_owned(),
            end: kind.map_or("left alone", |kind| kind.trim_start_matches("Ghost Interaction ")).to_owned(),
            attempts: last["attempts"].as_array().map_or(0, Vec::len),
            reason: reason.replace(&stuck.id, &short_id(&stuck.id)),
            evidence: evidence.iter().map(leg_in_words).collect(),
            gist: gist(evidence, telling["at"].as_str().unwrap_or_default()),
        }
    }

    /// How it ended.
    pub fn end(&self) -> &str {
        &self.end
    }

    fn end_in_words(&self) -> String {
        match self.attempts {
            0 => self.end.clone(),
            1 => format!("{} after 1 request", self.end),
            several => format!("{} after {several} requests", self.end),
        }
    }
}

/// E.g. `customer voice connected since 2026-11-18T09:00:00Z`.
fn leg_in_words(leg: &Value) -> String {
    let word = |name: &str| leg[name].as_str().unwrap_or("unknown").to_owned();
    let words = format!("{} {} {}", word("purpose"), word("media"), word("state"));
    match (leg["opened"].as_str(), leg["closed"].as_str()) {
        (_, Some(closed)) => format!("{words}, closed {closed}"),
        (Some(opened), None) => format!("{words} since {opened}"),
        (None, None) => words,
    }
}

/// E.g. `customer leg open since 09:12, no agent, no queue`; without the date where it is the one of `told_at`.
fn gist(legs: &[Value], told_at: &str) -> String {
    let is_open = |leg: &&Value| {
        leg["closed"].is_null() && !["disconnected", "terminated"].contains(&leg["state"].as_str().unwrap_or_default())
    };
    let since = |at: &str| {
        let (date, time) = at.split_once('T').unwrap_or_default();
        let time = time.get(..5).unwrap_or_default();
        if told_at.starts_with(date) { time.to_owned() } else { format!("{date} {time}") }
    };
    let open: Vec<_> = legs.iter().filter(is_open).collect();
    let in_words = |leg: &&Value| {
        let purpose = leg["purpose"].as_str().unwrap_or("unknown");
        // A callback that is scheduled opens when its time comes.
        let is_to_come = |at: &str| !told_at.is_empty() && at > told_at;
        let from = |at: &str| format!(" {} {}", if is_to_come(at) { "from" } else { "since" }, since(at));
        let opened = leg["opened"].as_str().map(from).unwrap_or_default();
        format!("{} leg open{opened}", if purpose == "acd" { "queue" } else { purpose })
    };
    let mut parts: Vec<_> = open.iter().map(in_words).collect();
    if open.is_empty() && !legs.is_empty() {
        let last = legs.iter().filter_map(|leg| leg["closed"].as_str()).max();
        parts.push(last.map_or_else(|| "no leg open".to_owned(), |at| format!("no leg open since {}", since(at))));
    } else if !open.is_empty() {
        let nobody =
            |purposes: &[&str]| open.iter().all(|leg| !purposes.contains(&leg["purpose"].as_str().unwrap_or_default()));
        let absent = [("no customer", &["customer", "external"]), ("no agent", &["agent", "user"])];
        parts.extend(absent.iter().filter(|(_, purposes)| nobody(*purposes)).map(|(words, _)| (*words).to_owned()));
        parts.extend(nobody(&["acd"]).then(|| "no queue".to_owned()));
    }
    parts.join(", ")
}

/// The table for a console of `width` columns.
pub fn ghosts_console(ghosts: &[GhostReport], width: usize) -> String {
    let counts = ["Disconnected", "Escalated", "Dismissed"].map(|end| {
        let count = ghosts.iter().filter(|ghost| ghost.end == end).count();
        format!("{} {count}", end.to_lowercase())
    });
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).force_no_tty().set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.set_header(["Conversation", "What it is", "Rule", "End", "Reason and evidence"]);
    for ghost in ghosts {
        let id = short_id(&ghost.conversation_id);
        let why = format!("{}\n{}", ghost.reason, ghost.gist);
        table.add_row([id.as_str(), ghost.title, &ghost.rule, &ghost.end_in_words(), why.trim_end()]);
    }
    format!("Conversations that looked stuck: {}. {}.\n{table}", ghosts.len(), capitalized(&counts.join(", ")))
}

/// The section of the page; nothing where there is nothing to tell.
pub(super) fn section(ghosts: &[GhostReport]) -> String {
    if ghosts.is_empty() {
        return String::new();
    }
    let rows: String = ghosts.iter().map(row).collect();
    format!(
        "<section>\n<h2>Conversations that looked stuck</h2>\n<div class=\"wide\"><table class=\"ghosts\">\n<thead><tr>\
         <th scope=\"col\">Conversation</th><th scope=\"col\">Rule</th><th scope=\"col\">End</th>\
         <th scope=\"col\">Reason and evidence</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n</section>\n"
    )
}

fn row(ghost: &GhostReport) -> String {
    let evidence: Vec<_> = ghost.evidence.iter().map(|leg| format!("<small>{}</small>", escape(leg))).collect();
    let evidence = evidence.concat();
    format!(
        "<tr><th scope=\"row\">{}<small><code>{}</code></small></th><td>{}</td><td>{}</td><td>{}{evidence}</td></tr>\n",
        escape(ghost.title),
        escape(&ghost.conversation_id),
        escape(&ghost.rule),
        escape(&ghost.end_in_words()),
        escape(&ghost.reason),
    )
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}
