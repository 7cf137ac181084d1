"""SBOMs as hosts: CycloneDX and SPDX documents read into the facts that the CVE rules judge.

- `document` reads the bytes of either format into components; it knows nothing of packages.
- `distribution` names distributions as os-release does, whatever a generator calls them.
- `facts` makes packages of components, and lists each component that no advisory can judge, with the reason.
"""
