//! Whether a conversation waits in the queue: what a row of analytics, the real-time views, or a look says of it. Pure.
//!
//! What waits is told by an open segment of the participant with purpose `acd`, an accepted one by an open segment of an
//! `agent` or `user`; the type of a segment does not tell (reference/practice.md §1.1).

use genesys_cloud::api::details::{self, Details, Segment, Session};
use ghost_policy::Conversation;
use ghost_policy::conversation::{Leg, Participant, Purpose, TransferState};

use crate::ports::Activity;

/// Where a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It waits in the queue, and nobody has taken it.
    Waits,
    /// An agent has it, or it rings at one.
    Accepted,
    /// It is on, but does not wait in this queue.
    Elsewhere,
    /// It has ended.
    Over,
    /// Somebody or something is on it that we do not know, or the form is another: nothing is concluded.
    Unclear,
}

/// What a row says. It lags behind the truth.
pub fn of_row(details: Option<&Details>, queue_id: &str) -> Standing {
    let Some(details) = details else { return Standing::Unclear };
    if details.conversation_end.is_some() {
        return Standing::Over;
    }
    let open = details.participants.iter().flat_map(|participant| {
        open_segments(participant).map(|(_, segment)| (purpose_of(participant), segment.queue_id.as_deref()))
    });
    judge(&open.collect::<Vec<_>>(), queue_id)
}

/// What the real-time views say, which do not lag. A conversation that they do not count may have ended, be in after-call work,
/// or be in a division that we do not see: that tells nothing.
pub fn of_activity(activity: &Activity, id: &str, queue_id: &str) -> Standing {
    if activity.with_agent.iter().any(|with_agent| is_same(with_agent, id)) {
        return Standing::Accepted;
    }
    let mut waiting = activity.waiting.iter().filter(|one| is_same(&one.conversation_id, id)).peekable();
    let is_here = |queue: Option<&String>| queue.is_some_and(|queue| is_same(queue, queue_id));
    let waits = waiting.peek().is_some() && waiting.all(|one| is_here(one.queue_id.as_ref()));
    if waits && activity.is_complete { Standing::Waits } else { Standing::Unclear }
}

/// The session that waits in the queue.
pub fn waiting_session<'a>(details: &'a Details, queue_id: &str) -> Option<&'a Session> {
    let queued = details.participants.iter().filter(|participant| purpose_of(participant) == Purpose::Acd);
    let mut open = queued.flat_map(open_segments);
    open.find(|(_, segment)| segment.queue_id.as_deref().is_some_and(|id| is_same(id, queue_id))).map(|(one, _)| one)
}

/// What a look says. An agent in after-call work has it too: a disconnect would destroy that (reference/genesys-cloud.md §2.1).
pub fn of_conversation(conversation: &Conversation, queue_id: &str) -> Standing {
    if conversation.end.is_some() {
        return Standing::Over;
    }
    if conversation.has_after_call_work() {
        return Standing::Accepted;
    }
    let open = conversation
        .open_legs()
        .map(|Leg { participant, .. }| (participant.purpose.clone(), participant.queue_id.as_deref()));
    match judge(&open.collect::<Vec<_>>(), queue_id) {
        Standing::Waits if is_in_doubt(conversation) => Standing::Unclear,
        standing => standing,
    }
}

/// Whether somebody may be on it, or come to it, of whom its legs do not tell.
fn is_in_doubt(conversation: &Conversation) -> bool {
    !conversation.not_understood.is_empty()
        || !conversation.consultations.is_empty()
        || conversation.legs().any(|leg| leg.has_begun_again())
        || conversation.transfers.iter().any(|transfer| transfer.state != TransferState::Over)
        || conversation.participants.iter().any(Participant::may_work_unseen)
}

