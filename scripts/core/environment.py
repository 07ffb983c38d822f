"""The repository's variables and secrets: all of them optional, each with what it gives and what happens without it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Setting:
    name: str
    kind: Literal["variable", "secret"]
    gives: str
    without: str
    of: str = ""  # the setting that it belongs to, without which nobody asks for it
    needs: tuple[str, ...] = ()  # settings without which it does nothing


SETTINGS = (
    Setting(
        "DVC_REMOTE_URL",
        "variable",
        "data and models in a bucket or folder of your own, as in s3://BUCKET/PATH",
        "data and models lie on the branch dvc-store of this repository: right for small tables",
    ),
    Setting(
        "DVC_ENDPOINT_URL",
        "variable",
        "a store that speaks S3 and is not Amazon's: MinIO, Ceph, R2",
        "Amazon's own endpoint is used",
        of="DVC_REMOTE_URL",
        needs=("DVC_REMOTE_URL",),
    ),
    Setting(
        "AWS_REGION",
        "variable",
        "the region of the bucket",
        "us-east-1 is used",
        of="DVC_REMOTE_URL",
    ),
    Setting(
        "AWS_ROLE_ARN",
        "variable",
        "S3 by a role that trusts this repository (OIDC), with no key kept anywhere",
        "keys are used",
        of="DVC_REMOTE_URL",
        needs=("DVC_REMOTE_URL",),
    ),
    Setting(
        "AWS_ACCESS_KEY_ID",
        "secret",
        "S3 by a key, with AWS_SECRET_ACCESS_KEY",
        "the role is used",
        of="DVC_REMOTE_URL",
        needs=(
            "DVC_REMOTE_URL",
            "AWS_SECRET_ACCESS_KEY",
        ),
    ),
    Setting(
        "AWS_SECRET_ACCESS_KEY",
        "secret",
        "the other half of that key",
        "the role is used",
        of="DVC_REMOTE_URL",
        needs=("AWS_ACCESS_KEY_ID",),
    ),
    Setting(
        "MLFLOW_TRACKING_URI",
        "variable",
        "runs and the model's aliases in your MLflow server",
        "runs are recorded in a file that ends with the runner",
    ),
    Setting(
        "MLFLOW_TRACKING_USERNAME",
        "secret",
        "the user that MLflow asks for, with MLFLOW_TRACKING_PASSWORD",
        "MLflow is asked without a user",
        of="MLFLOW_TRACKING_URI",
        needs=(
            "MLFLOW_TRACKING_URI",
            "MLFLOW_TRACKING_PASSWORD",
        ),
    ),
    Setting(
        "MLFLOW_TRACKING_PASSWORD",
        "secret",
        "that user's password",
        "MLflow is asked without a user",
        of="MLFLOW_TRACKING_URI",
        needs=("MLFLOW_TRACKING_USERNAME",),
    ),
    Setting(
        "MLFLOW_TRACKING_TOKEN",
        "secret",
        "a token, instead of user and password",
        "MLflow is asked without a token",
        of="MLFLOW_TRACKING_URI",
        needs=("MLFLOW_TRACKING_URI",),
    ),
    Setting(
        "APPRISE_URLS",
        "secret",
        "alerts to Slack, email, Teams and a hundred others, an Apprise URL a line",
        "nobody is alerted; the run's page and the ledger say the same",
    ),
    Setting(
        "EVERGREEN_APP_ID",
        "variable",
        "pull requests by your own GitHub App, whose checks run by themselves",
        "the workflow's token opens pull requests, and a person presses “Approve workflows to run”",
        needs=("EVERGREEN_APP_KEY",),
    ),
    Setting(
        "EVERGREEN_APP_KEY",
        "secret",
        "the private key of that App",
        "as without EVERGREEN_APP_ID",
        of="EVERGREEN_APP_ID",
        needs=("EVERGREEN_APP_ID",),
    ),
    Setting(
        "DEPLOY_REPOSITORY",
        "variable",
        "a repository (OWNER/NAME) that hears of every release by repository_dispatch",
        "nobody is told; whoever serves the model looks at the latest release",
        needs=("EVERGREEN_APP_ID",),
    ),
    Setting(
        "DATA_URL",
        "secret",
        "an address of data that nobody may read, for ${DATA_URL} in params.yaml",
        "params.yaml names its source in full",
    ),
    Setting(
        "EVERGREEN_RUNNER",
        "variable",
        "a larger or self-hosted runner, by its label",
        "ubuntu-latest is used",
    ),
    Setting(
        "EVERGREEN_ATTEST",
        "variable",
        "attestations of a private repository's releases too (true), where the plan has them",
        "only releases of public repositories are attested",
    ),
    Setting(
        "EVERGREEN_PAGES",
        "variable",
        "a page of the model's state on GitHub Pages after every run (true); of a private repository it may be public",
        "the page is built when a person asks: workflow pages, or `python -m scripts.site`",
    ),
)
NAMES = tuple(setting.name for setting in SETTINGS)


def missing(given: Collection[str]) -> list[Setting]:
    return [setting for setting in SETTINGS if setting.name not in given]


def half_given(given: Collection[str]) -> list[tuple[Setting, tuple[str, ...]]]:
    """Settings that do nothing, with those that they lack."""
    lacks = ((setting, tuple(name for name in setting.needs if name not in given)) for setting in SETTINGS)
    return [(setting, names) for setting, names in lacks if setting.name in given and names]


def table() -> str:
    """Every setting, as Markdown."""
    rows = [f"| `{each.name}` | {each.kind} | {each.gives} | {each.without} |" for each in SETTINGS]
    return "\n".join(["| setting | kind | gives | without it |", "|---|---|---|---|", *rows]) + "\n"
