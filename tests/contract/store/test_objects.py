"""What may be relied on of a bucket, the same in memory and on S3 (moto)."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from octane.kernel.clock import SECOND, SystemClock
from octane.kernel.errors import NotFoundError
from octane.store.objects import Objects
from octane.store.s3 import S3Objects
from world.objects import MemoryObjects


@pytest.fixture(params=["memory", "moto"])
def objects(request: pytest.FixtureRequest) -> Iterator[Objects]:
    if request.param == "memory":
        yield MemoryObjects()
        return
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", **keys)
        client.create_bucket(Bucket="bucket")
        yield S3Objects(client, "bucket", pause=lambda attempt: None)


def test_what_is_put_is_got(objects: Objects) -> None:
    assert objects.get("a/b") is None
    objects.put("a/b", b"one")
    assert objects.get("a/b") == b"one"


def test_a_put_tells_its_time(objects: Objects) -> None:
    assert objects.written("a") is None
    before = SystemClock().now()
    objects.put("a", b"one")
    assert objects.put_new("b", b"two")
    after = SystemClock().now()
    for key, content in (("a", b"one"), ("b", b"two")):
        found = objects.written(key)
        assert found is not None and found.content == content
        assert before - SECOND < found.at <= after and found.at % SECOND == 0


def test_a_put_overwrites(objects: Objects) -> None:
    objects.put("a", b"one")
    objects.put("a", b"two")
    assert objects.get("a") == b"two"


def test_a_new_object_is_written_once(objects: Objects) -> None:
    assert objects.put_new("a", b"one")
    assert not objects.put_new("a", b"two")
    assert objects.get("a") == b"one"


def test_a_repeated_put_of_a_new_object_is_the_writers_own(objects: Objects) -> None:
    assert objects.put_new("a", b"one")
    assert objects.put_new("a", b"one")


def test_keys_are_listed_by_prefix_in_order_of_the_bytes(objects: Objects) -> None:
    for key in ("x/10", "x/2", "x/1", "y/1", "x", "x/é"):
        objects.put(key, b"")
    assert list(objects.list("x/")) == ["x/1", "x/10", "x/2", "x/é"]
    assert list(objects.list("z")) == []


def test_more_keys_than_a_page_holds(objects: Objects) -> None:
    keys = [f"k/{number:04d}" for number in range(1_001)]
    for key in keys:
        objects.put(key, b"")
    assert list(objects.list("k/")) == keys


def test_files_come_and_go(objects: Objects, tmp_path: Path) -> None:
    tmp_path.joinpath("in").write_bytes(b"\x00content")
    objects.send(tmp_path / "in", "a")
    objects.fetch("a", tmp_path / "out")
    assert tmp_path.joinpath("out").read_bytes() == b"\x00content"


def test_fetching_what_is_not_there(objects: Objects, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        objects.fetch("a", tmp_path / "out")


def test_what_is_deleted_is_gone_and_deleting_it_again_is_nothing(objects: Objects) -> None:
    objects.put("a/b", b"one")
    objects.put("a/c", b"two")
    for _ in range(2):
        objects.delete("a/b")
    assert list(objects.list("a/")) == ["a/c"]


def test_a_link_names_its_object_and_its_time(objects: Objects) -> None:
    objects.put("a/b", b"one")
    link = objects.link("a/b", 300)
    assert link.startswith("https://")
    assert "a/b" in link
    assert "300" in link or "Expires=" in link
