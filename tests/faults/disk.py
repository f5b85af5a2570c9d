"""A disk of a test's own, whose power can be cut."""

import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from shared.testing import processes

SHUTDOWN: Final = 0x8004587D
"""FS_IOC_SHUTDOWN of Linux (`fs/ext4/ioctl.c`)."""
NO_LOG_FLUSH: Final = struct.pack("I", 2)
"""What is only in memory is forgotten, the journal's last part too: as when the power goes."""
SIZE: Final = 2 << 30
LEFT_SECONDS: Final = 20


class Disk:
    """An ext4 file system in a file (sparse, 2 GiB at most) that is mounted at `place`."""

    def __init__(self) -> None:
        """Make it. Raises `OSError` where one may not mount."""
        self._folder = Path(tempfile.mkdtemp(prefix="hpa-disk-"))
        self._folder.chmod(0o755)  # the user that PostgreSQL runs as must get through
        self.place = self._folder / "disk"
        self.place.mkdir()
        self._image = self._folder / "image"
        with self._image.open("wb") as image:
            image.truncate(SIZE)
        try:
            _run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", self._image)
            self.mount()
        except OSError:
            shutil.rmtree(self._folder)
            raise

    def mount(self) -> None:
        """Mount it; after a cut its journal is played back first."""
        _run("mount", "-o", "loop", self._image, self.place)

    def cut(self) -> None:
        """Cut the power, once all who use it are dead, and leave it unmounted."""
        place = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(place, SHUTDOWN, NO_LOG_FLUSH)
        finally:
            os.close(place)
        self._unmount()

    def remove(self) -> None:
        """Unmount it and give its space back."""
        self._unmount()
        shutil.rmtree(self._folder)

    def _unmount(self) -> None:
        processes.wait_until(self._unmounted, seconds=LEFT_SECONDS, what="nobody uses the disk")

    def _unmounted(self) -> bool:
        try:
            _run("umount", self.place)
        except OSError:
            return not self.place.is_mount()
        return True


def _run(*command: str | Path) -> None:
    """Run a tool of the system. Raises `OSError` with its words when it fails or is missing."""
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if ran.returncode:
        raise OSError(ran.stderr.strip())
