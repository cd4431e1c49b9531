output "event_source_name" {
  description = "The partner event source in AWS. A bus of this name is to be made from it: the template's parameter EventBusName."
  value       = "aws.partner/genesys.com/cloud/${data.genesyscloud_organizations_me.this.id}/${var.event_source_suffix}"
}

output "client_ids" {
  description = "The OAuth client of each function: clientId in its secret in Secrets Manager. The file of its secret is named by it."
  value       = { for name, client in genesyscloud_oauth_client.function : name => client.id }
}

output "granted_permissions" {
  description = "What each function may do."
  value       = { for function in var.functions : function => sort(local.permissions[function]) }
}

output "topics" {
  description = "The topics that Genesys Cloud sends."
  value       = local.topics
}
