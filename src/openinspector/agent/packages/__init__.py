"""Package databases: rpm back ends, stanzas, file owners and language packages."""
