"""Version schemes, one file each: dpkg, rpm, apk. Each file defines ``SCHEME: VersionScheme``."""
