"""The border: raw output of `aws <service> <operation>` becomes typed nouns; nothing here decides about packets."""
