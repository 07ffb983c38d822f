"""A small project to ingest into: settings, two batches, a stand-in for DVC."""

from pathlib import Path

from scripts.core import declaration
from scripts.core.params import Params, parse
from scripts.core.paths import DECLARATION
from scripts.edges.versions import record

ROOT = Path(__file__).parents[1]
PARAMS = """
data:
  name: small
  task: binary
  target: y
  time: t
  holdout: 1D
  source: {source}
  columns: {{x: {{kind: number}}}}
train: {{estimator: sklearn.dummy.DummyClassifier}}
compute: {{}}
gate: {{metric: log_loss}}
validate: {{}}
drift: {{}}
"""
FILES = "{kind: files, path: in}"
JANUARY = b"t,x,y\n2013-01-01,1,0\n2013-01-02,2,1\n"
FEBRUARY = b"t,x,y\n2013-02-01,1,0\n"


def params(source: str = FILES) -> Params:
    return parse(PARAMS.format(source=source))


class Record:
    """Stands for DVC: writes into data.dvc what DVC would."""

    def __init__(self, root: Path) -> None:
        self.root, self.calls = root, 0

    def __call__(self, folder: str) -> None:
        assert folder == "data"
        self.calls += 1
        files = record._files(self.root)
        size, digest = sum(path.stat().st_size for path in files), record._digest(self.root, files)
        (self.root / "data.dvc").write_text(f"outs:\n- {{md5: {digest}, size: {size}, nfiles: {len(files)}}}\n")


def state(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and "in" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def project(root: Path) -> Path:
    """A project whose source is the folder in/, with two batches."""
    (root / "models").mkdir()
    (root / DECLARATION).write_text(declaration.render(declaration.none()))
    (root / "in").mkdir()
    (root / "in/2013-01.csv").write_bytes(JANUARY)
    (root / "in/2013-02.csv").write_bytes(FEBRUARY)
    return root
