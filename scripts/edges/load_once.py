"""A throw-away process that loads a model file and predicts: it knows nothing of the project, and no secret.

It is run by its path, never imported. On stdin one line of JSON: the model, rows with stored predictions (Parquet),
their columns, the types to trust, folders to import from. On stdout one line: the largest difference found.
"""

import json
import sys
from typing import Any


def main() -> int:
    asked = json.loads(sys.stdin.readline())
    sys.path[:0] = asked["path"]
    import numpy as np
    import pandas as pd
    import skops.io

    rows = pd.read_parquet(asked["rows"])
    model = skops.io.load(asked["model"], trusted=asked["trusted"])
    stored = rows[asked["predictions"]].to_numpy(dtype=float)
    found = predicted(model, rows[asked["features"]], asked["labels"]).reshape(stored.shape)
    difference = np.abs(found - stored) / np.maximum(1.0, np.abs(stored))
    finite = bool(np.isfinite(difference).all())
    print(json.dumps({"rows": len(rows), "difference": float(difference.max(initial=0.0)) if finite else None}))
    return 0


def predicted(model: Any, rows: Any, labels: list[Any] | None) -> Any:
    """(n,) values, or (n, L) probabilities of these labels."""
    import numpy as np

    if labels is None:
        return np.asarray(model.predict(rows), dtype=float)
    if not hasattr(model, "predict_proba"):
        answers = model.predict(rows).tolist()
        return np.asarray([[float(answer == label) for label in labels] for answer in answers])
    known = model.classes_.tolist()
    return model.predict_proba(rows)[:, [known.index(label) for label in labels]]


if __name__ == "__main__":
    raise SystemExit(main())
