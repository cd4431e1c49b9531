use serde_json::json;

use super::*;
use crate::day::{
    Conversation, DayOptions, Direction, Leg, LostEvent, Medium, contact_centre_day, message_sessions,
    stuck_conversations,
};

fn iso(epoch_ms: i64) -> String {
    format!("{:.3}", jiff::Timestamp::from_millisecond(epoch_ms).unwrap())
}

fn legs(day: &Day, medium: Medium) -> Vec<(&Conversation, &Leg, i64)> {
    let conversations = day.conversations.iter();
    conversations
        .filter(|conversation| conversation.medium == medium && conversation.direction == Direction::Inbound)
        .flat_map(|conversation| conversation.legs.iter().map(move |leg| (conversation, leg)))
        .filter_map(|(conversation, leg)| Some((conversation, leg, leg.connected_ms?)))
        .collect()
}

/// The rows that the truth of the day comes to, in the plainest way.
fn rows_of(day: &Day) -> SalesforceRows {
    let mut rows = SalesforceRows::default();
    for (email, leg, connected_ms) in legs(day, Medium::Email) {
        let user_id = &day.agents[leg.agent].user_id;
        let mut interrupted_ms = 0;
        for (call, call_leg, call_connected_ms) in legs(day, Medium::Voice) {
            let (start_ms, end_ms) = (connected_ms.max(call_connected_ms), leg.ended_ms.min(call_leg.ended_ms));
            if call_leg.agent != leg.agent || start_ms >= end_ms {
                continue;
            }
            interrupted_ms += end_ms - start_ms;
            rows.interruptions.push(row(&json!({
                "External_Key__c": format!("{}_{}", leg.session_id, call_leg.session_id), "Status__c": "Closed",
                "Agent_User_Id__c": user_id, "Interrupted_Conversation_Id__c": email.id,
                "Voice_Conversation_Id__c": call.id, "Case__c": email.case_id, "Started_At__c": iso(start_ms),
                "Ended_At__c": iso(end_ms), "Duration_Ms__c": end_ms - start_ms,
            })));
        }
        let gross_ms = leg.ended_ms - connected_ms;
        if leg.lost != Some(LostEvent::End) {
            rows.work_sessions.push(row(&json!({
                "External_Key__c": leg.session_id, "Agent_User_Id__c": user_id, "Conversation_Id__c": email.id,
                "Case__c": email.case_id, "Started_At__c": iso(connected_ms), "Ended_At__c": iso(leg.ended_ms),
                "Gross_Handle_Ms__c": gross_ms, "Interrupted_Ms__c": interrupted_ms,
                "Net_Handle_Ms__c": gross_ms - interrupted_ms,
            })));
        }
    }
    rows
}

fn row(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn recorded_day() -> (Day, SalesforceRows) {
    let day = contact_centre_day(&DayOptions::default());
    let rows = rows_of(&day);
    (day, rows)
}

/// Checks that tags are balanced and text is escaped, as far as a page without scripts needs it.
fn assert_well_formed(page: &str) {
    const VOID: [&str; 1] = ["meta"];
    let body = page.strip_prefix("<!DOCTYPE html>").unwrap();
    let mut open: Vec<&str> = Vec::new();
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap();
        let name = tag.trim_end_matches('/').split_whitespace().next().unwrap();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed));
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        assert!(!text.contains('>') || open.last() == Some(&"style"), "{text}");
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn the_console_table_names_every_interruption_and_its_sums() {
    let (day, rows) = recorded_day();
    let table = console(&day, &rows, 160);
    for row in &rows.interruptions {
        assert!(table.contains(row["Interrupted_Conversation_Id__c"].as_str().unwrap()));
        assert!(table.contains(row["Case__c"].as_str().unwrap()));
    }
    assert!(table.starts_with(&format!("Interruptions in Salesforce: {}. ", rows.interruptions.len())), "{table}");
    assert!(table.contains("Total"));
    assert!(table.contains(" +1d"), "a call after midnight");
    assert!(table.contains("open"), "an email whose end was lost");
}

#[test]
fn the_console_table_keeps_to_its_width() {
    let (day, rows) = recorded_day();
    for width in [120, 140, 160] {
        let table = console(&day, &rows, width);
        let widest = table.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width, "{widest} columns instead of {width}:\n{table}");
    }
}

#[test]
fn the_page_is_well_formed_and_needs_nothing_else() {
    let (day, rows) = recorded_day();
    let page = html(&day, &rows, &[], &[]);
    assert_well_formed(&page);
    for outside in ["http:", "https:", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("<rect class=\"interruption\"").count(), rows.interruptions.len() + 1, "and the legend");
    assert!(page.contains("Grace O&#39;Neill"));
    assert_eq!(page, html(&day, &rows, &[], &[]));
}

#[test]
fn whatever_the_rows_hold_is_escaped() {
    let (day, mut rows) = recorded_day();
    let hostile = "<script>alert('\"&')</script>";
    for row in rows.interruptions.iter_mut().chain(&mut rows.work_sessions) {
        for field in ["Case__c", "Conversation_Id__c", "Interrupted_Conversation_Id__c", "Agent_User_Id__c"] {
            row.insert(field.to_owned(), Value::from(hostile));
        }
    }
    let page = html(&day, &rows, &[], &[]);
    assert_well_formed(&page);
    assert!(!page.contains("<script"));
}

