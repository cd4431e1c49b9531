//! Which Case a conversation belongs to, and which agents have to know.
//!
//! The Case arrives as a participant attribute, before, during or long after the work. Both sides add to sets of the
//! conversation and get back what the other side has added: whoever comes second brings the two together, so the
//! Case becomes a fact of each agent who worked on the conversation, in any order.

use std::collections::{BTreeMap, BTreeSet};

use ledger::sets::Sets;
use ledger::{GrowOnlySets, LedgerError};

use crate::facts::{AgentFacts, CaseFacts, CaseReference, EpochMs};

/// An agent worked on a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkedOn {
    /// The conversation.
    pub conversation: String,
    /// The agent's Genesys Cloud user id.
    pub agent: String,
    /// When.
    pub at: EpochMs,
}

/// A participant attribute that refers to a Case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseNews {
    /// The conversation.
    pub conversation: String,
    /// The attribute's name in lower case.
    pub attribute: String,
    /// When it was set.
    pub at: EpochMs,
    /// Its value.
    pub value: String,
}

/// What a batch of events says of one conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConversationNews {
    worked_on: BTreeSet<String>,
    cases: BTreeSet<String>,
}

const WORKED_ON: &str = "worked_on";
const CASES: &str = "cases";
/// A conversation may be reopened for 30 days (emails), and attributes may come four days late: seconds.
const KEPT_SECS: i64 = 90 * 86_400;

impl ConversationNews {
    /// Adds that an agent worked on it.
    pub fn add_work(&mut self, work: &WorkedOn) {
        self.worked_on.insert(format!("{:013}@{}", work.at.max(0), work.agent));
    }

    /// Adds a Case.
    pub fn add_case(&mut self, case: &CaseNews) {
        self.cases.insert(format!("{:013}@{}@{}", case.at.max(0), case.attribute, case.value));
    }
}

/// Notes the news of a conversation and gives back what they mean for agents: who has to be told of which Case.
/// `now` is in epoch milliseconds.
pub async fn note(
    sets: &GrowOnlySets,
    conversation: &str,
    news: &ConversationNews,
    now: EpochMs,
) -> Result<BTreeMap<String, AgentFacts>, LedgerError> {
    let additions = Sets::from([(WORKED_ON, news.worked_on.clone()), (CASES, news.cases.clone())]);
    let known = sets.add(&format!("conversation#{conversation}"), &additions, now / 1000 + KEPT_SECS).await?;
    Ok(tell(conversation, news, &known))
}

fn tell(conversation: &str, news: &ConversationNews, known: &Sets) -> BTreeMap<String, AgentFacts> {
    let empty = BTreeSet::new();
    let by_attribute = latest(known.get(CASES).unwrap_or(&empty));
    if by_attribute.is_empty() {
        return BTreeMap::new();
    }
    // A new Case concerns everybody who worked here; otherwise those who are new need to know.
    let to_tell = if news.cases.is_empty() { &news.worked_on } else { known.get(WORKED_ON).unwrap_or(&empty) };
    let mut told: BTreeMap<String, AgentFacts> = BTreeMap::new();
    for (worked_since, agent) in to_tell.iter().filter_map(|entry| timed(entry)) {
        let case = CaseFacts { by_attribute: by_attribute.clone(), worked_since };
        let cases = BTreeMap::from([(conversation.to_owned(), case)]);
        told.entry(agent.to_owned()).or_default().join(&AgentFacts { cases, ..AgentFacts::default() });
    }
    told
}

/// The latest reference of each attribute.
fn latest(cases: &BTreeSet<String>) -> BTreeMap<String, CaseReference> {
    let mut by_attribute = BTreeMap::new();
    for (at, rest) in cases.iter().filter_map(|entry| timed(entry)) {
        let Some((attribute, value)) = rest.split_once('@') else { continue };
        // The set is in order of time: a later one replaces an earlier one.
        by_attribute.insert(attribute.to_owned(), CaseReference { at, value: value.to_owned() });
    }
    by_attribute
}

fn timed(entry: &str) -> Option<(EpochMs, &str)> {
    let (at, rest) = entry.split_once('@')?;
    Some((at.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(agent: &str, at: EpochMs) -> WorkedOn {
        WorkedOn { conversation: "c".to_owned(), agent: agent.to_owned(), at }
    }

    fn case(value: &str, at: EpochMs) -> CaseNews {
        CaseNews { conversation: "c".to_owned(), attribute: "sf_urlpop".to_owned(), at, value: value.to_owned() }
    }

    /// Both sides in either order, as the sets would give them back.
    fn told(steps: &[ConversationNews]) -> BTreeMap<String, AgentFacts> {
        let mut known = Sets::from([(WORKED_ON, BTreeSet::new()), (CASES, BTreeSet::new())]);
        let mut told = BTreeMap::<String, AgentFacts>::new();
        for news in steps {
            known.entry(WORKED_ON).or_default().extend(news.worked_on.clone());
            known.entry(CASES).or_default().extend(news.cases.clone());
            for (agent, facts) in tell("c", news, &known) {
                told.entry(agent).or_default().join(&facts);
            }
        }
        told
    }

    #[test]
    fn everybody_who_worked_on_it_knows_the_latest_case_in_any_order() {
        let mut steps = [
            ConversationNews::default(),
            ConversationNews::default(),
            ConversationNews::default(),
            ConversationNews::default(),
        ];
        steps[0].add_work(&work("ann", 1_000));
        steps[1].add_work(&work("bob", 2_000));
        steps[2].add_case(&case("500A@1", 1_500));
        steps[3].add_case(&case("500B", 500));
        let expected = told(&steps);
        assert_eq!(expected["ann"].cases["c"].by_attribute["sf_urlpop"].value, "500A@1");
        assert_eq!(expected["ann"].cases["c"].worked_since, 1_000);
        assert_eq!(expected.len(), 2);
        for order in [[3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2], [0, 3, 2, 1]] {
            assert_eq!(told(&order.map(|index| steps[index].clone())), expected, "{order:?}");
        }
    }

    #[test]
    fn without_a_case_nobody_is_told() {
        let mut news = ConversationNews::default();
        news.add_work(&work("ann", 1_000));
        assert_eq!(told(&[news]), BTreeMap::new());
    }
}
