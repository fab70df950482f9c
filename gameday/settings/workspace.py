"""A workspace on disk: where it is, its settings, and files that stay inside it.

It works without a gameday.toml: then the defaults apply. What the files mean is not known here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import gameday
from gameday.core.errors import InvalidFiles, Mistake, NotReady
from gameday.formats.settings import reader as settings_reader
from gameday.formats.settings.reader import FILE, Secret, Settings
from gameday.formats.text import document as text_document
from gameday.formats.text import paths, reader
from gameday.formats.text.document import Document
from gameday.storage import urls
from gameday.system import files, known_secrets

FOLDERS = ("experiments", "scenarios", "scorecards", "playbooks")
"""The folders by which a workspace without a gameday.toml is recognized."""
BUILT_IN = "built-in:"
"""What the paths of files begin with that come with gameday itself."""
OUTSIDE = "copy it into the workspace, or name its folder in gameday.toml: [workspace] outside = [...]"


class Unreadable(ValueError):
    """A file that can't be read by its workspace path. hint: what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """A folder with gameday.toml, experiments/, scenarios/, scorecards/ and playbooks/."""

    root: Path
    settings: Settings
    unread: frozenset[str] | None = frozenset()
    """Environments of a gameday.toml that has mistakes; None where not even their names can be read."""

    @property
    def found(self) -> bool:
        """Check whether this is a workspace, and not just any folder."""
        return (self.root / FILE).is_file() or any((self.root / name).is_dir() for name in FOLDERS)

    @property
    def store_url(self) -> str:
        """The store's URL; where it is a file's, its path is absolute."""
        return urls.anchored(self.settings.store_url, self.root)

    @property
    def artifacts(self) -> Path:
        """The folder for the files of drills."""
        return self.root / self.settings.artifacts

    def may_have(self, environment: str) -> bool:
        """Report whether gameday.toml has an environment, or may have it: its own mistakes are named once."""
        return self.unread is None or environment in self.unread or environment in self.settings.environments

    def name(self, path: Path) -> str:
        """Give the workspace path of a file on disk; outside the workspace, its absolute path."""
        whole = Path(os.path.abspath(path))  # noqa: PTH100  # links are kept: reading judges them
        for root in (self.root, self.root.resolve()):
            if whole.is_relative_to(root):
                return whole.relative_to(root).as_posix()
        return whole.as_posix()

    def read(self, path: str) -> bytes:
        """Read a file by its workspace path. Raises ValueError with what is wrong with it.

        Links are followed first, so that none leads out. `[workspace] outside` names further folders that may
        be read.
        """
        if path.startswith(BUILT_IN):
            return _built_in(path.removeprefix(BUILT_IN))
        file = self.root / path
        folders = (self.root, *(self.root / folder for folder in self.settings.outside))
        real = _resolved(file, path)
        if not any(real.is_relative_to(folder.resolve()) for folder in folders):
            how = "leads" if paths.leaves(path) else "is a link that leads"
            raise Unreadable(f"{path} {how} out of the workspace", hint=OUTSIDE)
        if real.is_dir() or (real.exists() and not real.is_file()):
            raise ValueError(f"{path} is {'a folder' if real.is_dir() else 'not a regular file'}")
        try:
            return files.read_within(real.parent, real.name)
        except FileNotFoundError:
            raise Unreadable(f"there is no file {path}", hint=self._hint(path)) from None
        except OSError as error:
            raise ValueError(f"{path} can't be read: {error.strerror}") from error

    def text_now(self, path: str) -> str | None:
        """Read a text by its workspace path; None where it is not there any more, or can't be read."""
        try:
            return self.read(path).decode("utf-8")
        except ValueError:
            return None

    def default_scorecard(self, scenario: str, name: str) -> str:
        """Give the path of the scorecard of this name that counts for a scenario which names none.

        It is looked for in the folder `scorecards` next to the scenario's folder, then in that of each folder
        above, up to the workspace's root; at last there is the one that comes with gameday.
        """
        folder = PurePosixPath(scenario).parent
        # Of what lies outside, only the next folder may belong to it.
        above = folder.parents[:1] if paths.leaves(scenario) else folder.parents
        for place in (*above, PurePosixPath()):
            path = (place / "scorecards" / f"{name}.yaml").as_posix()
            if (self.root / path).is_file() and (not paths.leaves(path) or self._may_read(path)):
                return path
        return f"{BUILT_IN}scorecards/{name}.yaml"

    def _may_read(self, path: str) -> bool:
        try:
            self.read(path)
        except ValueError:
            return False
        return True

    def _hint(self, path: str) -> str:
        """Write a hint with the file that was most likely meant; empty if no name is similar."""
        if elsewhere := self._elsewhere(path):
            return elsewhere
        try:
            siblings = sorted(entry.name for entry in (self.root / path).parent.iterdir() if entry.is_file())
        except OSError:
            return ""
        near = text_document.nearest(PurePosixPath(path).name, siblings)
        return f"did you mean '{near}'?" if near else ""

    def _elsewhere(self, path: str) -> str:
        """Name the file that a path would lead to from the root, or the scenario of a name without folder."""
        parts = PurePosixPath(path).parts
        if ".." in parts or PurePosixPath(path).is_absolute():
            return ""
        for number in range(1, len(parts)):
            rest = "/".join(parts[number:])
            if (self.root / rest).is_file():
                return f"did you mean {rest}? In a file of {'/'.join(parts[:number])}: {'../' * number}{rest}"
        named = [f"scenarios/{path}{ending}" for ending in ("", ".yaml", ".yml")] if len(parts) == 1 else []
        return next((f"did you mean '{each}'?" for each in named if (self.root / each).is_file()), "")

    def find(self, folder: str, *endings: str) -> Iterator[str]:
        """Give the workspace paths of all files below a folder that have one of the endings, in order."""
        files = (self.root / folder).rglob("*") if (self.root / folder).is_dir() else ()
        for file in sorted(files):
            if file.suffix in endings and not any(
                part.startswith(".") for part in file.parts[len(self.root.parts) :]
            ):
                yield file.relative_to(self.root).as_posix()


