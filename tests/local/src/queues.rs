//! SQS in memory: visibility time-out, receive count, delay, dead-letter queues.
//!
//! Delays are shortened ([`Timings`]), so that a test need not wait as long as a deployment would.

pub(crate) mod api;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use crate::activity::{Activity, Busy};
use crate::template::{self, ACCOUNT, REGION, Template};

/// How long the stack waits where AWS waits for seconds or minutes.
#[derive(Debug, Clone)]
pub struct Timings {
    /// How long a batch is gathered.
    pub batching_window: Duration,
    /// After the first failure of a message, it is hidden for this long; after the second, twice.
    pub retry_delay: Duration,
    /// The longest that a message is delayed.
    pub longest_delay: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            batching_window: Duration::from_millis(20),
            retry_delay: Duration::from_millis(200),
            longest_delay: Duration::from_millis(100),
        }
    }
}

/// A message, as it is received.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id, the same at every receipt.
    pub id: String,
    /// What deletes it; new at every receipt.
    pub receipt: String,
    /// Its text.
    pub body: String,
    /// How often it was received, this time included.
    pub receive_count: u32,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it was first received.
    pub first_received_at: Option<Timestamp>,
}

/// How many messages a queue has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ready to be received.
    pub visible: usize,
    /// Received, and neither deleted nor visible again.
    pub in_flight: usize,
    /// Not visible yet.
    pub delayed: usize,
}

struct Entry {
    message: Message,
    /// Absent in a queue that nobody reads.
    _busy: Option<Busy>,
}

#[derive(Default)]
struct State {
    visible: VecDeque<Entry>,
    /// By the time at which each becomes visible; the number keeps their order.
    delayed: BTreeMap<(Instant, u64), Entry>,
    /// By receipt, with the time at which each becomes visible again.
    in_flight: HashMap<String, (Instant, Entry)>,
    sequence: u64,
}

/// One queue.
pub struct Queue {
    settings: template::Queue,
    url: String,
    longest_delay: Duration,
    /// Absent for a queue that nobody reads: its messages keep nobody waiting.
    activity: Option<Activity>,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

impl Queue {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", self.settings.name)
    }

    /// Whether a function reads it.
    pub fn is_read(&self) -> bool {
        self.activity.is_some()
    }

    /// For how long a received message is hidden, unless the receiver says otherwise.
    pub fn visibility_timeout(&self) -> Duration {
        Duration::from_secs(self.settings.visibility_seconds.into())
    }

    /// Sends a message; answers its id.
    pub fn send(&self, body: String, delay: Option<Duration>) -> String {
        let delay = delay.unwrap_or_else(|| Duration::from_secs(self.settings.delay_seconds.into()));
        let id = Uuid::new_v4().to_string();
        self.put(
            Message {
                id: id.clone(),
                receipt: String::new(),
                body,
                receive_count: 0,
                sent_at: Timestamp::now(),
                first_received_at: None,
            },
            delay.min(self.longest_delay),
        );
        id
    }

    fn put(&self, message: Message, delay: Duration) {
        let entry = Entry { message, _busy: self.activity.as_ref().map(Activity::begin) };
        self.lock().hide(entry, delay);
        self.changed.send_replace(());
    }

    /// Receives up to `most` messages of up to `most_bytes` together, hidden for `visibility`.
    /// Those received too often already come second: they belong on the dead-letter queue.
    fn receive(&self, most: usize, most_bytes: usize, visibility: Duration) -> (Vec<Message>, Vec<Entry>) {
        let limit = self.settings.redrive.as_ref().map(|redrive| redrive.max_receive_count);
        let now = Instant::now();
        let mut state = self.lock();
        state.show_due(now);
        let (mut received, mut exhausted, mut bytes) = (Vec::new(), Vec::new(), 0);
        while received.len() < most {
            let Some(mut entry) = state.visible.pop_front() else { break };
            if limit.is_some_and(|limit| entry.message.receive_count >= limit) {
                exhausted.push(entry);
                continue;
            }
            bytes += entry.message.body.len();
            if bytes > most_bytes && !received.is_empty() {
                state.visible.push_front(entry);
                break;
            }
            entry.message.receive_count += 1;
            entry.message.first_received_at.get_or_insert_with(Timestamp::now);
            entry.message.receipt = Uuid::new_v4().to_string();
            received.push(entry.message.clone());
            state.in_flight.insert(entry.message.receipt.clone(), (now + visibility, entry));
        }
        (received, exhausted)
    }

