//! Architect flows: what the platform's automation did with the conversation.

use super::fields::{FieldError, Fields};
use super::{DisconnectType, EventContext, FlowExitReason, FlowOutcomeValue, FlowTransferType};

/// Which flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Its kind, such as `INBOUNDCALL` or `BOT`. An open list, kept as it came.
    pub flow_type: Option<String>,
    /// Its id.
    pub flow_id: Option<String>,
    /// Its published version, such as `7.0`.
    pub flow_version: Option<String>,
    /// Its division.
    pub division_id: Option<String>,
}

impl Flow {
    fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            flow_type: body.text("flowType")?,
            flow_id: body.text("flowId")?,
            flow_version: body.text("flowVersion")?,
            division_id: body.text("divisionId")?,
        })
    }
}

/// `flow.start`: a flow began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowStart {
    /// When and where.
    pub context: EventContext,
    /// The flow.
    pub flow: Flow,
}

impl FlowStart {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { context: EventContext::read(body)?, flow: Flow::read(body)? })
    }
}

/// `flow.end`: a flow ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowEnd {
    /// When and where.
    pub context: EventContext,
    /// The flow.
    pub flow: Flow,
    /// How the flow's session ended.
    pub disconnect_type: Option<DisconnectType>,
    /// How long it ran, in milliseconds.
    pub connected_duration_ms: Option<u64>,
    /// Why the flow was left.
    pub exit_reason: Option<FlowExitReason>,
    /// Where the flow transferred to, if it did.
    pub transfer_type: Option<FlowTransferType>,
}

impl FlowEnd {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            flow: Flow::read(body)?,
            disconnect_type: body.word("disconnectType")?,
            connected_duration_ms: body.duration_ms("connectedDurationMs")?,
            exit_reason: body.word("exitReason")?,
            transfer_type: body.word("transferType")?,
        })
    }
}

/// `flow.outcome`: a flow reported an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowOutcome {
    /// When and where.
    pub context: EventContext,
    /// The flow.
    pub flow: Flow,
    /// The outcome.
    pub flow_outcome_id: Option<String>,
    /// When the flow began to work on the outcome, in epoch milliseconds (UTC).
    pub flow_outcome_start_time_ms: Option<i64>,
    /// When it was decided, in epoch milliseconds (UTC).
    pub flow_outcome_end_time_ms: Option<i64>,
    /// How it was decided.
    pub flow_outcome_value: Option<FlowOutcomeValue>,
    /// The milestones on the way.
    pub flow_milestones: Vec<FlowMilestone>,
}

impl FlowOutcome {
    pub(super) fn read(body: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            context: EventContext::read(body)?,
            flow: Flow::read(body)?,
            flow_outcome_id: body.text("flowOutcomeId")?,
            flow_outcome_start_time_ms: body.time_ms("flowOutcomeStartTime")?,
            flow_outcome_end_time_ms: body.time_ms("flowOutcomeEndTime")?,
            flow_outcome_value: body.word("flowOutcomeValue")?,
            flow_milestones: body.objects("flowMilestones", FlowMilestone::read)?,
        })
    }
}

/// A milestone that a flow passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowMilestone {
    /// The milestone.
    pub milestone_id: Option<String>,
    /// When it was passed, in epoch milliseconds (UTC).
    pub milestone_time_ms: Option<i64>,
}

impl FlowMilestone {
    fn read(fields: &Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { milestone_id: fields.text("milestoneId")?, milestone_time_ms: fields.time_ms("milestoneTime")? })
    }
}