def installed_catalogue() -> Path:
    """Find what comes with gameday: within the installed package, else at the root of this checkout."""
    package = Path(gameday.__file__).parent
    return package / "catalogue" if (package / "catalogue").is_dir() else package.parent


def _built_in(path: str) -> bytes:
    file = installed_catalogue() / path
    try:
        return files.read_within(file.parent, file.name)
    except OSError as error:
        raise ValueError(f"gameday's own {path} can't be read: {error.strerror}") from error


def _resolved(file: Path, path: str) -> Path:
    try:
        return file.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # circular links, a name with a zero byte
        raise ValueError(f"{path} can't be followed: {error}") from error


def root_of(start: Path) -> Path:
    """Find the workspace of a folder or file: the nearest folder above with a gameday.toml, else with
    scenarios/ or the like, else the folder itself.
    """
    folder_of_start = Path(os.path.abspath(start))  # noqa: PTH100  # links are kept
    folder_of_start = folder_of_start if folder_of_start.is_dir() else folder_of_start.parent
    candidates = (folder_of_start, *folder_of_start.parents)
    for folder in candidates:
        if (folder / FILE).is_file():
            return folder
    for folder in candidates:
        if folder.name not in FOLDERS and any((folder / name).is_dir() for name in FOLDERS):
            return folder
    return folder_of_start


def open_workspace(
    start: Path, environ: Mapping[str, str] | None = None
) -> tuple[Workspace, tuple[Mistake, ...]]:
    """Open the workspace of `start`, with the mistakes of its settings; with mistakes, defaults apply."""
    root = root_of(start)
    variables = os.environ if environ is None else environ
    try:
        content = files.read_within(root, FILE)
    except FileNotFoundError:
        content = b""
    except (OSError, ValueError) as error:
        mistake = Mistake(file=FILE, message=f"the file can't be read: {error}")
        return Workspace(root=root, settings=Settings(), unread=None), (mistake,)
    document = reader.attempt(reader.read, content, FILE)
    checked = settings_reader.check(document, variables, urls.mistake)
    if checked.value is None:
        return Workspace(root=root, settings=Settings(), unread=_unread(document)), checked.mistakes
    return Workspace(root=root, settings=checked.value), checked.mistakes


def _unread(document: Document) -> frozenset[str] | None:
    table = document.get(("environments",)) if document.data is not None else None
    return frozenset(table) if isinstance(table, dict) else None


def load_workspace(start: Path, environ: Mapping[str, str] | None = None) -> Workspace:
    """Open the workspace of `start`. Raises InvalidFiles for mistakes in its gameday.toml."""
    space, mistakes = open_workspace(start, environ)
    if any(not mistake.warning for mistake in mistakes):
        raise InvalidFiles(mistakes)
    return space


def reveal(secret: Secret, space: Workspace, environ: Mapping[str, str] | None = None) -> str:
    """Look a secret up. Raises NotReady. Pass it on at once, and keep it nowhere."""
    kind, _, where = secret.reference.partition(":")
    if kind == "env":
        value = known_secrets.variable(where) if environ is None else environ.get(where)
        if value is None:
            raise NotReady(f"the variable {where} is not set", hint=f"it holds a secret that {FILE} names")
        return value
    try:
        return (space.root / where).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise NotReady(f"the secret in {where} can't be read") from error
