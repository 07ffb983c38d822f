import pandas as pd

from scripts.core.features import derive


def test_a_flight_past_midnight_takes_no_negative_time() -> None:
    frame = pd.DataFrame({"sched_dep_minute": [600.0, 1430.0, None], "sched_arr_minute": [700.0, 20.0, 5.0]})
    found = derive(frame)
    assert found["scheduled_minutes"].tolist()[:2] == [100.0, 30.0]
    assert found["scheduled_minutes"].isna().tolist() == [False, False, True]
    assert "scheduled_minutes" not in frame
