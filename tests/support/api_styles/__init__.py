"""Small APIs on loopback in all the styles that listings come in."""
