"""What is published beside a synthesis so that somebody outside verifies it; pure, and the standard library only."""
