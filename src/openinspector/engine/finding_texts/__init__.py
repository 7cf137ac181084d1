"""Templates of the texts of findings, one module for each kind of body. `openinspector.engine.finding_text` chooses."""
