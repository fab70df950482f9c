"""Write the schemas in this folder anew from the models: `python docs/reference/renew.py`."""  # noqa: INP001  # a script next to what it writes, no package

from pathlib import Path

from gameday.formats import schemas

for name in schemas.MODELS:
    Path(__file__).with_name(f"{name}.schema.json").write_text(schemas.text(name), encoding="utf-8")
