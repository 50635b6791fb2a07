"""What a log line keeps: neither tokens nor addresses."""

import logging
import sys

import pytest
from django.db import IntegrityError

from campaign.links import Purpose
from campaign.logs import CutFormatter, cut


@pytest.mark.parametrize("page", [*Purpose, "preview", "admin/welcome"])
def test_a_token_in_a_path_is_cut(page: str) -> None:
    line = f"Internal Server Error: /{page}/abc.1.x-y_z/ and more"
    assert cut(line) == f"Internal Server Error: /{page}/(cut) and more"


def test_the_values_of_a_refused_row_are_cut_from_its_traceback() -> None:
    said = "duplicate key\nDETAIL:  Key (email)=(zoe@example.org) exists.\nmore"
    try:
        raise IntegrityError(said)
    except IntegrityError:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "/manage/tok/", (), sys.exc_info())
    text = CutFormatter().format(record)
    assert "zoe@example.org" not in text
    assert "tok" not in text
    assert "duplicate key" in text


def test_other_lines_are_left_alone() -> None:
    assert cut("GET /art/signers/?q=confirm") == "GET /art/signers/?q=confirm"
