"""Alerts sent by Apprise to real servers on loopback."""

import base64
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from scripts.core.alerts import Alert, neutral
from scripts.edges.alerts import Channel, Sent, channels, send, unheard
from tests.channels import Endpoint, Mails, endpoint, mail_server, silent

TOKEN = "s3cr3tT0k3nOfTheHook"
ALERT = Alert(
    "released", "released:1", "flights: v5 is released", f"· {neutral('<!channel> @everyone *b* A&B')}\nhttps://x/5"
)
OTHER = Alert("broken", "broken:1", "flights: broke", "· no answer")
DEAD = "127.0.0.1:9"


@pytest.fixture(scope="module")
def web_server() -> Iterator[Endpoint]:
    with endpoint() as found:
        yield found


@pytest.fixture
def web(web_server: Endpoint) -> Endpoint:
    web_server.posts.clear()
    web_server.status, web_server.said = 200, "ok"
    return web_server


@pytest.fixture(scope="module")
def mails() -> Iterator[Mails]:
    with mail_server() as found:
        yield found


def sent(text: str, *alerts: Alert, timeout: float = 5.0) -> list[Sent]:
    found = channels(text)
    assert not found.problems
    known = send(found.known, [(alert, ("all",)) for alert in alerts or (ALERT,)], timeout)
    return sorted(known, key=lambda each: (each.channel.number, each.alert.key))


def problems(found: list[Sent]) -> list[str | None]:
    return [each.problem for each in found]


def test_an_endpoint_gets_title_and_text(web: Endpoint) -> None:
    assert problems(sent(f"json://{web.host}/hook", ALERT, OTHER)) == [None, None]
    (path, first), (_, second) = web.posts
    assert path == "/hook"
    assert (first["title"], first["message"], first["type"]) == (ALERT.title, ALERT.text, "info")
    assert (second["title"], second["type"]) == (OTHER.title, "warning")


def test_a_mail_arrives(mails: Mails) -> None:
    mails.came.clear()
    assert problems(sent(f"mailto://{mails.host}?from=evergreen@example.org&to=team@example.org")) == [None]
    (mail,) = mails.came
    assert (mail["Subject"], mail["To"]) == (ALERT.title, "team@example.org")
    assert mail.get_content().splitlines() == ALERT.text.splitlines()


def test_slack_gets_its_own_form_and_mentions_nobody(web: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins.slack import NotifySlack

    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://{web.host}/services")
    assert problems(sent("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops")) == [None]
    ((path, body),) = web.posts
    assert path == "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ" and body["channel"] == "#ops"
    (attachment,) = body["attachments"]
    assert attachment["title"] == ALERT.title
    assert (
        "<" not in attachment["text"] and "@everyone" not in attachment["text"] and "https://x/5" in attachment["text"]
    )


def test_what_a_service_would_take_for_a_mention_is_one_without_the_care(
    web: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason for neutral(): Apprise itself passes mentions on."""
    from dataclasses import replace

    from apprise.plugins.slack import NotifySlack

    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://{web.host}/services")
    sent("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?format=markdown", replace(ALERT, text="<!channel|x>"))
    assert "!channel" in str(web.posts[0][1])


def test_one_dead_channel_does_not_stop_the_others(web: Endpoint, mails: Mails) -> None:
    mails.came.clear()
    found = sent(
        f"json://{DEAD}/x json://{web.host}/hook nonsense://x/y\n"
        f"mailto://{DEAD}?from=a@example.org&to=b@example.org\nmailto://{mails.host}?from=a@example.org&to=b@example.org"
    )
    assert [problem is None for problem in problems(found)] == [False, True, False, False, True]
    assert len(web.posts) == 1 and len(mails.came) == 1
    assert found[2].problem == "has an address that Apprise can't read: see its documentation for the form"


def test_a_channel_that_never_answers_is_left_behind_in_time(web: Endpoint) -> None:
    with silent() as host:
        sent(f"json://{web.host}/warm")
        began = time.monotonic()
        found = sent(f"json://{host}/x mailto://{host}?from=a@b.org&to=c@d.org json://{web.host}/hook", timeout=0.5)
        took = time.monotonic() - began
    assert problems(found) == ["gave no answer in 0.5 s", "gave no answer in 0.5 s", None]
    assert took < 1.5


def test_a_channel_whose_code_breaks_is_told(web: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    def breaks(*_: object, **__: object) -> bool:
        raise RuntimeError(f"no such thing: {TOKEN}")

    monkeypatch.setattr(NotifyJSON, "send", breaks)
    (found,) = sent(f"json://{web.host}/{TOKEN}")
    assert found.problem and TOKEN not in found.problem


@pytest.mark.parametrize("form", [TOKEN, quote(f"/{TOKEN}", safe=""), base64.b64encode(f"x:{TOKEN}".encode()).decode()])
def test_no_secret_comes_back_in_what_is_said(
    web: Endpoint, form: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    def breaks(*_: object, **__: object) -> bool:
        raise ConnectionError(f"http://me:{form}@host/{form} refused")

    web.status, web.said = 500, form
    urls = f"json://me:{TOKEN}@{web.host}/hook/{TOKEN} ops=json://{DEAD}/{TOKEN}?token={TOKEN}"
    said = [*sent(urls)]
    monkeypatch.setattr(NotifyJSON, "send", breaks)
    said += sent(urls)
    shown = " ".join(
        [repr(said), *map(str, problems(said)), *(str(each.channel) for each in said), *capfd.readouterr()]
    )
    assert all(problems(said))
    for secret in (TOKEN, quote(TOKEN), base64.b64encode(TOKEN.encode()).decode().rstrip("=")[:-1], form):
        assert secret not in shown


def test_tags_choose_the_channels(web: Endpoint) -> None:
    known = channels(f"ops,team=json://{web.host}/ops team=json://{web.host}/team json://{web.host}/all?a=b").known
    assert [channel.tags for channel in known] == [("ops", "team"), ("team",), ()]
    send(known, [(ALERT, ("ops",)), (OTHER, ("ops", "team"))], 5.0)
    assert sorted((path, body["title"]) for path, body in web.posts) == [
        ("/ops", OTHER.title), ("/ops", ALERT.title), ("/team", OTHER.title),
    ]  # fmt: skip
    web.posts.clear()
    send(known, [(ALERT, ("all",))], 5.0)
    assert sorted(path for path, _ in web.posts) == ["/all", "/ops", "/team"]
    assert send(known, [(ALERT, ())], 5.0) == [] == send(known, [(ALERT, ("nobody",))], 5.0)


def test_an_entry_that_is_no_address_is_told_by_its_number_alone() -> None:
    found = channels(f"json://h/x\n{TOKEN}\n  \nops=mailto://a:b@c.org")
    assert [channel.number for channel in found.known] == [1, 3]
    assert found.problems == ("APPRISE_URLS: entry 2 is no address. Write it as in ops,team=slack://...",)
    assert TOKEN not in repr(found) and "a:b" not in repr(found) and str(found.known[1]) == "channel 3 (mailto)"
    assert channels("").known == () == channels(" \n ").problems


def test_a_tag_that_no_channel_bears_is_told() -> None:
    known = (Channel(1, "json://h", ("ops",)),)
    assert unheard(known, {"released": ("all",), "broken": ("ops",), "skipped": ()}) == []
    (said,) = unheard(known, {"released": ("opps",)})
    assert said.startswith("params.yaml: alerts.released: no channel in APPRISE_URLS has the tag 'opps'.")
