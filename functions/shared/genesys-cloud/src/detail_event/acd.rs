//! A conversation's way through a queue.

use super::fields::{FieldError, Fields};
use super::{AcdOutcome, DisconnectType, EventContext, UsedRouting};

/// `acd.start`: the conversation entered a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcdStart {
    /// When and where.
    pub context: EventContext,
    /// The queue.
    pub queue_id: Option<String>,
    /// The queue's division.
    pub division_id: Option<String>,
    /// Priority in the queue: higher goes first.
    pub routing_priority: Option<i64>,
    /// Skills that an agent should have.
    pub requested_routing_skill_ids: Vec<String>,
    /// Whether a skill expression was used to find agents.
    pub skill_expression_applied: Option<bool>,
}

impl AcdStart {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            queue_id: body.text("queueId")?,
            division_id: body.text("divisionId")?,
            routing_priority: body.integer("routingPriority")?,
            requested_routing_skill_ids: body.texts("requestedRoutingSkillIds")?,
            skill_expression_applied: body.boolean("skillExpressionApplied")?,
        })
    }
}

/// `acd.end`: the conversation left the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcdEnd {
    /// When and where.
    pub context: EventContext,
    /// The queue.
    pub queue_id: Option<String>,
    /// The queue's division.
    pub division_id: Option<String>,
    /// How the queue's session ended.
    pub disconnect_type: Option<DisconnectType>,
    /// Whether an agent answered.
    pub acd_outcome: Option<AcdOutcome>,
    /// The agent who answered.
    pub answered_user_id: Option<String>,
    /// Routing methods that were asked for.
    pub requested_routings: Vec<String>,
    /// The routing method that found the agent.
    pub used_routing: Option<UsedRouting>,
    /// Skills that an agent should have.
    pub requested_routing_skill_ids: Vec<String>,
    /// Skill expressions that an agent should satisfy.
    pub requested_skill_expression_ids: Vec<String>,
    /// The language that an agent should speak.
    pub requested_language_id: Option<String>,
    /// Agents who were preferred.
    pub requested_routing_user_ids: Vec<String>,
    /// Priority in the queue: higher goes first.
    pub routing_priority: Option<i64>,
    /// How long it was in the queue, in milliseconds.
    pub connected_duration_ms: Option<u64>,
    /// The kind of flow that ran in the queue. The platform writes it in either case here (`inqueuecall`).
    pub flow_type: Option<String>,
}

impl AcdEnd {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            queue_id: body.text("queueId")?,
            division_id: body.text("divisionId")?,
            disconnect_type: body.word("disconnectType")?,
            acd_outcome: body.word("acdOutcome")?,
            answered_user_id: body.text("answeredUserId")?,
            requested_routings: body.texts("requestedRoutings")?,
            used_routing: body.word("usedRouting")?,
            requested_routing_skill_ids: body.texts("requestedRoutingSkillIds")?,
            requested_skill_expression_ids: body.texts("requestedSkillExpressionIds")?,
            requested_language_id: body.text("requestedLanguageId")?,
            requested_routing_user_ids: body.texts("requestedRoutingUserIds")?,
            routing_priority: body.integer("routingPriority")?,
            connected_duration_ms: body.duration_ms("connectedDurationMs")?,
            flow_type: body.text("flowType")?,
        })
    }
}
