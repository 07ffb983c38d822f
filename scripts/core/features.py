"""Your own preprocessing: a function frame -> frame, named in params.yaml under train.preprocess.

It runs inside the model, so that serving does exactly what training did. New number columns are used as they are.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def derive(frame: "pd.DataFrame") -> "pd.DataFrame":
    """An example for the flights: how long the timetable allows for the flight, in minutes, past midnight included."""
    minutes = (frame["sched_arr_minute"] - frame["sched_dep_minute"]) % 1440
    return frame.assign(scheduled_minutes=minutes)
