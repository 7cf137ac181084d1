"""CIS benchmarks: check families, control tables and the choice of a benchmark for a host. Pure.

- `check` is the vocabulary: a `Check` judges facts and returns a `Verdict`.
- `checks` holds the families, by subject. A family is a frozen dataclass; its fields are its parameters.
- `tables` holds one table a benchmark: control number, profiles, checks. Titles and remedies are our own wording,
  derived from the checks; of CIS's documents only numbers, levels and roles are used. This project is not affiliated
  with CIS or certified by it.
- `benchmark` combines them: which benchmark speaks for a host, and how each of its controls came out.
"""
