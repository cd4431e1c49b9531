//! The day's messages: who came back and was told what, and what became of chats that their agents have left.

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

use super::format::short_id;
use super::html::escape;
use crate::day::MessageSession;

/// What became of a message conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionReport {
    conversation_id: String,
    /// What it is.
    title: &'static str,
    /// What became of it, in a few words.
    end: String,
    /// Why.
    reason: String,
}

/// What became of each conversation: by the answer that its customer's browser got, if it asked, or else by the outcomes.
pub fn session_report(session: &MessageSession, answer: Option<&Value>, outcomes: &[Value]) -> SessionReport {
    let closed = outcomes.iter().find(|outcome| {
        outcome["detail-type"] == "Chat Closed" && outcome["detail"]["conversationId"] == session.id.as_str()
    });
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (end, reason) = match (answer, closed.map(|outcome| &outcome["detail"])) {
        (Some(answer), _) => {
            (word(&answer["decision"]), format!("{} {}", word(&answer["conversationState"]), word(&answer["reason"])))
        }
        (None, Some(detail)) => {
            (format!("customer {}", word(&detail["action"])), format!("rule {}", word(&detail["rule"])))
        }
        (None, None) => ("left alone".to_owned(), "Somebody may be there.".to_owned()),
    };
    SessionReport { conversation_id: session.id.clone(), title: session.title, end, reason }
}

impl SessionReport {
    /// What became of it.
    pub fn end(&self) -> &str {
        &self.end
    }
}

/// The table for a console of `width` columns.
pub fn sessions_console(sessions: &[SessionReport], width: usize) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).force_no_tty().set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.set_header(["Conversation", "What it is", "End", "Reason"]);
    for session in sessions {
        let id = short_id(&session.conversation_id);
        table.add_row([id.as_str(), session.title, &session.end, &session.reason]);
    }
    format!("Message sessions that dropped, or that their agents have left: {}.\n{table}", sessions.len())
}

/// The section of the page; nothing where there is nothing to tell.
pub(super) fn section(sessions: &[SessionReport]) -> String {
    if sessions.is_empty() {
        return String::new();
    }
    let rows: String = sessions.iter().map(row).collect();
    format!(
        "<section>\n<h2>Message sessions</h2>\n<div class=\"wide\"><table class=\"ghosts\">\n<thead><tr>\
         <th scope=\"col\">Conversation</th><th scope=\"col\">End</th><th scope=\"col\">Reason</th>\
         </tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n</section>\n"
    )
}

fn row(session: &SessionReport) -> String {
    format!(
        "<tr><th scope=\"row\">{}<small><code>{}</code></small></th><td>{}</td><td>{}</td></tr>\n",
        escape(session.title),
        escape(&session.conversation_id),
        escape(&session.end),
        escape(&session.reason),
    )
}
