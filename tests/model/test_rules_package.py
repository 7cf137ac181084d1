"""Rules packages carry the vendor's regional ARNs (table 5.9, F5.79)."""

import pytest

from openinspector.model.rules_package import REGIONS, rules_packages


def test_54_packages_in_14_regions() -> None:
    packages = [package for region in REGIONS for package in rules_packages("aws", region)]
    assert len(REGIONS) == 14
    assert len({package.arn for package in packages}) == len(packages) == 54


def test_the_first_is_cve_of_virginia() -> None:
    first = rules_packages("aws", "us-east-1")[0]
    assert first.arn == "arn:aws:inspector:us-east-1:316112463485:rulespackage/0-gEjTy7T7"
    assert (first.name, first.version) == ("Common Vulnerabilities and Exposures", "1.1")


def test_an_unknown_region_is_an_error() -> None:
    with pytest.raises(KeyError):
        rules_packages("aws", "mars-north-1")
