"""Callbacks of the gateway → what the state is told: deliveries, STOPs and replies, by ticket and person."""
