"""Which subjects the repository's jobs show to AWS, and the trust policy of a role that believes them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from scripts.core.doctor.findings import Finding, Part

IMMUTABLE_SINCE = date(2026, 7, 15)  # repositories made, renamed or moved from this day on carry numbers
PUBLIC = "https://github.com"
ANY_ACCOUNT = "ACCOUNT_ID"
ENDINGS = ("ref:refs/heads/main", "pull_request")


@dataclass(frozen=True)
class Names:
    """Of a repository, with the numbers that outlive a change of name."""

    owner: str
    owner_id: int
    name: str
    id: int


@dataclass(frozen=True)
class Form:
    """What GitHub says of the subject, where it says something."""

    immutable: bool | None = None
    prefix: str | None = None  # all before :ref:
    default: bool = True  # False: an administrator chose other claims


def subjects(names: Names, made: date, form: Form, server: str) -> tuple[str, ...]:
    """What jobs on main show, and those of a person's pull request, whose pipeline reads the store.

    Both forms, the likelier one first, where only the age of the repository is known.
    """
    return tuple(f"{prefix}:{ending}" for prefix in _prefixes(names, made, form, server) for ending in ENDINGS)


def finding(trusted: Sequence[str], form: Form) -> Finding:
    """What AWS has to trust, in a line."""
    if not form.default:
        cure = "See Settings > Actions > OIDC, and write the subjects that it shows into the role's trust policy."
        return Part("GitHub").warn("OIDC subject", "is made of claims that an administrator chose", cure)
    if len(trusted) > len(ENDINGS):
        cure = "Trust both forms, as below; an administrator's token can tell which one it is."
        return Part("GitHub").warn("OIDC subject", f"is of one of two forms: {trusted[0]} or {trusted[-2]}", cure)
    return Part("GitHub").ok("OIDC subject", trusted[0])


def _prefixes(names: Names, made: date, form: Form, server: str) -> tuple[str, ...]:
    plain = f"repo:{names.owner}/{names.name}"
    numbered = f"repo:{names.owner}@{names.owner_id}/{names.name}@{names.id}"
    if form.prefix:
        return (form.prefix,)
    if server != PUBLIC:
        return (plain,)
    if form.immutable is not None:
        return (numbered if form.immutable else plain,)
    # A change of name since that day gives an older repository numbers too.
    return (numbered,) if made > IMMUTABLE_SINCE else (plain, numbered)


def provider(server: str) -> str:
    """The issuer of the tokens, as AWS names it."""
    return "token.actions.githubusercontent.com" if server == PUBLIC else f"{urlsplit(server).netloc}/_services/token"


def policy(trusted: Sequence[str], role: str | None, server: str) -> dict[str, Any]:
    """For `aws iam update-assume-role-policy`; the account is taken from the role where there is one."""
    found = re.match(r"arn:([\w-]+):iam::(\d{12}):role/", role or "")
    partition, account = found.groups() if found else ("aws", ANY_ACCOUNT)
    issuer = provider(server)
    conditions: Mapping[str, Any] = {
        f"{issuer}:aud": "sts.amazonaws.com",
        f"{issuer}:sub": list(trusted),
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:{partition}:iam::{account}:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": conditions},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
