"""Content of the administrator: SCAP data streams (XCCDF and OVAL), judged over the facts that agents send.

- `content`: the values of a data stream: profiles, rules, definitions, objects, states, variables.
- `stream`: reads a data stream; leaves out fixes, scripts and questionnaires, and counts them.
- `pattern`: regular expressions of the content, with a time limit.
- `host_items`: the facts of a host as OVAL items.
- `oval`: evaluates definitions in three values: true, false, and not known with the reason.
- `judge`: the verdict on each rule of a profile.

Nothing of the content is ever run, here or on a host. A fact that no agent sends is not known; it is never "absent".

OVAL 5.11 language: https://oval.mitre.org/language/version5.11; XCCDF 1.2: NIST IR 7275 revision 4.
"""
