"""What went wrong with a request, and the story that an error tells of it."""
