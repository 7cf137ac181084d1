from openinspector.feed import Document, Source
from openinspector.formats.repomd import follow, repomd_roots

INDEX = b"""<repomd xmlns="http://linux.duke.edu/metadata/repo">
<data type="primary"><checksum type="sha256">aa</checksum>
<location href="repodata/primary.xml.gz"/></data>
<data type="updateinfo"><checksum type="sha256">BB</checksum><open-size>123</open-size>
<location href="repodata/bb-updateinfo.xml.xz"/></data>
<data type="modules"><checksum type="sha">cc</checksum><location href="repodata/cc-modules.yaml.zst"/></data>
<data type="updateinfo"><location href="../../up.xml"/></data>
<data type="updateinfo"><location href="https://elsewhere.example/updateinfo.xml"/></data>
</repomd>"""


def test_an_index_leads_to_errata_and_modules_with_their_checksums() -> None:
    (root,) = repomd_roots([("9/BaseOS", "https://mirror.example/9/BaseOS/os/")])
    assert root.url == "https://mirror.example/9/BaseOS/os/repodata/repomd.xml"
    found = list(follow(Document(source=root, content=INDEX)))
    assert [(source.name, source.url, source.sha256) for source in found] == [
        ("9/BaseOS/updateinfo.xml.xz", "https://mirror.example/9/BaseOS/os/repodata/bb-updateinfo.xml.xz", "bb"),
        ("9/BaseOS/modules.yaml.zst", "https://mirror.example/9/BaseOS/os/repodata/cc-modules.yaml.zst", ""),
    ]


def test_invalid_index_has_no_links() -> None:
    source = Source(name="x/repomd.xml", url="https://mirror.example/repodata/repomd.xml")
    assert not list(follow(Document(source=source, content=b"<repomd>")))
    assert not list(follow(Document(source=Source(name="x.xml", url=source.url), content=INDEX)))
