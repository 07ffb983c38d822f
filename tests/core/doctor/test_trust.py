from datetime import date
from typing import Any

import pytest

from scripts.core.doctor.trust import PUBLIC, Form, Names, finding, policy, subjects

NAMES = Names("octo", 11, "evergreen", 22)
PLAIN = ("repo:octo/evergreen:ref:refs/heads/main", "repo:octo/evergreen:pull_request")
NUMBERED = ("repo:octo@11/evergreen@22:ref:refs/heads/main", "repo:octo@11/evergreen@22:pull_request")
OLD, NEW = date(2026, 7, 15), date(2026, 7, 16)


@pytest.mark.parametrize(
    ("made", "form", "server", "wanted"),
    [
        (NEW, Form(), PUBLIC, NUMBERED),
        (OLD, Form(), PUBLIC, PLAIN + NUMBERED),  # it may have been renamed since
        (OLD, Form(immutable=True), PUBLIC, NUMBERED),
        (NEW, Form(immutable=False), PUBLIC, PLAIN),
        (NEW, Form(), "https://git.example.org", PLAIN),  # numbers are github.com's alone
    ],
)
def test_the_subject_has_the_form_of_the_repositorys_age(
    made: date, form: Form, server: str, wanted: tuple[str, ...]
) -> None:
    assert subjects(NAMES, made, form, server) == wanted


def test_what_github_says_goes_before_what_is_guessed() -> None:
    said = Form(immutable=True, prefix="repo:octo@11/evergreen@22")
    assert subjects(NAMES, OLD, said, PUBLIC) == NUMBERED


def statement(found: dict[str, Any]) -> dict[str, Any]:
    assert found["Version"] == "2012-10-17"
    [only] = found["Statement"]
    return dict(only)


def test_the_policy_trusts_these_subjects_of_this_issuer_alone() -> None:
    found = statement(policy(NUMBERED, "arn:aws-us-gov:iam::123456789012:role/evergreen", PUBLIC))
    issuer = "token.actions.githubusercontent.com"
    assert found["Principal"] == {"Federated": f"arn:aws-us-gov:iam::123456789012:oidc-provider/{issuer}"}
    assert found["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert found["Condition"] == {
        "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": list(NUMBERED)}
    }
    assert "*" not in str(found)


def test_without_a_role_the_account_is_left_to_fill_in() -> None:
    found = statement(policy(PLAIN, None, "https://git.example.org"))
    assert found["Principal"]["Federated"] == "arn:aws:iam::ACCOUNT_ID:oidc-provider/git.example.org/_services/token"


def test_the_subject_is_a_line_of_the_list() -> None:
    assert (finding(NUMBERED, Form()).state, finding(NUMBERED, Form()).says) == ("ok", NUMBERED[0])
    unsure = finding(PLAIN + NUMBERED, Form())
    assert unsure.state == "warn" and PLAIN[0] in unsure.says and NUMBERED[0] in unsure.says
    chosen = finding(PLAIN, Form(default=False))
    assert chosen.state == "warn" and "trust policy" in chosen.cure
