"""The form of a campaign in the admin: what a browser would post of it."""

from html.parser import HTMLParser


class Inputs(HTMLParser):
    """What a browser without JavaScript would post of a page's form."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._name, self._inside = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        is_ = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = "campaign-form" in is_.get("class", "")
        if not self._inside or ("name" not in is_ and tag != "option"):
            return
        if tag == "input" and is_.get("type") not in {"file", "checkbox"}:
            self.values[is_["name"]] = is_.get("value", "")
        elif tag == "input" and is_["type"] == "checkbox" and "checked" in is_:
            self.values[is_["name"]] = "on"
        elif tag == "textarea":
            self._name = is_["name"]
            self.values[self._name] = ""
        elif tag == "select":
            self._name = is_["name"]
        elif tag == "option" and "selected" in is_:
            self.values[self._name] = is_["value"]

    def handle_data(self, data: str) -> None:
        if self._name and self.lasttag == "textarea":
            self.values[self._name] += data.replace("\r\n", "\n").replace("\n", "\r\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"textarea", "select"}:
            self._name = ""
        if tag == "form":
            self._inside = False


def inputs(page: str) -> dict[str, str]:
    parser = Inputs()
    parser.feed(page)
    return parser.values
