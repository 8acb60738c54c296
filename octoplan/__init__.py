"""Campaigns as code: plan, review and send SMS, voice, RCS and e-mail campaigns exactly once."""

__version__ = "0.1.0"
