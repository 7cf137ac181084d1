"""Control tables: one module a published benchmark, rows in the order of its numbers.

The numbers, levels and roles of today's systems follow the control files of ComplianceAsCode 0.1.82 (BSD-3-Clause);
those of Inspector Classic's systems follow the layout that CIS used for all its Linux benchmarks in 2017 (`classic`).
"""