#[test]
fn void_interruptions_count_for_nothing() {
    let (day, mut rows) = recorded_day();
    let count = rows.interruptions.len();
    rows.interruptions[0].insert("Status__c".to_owned(), Value::from("Void"));
    let table = console(&day, &rows, 160);
    assert!(table.starts_with(&format!("Interruptions in Salesforce: {} (1 more void). ", count - 1)), "{table}");
}

#[test]
fn an_empty_salesforce_makes_a_report_too() {
    let day = contact_centre_day(&DayOptions { agents: 0, ..DayOptions::default() });
    assert_well_formed(&html(&day, &SalesforceRows::default(), &[], &[]));
    assert!(console(&day, &SalesforceRows::default(), 120).starts_with("Interruptions in Salesforce: 0."));
}

#[test]
fn what_became_of_each_stuck_conversation_is_told_in_both_reports() {
    let (day, rows) = recorded_day();
    let stuck = stuck_conversations(1, jiff::Timestamp::now());
    let outcome = json!({
        "detail-type": "Ghost Interaction Escalated",
        "detail": {
            "conversationId": stuck[0].id, "rule": "voice", "test": "agentGoneFor", "reason": "It is <still> there.",
            "attempts": [{}, {}], "at": "2026-11-19T14:00:00Z", "evidence": [
                { "purpose": "customer", "media": "voice", "state": "connected", "opened": "2026-11-19T09:12:30Z" },
                { "purpose": "agent", "media": "voice", "state": "terminated", "closed": "2026-11-19T10:00:00Z" },
            ],
        },
    });
    let ghosts = ghost_reports(&stuck, &[outcome]);
    assert_eq!((ghosts[0].end(), ghosts[1].end()), ("Escalated", "left alone"));
    let table = ghosts_console(&ghosts, 160);
    for shown in [stuck[0].title, "voice agentGoneFor", "Escalated after 2 requests", "It is <still> there."] {
        assert!(table.contains(shown), "{shown}:\n{table}");
    }
    assert!(table.lines().all(|line| line.chars().count() <= 160), "{table}");
    // Wide enough for a line each.
    let wide = ghosts_console(&ghosts, 240);
    assert!(wide.contains("customer leg open since 09:12, no agent, no queue"), "{wide}");
    let page = html(&day, &rows, &ghosts, &[]);
    assert_well_formed(&page);
    let evidence = "It is &lt;still&gt; there.<small>customer voice connected since 2026-11-19T09:12:30Z</small>";
    assert!(page.contains(evidence));
    // The same on another day, and where nobody is left.
    let told = |evidence: Value| {
        let detail = json!({ "conversationId": stuck[0].id, "at": "2026-11-20T14:00:00Z", "evidence": evidence });
        let outcome = json!({ "detail-type": "Ghost Interaction Suspected", "detail": detail });
        ghosts_console(&ghost_reports(&stuck, &[outcome]), 240)
    };
    let queue = told(json!([{ "purpose": "acd", "state": "connected", "opened": "2026-11-19T09:12:30Z" }]));
    assert!(queue.contains("queue leg open since 2026-11-19 09:12, no customer, no agent"), "{queue}");
    let callback = told(json!([{ "purpose": "customer", "state": "scheduled", "opened": "2027-11-20T14:01:32Z" }]));
    assert!(callback.contains("customer leg open from 2027-11-20 14:01, no agent"), "{callback}");
    let nobody = told(json!([{ "purpose": "agent", "state": "connected", "closed": "2026-11-20T10:00:00Z" }]));
    assert!(nobody.contains("no leg open since 10:00"), "{nobody}");
}

#[test]
fn what_became_of_each_message_session_is_told_in_both_reports() {
    let (day, rows) = recorded_day();
    let sessions = message_sessions(1, jiff::Timestamp::now());
    let answer =
        json!({ "decision": "RESUMABLE", "conversationState": "DISCONNECTED", "reason": "WITHIN_RESUMPTION_WINDOW" });
    let outcome = json!({
        "detail-type": "Chat Closed",
        "detail": { "conversationId": sessions[6].id, "action": "disconnected", "rule": "<web>" },
    });
    let outcomes = [outcome];
    let told = |number: usize, answer| session_report(&sessions[number], answer, &outcomes);
    let reports = [told(0, Some(&answer)), told(6, None), told(7, None)];
    assert_eq!(reports.each_ref().map(SessionReport::end), ["RESUMABLE", "customer disconnected", "left alone"]);
    let table = sessions_console(&reports, 160);
    for shown in [sessions[0].title, "DISCONNECTED WITHIN_RESUMPTION_WINDOW", "rule <web>"] {
        assert!(table.contains(shown), "{shown}:\n{table}");
    }
    let page = html(&day, &rows, &[], &reports);
    assert_well_formed(&page);
    assert!(page.contains("rule &lt;web&gt;"));
}
