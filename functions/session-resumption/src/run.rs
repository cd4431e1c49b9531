//! A request, from the first look at its handshake to the answer.

use std::time::Duration;

use futures::future::join3;
use genesys_cloud::api::Recipient;
use jiff::Timestamp;
use tracing::{error, info, warn};

use crate::announce;
use crate::decision::{Resumption, decide};
use crate::greeting;
use crate::handshake::{self, Decided, Handshake, Next};
use crate::ports::{PortError, Ports};
use crate::problem::Problem;
use crate::replay::{self, Known, Replay};
use crate::request::{Customer, ResumptionRequest};

/// The first wait for somebody else's answer; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// How long attributes and message may take, after the look.
const MARK_LIMIT: Duration = Duration::from_secs(2);
/// What is left of a lease after everything in it, so that an owner ends before somebody else begins.
const LEASE_MARGIN: Duration = Duration::from_secs(1);
/// How often a record may move under our hands before we give up.
const TRIES: usize = 10;

/// What can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How long after a disconnect a session can be resumed.
    pub window: Duration,
    /// How long Genesys Cloud may take to show a conversation.
    pub look_limit: Duration,
    /// What to tell a customer who comes back; `None`: nothing.
    pub greeting: Option<String>,
}

/// A request under way.
pub struct Run<'a, P> {
    ports: &'a P,
    rules: &'a Rules,
    /// Distinguishes this request from all others.
    owner: &'a str,
    /// When an answer is due.
    due: Timestamp,
}

impl<'a, P: Ports> Run<'a, P> {
    /// A request with a name that no other has, to be answered by `due`.
    pub fn new(ports: &'a P, rules: &'a Rules, owner: &'a str, due: Timestamp) -> Self {
        Self { ports, rules, owner, due }
    }

    /// The answer: the same for the same customer for a minute, and the same for the same `Idempotency-Key`.
    ///
    /// # Errors
    /// The problem to answer with.
    pub async fn answer(&self, request: &ResumptionRequest) -> Result<Resumption, Problem> {
        let answer = match &request.key_id {
            None => self.handshake(&request.customer).await,
            Some(key_id) => match self.keyed(&request.customer, key_id).await {
                Ok(Some(answer)) => Ok(answer),
                Ok(None) => return Err(Problem::KeyReused),
                Err(error) => Err(error),
            },
        };
        answer.map_err(|error| {
            error!(conversationId = request.customer.conversation_id, %error, "no decision can be made");
            Problem::Unavailable
        })
    }

    /// The answer to a request with a key; `None` if the key was used for another one.
    async fn keyed(&self, customer: &Customer, key: &str) -> Result<Option<Resumption>, PortError> {
        let handshake_id = customer.handshake_id();
        let mut answer = None;
        for _ in 0..TRIES {
            let stored = self.ports.read::<Replay>(key).await?;
            let seen = stored.as_ref().map(|stored| stored.revision);
            let content = stored.and_then(|stored| stored.content);
            match replay::known(content, &handshake_id, self.ports.now()) {
                Known::Other => return Ok(None),
                Known::Answered(answer) => return Ok(Some(answer)),
                Known::New(replay) => {
                    // Whether it was written or somebody was faster: the next look tells.
                    self.ports.write(key, seen, &replay).await?;
                }
                Known::Unanswered(replay) => {
                    let given = match answer.take() {
                        Some(answer) => answer,
                        None => self.handshake(customer).await?,
                    };
                    if self.ports.write(key, seen, &replay.answered(given.clone())).await? {
                        return Ok(Some(given));
                    }
                    answer = Some(given);
                }
            }
        }
        Err(PortError { operation: "keeping the answer for a key", reason: "it is written all the time".to_owned() })
    }

