"""What waits for a person, and what the exchange can say in numbers. Reads every room, writes nothing."""
