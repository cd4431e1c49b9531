variable "aws_account_id" {
  description = "The AWS account that gets the events: 12 digits."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.aws_account_id))
    error_message = "An AWS account id has 12 digits."
  }
}

variable "aws_region" {
  description = "The AWS region of the event bus and the functions, such as eu-west-1. It need not be that of the Genesys Cloud organisation."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "An AWS region is named like eu-west-1."
  }
}

variable "event_source_suffix" {
  description = "The last part of the name of the partner event source. Unique in the organisation; another one makes another event source."
  type        = string
  default     = "genesys-event-processor"

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,64}$", var.event_source_suffix))
    error_message = "A suffix has 1 to 64 letters, digits, dots, hyphens and underscores."
  }
}

variable "name_prefix" {
  description = "What the names of the integration, the roles and the OAuth clients begin with."
  type        = string
  default     = "Genesys Event Processor"

  validation {
    condition     = length(trimspace(var.name_prefix)) > 0 && length(var.name_prefix) <= 50
    error_message = "A prefix has 1 to 50 characters."
  }
}

variable "functions" {
  description = "The functions that get a role and OAuth clients of their own. Leave out what is not deployed. interruption-logger and ghost-watcher need none."
  type        = set(string)
  default     = ["ghost-disconnector"]

  validation {
    condition     = length(setsubtract(var.functions, ["ghost-disconnector", "queue-drainer", "session-resumption", "chat-closer"])) == 0
    error_message = "Functions with a role are ghost-disconnector, queue-drainer, session-resumption and chat-closer."
  }
}

variable "division_ids" {
  description = "The divisions in which the functions may see and disconnect conversations. [\"*\"] is all of them, also those to come."
  type        = set(string)

  validation {
    condition     = length(var.division_ids) > 0
    error_message = "Without a division the functions may do nothing."
  }

  validation {
    condition     = !contains(var.division_ids, "*") || length(var.division_ids) == 1
    error_message = "\"*\" is all divisions: name no other beside it."
  }

  validation {
    condition     = alltrue([for id in var.division_ids : id == "*" || can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", id))])
    error_message = "A division id is a UUID in lower case."
  }
}

variable "ghost_disconnector_may_disconnect" {
  description = "Whether the ghost disconnector's role lets it disconnect. false fits a policy that says observe; set it before the policy says enforce."
  type        = bool
  default     = false
}

variable "queue_drainer_clients" {
  description = "How many OAuth clients drain side by side. Genesys Cloud limits requests by token, 300 a minute each."
  type        = number
  default     = 1

  validation {
    condition     = var.queue_drainer_clients >= 1 && var.queue_drainer_clients <= 10 && floor(var.queue_drainer_clients) == var.queue_drainer_clients
    error_message = "1 to 10 clients."
  }
}

variable "access_token_validity_seconds" {
  description = "How long an access token lives. The functions ask for another one in time."
  type        = number
  default     = 3600

  validation {
    condition     = var.access_token_validity_seconds >= 300 && var.access_token_validity_seconds <= 172800
    error_message = "Five minutes (300) to 48 hours (172800)."
  }
}

variable "client_secret_directory" {
  description = "An existing directory outside this repository, on the machine that runs Terraform, into which the secret of each new OAuth client is written, so that no secret is in the state."
  type        = string

  validation {
    condition     = startswith(var.client_secret_directory, "/")
    error_message = "An absolute path, such as one under /dev/shm."
  }
}

variable "integration_enabled" {
  description = "Whether Genesys Cloud sends events. false stops all of them; don't count on what happens meanwhile being sent later."
  type        = bool
  default     = true
}