    /// The answer to a customer: somebody else's, or our own.
    async fn handshake(&self, customer: &Customer) -> Result<Resumption, PortError> {
        let id = customer.handshake_id();
        let mut wait = FIRST_WAIT;
        loop {
            let stored = self.ports.read::<Handshake>(&id).await?;
            let seen = stored.as_ref().map(|stored| stored.revision);
            let content = stored.and_then(|stored| stored.content);
            let now = self.ports.now();
            match handshake::next(content.as_ref(), self.owner, now, self.lease()) {
                Next::Answer(answer) => {
                    metrics::counter!("AnswersRepeated").increment(1);
                    return Ok(answer);
                }
                Next::CarryOut(handshake, decided) => {
                    let again = self.carry_out_again(customer, seen, handshake, &decided).await;
                    // The answer stands whatever becomes of that.
                    if let Err(error) = again {
                        warn!(conversationId = customer.conversation_id, %error, "the answer is given all the same");
                    }
                    return Ok(decided.resumption);
                }
                _ if now >= self.due => {
                    warn!(conversationId = customer.conversation_id, "nobody has answered in time");
                    return Ok(Resumption::unavailable());
                }
                Next::Own(handshake) => {
                    if self.ports.write(&id, seen, &handshake).await?
                        && let Some(answer) = self.own(customer, seen.unwrap_or_default() + 1, handshake).await?
                    {
                        return Ok(answer);
                    }
                }
                Next::GoOn(handshake) => {
                    if let Some(answer) = self.own(customer, seen.unwrap_or_default(), handshake).await? {
                        return Ok(answer);
                    }
                }
                Next::Wait(until) => {
                    let left = time_between(now, until.min(self.due));
                    self.ports.sleep(wait.min(left.max(FIRST_WAIT))).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        }
    }

    /// Goes through with a handshake that is ours. `None`: somebody has taken it over, and knows the answer.
    async fn own(
        &self,
        customer: &Customer,
        revision: u64,
        handshake: Handshake,
    ) -> Result<Option<Resumption>, PortError> {
        let id = customer.handshake_id();
        let (handshake, revision, recipient) = if handshake.decided.is_some() {
            (handshake, revision, None)
        } else {
            let (handshake, recipient) = self.decide(customer, handshake).await;
            // From here on everybody who takes over writes the same to Genesys Cloud.
            if !self.ports.write(&id, Some(revision), &handshake).await? {
                return Ok(None);
            }
            (handshake, revision + 1, recipient)
        };
        let Some(decided) = handshake.decided.clone() else { return Ok(None) };
        let is_carried_out = self.carry_out(customer, &handshake, &decided, recipient.as_ref()).await;
        let answered = handshake.answer();
        let answered = if is_carried_out { answered.carried_out() } else { answered };
        match self.ports.write(&id, Some(revision), &answered).await {
            Ok(true) => Ok(Some(decided.resumption)),
            Ok(false) => Ok(None),
            Err(error) => {
                warn!(conversationId = customer.conversation_id, %error, "the answer is given, but not kept");
                Ok(Some(decided.resumption))
            }
        }
    }

    /// Writes what follows from an answer that was given before, unless somebody else is at it.
    async fn carry_out_again(
        &self,
        customer: &Customer,
        seen: Option<u64>,
        handshake: Handshake,
        decided: &Decided,
    ) -> Result<(), PortError> {
        let id = customer.handshake_id();
        if self.ports.write(&id, seen, &handshake).await? && self.carry_out(customer, &handshake, decided, None).await {
            self.ports.write(&id, Some(seen.unwrap_or_default() + 1), &handshake.carried_out()).await?;
        }
        Ok(())
    }

    /// The handshake with its decision, and how a greeting reaches the customer, if one may.
    async fn decide(&self, customer: &Customer, handshake: Handshake) -> (Handshake, Option<Recipient>) {
        let limit = self.rules.look_limit.min(time_between(self.ports.now(), self.due));
        let look = self.ports.look(customer, limit).await.unwrap_or_else(|error| {
            warn!(conversationId = customer.conversation_id, %error, "Genesys Cloud does not tell");
            None
        });
        let now = self.ports.now();
        let resumption = match &look {
            Some(look) => decide(&look.conversation, &customer.participant_id, now, self.rules.window),
            None => Resumption::unavailable(),
        };
        metrics::counter!("SessionsDecided", "decision" => word(&resumption)).increment(1);
        info!(
            conversationId = customer.conversation_id,
            decision = ?resumption.decision,
            reason = ?resumption.reason,
            state = ?resumption.conversation_state,
            "decided"
        );
        let counted = look.as_ref().map_or(0, |look| look.counted);
        let recipient = look.and_then(|look| {
            greeting::recipient(&resumption, &look.conversation, &look.messengers, &customer.participant_id)
        });
        (handshake.decide(resumption, counted, now), recipient)
    }

    /// Writes what follows from a decision; whether attributes and outcome are written. Nothing of it keeps the customer from
    /// going back.
    async fn carry_out(
        &self,
        customer: &Customer,
        handshake: &Handshake,
        decided: &Decided,
        recipient: Option<&Recipient>,
    ) -> bool {
        // Somebody else may be at it once the lease is over.
        let limit = MARK_LIMIT.min(time_between(self.ports.now(), handshake.leased_until()));
        let mark = async {
            match decided.mark {
                Some(mark) => self.ports.mark(customer, mark, limit).await,
                None => Ok(()),
            }
        };
        let greet = async {
            match (decided.mark, recipient, &self.rules.greeting) {
                // Only who has just decided knows the recipient: a message is sent at most once.
                (Some(_), Some(recipient), Some(text)) => self.ports.greet(recipient, text, limit).await,
                _ => Ok(()),
            }
        };
        let announce = self.ports.announce(announce::decided(customer, handshake, decided), limit);
        let (marked, greeted, announced) = join3(mark, greet, announce).await;
        let is_carried_out = marked.is_ok() && announced.is_ok();
        for (result, what) in [(marked, "attributes"), (greeted, "message"), (announced, "outcome")] {
            if let Err(error) = result {
                metrics::counter!("SideEffectsFailed").increment(1);
                error!(conversationId = customer.conversation_id, %error, what, "the decision stands without it");
            }
        }
        is_carried_out
    }

    fn lease(&self) -> Duration {
        self.rules.look_limit + MARK_LIMIT + LEASE_MARGIN
    }
}

fn word(resumption: &Resumption) -> &'static str {
    if resumption.is_resumable() { "resumable" } else { "newRoutingRequired" }
}

/// From one moment to a later one; nothing if it is not later.
fn time_between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
