//! A whole day in order, and the same day shuffled, doubled and posted by several clients at once.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::world::{Rows, World, without_revisions};
use local_stack::day::{DayOptions, contact_centre_day};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::Value;

async fn post(client: &reqwest::Client, url: &str, body: String) -> Result<()> {
    let answer = client.post(url).body(body).timeout(Duration::from_mins(2)).send().await?;
    ensure!(answer.status().is_success(), "{}", answer.text().await?);
    Ok(())
}

/// Posts the pieces through the HTTP API, several at once, and gives back the rows.
async fn rows_of(pieces: Vec<Vec<Value>>, at_once: usize) -> Result<Rows> {
    let world = World::new().await?;
    let (client, events) = (reqwest::Client::new(), format!("{}/events", world.stack.urls().api));
    for together in pieces.chunks(at_once) {
        let posts = together.iter().map(|piece| {
            let lines: Vec<String> = piece.iter().map(Value::to_string).collect();
            post(&client, &events, lines.join("\n"))
        });
        futures::future::try_join_all(posts).await?;
    }
    let api = &world.stack.urls().api;
    post(&client, &format!("{api}/drain-queues"), String::new()).await?;
    post(&client, &format!("{api}/schedules/run"), String::new()).await?;
    post(&client, &format!("{api}/drain-queues"), String::new()).await?;
    assert_eq!(world.dead_letters(), Vec::<Value>::new());
    Ok(without_revisions(world.valid_rows()?))
}

#[tokio::test]
async fn a_shuffled_and_doubled_day_from_several_clients_ends_as_the_ordered_one() -> Result<()> {
    let day = contact_centre_day(&DayOptions { late_share: 0.0, duplicate_share: 0.0, ..DayOptions::default() });
    let events: Vec<Value> = day.events.into_iter().map(|event| event.envelope).collect();
    let ordered = rows_of(events.chunks(50).map(<[Value]>::to_vec).collect(), 1).await?;
    assert!(ordered.len() > 100, "{} rows", ordered.len());

    let mut shuffled = [events.clone(), events].concat();
    shuffled.shuffle(&mut StdRng::seed_from_u64(20_261_121));
    let shuffled = rows_of(shuffled.chunks(37).map(<[Value]>::to_vec).collect(), 6).await?;
    for (key, row) in &ordered {
        assert_eq!(shuffled.get(key), Some(row), "{key}");
    }
    assert_eq!(shuffled.len(), ordered.len());
    Ok(())
}
