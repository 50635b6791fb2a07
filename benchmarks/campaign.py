"""The campaign that is measured, and where its answers are."""

SLUG = "bench"
_BASE = f"/api/v1/campaigns/{SLUG}/"
SIGN = f"{_BASE}signatures/"
SIGNERS = f"{_BASE}signers/"
COUNTS = f"{_BASE}counts/"
CONFIRM = "/api/v1/signatures/confirm/"

# Published as soon as the mailbox is confirmed, and nobody is asked for a proof of work: so that all
# of what signing and confirming cost is in the figures, and nothing that the client costs.
FILE = f"""
slug = "{SLUG}"
languages = ["en"]
goal = 1000000
opens_at = 2025-01-01T00:00:00Z
publication = "after_verification"
bot_check = "off"
disciplines = ["musician", "actor", "author", "director", "painter", "photographer", "translator", "composer"]
protected_names = ["Scarlett Johansson", "Cate Blanchett", "R.E.M."]

[organiser]
name = "Example Organiser"
address = "1 Example Street"
contact = "privacy@example.org"
privacy_url = "https://example.org/privacy"

[statement.en]
title = "Art is not a quarry"
body = "We made it.\\n\\nAsk us first."
consent = "I agree that my name is published."
"""
