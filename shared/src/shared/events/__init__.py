"""Events between services: outbox, relay, inbox, consumers and the topology of JetStream."""
