"""Reports: findings in, HTML or PDF out. Pure, except for ``__main__``, which the service runs for each report.

A report holds text of hosts, feeds and users, and may have 50,000 findings. The content is one typed value,
`ReportContent`, in which findings of a rule share their text. HTML is streamed from a template that escapes everything;
its policy allows one style and one script by digest. PDF is a fixed typst document that reads the value as data, so no
markup is built from text. typst needs about a megabyte per page: a PDF has at most about 500 pages of findings and
reports what it omits; HTML has everything.
"""