/// By who is on it, each with the queue that it is in or came through.
fn judge(open: &[(Purpose, Option<&str>)], queue_id: &str) -> Standing {
    if open.iter().any(|(purpose, _)| purpose.is_staff()) {
        return Standing::Accepted;
    }
    if open.iter().any(|(purpose, _)| matches!(purpose, Purpose::Unknown(_))) {
        return Standing::Unclear;
    }
    let queued = open.iter().filter(|(purpose, _)| *purpose == Purpose::Acd);
    let is_here: Vec<Option<bool>> = queued.map(|(_, queue)| queue.map(|id| is_same(id, queue_id))).collect();
    if is_here.iter().all(|here| *here == Some(false)) {
        return Standing::Elsewhere;
    }
    // A leg of ours may be left over: it waits where the other one is.
    if is_here.iter().all(|here| *here == Some(true)) { Standing::Waits } else { Standing::Unclear }
}

fn purpose_of(participant: &details::Participant) -> Purpose {
    participant.purpose.as_deref().map_or(Purpose::Unknown(None), Purpose::named)
}

fn open_segments(participant: &details::Participant) -> impl Iterator<Item = (&Session, &Segment)> {
    let sessions = participant.sessions.iter();
    let segments = sessions.flat_map(|session| session.segments.iter().map(move |segment| (session, segment)));
    segments.filter(|(_, segment)| segment.segment_end.is_none())
}

