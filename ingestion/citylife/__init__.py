"""What the simulated city (模拟城市) is made of; `ingestion.city` is the door."""
