"""The door of moderators and operators: it parses, asks for the permission, calls a verb, answers.

Facts are read-only here, whatever changes them is a verb behind a button, and a list opens on the
work to do. Django's autodiscovery imports this package; its modules register with `site.site`.
"""

from campaign.admin import (
    batches,
    campaigns,
    keys,
    mails,
    members,
    people,
    print_lists,
    record,
    removals,
    signatures,
    uploads,
    vouchers,
    webhooks,
)

__all__ = [
    "batches",
    "campaigns",
    "keys",
    "mails",
    "members",
    "people",
    "print_lists",
    "record",
    "removals",
    "signatures",
    "uploads",
    "vouchers",
    "webhooks",
]