fn is_same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Standing, of_activity, of_conversation, of_row};
    use crate::ports::{Activity, Waiting};
    use crate::testing::{QUEUE, participant, row};

    fn standing(participants: &[Value]) -> Standing {
        let row = row("c", 0, participants);
        of_row(row.details.as_ref(), QUEUE)
    }

    #[test]
    fn the_purpose_with_an_open_segment_tells_whatever_its_type_is() {
        let customer = || participant("customer", "interact", None);
        let ended = Some("2026-03-02T08:30:00.000Z");
        for kind in ["interact", "wait", "delay", "hold", "musing"] {
            assert_eq!(standing(&[customer(), participant("acd", kind, None)]), Standing::Waits);
        }
        for staff in ["agent", "user", "AGENT"] {
            for kind in ["interact", "alert", "wrapup", "hold"] {
                let taken = [customer(), participant("acd", "interact", ended), participant(staff, kind, None)];
                assert_eq!(standing(&taken), Standing::Accepted, "{staff} {kind}");
                // Both open: an agent counts, whatever else there is.
                let both = [participant("acd", "interact", None), participant(staff, kind, None)];
                assert_eq!(standing(&both), Standing::Accepted);
            }
            let declined = [participant("acd", "interact", None), participant(staff, "alert", ended)];
            assert_eq!(standing(&declined), Standing::Waits, "it rang, and nobody took it");
        }
        assert_eq!(standing(&[customer(), participant("acd", "interact", ended)]), Standing::Elsewhere);
        assert_eq!(standing(&[]), Standing::Elsewhere);
    }

    #[test]
    fn in_doubt_nothing_is_concluded() {
        let waits = || participant("acd", "interact", None);
        assert_eq!(standing(&[waits(), participant("hologram", "interact", None)]), Standing::Unclear);
        assert_eq!(standing(&[waits(), json!({ "sessions": waits()["sessions"] })]), Standing::Unclear);
        let mut nowhere = waits();
        nowhere["sessions"][0]["segments"][0]["queueId"] = Value::Null;
        assert_eq!(standing(&[nowhere]), Standing::Unclear);
        let mut other = waits();
        other["sessions"][0]["segments"][0]["queueId"] = json!("another queue");
        assert_eq!(standing(&[other.clone()]), Standing::Elsewhere);
        // It waits elsewhere, and our leg is left over; or the other way round.
        assert_eq!(standing(&[waits(), other.clone()]), Standing::Unclear);
        assert_eq!(standing(&[other, waits()]), Standing::Unclear);
        assert_eq!(standing(&[waits(), waits()]), Standing::Waits);
        assert_eq!(of_row(None, QUEUE), Standing::Unclear);
    }

    #[test]
    fn the_real_time_views_tell_only_what_they_count() {
        let waiting =
            |queue: Option<&str>| Waiting { conversation_id: "c".to_owned(), queue_id: queue.map(str::to_owned) };
        let told = |waiting: &[Waiting], with_agent: &[&str], is_complete: bool| {
            let with_agent = with_agent.iter().map(|id| (*id).to_owned()).collect();
            of_activity(&Activity { with_agent, waiting: waiting.to_vec(), is_complete }, "c", QUEUE)
        };
        let (here, elsewhere) = (waiting(Some("QUEUE-1")), waiting(Some("another queue")));
        let waits_here = [here.clone()];
        assert_eq!(told(&waits_here, &["another"], true), Standing::Waits);
        assert_eq!(told(&waits_here, &["another", "C"], true), Standing::Accepted);
        assert_eq!(told(&[], &["c"], false), Standing::Accepted);
        for unclear in [vec![], vec![elsewhere.clone()], vec![here, elsewhere], vec![waiting(None)]] {
            assert_eq!(told(&unclear, &[], true), Standing::Unclear, "{unclear:?}");
        }
        assert_eq!(told(&waits_here, &[], false), Standing::Unclear, "an agent may be among what is missing");
    }

    #[test]
    fn a_look_tells_the_same() {
        let leg = |purpose: &str, gone: bool| {
            let mut leg = json!({ "id": purpose, "state": "connected", "connectedTime": "2026-03-02T08:00:00.000Z" });
            if gone {
                leg["disconnectedTime"] = json!("2026-03-02T08:30:00.000Z");
            }
            json!({ "id": purpose, "purpose": purpose, "queueId": QUEUE, "emails": [leg] })
        };
        let look = |participants: &[Value], end: Value| {
            let body = json!({ "id": "c", "participants": participants, "endTime": end });
            let conversation = ghost_policy::Conversation::from_json(body.to_string().as_bytes()).unwrap();
            of_conversation(&conversation, QUEUE)
        };
        assert_eq!(look(&[leg("customer", false), leg("acd", false)], Value::Null), Standing::Waits);
        assert_eq!(look(&[leg("acd", true), leg("agent", false)], Value::Null), Standing::Accepted);
        assert_eq!(look(&[leg("acd", true), leg("customer", false)], Value::Null), Standing::Elsewhere);
        assert_eq!(look(&[leg("acd", false), leg("hologram", false)], Value::Null), Standing::Unclear);
        assert_eq!(look(&[leg("acd", false)], json!("2026-03-02T08:30:00.000Z")), Standing::Over);

        let mut worked = leg("agent", true);
        worked["emails"][0]["afterCallWork"] = json!({ "state": "pending", "startTime": "2026-03-02T08:30:00.000Z" });
        assert_eq!(look(&[leg("acd", true), worked.clone()], Value::Null), Standing::Accepted);
        assert_eq!(look(&[leg("acd", false), worked], Value::Null), Standing::Accepted);
        let mut strange = leg("acd", false);
        strange["emails"][0]["connectedTime"] = json!("this morning");
        assert_eq!(look(&[strange], Value::Null), Standing::Unclear);
        let unseen = json!({ "id": "flow", "purpose": "hologram" });
        assert_eq!(look(&[leg("acd", false), unseen], Value::Null), Standing::Unclear);
        let mut other = leg("acd", false);
        other["queueId"] = json!("another queue");
        assert_eq!(look(&[leg("acd", false), other.clone()], Value::Null), Standing::Unclear);
        assert_eq!(look(&[leg("acd", true), other], Value::Null), Standing::Elsewhere);
        let mut taken_up_again = leg("agent", true);
        taken_up_again["emails"][0]["startAlertingTime"] = json!("2026-03-02T08:40:00.000Z");
        assert_eq!(look(&[leg("acd", false), taken_up_again], Value::Null), Standing::Unclear);
    }
}
