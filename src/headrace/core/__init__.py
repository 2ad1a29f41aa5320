"""What every room may use: exceptions, exchanges, expressions, secrets, figures, events."""
