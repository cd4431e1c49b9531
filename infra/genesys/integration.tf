locals {
  # What the rules of template.yaml match, and nothing else: `.ci/check-genesys` compares the two.
  topics = [
    "v2.detail.events.conversation.{id}.acd.end",
    "v2.detail.events.conversation.{id}.acd.start",
    "v2.detail.events.conversation.{id}.acw",
    "v2.detail.events.conversation.{id}.attributes",
    "v2.detail.events.conversation.{id}.customer.end",
    "v2.detail.events.conversation.{id}.customer.start",
    "v2.detail.events.conversation.{id}.flow.end",
    "v2.detail.events.conversation.{id}.flow.start",
    "v2.detail.events.conversation.{id}.user.end",
    "v2.detail.events.conversation.{id}.user.start",
    "v2.detail.events.conversation.{id}.voicemail.end",
    "v2.detail.events.conversation.{id}.voicemail.start",
  ]
}

data "genesyscloud_organizations_me" "this" {}

resource "genesyscloud_integration" "event_bridge" {
  integration_type = "amazon-eventbridge-source"
  intended_state   = var.integration_enabled ? "ENABLED" : "DISABLED"

  config {
    name  = "${var.name_prefix} events"
    notes = "Detail events for the Genesys Event Processor in AWS account ${var.aws_account_id}, ${var.aws_region}. Kept by Terraform."
    properties = jsonencode({
      awsAccountId      = var.aws_account_id
      awsAccountRegion  = var.aws_region
      eventSourceSuffix = var.event_source_suffix
      eventFilter       = local.topics
    })
    advanced = jsonencode({})
  }
}
