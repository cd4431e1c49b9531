"""What happens in the contact centre: events as Genesys Cloud puts them on the bus, and a conversation that is stuck."""

import datetime
import json
import uuid

CASE = "500000000000001AAA"
AGENT, QUEUE = str(uuid.uuid4()), str(uuid.uuid4())
MINUTE_MS = 60_000


def ago(minutes):
    """Epoch milliseconds."""
    return int(datetime.datetime.now(datetime.UTC).timestamp() * 1000) - minutes * MINUTE_MS


def event(topic, conversation, at, **body):
    return {
        "DetailType": f"v2.detail.events.conversation.{{id}}.{topic}",
        "Detail": json.dumps({
            "topicName": f"v2.detail.events.conversation.{conversation}.{topic}",
            "version": "2",
            "eventBody": {"eventTime": at, "conversationId": conversation, "participantId": str(uuid.uuid4()), **body},
            "metadata": {"CorrelationId": str(uuid.uuid4())},
        }),
    }  # fmt: skip


class Session:
    """An agent at work on a conversation, from and until so many minutes ago."""

    ALERTING_MS = 4_000

    def __init__(self, media, began, ended):
        self.conversation, self.session = str(uuid.uuid4()), str(uuid.uuid4())
        self.media, self.began, self.ended = media, ago(began), ago(ended)

    def events(self):
        common = {
            "sessionId": self.session, "mediaType": self.media, "direction": "INBOUND", "provider": "Edge",
            "userId": AGENT, "queueId": QUEUE,
        }  # fmt: skip
        handled = self.ended - self.began - self.ALERTING_MS
        durations = {"alertingDurationMs": self.ALERTING_MS, "interactingDurationMs": handled}
        return [
            event("user.start", self.conversation, self.began, **common),
            event("user.end", self.conversation, self.ended, **common, **durations, disconnectType="PEER"),
        ]

    def belongs_to(self, case):
        return event("attributes", self.conversation, self.began, attributes={"SF_URLPop": case})


def stuck_call(began):
    """A call that the customer left, so many minutes after it began, and the agent is stuck in: as the API shows it."""

    def leg(**more):
        return {"id": str(uuid.uuid4()), "provider": "Edge", "direction": "inbound", "held": False, **more}

    def time(minutes):
        at = datetime.datetime.fromtimestamp(ago(minutes) / 1000, datetime.UTC)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    gone = {"state": "terminated", "connectedTime": time(began), "disconnectedTime": time(began - 10), "disconnectType": "peer"}
    here = {"state": "connected", "connectedTime": time(began)}
    return {
        "id": str(uuid.uuid4()),
        "startTime": time(began),
        "participants": [
            {"id": str(uuid.uuid4()), "purpose": "customer", "startTime": time(began), "calls": [leg(**gone)]},
            {"id": str(uuid.uuid4()), "purpose": "agent", "startTime": time(began), "userId": AGENT, "calls": [leg(**here)]},
        ],
        "divisions": [],
        "recentTransfers": [],
    }
