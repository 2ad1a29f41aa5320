"""What answers show of an API that nothing is known of: decided without asking."""
