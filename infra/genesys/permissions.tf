# What each function's calls need, domain:entity:action, and nothing else (reference/genesys-cloud.md §2). `.ci/check-genesys` holds
# them to the calls of the functions that are built. Reading and writing participant attributes needs no permission.
locals {
  permissions = {
    ghost-disconnector = concat(
      [
        "analytics:conversationDetail:view", # finds what no event announced
        "conversation:communication:view",   # looks at a conversation
      ],
      var.ghost_disconnector_may_disconnect ? ["conversation:communication:disconnect"] : [],
    )
    queue-drainer = [
      "analytics:conversationDetail:view",     # lists what waits in the queue
      "analytics:queueObservation:view",       # tells which of it an agent has by now
      "conversation:communication:disconnect", # disconnects it
      "conversation:communication:view",       # makes sure where the list can't tell
    ]
    session-resumption = [
      "conversation:communication:view", # reads the conversation that the customer comes back to
      "conversation:message:create",     # leaves the marker message, where that is switched on
    ]
    chat-closer = [
      "conversation:communication:disconnect", # ends a synchronous chat for the customer
      "conversation:communication:view",       # makes sure that nobody is on it
      "conversation:message:create",           # sends the closing notice
    ]
  }
}
