"""Commands about mapping profiles."""
