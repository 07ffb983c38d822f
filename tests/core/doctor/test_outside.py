from scripts.core import environment
from scripts.core.doctor import outside
from scripts.core.doctor.findings import Unseen
from scripts.core.doctor.outside import Services, Tried

FINE = Tried("s3://bucket", "can be read and written")
DEAD = Tried("s3://bucket", "does not answer", "Look whether it runs.")


def test_what_answers_is_fine_and_what_does_not_is_a_fault_with_its_cure() -> None:
    found = outside.findings(Services(FINE, DEAD, [FINE, DEAD]))
    assert [each.state for each in found] == ["ok", "fail", "ok", "fail"]
    assert found[1].cure == "Look whether it runs."
    assert found[1].says == "s3://bucket: does not answer"


def test_no_channel_is_no_fault() -> None:
    assert [each.state for each in outside.findings(Services(FINE, FINE, []))] == ["ok", "ok", "unset"]


def test_what_could_not_be_tried_is_unknown() -> None:
    why = Unseen("no answer", "Try again.")
    assert {each.state for each in outside.findings(Services(why, why, why))} == {"unknown"}


def test_every_setting_that_is_missing_is_named_and_how_to_set_those_that_somebody_may_want() -> None:
    found = outside.settings((), seen=True)
    assert {each.state for each in found} == {"unset"}
    named = {each.what for each in found} | set(found[-1].says.removeprefix("not set: ").split(", "))
    assert named - {"not needed yet"} == set(environment.NAMES)
    assert found[0].cure.startswith("gh variable set DVC_REMOTE_URL, for ")
    assert "gh secret set APPRISE_URLS" in str(found)


def test_what_belongs_to_a_setting_is_asked_for_when_that_is_given() -> None:
    found = {each.what for each in outside.settings(("DVC_REMOTE_URL",), seen=True)}
    assert {"AWS_ROLE_ARN", "DVC_ENDPOINT_URL"} <= found
    assert "MLFLOW_TRACKING_TOKEN" not in found


def test_half_a_setting_is_a_fault() -> None:
    [found] = [each for each in outside.settings(("EVERGREEN_APP_ID",), seen=True) if each.state == "fail"]
    assert found.what == "EVERGREEN_APP_ID" and "EVERGREEN_APP_KEY" in found.cure
    whole = outside.settings(("EVERGREEN_APP_ID", "EVERGREEN_APP_KEY"), seen=True)
    assert not [each for each in whole if each.state == "fail"]


def test_a_bucket_without_credentials_is_worth_a_look() -> None:
    [found] = [each for each in outside.settings(("DVC_REMOTE_URL",), seen=True) if each.state == "warn"]
    assert "AWS_ROLE_ARN" in found.cure
    assert not [each for each in outside.settings(("DVC_REMOTE_URL", "AWS_ROLE_ARN"), True) if each.state == "warn"]
