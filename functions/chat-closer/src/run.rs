//! A departure, from the event to the end of the conversation for its customer.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lambda_kit::switch::IS_OFF;
use tracing::{info, warn};

use crate::announce;
use crate::closing::{Attempt, Closing, Ended, EpochMs, Kind, Next};
use crate::intake::Departure;
use crate::judgement::{CLOSED_WITHIN, Close, Step, Verdict, judge};
use crate::policy::Policy;
use crate::ports::{Look, PortError, Ports, Taken};

/// How old a look may be when a step is taken on it.
pub const FRESH_FOR: Duration = Duration::from_secs(5);
/// How often a record may move under our hands before we leave it to another delivery.
const TRIES: usize = 10;

/// What can be set.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// What becomes of which conversation; `None`: nothing is begun, it is switched off by the deployment.
    pub policy: Option<&'a Policy>,
    /// How long the last agent must have been gone.
    pub grace: Duration,
}

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
            Some(closing) => {
                // What was done after an earlier departure is forgotten with it.
                let done = known.and_then(|known| Some((known.left_at, known.unannounced()?)));
                if let Some((left_at, attempt)) = done {
                    announce(ports, conversation_id, left_at, &attempt).await?;
                }
                ports.write(conversation_id, seen, &closing).await?
            }
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
    rules: Rules<'_>,
    departure: &Departure,
    message_id: Option<&str>,
) -> Result<(), PortError> {
    let Departure { conversation_id, left_at } = departure;
    for _ in 0..TRIES {
        let Some((revision, closing)) = ports.read(conversation_id).await? else {
            info!(conversationId = conversation_id, "nothing is known of this departure any more");
            return Ok(());
        };
        match closing.next(*left_at, message_id, ports.now()) {
            Next::Nothing => return Ok(()),
            Next::Settle(settled) => {
                ports.write(conversation_id, Some(revision), &settled).await?;
            }
            Next::Announce(attempt) => {
                announce(ports, conversation_id, *left_at, &attempt).await?;
                if ports.write(conversation_id, Some(revision), &closing.announced()).await? {
                    return Ok(());
                }
            }
            Next::Look => match look(ports, rules, departure, &closing, message_id).await? {
                Seen::Nothing => return Ok(()),
                Seen::Ended(ended) => {
                    ports.write(conversation_id, Some(revision), &ended).await?;
                }
                // Another message could not go on with what this one began.
                Seen::TooSoon if closing.attempt.is_some() => return to_come_again("an agent has only just left"),
                Seen::TooSoon => return ports.put_off(departure).await,
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

async fn announce(
    ports: &impl Ports,
    conversation_id: &str,
    left_at: EpochMs,
    attempt: &Attempt,
) -> Result<(), PortError> {
    ports.announce(announce::closed(conversation_id, left_at, attempt)).await?;
    metrics::counter!("ChatsClosed").increment(1);
    Ok(())
}

/// What a look comes to.
enum Seen {
    /// There is nothing to do.
    Nothing,
    /// There is nothing to do yet.
    TooSoon,
    /// What was tried before has ended: write this.
    Ended(Closing),
    /// Write this, and then take the step.
    Step(Closing, Step),
}

async fn look(
    ports: &impl Ports,
    rules: Rules<'_>,
    departure: &Departure,
    closing: &Closing,
    message_id: Option<&str>,
) -> Result<Seen, PortError> {
    let conversation_id = &departure.conversation_id;
    let Some(policy) = rules.policy else {
        return Ok(left_alone(conversation_id, closing, IS_OFF));
    };
    let Some(look) = ports.look(conversation_id).await? else {
        return Ok(left_alone(conversation_id, closing, "Genesys Cloud shows no such conversation"));
    };
    let grace = SignedDuration::try_from(rules.grace).unwrap_or(SignedDuration::MAX);
    Ok(match judge(&look.conversation, &look.messengers, look.asked_at, closing.told_at, grace, policy) {
        Verdict::Close(close) => {
            let attempt = attempt(&close, &look, closing.tries() + 1, message_id);
            Seen::Step(closing.beginning(attempt), close.step)
        }
        Verdict::IsDisconnected if closing.may_have_taken_effect() => Seen::Ended(closing.ended(Ended::Done)),
        Verdict::IsDisconnected => left_alone(conversation_id, closing, "the customer is disconnected already"),
        Verdict::TooSoon if is_recent(departure, look.asked_at) => Seen::TooSoon,
        // Not for ever: that agent's own departure comes by itself.
        Verdict::TooSoon => left_alone(conversation_id, closing, "another agent has only just left"),
        Verdict::Leave(reason) => left_alone(conversation_id, closing, &reason),
    })
}

fn is_recent(departure: &Departure, now: Timestamp) -> bool {
    let left_at = Timestamp::from_millisecond(departure.left_at);
    left_at.is_ok_and(|left_at| now.duration_since(left_at).abs() <= CLOSED_WITHIN)
}

/// Nothing more is done. A disconnect that may have taken effect ends with that, and is announced: whoever is there now may have
/// come after it.
fn left_alone(conversation_id: &str, closing: &Closing, reason: &str) -> Seen {
    leave_alone(conversation_id, reason);
    if closing.may_have_taken_effect() { Seen::Ended(closing.ended(Ended::Unknown)) } else { Seen::Nothing }
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
    let (known, result) = match ports.take(conversation_id, step, send_by).await {
        Taken::Done => (begun.ended(Ended::Done), Ok(())),
        // Perhaps because an earlier try was, late.
        Taken::NotTaken(why) if attempt.kind == Kind::Disconnect && before.may_have_taken_effect() => {
            return to_come_again(why);
        }
        Taken::NotTaken(why) if attempt.may_be_tried_again() => (begun.ended(Ended::NotTaken), to_come_again(why)),
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

fn to_come_again(reason: impl Into<String>) -> Result<(), PortError> {
    Err(PortError { operation: "closing the chat", reason: reason.into() })
}

fn contended() -> PortError {
    PortError { operation: "going on with a closing", reason: "it is written all the time".to_owned() }
}

#[cfg(test)]
mod tests;
