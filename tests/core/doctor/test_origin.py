import pytest

from scripts.core.doctor import origin

NAME = "octo-org/ever.green_1"


@pytest.mark.parametrize(
    "url",
    [
        f"https://github.com/{NAME}",
        f"https://github.com/{NAME}.git",
        f"https://someone:secret@github.com/{NAME}/",
        f"git@github.com:{NAME}.git",
        f"ssh://git@github.com/{NAME}.git",
        f"ssh://git@github.com:443/{NAME}",
    ],
)
def test_every_form_of_a_url_names_the_repository(url: str) -> None:
    assert origin.parsed(url) == ("https://github.com", NAME)


def test_a_server_of_ones_own() -> None:
    found = origin.parsed("http://127.0.0.1:4567/octo/evergreen.git")
    assert found == ("http://127.0.0.1:4567", "octo/evergreen")
    assert origin.api_of(found[0]) == "http://127.0.0.1:4567/api/v3"
    assert origin.api_of("https://github.com") == "https://api.github.com"


@pytest.mark.parametrize("url", ["/srv/evergreen.git", "../evergreen", "file:///srv/a/b.git", "https://host/only", ""])
def test_a_folder_is_no_repository_of_a_forge(url: str) -> None:
    assert origin.parsed(url) is None
