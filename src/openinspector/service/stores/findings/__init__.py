"""Findings of runs in SQL: compact rows, and every filter and page in milliseconds.

A run may have a million findings. `ListFindings` combines nine filters freely and returns pages in the order of
creation time, then ARN. Five ideas make that fast. Read the modules in this order:

1. **Bodies and texts** (`bodies`, `texts`). Thousands of findings of a run share a body, an asset, an attribute. Each
   is stored once per run; findings store its number. A body names no host. The values of a body that lists can be
   filtered by are columns of its row; a severity is stored as a code.
2. **Rows** (`rows`). A finding is a row of numbers, `FindingRow`: the host and the body.
3. **Blocks** (`blocks`). The findings of one call of `add_findings` form blocks of up to `BLOCK` = 8,192, in list
   order. The place of a finding is its offset in the block; ``finding.position`` is block number × `BLOCK` + place.
   Small blocks are merged when findings arrive a few at a time.
4. **Bits** (`bits`). For each block and each value that lists can be filtered by (a severity, an agent, an attribute,
   …), one row of ``finding_bits`` has one bit per place: set if that finding has the value. A filter is then AND and OR
   of integers: exact for every combination, and no finding is read that is not on the page. For example, in block 7::

       place             4 3 2 1 0
       severity High     0 0 1 1 0
       agent i-1         1 0 1 0 1
       both              0 0 1 0 0    → the finding at position 7 × 8,192 + 2

5. **Pages** (`pages`). Blocks are visited in the order of their first finding, and only blocks whose bits match. A page
   is merged from them and is complete once every remaining block begins after its last finding. The cost of a page
   depends little on its depth and on how many findings match.

`store.SqlFindingStore` implements the port with these. Writers lock the run's row in ``result``, so that only one at a
time changes the texts, blocks and bits of a run. `BLOCK`, the codes of severities and kinds, and the encoding of bits
are part of the stored format: changing them needs a migration.

Alternatives were rejected. A covering index read in list order takes 70 to 850 ms where a filter matches little or
nothing. An index per column does not help a conjunction. A row for each finding and value would double the database.
docs/performance.md has the figures.
"""
