"""The folder is the registry."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import DistributionFinder, PathDistribution
from pathlib import Path

import pytest

from openinspector.plugins import PluginError, _declarations, discover, modules, subclasses


@dataclass(frozen=True)
class Shape:
    name: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    package = tmp_path / "shapes_under_test"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield package
    for name in [name for name in sys.modules if name.startswith("shapes_under_test")]:
        del sys.modules[name]


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text)


GOOD = "from tests_shape import Shape\nSHAPE = Shape({name!r})\n"


@pytest.fixture(autouse=True)
def shape_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tests_shape", sys.modules[__name__])


def test_plugins_are_found_in_name_order(folder: Path) -> None:
    for name in ("square", "circle"):
        write(folder, name, GOOD.format(name=name))
    assert list(discover("shapes_under_test", "SHAPE", Shape)) == ["circle", "square"]


def test_error_names_the_missing_constant(folder: Path) -> None:
    write(folder, "bad", "")
    with pytest.raises(PluginError, match="shapes_under_test.bad must define SHAPE: Shape"):
        discover("shapes_under_test", "SHAPE", Shape)


def test_a_constant_of_another_type_is_refused(folder: Path) -> None:
    write(folder, "bad", "SHAPE = 'square'")
    with pytest.raises(PluginError, match="must define SHAPE: Shape"):
        discover("shapes_under_test", "SHAPE", Shape)


def test_a_name_that_is_not_the_file_s_is_refused(folder: Path) -> None:
    write(folder, "square", GOOD.format(name="circle"))
    with pytest.raises(PluginError, match="it must be 'square'"):
        discover("shapes_under_test", "SHAPE", Shape)


def discover_tables() -> list[str]:
    return list(discover("shapes_under_test", "SHAPE", Shape, table="SHAPES"))


TABLE = "from tests_shape import Shape\nSHAPES = (Shape('red'), Shape('blue'))\n"


def test_a_module_may_bring_a_table(folder: Path) -> None:
    write(folder, "square", GOOD.format(name="square"))
    write(folder, "colours", TABLE)
    assert discover_tables() == ["blue", "red", "square"]


def test_table_is_refused_by_default(folder: Path) -> None:
    write(folder, "colours", TABLE)
    with pytest.raises(PluginError, match="colours must define SHAPE: Shape$"):
        discover("shapes_under_test", "SHAPE", Shape)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SHAPES = ()", "not empty"),
        ("SHAPES = ('red',)", "must be a tuple"),
        ("SHAPES = []", "must be a tuple"),
        (TABLE + "SHAPE = Shape('colours')", "both SHAPE and SHAPES"),
        (TABLE + "SHAPES += (Shape('red'),)", "already has a Shape named 'red'"),
        ("", r"must define SHAPE: Shape or SHAPES: tuple\[Shape, \.\.\.\]"),
    ],
)
def test_a_bad_table_is_refused(folder: Path, text: str, message: str) -> None:
    write(folder, "colours", text)
    with pytest.raises(PluginError, match=message):
        discover_tables()


def test_a_name_of_a_table_is_used_once_in_the_package(folder: Path) -> None:
    write(folder, "colours", TABLE)
    write(folder, "red", GOOD.format(name="red"))
    with pytest.raises(PluginError, match="red: shapes_under_test already has a Shape named 'red'"):
        discover_tables()


def test_the_mapping_cannot_be_changed(folder: Path) -> None:
    write(folder, "square", GOOD.format(name="square"))
    plugins = discover("shapes_under_test", "SHAPE", Shape)
    with pytest.raises(TypeError):
        plugins["circle"] = Shape("circle")  # type: ignore[index]  # that it is refused is the test


def test_the_modules_of_a_package_are_found_in_name_order(folder: Path) -> None:
    for name in ("square", "circle"):
        write(folder, name, f"SIDES = {name!r}")
    found = modules("shapes_under_test")
    assert [(name, module.SIDES) for name, module in found.items()] == [("circle", "circle"), ("square", "square")]


def test_a_package_that_is_absent_has_no_modules() -> None:
    assert modules("openinspector.nothing_here") == {}


def test_subclasses_are_found_in_their_defining_module(folder: Path) -> None:
    write(folder, "square", "from tests_shape import Shape\nclass Square(Shape): ...\nclass Line: ...")
    write(
        folder,
        "circle",
        "from tests_shape import Shape\nfrom shapes_under_test.square import Square\nclass Circle(Shape): ...",
    )
    assert list(subclasses("shapes_under_test", Shape)) == ["Circle", "Square"]


def test_two_classes_of_one_name_are_refused(folder: Path) -> None:
    for name in ("one", "two"):
        write(folder, name, "from tests_shape import Shape\nclass Square(Shape): ...")
    with pytest.raises(PluginError, match="shapes_under_test.two and shapes_under_test.one both define Square"):
        subclasses("shapes_under_test", Shape)


def test_an_installed_distribution_adds_plugins(folder: Path) -> None:
    write(folder, "square", GOOD.format(name="square"))
    (folder.parent / "tests_more_shapes.py").write_text(GOOD.format(name="circle"))
    metadata = folder.parent / "more_shapes-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Name: more-shapes\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[shapes_under_test]\ncircle = tests_more_shapes\n")
    assert list(discover("shapes_under_test", "SHAPE", Shape)) == ["circle", "square"]


def test_a_finder_of_distributions_is_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Distributions need not be folders on the search path."""
    write(folder, "square", GOOD.format(name="square"))
    hidden = folder.parent / "elsewhere" / "more_shapes-1.dist-info"
    hidden.mkdir(parents=True)
    (hidden / "METADATA").write_text("Name: more-shapes\nVersion: 1\n")
    (hidden / "entry_points.txt").write_text("[shapes_under_test]\ncircle = tests_more_shapes\n")
    (folder.parent / "tests_more_shapes.py").write_text(GOOD.format(name="circle"))

    class Finder:
        """Finds no module and one distribution."""

        def find_spec(self, *_: object) -> None:
            return None

        def find_distributions(self, context: DistributionFinder.Context) -> list[PathDistribution]:
            del context
            return [PathDistribution(hidden)]

    monkeypatch.setattr("sys.meta_path", [*sys.meta_path, Finder()])
    _declarations.cache_clear()
    assert list(discover("shapes_under_test", "SHAPE", Shape)) == ["circle", "square"]
    _declarations.cache_clear()
