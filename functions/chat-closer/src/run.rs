//! A departure, from the event to the end of the conversation for its customer.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use crate::announce;
use crate::closing::{Attempt, Closing, Ended, Kind, Next};
use crate::intake::Departure;
use crate::judgement::{Close, Step, Verdict, judge};
use crate::policy::Policy;
use crate::ports::{Look, PortError, Ports, Taken};

/// How old a look may be when a step is taken on it.
pub const FRESH_FOR: Duration = Duration::from_secs(5);
/// How often a record may move under our hands before we leave it to another delivery.
const TRIES: usize = 10;

/// Takes note of a departure, and puts it off. Twice is as good as once.
///
/// # Errors
/// It is not certain to be dealt with: it has to be delivered again.
pub async fn depart(ports: &impl Ports, departure: &Departure) -> Result<(), PortError> {
    let Departure { conversation_id, left_at } = departure;
    for _ in 0..TRIES {
        let stored = ports.read(conversation_id).await?;
        let seen = stored.as_ref().map(|(revision, _)| *revision);
        let known = stored.map(|(_, closing)| closing);
        let written = match Closing::with_departure(known.as_ref(), *left_at) {
            None => true,
            Some(closing) => ports.write(conversation_id, seen, &closing).await?,
        };
        if written {
            // Also where nothing was new: whoever wrote it may have died before this.
            return ports.put_off(departure).await;
        }
    }
    Err(contended())
}

/// Does what is to be done now that the grace is over.
///
/// # Errors
/// It is not done, and has to be delivered again.
pub async fn close_if_due(
    ports: &impl Ports,
    policy: &Policy,
    departure: &Departure,
    message_id: Option<&str>,
) -> Result<(), PortError> {
    let Departure { conversation_id, left_at } = departure;
    for _ in 0..TRIES {
        let Some((revision, closing)) = ports.read(conversation_id).await? else {
            info!(conversationId = conversation_id, "nothing is known of this departure any more");
            return Ok(());
        };
        match closing.next(*left_at, message_id) {
            Next::Nothing => return Ok(()),
            Next::Settle(settled) => {
                ports.write(conversation_id, Some(revision), &settled).await?;
            }
            Next::Announce(attempt) => {
                ports.announce(announce::closed(conversation_id, *left_at, &attempt)).await?;
                metrics::counter!("ChatsClosed").increment(1);
                if ports.write(conversation_id, Some(revision), &closing.announced()).await? {
                    return Ok(());
                }
            }
            Next::Look => match look(ports, policy, conversation_id, &closing, message_id).await? {
                Seen::Nothing => return Ok(()),
                Seen::IsDone(done) => {
                    ports.write(conversation_id, Some(revision), &done).await?;
                }
                // Of all that come to this, one goes on.
                Seen::Step(begun, step) => {
                    if ports.write(conversation_id, Some(revision), &begun).await? {
                        take(ports, conversation_id, revision + 1, (&closing, &begun), &step).await?;
                    }
                }
            },
        }
    }
    Err(contended())
}

/// What a look comes to.
enum Seen {
    /// There is nothing to do.
    Nothing,
    /// What was tried before has taken effect: write this.
    IsDone(Closing),
    /// Write this, and then take the step.
    Step(Closing, Step),
}

async fn look(
    ports: &impl Ports,
    policy: &Policy,
    conversation_id: &str,
    closing: &Closing,
    message_id: Option<&str>,
) -> Result<Seen, PortError> {
    let Some(look) = ports.look(conversation_id).await? else {
        info!(conversationId = conversation_id, "left alone: Genesys Cloud shows no such conversation");
        return Ok(Seen::Nothing);
    };
    let reason = match judge(&look.conversation, &look.messengers, look.asked_at, closing.told_at, policy) {
        Verdict::Close(close) => {
            let attempt = attempt(&close, &look, closing.tries() + 1, message_id);
            return Ok(Seen::Step(closing.beginning(attempt), close.step));
        }
        Verdict::IsDisconnected if closing.attempt.is_some() => return Ok(Seen::IsDone(closing.ended(Ended::Done))),
        Verdict::IsDisconnected => "the customer is disconnected already".to_owned(),
        Verdict::Leave(reason) => reason,
    };
    leave_alone(conversation_id, &reason);
    Ok(Seen::Nothing)
}

fn leave_alone(conversation_id: &str, reason: &str) {
    metrics::counter!("ChatsLeftAlone").increment(1);
    info!(conversationId = conversation_id, reason, "left alone");
}

fn attempt(close: &Close, look: &Look, tries: u32, message_id: Option<&str>) -> Attempt {
    Attempt {
        message_id: message_id.map(str::to_owned),
        kind: match close.step {
            Step::Disconnect { .. } => Kind::Disconnect,
            Step::Notify { .. } => Kind::Notify,
        },
        tries,
        rule: close.rule.clone(),
        message_type: close.message_type.clone(),
        queue_id: close.queue_id.clone(),
        looked_at: look.asked_at,
        result: None,
        announced: false,
    }
}

/// Takes the step that was noted, and notes how it ended.
async fn take(
    ports: &impl Ports,
    conversation_id: &str,
    revision: u64,
    (before, begun): (&Closing, &Closing),
    step: &Step,
) -> Result<(), PortError> {
    let Some(attempt) = &begun.attempt else { return Ok(()) };
    let fresh_for = SignedDuration::try_from(FRESH_FOR).unwrap_or_default();
    let send_by = attempt.looked_at.checked_add(fresh_for).unwrap_or(Timestamp::MIN);
    let to_come_again = |reason| Err(PortError { operation: "closing the chat", reason });
    let (known, result) = match ports.take(conversation_id, step, send_by).await {
        Taken::Done => (begun.ended(Ended::Done), Ok(())),
        Taken::NotTaken(why) => {
            leave_alone(conversation_id, &format!("Genesys Cloud does not take it: {why}"));
            (begun.not_taken(before), Ok(()))
        }
        // As if nothing had been noted.
        Taken::NotSent(why) => (before.clone(), to_come_again(why)),
        Taken::Unknown(why) if attempt.kind == Kind::Disconnect => return to_come_again(why),
        Taken::Unknown(why) => {
            warn!(conversationId = conversation_id, why, "the notice counts as sent");
            (begun.ended(Ended::Unknown), Ok(()))
        }
    };
    ports.write(conversation_id, Some(revision), &known).await?;
    result
}

fn contended() -> PortError {
    PortError { operation: "going on with a closing", reason: "it is written all the time".to_owned() }
}

#[cfg(test)]
mod tests;
