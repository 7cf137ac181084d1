"""The agent of Windows, built on Linux from packages alone: a folder with its interpreter, a setup program, and Wine.

`runtime` assembles the folder, `installer` makes setup.exe of it, `wine` runs either under Wine.
"""
