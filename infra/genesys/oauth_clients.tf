locals {
  # One for each function, but as many as asked for of the drainer: the name of the client and its function.
  clients = merge(
    { for function in var.functions : function => function if function != "queue-drainer" },
    contains(var.functions, "queue-drainer") ? {
      for number in range(1, var.queue_drainer_clients + 1) : "queue-drainer-${number}" => "queue-drainer"
    } : {},
  )
}

# The secret goes to a file and not into the state: it is shown once, when the client is made (README, step 4).
resource "genesyscloud_oauth_client" "function" {
  for_each = local.clients

  name                          = "${var.name_prefix} ${each.key}"
  description                   = "Who ${each.value} of the Genesys Event Processor is."
  authorized_grant_type         = "CLIENT-CREDENTIALS"
  access_token_validity_seconds = var.access_token_validity_seconds
  state                         = "active"
  expose_client_secret          = false
  directory_client_secret       = var.client_secret_directory

  dynamic "roles" {
    for_each = var.division_ids

    content {
      role_id     = genesyscloud_auth_role.function[each.value].id
      division_id = roles.value
    }
  }
}
