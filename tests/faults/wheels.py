"""Builds wheels into a local folder, which uv takes for an index: no test of packages needs a network."""

import base64
import hashlib
import zipfile

SOURCE = "def ok(): return True\n"


def build(folder, name="chaos-tiny", version="1.0", source=SOURCE):
    """Write a wheel with one module, as PEP 427 has it; give its path."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    files = {
        f"{module}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_hash(text)},{len(text)}\n" for path, text in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel


def settings(tmp_path):
    """Give the variables that make a folder uv's only index, and another one this user's state folder."""
    return {
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "UV_FIND_LINKS": str(tmp_path / "wheels"),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_NO_INDEX": "1",
        "UV_OFFLINE": "1",
    }


def _hash(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
