locals {
  # By function, then by domain:entity: the actions.
  policies = {
    for function in var.functions : function => {
      for permission in local.permissions[function] :
      join(":", slice(split(":", permission), 0, 2)) => split(":", permission)[2]...
    }
  }
}

resource "genesyscloud_auth_role" "function" {
  for_each = local.policies

  name        = "${var.name_prefix} ${each.key}"
  description = "What ${each.key} of the Genesys Event Processor may do, and nothing else."

  dynamic "permission_policies" {
    for_each = each.value

    content {
      domain      = split(":", permission_policies.key)[0]
      entity_name = split(":", permission_policies.key)[1]
      action_set  = permission_policies.value
    }
  }
}
