"""The registry (登记簿): what is known, and the law of the house."""
