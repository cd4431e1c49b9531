//! How long a customer waits for an answer: the first of a handshake, and every other.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use comfy_table::Table;
use end_to_end::sessions::ago;
use fake_genesys_cloud::scenarios::{Messaging, Part};
use local_stack::stack::Stack;
use reqwest::Client;
use serde_json::{Value, json};

use crate::figures::stack;

/// Answers of each kind before any is measured: connections, the token and the secret are there then.
const WARM_UP: usize = 10;

/// Asks for so many handshakes, each twice. Two requests to Genesys Cloud a handshake have to fit into a minute of its rate limit.
pub(crate) async fn measure(handshakes: usize) -> Result<()> {
    let stack = stack().await?;
    let mut waits = Waits::default();
    for number in 0..WARM_UP + handshakes {
        let (uncached, cached) = handshake(&stack, number).await?;
        if number >= WARM_UP {
            waits.uncached.push(uncached);
            waits.cached.push(cached);
        }
    }
    let mut table = Table::new();
    table.set_header(["session resumption", "p50", "p99"]);
    for (name, mut durations) in [
        ("first answer of a handshake, with a Genesys Cloud that answers at once", waits.uncached),
        ("any other within the minute", waits.cached),
    ] {
        durations.sort();
        let [p50, p99] = [50, 99].map(|share| durations[(durations.len() - 1) * share / 100]);
        table.add_row([format!("{name} ({})", durations.len()), format!("{p50:.1?}"), format!("{p99:.1?}")]);
    }
    println!("{table}");
    stack.stop().await;
    Ok(())
}

#[derive(Default)]
struct Waits {
    uncached: Vec<Duration>,
    cached: Vec<Duration>,
}

async fn handshake(stack: &Stack, number: usize) -> Result<(Duration, Duration)> {
    let id = format!("00000000-0000-4000-8000-{number:012}");
    let customer = Part::new("customer", ago(900)).until(ago(60), "transport.failure");
    let messaging = Messaging::new(&id, "webmessaging").with(customer).with(Part::new("agent", ago(800)));
    stack.genesys().context("another Genesys Cloud is used")?.conversations().set(messaging.json())?;
    let body = json!({ "conversationId": id, "participantId": messaging.participant_id(0) });
    Ok((ask(stack, &body).await?, ask(stack, &body).await?))
}

async fn ask(stack: &Stack, body: &Value) -> Result<Duration> {
    let browser = Client::builder().no_proxy().build()?;
    let request = browser.post(format!("{}/resumptions", stack.urls().api)).json(body);
    let began = Instant::now();
    let answer: Value = request.send().await?.json().await?;
    let took = began.elapsed();
    ensure!(answer["decision"] == "RESUMABLE", "{answer}");
    Ok(took)
}
