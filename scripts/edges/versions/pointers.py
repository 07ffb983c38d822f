"""DVC's small files, written without DVC, whose start alone costs a second."""

from scripts.core import objects


def pointer(content: bytes, name: str) -> str:
    """The text of NAME.dvc for a file with this content, as `dvc add` writes it."""
    return f"outs:\n- md5: {objects.digest(content)}\n  size: {len(content)}\n  hash: md5\n  path: {name}\n"
