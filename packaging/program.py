"""Where a packaged agent begins: the sensors' process of itself, or its command line.

The ``python3`` runtime ships this file as ``lib/__main__.py``, the ``standalone`` one as its frozen script.
"""

import sys

if sys.argv[1:2] == ["sensing"]:
    from openinspector.agent.sensing import main as sense

    sys.exit(sense(sys.argv[2:]))

from openinspector.agent.__main__ import main

sys.exit(main())