    /// Deletes a received message; false if the receipt is not known (any more).
    pub fn delete(&self, receipt: &str) -> bool {
        let deleted = self.lock().in_flight.remove(receipt);
        if deleted.is_some() {
            self.changed.send_replace(());
        }
        deleted.is_some()
    }

    /// Makes a received message visible again after a while; false if the receipt is not known.
    pub fn release(&self, receipt: &str, after: Duration) -> bool {
        let mut state = self.lock();
        let Some((_, entry)) = state.in_flight.remove(receipt) else {
            return false;
        };
        state.hide(entry, after);
        drop(state);
        self.changed.send_replace(());
        true
    }

    /// How many messages it has.
    pub fn counts(&self) -> Counts {
        let mut state = self.lock();
        state.show_due(Instant::now());
        Counts { visible: state.visible.len(), in_flight: state.in_flight.len(), delayed: state.delayed.len() }
    }

    /// The visible messages, left where they are.
    pub fn peek(&self) -> Vec<Message> {
        let mut state = self.lock();
        state.show_due(Instant::now());
        state.visible.iter().map(|entry| entry.message.clone()).collect()
    }

    /// Waits until `count` messages are visible, without a time limit of its own.
    pub async fn visible(&self, count: usize) {
        let mut changes = self.changed.subscribe();
        loop {
            let next = {
                let mut state = self.lock();
                state.show_due(Instant::now());
                if state.visible.len() >= count {
                    return;
                }
                state.next_due()
            };
            let due = async {
                match next {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            // The sender is part of this queue, so that the wait can't fail.
            tokio::select! {
                _ = changes.changed() => {}
                () = due => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hide(&mut self, entry: Entry, delay: Duration) {
        if delay.is_zero() {
            self.visible.push_back(entry);
            return;
        }
        self.sequence += 1;
        self.delayed.insert((Instant::now() + delay, self.sequence), entry);
    }

    fn show_due(&mut self, now: Instant) {
        while let Some(due) = self.delayed.first_entry().filter(|entry| entry.key().0 <= now) {
            self.visible.push_back(due.remove());
        }
        let expired = self.in_flight.extract_if(|_, (until, _)| *until <= now);
        self.visible.extend(expired.map(|(_, (_, entry))| entry));
    }

    fn next_due(&self) -> Option<Instant> {
        let delayed = self.delayed.keys().next().map(|(due, _)| *due);
        let in_flight = self.in_flight.values().map(|(until, _)| *until).min();
        delayed.into_iter().chain(in_flight).min()
    }
}

/// All queues, by name.
pub struct Queues {
    by_name: BTreeMap<String, Arc<Queue>>,
}

impl Queues {
    /// The queues of a template. Those that a function reads count as activity.
    pub fn new(template: &Template, endpoint: &str, timings: &Timings, activity: &Activity) -> Self {
        let unread: Vec<_> = template.unread_queues().collect();
        let queue = |settings: &template::Queue| {
            let is_read = !unread.contains(&settings.name.as_str());
            Arc::new(Queue {
                url: format!("{endpoint}/{ACCOUNT}/{}", settings.name),
                settings: settings.clone(),
                longest_delay: timings.longest_delay,
                activity: is_read.then(|| activity.clone()),
                state: Mutex::default(),
                changed: watch::Sender::default(),
            })
        };
        let by_name = template.queues.iter().map(|settings| (settings.name.clone(), queue(settings)));
        Self { by_name: by_name.collect() }
    }

    /// The queue with this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Queue>> {
        self.by_name.get(name)
    }

    /// All queues.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Queue>> {
        self.by_name.values()
    }

    /// Receives from a queue; what was received too often goes to its dead-letter queue instead.
    pub fn receive(&self, queue: &Queue, most: usize, most_bytes: usize, visibility: Duration) -> Vec<Message> {
        let (received, exhausted) = queue.receive(most, most_bytes, visibility);
        let dead_letters = queue.settings.redrive.as_ref().and_then(|to| self.get(&to.queue));
        if let Some(dead_letters) = dead_letters {
            for entry in exhausted {
                // What is under way ends only once the message has arrived there.
                dead_letters.put(entry.message.clone(), Duration::ZERO);
                drop(entry);
            }
        }
        received
    }
}

#[cfg(test)]
pub(crate) mod tests;
