"""A disk of the tests' own: an ext4 file system in a file, mounted for real, that can be filled and can fail."""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

SIZE = 8 << 20


def call(*words):
    subprocess.run(words, check=True, capture_output=True, text=True, timeout=30)


def skip_without_tools():
    """Skip by hand, and fail in CI, where a package is missing; skip where a disk may not be mounted."""
    if shutil.which("mkfs.ext4") is None:
        reason = "mkfs.ext4 is not installed: apt-get install e2fsprogs"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")


@dataclass(frozen=True)
class SmallDisk:
    """One disk of a few megabytes, mounted at a folder."""

    image: Path
    place: Path

    @classmethod
    def mounted(cls, image, place):
        """Make a disk and mount it; skip the test where that is not permitted."""
        skip_without_tools()
        with image.open("wb") as file:
            file.truncate(SIZE)
        # blocks of 4 KiB, as every disk has them that is larger than 512 MB
        call("mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", str(image))
        place.mkdir(parents=True)
        made = cls(image, place)
        try:
            made.mount()
        except subprocess.CalledProcessError as refused:
            pytest.skip(f"a loop device can't be mounted here: {refused.stderr.strip()}")
        return made

    def mount(self):
        call("mount", "-o", "loop", str(self.image), str(self.place))

    def unmount(self):
        """Unmount it; who was killed a moment ago may still hold a file on it."""
        end = time.monotonic() + 10
        while True:
            try:
                return call("umount", str(self.place))
            except subprocess.CalledProcessError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def fill(self):
        """Take every last block, by a file of somebody else's; give what makes room again."""
        ballast = self.place / "ballast"
        with ballast.open("wb", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while file.write(bytes(size)):
                        pass
                except OSError:  # ENOSPC
                    continue
        return ballast.unlink

    def fail(self):
        """Let the kernel stop all writing, as after an error of the disk; give what mounts it anew."""
        call("mount", "-o", "remount,abort", str(self.place))
        return self.mount_anew

    def mount_anew(self):
        self.unmount()
        self.mount()
