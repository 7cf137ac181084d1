import ast

from scripts.scenario_coverage import function_lines, judge, load_exceptions, modules

SOURCE = '''"""A module."""
X = 1


def f() -> int:
    """Return one."""
    return 1
'''
PROTOCOL = 'class P:\n    def f(self) -> int:\n        """Return one."""\n        ...\n'


def test_unexecuted_module_is_named() -> None:
    (problem,) = judge({"a.py": SOURCE}, {"a.py": {1, 2, 5}}, {})
    assert problem.startswith("a.py: no scenario executes it")
    assert list(judge({"a.py": SOURCE}, {}, {})) == [problem]


def test_a_module_with_one_executed_line_passes() -> None:
    assert list(judge({"a.py": SOURCE}, {"a.py": {7}}, {})) == []


def test_a_module_without_functions_is_not_judged() -> None:
    assert list(judge({"a.py": "X = 1\n", "b.py": PROTOCOL}, {}, {})) == []


def test_exceptions_exclude_matching_modules() -> None:
    assert list(judge({"a/b.py": SOURCE}, {}, {"a/*": "needs Windows"})) == []


def test_unneeded_exception_is_named() -> None:
    (problem,) = judge({"a.py": SOURCE}, {"a.py": {7}}, {"a.py": "needs Windows"})
    assert problem.startswith("a.py: this exception is not needed")


def test_docstrings_and_bodies_of_protocols_are_not_counted() -> None:
    assert function_lines(ast.parse(SOURCE)) == {7}
    assert function_lines(ast.parse(PROTOCOL)) == set()


def test_the_list_of_exceptions_has_reasons() -> None:
    assert all(len(reason.split()) > 2 for reason in load_exceptions().values())
    assert not any(name.startswith("testing/") for name in modules())
