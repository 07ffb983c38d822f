"""Evidently's widgets as one HTML page: the same bytes every time, and nothing in the data can run."""

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evidently.legacy.model.widget import BaseWidgetInfo as Widget

STYLE = "body{font:16px/1.5 system-ui,sans-serif;max-width:42em;margin:4em auto;padding:0 1em;color:#222}"


def note(title: str, text: str) -> bytes:
    """A page that says why there is no report; without Evidently, which takes long to import."""
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{STYLE}</style>'
    body = f"<h1>{html.escape(title)}</h1>\n<p>{html.escape(text)}</p>"
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>{head}</head>\n<body>\n{body}\n</body>\n</html>\n'.encode()


def rendered(title: str, widgets: Sequence["Widget"]) -> bytes:
    """Evidently's page around a data block of our own."""
    from evidently.legacy.model.dashboard import DashboardInfo
    from evidently.legacy.utils import NumpyEncoder
    from evidently.legacy.utils.dashboard import TemplateParams, file_html_template

    info = DashboardInfo(name=title, widgets=list(widgets))
    graphs = {graph.id: _slim(graph.dict()) for widget in widgets for graph in widget.get_additional_graphs()}
    data = json.loads(json.dumps([_bare(info.dict()), graphs], cls=NumpyEncoder))
    block = _data_block(*numbered(data, {name: f"part-{i}" for i, name in enumerate(_ids(widgets))}))
    template = TemplateParams(dashboard_id="drift", dashboard_info=info, additional_graphs={}, embed_data=False)
    text: str = file_html_template(template).replace("<!-- no embedded data -->", block, 1).strip() + "\n"
    head = f"<head>\n<title>{html.escape(title)}</title>\n{policy(text)}"
    return text.replace("<head>", head, 1).encode()


def _bare(part: dict[str, Any]) -> dict[str, Any]:
    """A widget and those in it without their pictures, which stand beside them on the page."""
    return part | {"additionalGraphs": [], "widgets": [_bare(inner) for inner in part["widgets"]]}


def _slim(graph: dict[str, Any]) -> dict[str, Any]:
    """Without the 8 kB of default style that Plotly puts into every picture."""
    graph["params"]["layout"].pop("template", None)
    return graph


def _ids(widgets: Sequence["Widget"]) -> Iterator[str]:
    """Evidently's names of parts, which are random, in the order of the page."""
    for widget in widgets:
        yield widget.id
        yield from (graph.id for graph in widget.additionalGraphs)
        yield from _ids(widget.widgets)


def numbered(value: Any, names: Mapping[str, str]) -> Any:
    """A JSON value with parts renamed: only texts that are such a name as a whole, so that no data change."""
    if isinstance(value, dict):
        return {names.get(key, key): numbered(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [numbered(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _data_block(info: Any, graphs: Any) -> str:
    """Evidently writes data as they are, and a column named </script> would end the block: no < is left here."""
    texts = [json.dumps(part).replace("<", "\\u003c") for part in (info, graphs)]
    return f"<script>\nvar drift = {texts[0]};\nvar additional_graphs_drift = {texts[1]};\n</script>"


def policy(text: str) -> str:
    """Tells the browser to run the scripts that the page has now and no other, and to load nothing from anywhere."""
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = " ".join(f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts)
    rules = f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; font-src data:; img-src data: blob:"
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}">'
