"""What is built for engines, on the engines themselves: `scripts/engines` runs it."""
