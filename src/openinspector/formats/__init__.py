"""Formats of security data, as pure functions from bytes to statements.

A format does not know its publishers. Their differences are one value, the format's `Dialect`, which the thin modules
of `openinspector.feeds` provide:

- `updateinfo`: the errata inside an rpm repository (``repomd.xml`` leads to it), with `modulemd` for modules;
- `csaf_vex`: CSAF 2.0 documents of the VEX profile, one per vulnerability;
- `osv`: records of the OSV schema;
- `oval`: OVAL definitions of the patch and vulnerability classes;
- `secdb`: Alpine's list of fixed versions by package.

`xml_elements` reads untrusted XML: entities and document types are refused, depth and size are bounded. A document that
violates its format is refused as a whole, with the location; other documents are not affected.
"""
