"""A store in a bucket of S3, or of any server that speaks its language; laid out as DVC's remotes are.

Keys, or the role of a workflow, come from the AWS_ variables of the environment, which botocore reads by itself.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from scripts.core import objects
from scripts.core.errors import OUTSIDE, USAGE, Mistake
from scripts.edges.batches.download import shown

AT_ONCE = 8  # requests
CURES = {
    "NoSuchBucket": "there is no such bucket. Make it, or mend DVC_REMOTE_URL",
    "403": "access is denied. Allow these keys or this role to list the bucket, to read and to write it",
    "AccessDenied": "access is denied. Allow these keys or this role to list the bucket, to read and to write it",
    "InvalidAccessKeyId": "the access key is not known there. Mend AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "the secret key is wrong. Mend AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the credentials have expired. Get new ones",
    "InvalidToken": "the session token is not valid. Mend or remove AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": "this machine's clock is wrong. Set it",
    "PermanentRedirect": "the bucket is in another region. Mend AWS_DEFAULT_REGION",
    "AuthorizationHeaderMalformed": "the bucket is in another region. Mend AWS_DEFAULT_REGION",
}


@dataclass(frozen=True)
class Bucket:
    url: str  # s3://BUCKET/FOLDER
    endpoint: str | None = None
    region: str = "us-east-1"
    timeout: float = 60.0  # seconds after which a server that does not answer is given up

    @property
    def name(self) -> str:
        return shown(self.url) + (f" at {shown(self.endpoint)}" if self.endpoint else "")

    @property
    def settings(self) -> Mapping[str, str]:
        """For DVC, so that `dvc pull` by hand finds the same objects."""
        given = {"url": self.url, "verify": "true", "region": self.region}
        given |= {"connect_timeout": f"{self._wait:.0f}", "read_timeout": f"{self._wait:.0f}"}
        return given | ({"endpointurl": self.endpoint} if self.endpoint else {})

    def reach(self) -> None:
        """Say at once, and in one line, what keeps the bucket from being used."""
        with self._told():
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)

    def size(self, oid: str) -> int | None:
        found = self._asked("head_object", oid)
        return None if found is None else int(found["ContentLength"])

    def read(self, oid: str) -> bytes | None:
        found = self._asked("get_object", oid)
        if found is None:
            return None
        with self._told():
            content: bytes = found["Body"].read()
            return content

    def write(self, oid: str, content: bytes) -> None:
        import base64
        import hashlib

        summed = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        with self._told():
            self._client.put_object(Bucket=self._bucket, Key=self._key(oid), Body=content, ContentMD5=summed)

    def settle(self) -> list[str]:
        """Make what was written last; warnings."""
        return []

    def all(self) -> dict[str, int]:
        """Every object with its size."""
        with self._told():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            items = [(item["Key"], item["Size"]) for page in pages for item in page.get("Contents", ())]
        named = ((objects.oid_of(key.removeprefix(self._prefix)), size) for key, size in items)
        return {oid: int(size) for oid, size in named if oid is not None}

    def _asked(self, what: str, oid: str) -> Any:
        from botocore.exceptions import ClientError  # type: ignore[import-untyped]

        with self._told():
            try:
                return getattr(self._client, what)(Bucket=self._bucket, Key=self._key(oid))
            except ClientError as error:
                if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                    return None
                raise

    @property
    def _wait(self) -> float:
        """Seconds for one connection or answer: tried twice, they stay within `timeout`."""
        return max(1.0, self.timeout / 3)

    @cached_property
    def _client(self) -> Any:
        import botocore.session  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]

        given = Config(
            connect_timeout=self._wait,
            read_timeout=self._wait,
            retries={"total_max_attempts": 2, "mode": "standard"},
            max_pool_connections=AT_ONCE,
            # Not every server that speaks S3 knows the newer checksums; Content-MD5 they all do.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        with self._told():
            session = botocore.session.get_session()
            return session.create_client("s3", region_name=self.region, endpoint_url=self.endpoint, config=given)

    @property
    def _bucket(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def _prefix(self) -> str:
        folder = urlsplit(self.url).path.strip("/")
        return f"{folder}/" if folder else ""

    def _key(self, oid: str) -> str:
        return self._prefix + objects.laid(oid)

    @contextmanager
    def _told(self) -> Iterator[None]:
        from botocore import exceptions as failed

        try:
            yield
        except failed.ClientError as error:
            code = str(error.response["Error"].get("Code"))
            cure = CURES.get(code, f"the server refused ({code}). See what that means there, and try again")
            raise Mistake(f"{self.name}: {cure}.", code=OUTSIDE) from None
        except (failed.NoCredentialsError, failed.PartialCredentialsError, failed.CredentialRetrievalError):
            cure = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_ROLE_ARN in a workflow"
            raise Mistake(f"{self.name}: no credentials were found. {cure}.", code=OUTSIDE) from None
        except (failed.ParamValidationError, ValueError) as error:
            why = " ".join(str(error).split())[:160]
            raise Mistake(f"{self.name}: is no bucket's address ({why}). Mend DVC_REMOTE_URL.", code=USAGE) from None
        except (failed.BotoCoreError, OSError) as error:
            cure = "Look whether it runs, and whether DVC_ENDPOINT_URL is right; then run it again"
            raise Mistake(f"{self.name}: does not answer ({type(error).__name__}). {cure}.", code=OUTSIDE) from None
