"""Formats of security data, as pure functions from bytes to statements.

A format knows how publishers write; it knows no publisher. Their differences are one value, the format's
`Dialect`, which the thin modules of `openinspector.feeds` fill in:

- `updateinfo`: the errata inside an rpm repository (``repomd.xml`` leads to it), with `modulemd` for modules;
- `csaf_vex`: CSAF 2.0 documents of the VEX profile, one a vulnerability;
- `osv`: records of the OSV schema;
- `oval`: OVAL definitions of the patch and vulnerability classes;
- `secdb`: Alpine's list of fixed versions by package.

`xml_elements` reads XML of strangers: entities and document types are refused, depth and size are bounded.
A document that breaks its format is refused whole, with its place; others are not touched by it.
"""
