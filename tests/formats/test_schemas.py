import tomllib

import jsonschema
import pytest

from gameday.formats import schemas
from gameday.formats.text import reader
from tests.paths import ROOT

CATALOGUE = {
    "gameday": ["gameday.toml"],
    "responder": [str(file.relative_to(ROOT)) for file in ROOT.glob("scenarios/responders/*.yaml")],
    "game-day": [str(file.relative_to(ROOT)) for file in ROOT.glob("scenarios/*.gameday.yaml")],
    "scenario": [
        str(file.relative_to(ROOT))
        for file in ROOT.glob("scenarios/*.yaml")
        if not file.name.endswith(".gameday.yaml")
    ],
    "scorecard": [str(file.relative_to(ROOT)) for file in ROOT.glob("scorecards/*.yaml")],
}


@pytest.mark.parametrize("name", schemas.MODELS)
def test_the_published_schema_is_what_the_models_say(name: str) -> None:
    published = (ROOT / "docs" / "reference" / f"{name}.schema.json").read_text(encoding="utf-8")
    assert published == schemas.text(name), "renew it: python docs/reference/renew.py"


@pytest.mark.parametrize("name", schemas.MODELS)
def test_a_schema_describes_every_key(name: str) -> None:
    schema = schemas.schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    for model in [schema, *schema["$defs"].values()]:
        for key, value in model.get("properties", {}).items():
            assert "description" in value or "$ref" in value, f"{model.get('description')}: {key}"


@pytest.mark.parametrize(
    ("name", "file"), [(name, file) for name, files in CATALOGUE.items() for file in files]
)
def test_the_catalogue_is_valid_by_the_published_schemas(name: str, file: str) -> None:
    content = (ROOT / file).read_bytes()
    data = tomllib.loads(content.decode()) if file.endswith(".toml") else reader.read(content, file).data
    jsonschema.Draft202012Validator(schemas.schema(name)).validate(data)


@pytest.mark.parametrize(
    "wrong",
    [{"titel": "x"}, {"hold": "5 minutes"}, {"severity": "P5"}, {"slos": [{"slo": "x", "objective": 99}]}],
)
def test_an_editor_sees_what_we_would_refuse(wrong: dict[str, object]) -> None:
    good = {"scenario": "a", "title": "b", "environment": "shop"}
    validator = jsonschema.Draft202012Validator(schemas.schema("scenario"))
    validator.validate(good)
    assert not validator.is_valid(good | wrong)
