"""When a message may be sent: rules, in the recipient's own time, and the moments that follow from them."""
