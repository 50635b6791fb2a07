"""What organisers hand in: refused with a reason or taken, whatever is in it."""

import io
from base64 import b64encode
from collections.abc import Callable
from random import Random
from typing import Any

from openpyxl import Workbook
from PIL import Image

from campaign import criteria, intake, link_batches, logos, organising, sheets
from campaign.campaign_file import FileMistake, parse
from campaign.errors import CampaignError
from tests.fuzz import inputs
from tests.fuzz.web import Answer
from tests.fuzz.world import World

REFUSALS = (FileMistake, CampaignError, sheets.SheetMistake, logos.NoLogo)


def base64_of(text: str) -> str:
    return b64encode(inputs.wire(text)).decode()


def _outcome(take: Callable[[], Any]) -> Answer:
    try:
        return Answer(str(take() or "taken"))
    except REFUSALS as refusal:
        str(refusal)
        return Answer("refused")


CSV = (
    "name,email,kind,discipline,credit,organisation,country,language,sort_name,featured,signed_at,evidence_note\n"
    'Zoë Moreau,zoe@example.org,person,musician,"The ""Quarry"" Songs",,FR,en,"Moreau, Zoë",yes,2026-01-23,note\n'
    "R.E.M.,,group,,,,us,fr,,no,2026-01-23T10:00:00Z,\n"
)


def _toml(world: World, rng: Random) -> str:
    """The file with one value, key or piece replaced."""
    if rng.random() < 0.4:
        return inputs.mutated(rng, world.toml)
    lines = world.toml.splitlines()
    at = rng.randrange(len(lines))
    key, equals, _old = lines[at].partition(" = ")
    value = inputs.text(rng, (_old,))
    if equals and rng.random() < 0.8:
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        value = f'{key} = "{quoted}"'
    return "\n".join([*lines[:at], value, *lines[at + 1 :]])


def _load(_world: World, value: str, _rng: Random) -> Answer:
    return _outcome(lambda: organising.load_campaign(parse(value)) and None)


def _csv(_world: World, rng: Random) -> bytes:
    if rng.random() < 0.4:
        return inputs.bent_bytes(rng, CSV.encode())
    header, *rows = CSV.splitlines()
    cells = rng.choice(rows).split(",")
    cells[rng.randrange(len(cells))] = inputs.text(rng, cells)
    return inputs.wire("\n".join([header, ",".join(cells)]))


def _xlsx(_world: World, rng: Random) -> bytes:
    book, file = Workbook(), io.BytesIO()
    sheet: Any = book.active
    for line in CSV.splitlines():
        sheet.append(line.split(","))
    cell = inputs.text(rng, ("Zoë",))[:32_000]
    sheet["A2"] = "".join(c for c in cell if (c.isprintable() and c.isascii()) or c.isalnum())
    book.save(file)
    return inputs.bent_bytes(rng, file.getvalue()) if rng.random() < 0.8 else file.getvalue()


def _import(name: str) -> Callable[[World, Any, Random], Answer]:
    def send(world: World, value: bytes, rng: Random) -> Answer:
        def take() -> str:
            report = intake.import_signers(
                campaign=world.campaign,
                lines=sheets.lines(value, name),
                file_name=name,
                consent_note="on paper" if rng.random() < 0.5 else "",
            )
            return "taken" if report.added else "mistakes named"

        return _outcome(take)

    return send


def _picture(_world: World, rng: Random) -> bytes:
    image, file = Image.new("RGB", (rng.choice((1, 160, 2000, 3000)), 40), "#b3261e"), io.BytesIO()
    image.save(file, rng.choice(("PNG", "WEBP", "JPEG", "GIF", "BMP", "TIFF")))
    return inputs.bent_bytes(rng, file.getvalue())


def _look(_world: World, value: bytes, _rng: Random) -> Answer:
    return _outcome(lambda: logos.look_at(value) and None)


def _members(_world: World, rng: Random) -> bytes:
    lines = ["email,name", "zoe@example.org,Zoë", "b@example.org,Bob"]
    if rng.random() < 0.4:
        return inputs.bent_bytes(rng, "\r\n".join(lines).encode())
    lines[rng.randrange(3)] = inputs.text(rng, lines)
    return inputs.wire("\n".join(lines))


def _links(world: World, value: bytes, _rng: Random) -> Answer:
    def take() -> str:
        batch = link_batches.order(voucher=world.voucher, label="a", chunks=[value], by=world.by)
        try:
            link_batches.work()
        finally:
            link_batches.forget(batch)
        batch.refresh_from_db()
        return str(batch.state)

    return _outcome(take)


def _rule(field: str) -> Callable[[World, Any, Random], Answer]:
    def send(world: World, value: str, _rng: Random) -> Answer:
        # As a form of Django's has it.
        typed: dict[str, Any] = {
            field: inputs.wire(value).decode(errors="replace").replace("\0", "")
        }

        def take() -> str:
            rule = criteria.checked(world.campaign, criteria.Rule(**typed))
            return f"finds {min(1, criteria.matching(world.campaign, rule).count())}"

        return _outcome(take)

    return send


def _typed(*genuine: str) -> Callable[[World, Random], str]:
    return lambda _world, rng: inputs.text(rng, genuine)


FILES: list[
    tuple[str, Callable[[World, Any, Random], Answer], Callable[[World, Random], str | bytes]]
] = [
    ("file campaign.toml", _load, _toml),
    ("file signers.csv", _import("a.csv"), _csv),
    ("file signers.xlsx", _import("a.xlsx"), _xlsx),
    ("file logo", _look, _picture),
    ("file members.csv", _links, _members),
    *(
        (f"rule {name}", _rule(name), _typed("*listed*", "example.org", "Ann*"))
        for name in ("name", "domain")
    ),
    ("rule network_of", _rule("network_of"), _typed("abc")),
]
