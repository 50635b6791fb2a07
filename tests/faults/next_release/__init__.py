"""The product's migrations and those of a release after it, as if they stood in one folder."""

from campaign import migrations

__path__ = [*__path__, *migrations.__path__]
